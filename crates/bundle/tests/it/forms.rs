//! Where a file has no PEM certificate, the error names its form and the command that converts it.

use embedded_roots_bundle::{FileForm, PrivateKeys, parse};
use embedded_roots_testing::authority::pem;
use embedded_roots_testing::der::{element, sequence};
use rcgen::{CertificateParams, KeyPair};

use crate::data::{OTHER, ROOT, VERSION_1, der, read};

/// Certificates alone, as `openssl crl2pkcs7 -nocrl` writes them (RFC 5652, section 5.1).
fn pkcs7(certificates: &[Vec<u8>]) -> Vec<u8> {
    let data = sequence(&[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]]);
    let certificates = element(0xa0, &certificates.concat());
    let signed = sequence(&[&[2, 1, 1], &[0x31, 0], &data, &certificates, &[0x31, 0]]);
    let id = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    sequence(&[&id, &element(0xa0, &signed)])
}

/// The beginning of a PKCS#12 file (RFC 7292, section 4).
fn pkcs12() -> Vec<u8> {
    let id = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let contents = sequence(&[&id, &element(0xa0, &element(4, b"contents"))]);
    sequence(&[&[2, 1, 3], &contents])
}

/// The same with headers of indefinite length at the outside, as BER allows.
fn indefinite(der: &[u8]) -> Vec<u8> {
    let content = &der[if der[1] < 0x80 {
        2
    } else {
        2 + usize::from(der[1] & 0x7f)
    }..];
    [&[0x30, 0x80][..], content, &[0, 0]].concat()
}

