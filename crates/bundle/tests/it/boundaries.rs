//! A boundary that is damaged is an error, wherever it is: of text, no certificate would be read, without a word.

use embedded_roots_bundle::{PrivateKeys, parse, parse_each};

use crate::data::{OTHER, ROOT, certificates, der, read};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// What editors, word processors and people make of a boundary.
fn damaged(boundary: &str) -> Vec<String> {
    let words = boundary.trim_matches('-');
    let label = words.split_once(' ').unwrap().1;
    let mut damaged = vec![
        format!("----{words}----"),
        format!("------{words}------"),
        format!("----{words}-----"),
        format!("-----{words}----"),
        format!("-----{words}------"),
        format!("------{words}-----"),
        format!("----- {words} -----"),
        format!("-----{words} -----"),
        format!("- - - - -{words}- - - - -"),
        format!("--- --{words}-----"),
        boundary.replace(' ', "  "),
        boundary.replace(' ', ""),
        boundary.replace(' ', "\u{a0}"),
        boundary.replace(label, &label.to_lowercase()),
        boundary.to_lowercase(),
        format!("  {boundary}"),
        format!("\t{boundary}"),
        format!("\u{200b}{boundary}"),
        format!("{words}-----"),
        format!("-----{words}"),
    ];
    for dash in ["\u{2013}", "\u{2014}", "\u{2212}", "\u{2010}", "\u{ad}-"] {
        damaged.push(boundary.replace('-', dash));
        damaged.push(boundary.replacen("-----", &format!("{dash}{dash}"), 1));
    }
    damaged
}

#[test]
fn damaged_boundaries_are_refused_with_their_line() {
    let length = ROOT.lines().count();
    for (boundary, offset) in [(BEGIN, 1), (END, length)] {
        for damaged in damaged(boundary) {
            let wrong = ROOT.replace(boundary, &damaged);
            assert_ne!(wrong, ROOT, "{damaged}");
            // A root after it is no reason to say nothing.
            for (pem, line) in [
                (wrong.clone(), offset),
                (format!("{wrong}{OTHER}"), offset),
                (
                    format!("# Roots\n{OTHER}{wrong}"),
                    1 + OTHER.lines().count() + offset,
                ),
            ] {
                for keys in [PrivateKeys::Refuse, PrivateKeys::Ignore] {
                    let error = parse("corp.pem", pem.as_bytes(), keys).unwrap_err();
                    assert_eq!(error.line(), Some(line), "{damaged:?}: {error}");
                    let told = error.reason().contains("boundary")
                        || error
                            .reason()
                            .contains(&format!("expected {}", &boundary[..9]));
                    assert!(told, "{damaged:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn damaged_boundaries_of_other_labels_of_certificates_are_refused() {
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let pem = ROOT
            .replace("CERTIFICATE", label)
            .replace("-----BEGIN", "----BEGIN");
        assert_eq!(read(pem).unwrap_err().line(), Some(1), "{label}");
    }
}

/// A dash of Windows-1252.
#[test]
fn dashes_that_are_not_utf8_are_refused() {
    let pem = [
        b"\x96\x96BEGIN CERTIFICATE\x96\x96",
        ROOT.strip_prefix(BEGIN).unwrap().as_bytes(),
    ];
    let error = read(pem.concat()).unwrap_err();
    assert_eq!(error.line(), Some(1), "{error}");
    assert!(error.reason().contains("five hyphens"), "{error}");
}

#[test]
fn text_that_speaks_of_certificates_is_accepted() {
    for text in [
        "Begin certificate",
        "- begin certificate",
        "- End certificate -",
        "# ----BEGIN CERTIFICATE----",
        "## --- Begin certificate of corp",
        "---- BEGIN SSH2 PUBLIC KEY ----",
        "---- END ----",
        "--- Certificates ---",
        "--- The begin certificate is next ---",
        "------------------ BEGIN ------------------",
        "BEGIN CERTIFICATE",
        "=====BEGIN CERTIFICATE=====",
    ] {
        let roots = read(format!("{text}\n{ROOT}{text}\n{OTHER}{text}\n"));
        let roots = roots.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(certificates(&roots), [der(ROOT), der(OTHER)], "{text}");
    }
}

#[test]
fn a_damaged_block_is_one_error_and_the_rest_is_read() {
    for wrong in [
        ROOT.replace("-----", "----"),
        ROOT.replace("-----BEGIN", "----BEGIN"),
        ROOT.replace("-----END", "\u{2013}\u{2013}END"),
    ] {
        for pem in [format!("{wrong}{OTHER}"), format!("{OTHER}{wrong}")] {
            let each: Vec<_> =
                parse_each("the store", pem.as_bytes(), PrivateKeys::Ignore).collect();
            let errors = each.iter().filter(|root| root.is_err()).count();
            let roots: Vec<_> = each.into_iter().flatten().collect();
            assert_eq!(
                (errors, certificates(&roots)),
                (1, vec![&*der(OTHER)]),
                "{pem}"
            );
        }
    }
}

/// The certificate after a damaged one is not trusted without the limits that may have been meant for it.
#[test]
fn a_damaged_boundary_after_an_annotation_drops_no_limit() {
    let wrong = ROOT.replace("-----BEGIN", "----BEGIN");
    let pem = format!("# embedded-roots: permitted-dns=.example\n{wrong}{OTHER}");
    let each = parse_each("the store", pem.as_bytes(), PrivateKeys::Ignore);
    assert_eq!(each.flatten().count(), 0);
}
