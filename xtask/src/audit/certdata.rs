//! NSS' certdata.txt: objects of PKCS #11, as text.
//!
//! An object begins with its `CKA_CLASS`. Each of its attributes is a line `NAME TYPE VALUE`, or a line
//! `NAME MULTILINE_OCTAL`, lines of octets such as `\060\202`, and `END`. A certificate and what it is
//! trusted for are two objects with the same issuer and serial number.

use std::collections::BTreeMap;

use embedded_roots_bundle::emit::{hex, sha256};
use embedded_roots_bundle::parse_rfc3339;
use rustls_pki_types::UnixTime;

/// A certificate that Mozilla trusts for TLS servers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerRoot {
    /// DER
    pub(super) certificate: Vec<u8>,
    pub(super) distrust_after: Option<UnixTime>,
}

/// The roots for TLS servers, by their digest in lower-case hexadecimal digits.
///
/// Fails at what it does not know, with the line: it must not misread what is trusted.
pub(super) fn server_roots(certdata: &[u8]) -> Result<BTreeMap<String, ServerRoot>, String> {
    let mut certificates = BTreeMap::new();
    let mut trusts = BTreeMap::new();
    for object in objects(certdata)? {
        let objects = match object.class.as_str() {
            "CKO_NSS_BUILTIN_ROOT_LIST" => continue,
            "CKO_CERTIFICATE" => &mut certificates,
            "CKO_NSS_TRUST" => &mut trusts,
            other => return Err(at(object.line, &format!("unknown class {other}"))),
        };
        let key = (
            object.octets("CKA_ISSUER")?.to_vec(),
            object.octets("CKA_SERIAL_NUMBER")?.to_vec(),
        );
        let line = object.line;
        if objects.insert(key, object).is_some() {
            return Err(at(line, "a second object of this issuer and serial number"));
        }
    }
    let mut roots = BTreeMap::new();
    for (key, certificate) in certificates {
        let trust = trusts.remove(&key);
        let trust = trust.ok_or_else(|| at(certificate.line, "a certificate without trust"))?;
        let der = certificate.octets("CKA_VALUE")?;
        let distrust_after = match (certificate.distrust_after()?, trust.distrust_after()?) {
            (Some(one), Some(other)) if one != other => {
                let why = "another distrust-after date than that of the certificate";
                return Err(at(trust.line, why));
            }
            (one, other) => one.or(other),
        };
        if !trust.is_for_servers()? {
            continue;
        }
        let root = ServerRoot {
            certificate: der.to_vec(),
            distrust_after,
        };
        if roots.insert(hex(&sha256(der)), root).is_some() {
            return Err(at(certificate.line, "this certificate is there twice"));
        }
    }
    // What is left may distrust certificates that are not in the file.
    for trust in trusts.into_values() {
        if trust.is_for_servers()? {
            return Err(at(trust.line, "a trusted certificate that is not there"));
        }
    }
    if roots.is_empty() {
        return Err("no root for TLS servers".to_owned());
    }
    Ok(roots)
}

struct Object {
    /// The line of its `CKA_CLASS`.
    line: usize,
    class: String,
    attributes: BTreeMap<String, Attribute>,
}

struct Attribute {
    line: usize,
    value: Value,
}

#[derive(PartialEq, Eq)]
enum Value {
    /// A name of PKCS #11, with that of its type: `CK_BBOOL`, `CK_TRUE`.
    Constant(String, String),
    /// `UTF8`, whose text nothing here needs.
    Text,
    Octets(Vec<u8>),
}

impl Object {
    fn attribute(&self, name: &str) -> Result<&Attribute, String> {
        let attribute = self.attributes.get(name);
        attribute.ok_or_else(|| at(self.line, &format!("an object without {name}")))
    }

    fn octets(&self, name: &str) -> Result<&[u8], String> {
        match self.attribute(name)? {
            Attribute {
                value: Value::Octets(octets),
                ..
            } => Ok(octets),
            Attribute { line, .. } => Err(at(*line, &format!("{name} is not MULTILINE_OCTAL"))),
        }
    }

