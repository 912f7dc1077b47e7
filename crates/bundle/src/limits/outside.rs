//! Finds the name that webpki refused, which its error does not say.

use std::net::IpAddr;

use crate::escape::escape;
use crate::limits::base::{Base, DNS, IP, read};
use crate::x509::certificate::extension;
use crate::x509::der::{self, Element};

/// The first DNS name or IP address of a certificate (DER) that is outside of name constraints (the
/// content of the SEQUENCE, DER).
///
/// For messages only: `None` does not mean that the certificate is allowed. It compares names with
/// subtrees as often as webpki may (250,000 times), and gives up then.
#[must_use]
pub fn name_outside(certificate: &[u8], constraints: &[u8]) -> Option<String> {
    let (permitted, excluded) = read(constraints)?;
    let names = Element::only(extension(certificate, SUBJECT_ALT_NAME)?, der::SEQUENCE)?;
    let is_outside = |name: &Element<'_>| {
        let value = match name.tag {
            DNS => name.value.to_ascii_lowercase(),
            _ => name.value.to_vec(),
        };
        let mut permitted = permitted
            .iter()
            .filter(|base| base.tag == name.tag)
            .peekable();
        let is_permitted =
            permitted.peek().is_none() || permitted.any(|base| base.contains(&value));
        !is_permitted
            || excluded
                .iter()
                .any(|base| base.tag == name.tag && base.contains(&value))
    };
    let names = der::elements(names).map_while(|name| name);
    let names = names.filter(|name| matches!(name.tag, DNS | IP));
    let subtrees = permitted.len() + excluded.len();
    let mut names = names.take(MOST_COMPARISONS / subtrees.max(1));
    names.find(is_outside).map(|name| show(&name))
}

const MOST_COMPARISONS: usize = 250_000;

/// id-ce-subjectAltName (2.5.29.17)
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];

impl Base {
    /// Whether this subtree holds a name of its own kind, in lower case.
    fn contains(&self, name: &[u8]) -> bool {
        match self.tag {
            DNS => self.contains_dns(name),
            _ => self.contains_ip(name),
        }
    }
}

fn show(name: &Element<'_>) -> String {
    let v4 = <[u8; 4]>::try_from(name.value).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(name.value).map(IpAddr::from);
    match (name.tag, v4.or(v6)) {
        (IP, Ok(address)) => address.to_string(),
        _ => escape(&String::from_utf8_lossy(name.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::annotation::Annotation;

    fn certificate(names: &[&str]) -> Vec<u8> {
        let params = rcgen::CertificateParams::new(
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        );
        let key = rcgen::KeyPair::generate().unwrap();
        params.unwrap().self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_first_that_is_outside() {
        for (pairs, names, outside) in [
            (
                "permitted-dns=.tr",
                &["a.tr", "b.example"][..],
                Some("b.example"),
            ),
            ("permitted-dns=.tr", &["A.TR", "*.b.tr"], None),
            ("permitted-dns=.tr", &["tr"], Some("tr")),
            ("permitted-dns=tr", &["tr", "xtr"], Some("xtr")),
            ("excluded-dns=a.tr", &["b.tr", "x.a.tr"], Some("x.a.tr")),
            (
                "permitted-ip=10.0.0.0/8",
                &["10.1.2.3", "11.0.0.1"],
                Some("11.0.0.1"),
            ),
            (
                "permitted-ip=10.0.0.0/8",
                &["a.tr", "fd00::1"],
                Some("fd00::1"),
            ),
            (
                "excluded-ip=10.0.0.0/8",
                &["::ffff:10.0.0.1"],
                Some("::ffff:10.0.0.1"),
            ),
            ("excluded-ip=10.0.0.0/8", &["11.0.0.1", "fd00::1"], None),
            ("permitted-dns=.tr", &["10.0.0.1"], None),
        ] {
            let annotation: Annotation = pairs.parse().unwrap();
            let constraints = annotation.name_constraints().join(None).unwrap().unwrap();
            let found = name_outside(&certificate(names), &constraints);
            assert_eq!(found.as_deref(), outside, "{pairs}: {names:?}");
        }
        assert_eq!(name_outside(&[], &[0xa0, 0]), None);
        assert_eq!(name_outside(&certificate(&["a"]), &[0xff]), None);
    }
    #[test]
    fn work_has_an_end() {
        let names: Vec<_> = (0..4000).map(|nth| format!("{nth}.example")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let certificate = certificate(&[&names[..], &["late.a0"]].concat());
        let found = |count: usize| {
            let excluded: Vec<_> = (0..count).map(|nth| format!(".a{nth}")).collect();
            let annotation = format!("excluded-dns={}", excluded.join(","));
            let annotation: Annotation = annotation.parse().unwrap();
            let constraints = annotation.name_constraints().join(None).unwrap().unwrap();
            name_outside(&certificate, &constraints)
        };
        assert_eq!(found(50).as_deref(), Some("late.a0"));
        // 40 million comparisons would be needed.
        assert_eq!(found(4000), None);
    }
}
