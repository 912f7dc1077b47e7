//! Which of NSS' roots are for TLS servers, from its objects of PKCS #11.
//!
//! A certificate and what it is trusted for are two objects with the same issuer and serial number.

use std::collections::BTreeMap;
use std::ffi::c_ulong;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::parse_rfc3339;
use rustls_pki_types::UnixTime;

/// A certificate that Mozilla trusts for TLS servers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerRoot {
    /// DER
    pub(super) certificate: Vec<u8>,
    pub(super) distrust_after: Option<UnixTime>,
}

/// An object of PKCS #11: a class, and the attributes that it has, as octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) class: Class,
    /// For people: other objects may have the same.
    pub(super) label: String,
    /// `CKA_ISSUER`
    pub(super) issuer: Option<Vec<u8>>,
    /// `CKA_SERIAL_NUMBER`
    pub(super) serial: Option<Vec<u8>>,
    /// `CKA_VALUE`
    pub(super) value: Option<Vec<u8>>,
    /// `CKA_NSS_SERVER_DISTRUST_AFTER`
    pub(super) distrust_after: Option<Vec<u8>>,
    /// `CKA_TRUST_SERVER_AUTH`
    pub(super) server_trust: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    /// `CKO_CERTIFICATE`
    #[default]
    Certificate,
    /// `CKO_NSS_TRUST`
    Trust,
}

/// Where the numbers of NSS begin: those of its classes, of its attributes and of their values.
pub(super) const NSS: c_ulong = 0xce53_4350;

/// The roots for TLS servers, by their digest in lower-case hexadecimal digits.
///
/// Fails at what it does not know, with the label: it must not misread what is trusted.
pub(super) fn server_roots(objects: Vec<Object>) -> Result<BTreeMap<String, ServerRoot>, String> {
    let mut certificates = BTreeMap::new();
    let mut trusts = BTreeMap::new();
    for object in objects {
        let objects = match object.class {
            Class::Certificate => &mut certificates,
            Class::Trust => &mut trusts,
        };
        let issuer = object.octets("CKA_ISSUER", object.issuer.as_ref())?.clone();
        let serial = object.octets("CKA_SERIAL_NUMBER", object.serial.as_ref())?;
        let (key, label) = ((issuer, serial.clone()), object.label.clone());
        if objects.insert(key, object).is_some() {
            return Err(format!(
                "{label}: a second object of this issuer and serial number"
            ));
        }
    }
    let mut roots = BTreeMap::new();
    for (key, certificate) in certificates {
        let trust = trusts.remove(&key);
        let trust = trust.ok_or_else(|| certificate.error("a certificate without trust"))?;
        let der = certificate.octets("CKA_VALUE", certificate.value.as_ref())?;
        let distrust_after = match (certificate.distrust_after()?, trust.distrust_after()?) {
            (Some(one), Some(other)) if one != other => {
                let why = "another distrust-after date than that of the certificate";
                return Err(trust.error(why));
            }
            (one, other) => one.or(other),
        };
        if !trust.is_for_servers()? {
            continue;
        }
        let root = ServerRoot {
            certificate: der.clone(),
            distrust_after,
        };
        if roots.insert(hex(&sha256(der)), root).is_some() {
            return Err(certificate.error("this certificate is there twice"));
        }
    }
    // What is left may distrust certificates that are not in the module.
    for trust in trusts.into_values() {
        if trust.is_for_servers()? {
            return Err(trust.error("a trusted certificate that is not there"));
        }
    }
    if roots.is_empty() {
        return Err("no root for TLS servers".to_owned());
    }
    Ok(roots)
}

impl Object {
    pub(super) fn new(class: Class) -> Self {
        Self {
            class,
            ..Self::default()
        }
    }

