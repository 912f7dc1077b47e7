//! Files in the forms that people have are read as PEM is.

use std::process::Command;

use embedded_roots_bundle::FileForm;
use embedded_roots_testing::authority::{pem, with_start};
use rcgen::{CertificateParams, IsCa, KeyPair};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha1::{Digest as _, Sha1};

use crate::command::{Folder, ca, ca_of, json, run, run_with_input};

fn der(pem: &str) -> Vec<u8> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    der.unwrap().to_vec()
}

/// Runs OpenSSL, whose output is in a file.
fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// The file holds these roots: `list` shows them, `list --pem` writes what compiles, and `check` judges them, and
/// remarks the form.
#[track_caller]
fn holds(file: &str, arguments: &[&str], form: &str, roots: &[&str]) {
    let folder = Folder::new("converted");
    let (status, listed) = json(&[&["list", file][..], arguments].concat());
    assert_eq!(status, 0);
    let listed = listed["roots"].as_array().unwrap().iter();
    let mut listed: Vec<_> = listed
        .map(|root| root["subject"].as_str().unwrap())
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, roots, "{file}");

    let written = run(&[&["list", file, "--pem"][..], arguments].concat());
    let written = folder.file("written.pem", written.out);
    let ran = run(&["check", &written]);
    let count = match roots.len() {
        1 => "1 root".to_owned(),
        count => format!("{count} roots"),
    };
    assert_eq!(
        ran.out,
        format!("{count}, 0 errors, 0 warnings\n"),
        "{file}"
    );

    let ran = run(&[&["check", file][..], arguments].concat());
    let told = format!(
        "warning: {file}: is {form}, which a build does not read: convert it with `embedded-roots list --pem`\n\
         {count}, 0 errors, 1 warning\n"
    );
    assert_eq!((ran.status, ran.out), (1, told), "{}", ran.err);
    let (_, checked) = json(&[&["check", file][..], arguments].concat());
    assert_eq!(checked["warnings"][0]["kind"], "form");
}

const ONE: &[&str] = &["CN=One"];
const BOTH: &[&str] = &["CN=One", "CN=Two"];

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The text of one block without its boundaries, on one line.
fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn binary_forms_are_read() {
    let folder = Folder::new("binary");
    let (one, two) = (ca("One", |_| {}), ca("Two", |_| {}));
    let file = folder.file("both.pem", format!("{one}{two}"));
    let pkcs7 = |form: &str| {
        let path = folder.file("pkcs7", "");
        let arguments = [
            "-nocrl",
            "-certfile",
            &file,
            "-outform",
            form,
            "-out",
            &path,
        ];
        openssl(&[&["crl2pkcs7"][..], &arguments].concat());
        std::fs::read(path).unwrap()
    };
    let (binary, text) = (pkcs7("DER"), String::from_utf8(pkcs7("PEM")).unwrap());
    for (content, form, roots) in [
        (der(&one), FileForm::Certificate, ONE),
        ([der(&one), der(&two)].concat(), FileForm::Certificate, BOTH),
        (binary.clone(), FileForm::Pkcs7, BOTH),
        (indefinite(&binary), FileForm::Pkcs7, BOTH),
        (text.clone().into(), FileForm::Pkcs7Pem, BOTH),
        (utf16(&text), FileForm::Utf16, BOTH),
        (base64(&one).into(), FileForm::Base64, ONE),
        (base64(&text).into(), FileForm::Base64, BOTH),
    ] {
        holds(&folder.file("file", content), &[], &form.to_string(), roots);
    }
}

