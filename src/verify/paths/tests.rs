//! The selection, compared with a naive one, and the pairs, compared with what webpki does.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use embedded_roots_testing::random::numbers;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime, alg_id,
};
use webpki::{EndEntityCert, KeyUsage};

use super::{Link, MOST_PAIRS, Node, Search, TooManyPairs, is_one_path, on_paths, sort};

/// A certificate of a CA, with what its name and its key are made of.
#[derive(Clone, Copy)]
struct Ca<'a> {
    subject: &'a str,
    issuer: &'a str,
    key: u8,
    /// The length of an extension without meaning.
    padding: usize,
}

fn ca<'a>(subject: &'a str, issuer: &'a str) -> Ca<'a> {
    Ca {
        subject,
        issuer,
        key: 0,
        padding: 0,
    }
}

impl Ca<'_> {
    fn der(self) -> CertificateDer<'static> {
        let is_ca = sequence(&[&element(1, &[0xff])]);
        let basic_constraints = sequence(&[&element(6, &[0x55, 0x1d, 19]), &element(4, &is_ca)]);
        let padding = vec![0; self.padding];
        let padding = sequence(&[&element(6, &[0x2a]), &element(4, &padding)]);
        self.with(&[basic_constraints, padding].concat())
    }

    fn with(self, extensions: &[u8]) -> CertificateDer<'static> {
        let algorithm = sequence(&[&alg_id::ECDSA_SHA256]);
        let key = element(3, &[0, self.key]);
        let validity = [b"200101000000Z", b"400101000000Z"].map(|time| element(0x17, time));
        let signed = sequence(&[
            &element(0xa0, &element(2, &[2])),
            &element(2, &[1]),
            &algorithm,
            &sequence(&[&name(self.issuer)]),
            &sequence(&[&validity[0], &validity[1]]),
            &sequence(&[&name(self.subject)]),
            &sequence(&[&sequence(&[&alg_id::ECDSA_P256]), &key]),
            &element(0xa3, &sequence(&[extensions])),
        ]);
        sequence(&[&signed, &algorithm, &element(3, &[0, 0])]).into()
    }
}

/// An end-entity certificate.
fn leaf(issuer: &str) -> CertificateDer<'static> {
    ca("leaf", issuer).with(&[])
}

/// The content of a `Name` with this common name.
fn name(common_name: &str) -> Vec<u8> {
    let id = element(6, &[0x55, 4, 3]);
    element(
        0x31,
        &sequence(&[&id, &element(0x0c, common_name.as_bytes())]),
    )
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut element = match length {
        0..0x80 => vec![tag, u8::try_from(length).unwrap()],
        0x80..0x100 => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => [&[tag, 0x82][..], &length.to_be_bytes()].concat(),
    };
    element.extend(content);
    element
}

