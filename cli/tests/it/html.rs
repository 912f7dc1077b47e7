//! `scan --format html`.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};

use crate::archive::{gzip, tar, zip};
use crate::command::{Folder, ca, run, run_with};

/// Names that would be something else in HTML.
const HOSTILE: &str = "<script>alert(1)</script>\"'&lt;<img src=x onerror=alert(2)>\u{202e}";

/// An image of two layers, the upper one with lists of several days.
fn image() -> Vec<u8> {
    let list = |day: &str| run(&["list", &format!("mozilla@{day}"), "--pem"]).out;
    let base = list("2026-09-01");
    let base = tar(&[("etc/ssl/certs/ca-certificates.crt", base.as_bytes())]);
    let jar = zip("roots.pem", list("2020-03-01").as_bytes());
    let python = list("2024-07-01");
    let own = run(&["list", "mozilla", "--pem"]).out + &ca("Example Corp Root", |_| {});
    let app = tar(&[
        ("srv/lib/client.jar", &jar),
        ("srv/lib/certifi/cacert.pem", python.as_bytes()),
        ("srv/roots.pem", own.as_bytes()),
    ]);
    tar(&[("base.tar.gz", &gzip(&base)), ("app.tar.gz", &gzip(&app))])
}

fn hostile() -> Vec<u8> {
    let pem = ca(HOSTILE, |_| {});
    tar(&[(HOSTILE, pem.as_bytes()), ("a/b", pem.as_bytes())])
}

/// The page about the files of a folder.
fn page(folder: &Folder, arguments: &[&str]) -> String {
    let all = ["scan", "--format", "html", "--today", "2026-11-01"];
    let ran = run_with(&[&all, arguments].concat(), |command| {
        command.current_dir(folder.path());
    });
    assert_eq!(ran.err, "");
    ran.out
}

