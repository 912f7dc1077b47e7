//! `rustls_native_certs::load_certs_from_paths`.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use drop_in_tests::{PLAIN, SECOND, pem, plain, self_signed};
use embedded_roots_testing::folder::Folder;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths};

/// The certificates, sorted as the API sorts them.
fn sorted(numbers: &[usize]) -> Vec<CertificateDer<'static>> {
    let der = |&number: &usize| CertificateDer::from_pem_slice(pem(number).as_bytes()).unwrap();
    let mut certificates: Vec<_> = numbers.iter().map(der).collect();
    certificates.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    certificates
}

/// The one error of a result without certificates.
fn only_error(result: CertificateResult) -> rustls_native_certs::Error {
    assert_eq!(result.certs, []);
    assert_eq!(result.errors.len(), 1, "{:?}", result.errors);
    result.errors.into_iter().next().unwrap()
}

#[test]
fn a_file_and_a_directory_give_each_certificate_once() {
    let folder = Folder::new("twice");
    let file = folder.file("both.pem", pem(SECOND) + &pem(PLAIN) + &pem(SECOND));
    folder.file("71f3bb26.0", pem(PLAIN));
    folder.file("README", "no certificate\n");
    fs::create_dir(folder.join("subdirectory")).unwrap();
    let expected = sorted(&[PLAIN, SECOND]);

    assert_eq!(load_certs_from_paths(Some(&file), None).unwrap(), expected);
    assert_eq!(
        load_certs_from_paths(None, Some(folder.path())).unwrap(),
        expected
    );
    assert_eq!(
        load_certs_from_paths(Some(&file), Some(folder.path())).unwrap(),
        expected
    );
}

#[test]
fn no_paths_give_no_certificates() {
    assert_eq!(load_certs_from_paths(None, None).unwrap(), []);
}

#[test]
fn missing_paths_are_errors_that_name_them() {
    let missing = Path::new("/nonexistent/ca.pem");
    for result in [
        load_certs_from_paths(Some(missing), None),
        load_certs_from_paths(None, Some(missing)),
    ] {
        let error = only_error(result);
        assert!(matches!(&error.kind, ErrorKind::Io { path, .. } if path == missing));
        assert!(
            error.to_string().ends_with("at '/nonexistent/ca.pem'"),
            "{error}"
        );
    }
}

/// As with the original, a client accepts its server by it.
#[test]
fn self_signed_certificate_of_a_server_is_read() {
    let server = self_signed("localhost");
    let folder = Folder::new("self-signed");
    let file = folder.file("server.pem", server.chain_pem() + &pem(PLAIN));
    let mut expected = sorted(&[PLAIN]);
    expected.extend(server.chain);
    expected.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    assert_eq!(load_certs_from_paths(Some(&file), None).unwrap(), expected);
    // One that a CA has issued does not make a client accept anything.
    let issued = plain().issue("localhost", 2026);
    let file = folder.file("issued.pem", issued.chain_pem() + &pem(PLAIN));
    assert_eq!(
        load_certs_from_paths(Some(&file), None).unwrap(),
        sorted(&[PLAIN])
    );
}

#[test]
fn the_rest_of_a_bad_file_is_read() {
    let folder = Folder::new("bad");
    let bad = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    let file = folder.file("bad.pem", bad.to_owned() + &pem(PLAIN));
    let result = load_certs_from_paths(Some(&file), None);
    assert_eq!(result.certs, sorted(&[PLAIN]));
    assert_eq!(result.errors.len(), 1);
    let error = result.errors.first().unwrap().to_string();
    assert!(error.contains("bad.pem, line 2"), "{error}");
}

#[test]
fn a_certificate_under_an_annotation_is_an_error() {
    let folder = Folder::new("annotated");
    for annotation in [
        "distrust-after=2025-01-01T00:00:00Z",
        "permitted-dns=corp.example",
        "permited-dns=corp.example",
    ] {
        let pem = format!("# embedded-roots: {annotation}\n{}", pem(PLAIN));
        let result = load_certs_from_paths(Some(&folder.file("annotated.pem", &pem)), None);
        assert_eq!(result.certs, [], "{annotation}");
        assert!(!result.errors.is_empty(), "{annotation}");
    }
}

#[test]
#[should_panic = "no roots"]
fn expect_panics_with_its_message() {
    let missing = Path::new("/nonexistent");
    let _ = load_certs_from_paths(Some(missing), None).expect("no roots");
}

#[test]
#[should_panic = "certificates could not be loaded"]
fn unwrap_panics() {
    let _ = load_certs_from_paths(Some(Path::new("/nonexistent")), None).unwrap();
}
