//! Files that are hostile, or change.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{process, thread};

use embedded_roots_bundle::MAX_FILE_SIZE;

use super::*;
use crate::world::{World, pem};

/// The error for a variable of this value, which has to come soon.
#[track_caller]
fn refused(variable: &'static str, value: &Path) -> String {
    let start = Instant::now();
    let variables = Variables::Given(vec![(variable, value.into())]);
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
    let world = World::new("hostile");
    let large = world.file("large", "");
    File::options()
        .write(true)
        .open(&large)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let looped = world.path("loop");
    symlink(&looped, &looped).unwrap();
    let device = world.path("device");
    symlink("/dev/zero", &device).unwrap();
    let socket = world.path("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, why) in [
        (Path::new("/dev/zero"), "not a regular file"),
        (&device, "not a regular file"),
        (&socket, "not a regular file"),
        (&world.path("root"), "not a regular file"),
        (&large, "larger than 16 MiB"),
        (&looped, "Too many levels of symbolic links (os error 40)"),
        (
            &world.path("absent"),
            "No such file or directory (os error 2)",
        ),
    ] {
        for variable in ["EXTRA_CA", "SSL_CERT_FILE"] {
            let shown = path.display();
            let text = format!("{variable}: {shown} cannot be read: {why}");
            assert_eq!(refused(variable, path), text);
        }
    }
}

#[test]
#[ignore = "needs the program mkfifo; .ci/run runs it"]
fn a_pipe_is_not_waited_for() {
    let world = World::new("pipe");
    let pipe = world.path("pipe");
    assert!(
        process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let text = format!(
        "EXTRA_CA: {} cannot be read: not a regular file",
        pipe.display()
    );
    assert_eq!(refused("EXTRA_CA", &pipe), text);
}

#[test]
#[ignore = "needs the program mkfifo; .ci/run runs it"]
fn a_file_that_becomes_a_pipe_is_not_waited_for() {
    let world = World::new("becomes");
    let path = world.file("ca.pem", pem("One"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let pipe = world.path("pipe");
                process::Command::new("mkfifo").arg(&pipe).status().unwrap();
                for _ in 0..100 {
                    let kept = world.path("kept");
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
            // Whichever it is: it comes back.
            let _ = anchors_of(&path);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_file_without_permission_is_what_the_system_says() {
    let world = World::new("permission");
    let path = world.file("secret.pem", pem("One"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read it all the same.
    let variables = Variables::Given(vec![("EXTRA_CA", path.clone().into())]);
    let readable = File::open(&path).is_ok();
    assert_eq!(extra_env(&variables, "EXTRA_CA").is_ok(), readable);
    if !readable {
        assert!(refused("EXTRA_CA", &path).contains("Permission denied"));
    }
}

#[test]
fn a_directory_has_an_end() {
    let world = World::new("directory");
    for nth in 0..10_000 {
        world.file(&format!("full/{nth}.pem"), "");
    }
    for nth in 0..5 {
        let path = world.file(&format!("large/{nth}"), "");
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(MAX_FILE_SIZE)
            .unwrap();
    }
    let text = refused("SSL_CERT_DIR", &world.path("full"));
    assert!(
        text.contains("more than 4096 entries: not a directory of roots"),
        "{text}"
    );
    let text = refused("SSL_CERT_DIR", &world.path("large"));
    assert!(
        text.contains("more than 67108864 bytes: not a directory of roots"),
        "{text}"
    );
}

#[test]
fn a_path_need_not_be_unicode() {
    let world = World::new("unicode");
    let name = OsString::from_vec(b"\xff\xfe.pem".to_vec());
    let path = world.path("root").join(name);
    let text = refused("EXTRA_CA", &path);
    assert!(text.contains("No such file"), "{text}");
    fs::write(&path, pem("One")).unwrap();
    let variables = Variables::Given(vec![("EXTRA_CA", path.into())]);
    assert_eq!(
        extra_env(&variables, "EXTRA_CA")
            .unwrap()
            .unwrap()
            .anchors
            .len(),
        1
    );
}

#[test]
fn a_file_that_is_replaced_is_one_or_the_other() {
    let world = World::new("replaced");
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
            counts.push(anchors_of(&path).map(|anchors| anchors.len()));
        }
        done.store(true, Ordering::Relaxed);
        assert!(
            counts.iter().all(|count| matches!(count, Ok(1 | 3))),
            "{counts:?}"
        );
    });
}

#[test]
fn a_servers_own_certificate_in_a_directory_is_skipped_and_in_a_file_an_error() {
    let world = World::new("own");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    let key = rcgen::KeyPair::generate().unwrap();
    let own = world.file("certs/own.pem", params.self_signed(&key).unwrap().pem());
    world.file("certs/one.pem", pem("One"));
    let variables = Variables::Given(vec![("SSL_CERT_DIR", world.path("certs").into())]);
    let source = ssl_cert_env(&variables).unwrap().unwrap();
    assert_eq!((source.anchors.len(), source.skipped.len()), (1, 1));
    let expected = format!("{}, line 1: ", own.display());
    assert!(
        source.skipped[0].starts_with(&expected),
        "{:?}",
        source.skipped
    );
    for variable in ["EXTRA_CA", "SSL_CERT_FILE"] {
        assert!(refused(variable, &own).contains("is an end-entity certificate"));
    }
}
