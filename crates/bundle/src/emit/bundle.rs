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
    let as_of = option(as_of.map(|day| decimal(day.as_secs())));
    format!("Bundle::new(BundleName::{variant}, {sha256:?}, {as_of}, {anchors})\n")
}

/// The expression of a `&'static [Anchor]`, for a place that has `Anchor` in scope.
pub fn anchors<'a>(
    anchors: impl ExactSizeIterator<Item = (&'a TrustAnchor<'static>, Option<UnixTime>)>,
) -> String {
    list(anchors, |anchor| {
        let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
        let literals = [byte_string(subject), byte_string(key)];
        ("from_literals", literals.to_vec())
    })
}

/// Like [`anchors`], with the anchors of these roots.
pub fn anchors_of<'a>(roots: impl ExactSizeIterator<Item = &'a Root>) -> String {
    anchors(roots.map(|root| (root.trust_anchor(), root.limits().distrust_after())))
}

/// Like [`anchors_of`], for roots that nobody knows by their keys: [`ANCHOR_MARK`] is before each, with the lengths of
/// the subject and of the key in two bytes each, big-endian, so that they can be found in a program.
pub fn marked_anchors_of<'a>(roots: impl ExactSizeIterator<Item = &'a Root>) -> String {
    let anchors = roots.map(|root| (root.trust_anchor(), root.limits().distrust_after()));
    list(anchors, |anchor| {
        let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
        let length = |part: &[u8]| u16::try_from(part.len()).ok().map(u16::to_be_bytes);
        let (Some(of_subject), Some(of_key)) = (length(subject), length(key)) else {
            // As it is: no certificate is that long that anybody has seen.
            return (
                "from_literals",
                vec![byte_string(subject), byte_string(key)],
            );
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
        let constraints = anchor.name_constraints.as_deref().map(byte_string);
        let seconds = root.limits().distrust_after();
        let seconds = seconds.map(|time| decimal(time.as_secs()));
        let _ = writeln!(
            source,
            "    // {}\n    LimitedRoot {{\n        subject: {},\n        key_sha256: {:?},\n        \
             name_constraints: {},\n        distrust_after: {},\n    }},",
            DistinguishedName::new(&anchor.subject),
            byte_string(&anchor.subject),
            sha256(&anchor.subject_public_key_info),
            option(constraints),
            option(seconds),
        );
    }
    source.push_str("]\n");
    source
}

/// What is before a marked anchor in a program.
pub const ANCHOR_MARK: &[u8] = b"embedded-roots:anchor:";

/// The expression of a list of anchors, each of a constructor and its first arguments.
fn list<'a>(
    anchors: impl ExactSizeIterator<Item = (&'a TrustAnchor<'static>, Option<UnixTime>)>,
    arguments: impl Fn(&TrustAnchor<'static>) -> (&'static str, Vec<String>),
) -> String {
    let count = anchors.len();
    let mut source = format!("{HEADER}{{\n    static ANCHORS: [Anchor; {count}] = [\n");
    for (anchor, distrust_after) in anchors {
        let constraints = anchor.name_constraints.as_deref().map(byte_string);
        let seconds = distrust_after.map(|time| decimal(time.as_secs()));
        let (constructor, mut arguments) = arguments(anchor);
        arguments.extend([option(constraints), option(seconds)]);
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
    /// data has no date and so is no root program's.
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