#[test]
fn page_is_complete_without_anything_from_elsewhere() {
    let folder = Folder::new("html");
    folder.file("image.tar", image());
    let page = page(&folder, &["image.tar"]);
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
    let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"";
    assert!(page.contains(policy));
    for foreign in [
        "<script", " src=", "http:", "https:", "url(", "@import", "<a ",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for text in [
        "<h3>image.tar › app.tar.gz › srv/lib/client.jar</h3>",
        "<dt>places with roots</dt><dd class=\"\">4</dd>",
        "<th scope=\"row\" title=\"CN=Example Corp Root\">Example Corp Root<br>",
        "not in Mozilla&#39;s list since 2015",
        "removed before 2026-01-04: repeated compliance incidents at Entrust",
        "compromised since 2026-10-18: ",
        "<title>most like Mozilla&#39;s list from 2019-11-28 until 2020-04-05</title>",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn names_stay_text() {
    let folder = Folder::new("html-hostile");
    folder.file("hostile.tar", hostile());
    let page = page(&folder, &["hostile.tar"]);
    for unwanted in ["<script", "<img", "\u{202e}", "&lt;lt;"] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;lt;&lt;img src=x onerror=alert(2)&gt;\\u{202e}";
    assert!(page.contains(escaped));
}

#[test]
fn page_says_how_findings_count_and_what_was_not_read() {
    let folder = Folder::new("html-policy");
    let list = run(&["list", "mozilla@2022-01-01", "--pem"]).out;
    let blocks = list.split_inclusive("-----END CERTIFICATE-----\n");
    let removed = blocks.filter(|block| block.contains("Subject: CN=TrustCor RootCert CA-1"));
    folder.file("old.pem", removed.collect::<String>());
    folder.file("own.pem", ca("Own CA", |_| {}));
    folder.file("roots.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    folder.file("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    folder.file("left.out", "");
    folder.file(
        "policy.toml",
        "[[forbid]]\nname = \"CN=Own*\"\nreason = \"<b>\"\n[[allow]]\nname = \"*TrustCor*\"\nuntil = \"2027-01-01\"\n\
         reason = \"a printer\"\n[[allow]]\nname = \"none\"\n[[require]]\nlist = \"own.pem\"\nplace = \"old.pem\"\n",
    );
    let page = page(
        &folder,
        &["--policy", "policy.toml", "--exclude", "*.out", "."],
    );
    for text in [
        "forbidden by the policy: &lt;b&gt;",
        "removed, allowed until 2027-01-01: a printer",
        "<h2>Missing roots</h2>\n<ul>\n<li>./old.pem: CN=Own CA is missing, which the policy requires</li>",
        "<h2>Not looked into</h2>\n<ul>\n<li>./roots.7z (7z)</li>",
        "<h2>Errors</h2>\n<ul>\n<li>./cut.gz: ",
        "<h2>Excluded</h2>\n<ul>\n<li>1 place excluded by *.out</li>",
        "<li>policy.toml, line 8: `allow` matches nothing</li>",
        "<dt>forbidden</dt><dd class=\"compromised\">1</dd>",
        "<dt>allowed by the policy</dt><dd class=\"\">1</dd>",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
}

/// With `REPORT_PICTURE=overwrite`, also makes docs/report.png.
#[test]
#[ignore = "needs Chromium, its driver and Python"]
fn page_in_chromium() {
    let folder = Folder::new("html-chromium");
    folder.file("image.tar", image());
    let file = folder.file("page.html", page(&folder, &["image.tar"]));
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.png");
    let seen = seen(&file, Some(&picture));
    let picture = fs::read(picture).unwrap();
    assert!(
        picture.starts_with(b"\x89PNG") && picture.len() < 150_000,
        "{}",
        picture.len()
    );
    if env::var_os("REPORT_PICTURE").is_some_and(|value| value == "overwrite") {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.png");
        fs::write(docs, picture).unwrap();
    }
    is_quiet(&seen);
    assert_eq!(seen["dark"]["ground"], "rgb(30, 30, 42)");
    assert_eq!(seen["light"]["ground"], "rgb(255, 255, 255)");

    let ran = run_with(&["scan", "--json", "image.tar"], |command| {
        command.current_dir(folder.path());
    });
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let places = report["places"].as_array().unwrap();
    let roots = places
        .iter()
        .flat_map(|place| place["roots"].as_array().unwrap());
    let roots: Vec<&Value> = roots.collect();
    let distinct = |is_meant: &dyn Fn(&Value) -> bool| {
        let meant = roots.iter().filter(|root| is_meant(root));
        let mut digests: Vec<_> = meant.map(|root| root["sha256"].as_str().unwrap()).collect();
        digests.sort_unstable();
        digests.dedup();
        digests.len()
    };
    let is_compromised = |root: &Value| !root["compromised"].is_null();
    let is_removed = |root: &Value| !root["removed"].is_null() && !is_compromised(root);
    let light = &seen["light"];
    assert_eq!(
        light["figures"],
        json!({
            "places with roots": places.len(),
            "known roots": distinct(&|_| true),
            "compromised": distinct(&is_compromised),
            "removed by Mozilla": distinct(&is_removed),
        })
    );
    assert_eq!(light["places"], places.len());
    // The private one is not known.
    assert_eq!(light["rows"], roots.len() + 1);
    let removed = roots.iter().filter(|root| is_removed(root));
    assert_eq!(light["removed"], removed.count());
    assert!(light["marks"].as_u64().unwrap() > 20);
    let headings = light["headings"].as_array().unwrap();
    assert!(headings.contains(&json!(["H4", "etc/ssl/certs/ca-certificates.crt"])));

    folder.file("hostile.tar", hostile());
    let file = folder.file("hostile.html", page(&folder, &["hostile.tar"]));
    is_quiet(&self::seen(&file, None));
}

/// What the script of this test sees in a browser.
fn seen(page: &str, picture: Option<&Path>) -> Value {
    let mut python = Command::new("python3");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html_page.py");
    python.arg(script).arg(page).args(picture);
    let output = python.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Nothing runs, nothing is fetched, nothing is complained about, and nothing sticks out.
fn is_quiet(seen: &Value) {
    assert_eq!(seen["console"], json!([]));
    for way in ["narrow", "dark", "light"] {
        let seen = &seen[way];
        for none in [
            "scripts",
            "foreign",
            "handlers",
            "requests",
            "headerless",
            "untitled",
        ] {
            assert_eq!(seen[none], 0, "{way}: {none}");
        }
        assert_eq!(seen["fits"], true, "{way}");
    }
}
