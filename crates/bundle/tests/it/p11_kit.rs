//! The text form of p11-kit: its attributes limit trust, and are not text that is ignored.

use embedded_roots_bundle::{PrivateKeys, parse_each};

use crate::data::{OTHER, ROOT, certificates, der, read};

const HEADER: &str = "[p11-kit-object-v1]\n";

fn object(attributes: &str) -> String {
    format!("{HEADER}label: \"Example Root CA\"\n{attributes}{ROOT}\n")
}

/// The limits of the only root.
fn limits(pem: &str) -> String {
    let roots = read(pem).unwrap_or_else(|error| panic!("{error}: {pem}"));
    assert_eq!(certificates(&roots), [der(ROOT)], "{pem}");
    roots[0].limits().to_string()
}

#[test]
fn distrust_dates_are_those_of_annotations() {
    let date = "distrust-after=2026-04-15T23:59:59Z";
    let digits = b"260415235959Z".map(|byte| format!("%{byte:02x}")).concat();
    for (value, limit) in [
        ("\"260415235959Z\"", date),
        ("\"20260415235959Z\"", date),
        (&format!("\"{digits}\""), date),
        ("\"%3260415235959%5A\"", date),
        ("\"%00\"", ""),
    ] {
        let attribute = format!("nss-server-distrust-after: {value}\n");
        for pem in [
            object(&attribute),
            object(&attribute.replace(": ", ":")),
            object(&format!(
                "trusted: true\nx-distrusted: false\n  {attribute}"
            )),
            // Attributes are of the whole object, in any order.
            format!("{}{attribute}", object("")),
            object(&attribute).replace('\n', "\r\n"),
        ] {
            assert_eq!(limits(&pem), limit, "{pem}");
        }
    }
    // That of e-mail is another.
    let mail = object("nss-email-distrust-after: \"260415235959Z\"\n");
    assert_eq!(limits(&mail), "");
}

#[test]
fn the_earlier_of_two_dates_applies() {
    for (annotation, date) in [
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("2027-01-01T00:00:00Z", "2026-04-15T23:59:59Z"),
    ] {
        let annotation = format!("# embedded-roots: distrust-after={annotation}\n");
        let pem = object(&format!(
            "{annotation}nss-server-distrust-after: \"260415235959Z\"\n"
        ));
        assert_eq!(limits(&pem), format!("distrust-after={date}"));
    }
}

#[test]
fn an_attribute_applies_to_its_object_alone() {
    let pem = object("nss-server-distrust-after: \"260415235959Z\"\n") + HEADER + OTHER;
    let roots = read(&pem).unwrap();
    let limits: Vec<_> = roots.iter().map(|root| root.limits().to_string()).collect();
    assert_eq!(limits, ["distrust-after=2026-04-15T23:59:59Z", ""]);
}

#[test]
fn certificates_that_p11_kit_distrusts_are_not_roots() {
    for attribute in [
        "x-distrusted: true\n",
        "x-distrusted:true\n",
        "X-Distrusted:  true \n",
        "trusted: false\n",
        "x-distrusted: yes\n",
        "x-distrusted:\n",
        "nss-server-distrust-after: 260415235959Z\n",
        "nss-server-distrust-after: \"2026-04-15\"\n",
        "nss-server-distrust-after: \"%2\"\n",
        "nss-server-distrust-after: \"\"\n",
        "nss-server-distrust-after = \"260415235959Z\"\n",
        "nss-server-distrust-after=\"260415235959Z\"\n",
    ] {
        let before = format!("{OTHER}{}", object(attribute));
        let after = format!("{OTHER}{}{attribute}{HEADER}", object(""));
        for pem in [before, after] {
            let line = pem
                .lines()
                .position(|line| line == attribute.trim_end_matches('\n'));
            let error = read(&pem).unwrap_err();
            assert_eq!(error.line(), line.map(|line| line + 1), "{error}");
            let each = parse_each("the store", pem.as_bytes(), PrivateKeys::Ignore);
            let (roots, errors): (Vec<_>, Vec<_>) = each.partition(Result::is_ok);
            assert_eq!(errors.len(), 1, "{pem}");
            let roots: Vec<_> = roots.into_iter().flatten().collect();
            assert_eq!(certificates(&roots), [der(OTHER)], "{pem}");
        }
    }
}

/// Their names end like the key of an annotation, which they are not, and other readers see no attribute in a comment.
#[test]
fn attributes_are_not_taken_for_annotations() {
    for line in [
        "# nss-server-distrust-after=260415235959Z",
        "nss-email-distrust-after=260415235959Z",
    ] {
        assert_eq!(limits(&object(&format!("{line}\n"))), "", "{line}");
        assert_eq!(limits(&format!("{line}\n{ROOT}")), "", "{line}");
    }
    for pem in [
        object("nss-server-distrust-after=1\n"),
        format!("nss-server-distrust-after=1\n{ROOT}"),
    ] {
        let error = read(pem).unwrap_err();
        assert!(
            error
                .reason()
                .contains("looks like an attribute of p11-kit"),
            "{error}"
        );
    }
}

/// A certificate that is distrusted by its issuer and serial number is elsewhere.
#[test]
fn a_distrusted_object_without_a_certificate_is_an_error() {
    let object =
        format!("{HEADER}class: certificate\nx-distrusted: true\nserial-number: \"%02%01%07\"\n");
    assert_eq!(
        read(format!("{object}\n{HEADER}{ROOT}"))
            .unwrap_err()
            .line(),
        Some(3)
    );
}

#[test]
fn attributes_outside_of_an_object_are_refused() {
    for attribute in [
        "x-distrusted: true",
        "nss-server-distrust-after: \"260415235959Z\"",
        "nss-server-distrust-after = \"260415235959Z\"",
        "nss-server-distrust-after=260415235959Z",
    ] {
        let pem = format!("{attribute}\n{ROOT}{OTHER}");
        let error = read(&pem).unwrap_err();
        assert_eq!(error.line(), Some(1), "{error}");
        assert!(error.reason().contains("[p11-kit-object-v1]"), "{error}");
        let each = parse_each("the store", pem.as_bytes(), PrivateKeys::Ignore);
        let roots: Vec<_> = each.flatten().collect();
        assert_eq!(certificates(&roots), [der(OTHER)], "{attribute}");
    }
}

#[test]
fn other_attributes_are_ignored() {
    let attributes = "class: x-certificate-extension\nobject-id: 2.5.29.37\nvalue: \"%30%16%06=\"\nurl: \"\"\n\
                      nss-mozilla-ca-policy: true\nmodifiable: false\nx-public-key-info: \"%30\"\n";
    assert_eq!(limits(&object(attributes)), "");
}

/// Without line breaks, attributes stand behind the header.
#[test]
fn attributes_on_the_line_of_a_header_are_not_lost() {
    for attribute in [
        "x-distrusted: true",
        "nss-server-distrust-after: \"260415235959Z\"",
        "x",
    ] {
        let pem = format!("{} {attribute}\n{ROOT}", HEADER.trim_end());
        let error = read(&pem).unwrap_err();
        assert_eq!(error.line(), Some(1), "{error}");
        // Where reading goes on, the certificate is left out.
        let mut each = parse_each("corp.pem", pem.as_bytes(), PrivateKeys::Ignore);
        assert!(each.all(|root| root.is_err()), "{attribute}");
    }
}