    fn octets<'a>(&self, name: &str, octets: Option<&'a Vec<u8>>) -> Result<&'a Vec<u8>, String> {
        let octets = octets.filter(|octets| !octets.is_empty());
        octets.ok_or_else(|| self.error(&format!("no {name}")))
    }

    /// The date may be in the certificate or in the trust; the other one then has none, or `CK_FALSE`.
    fn distrust_after(&self) -> Result<Option<UnixTime>, String> {
        const CK_FALSE: &[u8] = &[0];
        match self.distrust_after.as_deref() {
            None | Some(CK_FALSE) => Ok(None),
            Some(octets) => match utc_time(octets) {
                Some(time) => Ok(Some(time)),
                None => Err(self
                    .error("CKA_NSS_SERVER_DISTRUST_AFTER is neither YYMMDDhhmmssZ nor CK_FALSE")),
            },
        }
    }

    fn is_for_servers(&self) -> Result<bool, String> {
        const NAME: &str = "CKA_TRUST_SERVER_AUTH";
        const TRUSTED_DELEGATOR: c_ulong = NSS + 2;
        const MUST_VERIFY_TRUST: c_ulong = NSS + 3;
        const NOT_TRUSTED: c_ulong = NSS + 10;
        let octets = self.octets(NAME, self.server_trust.as_ref())?;
        let trust = octets.as_slice().try_into().map(c_ulong::from_ne_bytes);
        match trust.map_err(|_| self.error(&format!("{NAME} is not a CK_ULONG")))? {
            TRUSTED_DELEGATOR => Ok(true),
            MUST_VERIFY_TRUST | NOT_TRUSTED => Ok(false),
            other => Err(self.error(&format!("unknown {NAME} {other:#x}"))),
        }
    }

    fn error(&self, why: &str) -> String {
        format!("{}: {why}", self.label)
    }
}

/// The content of a `UTCTime` (RFC 5280, section 4.1.2.5.1), of this century.
fn utc_time(octets: &[u8]) -> Option<UnixTime> {
    let text = std::str::from_utf8(octets).ok()?;
    // From 50, it is a year of the last century.
    if text >= "5" {
        return None;
    }
    let part = |from: usize| text.get(from..from + 2);
    let (year, month, day) = (part(0)?, part(2)?, part(4)?);
    let (hour, minute, second) = (part(6)?, part(8)?, part(10)?);
    let end = text.get(12..)?;
    parse_rfc3339(&format!(
        "20{year}-{month}-{day}T{hour}:{minute}:{second}{end}"
    ))
}

#[cfg(test)]
mod tests {
    use embedded_roots_bundle::rfc3339;

    use super::*;

    const TRUSTED: c_ulong = 0xce53_4352;
    const MUST_VERIFY: c_ulong = 0xce53_4353;
    const NOT_TRUSTED: c_ulong = 0xce53_435a;
    const NO_DATE: Option<&[u8]> = Some(&[0]);
    const DATE: Option<&[u8]> = Some(b"260415235959Z");

    fn object(class: Class, serial: u8, date: Option<&[u8]>) -> Object {
        let mut object = Object::new(class);
        object.label = format!("Root {serial}");
        object.issuer = Some(b"issuer".to_vec());
        object.serial = Some(vec![2, 1, serial]);
        object.distrust_after = date.map(<[u8]>::to_vec);
        object
    }

    fn certificate(serial: u8, date: Option<&[u8]>) -> Object {
        let mut object = object(Class::Certificate, serial, date);
        object.value = Some(vec![serial; 40]);
        object
    }

    fn trust(serial: u8, server: c_ulong, date: Option<&[u8]>) -> Object {
        let mut object = object(Class::Trust, serial, date);
        object.server_trust = Some(server.to_ne_bytes().to_vec());
        object
    }

    fn dates(objects: &[Object]) -> Result<Vec<(u8, Option<String>)>, String> {
        let roots = server_roots(objects.to_vec())?;
        let mut dates: Vec<_> = roots
            .values()
            .map(|root| (root.certificate[0], root.distrust_after.map(rfc3339)))
            .collect();
        dates.sort();
        Ok(dates)
    }

    #[test]
    fn trusted_for_servers() {
        let objects = [
            certificate(1, NO_DATE),
            trust(1, TRUSTED, None),
            certificate(2, None),
            trust(2, MUST_VERIFY, None),
            // In another order, and distrust of what is not there.
            trust(3, TRUSTED, None),
            trust(4, NOT_TRUSTED, None),
            certificate(3, NO_DATE),
            certificate(5, NO_DATE),
            trust(5, NOT_TRUSTED, None),
        ];
        assert_eq!(dates(&objects), Ok(vec![(1, None), (3, None)]));
        let digests: Vec<String> = server_roots(objects.to_vec())
            .unwrap()
            .into_keys()
            .collect();
        let mut expected = [1, 3].map(|serial| hex(&sha256(&[serial; 40])));
        expected.sort();
        assert_eq!(digests, expected);
    }

    #[test]
    fn date_in_either_object() {
        let date = Some("2026-04-15T23:59:59Z".to_owned());
        let objects = [
            certificate(1, DATE),
            trust(1, TRUSTED, None),
            certificate(2, NO_DATE),
            trust(2, TRUSTED, DATE),
            certificate(3, DATE),
            trust(3, TRUSTED, DATE),
            certificate(4, NO_DATE),
            trust(4, TRUSTED, NO_DATE),
        ];
        let expected = [(1, date.clone()), (2, date.clone()), (3, date), (4, None)];
        assert_eq!(dates(&objects), Ok(expected.to_vec()));

        let other = Some(&b"270415235959Z"[..]);
        let why = dates(&[certificate(1, DATE), trust(1, TRUSTED, other)]).unwrap_err();
        let expected = "Root 1: another distrust-after date than that of the certificate";
        assert_eq!(why, expected);
    }

