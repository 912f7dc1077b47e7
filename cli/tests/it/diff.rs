//! `diff`.

use std::collections::BTreeSet;
use std::fs;

use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::{PrivateKeys, Root, parse};
use rcgen::KeyPair;
use serde_json::Value;

use crate::archive::zip;
use crate::command::{Folder, ca, ca_of, json, newest_day, run};

#[test]
fn added_removed_and_changed_roots_are_shown() {
    let folder = Folder::new("diff");
    let (stays, goes, comes) = (ca("Stays", |_| {}), ca("Goes", |_| {}), ca("Comes", |_| {}));
    let key = KeyPair::generate().unwrap();
    let renewed = || {
        ca_of(&key, "Renewed", |params| {
            params.serial_number = Some(rand_serial());
        })
    };
    let limited = "# embedded-roots: permitted-dns=.corp.example\n".to_owned() + &stays;
    let old = folder.file("old.pem", stays + &goes + &renewed());
    let new = folder.file("new.pem", limited + &comes + &renewed());

    let (status, value) = json(&["diff", &old, &new]);
    assert_eq!(status, 1);
    assert_eq!(subjects(&value, "came"), ["CN=Comes"]);
    assert_eq!(subjects(&value, "went"), ["CN=Goes"]);
    assert_eq!(subjects(&value, "changed"), ["CN=Stays", "CN=Renewed"]);
    assert_eq!(value["limits_compared"], true);

    let ran = run(&["diff", &old, &new]);
    assert_eq!(
        ran.out,
        "- CN=Goes\n\
         + CN=Comes\n\
         ~ CN=Stays: no limits -> permitted-dns=.corp.example\n\
         ~ CN=Renewed: another certificate of the same key\n\
         1 root went, 1 came, 2 changed\n"
    );
    let ran = run(&["diff", &old, &old]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "0 roots went, 0 came, 0 changed\n")
    );
}

/// By `certs/programs.txt`, in which `cargo xtask programs` has compared them.
#[test]
fn lists_of_other_programs_are_compared() {
    for program in ["chrome", "microsoft"] {
        let absent = format!("{program}=absent");
        let lines = embedded_roots_mozilla::PROGRAMS.lines();
        let absent = lines.filter(|line| line.split(' ').any(|field| field == absent));
        let absent: BTreeSet<&str> = absent.filter_map(|line| line.split(' ').next()).collect();
        assert!(absent.len() > 5);

        let (status, value) = json(&["diff", "mozilla", program]);
        assert_eq!(status, 1);
        let went = value["went"].as_array().unwrap().iter();
        let went: BTreeSet<&str> = went.map(|root| root["sha256"].as_str().unwrap()).collect();
        assert_eq!(went, absent, "{program}");
        assert!(value["came"].as_array().unwrap().len() > 10);
        assert_eq!(value["limits_compared"], program == "microsoft");
    }
    let ran = run(&["diff", "mozilla", "microsoft"]).out;
    let is_limited =
        |line: &str| line.contains("distrust-after=20") && line.ends_with(" -> no limits");
    assert!(ran.lines().any(is_limited), "{ran}");
}

#[test]
fn reason_for_not_comparing_limits_is_shown() {
    let why = |old, new| {
        let ran = run(&["diff", old, new]);
        let mut lines = ran.out.lines();
        let why = lines.find_map(|line| line.strip_prefix("limits are not compared: "));
        (ran.status, why.map(str::to_owned))
    };
    let told = |status, why: &str| (status, Some(why.to_owned()));
    let of_chrome = "those of chrome are of another kind";
    assert_eq!(why("mozilla", "chrome"), told(1, of_chrome));
    assert_eq!(why("chrome", "chrome"), told(0, of_chrome));
    let old = "mozilla@2024-07-01";
    let unknown = format!("those of {old} are not known");
    assert_eq!(why(old, "mozilla"), told(1, &unknown));
    assert_eq!(
        why("chrome", old),
        told(1, &format!("{unknown}, and {of_chrome}"))
    );
    assert_eq!(why("mozilla", "microsoft"), (1, None));
}

