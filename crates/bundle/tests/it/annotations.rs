//! Annotations narrow the certificate that follows them, and nothing else.

use std::collections::HashSet;

use embedded_roots_bundle::rfc3339;

use crate::data::{OTHER, ROOT, VERSION_1, read};

#[test]
fn annotations_apply_only_to_the_next_certificate() {
    let pem = format!(
        "# embedded-roots: distrust-after=2026-04-15T23:59:59Z\n\
         # Text between does not end it.\n\
         \n\
         # embedded-roots: permitted-dns=.corp.example\texcluded-ip=::/0  \r\n\
         {ROOT}{OTHER}\
         # embedded-roots: excluded-dns=Example\n\
         {VERSION_1}"
    );
    let roots = read(pem).unwrap();
    let annotations: Vec<_> = roots
        .iter()
        .map(|root| root.annotation().to_string())
        .collect();
    let expected = [
        "distrust-after=2026-04-15T23:59:59Z permitted-dns=.corp.example excluded-ip=::/0",
        "",
        "excluded-dns=example",
    ];
    assert_eq!(annotations, expected);

    let dates: Vec<_> = roots
        .iter()
        .map(|root| root.distrust_after().map(rfc3339))
        .collect();
    assert_eq!(dates, [Some("2026-04-15T23:59:59Z".to_owned()), None, None]);
    let constrained: Vec<_> = roots
        .iter()
        .map(|root| root.trust_anchor().name_constraints.is_some())
        .collect();
    assert_eq!(constrained, [true, false, true]);
}

/// Of a file that was appended to another.
#[test]
fn a_byte_order_mark_before_an_annotation_drops_no_limit() {
    let roots = read(format!(
        "{ROOT}\u{feff}# embedded-roots: permitted-dns=.example\n{OTHER}"
    ))
    .unwrap();
    let annotations: Vec<_> = roots
        .iter()
        .map(|root| root.annotation().to_string())
        .collect();
    assert_eq!(annotations, ["", "permitted-dns=.example"]);
}

/// A pair without a space before it does not continue a list.
#[test]
fn the_space_after_the_colon_may_be_left_out() {
    for pair in ["permitted-ip=10.0.0.0/8", "excluded-dns=.a.example"] {
        for lines in [
            format!("# embedded-roots:{pair}\n"),
            format!(
                "# embedded-roots: distrust-after=2026-04-15T23:59:59Z\n# embedded-roots:{pair}\n"
            ),
        ] {
            let roots = read(lines + ROOT).unwrap();
            let shown = roots[0].annotation().to_string();
            assert!(shown.ends_with(pair), "{shown}");
        }
    }
}

/// A silently lost annotation would widen trust.
#[test]
fn one_wrong_byte_never_drops_an_annotation() {
    let line = b"# embedded-roots: permitted-dns=.corp.example";
    let mut edits = HashSet::new();
    for at in 0..line.len() {
        let (before, after) = line.split_at(at);
        edits.insert([before, &after[1..]].concat());
        for byte in 0..=u8::MAX {
            edits.insert([before, &[byte], after].concat());
            edits.insert([before, &[byte], &after[1..]].concat());
        }
    }
    for edit in edits {
        let pem = [b"# One\n", &edit[..], b"\n", ROOT.as_bytes()].concat();
        let kept = read(pem).map_or(true, |roots| !roots[0].annotation().is_empty());
        assert!(kept, "{}", edit.escape_ascii());
    }
}
