//! Bundles that other programs accept are read as those programs read them.

use embedded_roots_bundle::{PrivateKeys, Root, parse};
use embedded_roots_testing::authority::pem;

use crate::data::{OTHER, ROOT, VERSION_1, certificates, der, read};

#[test]
fn any_layout_and_text_between_blocks_is_accepted() {
    let plain = format!("{ROOT}{OTHER}");
    let boundaries = |line: &&str| line.starts_with("-----");
    let base64: String = ROOT.lines().filter(|line| !boundaries(line)).collect();
    let in_lines = |lines: &str| {
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n{OTHER}")
    };
    let one_a_line: Vec<_> = base64.chars().map(String::from).collect();
    let between = |text: &[u8]| [ROOT.as_bytes(), text, OTHER.as_bytes()].concat();

    for (what, pem) in [
        ("as openssl writes", plain.clone().into()),
        ("CR LF", plain.replace('\n', "\r\n").into()),
        ("CR", plain.replace('\n', "\r").into()),
        ("LF CR", plain.replace('\n', "\n\r").into()),
        (
            "byte order mark",
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
        ),
        (
            "byte order mark of a second file",
            format!("{ROOT}\u{feff}{}", without_comment(OTHER)).into(),
        ),
        (
            "byte order mark before text of a second file",
            format!("{ROOT}\u{feff}# Other\n{OTHER}").into(),
        ),
        ("no last newline", plain.trim_end().into()),
        ("trailing blanks", plain.replace('\n', " \t \n").into()),
        ("empty lines", plain.replace('\n', "\n\n").into()),
        ("long lines", in_lines(&base64).into()),
        ("short lines", in_lines(&one_a_line.join("\n")).into()),
        (
            "X509 CERTIFICATE",
            plain.replace(" CERT", " X509 CERT").into(),
        ),
        (
            "TRUSTED CERTIFICATE",
            plain.replace(" CERT", " TRUSTED CERT").into(),
        ),
        ("heading", between(b"Other Root\n==========\n")),
        ("openssl x509 -text", between(b"Certificate:\n    Data:\n")),
        ("bytes", between(b"\xff\xfe\x00 \xc3 \xe2\x80\n")),
        (
            "dashes",
            between(b"-----\n-----BEGIN-----\n---- END ----\n"),
        ),
        ("CRL", between(pem("X509 CRL", &der(ROOT)).as_bytes())),
        (
            "other certificates",
            between(pem("ATTRIBUTE CERTIFICATE", b"?").as_bytes()),
        ),
        (
            "public key, with text that is not base64",
            between(b"-----BEGIN PUBLIC KEY-----\nX-Of: me, *\n\n-----END PUBLIC KEY-----\n"),
        ),
    ] {
        let roots = read(pem).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(certificates(&roots), [der(ROOT), der(OTHER)], "{what}");
        assert!(roots.iter().all(|root| root.annotation().is_empty()));
    }
}

fn without_comment(pem: &str) -> &str {
    &pem[pem.find("-----BEGIN").unwrap()..]
}

#[test]
fn every_line_ending_is_accepted() {
    let plain = format!("# One\n\n{ROOT}\n# Two\n{OTHER}");
    let begins = |line: &str| line.starts_with("-----BEGIN");
    let lines = (1..).zip(plain.lines());
    let expected: Vec<_> = lines.filter(|(_, line)| begins(line)).collect();
    let expected: Vec<usize> = expected.iter().map(|(number, _)| *number).collect();
    for end in ["\n", "\r", "\r\n"] {
        for mark in ["", "\u{feff}"] {
            let roots = read(mark.to_owned() + &plain.replace('\n', end)).unwrap();
            let lines: Vec<_> = roots.iter().map(Root::line).collect();
            assert_eq!(lines, expected, "{end:?} {mark:?}");
        }
    }
}

#[test]
fn version_1_certificates_are_accepted() {
    let roots = read(VERSION_1).unwrap();
    assert_eq!(certificates(&roots), [der(VERSION_1)]);
}

#[test]
fn private_keys_are_ignored_where_they_are_allowed() {
    for label in crate::refused::PRIVATE_KEYS {
        let pem = format!("{ROOT}{}{OTHER}", pem(label, b"secret"));
        let roots = parse("corp.pem", pem.as_bytes(), PrivateKeys::Ignore).unwrap();
        assert_eq!(certificates(&roots), [der(ROOT), der(OTHER)], "{label}");
    }
}
