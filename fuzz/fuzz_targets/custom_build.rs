//! The Rust source that the build script writes of a user's file means what was read.

#![no_main]

use embedded_roots_bundle::{ParsedBundle, PrivateKeys, Root, emit, parse};
use embedded_roots_fuzz::contents;
use embedded_roots_fuzz::literals::{Token, tokens};
use libfuzzer_sys::fuzz_target;

// The same steps as `write_bundle` of build.rs.
fuzz_target!(|pem: &[u8]| {
    let Ok(bundle) = parse("corp.pem", pem, PrivateKeys::Refuse).and_then(ParsedBundle::new) else {
        return;
    };
    let roots = bundle.roots();
    let source = bundle.to_source("Custom", None);
    assert_eq!(tokens(&source), Some(expected_bundle(&bundle)));

    let plain = bundle.without_annotated();
    let unannotated = roots.iter().filter(|root| root.annotation().is_empty());
    let unannotated: Vec<_> = unannotated.cloned().collect();
    let certificates = emit::certificates(plain.roots());
    assert_eq!(
        tokens(&certificates),
        Some(expected_certificates(&unannotated))
    );

    // A program carries both texts, and reads them as any other.
    for bundle in [&plain, &bundle] {
        if bundle.roots().is_empty() {
            continue;
        }
        let read = parse("", bundle.to_pem().as_bytes(), PrivateKeys::Refuse);
        assert_eq!(contents(&read.unwrap()), contents(bundle.roots()));
    }
});

fn expected_bundle(bundle: &ParsedBundle) -> Vec<Token> {
    let mut expected = words("Bundle::new ( BundleName::Custom , [");
    for (nth, byte) in bundle.sha256().into_iter().enumerate() {
        expected.extend(words(if nth == 0 { "" } else { "," }));
        expected.push(Token::Number(byte.into()));
    }
    expected.extend(words("] , None ,"));
    expected.extend(expected_anchors(bundle.roots()));
    expected.extend(words(")"));
    expected
}

fn expected_anchors(roots: &[Root]) -> Vec<Token> {
    let length = roots.len();
    let mut expected = words(&format!("{{ static ANCHORS: [ Anchor ; {length} ] = ["));
    for root in roots {
        let anchor = root.trust_anchor();
        let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
        let length = |part: &[u8]| u16::try_from(part.len()).ok().map(u16::to_be_bytes);
        if let (Some(of_subject), Some(of_key)) = (length(subject), length(key)) {
            let head = [emit::ANCHOR_MARK, &of_subject, &of_key].concat();
            expected.extend(words("Anchor::from_marked ("));
            expected.push(Token::Bytes([&head[..], subject, key].concat()));
            for place in [head.len(), head.len() + subject.len()] {
                expected.extend(words(","));
                expected.push(Token::Number(place as u64));
            }
            expected.extend(words(","));
        } else {
            expected.extend(words("Anchor::from_literals ("));
            for field in [subject, key] {
                expected.push(Token::Bytes(field.to_vec()));
                expected.extend(words(","));
            }
        }
        let constraints = anchor.name_constraints.as_ref();
        expected.extend(option(
            constraints.map(|content| Token::Bytes(content.to_vec())),
        ));
        let date = root.distrust_after();
        expected.extend(option(date.map(|time| Token::Number(time.as_secs()))));
        expected.extend(words(") ,"));
    }
    expected.extend(words("] ; & ANCHORS }"));
    expected
}

fn expected_certificates(roots: &[Root]) -> Vec<Token> {
    let length = roots.len();
    let mut expected = words("{ static CERTIFICATES: [ CertificateDer < 'static > ;");
    expected.extend(words(&format!("{length} ] = [")));
    for root in roots {
        expected.extend(words("CertificateDer::from_slice ("));
        expected.push(Token::Bytes(root.certificate().to_vec()));
        expected.extend(words(") ,"));
    }
    expected.extend(words("] ; & CERTIFICATES }"));
    expected
}

/// An `Option` as an argument.
fn option(value: Option<Token>) -> Vec<Token> {
    let Some(value) = value else {
        return words("None ,");
    };
    [words("Some ("), vec![value], words(") ,")].concat()
}

/// Tokens with blanks between them, of the kinds that are not byte literals.
fn words(text: &str) -> Vec<Token> {
    tokens(text).unwrap()
}