#[test]
fn text_that_lost_characters_or_line_breaks_is_read() {
    let folder = Folder::new("text");
    let (one, two) = (ca("One", |_| {}), ca("Two", |_| {}));
    let both = format!("{one}{two}");
    let quoted = format!("ca: \"{}\"\n", both.replace('\n', "\\r\\n"));
    let joined = |between: &str| format!("{}{between}{two}", one.trim_end());
    for (content, form) in [
        ([&[0xff, 0xfe][..], &utf16(&both)].concat(), FileForm::Utf16),
        (utf16(&both), FileForm::Utf16),
        (both.replace('\n', "\\n").into(), FileForm::EscapedLines),
        (quoted.into(), FileForm::EscapedLines),
        (both.replace('\n', " ").into(), FileForm::OneLine),
        (both.replace('\n', "").into(), FileForm::OneLine),
        (joined("").into(), FileForm::JoinedFiles),
        (joined("\u{feff}").into(), FileForm::JoinedFiles),
    ] {
        holds(&folder.file("file", content), &[], &form.to_string(), BOTH);
    }
}

/// What is commented out, or damaged, stays so where other lines are mended.
#[test]
fn lost_line_breaks_are_mended_and_nothing_else() {
    let folder = Folder::new("mended");
    let (one, two) = (ca("One", |_| {}), ca("Two", |_| {}));
    let commented = format!("# {}\n{}{two}", one.replace('\n', " "), two.trim_end());
    let file = folder.file("commented.pem", commented);
    let ran = run(&["list", &file]);
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(ran.err.contains("a comment with a boundary"), "{}", ran.err);

    for commented in [
        format!("{two}# {one}").replace('\n', "\\n"),
        format!("{two}# {one}").replace('\n', " "),
        format!("[p11-kit-object-v1]\nx-distrusted: true\n{one}").replace('\n', " "),
    ] {
        let ran = run(&["list", "--pem", &folder.file("one-line.pem", commented)]);
        assert_eq!(
            (ran.status, ran.out.contains("CN=One")),
            (2, false),
            "{}",
            ran.out
        );
    }

    let limited = format!(
        "# embedded-roots: permitted-dns=.example\n{}{two}",
        one.trim_end()
    );
    let ran = run(&["list", &folder.file("limited.pem", limited)]);
    let one_is_limited =
        |line: &str| line.starts_with("One ") && line.ends_with("permitted-dns=.example");
    assert!(
        ran.out.lines().any(one_is_limited),
        "{}{}",
        ran.out,
        ran.err
    );

    let damaged = format!("{}{}", two.trim_end(), one.replace("-----", "----")) + &two;
    let file = folder.file("damaged.pem", damaged);
    let ran = run(&["list", &file]);
    assert_eq!(ran.status, 2, "{}", ran.out);
}

#[test]
fn standard_input_is_read() {
    let one = ca("One", |_| {});
    let ran = run_with_input(&["list", "-"], one.as_bytes());
    assert!(
        ran.out.contains("\nOne ") && ran.out.ends_with("\n1 root\n"),
        "{}{}",
        ran.out,
        ran.err
    );
    let ran = run_with_input(&["list", "-", "--pem"], &der(&one));
    assert!(
        ran.out.starts_with("# Subject: CN=One\n"),
        "{}{}",
        ran.out,
        ran.err
    );
    let ran = run_with_input(&["check", "-"], one.as_bytes());
    assert_eq!(
        (ran.status, &*ran.out),
        (0, "1 root, 0 errors, 0 warnings\n"),
        "{}",
        ran.err
    );
    let ran = run_with_input(&["diff", "-", "mozilla"], one.as_bytes());
    assert!(ran.out.contains("- CN=One\n"), "{}{}", ran.out, ran.err);
    let ran = run_with_input(&["list", "-"], &vec![b' '; 16 * 1024 * 1024 + 1]);
    assert_eq!(
        (ran.status, &*ran.err),
        (2, "error: -: larger than 16 MiB\n")
    );
}

const PASSWORD: &str = "Päß wörd";

#[test]
fn pkcs12_is_listed_converted_and_checked() {
    let folder = Folder::new("pkcs12-default");
    let one = folder.file("one.pem", ca("One", |_| {}));
    let password = folder.file("password", PASSWORD);
    let (file, pass) = (folder.file("one.p12", ""), format!("pass:{PASSWORD}"));
    let export = [
        "pkcs12", "-export", "-nokeys", "-in", &one, "-passout", &pass, "-out", &file,
    ];
    openssl(&export);
    holds(&file, &["--password-file", &password], "PKCS#12", ONE);
}

