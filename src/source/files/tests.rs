//! Files that are hostile, or that change while they are read.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{process, thread};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use embedded_roots_bundle::MAX_FILE_SIZE;
use embedded_roots_testing::authority::{root_with, server};

use super::*;
use crate::world::{Ends, empty_world, pem};

/// The error for a variable with this value, which must not take long.
#[track_caller]
fn refused(variable: &'static str, value: &Path) -> String {
    let start = Instant::now();
    let variables = Variables::from(vec![(variable, value.into())]);
    let error = match variable {
        "EXTRA_CA" => extra_env(&variables, variable).unwrap_err(),
        _ => ssl_cert_env(&variables).unwrap_err(),
    };
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(error.is_invalid_input());
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

#[test]
fn hostile_files_are_errors_at_once() {
    let world = empty_world("hostile");
    let large = world.file("large", "");
    File::options()
        .write(true)
        .open(&large)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let looped = world.join("loop");
    symlink(&looped, &looped).unwrap();
    let device = world.join("device");
    symlink("/dev/zero", &device).unwrap();
    let socket = world.join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, why) in [
        (Path::new("/dev/zero"), "not a regular file"),
        (&device, "not a regular file"),
        (&socket, "not a regular file"),
        (
            &world.join("root"),
            "it is a directory, not a regular file: name the PEM files in it",
        ),
        (&large, "larger than 16 MiB"),
        (&looped, "Too many levels of symbolic links (os error 40)"),
        (
            &world.join("absent"),
            "No such file or directory (os error 2)",
        ),
    ] {
        for variable in ["EXTRA_CA", "SSL_CERT_FILE"] {
            let shown = shown_of_variable(path);
            let text = format!("{variable}: {shown} cannot be read: {why}");
            assert_eq!(refused(variable, path), text);
        }
    }
}