fn rand_serial() -> rcgen::SerialNumber {
    let key = KeyPair::generate().unwrap();
    rcgen::SerialNumber::from_slice(&key.public_key_raw()[1..9])
}

/// Of what came, went, or changed.
fn subjects<'a>(difference: &'a Value, list: &str) -> Vec<&'a str> {
    let roots = difference[list].as_array().unwrap().iter();
    roots
        .map(|root| root["subject"].as_str().unwrap())
        .collect()
}

fn list(source: &str) -> String {
    run(&["list", source, "--pem"]).out
}

fn roots(pem: &str) -> Vec<Root> {
    parse("test.pem", pem.as_bytes(), PrivateKeys::Refuse).unwrap()
}

/// What has the keys alone, as a program with trust anchors has.
fn program<'r>(roots: impl Iterator<Item = &'r Root>) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01\0".to_vec();
    for root in roots {
        program.extend(&*root.trust_anchor().subject);
        program.extend(&*root.trust_anchor().subject_public_key_info);
    }
    program
}

#[track_caller]
fn is_error(old: &str, new: &str, message: &str) {
    for sides in [[old, new], [new, old]] {
        let ran = run(&["diff", sides[0], sides[1]]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(message), "{}", ran.err);
    }
}

#[test]
fn a_file_and_an_archive_of_it_have_the_same_roots() {
    let folder = Folder::new("diff-archive");
    let key = KeyPair::generate().unwrap();
    // Twice the same subject and key, and limits that an archive does not show.
    let pem = list("mozilla")
        + &ca_of(&key, "Own", |_| {})
        + &ca_of(&key, "Own", |params| {
            params.serial_number = Some(rand_serial());
        });
    let file = folder.file("ca.pem", &pem);
    let archive = folder.file("ca.jar", zip("ca.pem", pem.as_bytes()));
    for (old, new) in [(&file, &archive), (&archive, &file), (&archive, &archive)] {
        let (status, value) = json(&["diff", old, new]);
        assert_eq!(
            (status, &value["limits_compared"]),
            (0, &false.into()),
            "{value}"
        );
    }
    let ran = run(&["diff", &file, &archive]);
    let expected = format!(
        "limits are not compared: those of {archive} are not known\n\
         0 roots went, 0 came, 0 changed\n"
    );
    assert_eq!(ran.out, expected);
}

/// The history has certificates alone.
#[test]
fn limits_of_an_earlier_day_are_not_compared() {
    let (old, new) = ("mozilla@2024-07-01", "mozilla");
    for sides in [[old, new], [new, old], [old, old]] {
        let (_, value) = json(&["diff", sides[0], sides[1]]);
        assert_eq!(value["limits_compared"], false);
        for root in value["changed"].as_array().unwrap() {
            assert_eq!(root["is_renewed"], true, "{root}");
            for (side, limits) in [(sides[0], "old_limits"), (sides[1], "new_limits")] {
                assert_eq!(root[limits].is_null(), side == old, "{root}");
            }
        }
        let ran = run(&["diff", sides[0], sides[1]]);
        let unknown = if sides[0] == sides[1] {
            format!("{old} and {old}")
        } else {
            old.to_owned()
        };
        let sentence = format!("\nlimits are not compared: those of {unknown} are not known\n");
        assert!(
            format!("\n{}", ran.out).contains(&sentence) && !ran.out.contains(" -> "),
            "{}",
            ran.out
        );
    }
}

