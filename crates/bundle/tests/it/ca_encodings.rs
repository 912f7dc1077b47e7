//! Compares our verdict on whether a certificate is a CA with that of x509-parser. We are stricter
//! only about extensions that are not DER.

use std::collections::BTreeMap;
use std::io::Read as _;

use embedded_roots_testing::authority::{ca_params, key};
use flate2::read::GzDecoder;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyUsagePurpose};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::ca_oracle::Verdict::{Ca, EndEntity, NoIssuer, Unreadable};
use crate::ca_oracle::{AGREED_CA, Counts, Verdicts, compare, extension, with_extensions};
use crate::data::{OTHER, ROOT, VERSION_1, certificates, der, read};
use crate::mutated::mutations;

/// Every root on Mozilla's list since 2015. They have the oddest encodings that must be accepted:
/// key usage with trailing zero bits, path lengths, version 1.
#[test]
fn mozillas_roots_since_2015_are_accepted() {
    let roots = history();
    assert_eq!(roots.len(), 287);
    for root in roots {
        assert_eq!(compare(&root), AGREED_CA);
    }
    assert_eq!(compare(&der(VERSION_1)), AGREED_CA);
}

#[test]
fn generated_certificates_agree() {
    use KeyUsagePurpose::{CrlSign, DecipherOnly, DigitalSignature, KeyCertSign};

    let constrained = |length| IsCa::Ca(BasicConstraints::Constrained(length));
    let mut counts = Counts::default();
    for is_ca in [
        IsCa::NoCa,
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Unconstrained),
        constrained(0),
        constrained(127),
        constrained(128),
        constrained(255),
    ] {
        for key_usages in [
            &[][..],
            &[KeyCertSign],
            &[KeyCertSign, CrlSign, DigitalSignature],
            &[CrlSign],
            &[DigitalSignature],
            // The ninth bit is in a second octet.
            &[DecipherOnly],
            &[KeyCertSign, DecipherOnly],
        ] {
            let mut params = ca_params("Example Root");
            params.is_ca = is_ca;
            params.key_usages = key_usages.to_vec();
            params.custom_extensions = vec![custom(&[1, 2, 3], &[0xff])];
            params.custom_extensions[0].set_criticality(true);
            let verdicts = compare(&generate(&params)).unwrap();
            // rcgen writes DER, so the verdicts must agree.
            assert_eq!(verdicts.ours, verdicts.x509_parser, "{params:?}");
            counts.add(verdicts);
        }
    }
    // Of the seven kinds of basic constraints, five are CAs and one does not say: these six issue
    // with four of the seven key usages. The seventh kind has CA false.
    let expected = [
        (Verdicts::same(Ca), 24),
        (Verdicts::same(EndEntity), 7),
        (Verdicts::same(NoIssuer), 18),
    ];
    assert_eq!(counts.0, BTreeMap::from(expected));
}

#[test]
fn roots_with_duplicate_extensions_are_refused() {
    for (id, value) in [(19, &[0x30, 3, 1, 1, 0xff][..]), (15, &[3, 2, 1, 6])] {
        let mut params = ca_params("Example Root");
        params.is_ca = IsCa::NoCa;
        params.key_usages.clear();
        params.custom_extensions = vec![custom(&[2, 5, 29, id], value)];
        assert_eq!(compare(&generate(&params)), AGREED_CA);
        params.custom_extensions = vec![custom(&[2, 5, 29, id], value); 2];
        assert_eq!(compare(&generate(&params)), None);
    }
}

