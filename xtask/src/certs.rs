//! certs/ca-certificates.crt: Mozilla's TLS roots, with the limits that Mozilla imposes.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::time::SystemTime;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{
    Annotation, DistinguishedName, ParsedBundle, PrivateKeys, Root, iso_day, parse,
};
use rustls_pki_types::UnixTime;
use serde::Deserialize;

use crate::data_version::DataVersion;
use crate::differences::digest;
use crate::{facts, path};

/// Writes the file, dated today if its content changes. Returns the certificates added and removed.
pub(crate) fn write() -> Result<String, Box<dyn Error>> {
    let present = fs::read_to_string(path(CERTIFICATES))?;
    let manifest = fs::read_to_string(path(MANIFEST))?;
    let version = DataVersion::of(MANIFEST, &manifest)?;
    if generate(&version)?.pem == present {
        return Ok(format!(
            "{CERTIFICATES} is up to date, as of {}",
            version.day
        ));
    }
    let next = version.next(&today()?);
    let generated = generate(&next)?;
    let changes = changes(&present, &generated.pem)?;
    fs::write(path(CERTIFICATES), &generated.pem)?;
    fs::write(path(MANIFEST), version.replaced(&manifest, &next))?;
    let facts = generated.facts.join(", ");
    Ok(format!(
        "wrote {CERTIFICATES} and {MANIFEST}; {README} has to say: {facts}\n{changes}"
    ))
}

/// Fails if [`write()`] would change the file, or if certs/README.md describes another set.
pub(crate) fn check() -> Result<String, Box<dyn Error>> {
    let version = DataVersion::of(MANIFEST, &fs::read_to_string(path(MANIFEST))?)?;
    let generated = generate(&version)?;
    if fs::read(path(CERTIFICATES))? != generated.pem.as_bytes() {
        return Err(format!(
            "{CERTIFICATES} is not what webpki-root-certs, {CONSTRAINTS} and the version in {MANIFEST} \
             give: review them, then run cargo xtask certs"
        )
        .into());
    }
    facts::check(README, &generated.facts)?;
    Ok(format!(
        "{CERTIFICATES} is up to date: {}",
        generated.facts.join(", ")
    ))
}

/// The roots of the file.
pub(crate) fn roots() -> Result<Vec<Root>, Box<dyn Error>> {
    let pem = fs::read(path(CERTIFICATES))?;
    Ok(parse(CERTIFICATES, &pem, PrivateKeys::Refuse)?)
}

/// The digests of the roots with a limit that Mozilla keeps outside the certificate.
pub(crate) fn imposed() -> Result<Vec<String>, Box<dyn Error>> {
    let imposed = constraints(&fs::read_to_string(path(CONSTRAINTS))?)?;
    Ok(imposed.into_keys().collect())
}

/// The certificates that only one of the texts has, one per line.
fn changes(before: &str, after: &str) -> Result<String, Box<dyn Error>> {
    let read = |pem: &str| -> Result<BTreeSet<(String, String)>, Box<dyn Error>> {
        let roots = parse(CERTIFICATES, pem.as_bytes(), PrivateKeys::Refuse)?;
        let facts = |root: &Root| {
            let subject = DistinguishedName::new(&root.trust_anchor().subject);
            (digest(root), format!("{subject} {}", root.annotation()))
        };
        Ok(roots.iter().map(facts).collect())
    };
    let shown = |(fingerprint, root): &(String, String)| {
        let root = root.trim_end();
        format!("{root} {fingerprint}")
    };
    Ok(facts::changes(&read(before)?, &read(after)?, shown))
}

/// `YYYYMMDD`, UTC.
fn today() -> Result<String, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(iso_day(UnixTime::since_unix_epoch(now)).replace('-', ""))
}

const CERTIFICATES: &str = "certs/ca-certificates.crt";
const MANIFEST: &str = "certs/Cargo.toml";
const CONSTRAINTS: &str = "certs/constraints.toml";
const README: &str = "certs/README.md";
const ORIGIN: &str = "webpki-root-certs";

struct Generated {
    pem: String,
    /// Strings that certs/README.md must contain.
    facts: [String; 4],
}

fn generate(version: &DataVersion) -> Result<Generated, Box<dyn Error>> {
    let mut imposed = constraints(&fs::read_to_string(path(CONSTRAINTS))?)?;
    let mut roots = Vec::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let annotation = match imposed.remove(&hex(&sha256(certificate))) {
            Some(constraint) => constraint.annotation()?,
            None => Annotation::default(),
        };
        roots.push(Root::new(certificate.clone(), annotation, 0)?);
    }
    // A limit whose root has left the list is stale and must be removed.
    if let Some(fingerprint) = imposed.keys().next() {
        return Err(format!("{CONSTRAINTS}: {ORIGIN} has no root {fingerprint}").into());
    }
    let bundle = ParsedBundle::new(roots)?;
    let (count, digest) = (bundle.roots().len(), hex(&bundle.sha256()));
    let origin = version_in_lock(&fs::read_to_string(path("Cargo.lock"))?)?;
    let date = version.date()?;
    let header = format!(
        "# Mozilla's root certificates for TLS servers, from {ORIGIN} {origin}, with the\n\
         # limits that Mozilla keeps outside the certificates. Licence: CDLA-Permissive-2.0.\n\
         # Generated by `cargo xtask certs`; see README.md in this folder.\n\
         #\n\
         # As of: {date}\n\
         # Roots: {count}\n\
         # Set SHA-256: {digest}\n\n"
    );
    Ok(Generated {
        pem: header + &bundle.to_pem(),
        facts: [
            format!("{ORIGIN}` {origin}"),
            date,
            format!("{count} roots"),
            digest,
        ],
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Constraints {
    root: Vec<Constraint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Constraint {
    /// The digest of the certificate, in lower-case hexadecimal digits.
    sha256: String,
    annotation: String,
    /// Only for the reviewer.
    #[serde(rename = "source")]
    _source: String,
    /// Only for the reviewer.
    #[serde(rename = "subject")]
    _subject: String,
}

/// The imposed limits, by fingerprint.
fn constraints(toml: &str) -> Result<BTreeMap<String, Constraint>, Box<dyn Error>> {
    let mut imposed = BTreeMap::new();
    for constraint in toml::from_str::<Constraints>(toml)?.root {
        if let Some(twice) = imposed.insert(constraint.sha256.clone(), constraint) {
            return Err(format!("{CONSTRAINTS}: {} is there twice", twice.sha256).into());
        }
    }
    Ok(imposed)
}

impl Constraint {
    fn annotation(&self) -> Result<Annotation, Box<dyn Error>> {
        let annotation = self.annotation.parse();
        Ok(annotation.map_err(|why| format!("{CONSTRAINTS}: {}: {why}", self.sha256))?)
    }
}

/// The version of webpki-root-certs, from which the certificates come.
fn version_in_lock(lock: &str) -> Result<String, Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let packages = toml::from_str::<Lock>(lock)?.package;
    let mut versions = packages
        .into_iter()
        .filter(|package| package.name == ORIGIN);
    match (versions.next(), versions.next()) {
        (Some(package), None) => Ok(package.version),
        _ => Err(format!("Cargo.lock does not have exactly one {ORIGIN}").into()),
    }
}
