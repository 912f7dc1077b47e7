//! Any text, as an annotation and as a comment.

use embedded_roots_bundle::{Annotation, PrivateKeys, parse};

use crate::ROOT;

/// What is read is written and read back the same, and does not depend on where it stands; a comment that
/// is accepted sets no limit in the eyes of a naive reader.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let annotation: Result<Annotation, _> = text.parse();
    if let Ok(annotation) = &annotation {
        assert!(!annotation.is_empty());
        assert_eq!(annotation.to_string().parse().as_ref(), Ok(annotation));
    }
    if text.contains(['\n', '\r']) {
        return;
    }
    let pem = format!("# embedded-roots: {text}\n{ROOT}");
    match (
        parse("pem", pem.as_bytes(), PrivateKeys::Refuse),
        annotation,
    ) {
        (Ok(roots), Ok(annotation)) => {
            let [root] = &roots[..] else {
                panic!("{} roots", roots.len())
            };
            assert_eq!(root.annotation(), &annotation);
            let is_limited =
                root.distrust_after().is_some() || root.trust_anchor().name_constraints.is_some();
            assert!(is_limited);
        }
        // More constraints than webpki reads are refused with the certificate.
        (Err(why), Ok(_)) => assert!(why.reason().contains("65535"), "{why}"),
        (Ok(_), Err(why)) => panic!("read in a file, but not alone: {why}"),
        (Err(_), Err(_)) => {}
    }
    let pem = format!("# {text}\n{ROOT}");
    if !text.contains("-----") && parse("pem", pem.as_bytes(), PrivateKeys::Refuse).is_ok() {
        assert!(
            !sets_a_limit(text) || text.starts_with("Subject: "),
            "{text:?}"
        );
    }
}

/// A key and an equals sign after it, without regard to what is between the letters.
fn sets_a_limit(text: &str) -> bool {
    let squeezed: String = text
        .to_ascii_lowercase()
        .chars()
        .filter(|char| char.is_ascii_alphabetic() || *char == '=')
        .collect();
    [
        "distrustafter=",
        "permitteddns=",
        "excludeddns=",
        "permittedip=",
        "excludedip=",
    ]
    .iter()
    .any(|key| squeezed.contains(key))
}
