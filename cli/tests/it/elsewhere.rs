//! `check --for`: what other programs make of a file, by measurement.

use embedded_roots::mozilla;
use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_testing::authority::{P521, certificate_with, intermediate, root};
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use serde_json::Value;

use crate::command::{Folder, ca, ca_of, json, run};

/// What a program makes of a file: the sentence with its place.
#[track_caller]
fn told(pem: impl AsRef<[u8]>, program: &str) -> Vec<String> {
    let folder = Folder::new("elsewhere");
    let file = folder.file("ca.pem", pem);
    let ran = run(&["check", &file, "--for", program]);
    let lines = ran.out.lines().filter_map(|line| {
        let told = line.strip_prefix("elsewhere: ")?;
        Some(told.strip_prefix(&*file).unwrap().to_owned())
    });
    lines.collect()
}

#[track_caller]
fn warnings(pem: impl AsRef<[u8]>, kind: &str) -> Vec<String> {
    let folder = Folder::new("elsewhere-warning");
    let file = folder.file("ca.pem", pem);
    let (_, value) = json(&["check", &file]);
    let warnings = value["warnings"].as_array().unwrap().iter();
    let of_kind = warnings.filter(|warning| warning["kind"] == kind);
    of_kind
        .map(|warning| warning["text"].as_str().unwrap().to_owned())
        .collect()
}

/// A root with all that strict verifiers ask for.
fn strict(name: &str) -> String {
    ca(name, |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    })
}

#[test]
fn each_program_has_its_reason_in_one_line() {
    let without = ca("CA", |params| params.key_usages.clear());
    assert_eq!(
        told(&without, "python"),
        [
            ", line 1: CN=CA: Python 3.13 and later refuse it: no key usage (\"CA cert does not include key usage extension\")"
        ]
    );
    for accepts in ["go", "java", "curl,node", "rustls"] {
        assert_eq!(told(&without, accepts), Vec::<String>::new(), "{accepts}");
    }
    assert_eq!(
        told(strict("CA"), "python,openssl,go,java"),
        Vec::<String>::new()
    );
    // One version alone.
    assert_eq!(told(&without, "python-3.11").len(), 0);
    assert_eq!(told(&without, "Python-3.13").len(), 1);

    let marked = ["\u{feff}", &strict("One"), &strict("Two")].concat();
    assert_eq!(
        told(&marked, "go"),
        [", line 1: Go loses roots silently: a byte order mark before the first certificate"]
    );
}

#[test]
fn programs_are_findings_and_in_json() {
    let folder = Folder::new("elsewhere-json");
    let file = folder.file("ca.pem", ca("CA", |params| params.key_usages.clear()));
    let (status, value) = json(&["check", &file, "--for", "all"]);
    assert_eq!(status, 1);
    let programs = value["programs"].as_array().unwrap();
    let python = programs
        .iter()
        .find(|opinion| opinion["program"] == "Python")
        .unwrap();
    assert_eq!(python["effect"], "refuses-root");
    assert_eq!(python["shape"], "no-key-usage");
    assert_eq!(python["versions"], serde_json::json!(["3.13 and later"]));
    assert_eq!(
        (&python["line"], &python["subject"]),
        (&Value::from(1), &Value::from("CN=CA"))
    );

    let clean = folder.file("clean.pem", strict("CA"));
    let (status, value) = json(&["check", &clean, "--for", "openssl,python,go,java"]);
    assert_eq!((status, &value["programs"]), (0, &serde_json::json!([])));
}