#[test]
#[ignore = "needs the program mkfifo; .ci/run runs it"]
fn a_pipe_is_not_waited_for() {
    let world = empty_world("pipe");
    let pipe = world.join("pipe");
    assert!(
        process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let text = format!(
        "EXTRA_CA: {} cannot be read: not a regular file",
        shown_of_variable(&pipe)
    );
    assert_eq!(refused("EXTRA_CA", &pipe), text);
}

#[test]
#[ignore = "needs the program mkfifo; .ci/run runs it"]
fn a_file_that_becomes_a_pipe_is_not_waited_for() {
    let world = empty_world("becomes");
    let path = world.file("ca.pem", pem("One"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let pipe = world.join("pipe");
                process::Command::new("mkfifo").arg(&pipe).status().unwrap();
                for _ in 0..100 {
                    let kept = world.join("kept");
                    fs::rename(&path, &kept).unwrap();
                    fs::rename(&pipe, &path).unwrap();
                    fs::rename(&path, &pipe).unwrap();
                    fs::rename(&kept, &path).unwrap();
                }
                fs::remove_file(&pipe).unwrap();
            }
        });
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            // Either result is fine, as long as the call returns.
            let _ = roots_of_variable(&path);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn file_without_permission_is_an_error_of_the_system() {
    let world = empty_world("permission");
    let path = world.file("secret.pem", pem("One"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root can read the file despite its mode.
    let variables = Variables::from(vec![("EXTRA_CA", path.clone().into())]);
    let readable = File::open(&path).is_ok();
    assert_eq!(extra_env(&variables, "EXTRA_CA").is_ok(), readable);
    if !readable {
        assert!(refused("EXTRA_CA", &path).contains("Permission denied"));
    }
}

#[test]
fn size_of_a_directory_is_bounded() {
    let world = empty_world("directory");
    for nth in 0..10_000 {
        world.file(format!("full/{nth}.pem"), "");
    }
    for nth in 0..5 {
        let path = world.file(format!("large/{nth}.pem"), "");
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(MAX_FILE_SIZE)
            .unwrap();
    }
    let text = refused("SSL_CERT_DIR", &world.join("full"));
    assert!(
        text.contains("more than 4096 entries: not a directory of roots"),
        "{text}"
    );
    let text = refused("SSL_CERT_DIR", &world.join("large"));
    assert!(
        text.contains("more than 67108864 bytes: not a directory of roots"),
        "{text}"
    );
}

#[test]
fn total_size_of_directories_is_bounded() {
    let world = empty_world("directories");
    for folder in ["one", "two"] {
        for nth in 0..2100 {
            world.file(format!("{folder}/{nth}"), "");
        }
        world.file(format!("{folder}/ca.pem"), pem(folder));
    }
    let read = |folders: &[&str]| {
        let folders = env::join_paths(folders.iter().map(|folder| world.join(folder))).unwrap();
        ssl_cert_env(&Variables::from(vec![("SSL_CERT_DIR", folders)]))
    };
    // One that is named again is read once.
    assert_eq!(read(&["one"; 1000]).unwrap().unwrap().roots.len(), 1);
    let why = read(&["one", "two"]).unwrap_err();
    let why = std::error::Error::source(&why).unwrap().to_string();
    assert!(why.contains("more than 4096 entries"), "{why}");
}

/// Only some file systems, such as tmpfs, have files of this size.
#[test]
fn sizes_do_not_overflow() {
    let folder = Path::new("/dev/shm").join(format!("embedded-roots-{}", process::id()));
    if fs::create_dir(&folder).is_err() {
        return;
    }
    let is_set = ["a.pem", "b.pem", "c.pem"].iter().all(|name| {
        let file = File::create(folder.join(name)).unwrap();
        file.set_len(i64::MAX.unsigned_abs()).is_ok()
    });
    let text = is_set.then(|| refused("SSL_CERT_DIR", &folder));
    fs::remove_dir_all(&folder).unwrap();
    if let Some(text) = text {
        assert!(text.contains("more than 67108864 bytes"), "{text}");
    }
}

#[test]
fn a_path_need_not_be_unicode() {
    let world = empty_world("unicode");
    let name = OsString::from_vec(b"\xff\xfe.pem".to_vec());
    let path = world.join("root").join(name);
    let text = refused("EXTRA_CA", &path);
    assert!(text.contains("No such file"), "{text}");
    fs::write(&path, pem("One")).unwrap();
    let variables = Variables::from(vec![("EXTRA_CA", path.into())]);
    assert_eq!(
        extra_env(&variables, "EXTRA_CA")
            .unwrap()
            .unwrap()
            .roots
            .len(),
        1
    );
}

#[test]
fn replaced_file_is_read_as_the_old_or_the_new_one() {
    let world = empty_world("replaced");
    let (one, two) = (pem("One"), pem("Two").repeat(3));
    let path = world.file("ca.pem", &one);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for content in [&two, &one] {
                    fs::rename(world.file("next.pem", content), &path).unwrap();
                }
            }
        });
        let mut counts = Vec::new();
        for _ in 0..500 {
            counts.push(roots_of_variable(&path).map(|anchors| anchors.len()));
        }
        done.store(true, Ordering::Relaxed);
        assert!(
            counts.iter().all(|count| matches!(count, Ok(1 | 3))),
            "{counts:?}"
        );
    });
}

/// A writer that does not rename: what is read is a beginning of the file, at most to the size that it
/// had, and never more than was written.
#[test]
fn rewritten_file_is_read_up_to_its_end_or_refused() {
    let world = empty_world("grows");
    let parts = ["One", "Two", "Three"].map(pem);
    let expected = parts
        .clone()
        .map(|part| parse("part", part.as_bytes(), PrivateKeys::Refuse));
    let expected = expected.map(|root| SourceRoot::from(root.unwrap().remove(0)));
    let path = world.file("ca.pem", parts.concat());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = File::options().write(true).open(&path).unwrap();
            while !done.load(Ordering::Relaxed) {
                file.set_len(0).unwrap();
                file.rewind().unwrap();
                // In pieces that end within a line.
                for piece in parts.concat().as_bytes().chunks(101) {
                    file.write_all(piece).unwrap();
                    thread::yield_now();
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        let _ends = Ends(&done);
        let start = Instant::now();
        let (mut complete, mut cut) = (0, 0);
        while complete < 20 || cut < 20 {
            match roots_of_variable(&path) {
                Ok(anchors) => {
                    assert!(!anchors.is_empty() && expected.starts_with(&anchors));
                    complete += usize::from(anchors.len() == expected.len());
                    cut += usize::from(anchors.len() < expected.len());
                }
                Err(why) => {
                    assert!(why.is_invalid_input(), "{why}");
                    cut += 1;
                }
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{complete}, {cut}"
            );
        }
    });
}