fn base64_of(pem: &str) -> String {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn input_without_a_certificate_names_its_form() {
    let utf16 = |mark: &[u8], octets: fn(u16) -> [u8; 2]| {
        let units = ROOT.encode_utf16().flat_map(octets);
        mark.iter().copied().chain(units).collect::<Vec<_>>()
    };
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::new(["a.example".to_owned()]).unwrap();
    let request = request.serialize_request(&key).unwrap();
    let rsa = sequence(&[&[2, 1, 0], &[2, 1, 7], &[2, 1, 3]]);
    let ec = sequence(&[&[2, 1, 1], &[4, 1, 7]]);
    let encrypted = sequence(&[&sequence(&[&[6, 1, 42], &[5, 0]]), &[4, 1, 7]]);
    let public = sequence(&[&sequence(&[&[6, 1, 42], &[5, 0]]), &[3, 2, 0, 7]]);
    let certificates = pkcs7(&[der(ROOT), der(OTHER)]);
    for (content, form) in [
        (Vec::new(), Some(FileForm::Empty)),
        (b" \r\n".to_vec(), Some(FileForm::Empty)),
        (b"# Roots of corp.example\n".to_vec(), None),
        (pem("X509 CRL", &der(ROOT)).into_bytes(), None),
        (public, None),
        (der(ROOT), Some(FileForm::Certificate)),
        (der(VERSION_1), Some(FileForm::Certificate)),
        (certificates.clone(), Some(FileForm::Pkcs7)),
        (indefinite(&certificates), Some(FileForm::Pkcs7)),
        (
            pem("PKCS7", &certificates).into_bytes(),
            Some(FileForm::Pkcs7Pem),
        ),
        (
            pem("CMS", &certificates).into_bytes(),
            Some(FileForm::Pkcs7Pem),
        ),
        (pkcs12(), Some(FileForm::Pkcs12)),
        (indefinite(&pkcs12()), Some(FileForm::Pkcs12)),
        (
            b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\0".to_vec(),
            Some(FileForm::JavaKeyStore),
        ),
        (
            b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\0".to_vec(),
            Some(FileForm::JavaKeyStore),
        ),
        (request.der().to_vec(), Some(FileForm::Request)),
        (request.pem().unwrap().into_bytes(), Some(FileForm::Request)),
        (
            pem("NEW CERTIFICATE REQUEST", b"?").into_bytes(),
            Some(FileForm::Request),
        ),
        (key.serialize_der(), Some(FileForm::PrivateKey)),
        (rsa, Some(FileForm::PrivateKey)),
        (ec, Some(FileForm::PrivateKey)),
        (encrypted, Some(FileForm::PrivateKey)),
        (key.serialize_pem().into_bytes(), Some(FileForm::PrivateKey)),
        (utf16(b"\xff\xfe", u16::to_le_bytes), Some(FileForm::Utf16)),
        (utf16(b"\xfe\xff", u16::to_be_bytes), Some(FileForm::Utf16)),
        (utf16(b"", u16::to_le_bytes), Some(FileForm::Utf16)),
        (utf16(b"", u16::to_be_bytes), Some(FileForm::Utf16)),
        (b"#\0 \0C\0A\0\n\0".to_vec(), Some(FileForm::Utf16)),
        (base64_of(ROOT).into_bytes(), Some(FileForm::Base64)),
        (
            base64_of(ROOT).replace('\n', "").into_bytes(),
            Some(FileForm::Base64),
        ),
        (format!("{}# CA\n", base64_of(ROOT)).into_bytes(), None),
    ] {
        assert_eq!(FileForm::from_content(&content), form);
        let error = parse("corp.pem", &content, PrivateKeys::Ignore).unwrap_err();
        let hint = match form {
            Some(FileForm::Empty) => "; it is empty".to_owned(),
            Some(form) => format!("; it is {form}, {}", form.advice().unwrap()),
            None => String::new(),
        };
        let reason = format!("no certificate: expected -----BEGIN CERTIFICATE-----{hint}");
        assert_eq!(error.reason(), reason);
        assert_eq!(error.line(), None);
        assert_eq!(error.to_string(), format!("corp.pem: {}", error.reason()));
    }
}

#[test]
fn text_with_lost_line_breaks_names_its_form_with_the_line() {
    let escaped = ROOT.replace('\n', "\\n");
    let other = &OTHER[OTHER.find("-----BEGIN").unwrap()..];
    for (content, line, form) in [
        (escaped.clone(), 1, FileForm::EscapedLines),
        (format!("ca: \"{escaped}\"\n"), 1, FileForm::EscapedLines),
        (ROOT.replace('\n', "\\r\\n"), 1, FileForm::EscapedLines),
        (ROOT.replace('\n', " "), 1, FileForm::OneLine),
        (ROOT.replace('\n', ""), 1, FileForm::OneLine),
        (
            format!("# CA\n{ROOT}{OTHER}")
                .replace('\n', " ")
                .replacen("# CA ", "# CA\n", 1),
            2,
            FileForm::OneLine,
        ),
        (
            format!("{}{other}", ROOT.trim_end()),
            ROOT.lines().count(),
            FileForm::JoinedFiles,
        ),
        (
            format!("{}\u{feff}{other}", ROOT.trim_end()),
            ROOT.lines().count(),
            FileForm::JoinedFiles,
        ),
    ] {
        let error = read(&content).unwrap_err();
        let hint = format!("; it is {form}, {}", form.advice().unwrap());
        assert!(error.reason().ends_with(&hint), "{error}: {content}");
        assert_eq!(error.line(), Some(line), "{error}");
    }
}

/// Neither the key nor its base64 is in the error.
#[test]
fn no_part_of_a_key_is_shown() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    for text in [
        key.clone(),
        base64_of(&key),
        key.replace('\n', " "),
        key.replace('\n', "\\n"),
        key.replace("-----", "----"),
    ] {
        for keys in [PrivateKeys::Refuse, PrivateKeys::Ignore] {
            let error = parse("corp.pem", text.as_bytes(), keys)
                .unwrap_err()
                .to_string();
            let base64 = base64_of(&key).replace('\n', "");
            let shown =
                (0..base64.len() - 8).any(|start| error.contains(&base64[start..start + 8]));
            assert!(!shown, "{error}");
        }
    }
}