    /// The date may be in the certificate or in the trust; the other one then has none, or `CK_FALSE`.
    fn distrust_after(&self) -> Result<Option<UnixTime>, String> {
        const NAME: &str = "CKA_NSS_SERVER_DISTRUST_AFTER";
        let Some(Attribute { line, value }) = self.attributes.get(NAME) else {
            return Ok(None);
        };
        match value {
            Value::Octets(octets) => match utc_time(octets) {
                Some(time) => Ok(Some(time)),
                None => Err(at(*line, &format!("{NAME} is not YYMMDDhhmmssZ"))),
            },
            Value::Constant(kind, value) if kind == "CK_BBOOL" && value == "CK_FALSE" => Ok(None),
            _ => Err(at(*line, &format!("{NAME} is neither a time nor CK_FALSE"))),
        }
    }

    fn is_for_servers(&self) -> Result<bool, String> {
        const NAME: &str = "CKA_TRUST_SERVER_AUTH";
        let Attribute { line, value } = self.attribute(NAME)?;
        let trust = match value {
            Value::Constant(kind, value) if kind == "CK_TRUST" => value.as_str(),
            _ => return Err(at(*line, &format!("{NAME} is no CK_TRUST"))),
        };
        match trust {
            "CKT_NSS_TRUSTED_DELEGATOR" => Ok(true),
            "CKT_NSS_MUST_VERIFY_TRUST" | "CKT_NSS_NOT_TRUSTED" => Ok(false),
            other => Err(at(*line, &format!("unknown trust {other}"))),
        }
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

fn objects(certdata: &[u8]) -> Result<Vec<Object>, String> {
    let text = std::str::from_utf8(certdata).map_err(|error| {
        let before = certdata.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        at(line, "not UTF-8")
    })?;
    let mut objects: Vec<Object> = Vec::new();
    let mut has_begun = false;
    let mut lines = (1..).zip(text.lines());
    while let Some((line, text)) = lines.next() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text == "BEGINDATA" && !has_begun {
            has_begun = true;
            continue;
        }
        let (name, rest) = text
            .split_once(' ')
            .filter(|(name, _)| has_begun && name.starts_with("CKA_"))
            .ok_or_else(|| at(line, "expected an attribute"))?;
        let value = match rest {
            "MULTILINE_OCTAL" => Value::Octets(octets(line, &mut lines)?),
            _ => constant_or_text(rest).ok_or_else(|| at(line, "expected a type and a value"))?,
        };
        if name == "CKA_CLASS" {
            let class = match value {
                Value::Constant(kind, class) if kind == "CK_OBJECT_CLASS" => class,
                _ => return Err(at(line, "CKA_CLASS is no CK_OBJECT_CLASS")),
            };
            objects.push(Object {
                line,
                class,
                attributes: BTreeMap::new(),
            });
            continue;
        }
        let object = objects.last_mut();
        let object = object.ok_or_else(|| at(line, "an attribute before the first object"))?;
        let attribute = Attribute { line, value };
        if object
            .attributes
            .insert(name.to_owned(), attribute)
            .is_some()
        {
            return Err(at(line, &format!("a second {name} in the same object")));
        }
    }
    Ok(objects)
}

/// `TYPE VALUE`
fn constant_or_text(text: &str) -> Option<Value> {
    let (kind, value) = text.split_once(' ')?;
    if kind == "UTF8" {
        let quoted = value.strip_prefix('"')?.strip_suffix('"');
        return quoted.map(|_| Value::Text);
    }
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        name.starts_with("CK") && bytes.all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
    };
    (is_name(kind) && is_name(value)).then(|| Value::Constant(kind.to_owned(), value.to_owned()))
}