/// Hand-made encodings on which both readers agree.
#[test]
fn odd_encodings_agree() {
    for (why, id, value, verdict) in [
        ("cA left out", 19, &[0x30, 0][..], EndEntity),
        ("cA FALSE, written out", 19, &[0x30, 3, 1, 1, 0], EndEntity),
        ("a path length alone", 19, &[0x30, 3, 2, 1, 4], EndEntity),
        (
            "a path length without a CA",
            19,
            &[0x30, 6, 1, 1, 0, 2, 1, 4],
            EndEntity,
        ),
        (
            "31 bits",
            19,
            &[0x30, 9, 1, 1, 0xff, 2, 4, 0x7f, 0xff, 0xff, 0xff],
            Ca,
        ),
        (
            "33 bits",
            19,
            &[0x30, 10, 1, 1, 0xff, 2, 5, 1, 0, 0, 0, 0],
            Unreadable,
        ),
        (
            "a negative path length",
            19,
            &[0x30, 6, 1, 1, 0xff, 2, 1, 0x80],
            Unreadable,
        ),
        (
            "the wrong order",
            19,
            &[0x30, 6, 2, 1, 4, 1, 1, 0xff],
            Unreadable,
        ),
        (
            "a third field",
            19,
            &[0x30, 8, 1, 1, 0xff, 2, 1, 4, 5, 0],
            Unreadable,
        ),
        ("another type", 19, &[0x30, 3, 2, 1, 0xff], Unreadable),
        ("cut short", 19, &[0x30, 3, 1, 2, 0xff], Unreadable),
        (
            "a boolean of two octets",
            19,
            &[0x30, 4, 1, 2, 0xff, 0xff],
            Unreadable,
        ),
        ("no bits", 15, &[3, 1, 0], NoIssuer),
        ("zeros after the last bit", 15, &[3, 2, 0, 6], Ca),
        ("an octet of zeros after it", 15, &[3, 3, 7, 6, 0], Ca),
        ("bits that nobody has named", 15, &[3, 4, 0, 6, 0, 1], Ca),
        (
            "keyCertSign, in the wrong octet",
            15,
            &[3, 3, 0, 0, 4],
            NoIssuer,
        ),
        (
            "keyCertSign among the unused bits",
            15,
            &[3, 2, 3, 4],
            Unreadable,
        ),
        ("eight unused bits", 15, &[3, 3, 8, 4, 0], Unreadable),
        ("without a count of unused bits", 15, &[3, 0], Unreadable),
        ("nothing", 15, &[], Unreadable),
        ("another type", 15, &[4, 2, 1, 6], Unreadable),
        (
            "a bit string in pieces",
            15,
            &[0x23, 4, 3, 2, 1, 6],
            Unreadable,
        ),
    ] {
        let verdicts = compare(&with_extensions(&extension(id, value)));
        assert_eq!(verdicts, Some(Verdicts::same(verdict)), "{why}");
    }
}

/// Every class of difference: x509-parser accepts these, and we do not. Readers disagree about
/// encodings that are not DER, so one may see a CA where another does not. No root needs leniency.
#[test]
fn invalid_der_is_refused() {
    for (why, id, value, x509_parser) in [
        // X.690, section 11.1: TRUE is 0xff. x509-parser accepts any value but zero.
        ("another TRUE", 19, &[0x30, 3, 1, 1, 1][..], Ca),
        // Section 10.1: lengths use the shortest form. x509-parser accepts longer ones.
        ("a long length of cA", 19, &[0x30, 4, 1, 0x81, 1, 0xff], Ca),
        (
            "a long length of FALSE",
            19,
            &[0x30, 4, 1, 0x81, 1, 0],
            EndEntity,
        ),
        ("a long length of the bits", 15, &[3, 0x81, 2, 1, 6], Ca),
        // Sections 8.3.1 and 8.3.2: an integer has at least one octet, and uses the shortest form.
        // x509-parser drops leading zeros, and reads no octets as zero.
        (
            "a path length of 0004",
            19,
            &[0x30, 7, 1, 1, 0xff, 2, 2, 0, 4],
            Ca,
        ),
        (
            "a path length of no octets",
            19,
            &[0x30, 5, 1, 1, 0xff, 2, 0],
            Ca,
        ),
        // Valid DER, but it overflows the `int` of readers in C. x509-parser uses a u32.
        (
            "32 bits",
            19,
            &[0x30, 10, 1, 1, 0xff, 2, 5, 0, 0x80, 0, 0, 0],
            Ca,
        ),
        // An extension is one value (RFC 5280, section 4.2). x509-parser ignores bytes after it;
        // after basic constraints, webpki itself refuses them.
        ("bytes after key usage", 15, &[3, 2, 1, 6, 0], Ca),
        // X.690, section 8.6.2.3: an empty bit string has no unused bits.
        ("unused bits of none", 15, &[3, 1, 1], NoIssuer),
    ] {
        let verdicts = compare(&with_extensions(&extension(id, value)));
        let expected = Verdicts {
            x509_parser,
            ours: Unreadable,
        };
        assert_eq!(verdicts, Some(expected), "{why}");
    }
}

