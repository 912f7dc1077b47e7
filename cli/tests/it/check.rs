//! `check`.

use std::collections::{HashMap, HashSet};

use embedded_roots::mozilla;
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{PrivateKeys, certificate_to_pem, parse};
use embedded_roots_testing::authority::{intermediate, root};
use rcgen::{IsCa, KeyPair, SanType, date_time_ymd};
use serde_json::Value;

use crate::command::{Folder, ca, ca_of, json, run};

#[track_caller]
fn warns(pem: &str, arguments: &[&str], kind: &str, text: &str) {
    let folder = Folder::new(kind);
    let file = folder.file("ca.pem", pem);
    let arguments = [&["check", &file], arguments].concat();
    let (status, value) = json(&arguments);
    let warnings = value["warnings"].as_array().unwrap();
    let of_kind = warnings.iter().find(|warning| warning["kind"] == kind);
    let warning = of_kind.unwrap_or_else(|| panic!("{kind}: {warnings:?}"));
    assert!(
        warning["text"].as_str().unwrap().contains(text),
        "{warning}"
    );
    assert_eq!(status, 1);
    let ran = run(&arguments);
    let line = format!("warning: {file}, line {}: ", warning["line"]);
    assert!(ran.out.contains(&line), "{}", ran.out);
}

fn of_history(subject: &str) -> String {
    let ran = run(&["list", "mozilla@2016-06-01", "--pem"]);
    let at = ran
        .out
        .find(subject)
        .unwrap_or_else(|| panic!("no {subject}"));
    let rest = &ran.out[at..];
    let start = rest.find("-----BEGIN").unwrap();
    let end = rest.find("-----END CERTIFICATE-----").unwrap();
    rest[start..end].to_owned() + "-----END CERTIFICATE-----\n"
}

#[test]
fn a_good_file_is_clean() {
    let folder = Folder::new("good");
    let file = folder.file("ca.pem", ca("CA", |_| {}));
    let ran = run(&["check", &file]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "1 root, 0 errors, 0 warnings\n")
    );
}

#[test]
fn doubtful_certificates_are_warnings() {
    let until = |year, month, day| {
        ca("CA", |params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(year, month, day);
        })
    };
    let today = ["--today", "2026-01-01"];
    warns(
        &until(2025, 12, 31),
        &today,
        "expired",
        "expired on 2025-12-31",
    );
    warns(
        &until(2026, 1, 31),
        &today,
        "expires",
        "expires on 2026-01-31, in 30 days",
    );
    let folder = Folder::new("tomorrow");
    let file = folder.file("ca.pem", until(2026, 1, 2));
    let ran = run(&["check", &file, "--today", "2026-01-01"]);
    let line = ran.out.lines().next().unwrap();
    assert!(line.ends_with("expires on 2026-01-02, in 1 day"), "{line}");
    let days = [&today[..], &["--days", "365"]].concat();
    warns(&until(2026, 12, 31), &days, "expires", "in 364 days");
    let key = KeyPair::generate().unwrap();
    let twice = ca_of(&key, "One", |_| {}) + &ca_of(&key, "Two", |_| {});
    warns(&twice, &[], "duplicate-key", "in line 1");
    let silent = ca("Silent", |params| params.is_ca = IsCa::NoCa);
    warns(&silent, &[], "no-basic-constraints", "no basic constraints");
    warns(
        &of_history("WoSign"),
        &[],
        "removed",
        "Mozilla removed it before 2",
    );
    warns(&of_history("DST Root CA X3"), &[], "weak-signature", "sha1");
    warns(
        &of_history("Subject: CN=Izenpe.com"),
        &[],
        "limit-not-applied",
        "distrust-after=2026-04-15",
    );
}

#[test]
fn certificate_of_a_server_that_says_ca_is_to_be_pinned() {
    let named = ca("A device", |params| {
        let name = "device.example".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(name)];
    });
    let text = "has the names of a server, and rustls refuses a server with the certificate of a CA: if it is a \
                server's own, pin it (`RootsBuilder::pinned_certificate`)";
    warns(&named, &[], "server", text);
}