/// The octets of the lines up to `END`, which come after the line `begin`.
fn octets<'a>(
    begin: usize,
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    for (line, text) in lines {
        if text == "END" {
            return Ok(octets);
        }
        let digits = text.strip_prefix('\\');
        let digits = digits.ok_or_else(|| at(line, "expected octets or END"))?;
        for octal in digits.split('\\') {
            // Without the other checks, this would read "+7" as well.
            let is_octal = octal.len() == 3 && octal.bytes().all(|byte| byte.is_ascii_digit());
            let octet = u8::from_str_radix(octal, 8).ok().filter(|_| is_octal);
            octets.push(octet.ok_or_else(|| at(line, "an octet is not \\000 to \\377"))?);
        }
        if octets.len() > MAX_OCTETS {
            return Err(at(line, "more octets than any certificate has"));
        }
    }
    Err(at(begin, "MULTILINE_OCTAL without END"))
}

/// Some thirty times as many as in the largest root.
const MAX_OCTETS: usize = 65_536;

fn at(line: usize, why: &str) -> String {
    format!("line {line}: {why}")
}

#[cfg(test)]
mod tests {
    use embedded_roots_bundle::rfc3339;

    use super::*;

    const NO_DATE: &str = "CKA_NSS_SERVER_DISTRUST_AFTER CK_BBOOL CK_FALSE\n";
    const DATE: &str = "# For Server Distrust After: Wed Apr 15 23:59:59 2026\n\
        CKA_NSS_SERVER_DISTRUST_AFTER MULTILINE_OCTAL\n\
        \\062\\066\\060\\064\\061\\065\\062\\063\n\\065\\071\\065\\071\\132\nEND\n";

    fn octal(octets: &[u8]) -> String {
        let lines = octets.chunks(16).map(|line| {
            let octets: Vec<String> = line.iter().map(|octet| format!("\\{octet:03o}")).collect();
            octets.concat() + "\n"
        });
        "MULTILINE_OCTAL\n".to_owned() + &lines.collect::<String>() + "END\n"
    }

    fn begin() -> String {
        "# comment\n\nBEGINDATA\n\
         CKA_CLASS CK_OBJECT_CLASS CKO_NSS_BUILTIN_ROOT_LIST\n\
         CKA_LABEL UTF8 \"Mozilla Builtin Roots\"\n\n"
            .to_owned()
    }

    fn object(class: &str, serial: u8, rest: &str) -> String {
        format!(
            "#\n# An \"object\"\nCKA_CLASS CK_OBJECT_CLASS {class}\n\
             CKA_TOKEN CK_BBOOL CK_TRUE\n\
             CKA_LABEL UTF8 \"Name \\xc3\\xa9 \"quoted\"\"\n\
             CKA_ISSUER {}CKA_SERIAL_NUMBER {}{rest}\n",
            octal(b"issuer"),
            octal(&[2, 1, serial]),
        )
    }

    fn certificate(serial: u8, rest: &str) -> String {
        let value = format!("CKA_VALUE {}{rest}", octal(&[serial; 40]));
        object("CKO_CERTIFICATE", serial, &value)
    }

    fn trust(serial: u8, server: &str, rest: &str) -> String {
        let trust = format!("{rest}CKA_TRUST_SERVER_AUTH CK_TRUST {server}\n");
        object("CKO_NSS_TRUST", serial, &trust)
    }

    const TRUSTED: &str = "CKT_NSS_TRUSTED_DELEGATOR";

    fn dates(objects: &[String]) -> Result<Vec<(u8, Option<String>)>, String> {
        let text = begin() + &objects.concat();
        let roots = server_roots(text.as_bytes())?;
        let mut dates: Vec<_> = roots
            .values()
            .map(|root| (root.certificate[0], root.distrust_after.map(rfc3339)))
            .collect();
        dates.sort();
        Ok(dates)
    }

