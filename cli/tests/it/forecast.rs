//! `forecast`.

use embedded_roots::inspect;
use embedded_roots::mozilla;
use embedded_roots_bundle::{certificate_to_pem, rfc3339};
use rcgen::date_time_ymd;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::command::{Folder, ca, json, run, run_with_input};

/// The ends of a root, such as `2027-04-15 mozilla-schedule`.
fn ends(root: &Value) -> Vec<String> {
    let ends = root["ends"].as_array().unwrap().iter();
    let shown = ends.map(|end| {
        let time = end["time"].as_str().unwrap();
        format!("{} {}", &time[..10], end["kind"].as_str().unwrap())
    });
    shown.collect()
}

fn of<'v>(value: &'v Value, subject: &str) -> &'v Value {
    let roots = value["roots"].as_array().unwrap();
    let is = |root: &&Value| root["root"]["subject"].as_str().unwrap().contains(subject);
    roots.iter().find(is).unwrap()
}

/// By hand: the start and the end of validity that OpenSSL shows, the table of Mozilla's wiki, `sct_not_after_sec` in Chrome's
/// list, and Microsoft's comments.
#[test]
fn ends_are_those_of_the_sources() {
    let (status, value) = json(&["forecast"]);
    assert_eq!(status, 0);
    for (subject, expected, absent) in [
        // From 2007-12-13; distrusted by Mozilla after 2026-04-15, so that the last certificate is one of 398 days from
        // 2026-03-14.
        (
            "CN=Izenpe.com,",
            &[
                "2026-04-14 chrome-sct-not-after",
                "2026-04-15 mozilla-schedule",
                "2026-04-15 distrust-after",
                "2027-04-16 last-certificate",
                "2037-12-13 expiry",
            ][..],
            &[][..],
        ),
        // From 2008-03-06.
        (
            "CN=COMODO ECC Certification Authority,",
            &[
                "2026-09-30 chrome-sct-not-after",
                "2027-04-15 mozilla-schedule",
                "2038-01-18 expiry",
            ],
            &[],
        ),
        // From 2009-03-18.
        (
            "OU=GlobalSign Root CA - R3",
            &[
                "2026-09-30 chrome-sct-not-after",
                "2027-04-15 mozilla-schedule",
                "2029-03-18 expiry",
            ],
            &[],
        ),
        // From 2009-09-01.
        (
            "CN=Go Daddy Root Certificate Authority - G2,",
            &["2027-04-15 mozilla-schedule", "2037-12-31 expiry"],
            &[],
        ),
        // From 2010-10-26.
        (
            "CN=Buypass Class 2 Root CA,",
            &[
                "2025-10-31 chrome-sct-not-after",
                "2028-04-15 mozilla-schedule",
                "2040-10-26 expiry",
            ],
            &[],
        ),
        // From 2011-09-22.
        (
            "CN=Actalis Authentication Root CA,",
            &["2028-04-15 mozilla-schedule", "2030-09-22 expiry"],
            &[],
        ),
        // From 2012-01-12.
        (
            "CN=QuoVadis Root CA 1 G3,",
            &["2029-04-15 mozilla-schedule", "2042-01-12 expiry"],
            &["chrome"],
        ),
        // From 2013-08-01.
        (
            "CN=DigiCert Global Root G2,",
            &[
                "2027-09-14 chrome-sct-not-after",
                "2029-04-15 mozilla-schedule",
                "2038-01-15 expiry",
            ],
            &[],
        ),
        // From 2014-09-23, renewed: there is a certificate of the key from 2009-05-20.
        (
            "CN=Autoridad de Certificacion Firmaprofesional CIF A62634068,",
            &[
                "2026-09-30 chrome-sct-not-after",
                "2027-04-15 mozilla-schedule",
                "2036-05-05 expiry",
            ],
            &[],
        ),
        // From 2014-12-01, later than the table.
        (
            "CN=OISTE WISeKey Global Root GB CA,",
            &[
                "2026-09-30 chrome-sct-not-after",
                "2029-12-01 mozilla-schedule",
                "2039-12-01 expiry",
            ],
            &[],
        ),
        // From 2015-06-04.
        (
            "CN=ISRG Root X1,",
            &["2030-06-04 mozilla-schedule", "2035-06-04 expiry"],
            &[],
        ),
    ] {
        let root = of(&value, subject);
        assert_eq!(ends(root), expected, "{subject}");
        assert_eq!(root["absent_from"], serde_json::json!(absent), "{subject}");
    }
    let next = value["roots"].as_array().unwrap().iter();
    let next = next.map(|root| root["next"]["time"].as_str().unwrap());
    assert!(next.collect::<Vec<_>>().is_sorted());
}

