//! Going on after an error: what is right is read, and nothing wider than it was meant.

use embedded_roots_bundle::{ParseError, PrivateKeys, Root, parse_each};

use crate::data::{OTHER, ROOT, block, certificates, der, read};
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
fn the_rest_is_read_as_if_the_wrong_part_were_not_there() {
    let annotation = "# embedded-roots: permitted-dns=.example\n";
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
        (block("CERTIFICATE", b"no certificate"), "1"),
        (block("CERTIFICATE", &[&*other, b"more"].concat()), "1"),
        (block("PRIVATE KEY", b"secret"), "1"),
        ("-----END CERTIFICATE-----\n".to_owned(), "1"),
        (format!("# embedded-roots: permited-dns=.a\n{OTHER}"), "1"),
        (format!("# permitted-dns=.a\n{annotation}{OTHER}"), "1"),
        (
            format!("{annotation}# embedded-roots: a=b\n{annotation}{OTHER}"),
            "2",
        ),
        (format!("{annotation}{}", block("X509 CRL", b"")), "1"),
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

#[test]
fn an_annotation_ends_with_its_certificate_whatever_becomes_of_it() {
    let annotated = format!("# embedded-roots: permitted-dns=.example\n{OTHER}");
    for wrong in [
        annotated.replacen("\nMII", "\n!II", 1),
        annotated.replace("END CERTIFICATE", "END X509 CRL"),
        annotated.replace("-----END CERTIFICATE-----\n", ""),
    ] {
        let (roots, errors) = read_each(format!("{wrong}{ROOT}").as_bytes());
        assert_eq!((roots.len(), errors.len()), (1, 1), "{wrong}");
        assert!(roots[0].annotation().is_empty(), "{wrong}");
    }
}

#[test]
fn nothing_is_an_error_and_a_bad_certificate_is_one() {
    let (roots, errors) = read_each(b"");
    assert_eq!((roots.len(), errors.len()), (0, 1));
    let (roots, errors) = read_each(block("CERTIFICATE", b"no certificate").as_bytes());
    assert_eq!((roots.len(), errors.len()), (0, 1));
}

#[test]
fn the_first_error_is_the_one_that_strict_reading_gives() {
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
