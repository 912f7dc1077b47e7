//! Any text, as the file of a build: what the build script writes is what was read.

use embedded_roots_bundle::{ParsedBundle, PrivateKeys, emit, parse};

/// The literals of the generated source are the roots.
pub fn check(data: &[u8]) {
    let Some((anchors, certificates, bundle)) = generated(data) else {
        return;
    };
    let mut literals = literals(&anchors).into_iter();
    for root in bundle.roots() {
        let anchor = root.trust_anchor();
        assert_eq!(literals.next().as_deref(), Some(&*anchor.subject));
        assert_eq!(
            literals.next().as_deref(),
            Some(&*anchor.subject_public_key_info)
        );
        if let Some(constraints) = &anchor.name_constraints {
            assert_eq!(literals.next().as_deref(), Some(&**constraints));
        }
    }
    assert_eq!(literals.next(), None);
    let ders: Vec<_> = bundle
        .roots()
        .iter()
        .map(|root| root.certificate().to_vec())
        .collect();
    assert_eq!(self::literals(&certificates), ders);
}

/// The two sources that a build script writes for a file, and what it read in it.
pub fn generated(data: &[u8]) -> Option<(String, String, ParsedBundle)> {
    let roots = parse("custom.pem", data, PrivateKeys::Refuse).ok()?;
    let bundle = ParsedBundle::new(roots).ok()?;
    let roots = bundle.roots();
    let anchors = emit::anchors(
        roots
            .iter()
            .map(|root| (root.trust_anchor(), root.distrust_after())),
    );
    let certificates = emit::certificates(roots);
    Some((anchors, certificates, bundle))
}

/// The byte strings of a source, as rustc reads them; comments are none.
fn literals(source: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for line in source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("b\"") {
            let mut bytes = Vec::new();
            let mut chars = after.char_indices();
            rest = loop {
                let (at, char) = chars.next().expect("a literal that does not end");
                match char {
                    '"' => break &after[at + 1..],
                    '\\' => bytes.push(match chars.next().unwrap().1 {
                        'n' => b'\n',
                        'r' => b'\r',
                        't' => b'\t',
                        'x' => {
                            let digits: String =
                                chars.by_ref().take(2).map(|(_, digit)| digit).collect();
                            u8::from_str_radix(&digits, 16).unwrap()
                        }
                        escaped => u8::try_from(escaped).unwrap(),
                    }),
                    char => bytes.push(u8::try_from(char).unwrap()),
                }
            };
            found.push(bytes);
        }
    }
    found
}