    #[test]
    fn octets() {
        let all: Vec<u8> = (0..=255).collect();
        let text = octal(&all);
        let mut lines = (2..).zip(text.lines().skip(1));
        assert_eq!(super::octets(1, &mut lines), Ok(all));
        assert_eq!(lines.next(), None);

        let fails = |text: &str, expected: &str| {
            let why = super::octets(1, &mut (2..).zip(text.lines())).unwrap_err();
            assert_eq!(why, expected, "{text:?}");
        };
        let octet = "line 3: an octet is not \\000 to \\377";
        for bad in [
            "\\400", "\\8", "\\08", "\\+07", "\\7", "\\0000", "\\", "\\001\\", "\\00a", "\\001 ",
        ] {
            fails(&format!("\\001\n{bad}\nEND"), octet);
        }
        for bad in ["", "001", " \\001", "END ", "CKA_VALUE MULTILINE_OCTAL"] {
            let text = format!("\\001\n{bad}\nEND");
            fails(&text, "line 3: expected octets or END");
        }
        fails("\\001\n", "line 1: MULTILINE_OCTAL without END");
        let long = "\\001\n".repeat(MAX_OCTETS + 1) + "END";
        let line = MAX_OCTETS + 2;
        fails(
            &long,
            &format!("line {line}: more octets than any certificate has"),
        );
    }

    #[test]
    fn trusted_for_servers() {
        let objects = [
            certificate(1, NO_DATE),
            trust(1, TRUSTED, ""),
            certificate(2, ""),
            trust(2, "CKT_NSS_MUST_VERIFY_TRUST", ""),
            // In another order, and distrust of what is not in the file.
            trust(3, TRUSTED, ""),
            trust(4, "CKT_NSS_NOT_TRUSTED", ""),
            certificate(3, NO_DATE),
        ];
        assert_eq!(dates(&objects), Ok(vec![(1, None), (3, None)]));
    }

    #[test]
    fn the_date_is_in_either_object() {
        let date = Some("2026-04-15T23:59:59Z".to_owned());
        let objects = [
            certificate(1, DATE),
            trust(1, TRUSTED, ""),
            certificate(2, NO_DATE),
            trust(2, TRUSTED, DATE),
            certificate(3, DATE),
            trust(3, TRUSTED, DATE),
            certificate(4, NO_DATE),
            trust(4, TRUSTED, NO_DATE),
        ];
        let expected = [(1, date.clone()), (2, date.clone()), (3, date), (4, None)];
        assert_eq!(dates(&objects), Ok(expected.to_vec()));

        let other = DATE.replace("\\062\\066", "\\062\\067");
        let why = dates(&[certificate(1, DATE), trust(1, TRUSTED, &other)]).unwrap_err();
        assert!(
            why.ends_with("another distrust-after date than that of the certificate"),
            "{why}"
        );
    }

