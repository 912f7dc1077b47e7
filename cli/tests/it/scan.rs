//! `scan`; what other readers find in real files is in `tests/scan.rs`.

use std::fs;

use serde_json::{Value, json};

use crate::archive::tar;
use crate::command::{Folder, ca, json, json_with, newest_day, run, run_with};

const OLD: &str = "mozilla@2022-01-01";

/// A file with the list of an old day.
fn old(folder: &Folder, name: &str) -> String {
    folder.file(name, run(&["list", OLD, "--pem"]).out)
}

#[test]
fn removed_roots_are_findings_if_that_is_asked_for() {
    let folder = Folder::new("scan-removed");
    // The newest list of the history, and the one that is compiled in, which may keep a root for longer.
    let newest = folder.file(
        "newest.pem",
        run(&["list", &format!("mozilla@{}", newest_day()), "--pem"]).out,
    );
    let old = old(&folder, "old.pem");
    let bundle = folder.file("bundle.pem", run(&["list", "mozilla", "--pem"]).out);
    for list in [&newest, &bundle] {
        assert_eq!(run(&["scan", list]).status, 0);
        assert_eq!(run(&["scan", list, "--fail-on", "removed"]).status, 0);
    }
    assert!(!run(&["list", "mozilla"]).out.contains("removed by Mozilla"));
    assert_eq!(run(&["scan", &old]).status, 0);
    let ran = run(&["scan", &old, "--fail-on", "removed"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.out.contains("removed by Mozilla, before:"),
        "{}",
        ran.out
    );
}

#[test]
fn the_list_of_a_file_is_that_of_its_day() {
    let folder = Folder::new("scan-date");
    let old = old(&folder, "old.pem");
    let own = folder.file("own.pem", ca("Own CA", |_| {}));
    let (status, value) = json(&["scan", &old, &own]);
    assert_eq!(status, 0);
    let (_, listed) = json(&["list", OLD]);
    let place = &value["places"][0];
    assert_eq!(
        place["roots"].as_array().unwrap().len(),
        listed["roots"].as_array().unwrap().len()
    );
    let date = &place["list_dates"][0];
    assert_eq!((&date["extra"], &date["missing"]), (&0.into(), &0.into()));
    assert!(date["from"].as_str().unwrap() <= "2022-01-01", "{date}");
    assert!(date["until"].as_str().unwrap() > "2022-01-01", "{date}");
    assert_eq!(value["places"][1]["unknown"][0]["subject"], "CN=Own CA");
}

#[test]
fn errors_are_printed_last() {
    let folder = Folder::new("scan-error");
    folder.file("broken.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    old(&folder, "old\u{7}.pem");
    let path = folder.path().to_str().unwrap();
    let ran = run(&["scan", path]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.contains("broken.gz: "), "{}", ran.out);
    assert!(ran.out.contains("old\\u{7}.pem\n"), "{}", ran.out);
    assert_eq!(ran.err, "error: 1 place could not be read completely\n");
    let (status, value) = json(&["scan", path]);
    assert_eq!((status, value["errors"].as_array().unwrap().len()), (2, 1));
    assert_eq!(run(&["scan", &format!("{path}/none")]).status, 2);
}

#[test]
fn the_summary_is_green_if_all_is_well() {
    let folder = Folder::new("scan-colour");
    let broken = folder.file("broken.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    let (old, own) = (
        old(&folder, "old.pem"),
        folder.file("own.pem", ca("Own CA", |_| {})),
    );
    let list = run(&["list", OLD, "--pem"]).out;
    let mut blocks = list.split_inclusive("-----END CERTIFICATE-----\n");
    let removed = blocks.find(|block| block.contains("Subject: CN=TrustCor"));
    let removed = folder.file("removed.pem", removed.unwrap());
    for (files, colour) in [
        (&[&own][..], "32m"),
        (&[&own, &removed], "35m"),
        // It has compromised roots.
        (&[&own, &old], "31m"),
        (&[&own, &broken], "31m"),
        (&[&removed, &broken], "31m"),
    ] {
        let mut arguments = vec!["scan"];
        arguments.extend(files.iter().map(|file| file.as_str()));
        let ran = run_with(&arguments, |command| {
            command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
        });
        let summary = ran.out.lines().last().unwrap();
        let (codes, _) = summary.split_once(" with roots").unwrap();
        assert!(codes.contains(colour), "{summary:?}");
    }
}

#[cfg(unix)]
#[test]
fn each_file_is_searched_once_and_links_are_not_followed() {
    let folder = Folder::new("scan-links");
    let old = old(&folder, "old.pem");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::hard_link(&old, inner.join("hard.pem")).unwrap();
    std::os::unix::fs::symlink(&old, inner.join("link.pem")).unwrap();
    std::os::unix::fs::symlink(folder.path(), inner.join("loop")).unwrap();
    let (_, value) = json(&["scan", folder.path().to_str().unwrap()]);
    assert_eq!(value["searched"], 1);
    // A link on the command line is followed.
    let link = inner.join("link.pem");
    let (_, value) = json(&["scan", link.to_str().unwrap()]);
    assert_eq!(value["searched"], 1);
}

/// `a!b` is the name of a file, and the place of `b` in an archive `a`.
#[test]
fn place_differs_from_a_file_name_like_it() {
    let folder = Folder::new("scan-names");
    let old = run(&["list", OLD, "--pem"]).out;
    let file = folder.file("a!b", &old);
    let archive = tar(&["b", "c!d"].map(|name| (name, old.as_bytes())));
    let archive = folder.file("a", archive);
    let cut = folder.file("x!y.gz", b"\x1f\x8b\x08\0\0\0\0\0");

    let (_, value) = json(&["scan", &file, &archive, &cut]);
    let places = &value["places"];
    assert_eq!(places[0]["place"], places[1]["place"]);
    assert_eq!(places[0]["path"], json!([file]));
    assert_eq!(places[1]["path"], json!([archive, "b"]));
    assert_eq!(places[2]["path"], json!([archive, "c!d"]));
    assert_eq!(value["errors"][0]["path"], json!([cut]));

    let log = sarif(&[&file, &archive]);
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    let mut files: Vec<_> = results
        .map(|result| {
            let location = &result["locations"][0]["physicalLocation"];
            location["artifactLocation"]["uri"].as_str().unwrap()
        })
        .collect();
    files.dedup();
    assert_eq!(files.len(), 2);
    assert!(files[0].ends_with("/a%21b") && files[1].ends_with("/a"));
}

fn sarif(files: &[&str]) -> Value {
    let ran = run(&[&["scan", "--format", "sarif"], files].concat());
    serde_json::from_str(&ran.out).unwrap()
}

/// Against the part of the schema that is used: the whole is long, and OASIS's.
#[test]
fn sarif_is_valid() {
    let folder = Folder::new("scan-sarif-valid");
    let old = old(&folder, "an old list.pem");
    let empty = folder.file("empty", "");
    let cut = folder.file("cut%.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    let schema = serde_json::from_str(include_str!("sarif.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (files, results, is_successful) in [
        (&[&*empty][..], false, true),
        (&[&old], true, true),
        (&[&cut], false, false),
        (&[&old, &cut], true, false),
    ] {
        let mut log = sarif(files);
        if let Some(wrong) = validator.iter_errors(&log).next() {
            panic!("{wrong} at {}", wrong.instance_path());
        }
        let run = &mut log["runs"][0];
        assert_eq!(!run["results"].as_array().unwrap().is_empty(), results);
        let invocation = &mut run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], is_successful);
        let notifications = invocation["toolExecutionNotifications"].as_array();
        assert_eq!(notifications.unwrap().is_empty(), is_successful);
        // Negative control.
        invocation["executionSuccessful"] = Value::Null;
        assert!(!validator.is_valid(&log));
    }
}

#[test]
fn sarif_has_each_removed_root() {
    let folder = Folder::new("scan-sarif");
    let old = old(&folder, "a file.pem");
    let log = sarif(&[&old]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let (_, value) = json(&["scan", &old]);
    let roots = value["places"][0]["roots"].as_array().unwrap().iter();
    let removed = roots.filter(|root| !root["removed"].is_null());
    assert_eq!(results.len(), removed.count());
    let mut of_rule = results.iter();
    let removed = of_rule.find(|result| result["ruleId"] == "removed-root");
    let removed = removed.unwrap();
    assert_eq!(removed["level"], "warning");
    let file = &removed["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(file.as_str().unwrap().ends_with("a%20file.pem"), "{file}");
    let message = removed["message"]["text"].as_str().unwrap();
    assert!(
        message.contains("which Mozilla removed before"),
        "{message}"
    );
}

#[test]
fn unreadable_file_does_not_hide_findings() {
    let folder = Folder::new("scan-status");
    let old = old(&folder, "old.pem");
    let cut = folder.file("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    let status = |arguments: &[&str]| run(&[&["scan"], arguments].concat()).status;
    assert_eq!(status(&["--fail-on", "removed", &old, &cut]), 1);
    // Nothing was found, as far as it was read.
    assert_eq!(status(&["--fail-on", "removed", &cut]), 2);
    assert_eq!(status(&["--strict", "--fail-on", "removed", &old, &cut]), 2);
    assert_eq!(status(&["--strict", "--fail-on", "removed", &old]), 1);
}

#[test]
fn excluded_places_are_left_out_and_counted() {
    let folder = Folder::new("scan-exclude");
    old(&folder, "old.pem");
    old(&folder, "tests/data/a.pem");
    old(&folder, "tests/b.pem");
    let pem = run(&["list", OLD, "--pem"]).out;
    let archive = tar(&["etc/a.pem", "srv/b.pem", "srv/c.crt"].map(|name| (name, pem.as_bytes())));
    folder.file("image.tar", archive);
    let places = |arguments: &[&str]| {
        let arguments = [&["scan", "."], arguments].concat();
        let (_, value) = json_with(&arguments, |command| {
            command.current_dir(folder.path());
        });
        let places = value["places"].as_array().unwrap().iter();
        let places: Vec<_> = places
            .map(|place| place["place"].as_str().unwrap().to_owned())
            .collect();
        (places.join(" "), value["excluded"].clone())
    };
    let all = "./image.tar!etc/a.pem ./image.tar!srv/b.pem ./image.tar!srv/c.crt ./old.pem ./tests/b.pem \
               ./tests/data/a.pem";
    assert_eq!(places(&[]), (all.to_owned(), json!([])));
    let (left, excluded) = places(&[
        "--exclude",
        "tests/",
        "--exclude",
        "/image.tar/srv",
        "--exclude",
        "no",
    ]);
    assert_eq!(left, "./image.tar!etc/a.pem ./old.pem");
    let expected =
        json!([{ "pattern": "tests/", "places": 1 }, { "pattern": "/image.tar/srv", "places": 2 }]);
    assert_eq!(excluded, expected);

    folder.file(".embedded-rootsignore", "# of tests\n*.pem\n");
    folder.file("more", "!a.pem\n");
    assert_eq!(places(&[]).0, "./image.tar!srv/c.crt");
    let (left, excluded) = places(&["--exclude-from", "more"]);
    assert_eq!(
        left,
        "./image.tar!etc/a.pem ./image.tar!srv/c.crt ./tests/data/a.pem"
    );
    assert_eq!(excluded, json!([{ "pattern": "*.pem", "places": 3 }]));
    // What the command line names is excluded, too: a hook names each file.
    let ran = run_with(&["scan", "old.pem"], |command| {
        command.current_dir(folder.path());
    });
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "0 places with roots, 0 roots that Mozilla removed, 1 excluded, 0 errors (0 files, 0 kB)\n"
    );
    let ran = run_with(&["scan", "--format", "sarif", "old.pem"], |command| {
        command.current_dir(folder.path());
    });
    assert!(ran.out.contains("1 place excluded by *.pem"), "{}", ran.out);

    for (arguments, why) in [
        (
            ["--exclude", "a["],
            "the pattern \"a[\": unclosed character class",
        ),
        (["--exclude", "#a"], "--exclude #a: matches nothing"),
        (["--exclude-from", "none"], "none: "),
    ] {
        let ran = run_with(&[&["scan", "."], &arguments[..]].concat(), |command| {
            command.current_dir(folder.path());
        });
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

#[test]
fn unread_files_are_reported() {
    let folder = Folder::new("scan-unread");
    let packed = folder.file("roots.rar", b"Rar!\x1a\x07\x01\0");
    let ran = run(&["scan", &packed]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.out
            .contains(&format!("not looked into: {packed} (rar)\n")),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(", 1 not looked into, 0 errors"),
        "{}",
        ran.out
    );
    let (status, value) = json(&["scan", "--strict", &packed]);
    assert_eq!(status, 2);
    assert_eq!(value["unread"][0]["form"], "rar");
    assert_eq!(value["unread"][0]["path"], json!([packed]));
    let log = sarif(&[&packed]);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "warning");
    // Half of it is not compared with the whole.
    let ran = run(&["diff", "mozilla", &packed]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("not looked into (rar)"), "{}", ran.err);
}

/// Directories, small and large files, archives, damaged ones and what is not there.
#[test]
fn the_report_is_the_same_whatever_the_number_of_threads() {
    let folder = Folder::new("scan-threads");
    let pem = run(&["list", OLD, "--pem"]).out;
    let blocks: Vec<&str> = pem.split_inclusive("-----END CERTIFICATE-----\n").collect();
    for number in 0..200 {
        let block = blocks[number % blocks.len()];
        let entry = tar(&[("a", block.as_bytes()), ("b", b"")]);
        folder.file(&format!("{number}.pem"), block);
        folder.file(&format!("{number}.tar"), entry);
        folder.file(&format!("{number}.gz"), b"\x1f\x8b\x08\0\0\0\0\0");
        folder.file(&format!("{number}.rar"), b"Rar!\x1a\x07\x01\0");
    }
    // Several parts, with roots across their edges.
    let mut large = vec![0; (40 << 20) + 1];
    for (edge, block) in (1..=4).zip(&blocks) {
        large[(edge << 23) - 700..][..block.len()].copy_from_slice(block.as_bytes());
    }
    let large = folder.file("x.bin", large);
    let path = folder.path().to_str().unwrap();
    let scan = |threads: &str| {
        let none = format!("{path}/none");
        let arguments = ["scan", &none, path, &large, "--threads", threads];
        let (status, value) = json(&arguments);
        assert_eq!(status, 2);
        (run(&arguments).out, value)
    };
    let (text, value) = scan("1");
    assert_eq!(value["places"].as_array().unwrap().len(), 402);
    assert_eq!(value["places"][400]["roots"].as_array().unwrap().len(), 4);
    assert_eq!(value["errors"].as_array().unwrap().len(), 201);
    assert_eq!(value["unread"].as_array().unwrap().len(), 200);
    for threads in ["2", "3", "16"] {
        let (other_text, other) = scan(threads);
        assert!(other == value && other_text == text, "{threads} threads");
    }
}

/// What an upper layer deletes or replaces is told, and counts unless only what containers see is to count.
#[test]
fn files_that_upper_layers_hide_do_not_count_as_effective() {
    let folder = Folder::new("scan-effective");
    let old = run(&["list", OLD, "--pem"]).out;
    let new = run(&["list", "mozilla", "--pem"]).out;
    let lower = tar(&[
        ("etc/deleted.pem", old.as_bytes()),
        ("etc/replaced.pem", old.as_bytes()),
    ]);
    let upper = tar(&[
        ("etc/.wh.deleted.pem", b""),
        ("etc/replaced.pem", new.as_bytes()),
    ]);
    let manifest = br#"[{"Layers":["a/layer.tar","b/layer.tar"]}]"#;
    let image = tar(&[
        ("manifest.json", manifest),
        ("b/layer.tar", &upper),
        ("a/layer.tar", &lower),
    ]);
    let image = folder.file("image.tar", image);
    let (_, value) = json(&["scan", &image]);
    let hidden = |name: &str| {
        let places = value["places"].as_array().unwrap().iter();
        let mut of_name = places.filter(|place| place["place"].as_str().unwrap().ends_with(name));
        of_name.next().unwrap()["hidden_by"].clone()
    };
    let layer = format!("{image}!b/layer.tar");
    assert_eq!(
        hidden("a/layer.tar!etc/deleted.pem"),
        json!({ "layer": layer, "how": "deleted" })
    );
    assert_eq!(
        hidden("a/layer.tar!etc/replaced.pem"),
        json!({ "layer": layer, "how": "replaced" })
    );
    assert_eq!(hidden("b/layer.tar!etc/replaced.pem"), Value::Null);

    let fail = ["scan", &image, "--fail-on", "removed"];
    assert_eq!(run(&fail).status, 1);
    let ran = run(&[&fail[..], &["--effective"]].concat());
    assert_eq!(ran.status, 0, "{}", ran.out);
    assert!(
        ran.out.contains("not in the container: deleted by "),
        "{}",
        ran.out
    );
    let sarif = run(&["scan", &image, "--effective", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(sarif["runs"][0]["results"], json!([]));
}
