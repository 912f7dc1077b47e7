//! `check`.

use embedded_roots::mozilla;
use embedded_roots_testing::authority::{intermediate, root};
use rcgen::{IsCa, KeyPair, SanType, date_time_ymd};

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
fn what_is_doubtful_is_told() {
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
    let named = embedded_roots_bundle::certificate_to_pem(&named);
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
fn old_kinds_of_certificates_are_told() {
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
fn what_does_not_compile_is_an_error() {
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