#[test]
fn unknown_program_is_an_error_that_names_those_that_are_known() {
    let folder = Folder::new("elsewhere-unknown");
    let file = folder.file("ca.pem", strict("CA"));
    let ran = run(&["check", &file, "--for", "go,pyhton"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err
            .contains("unknown program \"pyhton\": expected all, ")
            && ran.err.contains("Python, "),
        "{}",
        ran.err
    );
}

/// Without `--for`.
#[test]
fn roots_that_common_programs_refuse_or_lose_are_warnings() {
    let issuer = root("The root");
    let alone = intermediate("The issuing CA", &issuer).pem();
    assert_eq!(
        warnings(&alone, "other-programs"),
        ["OpenSSL, Python and Node refuse it: an issuing CA without its root"]
    );
    let with_root = [alone, issuer.pem()].concat();
    assert_eq!(warnings(&with_root, "other-programs"), Vec::<String>::new());

    let any = ca("Any", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    });
    let text = "OpenSSL, curl, Python and Node refuse it: an extended key usage of anyExtendedKeyUsage alone";
    assert_eq!(warnings(any, "other-programs"), [text]);

    let silent = ca("Silent", |params| params.is_ca = IsCa::NoCa);
    let [text] = &warnings(&silent, "other-programs")[..] else {
        panic!("no warning");
    };
    assert!(
        text.ends_with("refuse it: no basic constraints")
            || text.ends_with("neither basic constraints nor key usage"),
        "{text}"
    );

    let later = ca("Later", |params| {
        params.not_before = date_time_ymd(2090, 1, 1);
    });
    assert!(
        warnings(later, "other-programs")[0].ends_with("refuse it: a validity that has not begun")
    );

    let blank = strict("CA").replace('\n', "\n\n");
    let text = "OpenSSL, curl, Python and Node refuse the file or lose roots of it: blank lines within the base64";
    assert_eq!(warnings(blank, "other-programs"), [text]);

    // A file can be written in another way, so that one program is enough.
    let marked = ["\u{feff}", &strict("One"), &strict("Two")].concat();
    let text = "Go and Java refuse the file or lose roots of it: a byte order mark before the first certificate";
    assert_eq!(warnings(marked, "other-programs"), [text]);
    let ruled = format!("{}----- corp -----\n{}", strict("One"), strict("Two"));
    let text = "Java refuses the file or loses roots of it: five hyphens in a row in a comment";
    assert_eq!(warnings(ruled, "other-programs"), [text]);
    // Of a root, three are.
    let without = ca("CA", |params| params.key_usages.clear());
    assert_eq!(warnings(without, "other-programs"), Vec::<String>::new());
}

#[test]
fn copies_and_roots_of_one_name_are_judged_together() {
    let key = KeyPair::generate().unwrap();
    let copy = |end| {
        ca_of(&key, "Renewed", |params| {
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(end, 1, 1);
        })
    };
    let (expired, renewed) = (copy(2020), copy(2090));
    let of_bundle = |pem: &str| told(pem, "grpc").join("\n");
    let wrong = of_bundle(&[&*expired, &renewed].concat());
    assert!(
        wrong.contains(
            "gRPC 1.85 refuses some servers below it: an expired copy that stands before it"
        ),
        "{wrong}"
    );
    let right = of_bundle(&[&*renewed, &expired].concat());
    assert!(!right.contains("some servers"), "{right}");

    let two = [strict("One name"), strict("One name")].concat();
    let [text] = &warnings(&two, "other-programs")[..] else {
        panic!("no warning");
    };
    assert!(
        text.starts_with(
            "OpenSSL, curl, Python and Node refuse some servers below it: two roots of one name"
        ),
        "{text}"
    );
    // Told once, of the second.
    let of_node = told(&two, "node");
    let servers = of_node.iter().filter(|line| line.contains("some servers"));
    assert_eq!(servers.count(), 1, "{of_node:?}");
}

#[test]
fn roots_that_rustls_cannot_use_are_warnings() {
    let pem = certificate_with(mozilla::annotated_pem(), P521);
    assert_eq!(
        warnings(pem, "unusable"),
        ["has a key of the type P-521, which the crypto provider ring cannot use; aws-lc-rs can"]
    );
    let within = ca("Within", |params| {
        let name = rcgen::GeneralSubtree::DirectoryName(rcgen::DistinguishedName::new());
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![name],
            excluded_subtrees: Vec::new(),
        });
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    assert_eq!(
        warnings(within, "unusable"),
        ["has name constraints of a kind that rustls does not implement: directoryName"]
    );
    assert_eq!(warnings(strict("CA"), "unusable"), Vec::<String>::new());
}

/// As Kubernetes makes its own: it is a CA for all, and a server for those who ask for one.
#[test]
fn ca_with_the_names_of_a_server_is_seen_as_both() {
    let named = ca("kubernetes", |params| {
        let name = "kubernetes".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(name)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    });
    let go = told(&named, "go");
    let refused = go
        .iter()
        .any(|line| line.contains("it: an extended key usage without serverAuth"));
    assert!(refused, "{go:?}");
    let rustls = told(&named, "rustls").join("\n");
    assert!(
        rustls.contains("refuses it for a server") || rustls.contains("refuse it for a server"),
        "{rustls}"
    );
}