fn ders(certificates: &[Ca<'_>]) -> Vec<CertificateDer<'static>> {
    certificates.iter().map(|ca| ca.der()).collect()
}

fn is_one_of(trusted: &[&str]) -> impl Fn(&[u8]) -> bool + use<> {
    let names: Vec<_> = trusted.iter().map(|trusted| name(trusted)).collect();
    move |other| names.iter().any(|name| name == other)
}

/// The places of the intermediates that are selected below a leaf by `A`.
fn selected(intermediates: &[Ca<'_>], trusted: &[&str]) -> Vec<usize> {
    let sent = ders(intermediates);
    let selected = on_paths(&leaf("A"), &sent, &is_one_of(trusted), usize::MAX).unwrap();
    let place = |der| sent.iter().position(|sent| sent == der).unwrap();
    selected.iter().map(place).collect()
}

/// The number of pairs of a chain.
fn pairs(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    trusted: &[&str],
) -> usize {
    let trusted = is_one_of(trusted);
    let selected = on_paths(end_entity, intermediates, &trusted, usize::MAX).unwrap();
    let links = selected.iter().enumerate();
    let links: Vec<_> = links
        .filter_map(|(nth, der)| Link::read(nth, der))
        .collect();
    let mut search = Search {
        links: &links,
        pairs: 0,
        most: usize::MAX,
    };
    let first = Link::read(0, end_entity).unwrap();
    search.look(&Node::of(&first), 0).unwrap();
    let pairs = search.pairs;
    // The bound is what is still allowed.
    if !is_one_path(&first, &links) {
        assert!(on_paths(end_entity, intermediates, &trusted, pairs).is_ok());
        let refused = on_paths(end_entity, intermediates, &trusted, pairs - 1);
        assert_eq!(refused, Err(TooManyPairs));
    }
    pairs
}

/// Of ten thousand pairs, by long certificates.
#[test]
fn one_path_is_never_too_complex() {
    let long = |name, issuer| Ca {
        padding: 10_000,
        ..ca(name, issuer)
    };
    let path = [long("A", "B"), long("B", "C"), long("C", "Root")];
    let trusted = is_one_of(&["Root"]);
    let sent = ders(&path);
    let selected = on_paths(&leaf("A"), &sent, &trusted, MOST_PAIRS);
    assert!(matches!(selected, Ok(Cow::Borrowed(_))));
    assert!(pairs(&leaf("A"), &sent, &["Root"]) < MOST_PAIRS);
    let selected = on_paths(&leaf("A"), &sent, &trusted, 1);
    assert!(selected.is_ok());

    let mut two_ways = path.to_vec();
    two_ways.push(long("A", "C"));
    let sent = ders(&two_ways);
    let selected = on_paths(&leaf("A"), &sent, &trusted, 1);
    assert_eq!(selected, Err(TooManyPairs));
}

#[test]
fn intermediates_on_a_path_are_selected_in_their_order() {
    let (a, b, other) = (ca("A", "B"), ca("B", "Root"), ca("X", "Root"));
    let self_signed = ca("Root", "Root");
    let cases: Vec<(Vec<Ca<'_>>, &[usize])> = vec![
        (vec![a, b], &[0, 1]),
        (vec![b, a], &[0, 1]),
        (vec![a, b, self_signed], &[0, 1, 2]),
        // On no path from the leaf.
        (vec![a, other, b], &[0, 2]),
        (vec![b], &[]),
        // On no path to the root.
        (vec![a], &[]),
        (vec![a, ca("A", "Stranger"), b], &[0, 2]),
        (
            vec![a, ca("B", "Stranger"), ca("Stranger", "Stranger")],
            &[],
        ),
        // Twice.
        (vec![a, b, a, b], &[0, 1]),
        (vec![a, Ca { key: 1, ..a }, b], &[0, 1, 2]),
        // In circles.
        (vec![a, ca("B", "A")], &[]),
        (vec![a, ca("B", "A"), b], &[0, 1, 2]),
        (vec![], &[]),
    ];
    for (nth, (sent, expected)) in cases.into_iter().enumerate() {
        assert_eq!(selected(&sent, &["Root"]), expected, "case {nth}");
        assert_eq!(selected(&sent, &[]), [0; 0], "case {nth}");
    }
    assert_eq!(selected(&[a, b], &["A", "Root"]), [0, 1]);
    assert_eq!(selected(&[a, b], &["B"]), [0]);
}

#[test]
fn a_chain_of_one_path_is_borrowed() {
    for length in [1, 2, 8, 9, 40] {
        let names: Vec<_> = (0..=length).map(|nth| format!("CA {nth}")).collect();
        let sent: Vec<_> = names
            .windows(2)
            .map(|pair| ca(&pair[0], &pair[1]).der())
            .collect();
        let last = names.last().unwrap();
        let trusted = is_one_of(&[last]);
        let selected = on_paths(&leaf("CA 0"), &sent, &trusted, usize::MAX).unwrap();
        assert!(matches!(selected, Cow::Borrowed(_)), "{length}");
        assert_eq!(*selected, *sent);
    }
}

#[test]
fn certificates_without_readable_names_are_left_out() {
    let garbage = CertificateDer::from(vec![0x30, 0x03, 1, 2, 3]);
    let sent = [garbage.clone(), ca("A", "Root").der(), garbage.clone()];
    let is_trusted = is_one_of(&["Root"]);
    let selected = on_paths(&leaf("A"), &sent, &is_trusted, usize::MAX).unwrap();
    assert_eq!(*selected, sent[1..2]);
    assert_eq!(pairs(&leaf("A"), &sent, &["Root"]), 2);
    let selected = on_paths(&garbage, &sent, &is_trusted, usize::MAX).unwrap();
    assert!(selected.is_empty());
}

/// The places of the intermediates on a path, found by walking back and forth until nothing changes.
fn naively(intermediates: &[Ca<'_>], trusted: &[&str]) -> Vec<usize> {
    let (mut reached, mut leads) = (vec!["A"], trusted.to_vec());
    for _ in intermediates {
        for ca in intermediates {
            if reached.contains(&ca.subject) {
                reached.push(ca.issuer);
            }
            if leads.contains(&ca.issuer) {
                leads.push(ca.subject);
            }
        }
        reached.sort_unstable();
        reached.dedup();
        leads.sort_unstable();
        leads.dedup();
    }
    let mut seen = Vec::new();
    let mut places: Vec<_> = (0..intermediates.len()).collect();
    places.retain(|&place| {
        let ca = intermediates[place];
        let is_first = !seen.contains(&(ca.subject, ca.issuer, ca.key));
        seen.push((ca.subject, ca.issuer, ca.key));
        is_first && reached.contains(&ca.subject) && leads.contains(&ca.issuer)
    });
    places
}

const LETTERS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// CAs with few names, so that many paths lead through them.
fn mesh(below: &mut impl FnMut(usize) -> usize, count: usize, letters: usize) -> Vec<Ca<'static>> {
    let mut one = || Ca {
        key: u8::try_from(below(3)).unwrap(),
        ..ca(LETTERS[below(letters)], LETTERS[below(letters)])
    };
    (0..count).map(|_| one()).collect()
}

#[test]
fn selection_equals_naive_selection_for_any_mesh() {
    let mut below = numbers();
    let mut sizes = [0; 3];
    for _ in 0..3000 {
        let count = below(16);
        let mesh = mesh(&mut below, count, LETTERS.len());
        let trusted = [LETTERS[below(6)], LETTERS[below(6)]];
        let expected = naively(&mesh, &trusted);
        assert_eq!(selected(&mesh, &trusted), expected);
        sizes[usize::from(!expected.is_empty()) + usize::from(expected.len() == count)] += 1;
    }
    assert!(sizes.iter().all(|size| *size > 100), "{sizes:?}");
}

/// An algorithm that counts its calls, and accepts all signatures or none.
#[derive(Debug, Default)]
struct Counting {
    is_valid: bool,
    calls: AtomicUsize,
}

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.is_valid.then_some(()).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// Whether webpki accepts a chain with valid signatures, or how many of invalid ones it checks.
fn by_webpki(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    trusted: &[&str],
    is_valid: bool,
) -> (bool, usize) {
    let algorithm = Counting {
        is_valid,
        ..Counting::default()
    };
    let spki = [sequence(&[&alg_id::ECDSA_P256]), element(3, &[0, 9])].concat();
    let anchors = trusted.iter().map(|trusted| TrustAnchor {
        subject: name(trusted).into(),
        subject_public_key_info: spki.clone().into(),
        name_constraints: None,
    });
    let anchors: Vec<_> = anchors.collect();
    // 2026-08-01
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400));
    let end_entity = EndEntityCert::try_from(end_entity).unwrap();
    let usage = KeyUsage::server_auth();
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&algorithm];
    let verified =
        end_entity.verify_for_usage(algorithms, &anchors, intermediates, now, usage, None, None);
    (verified.is_ok(), algorithm.calls.load(Ordering::Relaxed))
}

