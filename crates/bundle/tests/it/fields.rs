//! Fields of a certificate, compared with x509-parser.

use embedded_roots_bundle::{serial_number, subject_public_key_info};
use embedded_roots_testing::authority::ca_params;
use rcgen::{KeyPair, SerialNumber};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::data::{OTHER, ROOT, VERSION_1, der};

#[test]
fn serial_number_and_key_are_as_encoded() {
    let mut certificates = [ROOT, OTHER, VERSION_1].map(der).to_vec();
    let key = KeyPair::generate().unwrap();
    for serial in [&[0x7f][..], &[0x80], &[0xcb; 20], &[1; 21]] {
        let mut params = ca_params("CA");
        params.serial_number = Some(SerialNumber::from_slice(serial));
        certificates.push(params.self_signed(&key).unwrap().der().to_vec());
    }
    for certificate in &certificates {
        let (_, read) = X509Certificate::from_der(certificate).unwrap();
        assert_eq!(serial_number(certificate), Some(read.raw_serial()));
        let key = subject_public_key_info(certificate);
        assert_eq!(key, Some(read.public_key().raw));
    }
    assert_eq!(serial_number(&certificates[4]), Some(&[0, 0x80][..]));
}

#[test]
fn unreadable_certificates_have_no_fields() {
    let certificate = der(ROOT);
    for bytes in [
        &[][..],
        &certificate[1..],
        &certificate[..certificate.len() - 1],
    ] {
        assert_eq!(serial_number(bytes), None);
        assert_eq!(subject_public_key_info(bytes), None);
    }
}
