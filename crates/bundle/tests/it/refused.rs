//! Whatever is wrong in a bundle is an error that names the line.

use embedded_roots_bundle::{PrivateKeys, parse};
use embedded_roots_testing::authority::pem;

use crate::data::{OTHER, ROOT, der, read};

pub(crate) const PRIVATE_KEYS: [&str; 5] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
];

#[track_caller]
fn assert_refused(pem: impl AsRef<[u8]>, line: usize, reason: &str) {
    let pem = pem.as_ref();
    let shown = String::from_utf8_lossy(pem);
    let Err(error) = read(pem) else {
        panic!("accepted, but expected {reason:?}:\n{shown}");
    };
    assert!(error.reason().contains(reason), "{error}:\n{shown}");
    assert_eq!(error.line(), Some(line), "{error}:\n{shown}");
    let whole = format!("corp.pem, line {line}: {}", error.reason());
    assert_eq!(error.to_string(), whole);
}

/// The root with one of its lines, counted from 1, replaced.
fn with_line(number: usize, line: &str) -> String {
    let mut lines: Vec<_> = ROOT.lines().collect();
    lines[number - 1] = line;
    lines.join("\n")
}

/// The number of the root's END line.
fn end() -> usize {
    ROOT.lines().count()
}

#[test]
fn blocks_without_an_end_are_refused() {
    let unended = ROOT.split_inclusive("-----END").next().unwrap();
    let unended = unended.strip_suffix("-----END").unwrap();
    let reason = "-----BEGIN CERTIFICATE----- without its -----END";
    assert_refused(unended, 1, reason);
    assert_refused(format!("# One\n{unended}{ROOT}"), 2, reason);
    assert_refused(format!("{ROOT}{unended}"), end() + 1, reason);
    // The same holds for blocks that are otherwise ignored.
    let reason = "-----BEGIN X509 CRL----- without its -----END";
    assert_refused("-----BEGIN X509 CRL-----\n", 1, reason);
    assert_refused(format!("-----BEGIN X509 CRL-----\n{ROOT}"), 1, reason);
    // Not every reader treats the two labels as equal.
    let other = with_line(end(), "-----END X509 CERTIFICATE-----");
    assert_refused(
        other,
        end(),
        "-----END X509 CERTIFICATE----- closes the CERTIFICATE of line 1",
    );
}

#[test]
fn misplaced_boundaries_are_refused() {
    for (pem, line, reason) in [
        (
            format!("\n\n-----END CERTIFICATE-----\n{ROOT}"),
            3,
            "-----END without the -----BEGIN",
        ),
        (format!("{ROOT} {ROOT}"), end() + 1, "start of its line"),
        (format!("{ROOT}x{ROOT}"), end() + 1, "start of its line"),
        (
            format!("{ROOT}Root:\t-----END CERTIFICATE-----"),
            end() + 1,
            "start of its line",
        ),
        (
            with_line(end(), " -----END CERTIFICATE-----"),
            end(),
            "at the start of its line",
        ),
        (
            with_line(1, "-----BEGIN CERTIFICATE----- MIIB"),
            1,
            "nothing else on the line",
        ),
        (
            with_line(1, "-----BEGIN CERTIFICATE----"),
            1,
            "with five hyphens on each side",
        ),
        (
            with_line(end(), "-----END CERTIFICATE----- # One"),
            end(),
            "nothing else on the line",
        ),
        (
            format!("# -----BEGIN CERTIFICATE-----\n{ROOT}"),
            1,
            "a comment with a boundary, for which other readers",
        ),
        (
            format!("{ROOT}  # until -----END CERTIFICATE-----\n"),
            end() + 1,
            "a comment with a boundary, for which other readers",
        ),
        // Two concatenated files, the first of which lacks its final newline.
        (
            format!("{}{ROOT}", ROOT.trim_end()),
            end(),
            "nothing else on the line",
        ),
    ] {
        assert_refused(pem, line, reason);
    }
    let label = [b"-----BEGIN \xff-----\n", ROOT.as_bytes()].concat();
    assert_refused(label, 1, "nothing else on the line");
}

