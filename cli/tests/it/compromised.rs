//! Compromised roots and certificates, in each command but `explain`.

use std::iter;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{PrivateKeys, parse, parse_distrusted_keys};
use embedded_roots_testing::authority::{PublicKey, ca_params, root};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use serde_json::{Value, json};

use crate::archive::{gzip, tar, zip};
use crate::command::{Folder, ca, json as scanned, run};

const AAA: &str = "Subject: CN=AAA Certificate Services";
const ECC_G3: &str = "Subject: CN=emSign ECC Root CA - G3";
const ECC_C3: &str = "Subject: CN=emSign ECC Root CA - C3";
const IDS: [&str; 3] = [
    "CVE-2026-111943",
    "GHSA-6q48-6c7w-9gw2",
    "RUSTSEC-2026-0382",
];

/// The keys whose private keys are public.
fn public_keys() -> Vec<SubjectPublicKeyInfoDer<'static>> {
    let pem = include_bytes!("../../data/public-keys.pem");
    let keys = SubjectPublicKeyInfoDer::pem_slice_iter(pem);
    keys.map(Result::unwrap).collect()
}

/// A certificate of this key by a private CA.
fn certificate(name: &str, key: &[u8]) -> rcgen::Certificate {
    let ca = root("A CA");
    ca_params(name).signed_by(&PublicKey(key), &ca).unwrap()
}

/// The roots of an old list with these subjects, as annotated PEM.
fn roots(subjects: &[&str]) -> String {
    let list = run(&["list", "mozilla@2024-07-01", "--pem"]).out;
    let blocks = list.split_inclusive("-----END CERTIFICATE-----\n");
    let named = |block: &&str| subjects.iter().any(|subject| block.contains(subject));
    let roots: Vec<&str> = blocks.filter(named).collect();
    assert_eq!(roots.len(), subjects.len());
    roots.concat()
}

/// The exit statuses with `--fail-on removed` and `--fail-on compromised`.
fn statuses(file: &str) -> [i32; 2] {
    let status = |what| run(&["scan", file, "--fail-on", what]).status;
    [status("removed"), status("compromised")]
}

#[track_caller]
fn has_ids(text: &str) {
    for id in IDS {
        assert!(text.contains(id), "{id} is not in {text}");
    }
}

#[test]
fn roots_that_lead_to_public_keys_are_found_in_each_form() {
    let folder = Folder::new("compromised-roots");
    let pem = roots(&[AAA, ECC_G3]);
    let parsed = parse("roots", pem.as_bytes(), PrivateKeys::Refuse).unwrap();
    let der: Vec<u8> = parsed
        .iter()
        .flat_map(|root| root.certificate().to_vec())
        .collect();
    let keys: Vec<u8> = parsed
        .iter()
        .flat_map(|root| [&root.trust_anchor().subject_public_key_info[..], &[0; 64]].concat())
        .collect();
    for (name, content) in [
        ("roots.pem", pem.clone().into_bytes()),
        ("roots.der", der),
        ("program", keys),
        (
            "layer.tar",
            gzip(&tar(&[("etc/ssl/cert.pem", pem.as_bytes())])),
        ),
    ] {
        let file = folder.file(name, content);
        assert_eq!(statuses(&file), [1, 1], "{name}");
        let (status, value) = scanned(&["scan", &file]);
        assert_eq!(status, 0);
        let roots = value["places"][0]["roots"].as_array().unwrap();
        assert_eq!(roots.len(), 2, "{name}");
        for root in roots {
            let compromised = &root["compromised"];
            assert_eq!(compromised["advisories"], json!(IDS));
            assert_eq!(compromised["is_own_key"], false);
            assert!(!root["removed"].is_null(), "{root}");
        }
        let out = run(&["scan", &file]).out;
        assert!(out.contains("  2 compromised roots, since:\n"), "{out}");
        assert!(
            out.contains("2 compromised, 0 other roots that Mozilla removed"),
            "{out}"
        );
        has_ids(&out);
    }
}

/// A root that left the list together with a compromised one is removed, and no more is known.
#[test]
fn roots_that_are_only_removed_are_not_compromised() {
    let folder = Folder::new("compromised-not");
    let file = folder.file("removed.pem", roots(&[ECC_C3]));
    assert_eq!(statuses(&file), [1, 0]);
    let (_, value) = scanned(&["scan", &file]);
    let root = &value["places"][0]["roots"][0];
    assert_eq!(root["compromised"], Value::Null);
    let reason = root["removed"]["reason"].as_str().unwrap();
    assert!(reason.contains("emSign ECC Root CA - G3"), "{reason}");
    let good = folder.file("good.pem", ca("Good", |_| {}));
    assert_eq!(statuses(&good), [0, 0]);
}

