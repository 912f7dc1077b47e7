//! Whatever a file contains, reading it returns roots or an error.

use embedded_roots_bundle::{
    Annotation, DistinguishedName, ParsedBundle, Root, not_after, not_before,
};
use embedded_roots_testing::authority::pem;

use crate::data::{OTHER, ROOT, TRUSTED, certificates, der, read};

/// Copies of the bytes, each changed in one to three places, and the same in each run.
pub(crate) fn mutations(original: Vec<u8>, count: usize) -> impl Iterator<Item = Vec<u8>> {
    // Xorshift (Marsaglia, 2003), with the paper's seed.
    let mut state = 88_172_645_463_325_252_u64;
    let mut below = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (bound as u64)).unwrap()
    };
    std::iter::repeat_with(move || {
        let mut bytes = original.clone();
        for _ in 0..=below(3) {
            let at = below(bytes.len());
            let end = (at + 1 + below(80)).min(bytes.len());
            match below(6) {
                0 => bytes[at] ^= 1 << below(8),
                1 => bytes[at] = b"\n\r-=# \0\xff"[below(8)],
                2 => bytes[at] = bytes[below(bytes.len())],
                3 => drop(bytes.drain(at..end)),
                4 => bytes.truncate(at),
                _ => {
                    let copy = bytes[at..end].to_vec();
                    let to = below(bytes.len());
                    drop(bytes.splice(to..to, copy));
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        bytes
    })
    .take(count)
}

/// A bundle with every kind of block and annotation.
fn bundle() -> String {
    let trusted = TRUSTED.split_inclusive("-----END TRUSTED CERTIFICATE-----\n");
    format!(
        "# embedded-roots: permitted-dns=.corp.example permitted-ip=10.0.0.0/8\n{OTHER}{}{}\
         # embedded-roots: distrust-after=2026-04-15T23:59:59Z\n{ROOT}",
        trusted.clone().nth(1).unwrap(),
        pem("X509 CRL", b"not looked at"),
    )
}

#[test]
fn a_changed_bundle_is_read_or_refused_with_its_line() {
    let (mut accepted, mut refused) = (0, 0);
    for pem in mutations(bundle().into(), 6_000) {
        match read(&pem) {
            Ok(roots) => {
                accepted += 1;
                // Either result is fine: two copies of a root may now have different annotations.
                let _ = ParsedBundle::new(roots);
            }
            Err(error) => {
                refused += 1;
                let lines = pem.split(|byte| b"\r\n".contains(byte)).count();
                let in_file = |line| (1..=lines).contains(&line);
                let nothing = error.reason().starts_with("no certificate");
                assert!(error.line().map_or(nothing, in_file), "{error}");
            }
        }
    }
    assert!(accepted > 500 && refused > 500, "{accepted}, {refused}");
}

#[test]
fn truncated_bundle_has_no_other_roots() {
    let whole = bundle();
    let roots = read(&whole).unwrap();
    assert_eq!(roots.len(), 3);
    let mut counts = Vec::new();
    for end in 0..whole.len() {
        let Ok(first) = read(&whole[..end]) else {
            continue;
        };
        assert!(
            certificates(&roots).starts_with(&certificates(&first)),
            "{end}"
        );
        let annotations = |roots: &[Root]| -> Vec<_> {
            roots.iter().map(|root| root.annotation().clone()).collect()
        };
        assert!(
            annotations(&roots).starts_with(&annotations(&first)),
            "{end}"
        );
        counts.push(first.len());
    }
    counts.dedup();
    assert_eq!(counts, [1, 2, 3]);
}

#[test]
fn changed_certificates_can_be_inspected() {
    let mut taken = 0;
    for der in mutations(der(ROOT), 6_000) {
        let _ = (not_before(&der), not_after(&der));
        let annotation: Annotation = "permitted-dns=.corp.example".parse().unwrap();
        if let Ok(root) = Root::new(der.into(), annotation, 0) {
            taken += 1;
            let subject = DistinguishedName::new(&root.trust_anchor().subject).to_string();
            assert!(!subject.contains(char::is_control), "{subject:?}");
        }
    }
    assert!(taken > 500, "{taken}");
}

/// The slowest content takes far less than the seconds that it would take if the time grew faster
/// than the size.
#[test]
fn worst_case_files_are_read_in_time() {
    use std::time::{Duration, Instant};

    let size = 1024 * 1024;
    for filler in [
        "\n",
        "\r",
        "x\n",
        "# permitted-dns\n",
        "=:\n",
        "a line that has an annotation's length=\n",
        "-----BEGIN X-----\n-----END X-----\n",
    ] {
        let pem = filler.repeat(size / filler.len()) + ROOT;
        let start = Instant::now();
        assert_eq!(read(&pem).unwrap().len(), 1);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{filler:?}: {:?}",
            start.elapsed()
        );
    }
}