#[test]
fn bad_base64_is_refused() {
    let line = ROOT.lines().nth(4).unwrap();
    for (bad, shown) in [
        ("!", "'!'"),
        ("-", "'-'"),
        ("_", "'_'"),
        ("\0", "'\\x00'"),
        ("\x0c", "'\\x0c'"),
        ("é", "'\\xc3'"),
        ("# embedded-roots: permitted-dns=.corp.example\n", "'#'"),
        ("X-Header: 1\n", "'-'"),
    ] {
        let reason = format!("bad base64: {shown} in a CERTIFICATE");
        assert_refused(with_line(5, &format!("{bad}{line}")), 5, &reason);
    }
    // Neither certificate has base64 padding.
    let last = ROOT.lines().nth(end() - 2).unwrap();
    for (line, pem) in [
        (1, with_line(end() - 1, &format!("{last}="))),
        (1, with_line(end() - 1, &format!("{last}===="))),
        (1, with_line(end() - 1, &format!("{last}A"))),
        (1, with_line(end() - 1, &format!("{last}AAA"))),
        (1, with_line(5, &format!("===={line}"))),
        (end() + 2, format!("{ROOT}# Two\n{}", with_line(2, "M==="))),
    ] {
        assert_refused(pem, line, "bad base64: its padding or its length is wrong");
    }
}

#[test]
fn missing_padding_is_refused() {
    for after in [&[0][..], &[0, 0]] {
        let padded = pem("CERTIFICATE", &[&der(ROOT), after].concat());
        assert_refused(&padded, 1, "bytes after the certificate");
        let bare = padded.replace('=', "");
        assert_refused(bare, 1, "bad base64: its padding or its length is wrong");
    }
}

#[test]
fn blocks_without_a_valid_certificate_are_refused() {
    let (root, other) = (der(ROOT), der(OTHER));
    let cut = &root[..root.len() - 1];
    for (der, reason) in [
        ([&root[..], b"\0"].concat(), "bytes after the certificate"),
        (
            [root.clone(), other].concat(),
            "bytes after the certificate",
        ),
        (cut.to_vec(), "cannot be a root"),
        (Vec::new(), "cannot be a root"),
        (b"garbage".to_vec(), "cannot be a root"),
        (vec![0x30, 3, 2, 1, 1], "cannot be a root"),
    ] {
        for label in ["CERTIFICATE", "X509 CERTIFICATE"] {
            let pem = format!("{ROOT}{}", pem(label, &der));
            assert_refused(pem, end() + 1, reason);
        }
    }
}

#[test]
fn private_keys_are_refused() {
    for label in PRIVATE_KEYS {
        let pem = format!("{ROOT}{}", pem(label, b"secret"));
        assert_refused(pem, end() + 1, "a private key");
    }
}

#[test]
fn unknown_annotations_are_refused() {
    for (pairs, reason) in [
        ("", "an empty annotation"),
        ("permitted-dns", "expected key=value"),
        (
            "permited-dns=.corp.example",
            "unknown annotation \"permited-dns\"",
        ),
        ("Permitted-DNS=.corp.example", "unknown annotation"),
        ("distrust-after=2026-04-15", "of distrust-after"),
        ("permitted-dns=*.corp.example", "of permitted-dns"),
        ("excluded-dns=.corp.example,", "of excluded-dns"),
        ("permitted-ip=10.0.0.1/8", "of permitted-ip"),
        ("excluded-ip=10.0.0.0", "of excluded-ip"),
    ] {
        let pem = format!("# One\n# embedded-roots: {pairs}\n{ROOT}");
        assert_refused(pem, 2, reason);
    }
}

#[test]
fn duplicate_annotations_are_refused() {
    for pair in [
        "distrust-after=2026-04-15T23:59:59Z",
        "permitted-dns=.corp.example",
        "excluded-dns=.corp.example",
        "permitted-ip=10.0.0.0/8",
        "excluded-ip=10.0.0.0/8",
    ] {
        let line = format!("# embedded-roots: {pair}");
        assert_refused(format!("{line} {pair}\n{ROOT}"), 1, "given twice");
        let pem = format!("{line}\n# of 2026\n{line}\n{ROOT}");
        assert_refused(pem, 3, "given twice");
    }
}

#[test]
fn annotations_without_a_certificate_are_refused() {
    let line = "# embedded-roots: permitted-dns=.corp.example\n";
    let reason = "no certificate after it";
    let crl = pem("X509 CRL", &der(ROOT));
    assert_refused(line, 1, reason);
    assert_refused(format!("{ROOT}\n{line}# the end\n"), end() + 2, reason);
    assert_refused(format!("\n{line}\n{crl}{ROOT}"), 2, reason);

    let key = pem("PRIVATE KEY", b"secret");
    let pem = format!("{line}{key}{ROOT}");
    let error = parse("corp.pem", pem.as_bytes(), PrivateKeys::Ignore).unwrap_err();
    assert!(error.reason().contains(reason), "{error}");
}