/// Whatever comes and goes in it, what was there all the time is found, or the error tells of the rest.
#[test]
fn changing_directory_is_refused_or_has_its_unchanged_files() {
    let world = empty_world("changes");
    world.file("certs/stays.pem", pem("Stays"));
    let (comes, garbage) = (pem("Comes"), "-----BEGIN CERTIFICATE-----\n");
    let variables = Variables::from(vec![("SSL_CERT_DIR", world.join("certs").into())]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for name in ["certs/a.pem", "certs/z.pem"] {
                    let path = world.file(name, &comes);
                    world.file(name, garbage);
                    fs::remove_file(&path).unwrap();
                    fs::create_dir(&path).unwrap();
                    fs::remove_dir(&path).unwrap();
                }
            }
        });
        let _ends = Ends(&done);
        let start = Instant::now();
        let (mut read, mut refused) = (0, 0);
        while read < 20 || refused < 20 {
            match ssl_cert_env(&variables) {
                Ok(source) => {
                    assert!((1..=3).contains(&source.unwrap().roots.len()));
                    read += 1;
                }
                Err(why) => {
                    assert!(why.is_invalid_input(), "{why}");
                    refused += 1;
                }
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{read}, {refused}"
            );
        }
    });
}

/// The texts of a certificate with its private key, as people paste them into a variable.
fn pasted() -> Vec<String> {
    let ca = root_with("Pasted", |_| ());
    let key = ca.key().serialize_pem();
    let pem = ca.pem() + &key;
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    vec![
        // As `openssl pkcs12` writes it. The first of these "paths" is not PEM.
        format!("Bag Attributes: <No Attributes>\n{pem}"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', " "),
        format!("  {key}"),
        BASE64_STANDARD.encode(&pem),
        body,
        pem,
    ]
}

#[test]
fn pem_in_a_variable_is_an_error_that_shows_none_of_it() {
    for value in pasted() {
        for variable in ["EXTRA_CA", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let text = refused(variable, Path::new(&value));
            let start = format!("{variable}: it holds ");
            assert!(text.starts_with(&start), "{text}");
            assert!(text.contains("in place of a path: write "), "{text}");
            let mut parts = value.as_bytes().windows(12);
            let shown = parts.find(|part| text.as_bytes().windows(12).any(|shown| shown == *part));
            assert_eq!(shown, None, "{text}");
        }
    }
}

/// Whatever the variable holds, and whatever is wrong.
#[test]
fn errors_show_at_most_80_characters_of_a_variable() {
    let world = empty_world("long");
    let folder = world.join("folder".repeat(20));
    fs::create_dir(&folder).unwrap();
    let inner = folder.join("directory".repeat(10));
    fs::create_dir(&inner).unwrap();
    let broken = inner.join("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let absent = folder.join("absent");
    let secret = PathBuf::from("a secret, ".repeat(500));
    let no_one = |shown: &str, value: &Path| {
        let value: Vec<_> = value.to_str().unwrap().chars().collect();
        value
            .windows(81)
            .all(|part| !shown.contains(&part.iter().collect::<String>()))
    };
    for (variable, value) in [
        ("EXTRA_CA", &absent),
        ("EXTRA_CA", &broken),
        ("EXTRA_CA", &secret),
        ("SSL_CERT_FILE", &inner),
        ("SSL_CERT_FILE", &broken),
        ("SSL_CERT_DIR", &absent),
        ("SSL_CERT_DIR", &folder),
        ("SSL_CERT_DIR", &inner),
        ("SSL_CERT_DIR", &secret),
    ] {
        let text = refused(variable, value);
        assert!(no_one(&text, value), "{text}");
        assert!(text.starts_with(&format!("{variable}: ")), "{text}");
        assert!(text.contains("..."), "{text}");
    }
    // The report, too, since errors show it.
    symlink("nowhere", folder.join("nowhere.pem")).unwrap();
    fs::write(folder.join("one.pem"), pem("One")).unwrap();
    fs::write(folder.join("other"), "").unwrap();
    let variables = Variables::from(vec![("SSL_CERT_DIR", folder.clone().into())]);
    let source = ssl_cert_env(&variables).unwrap().unwrap();
    assert_eq!(source.skipped.len(), 2, "{:?}", source.skipped);
    for text in source.skipped.iter().chain([&source.origin.to_string()]) {
        assert!(no_one(text, &folder), "{text}");
    }
}

#[test]
fn paths_in_reports_are_escaped() {
    let world = empty_world("line");
    let name = "a\nb\u{1b}[2J\u{202e}.pem";
    let bad = world.file(format!("certs/{name}"), "-----BEGIN CERTIFICATE-----\n");
    world.file("skipped/one.pem", pem("One"));
    world.file(format!("skipped/{name}"), "no certificate");
    world.file("skipped/\u{5d0}", "");
    let escaped = r"a\nb\u{1b}[2J\u{202e}.pem";
    let errors = [
        refused("SSL_CERT_DIR", &world.join("certs")),
        refused("SSL_CERT_FILE", &bad),
        refused("EXTRA_CA", &bad),
        refused("EXTRA_CA", &world.join("absent\nfile")),
        refused("SSL_CERT_DIR", &world.join("absent\nfolder")),
    ];
    for (nth, error) in errors.iter().enumerate() {
        let part = [
            escaped,
            escaped,
            escaped,
            r"absent\nfile",
            r"absent\nfolder",
        ][nth];
        assert!(error.contains(part), "{error}");
        assert!(!error.contains(char::is_control), "{error}");
    }
    let variables = Variables::from(vec![("SSL_CERT_DIR", world.join("skipped").into())]);
    let source = ssl_cert_env(&variables).unwrap().unwrap();
    assert_eq!(source.skipped.len(), 2, "{:?}", source.skipped);
    let shown = format!("{}{}", source.origin, source.skipped.concat());
    assert!(
        shown.contains(escaped) && shown.contains(r"\u{5d0}"),
        "{shown}"
    );
    assert!(!shown.contains(char::is_control), "{shown}");
    for origin in [
        Origin::File(name.into()),
        Origin::SystemStore {
            places: vec![name.into()],
        },
        Origin::Variable {
            name: name.into(),
            path: name.into(),
        },
        Origin::SslCertEnv {
            file: Some(name.into()),
            directories: Some(name.into()),
        },
    ] {
        let shown = origin.to_string();
        assert!(
            shown.contains(escaped) && !shown.contains(char::is_control),
            "{shown}"
        );
    }
}

#[test]
fn files_of_a_directory_are_read_by_their_names() {
    let world = empty_world("named");
    for name in ["a.pem", "b.CRT", "c.cer", "4042bcee.0", "4042BCEE.12"] {
        world.file(format!("read/{name}"), pem(name));
    }
    for name in [
        "a.pem~",
        "a.pem.bak",
        ".a.pem",
        "README",
        "4042bcee",
        "4042bcee.r0",
        "4042bcee.",
        "042bcee.0",
        "x042bcee.0",
        "a.pem.dpkg-old",
        "ca-bundle.trust.txt",
    ] {
        world.file(format!("read/{name}"), pem(name));
    }
    symlink("nowhere", world.join("read/dangling.pem")).unwrap();
    symlink("nowhere", world.join("read/dangling")).unwrap();
    let variables = Variables::from(vec![("SSL_CERT_DIR", world.join("read").into())]);
    let source = ssl_cert_env(&variables).unwrap().unwrap();
    let subjects = source.roots.iter().map(|root| root.anchor.subject());
    let mut subjects: Vec<_> = subjects.collect();
    subjects.sort();
    let expected = ["4042BCEE.12", "4042bcee.0", "a.pem", "b.CRT", "c.cer"];
    assert_eq!(subjects, expected.map(|name| format!("CN={name}")));
    let (dangling, others) = source.skipped.split_first().unwrap();
    assert!(
        dangling.contains("dangling.pem: No such file"),
        "{dangling}"
    );
    assert_eq!(others.len(), 11);
    assert!(
        others
            .iter()
            .all(|why| why.contains(": ignored, because it is not named"))
    );

    world.file("none/README", pem("One"));
    let error = refused("SSL_CERT_DIR", &world.join("none"));
    assert!(
        error.contains("in files named *.pem, *.crt, *.cer or by a hash"),
        "{error}"
    );
}

/// What is trusted of a directory, beside `openssl verify -CApath`. Where they differ, docs/policy.md
/// says so.
#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn directories_are_read_like_in_openssl_or_the_difference_is_known() {
    let openssl = |arguments: &[&OsStr]| {
        let output = process::Command::new("openssl")
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let world = empty_world("openssl");
    let ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let no_ca = rcgen::IsCa::ExplicitNoCa;
    for (nth, (name, is_ca, by_openssl, by_us)) in [
        ("HASH.0", ca, true, true),
        // OpenSSL looks for 0, 1, ... until there is none.
        ("HASH.1", ca, false, true),
        ("00000000.0", ca, false, true),
        ("ca.pem", ca, false, true),
        ("ca.crt", ca, false, true),
        ("ca.pem~", ca, false, false),
        ("ca", ca, false, false),
        (".ca.pem", ca, false, false),
        ("HASH.0", no_ca, false, false),
    ]
    .into_iter()
    .enumerate()
    {
        let common_name = format!("Example CA {nth}");
        let root = root_with(&common_name, |params| {
            params.is_ca = is_ca;
            params.key_usages.clear();
        });
        let leaf = server(&root, "a.example").chain_pem();
        let leaf = world.file(format!("{nth}.leaf"), leaf);
        let root_file = world.file(format!("{nth}.root"), root.pem());
        let x509 = ["x509", "-noout", "-hash", "-in"].map(OsStr::new);
        let (_, hash) = openssl(&[&x509[..], &[root_file.as_os_str()]].concat());
        let name = name.replace("HASH", hash.trim());
        world.file(format!("{nth}/{name}"), root.pem());
        world.file(format!("{nth}/other.pem"), pem("Other"));

        let folder = world.join(nth.to_string());
        let verify = ["verify", "-no-CAfile", "-no-CAstore", "-CApath"].map(OsStr::new);
        let (trusted, _) =
            openssl(&[&verify[..], &[folder.as_os_str(), leaf.as_os_str()]].concat());
        assert_eq!(trusted, by_openssl, "{name}, openssl");
        let variables = Variables::from(vec![("SSL_CERT_DIR", folder.into())]);
        let source = ssl_cert_env(&variables).unwrap().unwrap();
        let mut subjects = source.roots.iter().map(|root| root.anchor.subject());
        assert_eq!(
            subjects.any(|subject| subject == format!("CN={common_name}")),
            by_us,
            "{name}"
        );
    }
}

#[test]
fn server_certificate_is_skipped_in_a_directory_and_refused_in_a_file() {
    let world = empty_world("own");
    let own = root_with("localhost", |params| {
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
    });
    let own = world.file("certs/own.pem", own.pem());
    world.file("certs/one.pem", pem("One"));
    let variables = Variables::from(vec![("SSL_CERT_DIR", world.join("certs").into())]);
    let source = ssl_cert_env(&variables).unwrap().unwrap();
    assert_eq!((source.roots.len(), source.skipped.len()), (1, 1));
    let expected = format!("{}, line 1: ", shown_of_variable(&own));
    assert!(
        source.skipped[0].starts_with(&expected),
        "{:?}",
        source.skipped
    );
    for variable in ["EXTRA_CA", "SSL_CERT_FILE"] {
        assert!(refused(variable, &own).contains("is an end-entity certificate"));
    }
}

#[test]
fn ssl_cert_file_counts_for_its_directory_too() {
    let world = empty_world("its-directory");
    let file = world.file("certs/ca.pem", pem("One"));
    let notes = world.file("notes/note.pem", "No certificate");
    symlink(&notes, world.join("notes/other.pem")).unwrap();
    let both = |folder: &str| {
        let variables = vec![
            ("SSL_CERT_FILE", file.clone().into()),
            ("SSL_CERT_DIR", world.join(folder).into()),
        ];
        ssl_cert_env(&Variables::from(variables))
    };
    let source = both("certs").unwrap().unwrap();
    // Merging makes one of them.
    assert_eq!((source.roots.len(), source.skipped.len()), (2, 0));
    // A file without a certificate does not count, even if it is there twice.
    let source = both("notes").unwrap().unwrap();
    assert_eq!(source.roots.len(), 1);
    let why = &source.skipped[0];
    assert!(why.starts_with("SSL_CERT_DIR: no certificate in "), "{why}");
}

/// conda sets both variables, and makes only the file.
#[test]
fn absent_and_empty_directories_are_reported_where_another_place_has_roots() {
    let world = empty_world("places");
    let file = world.file("ca.pem", pem("One"));
    world.file("certs/two.pem", pem("Two"));
    world.file("more/three.pem", pem("Three"));
    world.file("notes/README", "No certificate");
    fs::create_dir(world.join("empty")).unwrap();
    let comments = world.file(
        "comments.pem",
        "\u{feff}# Nothing yet\r\n\r\n  # -----BEGIN CERTIFICATE-----\n",
    );
    let absent = world.join("absent");
    let read = |file: Option<&Path>, directories: &[&str]| {
        let mut variables = Vec::new();
        if let Some(file) = file {
            variables.push(("SSL_CERT_FILE", file.into()));
        }
        if !directories.is_empty() {
            let paths = directories.iter().map(|name| world.join(name));
            variables.push(("SSL_CERT_DIR", env::join_paths(paths).unwrap()));
        }
        ssl_cert_env(&Variables::from(variables))
    };
    for (named, directories, subjects, reasons) in [
        (
            Some(&file),
            &["empty"][..],
            &["One"][..],
            &["SSL_CERT_DIR: no certificate in "][..],
        ),
        (
            Some(&file),
            &["absent"],
            &["One"],
            &["SSL_CERT_DIR: ", "absent cannot be read: No such file"],
        ),
        (
            Some(&file),
            &["notes", "absent"],
            &["One"],
            &["SSL_CERT_DIR: no certificate in ", "absent cannot"],
        ),
        (
            None,
            &["absent", "certs"],
            &["Two"],
            &["SSL_CERT_DIR: ", "absent cannot be read: No such file"],
        ),
        (
            None,
            &["certs", "empty", "more"],
            &["Two", "Three"],
            &["SSL_CERT_DIR: no certificate in "],
        ),
    ] {
        let source = read(named.map(PathBuf::as_path), directories)
            .unwrap()
            .unwrap();
        let found: Vec<_> = source
            .roots
            .iter()
            .map(|root| root.anchor.subject())
            .collect();
        let subjects: Vec<_> = subjects.iter().map(|name| format!("CN={name}")).collect();
        assert_eq!(found, subjects, "{directories:?}");
        let skipped = source.skipped.join("\n");
        for reason in reasons {
            assert!(skipped.contains(reason), "{reason} in {skipped}");
        }
    }
    // The file has to be there, and nothing else is left.
    for (named, directories, reason) in [
        (Some(&absent), &["certs"][..], "SSL_CERT_FILE: "),
        (Some(&comments), &["certs"], "SSL_CERT_FILE: "),
        (Some(&comments), &[], "SSL_CERT_FILE: "),
        (
            None,
            &["empty", "absent", "notes"],
            "SSL_CERT_DIR: no certificate in ",
        ),
        (None, &["absent", "empty"], "SSL_CERT_DIR: "),
    ] {
        let why = read(named.map(PathBuf::as_path), directories).unwrap_err();
        assert!(why.to_string().starts_with(reason), "{why}");
        assert!(why.is_invalid_input());
    }
}

/// Only a directory that is absent or has nothing is skipped: what cannot be used was meant to be trusted, or to narrow.
#[test]
fn unusable_places_are_errors_even_where_another_has_roots() {
    let world = empty_world("unusable");
    let good = world.file("certs/one.pem", pem("One"));
    let certs = world.join("certs");
    let link = world.join("link");
    symlink("nowhere", &link).unwrap();
    for unusable in [
        world.file("broken.pem", "-----BEGIN CERTIFICATE-----\n"),
        world.file("text.pem", "Not a comment"),
        world.file("der.pem", [0x30, 0x82]),
        world.file(
            "annotation.pem",
            "# embedded-roots: permitted-dns=.example\n",
        ),
        link.clone(),
        PathBuf::from("/dev/zero"),
        certs.clone(),
    ] {
        let variables = vec![
            ("SSL_CERT_FILE", unusable.clone().into()),
            ("SSL_CERT_DIR", certs.clone().into()),
        ];
        let why = ssl_cert_env(&Variables::from(variables)).unwrap_err();
        assert!(why.to_string().starts_with("SSL_CERT_FILE: "), "{why}");
    }
    world.file("broken/broken.pem", "-----BEGIN CERTIFICATE-----\n");
    for unusable in [world.join("broken"), link, good.clone()] {
        let variables = vec![
            ("SSL_CERT_FILE", good.clone().into()),
            ("SSL_CERT_DIR", unusable.into()),
        ];
        let why = ssl_cert_env(&Variables::from(variables)).unwrap_err();
        assert!(why.to_string().starts_with("SSL_CERT_DIR: "), "{why}");
    }
}
