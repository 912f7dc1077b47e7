//! `scan --policy` and `scan --baseline`.

use std::process::Command;

use embedded_roots_bundle::emit::ANCHOR_MARK;
use embedded_roots_bundle::{PrivateKeys, parse};
use serde_json::{Value, json};

use crate::archive::tar;
use crate::command::{Folder, ProgramOutput, ca, json_with, run, run_with};

/// Of a list that has removed and compromised roots.
const OLD: &str = "mozilla@2022-01-01";
/// A root that Mozilla removed since then.
const TRUSTCOR: &str = "0753e940378c1bd5e3836e395daea5cb839e5046f1bd0eae1951cf10fec7c965";
const DAY: &str = "2026-11-01";

struct Case(Folder);

impl Case {
    /// A folder with a list of removed roots, a private CA, and Mozilla's list of today.
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let list = run(&["list", OLD, "--pem"]).out;
        let blocks = list.split_inclusive("-----END CERTIFICATE-----\n");
        let removed = blocks.filter(|block| block.contains("Subject: CN=TrustCor"));
        folder.file("old/removed.pem", removed.collect::<String>());
        folder.file("corp.pem", ca("Corp CA", |_| {}));
        folder.file("today.pem", run(&["list", "mozilla", "--pem"]).out);
        Self(folder)
    }

    fn policy(&self, text: &str) {
        self.0.file("policy.toml", text);
    }

    fn here(&self) -> impl FnOnce(&mut Command) {
        let path = self.0.path().to_owned();
        move |command| {
            command.current_dir(path);
        }
    }

    fn scan(&self, arguments: &[&str]) -> ProgramOutput {
        let all = ["scan", "--today", DAY];
        run_with(&[&all, arguments].concat(), self.here())
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let all = ["scan", "--today", DAY];
        json_with(&[&all, arguments].concat(), self.here())
    }

    /// With a policy: the exit status, and of each finding its kind, state, place and subject.
    #[track_caller]
    fn findings(&self, policy: &str, arguments: &[&str]) -> (i32, Vec<[String; 4]>, Value) {
        self.policy(policy);
        let (status, value) = self.json(&[&["--policy", "policy.toml"], arguments].concat());
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let findings = value["findings"].as_array().unwrap().iter();
        let findings = findings
            .map(|one| ["kind", "state", "place", "subject"].map(|member| text(&one[member])));
        (status, findings.collect(), value["warnings"].clone())
    }
}

fn findings<const N: usize>(rows: [[&str; 4]; N]) -> Vec<[String; 4]> {
    rows.map(|row| row.map(str::to_owned)).to_vec()
}

#[test]
fn forbidden_roots_are_findings_unless_allowed() {
    let case = Case::new("policy-forbid");
    let all = ["corp.pem", "today.pem"];
    let forbid = "[[forbid]]\nreason = \"only Mozilla's\"\n[[allow]]\nlist = \"mozilla\"\n";
    let expected = findings([["forbidden", "new", "corp.pem", "CN=Corp CA"]]);
    assert_eq!(case.findings(forbid, &all), (1, expected, json!([])));
    let allow = format!("{forbid}[[allow]]\nlist = \"corp.pem\"\nplace = \"corp.pem\"\n");
    assert_eq!(case.findings(&allow, &all), (0, vec![], json!([])));
    // Elsewhere, it stays forbidden.
    let elsewhere = allow.replace("place = \"corp.pem\"", "place = \"x/\"");
    let (status, found, warnings) = case.findings(&elsewhere, &all);
    assert_eq!((status, found.len()), (1, 1));
    assert_eq!(
        warnings,
        json!(["policy.toml, line 5: `allow` matches nothing"])
    );
    let ran = case.scan(&["--policy", "policy.toml", "corp.pem"]);
    assert!(
        ran.out.contains(
            "\nforbidden: corp.pem: Corp CA: only Mozilla's\nwarning: policy.toml, line 3: "
        ),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("Mozilla removed, 1 forbidden, 0 errors"),
        "{}",
        ran.out
    );
}