#[test]
fn lines_that_look_like_annotations_are_refused() {
    for line in [
        "#embedded-roots: permitted-dns=.corp.example",
        "#  embedded-roots: permitted-dns=.corp.example",
        "\t# embedded-roots: permitted-dns=.corp.example",
        "# Embedded-Roots: permitted-dns=.corp.example",
        "# embedded_roots: permitted-dns=.corp.example",
        "# embedded-roots : permitted-dns=.corp.example",
        "# embedded-roots permitted-dns=.corp.example",
        "; embedded-roots: permitted-dns=.corp.example",
        "// embedded-roots: permitted-dns=.corp.example",
        "embedded-roots: permitted-dns=.corp.example",
        "# embedded-root: permitted-dns=.corp.example",
        // Only the key is right, or only the name of the crate.
        "// permitted-dns=.corp.example",
        "#embedded-roots: permited-dns=.corp.example",
        "; embedded-roots: permited-dns=.corp.example",
        "// embedded-roots: permited-dns=.corp.example",
    ] {
        let pem = format!("# One\n{line}\n{ROOT}");
        assert_refused(pem, 2, "looks like an annotation");
    }
}

/// A list is one line: what comes after it is text, whatever it looks like.
#[test]
fn text_after_an_annotation_is_ignored() {
    let first = "# embedded-roots: excluded-dns=.a.example\n";
    for line in [
        "# .b.example",
        "#    .b.example, c.example",
        ".b.example",
        "# 10.0.0.0/8",
        "# 192.168.0.1",
        "# 192.168.0.1/24 (office)",
        "::/0",
        "#,.b.example",
        "# more=.b.example",
        "# .b\u{fc}cher.example",
        "# .b.example (internal)",
        "# b.example c.example",
        "# *.b.example",
        "# and .b.example",
        "# & 10.0.0.0/8",
        "# as well as (.b.example)",
        "# also: 192.168.0.1",
        "#   corp, internal",
        "# corp,internal",
        "# corp,",
        "# corp; internal",
        "# And corp, internal or test",
        "# b.example, internal",
        "# Corp Root CA of 2026",
        "corp",
        // Titles in curl's bundle.
        "Izenpe.com",
        "==========",
        "Entrust.net Premium 2048 Secure Server CA",
        // certifi
        "# Issuer: CN=Izenpe.com O=IZENPE S.A.",
        "# Label: \"Izenpe.com\"",
        "# Serial: 917563065490389241595536686991402621",
        "# MD5 Fingerprint: a6:b0:cd:85:80:da:5c:50:34:a3:39:90:2f:55:67:73",
        // `openssl x509 -text`, as in Fedora's bundle
        "        Version: 3 (0x2)",
        "    Signature Algorithm: sha256WithRSAEncryption",
        "                CA Issuers - URI:http://ca.example/root.crt",
        "# ...",
        "",
        "# Subject: CN=.b.example",
        "# Subject: O=a .b.example",
        "#",
        "# corp",
        "# corp and internal",
        "# Entrust, Inc.",
        "# Example Corp, internal CA",
        // The last line of a signature
        "        7c:fb:6c:9d:0c:a5:e1:96",
    ] {
        let pem = format!("{first}{line}\n{ROOT}");
        let roots = parse("corp.pem", pem.as_bytes(), PrivateKeys::Refuse).unwrap();
        assert_eq!(
            roots[0].annotation().to_string(),
            "excluded-dns=.a.example",
            "{line}"
        );
    }
    assert_refused(
        format!(
            "{}\n# .b.example\n{ROOT}",
            first.trim_end().to_owned() + ","
        ),
        1,
        "an empty name",
    );
}

/// Other forms of certificates beside one in PEM, which would be lost without a word.
#[test]
fn certificates_in_other_forms_beside_pem_are_refused() {
    let base64 = |pem: &str| -> String {
        let lines = pem.split_inclusive('\n');
        lines.filter(|line| !line.starts_with(['-', '#'])).collect()
    };
    let utf16: Vec<u8> = OTHER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let lines = ROOT.lines().count();
    for (before, after, line, what) in [
        (
            ROOT,
            pem("PKCS7", b"?").into_bytes(),
            lines + 1,
            "a block of PKCS#7",
        ),
        (
            ROOT,
            pem("CMS", b"?").into_bytes(),
            lines + 1,
            "a block of PKCS#7",
        ),
        (
            ROOT,
            base64(OTHER).into_bytes(),
            lines + 1,
            "base64 outside of",
        ),
        (ROOT, utf16, lines + 1, "text in UTF-16"),
    ] {
        let file = [before.as_bytes(), &after].concat();
        assert_refused(file, line, what);
    }
    assert_refused(base64(OTHER) + ROOT, 1, "base64 outside of");
    // A block of its own is told by its form.
    let alone = read(pem("PKCS7", b"?")).unwrap_err();
    assert!(alone.reason().contains("PKCS#7 in PEM"), "{alone}");
}
