//! Certificates that a server should have sent, where this program knows them.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use embedded_roots::Roots;
use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::{
    PrivateKeys, certificate_to_pem, escape, issuer, parse_intermediates, read_file, subject,
};
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::explain::chain::Chain;
use crate::explain::verdict::Case;
use crate::history::History;
use crate::outcome::Result;
use crate::root::Facts;

/// Intermediates that could complete a chain.
pub(super) struct KnownIntermediates {
    /// Each with where it came from, escaped.
    certificates: Vec<(CertificateDer<'static>, String)>,
}

/// A certificate that completes a chain.
#[derive(Serialize)]
pub(super) struct MissingCertificate {
    #[serde(rename = "certificate")]
    pub(super) facts: Facts,
    /// Where it was found, escaped.
    pub(super) origin: String,
    #[serde(skip)]
    der: CertificateDer<'static>,
}

impl KnownIntermediates {
    /// Those of a user's file, and those that cross-certify a root of Mozilla's history.
    pub(super) fn read(file: Option<&Path>, history: &History) -> Result<Self> {
        let mut certificates = Vec::new();
        if let Some(path) = file {
            let name = path.display().to_string();
            let shown = escape(&name);
            let pem = read_file(path).map_err(|why| format!("{shown} cannot be read: {why}"))?;
            for der in parse_intermediates(&name, &pem, PrivateKeys::Ignore)? {
                certificates.push((der, shown.clone()));
            }
        }
        let of_history = history.all().iter().map(|entry| &entry.der);
        let crossed = of_history.filter(|der| subject(der) != issuer(der));
        certificates.extend(crossed.map(|der| (der.clone(), "Mozilla's history".to_owned())));
        Ok(Self { certificates })
    }

    /// The fewest certificates with which the roots accept a chain that they refuse; empty if there are none.
    pub(super) fn complete(
        &self,
        case: &Case<'_>,
        roots: &Roots,
        history: &History,
    ) -> Vec<MissingCertificate> {
        let mut added = self.on_path(case.chain);
        let is_accepted = |added: &[&(CertificateDer<'static>, String)]| {
            let mut sent = case.chain.intermediates.clone();
            sent.extend(added.iter().map(|(der, _)| der.clone()));
            case.verify_with(&sent, roots).is_ok()
        };
        if added.is_empty() || !is_accepted(&added) {
            return Vec::new();
        }
        // Without those that the chain does not need.
        let mut nth = 0;
        while nth < added.len() {
            let without = added.remove(nth);
            if !is_accepted(&added) {
                added.insert(nth, without);
                nth += 1;
            }
        }
        let missing = added.into_iter().map(|(der, origin)| {
            let certificate = Certificate::from_der(der).ok()?;
            Some(MissingCertificate {
                facts: Facts::from_certificate(&certificate, history),
                origin: origin.clone(),
                der: der.clone(),
            })
        });
        missing.collect::<Option<_>>().unwrap_or_default()
    }

    /// Those with the name of an issuer on the way from the end entity.
    fn on_path(&self, chain: &Chain) -> Vec<&(CertificateDer<'static>, String)> {
        let mut names: Vec<_> = chain.all().filter_map(|sent| issuer(&sent.der)).collect();
        let mut added: Vec<&(CertificateDer<'static>, String)> = Vec::new();
        let mut next = 0;
        while let Some(name) = names.get(next).copied() {
            next += 1;
            for known in &self.certificates {
                let is_new = !chain.intermediates.contains(&known.0)
                    && added.iter().all(|other| other.0 != known.0);
                if is_new && subject(&known.0) == Some(name) && added.len() < MOST_ADDED {
                    added.push(known);
                    names.extend(issuer(&known.0).filter(|issuer| !names.contains(issuer)));
                }
            }
        }
        added
    }
}

/// More than any chain lacks, and few enough to try without each of them.
const MOST_ADDED: usize = 16;

/// Writes the certificates as PEM into a new file.
pub(super) fn write(missing: &[MissingCertificate], path: &Path) -> Result<()> {
    if missing.is_empty() {
        return Err(
            "the chain is complete, or the missing certificate is not known: nothing was written"
                .into(),
        );
    }
    let blocks = missing
        .iter()
        .map(|missing| certificate_to_pem(&missing.der));
    let pem: String = blocks.collect();
    let written = File::create_new(path).and_then(|mut file| file.write_all(pem.as_bytes()));
    let shown = escape(&path.display().to_string());
    Ok(written.map_err(|why| format!("{shown} cannot be written: {why}"))?)
}

/// The command that fetches a certificate and writes it as PEM; `None` if the place is not an address of the web, or has
/// characters that a shell could read: that of a POSIX system, PowerShell or `cmd.exe`.
pub(super) fn fetch_command(place: &str) -> Option<String> {
    let is_web = place.starts_with("http://") || place.starts_with("https://");
    if !is_web || place.len() > LONGEST_PLACE || !is_harmless(place) {
        return None;
    }
    // RFC 5280, section 4.2.2.1: a certificate alone, or in the form of PKCS#7.
    let path = place.split('?').next().unwrap_or_default();
    let read = if path.to_ascii_lowercase().ends_with(".p7c") {
        "pkcs7 -inform DER -print_certs"
    } else {
        "x509 -inform DER"
    };
    Some(format!(
        "curl --fail --silent --show-error \"{place}\" | openssl {read} -out intermediate.pem"
    ))
}

/// Whether an address means itself between double quotes. `cmd.exe` replaces `%NAME%`, but not an octet of an address
/// that starts with a digit.
fn is_harmless(place: &str) -> bool {
    let mut octets = place.split('%');
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/?=+,".contains(&octet);
    let is_encoded = |rest: &str| {
        let mut rest = rest.bytes();
        rest.next().is_some_and(|high| high.is_ascii_digit())
            && rest.next().is_some_and(|low| low.is_ascii_hexdigit())
    };
    place.bytes().all(|octet| octet == b'%' || is_plain(octet))
        && octets.next().is_some()
        && octets.all(is_encoded)
}

const LONGEST_PLACE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_addresses_become_commands() {
        for (place, read) in [
            ("http://ca.example/a%20b.crt?x=1", "x509 -inform DER"),
            ("https://ca.example/a.P7C", "pkcs7 -inform DER -print_certs"),
        ] {
            let command = format!(
                "curl --fail --silent --show-error \"{place}\" | openssl {read} -out intermediate.pem"
            );
            assert_eq!(fetch_command(place), Some(command));
        }
        for place in [
            "ldap://ca.example/cn=CA",
            "file:///etc/passwd",
            "http://ca.example/'; echo 1; '",
            "http://ca.example/\n",
            "http://ca.example/$(echo)",
            "http://ca.example/\"",
            "http://ca.example/`echo`",
            "http://ca.example/?a=1&b=2",
            "http://ca.example/%PATH%",
            "http://ca.example/%2",
            "http://ca.example/%C3%A9",
            "http://ca.example/\u{e9}",
        ] {
            assert_eq!(fetch_command(place), None, "{place}");
        }
        assert_eq!(fetch_command(&format!("http://{}", "a".repeat(500))), None);
    }
}