/// By the start of validity they are 15, 8 and 17; one more has a key of 2009 and a certificate of 2014.
#[test]
fn schedule_takes_the_roots_of_its_years() {
    let (_, value) = json(&["forecast", "mozilla"]);
    let roots = value["roots"].as_array().unwrap();
    for (day, count) in [("2027-04-15", 16), ("2028-04-15", 8), ("2029-04-15", 17)] {
        let end = format!("{day} mozilla-schedule");
        let leaving = roots.iter().filter(|root| ends(root).contains(&end));
        assert_eq!(leaving.count(), count, "{day}");
    }
}

#[test]
fn library_forecasts_the_same() {
    let (_, value) = json(&["forecast"]);
    let forecasts = inspect::forecasts(mozilla::annotated_pem()).unwrap();
    assert_eq!(value["roots"].as_array().unwrap().len(), forecasts.len());
    for forecast in &forecasts {
        let root = of(&value, forecast.certificate().subject());
        let same = forecast.ends().iter();
        let same: Vec<Value> = same
            .map(|end| serde_json::json!({ "kind": end.kind.to_string(), "time": rfc3339(end.time) }))
            .collect();
        assert_eq!(root["ends"], Value::Array(same));
        let absent = forecast.absent_from().iter().map(ToString::to_string);
        assert_eq!(
            root["absent_from"],
            serde_json::json!(absent.collect::<Vec<_>>())
        );
    }
}

/// Izenpe's root, of which Chrome wants no newer SCTs since 2026-04-14.
#[test]
fn a_root_is_listed_under_what_is_to_come() {
    for (today, next) in [
        ("2026-04-14", "chrome-sct-not-after"),
        ("2026-04-15", "mozilla-schedule"),
        ("2026-04-16", "last-certificate"),
        ("2027-04-16", "last-certificate"),
        // It is over.
        ("2027-04-17", "last-certificate"),
        ("2040-01-01", "last-certificate"),
    ] {
        let (_, value) = json(&["forecast", "--today", today]);
        assert_eq!(
            of(&value, "CN=Izenpe.com,")["next"]["kind"],
            next,
            "{today}"
        );
    }
}