#[test]
fn roots_are_forbidden_by_fingerprint_name_and_place() {
    let case = Case::new("policy-by");
    let own = &case.json(&["corp.pem"]).1["places"][0]["unknown"][0]["sha256"];
    let key = &case.json(&["old/removed.pem"]).1["places"][0]["roots"];
    let roots = key.as_array().unwrap();
    let root = roots
        .iter()
        .find(|root| root["sha256"] == TRUSTCOR)
        .unwrap();
    for (entry, count) in [
        (format!("sha256 = {own}"), 1),
        (format!("sha256 = {:?}", TRUSTCOR.to_uppercase()), 1),
        (format!("sha256 = {}", root["spki_sha256"]), 1),
        ("name = \"*TrustCor*\"".to_owned(), roots.len()),
        ("name = \"CN=Corp*\"".to_owned(), 1),
        ("name = \"*TrustCor*\"\nplace = \"corp.pem\"".to_owned(), 0),
        ("place = \"old/\"".to_owned(), roots.len()),
        ("name = \"*rustcor*\"".to_owned(), 0),
    ] {
        let policy = format!("[[forbid]]\n{entry}\n");
        let (status, found, warnings) = case.findings(&policy, &["corp.pem", "old"]);
        let forbidden = found.iter().filter(|finding| finding[0] == "forbidden");
        assert_eq!(
            (forbidden.count(), status),
            (count, i32::from(count > 0)),
            "{entry}"
        );
        // Nothing of this name was ever in Mozilla's list, so that it may be a mistake.
        let is_doubtful = entry.contains("*rustcor*");
        assert_eq!(
            warnings.as_array().unwrap().len(),
            usize::from(is_doubtful),
            "{entry}"
        );
    }
}

#[test]
fn removed_roots_are_allowed_until_a_day() {
    let case = Case::new("policy-until");
    let list = ["--fail-on", "removed", "old/removed.pem"];
    let count = case.json(&list).1["places"][0]["roots"]
        .as_array()
        .unwrap()
        .len();
    let allow = |until: &str| {
        format!(
            "[[allow]]\nname = \"*TrustCor*\"\nplace = \"old/\"\nuntil = \"{until}\"\nreason = \"a printer\"\n"
        )
    };
    assert_eq!(case.scan(&list).status, 1);
    let (status, found, warnings) = case.findings(&allow(DAY), &list);
    assert_eq!((status, found.len(), warnings), (0, count, json!([])));
    assert!(
        found
            .iter()
            .all(|finding| finding[..2] == ["removed", "allowed"])
    );
    let ran = case.scan(&[&["--policy", "policy.toml"], &list[..]].concat());
    let line =
        "allowed until 2026-11-01: old/removed.pem: TrustCor RootCert CA-1 (removed): a printer\n";
    assert!(ran.out.contains(line), "{}", ran.out);
    assert!(
        ran.out.contains(&format!(", {count} allowed, 0 errors")),
        "{}",
        ran.out
    );

    let (status, found, warnings) = case.findings(&allow("2026-10-31"), &list);
    assert_eq!((status, found.len()), (1, count));
    assert!(found.iter().all(|finding| finding[1] == "new"));
    assert_eq!(
        warnings,
        json!(["policy.toml, line 1: `allow` ended on 2026-10-31: a printer"])
    );
    // An exception without a day is one to `forbid` alone.
    let forever = "[[allow]]\nname = \"*TrustCor*\"\n";
    assert_eq!(case.findings(forever, &list).0, 1);
    // Whoever makes a root gives it its name.
    case.0
        .file("false.pem", ca("TrustCor RootCert CA-1", |_| {}));
    let policy = format!(
        "[[forbid]]\n{}",
        allow(DAY).replace("place = \"old/\"\n", "")
    );
    let (status, found, _) = case.findings(&policy, &["false.pem"]);
    assert_eq!((status, found.len()), (1, 1));
}

