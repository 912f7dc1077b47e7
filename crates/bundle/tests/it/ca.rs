//! A certificate that declares itself not to be a CA is not accepted as a root.

use embedded_roots_bundle::{Annotation, ParseError, Root};
use embedded_roots_testing::authority::{ca_params, key};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyUsagePurpose, SanType};

use crate::data::{OTHER, ROOT, VERSION_1, der, read};
use crate::mutated::mutations;

fn checked(params: &CertificateParams) -> Result<(), ParseError> {
    let certificate = params.self_signed(&key()).unwrap();
    Root::new(certificate.into(), Annotation::default(), 7)
        .unwrap()
        .check_ca()
}

fn with(is_ca: IsCa, key_usages: &[KeyUsagePurpose]) -> CertificateParams {
    let mut params = ca_params("Example Root");
    params.is_ca = is_ca;
    params.key_usages = key_usages.to_vec();
    params
}

const CA: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

#[test]
fn ca_certificates_are_accepted() {
    for (is_ca, key_usages) in [
        (CA, &[][..]),
        (CA, &[KeyUsagePurpose::KeyCertSign]),
        (
            CA,
            &[
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyCertSign,
            ],
        ),
        (IsCa::Ca(BasicConstraints::Constrained(0)), &[]),
        // Neither extension, so the certificate does not say.
        (IsCa::NoCa, &[]),
    ] {
        let params = with(is_ca, key_usages);
        assert_eq!(checked(&params), Ok(()), "{params:?}");
    }
    for root in read(format!("{ROOT}{OTHER}{VERSION_1}")).unwrap() {
        assert_eq!(root.check_ca(), Ok(()));
    }
}

#[test]
fn mozillas_roots_are_accepted() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../certs/ca-certificates.crt"
    );
    for root in read(std::fs::read(path).unwrap()).unwrap() {
        assert_eq!(root.check_ca(), Ok(()));
    }
}

#[test]
fn certificates_that_are_not_cas_are_refused_by_name_and_line() {
    let end_entity = "is an end-entity certificate (basic constraints: CA false)";
    let no_issuer = "may not issue certificates (key usage without keyCertSign)";
    for (is_ca, key_usages, reason) in [
        (IsCa::ExplicitNoCa, &[][..], end_entity),
        (
            IsCa::ExplicitNoCa,
            &[KeyUsagePurpose::KeyCertSign],
            end_entity,
        ),
        (CA, &[KeyUsagePurpose::CrlSign], no_issuer),
        (CA, &[KeyUsagePurpose::DigitalSignature], no_issuer),
        (IsCa::NoCa, &[KeyUsagePurpose::KeyEncipherment], no_issuer),
    ] {
        let mut params = with(is_ca, key_usages);
        params.subject_alt_names = vec![SanType::DnsName("www.corp.example".try_into().unwrap())];
        let error = checked(&params).unwrap_err();
        let expected = format!("\"CN=Example Root\" {reason}");
        assert!(error.reason().starts_with(&expected), "{error}: {params:?}");
        assert_eq!(error.line(), Some(7));
    }
}

#[test]
fn extensions_that_cannot_be_read_are_refused() {
    // Basic constraints with CA true, whose OCTET STRING has a wrong type or is cut short.
    let value = [4, 5, 0x30, 3, 1, 1, 0xff];
    for (at, octet) in [(4, 2), (5, 2)] {
        let mut certificate = der(ROOT);
        let mut places = certificate.windows(value.len());
        let place = places.position(|octets| octets == value).unwrap();
        certificate[place + at] = octet;
        let root = Root::new(certificate.into(), Annotation::default(), 7).unwrap();
        let error = root.check_ca().unwrap_err();
        let expected = "\"CN=Example Root CA, O=Example Corp\" has extensions that cannot be read";
        assert_eq!(error.reason(), expected, "{at}");
        assert_eq!(error.line(), Some(7));
    }
}

#[test]
fn check_ca_never_panics() {
    let roots = mutations(der(ROOT), 3_000)
        .filter_map(|der| Root::new(der.into(), Annotation::default(), 0).ok());
    let (passed, refused): (Vec<_>, Vec<_>) =
        roots.map(|root| root.check_ca()).partition(Result::is_ok);
    assert!(!passed.is_empty() && !refused.is_empty());
}