/// Go Daddy's root leaves on 2027-04-15, and expires on 2037-12-31.
#[test]
fn dates_within_the_time_make_the_exit_status_1() {
    let folder = Folder::new("forecast");
    let listed = run(&["list", "--pem"]).out;
    let name = "# Subject: CN=Go Daddy Root Certificate Authority - G2,";
    let start = listed.find(name).unwrap();
    let length = listed[start..].find("-----END CERTIFICATE-----\n").unwrap() + 26;
    let roots = folder.file("roots.pem", &listed.as_bytes()[start..start + length]);
    let status = |today: &str, within: &str| {
        run(&["forecast", &roots, "--today", today, "--within", within]).status
    };
    for (today, within, expected) in [
        ("2027-04-14", "0d", 0),
        ("2027-04-15", "0d", 1),
        ("2027-04-14", "1d", 1),
        ("2026-10-17", "180d", 1),
        ("2026-10-16", "180", 0),
        // It is over, and another one is not yet.
        ("2027-04-16", "180d", 0),
        ("2037-12-30", "0d", 0),
        ("2037-12-30", "1d", 1),
        ("2037-12-31", "0d", 1),
        // It has expired.
        ("2038-01-01", "0d", 1),
        ("2999-12-31", "365d", 1),
        ("1970-01-01", "0d", 0),
        ("1970-01-01", "4294967295d", 1),
    ] {
        assert_eq!(status(today, within), expected, "{today} {within}");
    }
    // Without it, all is shown and nothing counts.
    let ran = run(&["forecast", &roots, "--today", "2038-01-01"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(
        ran.out
            .contains("2037 Q4  2037-12-31  expires  Go Daddy Root Certificate Authority - G2  2027-04-15 leaves Mozilla's list (schedule)"),
        "{}",
        ran.out
    );
    let ran = run(&["forecast", &roots, "--within", "soon"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.contains("expected a number of days, such as 180d"),
        "{}",
        ran.err
    );
}

#[test]
fn a_private_root_ends_when_it_expires() {
    let folder = Folder::new("forecast-private");
    let roots = folder.file("roots.pem", ca("Private", |_| {}));
    let (status, value) = json(&["forecast", &roots]);
    assert_eq!(status, 0);
    let root = of(&value, "Private");
    assert_eq!(root["ends"].as_array().unwrap().len(), 1);
    assert_eq!(root["ends"][0]["kind"], "expiry");
    assert_eq!(root["absent_from"], serde_json::json!([]));
}

/// Nothing is known of the end of a root whose expiry cannot be read.
#[test]
fn a_root_without_a_readable_expiry_is_shown() {
    let folder = Folder::new("forecast-odd");
    let pem = ca("Odd", |params| {
        params.not_after = date_time_ymd(2035, 6, 30);
    });
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut der = der.to_vec();
    let mut dates = der
        .windows(2)
        .enumerate()
        .filter(|(_, tag)| *tag == [0x17, 13]);
    let (until, _) = dates.next_back().unwrap();
    der[until + 4..until + 6].copy_from_slice(b"13");
    let known = ca("Known", |_| {});
    let roots = folder.file("roots.pem", certificate_to_pem(&der) + &known);
    let (status, value) = json(&["forecast", &roots, "--within", "9999d"]);
    assert_eq!(status, 0);
    let last = &value["roots"][1];
    assert_eq!(last["root"]["subject"], "CN=Odd");
    assert_eq!(
        (&last["next"], &last["ends"]),
        (&Value::Null, &serde_json::json!([]))
    );
    let ran = run(&["forecast", &roots]);
    assert!(
        ran.out
            .contains("unknown              its validity cannot be read  Odd"),
        "{}",
        ran.out
    );
    assert!(
        ran.err
            .contains("has a validity time that RFC 5280 does not allow"),
        "{}",
        ran.err
    );
}

#[test]
fn distrust_date_of_an_annotation_has_its_last_certificate() {
    let folder = Folder::new("forecast-annotated");
    let annotated = format!(
        "# embedded-roots: distrust-after=2027-03-14T23:59:59Z\n{}",
        ca("Private", |_| {})
    );
    let roots = folder.file("roots.pem", annotated);
    let (_, value) = json(&["forecast", &roots]);
    let shown = ends(of(&value, "Private"));
    // 200 days from the last second of that day.
    assert!(
        shown.contains(&"2027-03-14 distrust-after".to_owned()),
        "{shown:?}"
    );
    assert!(
        shown.contains(&"2027-09-30 last-certificate".to_owned()),
        "{shown:?}"
    );
}

#[test]
fn roots_that_mozilla_removed_have_left() {
    let (status, value) = json(&["forecast", "mozilla@2016-06-01", "--within", "0d"]);
    assert_eq!(status, 1);
    let root = of(&value, "CN=DST Root CA X3,");
    assert_eq!(root["is_due"], true);
    assert!(
        ends(root)
            .iter()
            .any(|end| end.ends_with(" mozilla-removal")),
        "{root}"
    );
    assert!(
        !ends(root)
            .iter()
            .any(|end| end.ends_with(" mozilla-schedule"))
    );
}

#[test]
fn a_program_and_a_directory_have_the_limits_of_mozilla() {
    let folder = Folder::new("forecast-program");
    let (_, listed) = json(&["list"]);
    let izenpe = listed["roots"].as_array().unwrap().iter();
    let izenpe = izenpe.filter(|root| {
        root["subject"]
            .as_str()
            .unwrap()
            .starts_with("CN=Izenpe.com,")
    });
    assert_eq!(izenpe.count(), 1);
    let pem = mozilla::annotated_pem();
    let lines = pem.lines().filter(|line| !line.starts_with('#'));
    let plain = lines.collect::<Vec<_>>().join("\n") + "\n";
    let program = folder.file("program", [b"\0\x7fELF\0", plain.as_bytes()].concat());
    for source in [program.as_str(), folder.path().to_str().unwrap()] {
        let (_, value) = json(&["forecast", source]);
        assert_eq!(
            value["roots"].as_array().unwrap().len(),
            mozilla::BUNDLE.len()
        );
        let shown = ends(of(&value, "CN=Izenpe.com,"));
        assert!(
            shown.contains(&"2026-04-15 distrust-after".to_owned()),
            "{shown:?}"
        );
        assert!(
            shown.contains(&"2027-04-16 last-certificate".to_owned()),
            "{shown:?}"
        );
    }
}

#[test]
fn lists_of_other_programs_have_their_own_dates_once() {
    for program in ["chrome", "microsoft"] {
        let (_, value) = json(&["forecast", program]);
        let roots = value["roots"].as_array().unwrap();
        assert!(roots.len() > 100);
        for root in roots {
            let shown = ends(root);
            assert!(
                !root["absent_from"]
                    .as_array()
                    .unwrap()
                    .contains(&program.into())
            );
            // Those of Mozilla's alone.
            let distrusted = shown.iter().filter(|end| end.ends_with("distrust-after"));
            assert!(distrusted.count() <= 1 && shown.len() <= 7, "{shown:?}");
        }
    }
    let (_, value) = json(&["forecast", "microsoft"]);
    let limited = value["roots"].as_array().unwrap().iter();
    let limited = limited.filter(|root| {
        ends(root)
            .iter()
            .any(|end| end.ends_with("microsoft-not-before"))
    });
    assert!(limited.count() > 40);
}

#[test]
fn sarif_has_what_counts() {
    let sarif = |arguments: &[&str]| -> Value {
        let ran = run(&[&["forecast", "--format", "sarif"], arguments].concat());
        let value = serde_json::from_str(&ran.out).unwrap();
        let schema = serde_json::from_str(include_str!("sarif.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(
            validator.is_valid(&value),
            "{:?}",
            validator.iter_errors(&value).next()
        );
        value
    };
    let all = sarif(&[]);
    let results = |value: &Value| value["runs"][0]["results"].as_array().unwrap().clone();
    assert_eq!(results(&all).len(), mozilla::BUNDLE.len());
    assert!(results(&all).iter().all(|result| result["level"] == "note"));
    let due = sarif(&["--today", "2027-04-15", "--within", "0d"]);
    assert!(
        results(&due)
            .iter()
            .all(|result| result["level"] == "warning")
    );
    assert_eq!(results(&due).len(), 16);
}

#[test]
fn picture_is_xml_with_the_counts() {
    let ran = run(&["forecast", "--format", "svg", "--today", "2026-11-29"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let document = roxmltree::Document::parse(&ran.out).unwrap();
    let mut titles = document
        .descendants()
        .filter(|node| node.has_tag_name("title"));
    let start = "2027 Q2, leaves Mozilla's list (schedule): ";
    let quarter = titles.find(|node| node.text().unwrap().starts_with(start));
    let quarter = quarter.unwrap().parent().unwrap();
    let mut texts = quarter.children().filter(|node| node.has_tag_name("text"));
    assert_eq!(texts.next().unwrap().text(), Some("16"));
    // Names of a private root are text.
    let folder = Folder::new("forecast-picture");
    let roots = folder.file("a<b>&.pem", ca("<script>&\"", |_| {}));
    for today in ["1970-01-01", "2026-11-29", "9999-12-31"] {
        let ran = run(&["forecast", "--format", "svg", &roots, "--today", today]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let document = roxmltree::Document::parse(&ran.out).unwrap();
        assert!(
            !document
                .descendants()
                .any(|node| node.has_tag_name("script"))
        );
    }
}

#[test]
fn a_list_without_a_root_is_an_error() {
    let folder = Folder::new("forecast-empty");
    let empty = folder.file("empty.pem", b"");
    let text = folder.file("text.pem", b"# nothing\n");
    for source in [&empty, &text, "mozilla@1990-01-01", "no-such-file"] {
        let ran = run(&["forecast", source]);
        assert_eq!(ran.status, 2, "{source}: {}", ran.out);
    }
    assert_eq!(run_with_input(&["forecast", "-"], b"").status, 2);
}

/// A file cannot have a later date than Mozilla.
#[test]
fn earlier_one_of_two_distrust_dates_counts() {
    let folder = Folder::new("forecast-earlier");
    let pem = mozilla::annotated_pem();
    let izenpe = &pem[pem.find("# Subject: CN=Izenpe.com,").unwrap()..];
    let begin = izenpe.find("-----BEGIN").unwrap();
    let end = izenpe.find("-----END CERTIFICATE-----\n").unwrap() + 26;
    for (own, counts) in [("2031-01-01", "2026-04-15"), ("2025-01-01", "2025-01-01")] {
        let annotation = format!("# embedded-roots: distrust-after={own}T00:00:00Z\n");
        let roots = folder.file("roots.pem", annotation + &izenpe[begin..end]);
        let (_, value) = json(&["forecast", &roots]);
        let shown = ends(of(&value, "CN=Izenpe.com,"));
        assert!(
            shown.contains(&format!("{counts} distrust-after")),
            "{own}: {shown:?}"
        );
    }
}

#[test]
fn compromised_roots_are_marked() {
    let ran = run(&["forecast", "mozilla@2024-07-01"]);
    let mut lines = ran.out.lines();
    let line = lines.find(|line| line.contains("AAA Certificate Services"));
    assert!(
        line.unwrap().contains("compromised: CVE-2026-111943"),
        "{line:?}"
    );
}