#[test]
fn keys_alone_are_compared_by_subject_and_key() {
    let folder = Folder::new("diff-keys");
    let mozilla = roots(&list("mozilla"));
    let file = folder.file("program", program(mozilla.iter()));
    assert_eq!(json(&["diff", "mozilla", &file]).0, 0);
    let less = folder.file("less", program(mozilla.iter().skip(1)));
    let (status, value) = json(&["diff", "mozilla", &less]);
    assert_eq!(status, 1);
    let went = &value["went"].as_array().unwrap()[..];
    assert_eq!(went.len(), 1);
    let digest = embedded_roots_bundle::digest::sha256(mozilla[0].certificate());
    assert_eq!(went[0]["sha256"], hex(&digest));
    assert_eq!(subjects(&value, "came"), [""; 0]);
    assert_eq!(subjects(&value, "changed"), [""; 0]);
    let (_, value) = json(&["diff", &less, "mozilla"]);
    assert_eq!(value["came"].as_array().unwrap().len(), 1);

    // Since then, some roots have certificates with another serial number or end.
    let old = folder.file("old.pem", list("mozilla@2015-05-01"));
    let keys = folder.file("old", program(roots(&list("mozilla@2015-05-01")).iter()));
    let (status, value) = json(&["diff", &old, &keys]);
    assert_eq!(status, 0, "{value}");
    let newest = &format!("mozilla@{}", newest_day());
    let renewed = |value: &Value| {
        let changed = value["changed"].as_array().unwrap().iter();
        changed.filter(|root| root["is_renewed"] == true).count()
    };
    assert!(renewed(&json(&["diff", &old, newest]).1) > 0);
    assert_eq!(renewed(&json(&["diff", &keys, newest]).1), 0);
}

/// By the rules of `check`.
#[test]
fn a_file_that_does_not_compile_is_an_error() {
    let folder = Folder::new("diff-compile");
    let key = KeyPair::generate().unwrap();
    let root = ca_of(&key, "Twice", |_| {});
    let good = folder.file("good.pem", &root);
    let limited = |name: &str| format!("# embedded-roots: permitted-dns={name}\n{root}");
    let twice = limited(".a.example") + &limited(".b.example");
    for (name, pem, message) in [
        (
            "twice.pem",
            twice,
            "twice.pem: \"CN=Twice\" appears more than once",
        ),
        (
            "key.pem",
            root.clone() + &key.serialize_pem(),
            "key.pem, line ",
        ),
    ] {
        let file = folder.file(name, pem);
        is_error(&good, &file, message);
        let listed = run(&["list", &file]);
        assert_eq!((listed.status, listed.out.as_str()), (2, ""));
        assert!(listed.err.contains(message), "{}", listed.err);
        let checked = run(&["check", &file]);
        assert!(
            checked.status == 2 && checked.out.contains(message),
            "{}",
            checked.out
        );
    }
}

#[test]
fn a_directory_is_the_roots_of_all_its_files() {
    let folder = Folder::new("diff-directory");
    let (one, other) = (ca("One", |_| {}), ca("Other", |_| {}));
    let pem = folder.file("both.pem", one.clone() + &other);
    let directory = folder.path().join("directory");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("one.pem"), &one).unwrap();
    fs::write(directory.join("one.der"), roots(&one)[0].certificate()).unwrap();
    fs::write(directory.join("other.der"), roots(&other)[0].certificate()).unwrap();
    let directory = directory.to_str().unwrap();
    let (status, value) = json(&["diff", &pem, directory]);
    assert_eq!(status, 0, "{value}");
    let der = format!("{directory}/one.der");
    let (status, value) = json(&["diff", directory, &der]);
    assert_eq!((status, subjects(&value, "went")), (1, vec!["CN=Other"]));
}

/// Rather than the roots that are left of it.
#[test]
fn broken_files_are_errors() {
    let folder = Folder::new("diff-broken");
    let good = ca("Good", |_| {});
    let file = folder.file("good.pem", &good);
    let half = &good[..good.len() / 2];
    let broken = folder.file("broken.pem", format!("{good}{half}\n{good}"));
    is_error(&file, &broken, "broken.pem, line ");
    // As a disk leaves it.
    let zeros = folder.file("zeros.pem", format!("{half}{}\n{good}", "\0".repeat(4096)));
    is_error(&file, &zeros, "zeros.pem, line ");

    let archive = zip("ca.pem", good.as_bytes());
    let truncated = folder.file("truncated.zip", &archive[..archive.len() / 2]);
    is_error(&file, &truncated, "truncated.zip: ");
    let directory = folder.path().to_str().unwrap();
    is_error(&file, directory, "truncated.zip: ");
    let other = folder.file("notes.txt", "No certificates here.\n");
    is_error(&file, &other, "notes.txt: no roots were found in it");
    is_error(&file, "/nowhere", "/nowhere: ");
}
