//! Rust source of a bundle, for `include!`.
//!
//! Each function returns one expression. A program links only the statics that it names, as long as
//! they are separate: every field is its own literal, and anchors, certificates and PEM belong in
//! separate files. The text depends only on the roots.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{TrustAnchor, UnixTime};

use crate::annotation::{PREFIX, SUBJECT};
use crate::bundle::{ParsedBundle, Root};
use crate::certificate::not_after;
use crate::distrusted::DistrustedKey;
use crate::name::DistinguishedName;
use crate::time::rfc3339;

/// The expression of a `Bundle`, for a place that has `Bundle` and `BundleName` in scope.
///
/// `variant` is its `BundleName`, and `anchors` the expression that [`anchors`] returns.
#[must_use]
pub fn bundle(variant: &str, sha256: [u8; 32], as_of: Option<UnixTime>, anchors: &str) -> String {
    let as_of = option(as_of.map(|day| decimal(day.as_secs())));
    format!("Bundle::new(BundleName::{variant}, {sha256:?}, {as_of}, {anchors})\n")
}

/// The expression of a `&'static [Anchor]`, for a place that has `Anchor` in scope.
pub fn anchors<'a>(
    anchors: impl ExactSizeIterator<Item = (&'a TrustAnchor<'static>, Option<UnixTime>)>,
) -> String {
    let mut source = format!(
        "{HEADER}{{\n    static ANCHORS: [Anchor; {}] = [\n",
        anchors.len()
    );
    for (anchor, distrust_after) in anchors {
        let constraints = anchor.name_constraints.as_deref().map(byte_string);
        let seconds = distrust_after.map(|time| decimal(time.as_secs()));
        // Writing to a `String` never fails, here and below.
        let _ = writeln!(
            source,
            "        // {}\n        Anchor::from_literals(\n            {},\n            {},\n            {},\n            {},\n        ),",
            DistinguishedName::new(&anchor.subject),
            byte_string(&anchor.subject),
            byte_string(&anchor.subject_public_key_info),
            option(constraints),
            option(seconds),
        );
    }
    source.push_str("    ];\n    &ANCHORS\n}\n");
    source
}

/// Like [`anchors`], with the anchors of these roots.
pub fn anchors_of<'a>(roots: impl ExactSizeIterator<Item = &'a Root>) -> String {
    anchors(roots.map(|root| (root.trust_anchor(), root.distrust_after())))
}

/// The expression of a `&'static [CertificateDer<'static>]`, for a place that has
/// `CertificateDer` in scope.
#[must_use]
pub fn certificates(roots: &[Root]) -> String {
    let mut source = format!(
        "{HEADER}{{\n    static CERTIFICATES: [CertificateDer<'static>; {}] = [\n",
        roots.len()
    );
    for root in roots {
        let literal = byte_string(root.certificate());
        let _ = writeln!(source, "        CertificateDer::from_slice({literal}),");
    }
    source.push_str("    ];\n    &CERTIFICATES\n}\n");
    source
}

/// The expression of a `&'static [[u8; 32]]`: the SHA-256 fingerprints of the certificates, in the order of the
/// roots.
#[must_use]
pub fn fingerprints(roots: &[Root]) -> String {
    let digests: Vec<_> = roots
        .iter()
        .map(|root| sha256(root.certificate()))
        .collect();
    format!("&{digests:?}\n")
}

/// The expression of a `&'static [DistrustedKey]`, sorted by digest, for a place that has `DistrustedKey` in
/// scope.
#[must_use]
pub fn distrusted_keys(keys: &[DistrustedKey]) -> String {
    let mut keys: Vec<&DistrustedKey> = keys.iter().collect();
    keys.sort_unstable_by_key(|key| key.sha256);
    let mut source = String::from("&[\n");
    for key in keys {
        let DistrustedKey { sha256, length, .. } = key;
        let known = format!("{} {}", key.date, key.advisories);
        let _ = writeln!(
            source,
            "    DistrustedKey {{\n        sha256: {sha256:?},\n        length: {length},\n        known: {known:?},\n    }},"
        );
    }
    source.push_str("]\n");
    source
}

impl ParsedBundle {
    /// The digest of the set: SHA-256 over the SHA-256 fingerprints of the certificates, sorted
    /// bytewise and concatenated.
    ///
    /// It identifies the certificates in the set, but not what is imposed on them.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256_of_set(self.roots().iter().map(|root| sha256(root.certificate())))
    }

    /// The expression of a `Bundle`, as the functions [`bundle`] and [`anchors`] write it.
    #[must_use]
    pub fn to_source(&self, variant: &str, as_of: Option<UnixTime>) -> String {
        let anchors = anchors_of(self.roots().iter());
        bundle(variant, self.sha256(), as_of, &anchors)
    }

    /// The bundle as PEM that [`parse`](crate::parse) reads back to the same bundle: each
    /// certificate under its subject, SHA-256 fingerprint, end of validity and annotation.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.roots()
            .iter()
            .map(root_to_pem)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A certificate, DER, as one PEM block (RFC 7468, section 2) without text around it.
#[must_use]
pub fn certificate_to_pem(certificate: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let base64 = STANDARD.encode(certificate);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        let _ = writeln!(pem, "{line}");
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// The digest of an anchor whose certificate is not available: SHA-256 over the SHA-256 digests of
/// its subject, its key and its name constraints (of the empty string if it has none).
#[must_use]
pub fn sha256_of_anchor(anchor: &TrustAnchor<'_>) -> [u8; 32] {
    let name_constraints = anchor.name_constraints.as_deref().unwrap_or_default();
    let fields = [
        &anchor.subject,
        &anchor.subject_public_key_info,
        name_constraints,
    ];
    sha256(&fields.map(sha256).concat())
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    hmac_sha256::Hash::hash(bytes)
}

/// SHA-256 over digests, sorted bytewise and concatenated.
#[must_use]
pub fn sha256_of_set(digests: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut digests: Vec<_> = digests.collect();
    digests.sort_unstable();
    sha256(&digests.concat())
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The digest that these 64 hexadecimal digits stand for, with or without colons between them;
/// `None` if they are something else.
#[must_use]
pub fn sha256_from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut digits = digits.chars().filter(|char| *char != ':');
    let mut digit = || digits.next()?.to_digit(16);
    let mut digest = [0; 32];
    for byte in &mut digest {
        *byte = u8::try_from(digit()? * 16 + digit()?).ok()?;
    }
    digits.next().is_none().then_some(digest)
}

const HEADER: &str =
    "// Generated by embedded-roots-bundle from a PEM bundle; not meant for editing.\n";

pub(crate) fn byte_string(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}

fn option(literal: Option<String>) -> String {
    literal.map_or_else(|| "None".to_owned(), |literal| format!("Some({literal})"))
}

/// A number as a literal: `1_776_297_599`.
pub(crate) fn decimal(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join("_")
}

fn root_to_pem(root: &Root) -> String {
    let certificate = root.certificate();
    let subject = DistinguishedName::new(&root.trust_anchor().subject);
    let fingerprint = hex(&sha256(certificate));
    let mut pem = format!("{SUBJECT}{subject}\n# SHA-256: {fingerprint}\n");
    if let Some(time) = not_after(certificate) {
        let _ = writeln!(pem, "# Not after: {}", rfc3339(time));
    }
    if !root.annotation().is_empty() {
        let _ = writeln!(pem, "{} {}", PREFIX, root.annotation());
    }
    pem + &certificate_to_pem(certificate)
}
