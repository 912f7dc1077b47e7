//! Certificate revocation lists.

use embedded_roots::{Roots, RootsBuilder};
use embedded_roots_testing::authority::{Authority, annotated, root, root_with, server_with};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::version::TLS13;
use rustls::{CertificateError, Error};

use crate::server::{handshake, serve};

const NAME: &str = "a.example";

pub(crate) fn authority() -> Authority {
    root_with("CA", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    })
}

/// A CRL of `ca` that revokes serial number 1, with its nextUpdate in the year `next_year`.
pub(crate) fn crl(ca: &Authority, next_year: i32) -> CertificateRevocationListDer<'static> {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(next_year, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(1),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(ca).unwrap().der().clone()
}

/// The verdict on a server whose certificate has this serial number.
fn verdict(builder: RootsBuilder, ca: &Authority, serial: u64) -> Result<(), CertificateError> {
    verdict_under(&ca.pem(), builder, ca, serial)
}

/// Like [`verdict`], with `trusted` added to the builder in place of the CA's own PEM.
fn verdict_under(
    trusted: &str,
    builder: RootsBuilder,
    ca: &Authority,
    serial: u64,
) -> Result<(), CertificateError> {
    let identity = server_with(ca, NAME, |params| {
        params.serial_number = Some(serial.into());
    });
    let roots = builder.pem(trusted).build().unwrap();
    handshake(roots.client_config(), serve(identity, &TLS13), NAME).map_err(|error| match error {
        Error::InvalidCertificate(error) => error,
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_revoked_certificate_is_refused() {
    let ca = authority();
    let builder = || Roots::builder().crls([crl(&ca, 4096)]);
    assert_eq!(verdict(builder(), &ca, 1), Err(CertificateError::Revoked));
    assert_eq!(verdict(builder(), &ca, 2), Ok(()));
    assert_eq!(verdict(Roots::builder(), &ca, 1), Ok(()));
}

#[test]
fn an_unknown_status_is_refused_unless_it_is_allowed() {
    let ca = authority();
    let builder = || Roots::builder().crls([crl(&ca, 4096)]);
    let unknown = Err(CertificateError::UnknownRevocationStatus);
    assert_eq!(verdict(builder(), &root_of_another_name(), 1), unknown);
    let allowing = builder().allow_unknown_revocation_status();
    assert_eq!(verdict(allowing, &root_of_another_name(), 1), Ok(()));
    let allowing = builder().allow_unknown_revocation_status();
    assert_eq!(verdict(allowing, &ca, 1), Err(CertificateError::Revoked));
}

fn root_of_another_name() -> Authority {
    root("Another CA")
}

#[test]
fn expired_crl_applies_unless_expiration_is_enforced() {
    let ca = authority();
    let builder = || Roots::builder().crls([crl(&ca, 2021)]);
    assert_eq!(verdict(builder(), &ca, 2), Ok(()));
    let refused = verdict(builder().enforce_revocation_expiration(), &ca, 2).unwrap_err();
    assert!(
        matches!(
            refused,
            CertificateError::ExpiredRevocationListContext { .. }
        ),
        "{refused:?}"
    );
}

/// All roots are checked against the same copy of a CRL, whatever the number of their dates.
#[test]
fn many_distrust_dates_share_one_crl() {
    let ca = authority();
    let dated = |nth| {
        let annotation = format!(
            "distrust-after=2020-01-01T00:{:02}:{:02}Z",
            nth / 60,
            nth % 60
        );
        annotated(&annotation, &root(&format!("CA {nth}")))
    };
    let dated: String = (0..600).map(dated).collect();
    let trusted = dated + &annotated("distrust-after=2021-01-01T00:00:00Z", &ca);
    let builder = || Roots::builder().crls([crl(&ca, 4096)]);
    assert_eq!(verdict_under(&trusted, builder(), &ca, 2), Ok(()));
    let revoked = verdict_under(&trusted, builder(), &ca, 1);
    assert_eq!(revoked, Err(CertificateError::Revoked));
}

#[test]
fn crls_apply_to_roots_with_a_distrust_date() {
    let (ca, other) = (authority(), root_of_another_name());
    let builder = || Roots::builder().crls([crl(&ca, 4096)]);
    // The servers' notBefore is in 2020.
    let dated = |year: i32| annotated(&format!("distrust-after={year}-01-01T00:00:00Z"), &ca);
    for beside in [String::new(), other.pem()] {
        let trusted = dated(2021) + &beside;
        assert_eq!(verdict_under(&trusted, builder(), &ca, 2), Ok(()));
        let revoked = verdict_under(&trusted, builder(), &ca, 1);
        assert_eq!(revoked, Err(CertificateError::Revoked));
        let distrusted = verdict_under(&(dated(2019) + &beside), builder(), &ca, 2);
        let text = format!("{distrusted:?}");
        assert!(text.contains("is distrusted for certificates"), "{text}");
    }
}

#[test]
fn revocation_without_a_crl_is_an_error() {
    let builder = || Roots::builder().pem(root("CA").pem());
    for builder in [
        builder().crls([]),
        builder().enforce_revocation_expiration(),
        builder().only_check_end_entity_revocation(),
        builder().allow_unknown_revocation_status(),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_input());
        assert_eq!(
            error.to_string(),
            "a method for revocation was called, but `crls` has no CRL"
        );
    }
}

#[test]
fn unreadable_crl_is_an_error() {
    let builder = Roots::builder()
        .pem(root("CA").pem())
        .crls([vec![0x30, 0].into()]);
    let error = builder.build().unwrap_err();
    assert!(error.is_invalid_input());
    assert_eq!(
        error.to_string(),
        "a certificate revocation list cannot be used"
    );
    assert!(std::error::Error::source(&error).is_some());
}
