//! A bundle is a set: roots are unique by subject and key, and in a fixed order.

use embedded_roots_bundle::{ParseError, ParsedBundle, Root, not_after, rfc3339};
use embedded_roots_testing::authority::ca_params;
use rcgen::{CertificateParams, GeneralSubtree, KeyPair, NameConstraints, date_time_ymd};

use crate::data::{OTHER, ROOT, VERSION_1, read};

fn root(params: &CertificateParams, key: &KeyPair, annotation: &str, line: usize) -> Root {
    let annotation = match annotation {
        "" => embedded_roots_bundle::Annotation::default(),
        pairs => pairs.parse().unwrap(),
    };
    Root::new(params.self_signed(key).unwrap().into(), annotation, line).unwrap()
}

fn until(year: i32) -> CertificateParams {
    let mut params = ca_params("Example Root");
    params.not_after = date_time_ymd(year, 1, 1);
    params
}

/// The certificates of a bundle, with what is imposed on each.
fn content(bundle: &ParsedBundle) -> Vec<(Vec<u8>, String)> {
    let roots = bundle.roots().iter();
    roots
        .map(|root| (root.certificate().to_vec(), root.annotation().to_string()))
        .collect()
}

/// All permutations of the roots.
pub(crate) fn orders(roots: &[Root]) -> Vec<Vec<Root>> {
    let Some((first, rest)) = roots.split_first() else {
        return vec![Vec::new()];
    };
    let shorter = orders(rest);
    let inserted = (0..roots.len()).flat_map(|at| {
        shorter.iter().map(move |order| {
            let mut order = order.clone();
            order.insert(at, first.clone());
            order
        })
    });
    inserted.collect()
}

#[test]
fn longest_valid_copy_of_a_root_is_kept() {
    let key = KeyPair::generate().unwrap();
    // From 2050 on, a time is a GeneralizedTime, whose bytes sort before those of earlier UTCTimes.
    let roots = [2030, 2050, 2049, 2051].map(|year| root(&until(year), &key, "", 0));
    for order in orders(&roots) {
        let bundle = ParsedBundle::new(order).unwrap();
        let [root] = bundle.roots() else {
            panic!("one root, not {:?}", bundle.roots());
        };
        let until = not_after(root.certificate()).map(rfc3339);
        assert_eq!(until.as_deref(), Some("2051-01-01T00:00:00Z"));
    }
}

#[test]
fn roots_are_distinct_by_subject_and_key() {
    let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let roots = vec![
        root(&ca_params("One"), &one, "", 0),
        root(&ca_params("One"), &two, "", 0),
        root(&ca_params("Two"), &one, "", 0),
    ];
    assert_eq!(ParsedBundle::new(roots).unwrap().roots().len(), 3);
}

#[test]
fn the_order_does_not_depend_on_the_inputs() {
    let pem = format!("{ROOT}# embedded-roots: permitted-ip=10.0.0.0/8\n{OTHER}{VERSION_1}");
    let mut roots = read(pem).unwrap();
    // With the same subject, key and end of validity, either may remain, but always the same one.
    let key = KeyPair::generate().unwrap();
    for serial in [1_u64, 2] {
        let mut params = until(2030);
        params.serial_number = Some(serial.into());
        roots.push(root(&params, &key, "excluded-dns=a", 0));
    }
    let expected = content(&ParsedBundle::new(roots.clone()).unwrap());
    assert_eq!(expected.len(), 4);
    for order in orders(&roots) {
        assert_eq!(content(&ParsedBundle::new(order).unwrap()), expected);
    }
}

#[test]
fn copies_with_equal_annotations_are_one_root() {
    let copy = format!("# embedded-roots: permitted-dns=.b,.a\n{ROOT}");
    let other_spelling = format!("# embedded-roots: permitted-dns=.A,.b\n{ROOT}");
    let bundle = ParsedBundle::new(read(copy + &other_spelling).unwrap()).unwrap();
    let annotations: Vec<_> = content(&bundle).into_iter().map(|(_, text)| text).collect();
    assert_eq!(annotations, ["permitted-dns=.a,.b"]);
}

#[track_caller]
fn assert_conflict(read: &[Root], subject: &str, lines: &str) {
    for order in orders(read) {
        let error: ParseError = ParsedBundle::new(order).unwrap_err();
        assert!(error.reason().contains(subject), "{error}");
        assert!(error.reason().contains(lines), "{error}");
    }
}

#[test]
fn copies_with_different_annotations_conflict() {
    let plain = String::new();
    let annotated = |pairs: &str| format!("# embedded-roots: {pairs}\n");
    for (one, other) in [
        (plain.clone(), annotated("permitted-dns=.a")),
        (annotated("permitted-dns=.a"), plain),
        (annotated("permitted-dns=.a"), annotated("permitted-dns=a")),
        (annotated("permitted-dns=.a"), annotated("excluded-dns=.a")),
        (
            annotated("distrust-after=2026-04-15T23:59:59Z"),
            annotated("distrust-after=2026-04-16T00:00:00Z"),
        ),
    ] {
        let pem = format!("{one}{ROOT}{OTHER}{other}{ROOT}");
        let roots = read(&pem).unwrap();
        let lines = format!("(lines {} and {})", roots[0].line(), roots[2].line());
        assert_conflict(&roots, "\"CN=Example Root CA, O=Example Corp\"", &lines);
    }
}

#[test]
fn own_name_constraints_count_as_limits() {
    let key = KeyPair::generate().unwrap();
    let mut constrained = until(2030);
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(".a".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let older = root(&constrained, &key, "", 3);
    assert_conflict(
        &[older.clone(), root(&until(2040), &key, "", 9)],
        "\"CN=Example Root\"",
        "(lines 3 and 9)",
    );
    let alike = root(&until(2040), &key, "permitted-dns=.a", 9);
    let expected = content(&ParsedBundle::new(vec![alike.clone()]).unwrap());
    for order in orders(&[older, alike]) {
        assert_eq!(content(&ParsedBundle::new(order).unwrap()), expected);
    }
}