    #[test]
    fn times_have_one_form() {
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
        ] {
            assert_eq!(time(other), None, "{other}");
        }
        assert_eq!(utc_time(b"\xff\xff1130235959Z"), None);
    }

    #[test]
    fn what_is_unknown_or_missing_is_an_error() {
        let good = certificate(1, "") + &trust(1, TRUSTED, "");
        assert!(dates(std::slice::from_ref(&good)).is_ok());
        let fails = |from: &str, to: &str, expected: &str| {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good);
            let why = dates(&[changed]).unwrap_err();
            assert!(why.starts_with("line ") && why.ends_with(expected), "{why}");
        };
        fails("CKO_NSS_TRUST", "CKO_TRUST", "unknown class CKO_TRUST");
        fails(
            "CKO_CERTIFICATE",
            "CKO_NSS_CRL",
            "unknown class CKO_NSS_CRL",
        );
        fails(
            "CK_OBJECT_CLASS CKO_CERT",
            "CK_BBOOL CKO_CERT",
            "no CK_OBJECT_CLASS",
        );
        fails(
            TRUSTED,
            "CKT_TRUST_ANCHOR",
            "unknown trust CKT_TRUST_ANCHOR",
        );
        fails("CK_TRUST CKT", "CK_BBOOL CKT", "is no CK_TRUST");
        fails(
            "CKA_TRUST_SERVER",
            "CKA_TRUST_EMAIL",
            "an object without CKA_TRUST_SERVER_AUTH",
        );
        fails("CKA_VALUE", "CKA_OTHER", "an object without CKA_VALUE");
        fails("CKA_ISSUER", "CKA_OTHER", "an object without CKA_ISSUER");
        fails(
            "CKA_SERIAL_NUMBER",
            "CKA_OTHER",
            "an object without CKA_SERIAL_NUMBER",
        );
        fails(
            "CKA_TOKEN",
            "CKA_LABEL",
            "a second CKA_LABEL in the same object",
        );
        fails("UTF8 \"Name", "UTF8 Name", "expected a type and a value");
        fails(
            "CK_BBOOL CK_TRUE",
            "CK_BBOOL true",
            "expected a type and a value",
        );
        fails(
            "CK_BBOOL CK_TRUE",
            "CK_BBOOL",
            "expected a type and a value",
        );
        fails("CKA_TOKEN", "cka_token", "expected an attribute");
        fails("CKA_TOKEN", " CKA_TOKEN", "expected an attribute");
        fails("# An", "An", "expected an attribute");
        fails("# An", "BEGINDATA\n# An", "expected an attribute");
        let issuer = format!("CKA_ISSUER {}", octal(b"issuer"));
        fails(
            &issuer,
            "CKA_ISSUER CK_BBOOL CK_TRUE\n",
            "CKA_ISSUER is not MULTILINE_OCTAL",
        );

        let both = |rest: &str| dates(&[certificate(1, rest), trust(1, TRUSTED, "")]).unwrap_err();
        let date = "CKA_NSS_SERVER_DISTRUST_AFTER";
        assert!(
            both(&format!("{date} CK_BBOOL CK_TRUE\n")).contains("neither a time nor CK_FALSE")
        );
        assert!(both(&format!("{date} UTF8 \"260415\"\n")).contains("neither a time nor CK_FALSE"));
        assert!(both(&format!("{date} {}", octal(b"26"))).contains("is not YYMMDDhhmmssZ"));
    }

    #[test]
    fn objects_belong_together() {
        let fails = |objects: &[String], expected: &str| {
            let why = dates(objects).unwrap_err();
            assert!(why.ends_with(expected), "{why}");
        };
        let (certificate, trust) = (certificate(1, ""), trust(1, TRUSTED, ""));
        let twice = "a second object of this issuer and serial number";
        fails(
            &[certificate.clone(), certificate.clone(), trust.clone()],
            twice,
        );
        fails(&[certificate.clone(), trust.clone(), trust.clone()], twice);
        fails(
            std::slice::from_ref(&certificate),
            "a certificate without trust",
        );
        fails(&[trust], "a trusted certificate that is not there");
        fails(&[], "no root for TLS servers");
    }

    #[test]
    fn errors_have_the_line() {
        let error = |text: &[u8]| server_roots(text).unwrap_err();
        assert_eq!(
            error(b"#\n\nCKA_TOKEN CK_BBOOL CK_TRUE"),
            "line 3: expected an attribute"
        );
        let early = b"BEGINDATA\nCKA_TOKEN CK_BBOOL CK_TRUE";
        assert_eq!(error(early), "line 2: an attribute before the first object");
        assert_eq!(error(b"#\n#\n# \xff\n"), "line 3: not UTF-8");
        assert_eq!(error(b""), "no root for TLS servers");
        let text = begin() + &certificate(1, "CKA_ID UTF8 0\n");
        let line = 1 + text
            .lines()
            .position(|line| line == "CKA_ID UTF8 0")
            .unwrap();
        let expected = format!("line {line}: expected a type and a value");
        assert_eq!(error(text.as_bytes()), expected);
    }
}