#[test]
fn certificates_with_public_keys_are_found() {
    let folder = Folder::new("compromised-certificates");
    let listed = embedded_roots_mozilla::DISTRUSTED_KEYS.as_bytes();
    let listed = parse_distrusted_keys("keys", listed).unwrap();
    let keys = public_keys();
    assert_eq!(keys.len(), listed.len());
    let certificates: Vec<_> = listed
        .iter()
        .map(|listed| {
            let mut keys = keys.iter();
            let key = keys.find(|key| sha256(key) == listed.sha256).unwrap();
            certificate(&listed.name, key)
        })
        .collect();
    let der: Vec<u8> = certificates
        .iter()
        .flat_map(|it| it.der().to_vec())
        .collect();
    let pem: String = certificates.iter().map(rcgen::Certificate::pem).collect();
    for (form, content) in [("der", der), ("pem", pem.into_bytes())] {
        let file = folder.file(form, content);
        let (_, value) = scanned(&["scan", &file]);
        let found = value["places"][0]["compromised"].as_array().unwrap();
        assert_eq!(found.len(), listed.len());
        let out = run(&["scan", &file]).out;
        for (listed, certificate) in listed.iter().zip(&certificates) {
            let digest = hex(&sha256(certificate.der()));
            let found = found
                .iter()
                .find(|found| found["sha256"] == digest)
                .unwrap();
            assert_eq!(found["spki_sha256"], hex(&listed.sha256));
            assert_eq!(found["forms"], json!([form]));
            assert_eq!(found["issuer"], "CN=A CA");
            let why = &found["compromised"];
            let ids: Vec<&str> = listed.advisories.split(',').collect();
            assert_eq!(why["advisories"], json!(ids));
            assert_eq!(
                (&why["is_own_key"], &why["since"]),
                (&true.into(), &json!(listed.date))
            );
            let shown = format!("    {}  {}\n", listed.date, listed.name);
            assert!(out.contains(&shown), "{out}");
        }
        has_ids(&out);
    }
}