/// x509-parser refuses a certificate with an unreadable name or time. webpki accepts it as a root,
/// and its extensions decide.
#[test]
fn other_fields_do_not_affect_the_verdict() {
    for (value, verdict) in [(&[0x30, 3, 1, 1, 0xff][..], Ca), (&[0x30, 0], EndEntity)] {
        let mut certificate = with_extensions(&extension(19, value));
        let not_before = b"261123";
        let mut places = certificate.windows(not_before.len());
        let place = places.position(|octets| octets == not_before).unwrap();
        certificate[place] = b'x';
        assert!(X509Certificate::from_der(&certificate).is_err());
        assert_eq!(compare(&certificate), Some(Verdicts::same(verdict)));
    }
}

/// All combinations of an unused-bit count and one octet of bits.
#[test]
fn every_key_usage_of_an_octet_agrees() {
    let mut counts = Counts::default();
    for unused in 0..=9 {
        for octet in 0..=u8::MAX {
            let list = extension(15, &[3, 2, unused, octet]);
            let verdicts = compare(&with_extensions(&list)).unwrap();
            assert_eq!(verdicts.ours, verdicts.x509_parser, "{unused}, {octet:02x}");
            counts.add(verdicts);
        }
    }
    // Half of the 256 octets end in at least one zero bit, a quarter in two, and so on. With fewer
    // than three unused bits, keyCertSign is set in half of those.
    let expected = [
        (Verdicts::same(Ca), 128 + 64 + 32),
        (
            Verdicts::same(NoIssuer),
            128 + 64 + 32 + 32 + 16 + 8 + 4 + 2,
        ),
        (Verdicts::same(Unreadable), 2560 - 510),
    ];
    assert_eq!(counts.0, BTreeMap::from(expected));
}

#[test]
fn damaged_certificates_agree() {
    let originals = [ROOT, OTHER, VERSION_1].map(der);
    let originals = originals
        .into_iter()
        .chain(history().into_iter().step_by(12));
    let mut counts = Counts::default();
    for original in originals {
        for damaged in mutations(original, 500) {
            if let Some(verdicts) = compare(&damaged) {
                counts.add(verdicts);
            }
        }
    }
    assert!(
        counts.of(Ca) > 1_000 && counts.of(Unreadable) > 10,
        "{counts:?}"
    );
}

/// Damages only the extensions and corrects the lengths around them, so that more of the damaged
/// certificates get past webpki.
#[test]
fn damaged_extensions_agree() {
    let mut counts = Counts::default();
    for ca in [0, 0xff] {
        for bits in [2, 6] {
            let values = [
                (19, vec![0x30, 6, 1, 1, ca, 2, 1, 4]),
                (15, vec![3, 2, 1, bits]),
            ];
            let list = values.iter().map(|(id, value)| extension(*id, value));
            let list = list.collect::<Vec<_>>().concat();
            let lists = mutations(list, 1_000);
            let values = values.into_iter().flat_map(|(id, value)| {
                mutations(value, 1_000).map(move |value| extension(id, &value))
            });
            for list in lists.chain(values) {
                if let Some(verdicts) = compare(&with_extensions(&list)) {
                    counts.add(verdicts);
                }
            }
        }
    }
    for verdict in [Ca, EndEntity, NoIssuer, Unreadable] {
        assert!(counts.of(verdict) > 100, "{counts:?}");
    }
    assert!(
        counts
            .0
            .keys()
            .any(|verdicts| verdicts.ours != verdicts.x509_parser)
    );
}

fn history() -> Vec<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cli/data/history.pem.gz");
    let mut pem = Vec::new();
    let mut gzip = GzDecoder::new(std::fs::File::open(path).unwrap());
    gzip.read_to_end(&mut pem).unwrap();
    let roots = read(pem).unwrap();
    certificates(&roots)
        .into_iter()
        .map(<[u8]>::to_vec)
        .collect()
}

fn custom(oid: &[u64], value: &[u8]) -> CustomExtension {
    CustomExtension::from_oid_content(oid, value.to_vec())
}

fn generate(params: &CertificateParams) -> Vec<u8> {
    let certificate = params.self_signed(&key()).unwrap();
    certificate.der().to_vec()
}