#[test]
fn pkcs12_is_read_with_its_password() {
    let folder = Folder::new("pkcs12");
    let one = folder.file("one.pem", ca("One", |_| {}));
    let password = folder.file("password", format!("{PASSWORD}\r\nnot this\n"));
    let arguments = ["--password-file", &password];
    let export = |name: &str, options: &[&str]| {
        let file = folder.file(name, "");
        let pass = format!("pass:{PASSWORD}");
        let always = [
            "pkcs12", "-export", "-nokeys", "-in", &one, "-passout", &pass, "-out", &file,
        ];
        openssl(&[&always[..], options].concat());
        file
    };
    for (name, options) in [
        ("default", &[][..]),
        ("aes-128", &["-certpbe", "AES-128-CBC"]),
        ("aes-192", &["-certpbe", "AES-192-CBC"]),
        ("des-ede3", &["-certpbe", "DES-EDE3-CBC"]),
        ("3des", &["-certpbe", "PBE-SHA1-3DES"]),
        ("2des", &["-legacy", "-certpbe", "PBE-SHA1-2DES"]),
        ("rc2-40", &["-legacy", "-certpbe", "PBE-SHA1-RC2-40"]),
        ("rc2-128", &["-legacy", "-certpbe", "PBE-SHA1-RC2-128"]),
        ("clear", &["-certpbe", "NONE"]),
        ("sha1", &["-macalg", "sha1"]),
        ("sha512", &["-macalg", "sha512"]),
        ("nomac", &["-nomac", "-certpbe", "AES-256-CBC"]),
        ("once", &["-iter", "1"]),
    ] {
        let file = export(name, options);
        let ran = run(&[&["list", &file][..], &arguments].concat());
        assert!(
            ran.out.contains("\nOne ") && ran.out.ends_with("\n1 root\n"),
            "{name}: {}",
            ran.err
        );
        let ber = folder.file("ber", indefinite(&std::fs::read(&file).unwrap()));
        let same = run(&[&["list", &ber][..], &arguments].concat());
        assert_eq!(same.out, ran.out, "{name}: {}", same.err);

        // Neither no password nor a wrong one opens what has one, and none is shown.
        let wrong = folder.file("wrong", "wrong-password\n");
        for (arguments, why) in [
            (&["list", &file][..], "needs a password"),
            (
                &["list", &file, "--password-file", &wrong],
                "the password is not that",
            ),
        ] {
            let ran = run(arguments);
            assert_eq!((ran.status, &*ran.out), (2, ""), "{name}");
            assert!(ran.err.contains(why), "{name}: {}", ran.err);
            assert!(!ran.err.contains("wrong-password") && !ran.err.contains(PASSWORD));
        }
    }
}

#[test]
fn pkcs12_without_a_password_needs_none() {
    let folder = Folder::new("pkcs12-empty");
    let one = folder.file("one.pem", ca("One", |_| {}));
    let file = folder.file("empty.p12", "");
    let export = [
        "pkcs12", "-export", "-nokeys", "-in", &one, "-passout", "pass:", "-out", &file,
    ];
    for options in [
        &[][..],
        &["-certpbe", "PBE-SHA1-3DES"],
        &["-certpbe", "NONE", "-nomac"],
    ] {
        openssl(&[&export[..], options].concat());
        holds(&file, &[], "PKCS#12", ONE);
    }
}