#[test]
fn issuer_of_an_issuing_ca_is_known_by_its_key() {
    let issuer = root("The root");
    let alone = intermediate("The issuing CA", &issuer).pem();
    let namesake = [alone.as_str(), &root("The root").pem()].concat();
    let texts = warnings(namesake, "other-programs");
    assert_eq!(
        texts,
        ["OpenSSL, Python and Node refuse it: an issuing CA without its root"]
    );
}

/// That is an error of a build, and no reason to say nothing of others.
#[test]
fn certificates_that_do_not_compile_are_judged_too() {
    let server = ca("A server", |params| {
        params.is_ca = IsCa::ExplicitNoCa;
        let name = "server.example".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(name)];
    });
    let of_nss = told(&server, "nss").join("\n");
    assert!(
        of_nss.contains("a server's own certificate with CA false"),
        "{of_nss}"
    );
}

#[test]
fn program_names_ignore_case_and_blanks() {
    let marked = ["\u{feff}", &strict("One"), &strict("Two")].concat();
    let go = told(&marked, "go").len();
    assert_eq!(go, 1);
    for names in ["go,", " GO ", "go, python-3.13", "go-1.27"] {
        assert_eq!(told(&marked, names).len(), go, "{names}");
    }
    // A version of a verifier comes with what its program reads with.
    let old = strict("CA").replace('\n', "\r");
    assert_eq!(told(&old, "python-3.13").len(), 1);
    // Readers of one certificate are meant by their ids, or where a program has no other.
    let two = [strict("One"), strict("Two")].concat();
    assert_eq!(told(&two, "openssl,node,all"), Vec::<String>::new());
    assert_eq!(told(&two, "openssl-3.0-x509").len(), 1);
    assert_eq!(told(&two, "php").len(), 1);

    let folder = Folder::new("elsewhere-version");
    let file = folder.file("ca.pem", strict("CA"));
    let ran = run(&["check", &file, "--for", "python-2.7"]);
    assert!(
        ran.err.contains("expected all, python-3.11, python-3.13"),
        "{}",
        ran.err
    );
}

#[test]
fn warnings_are_printed_with_and_without_for() {
    let folder = Folder::new("elsewhere-warnings");
    let alone = intermediate("The issuing CA", &root("The root")).pem();
    let file = folder.file("ca.pem", alone);
    let (status, value) = json(&["check", &file, "--for", "go"]);
    assert_eq!(
        (status, value["programs"].as_array().unwrap().len()),
        (1, 0)
    );
    assert_eq!(value["warnings"][0]["kind"], "other-programs");
}

/// Against the part of the schema that is used.
#[test]
fn sarif_of_check_is_valid_and_has_the_lines() {
    let folder = Folder::new("elsewhere-sarif");
    let file = folder.file(
        "a file.pem",
        [strict("One"), ca("Two", |params| params.key_usages.clear())].concat(),
    );
    let ran = run(&["check", &file, "--for", "python", "--format", "sarif"]);
    assert_eq!(ran.status, 1);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let schema = serde_json::from_str(include_str!("sarif.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Some(wrong) = validator.iter_errors(&log).next() {
        panic!("{wrong} at {}", wrong.instance_path());
    }
    let [result] = &log["runs"][0]["results"].as_array().unwrap()[..] else {
        panic!("{log}");
    };
    assert_eq!(result["ruleId"], "other-programs");
    let place = &result["locations"][0]["physicalLocation"];
    let line = strict("One").lines().count() + 1;
    assert_eq!(place["region"]["startLine"], line);
    assert!(
        place["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("a%20file.pem")
    );

    // What does not compile is a result, too.
    let half = folder.file("half.pem", "-----BEGIN CERTIFICATE-----\n");
    let ran = run(&["check", &half, "--format", "sarif"]);
    assert_eq!(ran.status, 2);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["level"], "error");
}

/// The list that most programs start with.
#[test]
fn mozillas_list_is_read_by_all_common_programs() {
    let folder = Folder::new("elsewhere-mozilla");
    let pem: String = mozilla::certificates()
        .iter()
        .map(|der| certificate_to_pem(der))
        .collect();
    let file = folder.file("ca.pem", pem);
    let (_, value) = json(&["check", &file]);
    let mut warnings = value["warnings"].as_array().unwrap().iter();
    let other = warnings.find(|warning| warning["kind"] == "other-programs");
    assert!(other.is_none(), "{other:?}");
}
