//! What a scan has found, as an inventory in `CycloneDX` 1.6: each certificate is a component, with the places that have
//! it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter;

use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::rfc3339;
use serde_json::{Value, json};

use crate::finder::findings::Findings;
use crate::history::History;
use crate::scan::report::{PlaceCertificate, ScanReport};

/// A certificate, wherever it was found.
struct Component<'a> {
    name: &'a str,
    certificate: &'a Certificate,
    /// The places, each with the forms in it, and why the container does not see it.
    occurrences: Vec<(&'a str, String)>,
    /// Names and values.
    properties: BTreeSet<(&'static str, String)>,
    is_own_key_public: bool,
}

/// A root of which the name and the key are known alone.
struct Anchor<'a> {
    name: &'a str,
    subject: &'a str,
    occurrences: Vec<(&'a str, String)>,
}

/// What was found, by fingerprints.
#[derive(Default)]
struct Inventory<'a> {
    certificates: BTreeMap<&'a str, Component<'a>>,
    anchors: BTreeMap<&'a str, Anchor<'a>>,
}

/// The same for the same files: neither a clock nor chance is in it.
pub(super) fn document(report: &ScanReport<'_>, scan: &Findings<'_>, history: &History) -> Value {
    let inventory = inventory(report, scan, history);
    let components = &inventory.certificates;
    let mut listed: Vec<Value> = components.values().map(Component::certificate).collect();
    let anchors = inventory.anchors.iter();
    listed.extend(anchors.map(|(digest, anchor)| anchor.key(digest)));
    let keys: BTreeMap<String, Value> = components.values().map(Component::key).collect();
    listed.extend(keys.into_values());
    let algorithms = components.values();
    let algorithms = algorithms.map(|component| component.certificate.signature_algorithm());
    let algorithms: BTreeSet<&str> = algorithms.collect();
    listed.extend(algorithms.into_iter().map(algorithm));
    let unread = report.unread.iter();
    let unread = unread.map(|one| property("embedded-roots:not-looked-into", &one.to_string()));
    let excluded = report.excluded.iter();
    let excluded = excluded.map(|one| property("embedded-roots:excluded", &one.to_string()));
    let errors = report.errors.iter();
    let errors = errors.map(|one| property("embedded-roots:error", &one.to_string()));
    let gaps: Vec<Value> = unread.chain(excluded).chain(errors).collect();
    // Of what was scanned, and is recognised.
    let aggregate = if gaps.is_empty() {
        "complete"
    } else {
        "incomplete"
    };
    let mut properties = vec![property("embedded-roots:history-as-of", &history.as_of)];
    properties.extend(gaps);
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{
                "type": "application",
                "name": "embedded-roots",
                "version": env!("CARGO_PKG_VERSION"),
            }] },
            "properties": properties,
        },
        "components": listed,
        "compositions": [{ "aggregate": aggregate }],
    });
    let number = serial_number(&document);
    if let Some(members) = document.as_object_mut() {
        members.insert("serialNumber".to_owned(), json!(number));
    }
    document
}

fn inventory<'a>(
    report: &'a ScanReport<'_>,
    scan: &'a Findings<'_>,
    history: &'a History,
) -> Inventory<'a> {
    let known = history.all().iter().map(|known| &known.certificate);
    let others = scan.places.iter().flat_map(|place| {
        let unknown = place.found.unknown.values();
        let all = unknown.chain(place.found.compromised.values());
        all.map(|found| &found.root.certificate)
    });
    let certificates: HashMap<String, &Certificate> = known
        .chain(others)
        .map(|certificate| (hex(&certificate.sha256()), certificate))
        .collect();
    let mut inventory = Inventory::default();
    for place in &report.places {
        for found in place.certificates() {
            let PlaceCertificate {
                short_name,
                subject,
                sha256,
                ..
            } = found;
            let context = iter::once(found.shown_forms()).chain(place.hidden());
            let context: Vec<String> = context.collect();
            let occurrence = (place.location.shown.as_str(), context.join("; "));
            let Some(certificate) = certificates.get(sha256) else {
                let anchor = inventory.anchors.entry(sha256);
                let anchor = anchor.or_insert_with(|| Anchor {
                    name: short_name,
                    subject,
                    occurrences: Vec::new(),
                });
                anchor.occurrences.push(occurrence);
                continue;
            };
            let component = inventory.certificates.entry(sha256);
            let component = component.or_insert_with(|| Component {
                name: short_name,
                certificate,
                occurrences: Vec::new(),
                properties: BTreeSet::new(),
                is_own_key_public: false,
            });
            component.occurrences.push(occurrence);
            let properties = &mut component.properties;
            if let Some(standing) = found.removed {
                properties.insert(("embedded-roots:removed", standing.gone_and_why()));
            }
            if let Some(compromise) = found.compromised {
                let why = format!("{}: {}", compromise.since, compromise.why());
                properties.insert(("embedded-roots:compromised", why));
                component.is_own_key_public |= compromise.is_own_key;
            }
        }
    }
    inventory
}