/// Each name is that of one anchor, so webpki checks one signature for each certificate that it comes to. It looks
/// at all intermediates from each.
#[test]
fn counted_pairs_are_those_that_webpki_tries() {
    let mut below = numbers();
    let mut compared = 0;
    for _ in 0..1500 {
        let count = 1 + below(5);
        let sent = ders(&mesh(&mut below, count, 3));
        let trusted = &LETTERS[..3];
        let leaf = leaf("A");
        let selected = on_paths(&leaf, &sent, &is_one_of(trusted), usize::MAX).unwrap();
        let (_, checks) = by_webpki(&leaf, &selected, trusted, false);
        // webpki checks no more than 100 signatures.
        if checks < 100 {
            assert_eq!(pairs(&leaf, &sent, trusted), checks * selected.len());
            compared += usize::from(checks > 4);
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn paths_are_as_long_as_in_webpki() {
    let names: Vec<_> = (0..10).map(|nth| format!("CA {nth}")).collect();
    let sent: Vec<_> = names
        .windows(2)
        .map(|pair| ca(&pair[0], &pair[1]).der())
        .collect();
    let leaf = leaf("CA 0");
    for (count, last) in names.iter().enumerate() {
        let sent = &sent[..count];
        let (accepted, _) = by_webpki(&leaf, sent, &[last], true);
        assert_eq!(accepted, count <= 6, "{count} intermediates");
        // The leaf and the first six look at all of them.
        let pairs = pairs(&leaf, sent, &[last]);
        assert_eq!(pairs, count * (1 + count.min(6)));
    }
}

#[test]
fn a_long_certificate_counts_once_for_each_512_bytes() {
    let pairs = |padding| {
        let sent = [Ca {
            padding,
            ..ca("A", "Root")
        }];
        let sent = ders(&sent);
        (sent[0].len(), pairs(&leaf("A"), &sent, &["Root"]))
    };
    let (rest, _) = pairs(300);
    // The leaf and the intermediate look at the intermediate.
    for (length, expected) in [
        (500, 2),
        (511, 2),
        (512, 4),
        (1023, 4),
        (1024, 6),
        (6000, 24),
    ] {
        assert_eq!(pairs(300 + length - rest), (length, expected));
    }
}

/// RFC 4158, section 2.4, with all certificates of its figure.
#[test]
fn bound_is_four_times_that_of_a_bridge_ca() {
    let edges = [
        "F H", "F G", "G F", "H I", "I H", "G I", "W F", "W G", "J K", "L N", "L M", "X J", "X L",
        "B E", "B D", "A B", "C B", "A C", "C A", "Y A", "Y C", "R S", "O R", "O Q", "P S", "Z O",
        "Z P", "W Bridge", "Bridge W", "X Bridge", "Bridge X", "Y Bridge", "Bridge Y", "Z Bridge",
        "Bridge Z",
    ];
    let certificates = edges.map(|edge| {
        let (issuer, subject) = edge.split_once(' ').unwrap();
        ca(subject, issuer)
    });
    let sent = ders(&certificates);
    for trusted in ["W", "X", "Y", "Z"] {
        assert_eq!(pairs(&leaf("N"), &sent, &[trusted]), MOST_PAIRS / 4);
    }
}

/// As many certificates as 64 KiB can hold cost no more than their number allows.
#[test]
fn selection_of_many_certificates_is_fast() {
    let names: Vec<_> = (0..500).map(|nth| format!("CA {nth}")).collect();
    let mut links: Vec<_> = names
        .windows(2)
        .map(|pair| ca(&pair[0], &pair[1]))
        .collect();
    // In the order in which each pass finds only one more.
    links.reverse();
    let sent = ders(&links);
    let last = names.last().unwrap();
    let leaf = leaf("CA 0");
    let selected = on_paths(&leaf, &sent, &is_one_of(&[last]), usize::MAX).unwrap();
    assert_eq!(selected.len(), sent.len());
    let refused = on_paths(&leaf, &sent, &is_one_of(&[last]), MOST_PAIRS);
    assert_eq!(refused.unwrap_err(), TooManyPairs);
    // The same number that lead nowhere are not a reason to refuse.
    let selected = on_paths(&leaf, &sent, &is_one_of(&["CA 1"]), MOST_PAIRS).unwrap();
    assert_eq!(*selected, sent[sent.len() - 1..]);
}

/// Of every length, with and without equal ones, sorted and reversed.
#[test]
fn links_are_sorted() {
    let by_nth = |one: &Link<'_>, other: &Link<'_>| one.nth.cmp(&other.nth);
    for length in 0..40 {
        for step in [0, 1, 7, 39] {
            let links = (0..length).map(|nth| Link {
                nth: nth * step % 40,
                ..Link::default()
            });
            let mut links: Vec<_> = links.collect();
            let mut expected: Vec<usize> = links.iter().map(|link| link.nth).collect();
            expected.sort_unstable();
            sort(&mut links, &by_nth);
            let sorted: Vec<usize> = links.iter().map(|link| link.nth).collect();
            assert_eq!(sorted, expected);
        }
    }
}
