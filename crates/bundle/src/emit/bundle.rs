//! Bundles, and the keys that are distrusted.

use std::fmt::Write as _;

use rustls_pki_types::{TrustAnchor, UnixTime};

use crate::anchor_list::AnchorList;
use crate::bundle::ParsedBundle;
use crate::digest::sha256;
use crate::distrust::keys::DistrustedKey;
use crate::emit::literal::{byte_string, decimal, option};
use crate::root::Root;
use crate::sort::sort;
use crate::x509::name::DistinguishedName;

/// The expression of a `Bundle`, for a place that has `Bundle` and `BundleName` in scope.
///
/// `variant` is its `BundleName`, and `anchors` the expression that [`anchors`] returns.
#[must_use]
pub fn bundle(variant: &str, sha256: [u8; 32], as_of: Option<UnixTime>, anchors: &str) -> String {
    let as_of = seconds(as_of);
    format!("Bundle::new(BundleName::{variant}, {sha256:?}, {as_of}, {anchors})\n")
}

/// The expression of a `&'static [Anchor]`, for a place that has `Anchor` in scope.
pub fn anchors<'a>(
    anchors: impl ExactSizeIterator<Item = (&'a TrustAnchor<'static>, Option<UnixTime>)>,
) -> String {
    list(anchors, literals)
}

/// Like [`anchors`], with the anchors of these roots.
pub fn anchors_of<'a>(roots: impl ExactSizeIterator<Item = &'a Root>) -> String {
    anchors(roots.map(anchor_and_date))
}

/// Like [`anchors_of`], for roots that nobody knows by their keys: [`ANCHOR_MARK`] is before each, with the lengths of
/// the subject and of the key in two bytes each, big-endian, so that they can be found in a program.
pub fn marked_anchors_of<'a>(roots: impl ExactSizeIterator<Item = &'a Root>) -> String {
    list(roots.map(anchor_and_date), |anchor| {
        let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
        let length = |part: &[u8]| u16::try_from(part.len()).ok().map(u16::to_be_bytes);
        let (Some(of_subject), Some(of_key)) = (length(subject), length(key)) else {
            // As it is: no certificate is that long that anybody has seen.
            return literals(anchor);
        };
        let head = [ANCHOR_MARK, &of_subject, &of_key].concat();
        let (start, end) = (head.len(), head.len() + subject.len());
        let literal = byte_string(&[&head[..], subject, key].concat());
        (
            "from_marked",
            vec![literal, start.to_string(), end.to_string()],
        )
    })
}

/// The expression of a `&'static [LimitedRoot]`, for a place that has `LimitedRoot` in scope.
///
/// It has digests of the keys, so that nobody who looks for keys in a program takes these for roots that it trusts.
pub fn limited_roots<'a>(roots: impl Iterator<Item = &'a Root>) -> String {
    let mut source = String::from("&[\n");
    for root in roots {
        let anchor = root.trust_anchor();
        let [constraints, date] = limits(anchor_and_date(root));
        let _ = writeln!(
            source,
            "    // {}\n    LimitedRoot {{\n        subject: {},\n        key_sha256: {:?},\n        \
             name_constraints: {constraints},\n        distrust_after: {date},\n    }},",
            DistinguishedName::new(&anchor.subject),
            byte_string(&anchor.subject),
            sha256(&anchor.subject_public_key_info),
        );
    }
    source.push_str("]\n");
    source
}

/// What is before a marked anchor in a program.
pub const ANCHOR_MARK: &[u8] = b"embedded-roots:anchor:";

/// An anchor with its distrust date.
type DatedAnchor<'a> = (&'a TrustAnchor<'static>, Option<UnixTime>);

fn anchor_and_date(root: &Root) -> DatedAnchor<'_> {
    (root.trust_anchor(), root.limits().distrust_after())
}

/// A constructor of an anchor, and its first arguments.
type Constructor = (&'static str, Vec<String>);

fn literals(anchor: &TrustAnchor<'static>) -> Constructor {
    let fields = [&anchor.subject, &anchor.subject_public_key_info];
    let literals = fields.map(|field| byte_string(field));
    ("from_literals", literals.to_vec())
}

/// The last two arguments.
fn limits((anchor, date): DatedAnchor<'_>) -> [String; 2] {
    let constraints = anchor.name_constraints.as_deref().map(byte_string);
    [option(constraints), seconds(date)]
}

fn seconds(time: Option<UnixTime>) -> String {
    option(time.map(|time| decimal(time.as_secs())))
}

/// The expression of a list of anchors.
fn list<'a>(
    anchors: impl ExactSizeIterator<Item = DatedAnchor<'a>>,
    constructor: impl Fn(&TrustAnchor<'static>) -> Constructor,
) -> String {
    let count = anchors.len();
    let mut source = format!("{HEADER}{{\n    static ANCHORS: [Anchor; {count}] = [\n");
    for (anchor, date) in anchors {
        let (constructor, mut arguments) = constructor(anchor);
        arguments.extend(limits((anchor, date)));
        // Writing to a `String` never fails, here and below.
        let _ = writeln!(
            source,
            "        // {}\n        Anchor::{constructor}(",
            DistinguishedName::new(&anchor.subject),
        );
        for argument in arguments {
            let _ = writeln!(source, "            {argument},");
        }
        source.push_str("        ),\n");
    }
    source.push_str("    ];\n    &ANCHORS\n}\n");
    source
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

/// The expression of a `&'static [Option<usize>]`: for each of the roots, in their order, the number of its
/// certificate among those without an annotation; none for a root with one.
#[must_use]
pub fn certificate_numbers(roots: &[Root]) -> String {
    let mut numbers = 0..;
    let numbers = roots.iter().map(|root| {
        let is_plain = root.annotation().is_empty();
        is_plain.then(|| numbers.next()).flatten()
    });
    format!("&{:?}\n", numbers.collect::<Vec<Option<usize>>>())
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
    sort(&mut keys, &|one, other| one.sha256.cmp(&other.sha256));
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

impl AnchorList {
    /// The expression of a `Bundle`, as the functions [`bundle`] and [`anchors`] write it.
    #[must_use]
    pub fn to_source(&self, variant: &str) -> String {
        bundle(variant, self.sha256(), None, &anchors(self.iter()))
    }
}

impl ParsedBundle {
    /// The expression of a `Bundle`, as the functions [`bundle`] and [`anchors`] write it, or [`marked_anchors_of`], if the
    /// data has no date, and so is not that of a root program.
    #[must_use]
    pub fn to_source(&self, variant: &str, as_of: Option<UnixTime>) -> String {
        let anchors = match as_of {
            Some(_) => anchors_of(self.roots().iter()),
            None => marked_anchors_of(self.roots().iter()),
        };
        bundle(variant, self.sha256(), as_of, &anchors)
    }
}

const HEADER: &str =
    "// Generated by embedded-roots-bundle from a PEM bundle; not meant for editing.\n";