#[test]
fn required_roots_have_to_be_in_each_place() {
    let case = Case::new("policy-require");
    let require = "[[require]]\nlist = \"corp.pem\"\nreason = \"the proxy\"\n";
    assert_eq!(case.findings(require, &["."]).0, 0);
    let missing = findings([["missing", "new", "-", "CN=Corp CA"]]);
    assert_eq!(
        case.findings(require, &["today.pem"]),
        (1, missing, json!([]))
    );
    let of_place = format!("{require}place = \"*.pem\"\n");
    let missing = findings([
        ["missing", "new", "./old/removed.pem", "CN=Corp CA"],
        ["missing", "new", "./today.pem", "CN=Corp CA"],
    ]);
    let (status, mut found, _) = case.findings(&of_place, &["."]);
    found.retain(|finding| finding[0] == "missing");
    assert_eq!((status, found), (1, missing));
    let ran = case.scan(&["--policy", "policy.toml", "today.pem"]);
    assert!(
        ran.out
            .contains("\nmissing: today.pem: CN=Corp CA: the proxy\n"),
        "{}",
        ran.out
    );
    // A mistake in the place is not silent.
    let (status, found, _) = case.findings(&format!("{require}place = \"*.crt\"\n"), &["corp.pem"]);
    assert_eq!((status, found.len()), (1, 1));
    for (entry, status) in [
        (format!("sha256 = \"{TRUSTCOR}\""), 0),
        ("name = \"*TrustCor*\"".to_owned(), 0),
        ("name = \"CN=Corp CA\"".to_owned(), 1),
        (format!("sha256 = \"{}\"", "00".repeat(32)), 1),
    ] {
        let policy = format!("[[require]]\n{entry}\n");
        assert_eq!(case.findings(&policy, &["."]).0, status, "{entry}");
    }
}

/// What an upper layer deletes is neither forbidden nor enough with `--effective`.
#[test]
fn policy_ignores_places_that_do_not_count() {
    let case = Case::new("policy-effective");
    let pem = std::fs::read(case.0.path().join("corp.pem")).unwrap();
    let lower = tar(&[("etc/corp.pem", &pem)]);
    let upper = tar(&[("etc/.wh.corp.pem", b"")]);
    let manifest = br#"[{"Layers":["a/layer.tar","b/layer.tar"]}]"#;
    let image = tar(&[
        ("manifest.json", manifest),
        ("a/layer.tar", &lower),
        ("b/layer.tar", &upper),
    ]);
    case.0.file("image.tar", image);
    for (policy, all, effective) in [
        ("[[forbid]]\n", 1, 0),
        ("[[require]]\nlist = \"corp.pem\"\n", 0, 1),
    ] {
        assert_eq!(case.findings(policy, &["image.tar"]).0, all, "{policy}");
        let (status, ..) = case.findings(policy, &["image.tar", "--effective"]);
        assert_eq!(status, effective, "{policy}");
    }
}

/// The private roots of a program that this project's build makes have no certificates.
#[test]
fn roots_without_certificates_are_judged_by_their_names_and_keys() {
    let case = Case::new("policy-anchors");
    let pem = std::fs::read(case.0.path().join("corp.pem")).unwrap();
    case.0.file("program", program_with_anchor(&pem));
    let (status, found, _) = case.findings("[[forbid]]\n", &["program"]);
    let expected = findings([["forbidden", "new", "program", "CN=Corp CA"]]);
    assert_eq!((status, found), (1, expected));
    let allowed = "[[forbid]]\n[[allow]]\nlist = \"corp.pem\"\n";
    assert_eq!(case.findings(allowed, &["program"]).0, 0);
    let required = "[[require]]\nlist = \"corp.pem\"\n";
    assert_eq!(case.findings(required, &["program"]).0, 0);
    for format in ["cyclonedx", "html", "sarif"] {
        let ran = case.scan(&["--policy", "policy.toml", "program", "--format", format]);
        assert_eq!(ran.out.contains("Corp CA"), format != "sarif", "{format}");
    }
}

