//! `list`.

use std::collections::BTreeSet;

use embedded_roots_bundle::{certificate_to_pem, rfc3339};
use rcgen::{DnType, IsCa};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::command::{Folder, ca, json, newest_day, run, run_with};

#[test]
fn mozillas_list_is_shown_with_its_limits() {
    let ran = run(&["list"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("\nISRG Root X1 "), "{}", ran.out);
    assert!(ran.out.contains("RSA 4096"));
    assert!(ran.out.contains("distrust-after=2026-04-15T23:59:59Z"));
    assert!(ran.out.trim_end().ends_with(" roots"));
    assert!(!ran.out.contains('\u{1b}'), "no colours without a terminal");

    let (status, value) = json(&["list", "mozilla"]);
    assert_eq!(status, 0);
    let roots = value["roots"].as_array().unwrap();
    let x1 = roots
        .iter()
        .find(|root| {
            root["sha256"] == "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6"
        })
        .unwrap();
    assert_eq!(x1["key"], "RSA 4096");
    assert_eq!(x1["mozilla"]["gone"], serde_json::Value::Null);
    let limited = roots
        .iter()
        .filter(|root| !root["distrust_after"].is_null());
    assert_eq!(limited.count(), 1);
}

#[test]
fn the_list_of_an_earlier_day_is_shown_with_what_became_of_it() {
    let ran = run(&["list", "mozilla@2016-06-01"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with("Certification Authority of WoSign"));
    assert!(line.unwrap().contains("removed by Mozilla 201"), "{line:?}");
    for day in ["2016-13-01", "yesterday", "1990-01-01", "2999-01-01"] {
        let ran = run(&["list", &format!("mozilla@{day}")]);
        assert_eq!(ran.status, 2, "{day}: {}", ran.out);
        assert!(
            ran.err.starts_with(&format!("error: mozilla@{day}: ")),
            "{}",
            ran.err
        );
    }
}

#[test]
fn day_after_the_history_is_reported() {
    let newest = newest_day();
    let known = format!("\nMozilla's list is known up to {newest}\n");
    let today = rfc3339(UnixTime::now());
    let (today, _) = today.split_once('T').unwrap();
    // On the day of a release, they are the same.
    for (day, is_told) in [(today, *today > *newest), (&newest, false)] {
        let name = format!("mozilla@{day}");
        for arguments in [&["list", &name][..], &["diff", &name, "mozilla@2024-07-01"]] {
            let ran = run(arguments);
            assert_ne!(ran.status, 2, "{}", ran.err);
            assert_eq!(ran.out.contains(&known), is_told, "{}", ran.out);
        }
    }
}

#[test]
fn chromes_list_is_shown_with_its_dates() {
    let ran = run(&["list", "chrome"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let line = ran.out.lines().find(|line| {
        let mut words = line.split_whitespace();
        words.any(|word| word.starts_with("sct-not-after=20") && word.ends_with('Z'))
    });
    assert!(line.is_some(), "{}", ran.out);

    let (status, value) = json(&["list", "chrome"]);
    assert_eq!((status, &value["source"]), (0, &"chrome".into()));
    let roots = value["roots"].as_array().unwrap();
    let with_date = roots
        .iter()
        .filter(|root| root["sct_not_after"].is_string());
    let count = with_date.count();
    assert!(count > 40 && roots.len() - count > 40, "{count}");
    assert!(roots.iter().all(|root| root["distrust_after"].is_null()));
    // Of other lists, there is nothing of the kind.
    let (_, value) = json(&["list", "microsoft"]);
    let mut roots = value["roots"].as_array().unwrap().iter();
    assert!(roots.all(|root| root.get("sct_not_after").is_none()));

    // Annotated PEM cannot say it.
    let pem = run(&["list", "chrome", "--pem"]);
    let warning = format!(
        "warning: chrome: {count} roots with a date for SCTs (`sct-not-after`) left out: annotated PEM cannot express their date for SCTs (sct-not-after)\n"
    );
    assert_eq!((pem.status, pem.err), (0, warning));
    let (_, value) = json(&["list", "chrome"]);
    let all = value["roots"].as_array().unwrap().iter();
    let without = all.filter(|root| root.get("sct_not_after").is_none());
    let mut without: Vec<_> = without
        .map(|root| root["sha256"].as_str().unwrap())
        .collect();
    let folder = Folder::new("chrome");
    let (_, value) = json(&["list", &folder.file("chrome.pem", pem.out)]);
    let written = value["roots"].as_array().unwrap().iter();
    let mut written: Vec<_> = written
        .map(|root| root["sha256"].as_str().unwrap())
        .collect();
    without.sort_unstable();
    written.sort_unstable();
    assert_eq!(written, without);
}

#[test]
fn microsofts_list_is_written_with_its_dates() {
    let dates = |source: &str| {
        let (status, value) = json(&["list", source]);
        assert_eq!(status, 0);
        let roots = value["roots"].as_array().unwrap().iter();
        let dates = roots.map(|root| {
            let facts = ["subject", "spki_sha256", "distrust_after"];
            facts.map(|fact| root[fact].as_str().unwrap_or_default().to_owned())
        });
        // A CA that has renewed its certificate is there once in PEM.
        dates.collect::<BTreeSet<_>>()
    };
    let pem = run(&["list", "microsoft", "--pem"]);
    assert_eq!((pem.status, pem.err.as_str()), (0, ""));
    let folder = Folder::new("microsoft");
    let file = folder.file("microsoft.pem", pem.out);
    let listed = dates("microsoft");
    assert!(listed.len() > 200);
    assert!(listed.iter().filter(|[.., date]| !date.is_empty()).count() > 40);
    assert_eq!(dates(&file), listed);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_of_unknown_width_has_whole_lines() {
    let program = env!("CARGO_BIN_EXE_embedded-roots");
    let script = format!("stty cols 0 && '{program}' list");
    let output = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &script, "/dev/null"])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let line = out.lines().find(|line| line.starts_with("ISRG Root X1 "));
    let line = line.unwrap_or_else(|| panic!("{out}"));
    assert!(line.contains("RSA 4096") && line.contains("96bcec06264976f3"));
}

#[test]
fn an_argument_in_a_message_is_escaped() {
    for arguments in [
        &["list", "mozilla@\u{1b}[31mX"][..],
        &["list", "\u{1b}[31mX"],
        &["diff", "\u{1b}[31mX", "mozilla"],
        &["check", "\u{1b}[31mX"],
        &["list", "--today", "\u{1b}[31mX"],
        &["\u{1b}[31mX"],
        &["--\u{1b}[31mX"],
        &["list", "--\u{1b}[31mX"],
        &["check", "a.pem", "\u{1b}[31mX"],
        &["check", "a.pem", "--days", "\u{1b}[31mX"],
        &["completions", "\u{1b}[31mX"],
    ] {
        let ran = run_with(arguments, |command| {
            command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
        });
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains("\\u{1b}[31mX"), "{:?}", ran.err);
        assert!(!ran.err.contains("\u{1b}[31mX"), "{:?}", ran.err);
    }
}

#[test]
fn a_file_is_listed_and_written_as_it_would_compile() {
    let folder = Folder::new("list");
    let pem = "# embedded-roots: permitted-dns=.corp.example\n".to_owned() + &ca("Corp CA", |_| {});
    let file = folder.file("corp.pem", &pem);
    let ran = run(&["list", &file]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("Corp CA") && ran.out.contains("permitted-dns=.corp.example"));
    assert!(ran.out.contains("\n1 root\n"), "{}", ran.out);

    let written = run(&["list", &file, "--pem"]);
    let again = folder.file("again.pem", &written.out);
    assert_eq!(run(&["diff", &file, &again]).status, 0);

    let key = folder.file(
        "key.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let ran = run(&["list", &key]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("key.pem, line 1: "), "{}", ran.err);
    let ran = run(&["list", folder.path().to_str().unwrap()]);
    assert!(
        ran.status == 2 && ran.err.contains("it is a directory"),
        "{}",
        ran.err
    );
}

#[test]
fn the_systems_store_is_listed() {
    let folder = Folder::new("system");
    let file = folder.file("store.pem", ca("Store CA", |_| {}));
    let ran = run_with(&["list", "system"], |command| {
        command.env("SSL_CERT_FILE", &file);
    });
    assert!(ran.out.contains("Store CA"), "{}{}", ran.out, ran.err);
    let empty = folder.file("empty.pem", "");
    let ran = run_with(&["list", "system"], |command| {
        command.env("SSL_CERT_FILE", &empty);
    });
    assert_eq!(ran.status, 2, "{}", ran.out);
}

/// A store of the user's own: `SSL_CERT_DIR`, which has a server's certificate beside a CA.
#[test]
fn the_systems_store_is_what_the_library_trusts() {
    let folder = Folder::new("system-directory");
    folder.file("store.pem", ca("Store CA", |_| {}));
    folder.file(
        "snakeoil.pem",
        ca("localhost", |params| params.is_ca = IsCa::ExplicitNoCa),
    );
    folder.file("store.pem~", ca("Removed CA", |_| {}));
    let list = |file: Option<&str>, arguments: &[&str]| {
        run_with(arguments, |command| {
            command.env("SSL_CERT_DIR", folder.path());
            command.envs(file.map(|file| ("SSL_CERT_FILE", file)));
        })
    };
    let ran = list(None, &["list", "system"]);
    assert!(
        ran.out.contains("Store CA") && ran.out.ends_with("\n1 root\n"),
        "{}{}",
        ran.out,
        ran.err
    );
    let written = list(None, &["list", "system", "--pem"]).out;
    assert_eq!(
        run(&["check", &folder.file("written", written)]).status,
        0,
        "it compiles"
    );

    for arguments in [&["list", "system"][..], &["diff", "system", "mozilla"]] {
        let ran = list(Some("/nowhere.pem"), arguments);
        assert_eq!((ran.status, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("/nowhere.pem"), "{}", ran.err);
    }
}

#[test]
fn completions_and_the_man_page_are_written() {
    let bash = run(&["completions", "bash"]).out;
    assert!(bash.contains("_embedded__roots()") && bash.contains("--json"));
    // bash reads them, and offers the commands.
    let folder = Folder::new("completions");
    let file = folder.file("completions", &bash);
    let script = format!(
        "source {file}; COMP_WORDS=(embedded-roots di); COMP_CWORD=1; _embedded__roots embedded-roots di \
         embedded-roots; echo \"${{COMPREPLY[@]}}\""
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "diff\n");
    assert!(run(&["man"]).out.contains(".TH embedded"));
    assert_eq!(run(&["list", "--unknown"]).status, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_unless_nobody_reads_it() {
    use std::process::{Command, Stdio};

    use crate::command::run_into;

    for arguments in [&["completions", "bash"][..], &["man"], &["list"]] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let ran = run_into(full, arguments);
        assert_eq!(ran.status, 2, "{arguments:?}: {}", ran.err);
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
        let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let writer = reader.stdin.take().unwrap();
        reader.wait().unwrap();
        let ran = run_into(writer, arguments);
        assert_eq!((ran.status, &*ran.err), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_common_name_with_a_comma_is_shown_whole() {
    let folder = Folder::new("comma");
    let pem = ca("Example, Inc. = \u{202e}CA", |params| {
        let organization = "CN=No, CN=Name";
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization);
    });
    let file = folder.file("comma.pem", pem);
    let shown = "Example, Inc. = \\u{202e}CA ";
    for command in ["list", "scan"] {
        let ran = run(&[command, &file]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let out = ran.out.replace('\n', " \n");
        let mut lines = out.lines();
        assert!(lines.any(|line| line.contains(shown)), "{command}: {out}");
        assert!(!out.contains("No, CN"), "{out}");
    }
}

/// What lies in a store besides certificates hides none of them.
#[test]
fn every_root_of_the_system_is_listed_with_its_limits() {
    let folder = Folder::new("system-odd");
    std::fs::create_dir(folder.path().join("directory.pem")).unwrap();
    folder.file("comment.pem", "# no certificate\n");
    let annotation = "# embedded-roots: permitted-dns=.corp.example\n";
    folder.file("corp.pem", annotation.to_owned() + &ca("Corp CA", |_| {}));
    folder.file("odd.pem", with_odd_date(&ca("Odd CA", |_| {})));
    let izenpe = run(&["list", "mozilla", "--pem"]).out;
    let izenpe = izenpe.split_once("CN=Izenpe.com").unwrap().1;
    let (_, izenpe) = izenpe.split_once("-----BEGIN").unwrap();
    let (izenpe, _) = izenpe.split_once("-----END").unwrap();
    folder.file(
        "izenpe.pem",
        format!("-----BEGIN{izenpe}-----END CERTIFICATE-----\n"),
    );
    let ran = run_with(&["list", "system"], |command| {
        command.env("SSL_CERT_DIR", folder.path());
    });
    assert_eq!(ran.status, 0, "{}", ran.err);
    let shows = |name: &str, limits: &str| {
        let mut lines = ran.out.lines();
        lines.any(|line| line.starts_with(name) && line.contains(limits))
    };
    assert!(shows("Odd CA", ""), "{}", ran.out);
    assert!(shows("Corp CA", "permitted-dns=.corp.example"));
    assert!(shows("Izenpe.com", "distrust-after=2026-04-15T23:59:59Z"));
    assert!(ran.out.ends_with("\n3 roots\n"), "{}", ran.out);
}

/// A certificate with a start that is on no calendar.
fn with_odd_date(pem: &str) -> String {
    let mut der = CertificateDer::from_pem_slice(pem.as_bytes())
        .unwrap()
        .to_vec();
    let date = der.windows(2).position(|tag| tag == [0x17, 13]).unwrap();
    der[date + 4..date + 6].copy_from_slice(b"13");
    certificate_to_pem(&der)
}