/// The certificate names Izenpe's root as its issuer, whose key no test has.
#[test]
fn intermediate_of_a_limited_root_escapes_its_limits() {
    let anchors = mozilla::BUNDLE.anchors().iter();
    let mut limited = anchors.filter(|anchor| anchor.distrust_after().is_some());
    let izenpe = &limited.next().unwrap().trust_anchor().subject;
    // A name of one common name that is as long: its headers have 11 octets.
    let issuer = root(&"x".repeat(izenpe.len() - 11));
    let intermediate = intermediate("An intermediate", &issuer);
    let der = intermediate.der();
    let name = |der: &[u8]| der.windows(20).position(|part| part == [b'x'; 20]);
    let start = name(der).unwrap() - 11;
    let mut named = der.to_vec();
    named[start..start + izenpe.len()].copy_from_slice(izenpe);
    let named = certificate_to_pem(&named);
    warns(
        &named,
        &[],
        "limit-escaped",
        "is an intermediate of \"CN=Izenpe.com, O=IZENPE S.A., C=ES\", and as a root it is trusted without the limits of \
         that root: distrust-after=2026-04-15T23:59:59Z",
    );

    // A root that the file itself limits, and its intermediate with the same limits and without.
    let limits = "# embedded-roots: permitted-dns=.example\n";
    let both = |limits_of_intermediate: &str| {
        let (issuer, intermediate) = (issuer.pem(), intermediate.pem());
        format!("{limits}{issuer}{limits_of_intermediate}{intermediate}")
    };
    warns(&both(""), &[], "limit-escaped", "permitted-dns=.example");
    let folder = Folder::new("limited-alike");
    let file = folder.file("ca.pem", both(limits));
    let (_, value) = json(&["check", &file]);
    assert_eq!(value["warnings"], serde_json::json!([]));
}

#[test]
fn old_kinds_of_certificates_are_warnings() {
    let folder = Folder::new("old");
    let all = folder.file(
        "2015.pem",
        run(&["list", "mozilla@2015-05-01", "--pem"]).out,
    );
    let (status, value) = json(&["check", &all]);
    assert_eq!(status, 1);
    for kind in ["version", "weak-key", "expired"] {
        let mut warnings = value["warnings"].as_array().unwrap().iter();
        assert!(warnings.any(|warning| warning["kind"] == kind), "{kind}");
    }
}

#[test]
fn files_that_do_not_compile_are_errors() {
    let folder = Folder::new("errors");
    let good = ca("CA", |_| {});
    let half = &good[..good.len() / 2];
    let file = folder.file("half.pem", format!("{good}{half}\n{good}"));
    let ran = run(&["check", &file]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.out.contains("error: ") && ran.out.contains("half.pem, line "),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("does not compile"), "{}", ran.err);
    let leaf = folder.file(
        "leaf.pem",
        ca("No CA", |params| params.is_ca = IsCa::ExplicitNoCa),
    );
    let (status, value) = json(&["check", &leaf]);
    assert_eq!((status, value["errors"].as_array().unwrap().len()), (2, 1));
    assert_eq!(run(&["check", "/nowhere.pem"]).status, 2);
}

/// The warnings of kind `browsers`, with their subjects.
#[track_caller]
fn of_browsers(pem: &str, arguments: &[&str]) -> Vec<(String, String)> {
    let folder = Folder::new("browsers");
    let file = folder.file("ca.pem", pem);
    let (_, value) = json(&[&["check", &file], arguments].concat());
    let warnings = value["warnings"].as_array().unwrap().iter();
    let of_kind = warnings.filter(|warning| warning["kind"] == "browsers");
    let text = |warning: &Value, field: &str| warning[field].as_str().unwrap().to_owned();
    of_kind
        .map(|warning| (text(warning, "subject"), text(warning, "text")))
        .collect()
}

/// The roots of a list, as JSON and PEM.
fn listed(source: &str) -> Vec<(Value, String)> {
    let roots = parse(
        "list",
        run(&["list", source, "--pem"]).out.as_bytes(),
        PrivateKeys::Refuse,
    );
    let pem: HashMap<String, String> = roots
        .unwrap()
        .iter()
        .map(|root| {
            let der = root.certificate();
            (hex(&sha256(der)), certificate_to_pem(der))
        })
        .collect();
    let (_, value) = json(&["list", source]);
    let roots = value["roots"].as_array().unwrap().iter();
    let roots = roots.filter_map(|root| {
        let pem = pem.get(root["sha256"].as_str().unwrap())?;
        Some((root.clone(), pem.clone()))
    });
    roots.collect()
}