impl Component<'_> {
    fn certificate(&self) -> Value {
        let certificate = self.certificate;
        let digest = hex(&certificate.sha256());
        let properties = self.properties.iter();
        let properties = properties.map(|(name, value)| property(name, value));
        json!({
            "type": "cryptographic-asset",
            "bom-ref": format!("certificate:{digest}"),
            "name": self.name,
            "hashes": [{ "alg": "SHA-256", "content": digest }],
            "cryptoProperties": {
                "assetType": "certificate",
                "certificateProperties": {
                    "subjectName": certificate.subject(),
                    "issuerName": certificate.issuer(),
                    "notValidBefore": rfc3339(certificate.not_before()),
                    "notValidAfter": rfc3339(certificate.not_after()),
                    "signatureAlgorithmRef": algorithm_reference(certificate.signature_algorithm()),
                    "subjectPublicKeyRef": key_reference(certificate),
                    "certificateFormat": "X.509",
                },
            },
            "evidence": evidence(&self.occurrences),
            "properties": properties.collect::<Vec<_>>(),
        })
    }

    /// Its key, with the reference to it.
    fn key(&self) -> (String, Value) {
        let reference = key_reference(self.certificate);
        let key = self.certificate.key();
        let mut about = json!({
            "type": "public-key",
            "id": hex(&self.certificate.spki_sha256()),
            "format": "SubjectPublicKeyInfo",
        });
        if let Some(members) = about.as_object_mut() {
            if let Some(bits) = key.bits() {
                members.insert("size".to_owned(), json!(bits));
            }
            if self.is_own_key_public {
                members.insert("state".to_owned(), json!("compromised"));
            }
        }
        let component = json!({
            "type": "cryptographic-asset",
            "bom-ref": reference,
            "name": key.to_string(),
            "cryptoProperties": {
                "assetType": "related-crypto-material",
                "relatedCryptoMaterialProperties": about,
            },
        });
        (reference, component)
    }
}

impl Anchor<'_> {
    fn key(&self, digest: &str) -> Value {
        json!({
            "type": "cryptographic-asset",
            "bom-ref": format!("anchor:{digest}"),
            "name": self.name,
            "cryptoProperties": {
                "assetType": "related-crypto-material",
                "relatedCryptoMaterialProperties": {
                    "type": "public-key",
                    "id": digest,
                    "format": "SubjectPublicKeyInfo",
                },
            },
            "evidence": evidence(&self.occurrences),
            "properties": [property("embedded-roots:subject", self.subject)],
        })
    }
}

fn evidence(occurrences: &[(&str, String)]) -> Value {
    let occurrences = occurrences.iter();
    let occurrences = occurrences
        .map(|(place, context)| json!({ "location": place, "additionalContext": context }));
    json!({ "occurrences": occurrences.collect::<Vec<_>>() })
}

fn algorithm(name: &str) -> Value {
    json!({
        "type": "cryptographic-asset",
        "bom-ref": algorithm_reference(name),
        "name": name,
        "cryptoProperties": {
            "assetType": "algorithm",
            "algorithmProperties": { "primitive": "signature" },
        },
    })
}

fn algorithm_reference(name: &str) -> String {
    format!("algorithm:{name}")
}

fn key_reference(certificate: &Certificate) -> String {
    format!("key:{}", hex(&certificate.spki_sha256()))
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// A UUID of version 8 (RFC 9562, section 5.8), from the digest of the document.
fn serial_number(document: &Value) -> String {
    let mut digest = sha256(document.to_string().as_bytes());
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut digest;
    *version = 0x80 | *version & 0x0f;
    *variant = 0x80 | *variant & 0x3f;
    let digits = hex(digest.get(..16).unwrap_or_default());
    let mut uuid = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if matches!(nth, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    format!("urn:uuid:{uuid}")
}