    #[test]
    fn form_of_times() {
        let time = |text: &str| utc_time(text.as_bytes()).map(rfc3339);
        assert_eq!(time("241130235959Z").unwrap(), "2024-11-30T23:59:59Z");
        assert_eq!(time("491231000000Z").unwrap(), "2049-12-31T00:00:00Z");
        for other in [
            "",
            "Z",
            "241130235959",
            "501130235959Z",
            "991130235959Z",
            "241131235959Z",
            "241130246060Z",
            "2411302359Z",
            "20241130235959Z",
            "241130235959+0000",
            "2411302359590Z",
            "24113023595\u{e9}Z",
            "+41130235959Z",
            "24 130235959Z",
        ] {
            assert_eq!(time(other), None, "{other}");
        }
        assert_eq!(utc_time(b"24113023595\xffZ"), None);
    }

    #[test]
    fn unknown_values_are_errors() {
        let date = "Root 1: CKA_NSS_SERVER_DISTRUST_AFTER is neither YYMMDDhhmmssZ nor CK_FALSE";
        for bad in [&b""[..], &[1], &[0, 0], b"26", b"260415235959"] {
            let objects = [certificate(1, Some(bad)), trust(1, TRUSTED, None)];
            assert_eq!(dates(&objects).unwrap_err(), date);
            let objects = [certificate(1, None), trust(1, MUST_VERIFY, Some(bad))];
            assert_eq!(dates(&objects).unwrap_err(), date);
        }
        // 0xce534351 is CKT_NSS_TRUSTED, which is for the certificate of one server.
        for bad in [0, 1, 0xce53_4351, 0xce53_4354] {
            let objects = [certificate(1, None), trust(1, bad, None)];
            let expected = format!("Root 1: unknown CKA_TRUST_SERVER_AUTH {bad:#x}");
            assert_eq!(dates(&objects).unwrap_err(), expected);
        }
        let mut short = trust(1, TRUSTED, None);
        short.server_trust = Some(vec![1]);
        let why = dates(&[certificate(1, None), short]).unwrap_err();
        assert_eq!(why, "Root 1: CKA_TRUST_SERVER_AUTH is not a CK_ULONG");
    }

    #[test]
    fn missing_attributes_are_errors() {
        let fails = |change: &dyn Fn(&mut Object, &mut Object), expected: &str| {
            let (mut certificate, mut trust) = (certificate(1, None), trust(1, TRUSTED, None));
            change(&mut certificate, &mut trust);
            let why = dates(&[certificate, trust]).unwrap_err();
            assert_eq!(why, format!("Root 1: {expected}"));
        };
        fails(&|object, _| object.issuer = None, "no CKA_ISSUER");
        fails(
            &|object, _| object.serial = Some(Vec::new()),
            "no CKA_SERIAL_NUMBER",
        );
        fails(&|_, object| object.serial = None, "no CKA_SERIAL_NUMBER");
        fails(&|object, _| object.value = None, "no CKA_VALUE");
        fails(&|object, _| object.value = Some(Vec::new()), "no CKA_VALUE");
        fails(
            &|_, object| object.server_trust = None,
            "no CKA_TRUST_SERVER_AUTH",
        );
    }

    #[test]
    fn objects_belong_together() {
        let fails = |objects: &[&Object], expected: &str| {
            let objects: Vec<Object> = objects.iter().map(|object| (*object).clone()).collect();
            assert_eq!(dates(&objects).unwrap_err(), expected);
        };
        let (certificate, trust) = (certificate(1, None), trust(1, TRUSTED, None));
        let twice = "Root 1: a second object of this issuer and serial number";
        fails(&[&certificate, &certificate, &trust], twice);
        fails(&[&certificate, &trust, &trust], twice);
        fails(&[&certificate], "Root 1: a certificate without trust");
        fails(&[&trust], "Root 1: a trusted certificate that is not there");
        let mut again = certificate.clone();
        again.serial = Some(vec![2, 1, 9]);
        let mut its_trust = trust.clone();
        its_trust.serial.clone_from(&again.serial);
        fails(
            &[&certificate, &trust, &again, &its_trust],
            "Root 1: this certificate is there twice",
        );
        fails(&[], "no root for TLS servers");
    }
}