/// Keys of the roots of a list.
fn keys(source: &str) -> HashSet<String> {
    let (_, value) = json(&["list", source]);
    let roots = value["roots"].as_array().unwrap().iter();
    roots.map(|root| root["spki_sha256"].to_string()).collect()
}

const TODAY: [&str; 2] = ["--today", "2026-11-29"];

#[test]
fn public_root_of_a_private_bundle_that_browsers_lack() {
    let [chrome, microsoft] = ["chrome", "microsoft"].map(keys);
    let is_in =
        |list: &HashSet<String>, root: &Value| list.contains(&root["spki_sha256"].to_string());
    let mozilla = json(&["list", "mozilla"]).1;
    let mozilla = mozilla["roots"].as_array().unwrap();
    let private = ca("Corp", |_| {});
    let all = private.clone() + &run(&["list", "mozilla", "--pem"]).out;
    let told = of_browsers(&all, &TODAY);
    let mut met = 0;
    for root in mozilla {
        let subject = root["subject"].as_str().unwrap();
        let texts = told.iter().filter(|(of, _)| of == subject);
        let texts: Vec<&str> = texts.map(|(_, text)| text.as_str()).collect();
        let lists = match (is_in(&chrome, root), is_in(&microsoft, root)) {
            (true, true) => {
                assert!(
                    texts.iter().all(|text| !text.contains("is not in")),
                    "{texts:?}"
                );
                continue;
            }
            (false, true) => "is not in the list of chrome (Chrome Root Store ",
            (true, false) => "is not in the list of microsoft (Microsoft's list of 20",
            (false, false) => "is not in the lists of chrome (Chrome Root Store ",
        };
        assert_eq!(texts.len(), 1, "{subject}: {texts:?}");
        assert!(texts[0].starts_with(lists), "{texts:?}");
        met += 1;
    }
    assert!(met > 10 && met < mozilla.len() - 10, "{met}");

    // Of one that Mozilla has removed, that is another warning.
    let removed = of_history("WoSign");
    let told = of_browsers(&(private.clone() + &removed), &TODAY);
    let [(_, text)] = &told[..] else {
        panic!("{told:?}")
    };
    let lists = "is not in the lists of chrome (Chrome Root Store ";
    assert!(
        text.starts_with(lists) && text.contains(") and microsoft ("),
        "{text}"
    );
    assert!(!text.contains("mozilla"), "{text}");
}

#[test]
fn public_root_that_mozilla_never_had() {
    let private = ca("Corp", |_| {});
    let mozilla = keys("mozilla@2016-06-01");
    let chrome = keys("chrome");
    let microsoft = listed("microsoft");
    let alone = microsoft.iter().filter(|(root, _)| {
        let key = root["spki_sha256"].to_string();
        root["mozilla"].is_null() && !mozilla.contains(&key) && !chrome.contains(&key)
    });
    let told = alone.flat_map(|(_, pem)| of_browsers(&(private.clone() + pem), &TODAY));
    let told: Vec<String> = told.map(|(_, text)| text).take(3).collect();
    assert_eq!(told.len(), 3);
    for text in told {
        let start = "is not in the lists of mozilla (as of 20";
        assert!(
            text.starts_with(start) && text.contains(") and chrome (Chrome"),
            "{text}"
        );
    }
}

