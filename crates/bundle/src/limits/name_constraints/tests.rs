//! Constraints are imposed through annotations and shown as limits, which are above them.

use super::*;
use crate::limits::Limits;
use crate::limits::annotation::Annotation;

fn imposed(pairs: &str) -> NameConstraints {
    pairs
        .parse::<Annotation>()
        .unwrap()
        .name_constraints()
        .clone()
}

fn alone(pairs: &str) -> Vec<u8> {
    imposed(pairs).join(None).unwrap().unwrap()
}

#[test]
fn name_constraints_have_webpkis_encoding() {
    let tr = [0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
    assert_eq!(alone("permitted-dns=.tr"), tr);
    let ten = [0xa0, 12, 0x30, 10, 0x87, 8, 10, 0, 0, 0, 255, 0, 0, 0];
    assert_eq!(alone("permitted-ip=10.0.0.0/8"), ten);
    let all = alone("permitted-ip=0.0.0.0/0");
    assert_eq!(all, [0xa0, 12, 0x30, 10, 0x87, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(alone("permitted-ip=::/0").len(), 2 + 2 + 2 + 32);
}

#[test]
fn an_excluded_subnet_is_excluded_in_both_families() {
    for (pairs, both) in [
        (
            "excluded-ip=10.0.0.0/8",
            "excluded-ip=::ffff:10.0.0.0/104,10.0.0.0/8",
        ),
        (
            "excluded-ip=::ffff:10.0.0.1/128",
            "excluded-ip=::ffff:10.0.0.1/128,10.0.0.1/32",
        ),
        (
            "excluded-ip=0.0.0.0/0",
            "excluded-ip=0.0.0.0/0,::ffff:0.0.0.0/96",
        ),
        ("excluded-ip=fd00::/8", "excluded-ip=fd00::/8"),
        // All of IPv6 is not IPv4.
        ("excluded-ip=::/0", "excluded-ip=::/0"),
        ("permitted-ip=10.0.0.0/8", "permitted-ip=10.0.0.0/8"),
    ] {
        assert_eq!(Limits::new(None, Some(&alone(pairs))).to_string(), both);
        // The annotation itself is written as it was read.
        let annotation: Annotation = pairs.parse().unwrap();
        assert_eq!(annotation.to_string(), pairs);
    }
}

#[test]
fn empty_annotation_keeps_own_name_constraints() {
    let malformed = [0xa0, 0xff];
    assert_eq!(NameConstraints::default().join(None).unwrap(), None);
    let joined = NameConstraints::default().join(Some(&malformed)).unwrap();
    assert_eq!(joined.as_deref(), Some(&malformed[..]));
}

#[test]
fn own_and_imposed_name_constraints_are_joined() {
    for (own, more, both) in [
        (
            "permitted-dns=a.example",
            "permitted-dns=.a.example",
            "permitted-dns=.a.example",
        ),
        (
            "permitted-dns=.example",
            "permitted-dns=b.a.example",
            "permitted-dns=b.a.example",
        ),
        ("permitted-dns=a,b", "permitted-dns=b,c", "permitted-dns=b"),
        (
            "permitted-dns=a",
            "excluded-dns=x.a",
            "permitted-dns=a excluded-dns=x.a",
        ),
        (
            "excluded-dns=x.a",
            "excluded-dns=y.a",
            "excluded-dns=x.a,y.a",
        ),
        (
            "permitted-dns=a",
            "permitted-ip=10.0.0.0/8",
            "permitted-dns=a permitted-ip=10.0.0.0/8",
        ),
        (
            "permitted-ip=10.0.0.0/8",
            "permitted-ip=10.1.0.0/16",
            "permitted-ip=10.1.0.0/16",
        ),
        (
            "permitted-ip=fd00::/8,10.0.0.0/8",
            "permitted-ip=fd00::/16",
            "permitted-ip=fd00::/16",
        ),
    ] {
        let expected = alone(both);
        let joined = imposed(more).join(Some(&alone(own))).unwrap().unwrap();
        assert_eq!(joined, expected, "{own} and {more}");
        let joined = imposed(own).join(Some(&alone(more))).unwrap().unwrap();
        assert_eq!(joined, expected, "{more} and {own}");
    }
}

#[test]
fn name_constraints_of_other_kinds_are_kept() {
    // permitted: rfc822Name "a", excluded: uniformResourceIdentifier "b"
    let own = [
        0xa0, 5, 0x30, 3, 0x81, 1, b'a', 0xa1, 5, 0x30, 3, 0x86, 1, b'b',
    ];
    let joined = imposed("permitted-dns=a")
        .join(Some(&own))
        .unwrap()
        .unwrap();
    let expected = [
        &[0xa0, 10, 0x30, 3, 0x81, 1, b'a', 0x30, 3, 0x82, 1, b'a'][..],
        &[0xa1, 5, 0x30, 3, 0x86, 1, b'b'],
    ];
    assert_eq!(joined, expected.concat());
}

#[test]
fn name_constraints_are_shown_as_annotations() {
    for text in [
        "permitted-dns=.tr",
        "permitted-dns=a,b permitted-ip=10.0.0.0/8,fd00::/9 excluded-dns=x.a excluded-ip=::/0",
    ] {
        assert_eq!(Limits::new(None, Some(&alone(text))).to_string(), text);
    }
    let email = [0xa1, 5, 0x30, 3, 0x81, 1, b'a'];
    assert_eq!(
        Limits::new(None, Some(&email)).to_string(),
        "excluded-other=[1]"
    );
    assert_eq!(
        Limits::new(None, Some(&[0xa0, 9])).to_string(),
        "unreadable name constraints"
    );
}

#[test]
fn number_of_joined_subtrees_is_bounded() {
    let many = |suffix: &str| {
        let names: Vec<_> = (0..501).map(|nth| format!("{nth}.{suffix}")).collect();
        imposed(&format!("permitted-dns={}", names.join(",")))
    };
    let own = many("a").join(None).unwrap().unwrap();
    let error = many("a").join(Some(&own)).unwrap_err();
    assert!(
        error.reason().starts_with("too many subtrees to join: 501"),
        "{error}"
    );
    // Many equal subtrees in the certificate.
    let one = der::encode(der::SEQUENCE, &der::encode(DNS, b""));
    let repeated = der::encode(der::context_constructed(0), &one.repeat(50_000));
    let joined = many("a").join(Some(&repeated)).unwrap().unwrap();
    assert_eq!(joined, own);
    // Excluded subtrees are not compared in pairs.
    let excluded = imposed("excluded-dns=1.a").join(Some(&own)).unwrap();
    assert_eq!(excluded.unwrap().len(), own.len() + 2 + 2 + 2 + 3);
}

#[test]
fn name_constraints_that_cannot_be_joined_are_refused() {
    for (own, more, reason) in [
        ("permitted-dns=a", "permitted-dns=b", "no DNS name"),
        (
            "permitted-ip=10.0.0.0/8",
            "permitted-ip=11.0.0.0/8",
            "no IP address",
        ),
        (
            "permitted-ip=10.0.0.0/8",
            "permitted-ip=fd00::/8",
            "no IP address",
        ),
    ] {
        let error = imposed(more).join(Some(&alone(own))).unwrap_err();
        assert!(error.reason().starts_with(reason), "{error}");
    }
    for malformed in [
        &[0xa0, 0xff][..],
        &[0xa0, 0, 0xa0, 0],
        // "." is not a name; 10.0.0.0 has the mask 255.0.255.0; one subtree has a minimum of 1.
        &[0xa0, 5, 0x30, 3, 0x82, 1, b'.'],
        &[0xa0, 12, 0x30, 10, 0x87, 8, 10, 0, 0, 0, 255, 0, 255, 0],
        &[0xa0, 8, 0x30, 6, 0x82, 1, b'a', 0x80, 1, 1],
    ] {
        let error = imposed("permitted-dns=a")
            .join(Some(malformed))
            .unwrap_err();
        assert!(
            error
                .reason()
                .contains("own name constraints cannot be read"),
            "{error}"
        );
    }
}
