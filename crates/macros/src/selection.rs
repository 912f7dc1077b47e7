//! Roots by name: a subject, a common name, or a SHA-256 fingerprint.

use embedded_roots_bundle::{DistinguishedName, Root, digest, escape};

/// Whether the name is the subject of the root, one of its common names, or its fingerprint.
pub(crate) fn is_named(root: &Root, name: &str) -> bool {
    if let Some(fingerprint) = digest::sha256_from_hex(name) {
        return digest::sha256(root.certificate()) == fingerprint;
    }
    let subject = subject(root);
    subject.common_names().any(|other| other == name) || subject.to_string() == name
}

/// The message for a name that none of the roots has, with the names that there are.
pub(crate) fn no_root_named(name: &str, roots: &[Root], origin: &str) -> String {
    /// The most roots to list.
    const MOST: usize = 6;
    /// How many of them to list if there are more.
    const NEAREST: usize = 3;

    let shown = escape(name);
    let digits = name.replace(':', "");
    if digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        if digits.len() != 64 {
            let count = digits.len();
            return format!("{shown} is not a SHA-256 fingerprint: it has {count} digits, not 64");
        }
        let mut message = format!("no root of {origin} has the SHA-256 fingerprint {shown}");
        if roots.len() <= MOST {
            let known = roots
                .iter()
                .map(|root| digest::hex(&digest::sha256(root.certificate())));
            message = format!(
                "{message}; its fingerprints are {}",
                known.collect::<Vec<_>>().join(", ")
            );
        }
        return message;
    }
    let mut names: Vec<_> = roots.iter().map(common_name_or_subject).collect();
    names.sort_by_cached_key(|known| (distance(name, known), known.clone()));
    names.dedup();
    let which = if names.len() > MOST {
        names.truncate(NEAREST);
        "the nearest are"
    } else {
        "its roots are"
    };
    let names: Vec<_> = names
        .iter()
        .map(|name| format!("\"{}\"", escape(name)))
        .collect();
    let names = names.join(", ");
    format!("no root of {origin} has the subject or common name \"{shown}\"; {which} {names}")
}

fn subject(root: &Root) -> DistinguishedName<'_> {
    DistinguishedName::new(&root.trust_anchor().subject)
}

fn common_name_or_subject(root: &Root) -> String {
    let subject = subject(root);
    let common_name = subject.common_names().last();
    common_name.unwrap_or_else(|| subject.to_string())
}

/// How far a name is from one that contains it, in insertions, deletions and substitutions of
/// characters (Levenshtein), whatever their case.
fn distance(name: &str, known: &str) -> usize {
    let (name, known) = (name.to_lowercase(), known.to_lowercase());
    if known.contains(&name) {
        return 0;
    }
    // One row of the table: the distances from the part of `name` so far to each start of `known`.
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (nth, char) in name.chars().enumerate() {
        let mut diagonal = nth;
        let mut left = nth + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&known) {
            let substituted = diagonal + usize::from(char != *other);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = nth + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};

    use super::*;

    fn mozillas() -> Vec<Root> {
        let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
        let roots = parse("mozilla", pem, PrivateKeys::Refuse).unwrap();
        ParsedBundle::new(roots).unwrap().roots().to_vec()
    }

    fn named(roots: &[Root], name: &str) -> Vec<String> {
        let named = roots.iter().filter(|root| is_named(root, name));
        named.map(|root| subject(root).to_string()).collect()
    }

    #[test]
    fn a_root_has_three_names_and_no_other() {
        const SUBJECT: &str = "CN=ISRG Root X1, O=Internet Security Research Group, C=US";
        // `openssl x509 -noout -fingerprint -sha256`
        const FINGERPRINT: &str = "96:BC:EC:06:26:49:76:F3:74:60:77:9A:CF:28:C5:A7:CF:E8:A3:C0:AA:E1:\
                                   1A:8F:FC:EE:05:C0:BD:DF:08:C6";
        let roots = mozillas();
        for name in [
            SUBJECT,
            "ISRG Root X1",
            FINGERPRINT,
            &FINGERPRINT.to_lowercase().replace(':', ""),
        ] {
            assert_eq!(named(&roots, name), [SUBJECT], "{name}");
        }
        for other in [
            "",
            "isrg root x1",
            "ISRG Root",
            "C=US",
            "Internet Security Research Group",
            &FINGERPRINT[3..],
        ] {
            assert_eq!(named(&roots, other), [""; 0], "{other}");
        }
    }

    #[test]
    fn every_root_is_chosen_by_the_subject_that_is_displayed() {
        let roots = mozillas();
        for root in &roots {
            let shown = subject(root).to_string();
            assert!(named(&roots, &shown).contains(&shown), "{shown}");
        }
    }

    #[test]
    fn message_names_the_nearest_roots() {
        let roots = mozillas();
        let message = |name: &str| no_root_named(name, &roots, "Mozilla's list");
        let start = "no root of Mozilla's list has the subject or common name";
        for (name, nearest) in [
            (
                "ISRG Root X3",
                "the nearest are \"ISRG Root X1\", \"ISRG Root X2\", \"",
            ),
            (
                "isrg",
                "the nearest are \"ISRG Root X1\", \"ISRG Root X2\", \"",
            ),
        ] {
            let shown = message(name);
            assert!(
                shown.starts_with(&format!("{start} \"{name}\"; {nearest}")),
                "{shown}"
            );
        }
        let shown = message("a\nb");
        assert!(
            shown.starts_with(&format!("{start} \"a\\nb\"; ")),
            "{shown}"
        );

        let digits = "0".repeat(64);
        let expected = format!("no root of Mozilla's list has the SHA-256 fingerprint {digits}");
        assert_eq!(message(&digits), expected);
        let sha1 = "0".repeat(40);
        let expected = format!("{sha1} is not a SHA-256 fingerprint: it has 40 digits, not 64");
        assert_eq!(message(&sha1), expected);

        let few: Vec<_> = roots
            .iter()
            .filter(|root| is_named(root, "ISRG Root X2"))
            .cloned()
            .collect();
        let expected =
            "no root of a.pem has the subject or common name \"x\"; its roots are \"ISRG Root X2\"";
        assert_eq!(no_root_named("x", &few, "a.pem"), expected);
        let known = "69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470";
        assert!(
            no_root_named(&digits, &few, "a.pem")
                .ends_with(&format!("; its fingerprints are {known}"))
        );
    }

    #[test]
    fn distance_is_levenshtein_without_case() {
        for (name, known, expected) in [
            ("", "abc", 0),
            ("B", "abc", 0),
            ("abd", "abc", 1),
            ("abcd", "abc", 1),
            ("kitten", "sitting", 3),
            ("abc", "", 3),
        ] {
            assert_eq!(distance(name, known), expected, "{name} {known}");
        }
    }
}
