//! The trust anchor of a certificate is the one that webpki makes.

use embedded_roots_bundle::{Annotation, Root};
use embedded_roots_testing::authority::{ca_params, key};
use embedded_roots_testing::der::element;
use rcgen::{CidrSubnet, CustomExtension, GeneralSubtree, NameConstraints};
use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::data::{ROOT, VERSION_1, der};

/// The trust anchor that both readers make of a certificate, if it is one to them.
#[track_caller]
pub(crate) fn agreed(certificate: &[u8]) -> Option<TrustAnchor<'static>> {
    let certificate = CertificateDer::from(certificate);
    let theirs = webpki::anchor_from_trusted_cert(&certificate);
    let theirs = theirs.ok().map(|anchor| anchor.to_owned());
    match Root::new(certificate.clone().into_owned(), Annotation::default(), 0) {
        Ok(root) => {
            let ours = root.into_certificate_and_anchor().1;
            assert_eq!(Some(&ours), theirs.as_ref(), "{certificate:02x?}");
            Some(ours)
        }
        Err(error) => {
            let reason = error.reason();
            let is_same = reason.contains("cannot be a root") == theirs.is_none();
            assert!(is_same, "{reason}: {certificate:02x?}");
            // Constraints that webpki reads only when it verifies a chain.
            assert!(
                theirs.is_none() || reason.contains("name constraints"),
                "{reason}"
            );
            None
        }
    }
}

/// A part of a certificate, which may have others in it.
#[derive(Clone)]
enum Node {
    Leaf(u8, Vec<u8>),
    Inner(u8, Vec<Node>),
}

impl Node {
    /// The nodes in DER that is known to be good, with all lengths of at most two octets.
    fn all(mut der: &[u8]) -> Vec<Self> {
        let mut nodes = Vec::new();
        while let [tag, first, rest @ ..] = der {
            let (length, rest) = match (first, rest) {
                (0x82, [high, low, rest @ ..]) => {
                    (usize::from(*high) << 8 | usize::from(*low), rest)
                }
                (0x81, [length, rest @ ..]) | (length, rest) => (usize::from(*length), rest),
            };
            let (value, after) = rest.split_at(length);
            nodes.push(match tag {
                0x30 | 0x31 | 0xa0.. => Self::Inner(*tag, Self::all(value)),
                _ => Self::Leaf(*tag, value.to_vec()),
            });
            der = after;
        }
        nodes
    }

    fn encode(&self) -> Vec<u8> {
        let (tag, value) = match self {
            Self::Leaf(tag, value) => (*tag, value.clone()),
            Self::Inner(tag, nodes) => (*tag, nodes.iter().flat_map(Self::encode).collect()),
        };
        element(tag, &value)
    }

    /// Calls this with the nodes of each inner node, which it may change.
    fn for_each_list(&mut self, change: &mut impl FnMut(&mut Vec<Self>)) {
        if let Self::Inner(_, nodes) = self {
            change(nodes);
            for node in nodes {
                node.for_each_list(change);
            }
        }
    }

    fn tag(&mut self) -> &mut u8 {
        match self {
            Self::Leaf(tag, _) | Self::Inner(tag, _) => tag,
        }
    }
}

/// A change of one node in a list of nodes.
type Change = fn(&mut Vec<Node>, usize);

const CHANGES: [Change; 12] = [
    |nodes, at| drop(nodes.remove(at)),
    |nodes, at| nodes.insert(at, nodes[at].clone()),
    |nodes, at| nodes.swap(0, at),
    |nodes, at| *nodes[at].tag() ^= 1,
    |nodes, at| *nodes[at].tag() = 0x30,
    |nodes, at| *nodes[at].tag() = 4,
    |nodes, at| nodes[at] = Node::Leaf(5, Vec::new()),
    |nodes, at| nodes.insert(at, Node::Leaf(2, vec![1])),
    |nodes, at| nodes.insert(at, Node::Leaf(1, vec![0xff])),
    |nodes, at| nodes.insert(at + 1, Node::Leaf(0x82, vec![0, 1])),
    |nodes, at| {
        if let Node::Leaf(_, value) = &mut nodes[at] {
            value.push(0);
        }
    },
    |nodes, at| {
        if let Node::Leaf(_, value) = &mut nodes[at] {
            value.pop();
        }
    },
];

