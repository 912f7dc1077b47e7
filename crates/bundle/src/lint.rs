use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS;
use x509_parser::prelude::FromDer as _;

use crate::bundle::Root;
use crate::error::{ParseError, subject_of};

/// Refuses a certificate that says of itself that it is no CA.
///
/// For bundles that a user supplies: trusting a server's own certificate as a root is the usual
/// mistake, and webpki takes any certificate for an anchor. A certificate without the two
/// extensions (version 1) says nothing and passes.
///
/// # Errors
///
/// If its basic constraints have CA false, its key usage lacks keyCertSign (RFC 5280, sections
/// 4.2.1.9 and 4.2.1.3), or either cannot be read. The error names the subject.
pub fn lint(root: &Root) -> Result<(), ParseError> {
    let refuse = |why: &str| {
        let subject = subject_of(root.certificate());
        Err(ParseError::new(format!("{subject} {why}")).at_line(root.line()))
    };
    let Ok((_, certificate)) = X509Certificate::from_der(root.certificate()) else {
        return refuse("cannot be checked for being a CA");
    };
    let (Ok(basic_constraints), Ok(key_usage)) =
        (certificate.basic_constraints(), certificate.key_usage())
    else {
        return refuse("has extensions that cannot be read");
    };
    // x509-parser takes basic constraints that it cannot read for absent ones.
    let mut oids = certificate
        .iter_extensions()
        .map(|extension| &extension.oid);
    if basic_constraints.is_none() && oids.any(|oid| *oid == OID_X509_EXT_BASIC_CONSTRAINTS) {
        return refuse("has extensions that cannot be read");
    }
    if basic_constraints.is_some_and(|extension| !extension.value.ca) {
        return refuse(
            "is an end-entity certificate (basic constraints: CA false), not a root; use the \
             certificate of the CA that issued it",
        );
    }
    if key_usage.is_some_and(|extension| !extension.value.key_cert_sign()) {
        return refuse(
            "may not issue certificates (key usage without keyCertSign); use the certificate of \
             the CA that issued it",
        );
    }
    Ok(())
}