/// What a program has of the CA of a company, as in `marked_anchors_of` of embedded-roots-bundle.
pub(crate) fn program_with_anchor(pem: &[u8]) -> Vec<u8> {
    let roots = parse("corp.pem", pem, PrivateKeys::Refuse).unwrap();
    let anchor = roots[0].trust_anchor();
    let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
    let length = |part: &[u8]| u16::try_from(part.len()).unwrap().to_be_bytes();
    let head = [ANCHOR_MARK, &length(subject), &length(key)].concat();
    [b"\x7fELF", &head[..], subject, key].concat()
}

#[test]
fn findings_of_an_earlier_report_do_not_count() {
    let case = Case::new("baseline");
    let fail = ["--fail-on", "removed", "."];
    let before = case.scan(&["--json", "."]).out;
    case.0.file("before.json", &before);
    let with = [&["--baseline", "before.json"], &fail[..]].concat();
    assert_eq!(case.scan(&fail).status, 1);
    let (status, value) = case.json(&with);
    let old = value["findings"].as_array().unwrap().clone();
    assert!(!old.is_empty() && old.iter().all(|finding| finding["state"] == "unchanged"));
    assert_eq!(status, 0);
    let ran = case.scan(&with);
    assert!(
        ran.out
            .contains(&format!(", {} in the baseline, 0 errors", old.len())),
        "{}",
        ran.out
    );
    // The same by another name of the folder, and what the new report says.
    let folder = case.0.path().to_str().unwrap();
    case.0.file(
        "after.json",
        case.scan(&[&with[..], &["--json"]].concat()).out,
    );
    for report in ["before.json", "after.json"] {
        let ran = case.scan(&["--baseline", report, "--fail-on", "removed", folder]);
        assert_eq!(ran.status, 0, "{report}: {}", ran.err);
    }
    // In another place, it is new.
    std::fs::copy(
        case.0.path().join("old/removed.pem"),
        case.0.path().join("new.pem"),
    )
    .unwrap();
    let (status, value) = case.json(&with);
    let findings = value["findings"].as_array().unwrap().iter();
    let new = findings.filter(|finding| finding["state"] == "new");
    assert!(new.clone().all(|finding| finding["place"] == "./new.pem"));
    assert_eq!((status, new.count()), (1, old.len()));

    for (content, why) in [
        (
            "{}",
            "before.json: not a report of scan --json: missing field",
        ),
        (
            &*run(&["list", "--json"]).out,
            "before.json: not a report of scan --json: ",
        ),
        (
            &before.replace("\"scan\"", "\"x\""),
            "before.json: not a report of scan --json\n",
        ),
    ] {
        case.0.file("before.json", content);
        let ran = case.scan(&with);
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

/// What was allowed and no longer is counts, though an earlier report has it.
#[test]
fn exceptions_that_end_are_not_kept_by_a_baseline() {
    let case = Case::new("baseline-allowed");
    let policy = |until: &str| {
        format!("[[allow]]\nname = \"*TrustCor*\"\nuntil = \"{until}\"\nreason = \"a printer\"\n")
    };
    let list = ["--fail-on", "removed", "old"];
    case.policy(&policy(DAY));
    let ran = case.scan(&[&["--policy", "policy.toml", "--json"], &list[..]].concat());
    assert_eq!(ran.status, 0);
    case.0.file("before.json", ran.out);
    let (status, found, _) = case.findings(
        &policy("2026-10-31"),
        &[&["--baseline", "before.json"], &list[..]].concat(),
    );
    assert_eq!(status, 1);
    assert!(!found.is_empty() && found.iter().all(|finding| finding[1] == "new"));
}

/// Else each image would have other findings than the one before.
#[test]
fn digests_in_names_do_not_change_finding_ids() {
    let case = Case::new("baseline-layers");
    let pem = std::fs::read(case.0.path().join("old/removed.pem")).unwrap();
    for (image, digest) in [
        ("1/image.tar", "ab".repeat(32)),
        ("2/image.tar", "cd".repeat(32)),
    ] {
        let layer = tar(&[("etc/ssl/cert.pem", &pem)]);
        case.0
            .file(image, tar(&[(&format!("blobs/sha256/{digest}"), &layer)]));
    }
    let ids = |folder: &str| {
        let path = case.0.path().join(folder);
        let here = |command: &mut Command| {
            command.current_dir(path);
        };
        let (_, value) = json_with(&["scan", "image.tar", "--policy", "../policy.toml"], here);
        let findings = value["findings"].as_array().unwrap().iter();
        let ids: Vec<Value> = findings.map(|finding| finding["id"].clone()).collect();
        ids
    };
    case.policy("");
    assert!(!ids("1").is_empty());
    assert_eq!(ids("1"), ids("2"));
}

#[test]
fn sarif_says_how_findings_count() {
    let case = Case::new("policy-sarif");
    case.policy(&format!(
        "[[forbid]]\nlist = \"corp.pem\"\n[[require]]\nsha256 = \"{}\"\n[[allow]]\nsha256 = \"{TRUSTCOR}\"\n\
         until = \"2027-01-01\"\nreason = \"a printer\"\n",
        "00".repeat(32)
    ));
    let arguments = ["--policy", "policy.toml", "."];
    case.0
        .file("before.json", case.scan(&["--json", "old"]).out);
    let sarif = |more: &[&str]| -> Value {
        let ran = case.scan(&[&arguments, more, &["--format", "sarif"]].concat());
        let log = serde_json::from_str(&ran.out).unwrap();
        let schema = serde_json::from_str(include_str!("sarif.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        if let Some(wrong) = validator.iter_errors(&log).next() {
            panic!("{wrong} at {}", wrong.instance_path());
        }
        log
    };
    let log = sarif(&["--baseline", "before.json"]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of_rule = |rule: &str| {
        let mut results = results.iter();
        results.find(|result| result["ruleId"] == rule).unwrap()
    };
    let forbidden = of_rule("forbidden-root");
    assert_eq!(
        forbidden["message"]["text"],
        "./corp.pem: Corp CA is forbidden by the policy"
    );
    assert_eq!(forbidden["baselineState"], "new");
    let missing = &of_rule("missing-root")["locations"][0]["physicalLocation"];
    assert_eq!(missing["artifactLocation"]["uri"], "policy.toml");
    let is_allowed = |result: &&Value| !result["suppressions"].is_null();
    let allowed: Vec<_> = results.iter().filter(is_allowed).collect();
    assert_eq!(allowed.len(), 1);
    let justification = &allowed[0]["suppressions"][0]["justification"];
    assert_eq!(justification, "a printer (until 2027-01-01)");
    assert_eq!(allowed[0]["partialFingerprints"]["sha256/v1"], TRUSTCOR);
    assert_eq!(allowed[0]["baselineState"], "unchanged");
    let (_, value) = case.json(&arguments);
    let ids = value["findings"].as_array().unwrap().iter();
    let ids: Vec<&Value> = ids.map(|finding| &finding["id"]).collect();
    let listed = results.iter();
    let mut listed = listed.map(|result| &result["partialFingerprints"]["finding/v1"]);
    assert!(listed.all(|id| ids.contains(&id)));
    assert_eq!(results.len(), ids.len());
    // Without a baseline, nothing is new.
    assert!(!sarif(&[]).to_string().contains("baselineState"));
}
