//! Lists of images: lines of JSON, shards, and results that are there already.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use embedded_roots_testing::folder::Folder;
use serde_json::Value;

use crate::image::{Content, layer};
use crate::program::{assert_agrees, program};
use crate::pull::{pem, two_layers};
use crate::server::Server;

/// `scan` with these arguments: its status, and what it writes.
fn run(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let mut command = program(folder);
    let output = command.arg("scan").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let entries = entries.map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                BTreeSet::from([path])
            }
        })
        .collect()
}

fn lines(folder: &Path) -> Vec<Value> {
    let lines = files(folder).into_iter().map(|file| {
        assert_eq!(file.extension().unwrap(), "json");
        let text = fs::read_to_string(file).unwrap();
        // A line and no more, so that files can be put together.
        assert_eq!(text.find('\n'), Some(text.len() - 1));
        let line = serde_json::from_str(&text).unwrap();
        assert_agrees(&line);
        line
    });
    lines.collect()
}

fn names(lines: &[Value]) -> BTreeSet<&str> {
    lines
        .iter()
        .map(|line| line["source"].as_str().unwrap())
        .collect()
}

#[test]
fn each_source_is_a_line() {
    let content = two_layers();
    let digest = content.tag.clone();
    let server = Server::plain(move |request| content.reply(request));
    let folder = Folder::new("lines");
    let file = folder.file("cert.pem", pem());
    let host = server.address;
    let sources = [
        format!("registry:{host}/a/b:1"),
        format!("registry:{host}/a/b:2"),
        file.display().to_string(),
    ];
    let [image, missing, path] = sources.each_ref().map(String::as_str);
    let text = format!("# images\n{image}\n\n  {missing}\r\n{image}\n#{path}\n{path}");
    let list = folder.file("list", text);
    let list = list.to_str().unwrap();
    let (status, out, err) = run(&folder, &["--today", "2026-11-29", "--images-from", list]);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.iter().for_each(assert_agrees);
    let found: Vec<&str> = lines
        .iter()
        .map(|line| line["source"].as_str().unwrap())
        .collect();
    assert_eq!((status, &found[..]), (2, &[image, missing, path][..]));
    assert!(
        err.contains("1 source could not be read completely"),
        "{err}"
    );
    assert!(err.contains(&format!("{missing}: 404 Not Found")), "{err}");
    let counts = lines.iter().map(|line| {
        let count = |name: &str| line["report"][name].as_array().unwrap().len();
        (
            count("places"),
            count("errors"),
            line["images"].as_array().unwrap().len(),
        )
    });
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [(2, 0, 1), (0, 1, 0), (1, 0, 0)]
    );
    assert_eq!(lines[0]["images"][0]["digest"], digest);
    assert_eq!(lines[0]["images"][0]["platform"], "linux/amd64");
    assert_eq!(lines[0]["time"], "2026-11-29T00:00:00Z");
}

#[test]
fn shards_share_a_list_and_do_not_repeat_what_is_done() {
    let content = Content::image(&[layer(&[("cert.pem", pem())])]);
    let server = Server::plain(move |request| {
        // Each name is a repository of its own.
        let mut request = request.clone();
        let path = request.path.splitn(4, '/').nth(3).unwrap().to_owned();
        if request.path.starts_with("/v2/missing/") {
            return crate::server::Reply::status(404);
        }
        request.path = format!("/v2/a/b/{path}");
        content.reply(&request)
    });
    let folder = Folder::new("shards");
    let host = server.address;
    let mut sources: BTreeSet<String> = (0..60)
        .map(|nth| format!("registry:{host}/n{nth}:1"))
        .collect();
    let missing = format!("registry:{host}/missing:1");
    sources.insert(missing.clone());
    let text: Vec<&str> = sources.iter().map(String::as_str).collect();
    let text = text.join("\n");
    let list = folder.file("list", text);
    let results = folder.join("results");
    let shard = |number: usize| {
        let shard = format!("{number}/3");
        let (list, results) = (list.to_str().unwrap(), results.to_str().unwrap());
        let arguments = [
            "--images-from",
            list,
            "--shard",
            &shard,
            "--results",
            results,
        ];
        run(&folder, &arguments)
    };
    let mut seen = BTreeSet::new();
    let mut failed = 0;
    for number in 0..3 {
        let (status, out, _) = shard(number);
        let now = files(&results);
        let is_new = |file: &&PathBuf| !seen.contains(*file);
        let new = now.iter().filter(is_new).count();
        assert!(
            out.starts_with(&format!("{new} sources scanned, ")),
            "{out}"
        );
        // The shards go by the names, which have the port in them: too few or too many in one of 20,000 runs.
        assert!((6..=36).contains(&new), "{new}");
        seen = now;
        failed += status;
    }
    // One of them has the name that is missing.
    assert_eq!(failed, 2);
    let lines_of_all = lines(&results);
    let expected: BTreeSet<&str> = sources.iter().map(String::as_str).collect();
    assert_eq!((lines_of_all.len(), names(&lines_of_all)), (61, expected));

    // What failed is tried again, and a file that is cut off is none.
    let cut = files(&results).into_iter().find(|file| {
        let text = fs::read_to_string(file).unwrap();
        !text.contains("missing")
    });
    fs::write(cut.unwrap(), "{\"source\":").unwrap();
    let before = server.requests().len();
    let mut again = 0;
    for number in 0..3 {
        let (_, out, _) = shard(number);
        again += out.split(' ').next().unwrap().parse::<usize>().unwrap();
        let counts = out.trim().rsplit(", ").next().unwrap();
        assert!(counts.ends_with(" done before"), "{out}");
    }
    assert_eq!(again, 2);
    // A manifest that is missing; a manifest, a config and a layer.
    assert_eq!(server.requests().len(), before + 4);
    assert_eq!(lines(&results).len(), 61);
}

#[test]
fn a_folder_that_cannot_be_written_ends_the_run() {
    let folder = Folder::new("unwritable");
    let file = folder.file("cert.pem", pem());
    let list = folder.file("list", file.to_str().unwrap());
    let list = list.to_str().unwrap();
    let (status, out, err) = run(&folder, &["--images-from", list, "--results", list]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains(&format!("error: {list}/")), "{err}");
}

#[test]
fn lists_have_options_of_their_own() {
    let folder = Folder::new("options");
    let list = folder.file("list", "");
    let list = list.to_str().unwrap();
    for arguments in [
        &["--images-from", list, "a.pem"][..],
        &["--images-from", list, "--fail-on", "removed"],
        &["--images-from", list, "--strict"],
        &["--images-from", list, "--shard", "3/3"],
        &["--shard", "0/3", "a.pem"],
        &["--results", "folder", "a.pem"],
        &["--images-from", "/nowhere"],
        &[],
    ] {
        let (status, out, _) = run(&folder, arguments);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
    }
    let (status, out, _) = run(&folder, &["--images-from", list]);
    assert_eq!((status, out.as_str()), (0, ""));
}