#[test]
fn public_root_of_a_private_bundle_with_a_date_of_a_browser() {
    let private = ca("Corp", |_| {});
    let all = private.clone() + &run(&["list", "mozilla", "--pem"]).out;
    let lacked = of_browsers(&all, &["--today", "2015-01-01"]);
    let is_lacked = |root: &Value| {
        let mut lacked = lacked.iter();
        lacked.any(|(subject, _)| *subject == root["subject"])
    };
    let (_, chrome) = json(&["list", "chrome"]);
    let chrome = chrome["roots"].as_array().unwrap();
    // Chrome's date is all that is told.
    let (time, pem) = listed("mozilla")
        .into_iter()
        .filter(|(root, _)| !is_lacked(root))
        .find_map(|(root, pem)| {
            let mut chrome = chrome.iter();
            let same = chrome.find(|other| other["sha256"] == root["sha256"])?;
            let time = same.get("sct_not_after")?.as_str()?.to_owned();
            Some((time, pem))
        })
        .unwrap();
    let told = |pem: &str, days: &str, time: &str| {
        let (day, _) = time.split_once('T').unwrap();
        let of_day = ["--today", day, "--days", days];
        let told = of_browsers(&(private.clone() + pem), &of_day);
        let texts: Vec<String> = told.into_iter().map(|(_, text)| text).collect();
        texts
    };
    // `--today` is the start of the day, and the time is its end.
    assert!(time.ends_with("T23:59:59Z"));
    assert_eq!(told(&pem, "0", &time), [""; 0]);
    let text = format!("chrome trusts its certificates only with an SCT from {time} or before");
    assert_eq!(told(&pem, "1", &time), [text]);

    // Microsoft has dates for roots that Chrome does not have.
    let (root, pem) = listed("microsoft")
        .into_iter()
        .find(|(root, _)| root["distrust_after"].is_string() && !root["mozilla"].is_null())
        .unwrap();
    let time = root["distrust_after"].as_str().unwrap();
    let text = format!("microsoft trusts none of its certificates that start after {time}");
    for (today, is_told) in [("2015-01-01T", false), (time, true)] {
        let texts = told(&pem, "0", today);
        assert_eq!(texts.len(), 1, "{texts:?}");
        let lacks = "is not in the list of chrome (Chrome Root Store ";
        assert!(texts[0].starts_with(lacks), "{texts:?}");
        assert_eq!(
            texts[0].ends_with(&format!("); {text}")),
            is_told,
            "{texts:?}"
        );
        assert_eq!(texts[0].contains("microsoft"), is_told, "{texts:?}");
    }
}

#[test]
fn browser_warnings_are_only_for_private_bundles() {
    let none: [(String, String); 0] = [];
    let private = ca("Corp", |_| {});
    assert_eq!(of_browsers(&private, &TODAY), none);
    let is_x1 = |(root, _): &&(Value, String)| {
        let subject = root["subject"].as_str().unwrap();
        subject.contains("CN=ISRG Root X1,")
    };
    let mozilla = listed("mozilla");
    let (_, trusted) = mozilla.iter().find(is_x1).unwrap();
    assert_eq!(of_browsers(&(private.clone() + trusted), &TODAY), none);
    // Copies of lists
    for source in ["mozilla", "mozilla@2016-06-01", "chrome", "microsoft"] {
        let pem = run(&["list", source, "--pem"]).out;
        assert_eq!(of_browsers(&pem, &TODAY), none, "{source}");
        assert!(of_browsers(&(pem + &private), &TODAY).len() > 5, "{source}");
    }
    // An intermediate that Chrome takes for a root is public, and trusted as long as its root.
    let chrome = listed("chrome");
    let is_intermediate = |(root, _): &&(Value, String)| root["subject"] != root["issuer"];
    let (_, intermediate) = chrome.iter().find(is_intermediate).unwrap();
    assert_eq!(of_browsers(&(private.clone() + intermediate), &TODAY), none);
    let lacking = of_history("WoSign");
    assert_eq!(of_browsers(&(lacking.clone() + intermediate), &TODAY), none);
    assert_eq!(of_browsers(&(lacking.clone() + &private), &TODAY).len(), 1);

    // Its name is not enough to be public.
    let namesake = ca("ISRG Root X1", |_| {});
    assert_eq!(of_browsers(&(namesake + &lacking), &TODAY).len(), 1);
}

#[test]
fn sarif_has_a_rule_of_browsers() {
    let folder = Folder::new("browsers-sarif");
    let pem = ca("Corp", |_| {}) + &of_history("WoSign");
    let ran = run(&["check", &folder.file("ca.pem", pem), "--format", "sarif"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let rules = value["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    assert!(
        rules.iter().any(|rule| rule["id"] == "browsers"),
        "{rules:?}"
    );
}
