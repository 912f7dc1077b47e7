//! Reading on after an error: valid certificates are read, and none is trusted more widely than
//! its author meant.

use embedded_roots_bundle::{ParseError, PrivateKeys, Root, parse_each};
use embedded_roots_testing::authority::pem;

use crate::data::{OTHER, ROOT, certificates, der, read};
use crate::mutated::mutations;

fn read_each(pem: &[u8]) -> (Vec<Root>, Vec<ParseError>) {
    let (mut roots, mut errors) = (Vec::new(), Vec::new());
    for root in parse_each("the store", pem, PrivateKeys::Refuse) {
        match root {
            Ok(root) => roots.push(root),
            Err(error) => errors.push(error),
        }
    }
    (roots, errors)
}

#[test]
fn invalid_parts_do_not_affect_the_rest() {
    let unended = OTHER.replace("-----END CERTIFICATE-----\n", "");
    let (root, other) = (der(ROOT), der(OTHER));
    for (wrong, first_line) in [
        (unended, "2"),
        (OTHER.replacen("\nMII", "\n!II", 1), "3"),
        (OTHER.replace("END CERTIFICATE", "END X509 CRL"), ""),
        (
            OTHER.replace("END CERTIFICATE-----", "END CERTIFICATE----- !"),
            "",
        ),
        (pem("CERTIFICATE", b"no certificate"), "1"),
        (pem("CERTIFICATE", &[&*other, b"more"].concat()), "1"),
        (pem("PRIVATE KEY", b"secret"), "1"),
        ("-----END CERTIFICATE-----\n".to_owned(), "1"),
    ] {
        let (roots, errors) = read_each(format!("{wrong}{ROOT}").as_bytes());
        assert_eq!(certificates(&roots), [&*root], "{wrong}");
        assert!(roots[0].annotation().is_empty(), "{wrong}");
        assert_eq!(errors.len(), 1, "{errors:?}");
        let line = errors[0].line().unwrap().to_string();
        assert!(first_line.is_empty() || line == first_line, "{}", errors[0]);

        let (roots, errors) = read_each(format!("{ROOT}{wrong}").as_bytes());
        assert_eq!(certificates(&roots), [&*root], "{wrong}");
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
    assert_eq!(certificates(&read_each(OTHER.as_bytes()).0), [&*other]);
}

const ANNOTATION: &str = "# embedded-roots: permitted-dns=.example\n";

/// A certificate that its annotation cannot be applied to is left out, and the next one is read.
#[test]
fn error_after_an_annotation_leaves_its_certificate_out() {
    let annotated = format!("{ANNOTATION}{ROOT}");
    for wrong in [
        "# embedded-roots: permited-dns=.a\n".to_owned(),
        format!("# permitted-dns=.a\n{ANNOTATION}"),
        format!("{ANNOTATION}# embedded-roots: a=b\n{ANNOTATION}"),
        format!("{ANNOTATION}{}", pem("X509 CRL", b"")),
        format!("{ANNOTATION}-----BEGIN CERTIFICATE-----\n"),
        format!("-----BEGIN CERTIFICATE-----\n{ANNOTATION}"),
        format!("{ANNOTATION}-----END CERTIFICATE-----\n"),
        format!("{ANNOTATION}-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        annotated.replacen("\nMII", "\n!II", 1),
        annotated.replace("END CERTIFICATE", "END X509 CRL"),
        annotated.replace("-----END CERTIFICATE-----\n", ""),
    ] {
        let (roots, errors) = read_each(format!("{wrong}{ROOT}{OTHER}").as_bytes());
        assert_eq!(certificates(&roots), [&*der(OTHER)], "{wrong}");
        assert!(roots[0].annotation().is_empty(), "{wrong}");
        let last = errors.last().unwrap();
        let why = "this certificate is left out: an annotation before it cannot be applied";
        assert_eq!(last.reason(), why, "{wrong}");
        assert_eq!(last.line(), Some(wrong.lines().count() + 1), "{wrong}");
        assert!(errors.len() > 1, "{errors:?}");
    }
}

/// All sequences of pieces, compared with a model that has no notion of blocks and states.
#[test]
fn no_order_of_pieces_drops_a_limit() {
    const CERTIFICATE: usize = 6;
    const LENGTH: u32 = 5;

    let foreign = pem("X509 CRL", b"a list");
    let pieces = [
        ANNOTATION,
        "# embedded-roots: permited-dns=.example\n",
        "-----BEGIN CERTIFICATE-----\n",
        "-----END CERTIFICATE-----\n",
        &foreign,
        "Some text\n",
        ROOT,
    ];
    let (mut trusted, mut left_out) = (0, 0);
    for order in 0..pieces.len().pow(LENGTH) {
        let nth = |place: u32| order / pieces.len().pow(place) % pieces.len();
        let order: Vec<usize> = (0..LENGTH).map(nth).collect();
        let text: String = order.iter().map(|piece| pieces[*piece]).collect();
        let (roots, _) = read_each(text.as_bytes());
        // The line of the next certificate, and whether an annotation, valid or not, stands between
        // it and the certificate before it.
        let (mut line, mut annotated) = (1, false);
        for piece in order {
            if piece == CERTIFICATE {
                match roots.iter().find(|root| root.line() == line) {
                    Some(root) => {
                        trusted += 1;
                        assert_eq!(!root.annotation().is_empty(), annotated, "{text}");
                    }
                    None => left_out += 1,
                }
                annotated = false;
            }
            annotated |= piece < 2;
            line += pieces[piece].lines().count();
        }
    }
    assert!(trusted > 5_000 && left_out > 1_000, "{trusted}, {left_out}");
}

#[test]
fn empty_input_and_invalid_certificates_are_one_error_each() {
    let (roots, errors) = read_each(b"");
    assert_eq!((roots.len(), errors.len()), (0, 1));
    let (roots, errors) = read_each(pem("CERTIFICATE", b"no certificate").as_bytes());
    assert_eq!((roots.len(), errors.len()), (0, 1));
}

#[test]
fn first_error_is_that_of_strict_reading() {
    let bundle = format!("# embedded-roots: permitted-dns=.example\n{OTHER}{ROOT}");
    let mut compared = 0;
    for pem in mutations(bundle.into(), 3_000) {
        let (roots, errors) = read_each(&pem);
        match read(&pem) {
            Ok(strict) => {
                assert_eq!(certificates(&roots), certificates(&strict));
                assert!(errors.is_empty(), "{errors:?}");
            }
            Err(error) => {
                compared += 1;
                assert_eq!(errors[0].line(), error.line());
                assert_eq!(errors[0].reason(), error.reason());
            }
        }
    }
    assert!(compared > 500, "{compared}");
}