/// That of a server's key is its owner's, and those of its issuers are roots.
#[test]
fn certificates_of_keys_in_a_pkcs12_are_roots_only_if_they_are_cas() {
    let folder = Folder::new("pkcs12-key");
    let key = KeyPair::generate().unwrap();
    let key_file = folder.file("key.pem", key.serialize_pem());
    let password = folder.file("password", PASSWORD);
    let arguments = ["--password-file", &password];
    let file = folder.file("server.p12", "");
    let pass = format!("pass:{PASSWORD}");
    let leaf = ca_of(&key, "Leaf", |params| params.is_ca = IsCa::ExplicitNoCa);
    let certificates = folder.file("certificates.pem", leaf.clone() + &ca("One", |_| {}));
    let export = [
        "pkcs12", "-export", "-inkey", &key_file, "-passout", &pass, "-out", &file, "-in",
    ];
    openssl(&[&export[..], &[&certificates]].concat());
    holds(&file, &arguments, "PKCS#12", ONE);
    openssl(&[&export[..], &[&folder.file("leaf.pem", leaf)]].concat());
    let ran = run(&[&["list", &file][..], &arguments].concat());
    assert!(
        ran.status == 2 && ran.err.contains("only certificates of its own keys"),
        "{}",
        ran.err
    );
    let own = ca_of(&key, "Own", |_| {});
    openssl(&[&export[..], &[&folder.file("own.pem", own)]].concat());
    holds(&file, &arguments, "PKCS#12", &["CN=Own"]);
}

/// Years of work are refused at once.
#[test]
fn iterations_of_a_pkcs12_are_bounded() {
    let folder = Folder::new("pkcs12-iterations");
    let one = folder.file("one.pem", ca("One", |_| {}));
    let password = folder.file("password", PASSWORD);
    let file = folder.file("many.p12", "");
    let pass = format!("pass:{PASSWORD}");
    for options in [
        &["-nomac", "-certpbe", "AES-256-CBC"][..],
        &["-nomac", "-certpbe", "PBE-SHA1-3DES"],
        &[],
    ] {
        let export = [
            "pkcs12", "-export", "-nokeys", "-in", &one, "-passout", &pass, "-out", &file,
        ];
        // Three bytes in DER, which are then the largest of three.
        openssl(&[&export[..], &["-iter", "65537"], options].concat());
        let mut content = std::fs::read(&file).unwrap();
        let mut places = content
            .windows(5)
            .enumerate()
            .filter(|(_, part)| *part == [2, 3, 1, 0, 1]);
        let (place, _) = places.next_back().unwrap();
        content[place + 2] = 0x7f;
        let many = folder.file("more.p12", content);
        let ran = run(&["list", &many, "--password-file", &password]);
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains("8323073 iterations"), "{}", ran.err);
    }
}

/// A store as `keytool -storetype JKS` writes it.
fn jks(entries: &[Vec<u8>], password: &str) -> Vec<u8> {
    let count = u32::try_from(entries.len()).unwrap().to_be_bytes();
    let store = [
        &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2][..],
        &count,
        &entries.concat(),
    ]
    .concat();
    let mut hash = Sha1::new();
    hash.update(
        password
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<_>>(),
    );
    hash.update(b"Mighty Aphrodite");
    hash.update(&store);
    [&store[..], &hash.finalize()].concat()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn trusted(der: &[u8]) -> Vec<u8> {
    [
        &b"\0\0\0\x02\0\x01a\0\0\0\0\0\0\0\0\0\x05X.509"[..],
        &with_length(der),
    ]
    .concat()
}

/// A key with its certificate and that of its issuer.
fn private_key(own: &[u8], issuer: &[u8]) -> Vec<u8> {
    let head = b"\0\0\0\x01\0\x01k\0\0\0\0\0\0\0\0";
    let [own, issuer] = [own, issuer].map(|der| [b"\0\x05X.509", &with_length(der)[..]].concat());
    [
        &head[..],
        &with_length(b"a sealed key"),
        &[0, 0, 0, 2],
        &own,
        &issuer,
    ]
    .concat()
}

