//! `scan --format cyclonedx`.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use serde_json::{Value, json};
use zip::ZipArchive;

use crate::archive::tar;
use crate::command::{Folder, ca, run};
use crate::policy::program_with_anchor;

/// A folder with roots of several kinds, twice, and with what is not read.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    let old = run(&["list", "mozilla@2022-01-01", "--pem"]).out;
    folder.file("old.pem", &old);
    folder.file("image.tar", tar(&[("etc/ssl/cert.pem", old.as_bytes())]));
    folder.file("own \"<.pem", ca("Own \u{202e}CA", |_| {}));
    let anchor = ca("Corp CA", |_| {});
    folder.file("program", program_with_anchor(anchor.as_bytes()));
    folder
}

fn document(folder: &Folder) -> Value {
    let path = folder.path().to_str().unwrap();
    let ran = run(&["scan", "--format", "cyclonedx", path]);
    serde_json::from_str(&ran.out).unwrap()
}

fn components<'a>(document: &'a Value, kind: &str) -> Vec<&'a Value> {
    let components = document["components"].as_array().unwrap().iter();
    let of_kind = components.filter(|one| one["cryptoProperties"]["assetType"] == kind);
    of_kind.collect()
}

#[test]
fn each_certificate_is_a_component_with_its_places() {
    let folder = folder("cyclonedx");
    let document = document(&folder);
    let certificates = components(&document, "certificate");
    let path = folder.path().to_str().unwrap();
    let report: Value = serde_json::from_str(&run(&["scan", "--json", path]).out).unwrap();
    let roots = report["places"][0]["roots"].as_array().unwrap();
    assert_eq!(certificates.len(), roots.len() + 1);
    let mut removed = 0;
    for root in roots {
        let of_root = |one: &&&Value| one["hashes"][0]["content"] == root["sha256"];
        let component = certificates.iter().find(of_root).unwrap();
        let about = &component["cryptoProperties"]["certificateProperties"];
        assert_eq!(about["subjectName"], root["subject"]);
        let occurrences = component["evidence"]["occurrences"]
            .as_array()
            .unwrap()
            .iter();
        let places: Vec<_> = occurrences.map(|one| &one["location"]).collect();
        assert_eq!(
            places,
            [&report["places"][0]["place"], &report["places"][1]["place"]]
        );
        let names = component["properties"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|one| one["name"].as_str().unwrap()).collect();
        let expected: &[&str] = if !root["compromised"].is_null() {
            &["embedded-roots:compromised"]
        } else if !root["removed"].is_null() {
            &["embedded-roots:removed"]
        } else {
            &[]
        };
        assert_eq!(names, expected);
        removed += expected.len();
        // What is referred to is there.
        for (reference, kind) in [
            ("signatureAlgorithmRef", "algorithm"),
            ("subjectPublicKeyRef", "related-crypto-material"),
        ] {
            let all = components(&document, kind);
            assert!(
                all.iter().any(|one| one["bom-ref"] == about[reference]),
                "{reference}"
            );
        }
    }
    assert!(removed > 10);
    let keys = components(&document, "related-crypto-material");
    let anchor = keys.iter().find(|key| key["name"] == "Corp CA").unwrap();
    let place = &anchor["evidence"]["occurrences"][0]["location"];
    assert!(place.as_str().unwrap().ends_with("program"));
    assert_eq!(
        document["compositions"],
        json!([{ "aggregate": "complete" }])
    );
}

#[test]
fn document_depends_on_what_is_found_alone() {
    let folder = folder("cyclonedx-same");
    let first = document(&folder);
    assert_eq!(first, document(&folder));
    let path = folder.path().to_str().unwrap();
    let later = [
        "scan",
        "--format",
        "cyclonedx",
        path,
        "--today",
        "2031-01-01",
    ];
    assert_eq!(
        first,
        serde_json::from_str::<Value>(&run(&later).out).unwrap()
    );
    folder.file("roots.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    let other = document(&folder);
    assert_ne!(first["serialNumber"], other["serialNumber"]);
    // An inventory says what it lacks.
    assert_eq!(
        other["compositions"],
        json!([{ "aggregate": "incomplete" }])
    );
    assert!(
        other["metadata"]["properties"]
            .to_string()
            .contains("roots.7z (7z)")
    );
}

#[test]
#[ignore = "needs pip and the package index"]
fn cyclonedx_is_valid_by_the_official_schema() {
    let folder = folder("cyclonedx-schema");
    let download = Folder::new("cyclonedx-library");
    let mut pip = Command::new("pip");
    pip.args(["download", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    pip.args(["cyclonedx-python-lib==11.12.0", "--dest"])
        .arg(download.path());
    assert!(pip.status().unwrap().success());
    let wheel = std::fs::read_dir(download.path()).unwrap().next().unwrap();
    let mut wheel = ZipArchive::new(File::open(wheel.unwrap().path()).unwrap()).unwrap();
    let mut schema = |name: &str| -> Value {
        let name = format!("cyclonedx/schema/_res/{name}.SNAPSHOT.schema.json");
        let mut text = String::new();
        wheel
            .by_name(&name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let whole = schema("bom-1.6");
    let parts = ["spdx", "jsf-0.82"].map(|name| {
        let address = format!("http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json");
        (address, schema(name))
    });
    let mut registry = jsonschema::Registry::new();
    for (address, part) in parts {
        registry = registry.add(address, part).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.with_registry(&registry).build(&whole).unwrap();

    folder.file("roots.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    let mut document = document(&folder);
    if let Some(wrong) = validator.iter_errors(&document).next() {
        panic!("{wrong} at {}", wrong.instance_path());
    }
    assert!(components(&document, "certificate").len() > 100);
    // Negative control.
    document["components"][0]["cryptoProperties"]["certificateProperties"]["notValidAfter"] =
        "2030".into();
    assert!(!validator.is_valid(&document));
}