#[test]
fn compromised_certificate_is_found_wherever_it_is() {
    let folder = Folder::new("compromised-places");
    let certificate = certificate("EM DV TLS CA - G3B", &public_keys()[0]);
    let (der, pem) = (certificate.der(), certificate.pem());
    // The head of a Java key store; what is between does not matter to a search.
    let store = [b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01", &der[..]].concat();
    let chain = ca("Unrelated", |_| {}) + &pem;
    let layer = tar(&[("srv/ca.der", der)]);
    let image = tar(&[("blobs/layer", &gzip(&layer))]);
    for (name, content, place) in [
        ("chain.pem", chain.into_bytes(), ""),
        ("store.jks", store, ""),
        ("client.jar", zip("ca.pem", pem.as_bytes()), "!ca.pem"),
        ("image.tar", image, "!blobs/layer!srv/ca.der"),
    ] {
        let file = folder.file(name, content);
        assert_eq!(statuses(&file), [1, 1], "{name}");
        let (_, value) = scanned(&["scan", &file]);
        let found = &value["places"][0];
        assert_eq!(found["place"], format!("{file}{place}"));
        assert_eq!(found["key_store"] == "JKS", name.ends_with("jks"));
        assert_eq!(found["compromised"].as_array().unwrap().len(), 1, "{name}");
    }
}

/// As programs with a new rustls-webpki or Go hold them, and requests for certificates.
#[test]
fn public_keys_alone_are_no_findings() {
    let folder = Folder::new("compromised-keys");
    let keys = public_keys();
    let list: Vec<u8> = keys
        .iter()
        .flat_map(|key| [&key[..], b"-"].concat())
        .collect();
    let contents: Vec<u8> = keys.iter().flat_map(|key| key[2..].to_vec()).collect();
    let pem = include_bytes!("../../data/public-keys.pem");
    for (name, content) in [
        ("list.der", &list[..]),
        ("contents", &contents),
        ("keys.pem", pem),
    ] {
        let file = folder.file(name, content);
        assert_eq!(statuses(&file), [0, 0], "{name}");
        let (_, value) = scanned(&["scan", &file]);
        assert_eq!(value["places"], json!([]), "{name}");
    }
}

/// What another CA has issued for a compromised root leads to the same keys.
#[test]
fn cross_certificate_of_compromised_root_is_found() {
    let folder = Folder::new("compromised-cross");
    let pem = roots(&[ECC_G3]);
    let root = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = embedded_roots_bundle::subject_public_key_info(&root).unwrap();
    let cross = certificate("emSign ECC Root CA - G3", key);
    let file = folder.file("cross.der", cross.der());
    assert_eq!(statuses(&file), [1, 1]);
    let (_, value) = scanned(&["scan", &file]);
    let place = &value["places"][0];
    assert_eq!(place["roots"], json!([]));
    assert_eq!(place["compromised"][0]["compromised"]["is_own_key"], false);
    let summary = "1 place with roots or compromised certificates, 1 compromised";
    assert!(run(&["scan", &file]).out.contains(summary));
}

#[test]
fn sarif_has_compromised_as_errors() {
    let folder = Folder::new("compromised-sarif");
    let intermediate = certificate("EM DV TLS CA - G3B", &public_keys()[0]).pem();
    let file = folder.file("mixed.pem", roots(&[AAA, ECC_C3]) + &intermediate);
    let ran = run(&[
        "scan",
        "--format",
        "sarif",
        "--fail-on",
        "compromised",
        &file,
    ]);
    assert_eq!(ran.status, 1);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let schema = serde_json::from_str(include_str!("sarif.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Some(wrong) = validator.iter_errors(&log).next() {
        panic!("{wrong} at {}", wrong.instance_path());
    }
    let results = log["runs"][0]["results"].as_array().unwrap();
    let levels: Vec<_> = results
        .iter()
        .map(|result| {
            (
                result["ruleId"].as_str().unwrap(),
                result["level"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("compromised", "error"),
        ("compromised", "error"),
        ("removed-root", "warning"),
    ];
    assert_eq!(levels, expected);
    for result in &results[..2] {
        has_ids(result["message"]["text"].as_str().unwrap());
        assert_eq!(result["properties"]["tags"], json!(IDS));
    }
}

#[test]
fn list_and_diff_show_what_is_compromised() {
    let folder = Folder::new("compromised-list");
    let old = folder.file("old.pem", roots(&[AAA, ECC_C3]));
    let new = folder.file("new.pem", roots(&[ECC_C3]));
    let (_, value) = scanned(&["list", &old]);
    let listed = value["roots"].as_array().unwrap().iter();
    let compromised = listed.map(|root| !root["compromised"].is_null());
    assert_eq!(compromised.collect::<Vec<_>>(), [true, false]);
    let remark = format!("compromised: {}; removed by Mozilla", IDS.join(", "));
    assert!(run(&["list", &old]).out.contains(&remark));

    for (sides, member, sign) in [([&old, &new], "went", "- "), ([&new, &old], "came", "+ ")] {
        let (status, value) = scanned(&["diff", sides[0], sides[1]]);
        assert_eq!(status, 1);
        assert_eq!(value[member][0]["compromised"]["advisories"], json!(IDS));
        let out = run(&["diff", sides[0], sides[1]]).out;
        let line = out.lines().next().unwrap();
        assert!(line.starts_with(sign), "{line}");
        assert!(
            line.contains(&format!("(compromised: {})", IDS.join(", "))),
            "{line}"
        );
    }
}

#[test]
fn check_warns_of_roots_and_refuses_public_keys() {
    let folder = Folder::new("compromised-check");
    let root = folder.file("root.pem", roots(&[AAA]));
    let (status, value) = scanned(&["check", &root]);
    assert_eq!((status, &value["errors"]), (1, &json!([])));
    let warning = &value["warnings"][0];
    assert_eq!(warning["kind"], "compromised");
    has_ids(warning["text"].as_str().unwrap());

    // It does not compile.
    let key = &public_keys()[0];
    let file = folder.file("ca.pem", certificate("EM DV TLS CA - G3B", key).pem());
    let (status, value) = scanned(&["check", &file]);
    assert_eq!(status, 2);
    let error = value["errors"][0].as_str().unwrap();
    assert!(
        error.contains("line 1") && error.contains("distrusted since 2026-10-18"),
        "{error}"
    );
    assert_eq!(value["warnings"][0]["kind"], "compromised");
}

/// What a program with rustls' verifier holds; tests/scan.rs has real ones.
#[test]
fn programs_without_public_keys_have_an_older_verifier() {
    let folder = Folder::new("compromised-verifier");
    let anchors = parse("roots", roots(&[ECC_C3]).as_bytes(), PrivateKeys::Refuse).unwrap();
    let anchor: &[u8] = &anchors[0].trust_anchor().subject_public_key_info;
    let certificate: &[u8] = anchors[0].certificate();
    let webpki = b"NameConstraintViolationPathLenConstraintViolatedUnknownIssuer";
    let key = &public_keys()[3];
    for (name, parts, refuses) in [
        ("older", &[anchor, webpki][..], json!(false)),
        ("newer", &[anchor, webpki, key], json!(true)),
        ("reverse", &[key, webpki, anchor], json!(true)),
        ("other", &[anchor], Value::Null),
        ("certificates", &[certificate, webpki], Value::Null),
    ] {
        let between = [0; 100];
        let content: Vec<&[u8]> = iter::once(&b"\x7fELF"[..])
            .chain(parts.iter().copied())
            .collect();
        let file = folder.file(name, content.join(&between[..]));
        let (_, value) = scanned(&["scan", &file]);
        assert_eq!(value["places"][0]["refuses_public_keys"], refuses, "{name}");
        let is_older = refuses == json!(false);
        let ran = run(&["scan", "--fail-on", "compromised", &file]);
        let remark = "  linked with a rustls-webpki before 0.103.16, ";
        assert_eq!(
            (ran.status, ran.out.contains(remark)),
            (0, is_older),
            "{name}"
        );
        let sarif = run(&["scan", "--format", "sarif", &file]).out;
        let log: Value = serde_json::from_str(&sarif).unwrap();
        let mut results = log["runs"][0]["results"].as_array().unwrap().iter();
        let note = results.find(|result| result["ruleId"] == "older-verifier");
        assert_eq!(
            note.map(|note| &note["level"]),
            is_older.then_some(&json!("note")),
            "{name}"
        );
    }
}