#[test]
fn java_key_stores_are_read_with_a_password_and_without() {
    let folder = Folder::new("jks");
    let one = der(&ca("One", |_| {}));
    let leaf = der(&ca("Leaf", |params| params.is_ca = IsCa::ExplicitNoCa));
    let two = der(&ca("Two", |_| {}));
    let store = jks(&[private_key(&leaf, &two), trusted(&one)], PASSWORD);
    let file = folder.file("store.jks", &store);
    let password = folder.file("password", format!("{PASSWORD}\n"));
    holds(&file, &[], "a Java key store", BOTH);
    holds(
        &file,
        &["--password-file", &password],
        "a Java key store",
        BOTH,
    );
    let wrong = folder.file("wrong", "wrong-password");
    let ran = run(&["list", &file, "--password-file", &wrong]);
    assert_eq!((ran.status, &*ran.out), (2, ""));
    assert!(
        ran.err.contains("the password is not that") && !ran.err.contains("wrong-"),
        "{}",
        ran.err
    );

    // Wherever it is cut off, nothing is read.
    for length in (4..store.len()).step_by(41) {
        let ran = run(&["list", &folder.file("cut.jks", &store[..length])]);
        assert_eq!(ran.status, 2, "{length}: {}", ran.out);
    }
}

#[test]
fn files_without_a_certificate_are_named() {
    let folder = Folder::new("other");
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::new(["a.example".to_owned()]).unwrap();
    let request = request.serialize_request(&key).unwrap();
    for (content, form) in [
        (request.der().to_vec(), "a certificate signing request"),
        (
            request.pem().unwrap().into_bytes(),
            "a certificate signing request",
        ),
        (key.serialize_der(), "a private key"),
        (key.serialize_pem().into_bytes(), "a private key"),
        (b"\n".to_vec(), "it is empty"),
    ] {
        let file = folder.file("file", content);
        let ran = run(&["list", &file]);
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains(form), "{form}: {}", ran.err);
        let ran = run(&["check", &file]);
        assert_eq!(ran.status, 2);
        assert!(ran.out.contains(form), "{form}: {}{}", ran.out, ran.err);
        let secret = key.serialize_pem();
        let secret = secret.lines().nth(1).unwrap();
        assert!(!ran.out.contains(&secret[..16]) && !ran.err.contains(&secret[..16]));
    }
}

/// A certificate of a file without lines is counted.
#[test]
fn warnings_without_lines_name_the_certificate() {
    let folder = Folder::new("place");
    let key = KeyPair::generate().unwrap();
    let both = ca_of(&key, "One", |_| {}) + &ca_of(&key, "Two", |_| {});
    let file = folder.file("both.txt", both.replace('\n', " "));
    let ran = run(&["check", &file]);
    let line = format!("warning: {file}, certificate 2: CN=Two: has the key of certificate 1\n");
    assert!(ran.out.contains(&line), "{}", ran.out);
    let (_, value) = json(&["check", &file]);
    assert_eq!(value["warnings"][1]["certificate"], 2);
    let leaf = ca("Leaf", |params| params.is_ca = IsCa::ExplicitNoCa);
    let file = folder.file("leaf.der", der(&leaf));
    let ran = run(&["check", &file]);
    assert!(
        ran.out
            .contains(&format!("error: {file}, certificate 1: \"CN=Leaf\"")),
        "{}",
        ran.out
    );
}

/// Each element of indefinite length, and each string in pieces, as BER allows where DER does not.
fn indefinite(der: &[u8]) -> Vec<u8> {
    let mut ber = Vec::new();
    let mut rest = der;
    while let [tag, first, ..] = *rest {
        let octets = if first < 0x80 {
            0
        } else {
            usize::from(first & 0x7f)
        };
        let length = rest[2..2 + octets].iter();
        let length = match octets {
            0 => usize::from(first),
            _ => length.fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
        };
        let (element, after) = rest.split_at(2 + octets + length);
        let content = &element[2 + octets..];
        rest = after;
        // A certificate is signed, and stays as it is: its signed part begins with the version.
        let is_signed =
            content.starts_with(&[0x30, 0x82]) && content.get(4..9) == Some(&[0xa0, 3, 2, 1, 2]);
        match tag {
            _ if is_signed => ber.extend(element),
            // In two pieces
            4 if length > 1 => {
                let (one, two) = content.split_at(length / 2);
                let pieces = [one, two].map(piece_of);
                ber.extend([&[0x24, 0x80], &pieces.concat()[..], &[0, 0]].concat());
            }
            0x80 => {
                let (one, two) = content.split_at(length / 2);
                let pieces = [one, two].map(piece_of);
                ber.extend([&[0xa0, 0x80], &pieces.concat()[..], &[0, 0]].concat());
            }
            _ if tag & 0x20 != 0 => {
                ber.extend([&[tag, 0x80], &indefinite(content)[..], &[0, 0]].concat());
            }
            _ => ber.extend(element),
        }
    }
    ber
}