/// The certificates in which one part is changed in one of these ways, with the lengths around it right.
fn changed<'a>(original: &'a [u8], changes: &'a [Change]) -> impl Iterator<Item = Vec<u8>> + 'a {
    let whole = Node::all(original).pop().unwrap();
    assert_eq!(whole.encode(), original);
    let mut count = 0;
    (whole.clone()).for_each_list(&mut |nodes| count += nodes.len());
    let each = changes
        .iter()
        .flat_map(move |change| (0..count).map(move |nth| (change, nth)));
    each.map(move |(change, nth)| {
        let mut copy = whole.clone();
        let mut before = 0;
        copy.for_each_list(&mut |nodes| {
            let length = nodes.len();
            if (before..before + length).contains(&nth) {
                change(nodes, nth - before);
            }
            before += length;
        });
        copy.encode()
    })
}

/// How many of these are roots, and how many are not.
fn verdicts(certificates: impl Iterator<Item = Vec<u8>>) -> (usize, usize) {
    let (roots, others): (Vec<_>, Vec<_>) = certificates.partition(|der| agreed(der).is_some());
    (roots.len(), others.len())
}

#[test]
fn anchors_of_changed_certificates_are_those_of_webpki() {
    let (mut roots, mut none) = (0, 0);
    for original in [der(ROOT), der(VERSION_1), with_all_extensions()] {
        assert!(agreed(&original).is_some());
        let (some, others) = verdicts(changed(&original, &CHANGES));
        roots += some;
        none += others;
    }
    assert!(roots > 500 && none > 500, "{roots}, {none}");
}

/// One of each that webpki reads, and others.
fn with_all_extensions() -> Vec<u8> {
    let mut params = ca_params("Example Root");
    params.subject_alt_names = vec![rcgen::SanType::DnsName("ca.example".try_into().unwrap())];
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("example".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0])),
        ],
        excluded_subtrees: vec![GeneralSubtree::DnsName("not.example".to_owned())],
    });
    let distribution_points = [0x30, 8, 0x30, 6, 0xa0, 4, 0xa0, 2, 0x86, 0];
    for (id, value) in [
        (&[2, 5, 29, 31][..], &distribution_points[..]),
        (&[2, 5, 29, 99], &[1]),
        (&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], &[4, 2, 0, 0]),
        (&[1, 2, 3], &[]),
    ] {
        let mut extension = CustomExtension::from_oid_content(id, value.to_vec());
        extension.set_criticality(id.len() == 4);
        params.custom_extensions.push(extension);
    }
    let certificate = params.self_signed(&key()).unwrap();
    certificate.der().to_vec()
}

/// Changes the value of the extension there, if one is there and is not empty.
fn change_value(nodes: &mut [Node], at: usize, change: fn(&mut Vec<u8>)) {
    match &mut nodes[at] {
        Node::Leaf(4, value) if !value.is_empty() => change(value),
        _ => {}
    }
}

/// Each value empty, cut short, with a byte behind it, or of another type.
#[test]
fn anchors_of_changed_extensions_are_those_of_webpki() {
    let of_values: [Change; 4] = [
        |nodes, at| change_value(nodes, at, Vec::clear),
        |nodes, at| change_value(nodes, at, |value| value.truncate(value.len() - 1)),
        |nodes, at| change_value(nodes, at, |value| value.push(0)),
        |nodes, at| change_value(nodes, at, |value| value[0] ^= 1),
    ];
    let (roots, none) = verdicts(changed(&with_all_extensions(), &of_values));
    assert!(roots > 50 && none > 20, "{roots}, {none}");
}

#[test]
fn longest_element_is_that_of_webpki() {
    let of_size = |size: usize| {
        let mut params = ca_params("Example Root");
        let extension = CustomExtension::from_oid_content(&[1, 2, 3], vec![0; size]);
        params.custom_extensions.push(extension);
        let certificate = params.self_signed(&key()).unwrap();
        certificate.der().to_vec()
    };
    // The length of a signature differs by a few bytes.
    let mut verdicts: Vec<bool> = (65_100..65_250)
        .map(|size| agreed(&of_size(size)).is_some())
        .collect();
    verdicts.dedup();
    assert_eq!(verdicts.first(), Some(&true));
    assert_eq!(verdicts.last(), Some(&false));
}
