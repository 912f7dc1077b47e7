//! The certificates that a server sent.

use std::net::IpAddr;

use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::{escape, issuer, shorten, subject};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde::{Serialize, Serializer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
use x509_parser::prelude::FromDer as _;

use crate::explain::sct::EmbeddedScts;
use crate::history::History;
use crate::outcome::Result;
use crate::root::{Facts, short_name, shortest};
use crate::signature::is_signed_by;

pub(super) struct Chain {
    pub(super) end_entity: SentCertificate,
    /// What else was sent and can be read, in the order of the server.
    pub(super) others: Vec<SentCertificate>,
    pub(super) intermediates: Vec<CertificateDer<'static>>,
    /// Why others cannot be read, with their numbers; escaped.
    pub(super) unreadable: Vec<String>,
}

/// A certificate, with what a server's has beyond that of a root. All text is escaped.
#[derive(Serialize)]
pub(super) struct SentCertificate {
    #[serde(rename = "certificate")]
    pub(super) facts: Facts,
    /// The DNS names and IP addresses that it is for.
    pub(super) names: Vec<String>,
    /// Where it says that its issuer's certificate is. That is shown, and never fetched: a server must
    /// not be able to make this program connect to an address of its choice.
    pub(super) ca_issuers: Vec<String>,
    #[serde(skip)]
    pub(super) der: CertificateDer<'static>,
    /// Its place in the chain, from 1.
    #[serde(skip)]
    pub(super) number: usize,
    #[serde(skip)]
    pub(super) certificate: Certificate,
    #[serde(skip)]
    pub(super) scts: EmbeddedScts,
}

/// Those that can be read, as the server sent them.
impl Serialize for Chain {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all())
    }
}

impl Chain {
    pub(super) fn read(sent: Vec<CertificateDer<'static>>, history: &History) -> Result<Self> {
        let mut sent = sent.into_iter();
        let end_entity = sent.next().ok_or("the server sent no certificate")?;
        let end_entity = SentCertificate::read(end_entity, 1, history)
            .map_err(|why| format!("the server's certificate cannot be read: {why}"))?;
        let intermediates: Vec<_> = sent.collect();
        let (mut others, mut unreadable) = (Vec::new(), Vec::new());
        for (der, number) in intermediates.iter().zip(2..) {
            match SentCertificate::read(der.clone(), number, history) {
                Ok(sent) => others.push(sent),
                Err(why) => {
                    let why = escape(&why.to_string());
                    unreadable.push(format!("certificate {number} cannot be read: {why}"));
                }
            }
        }
        Ok(Self {
            end_entity,
            others,
            intermediates,
            unreadable,
        })
    }

    /// As the server sent it.
    pub(super) fn sent(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        std::iter::once(&self.end_entity.der).chain(&self.intermediates)
    }

    /// Those that can be read.
    pub(super) fn all(&self) -> impl Iterator<Item = &SentCertificate> {
        std::iter::once(&self.end_entity).chain(&self.others)
    }

    /// The certificate on the way up from the end entity whose issuer was not sent; `None` if the way ends in a
    /// certificate that is its own issuer, or in none.
    pub(super) fn without_issuer(&self) -> Option<&SentCertificate> {
        let last = self.path().pop()?;
        let is_issuer = |other: &&SentCertificate| last.names(&other.der);
        self.all().find(is_issuer).is_none().then_some(last)
    }

    /// The way up from the end entity by names, without a certificate that is its own issuer above it.
    pub(super) fn path(&self) -> Vec<&SentCertificate> {
        let mut path = vec![&self.end_entity];
        let mut last = &self.end_entity;
        while path.len() <= self.others.len() && !last.names(&last.der) {
            let mut others = self.others.iter();
            let Some(issuer) = others.find(|other| last.names(&other.der)) else {
                break;
            };
            last = issuer;
            if !last.names(&last.der) {
                path.push(last);
            }
        }
        path
    }

    /// The end-entity certificate, and those that signatures lead to from there, whatever else is wrong
    /// with them.
    pub(super) fn signed(
        &self,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Vec<&SentCertificate> {
        let mut signed = vec![&self.end_entity];
        let mut left: Vec<&SentCertificate> = self.others.iter().collect();
        let mut signatures = MOST_SIGNATURES;
        let mut done = 0;
        while let Some(&sent) = signed.get(done) {
            done += 1;
            let mut issuers = Vec::new();
            left.retain(|other| {
                if !sent.names(&other.der) || signatures == 0 {
                    return true;
                }
                signatures -= 1;
                let is_issuer = sent.is_signed_by(&other.der, algorithms);
                if is_issuer {
                    issuers.push(*other);
                }
                !is_issuer
            });
            signed.append(&mut issuers);
        }
        signed
    }
}

/// As many as webpki verifies.
const MOST_SIGNATURES: usize = 100;

impl SentCertificate {
    fn read(der: CertificateDer<'static>, number: usize, history: &History) -> Result<Self> {
        let certificate = Certificate::from_der(&der)?;
        let (_, parsed) = X509Certificate::from_der(&der)?;
        let mut names = Vec::new();
        let mut ca_issuers = Vec::new();
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(san) => {
                    names.extend(san.general_names.iter().filter_map(shown));
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for access in access.iter() {
                        if let GeneralName::URI(place) = access.access_location {
                            if access.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS {
                                ca_issuers.push(escape(place));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            facts: Facts::from_certificate(&certificate, history),
            scts: EmbeddedScts::from_certificate(&der),
            der,
            number,
            certificate,
            names,
            ca_issuers,
        })
    }

    /// The common name of its subject, or all of that.
    pub(super) fn short_name(&self) -> String {
        short_name(&self.der)
    }

    /// The common name of its issuer, or all of that.
    pub(super) fn short_issuer(&self) -> String {
        issuer(&self.der).map_or_else(String::new, shortest)
    }

    /// Whether this is a certificate of the issuer that it names.
    pub(super) fn names(&self, other: &[u8]) -> bool {
        let issuer = issuer(&self.der);
        issuer.is_some() && issuer == subject(other)
    }

    /// Whether its signature is by the key of this certificate.
    pub(super) fn is_signed_by(
        &self,
        other: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> bool {
        is_signed_by(&self.der, other, algorithms) == Some(true)
    }
}

/// A name that a client can ask for.
fn shown(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(escape(name)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// The start of a name, since a server can send long ones.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", shorten(name, LONGEST_NAME))
}

pub(super) const LONGEST_NAME: usize = 100;