fn piece_of(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    // A length that is longer than it needs to be, which BER allows, too.
    [&[4, 0x84], &length[..], content].concat()
}

/// Such certificates are in old programs and devices; webpki reads no validity of a root.
#[test]
fn a_validity_that_is_not_allowed_is_one_warning() {
    let folder = Folder::new("validity");
    let one = ca("One", |_| {});
    for start in [
        "2601010000Z",
        "260101000000",
        "260101000000+0100",
        "261301000000Z",
    ] {
        let odd = pem("CERTIFICATE", &with_start(&der(&ca("Odd", |_| {})), start));
        let file = folder.file("odd.pem", format!("{one}{odd}{}", ca("Two", |_| {})));
        let line = one.lines().count() + 1;
        let warning = format!(
            "warning: {file}, line {line}: CN=Odd: has a validity time that RFC 5280 does not allow (section \
             4.1.2.5), which other readers refuse\n"
        );
        let ran = run(&["check", &file]);
        let told = format!("{warning}3 roots, 0 errors, 1 warning\n");
        assert_eq!((ran.status, &*ran.out), (1, &*told), "{start}: {}", ran.err);
        let (_, value) = json(&["check", &file]);
        assert_eq!(value["warnings"][0]["kind"], "validity");

        let ran = run(&["list", &file]);
        assert_eq!((ran.status, &*ran.err), (0, &*warning), "{start}");
        assert!(ran.out.ends_with("\n3 roots\n"), "{}", ran.out);
        let ran = run(&["diff", &file, &folder.file("one.pem", &one)]);
        assert_eq!((ran.status, &*ran.err), (1, &*warning), "{start}");
        assert!(ran.out.contains("- CN=Odd\n"), "{}", ran.out);
    }
}

/// As make-ca writes it above a certificate.
#[test]
fn comment_of_distrust_is_a_warning() {
    let folder = Folder::new("comment");
    let (one, two) = (ca("One", |_| {}), ca("Two", |_| {}));
    let file = folder.file(
        "ca.pem",
        format!("{one}# Explicitly Distrusted\n\n{two}{one}"),
    );
    let ran = run(&["check", &file]);
    let line = one.lines().count() + 3;
    let warning = format!(
        "warning: {file}, line {line}: CN=Two: a comment above it says that it is explicitly distrusted\n"
    );
    assert!(ran.out.contains(&warning), "{}", ran.out);
    let count = ran.out.matches("explicitly distrusted").count();
    assert_eq!(count, 1, "{}", ran.out);
}

/// Of p11-kit's text form, limits are shown, and what it distrusts is an error.
#[test]
fn the_text_form_of_p11_kit_is_read() {
    let folder = Folder::new("p11-kit");
    let one = ca("One", |_| {});
    let dated = format!(
        "[p11-kit-object-v1]\ntrusted: true\nnss-server-distrust-after: \"260415235959Z\"\n{one}"
    );
    let ran = run(&["list", &folder.file("dated.p11-kit", dated)]);
    assert!(
        ran.out.contains("distrust-after=2026-04-15T23:59:59Z"),
        "{}{}",
        ran.out,
        ran.err
    );
    let distrusted = format!("[p11-kit-object-v1]\nx-distrusted: true\n{one}");
    let file = folder.file("distrusted.p11-kit", distrusted);
    let ran = run(&["check", &file]);
    assert_eq!(ran.status, 2);
    let start = format!("error: {file}, line 2: x-distrusted: true: ");
    assert!(
        ran.out.starts_with(&start) && ran.out.contains("\n0 roots, 1 error"),
        "{}",
        ran.out
    );
}
