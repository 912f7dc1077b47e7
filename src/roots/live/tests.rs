//! What can go wrong at a refresh: sources, variables and the clock.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, thread};

use embedded_roots_testing::folder::Folder;

use super::LiveRoots;
use crate::bundle::anchor::Anchor;
use crate::error::Error;
use crate::roots::builder::RootsBuilder;
use crate::roots::policy::Roots;
use crate::source::surroundings::{Clock, Surroundings};
use crate::source::system::Store;
use crate::source::variables::{SharedValues, Variables};
use crate::world::{empty_world, pem};

thread_local! {
    static NOW: Cell<SystemTime> = const { Cell::new(UNIX_EPOCH) };
}

fn set_clock(seconds: u64) {
    NOW.set(UNIX_EPOCH + Duration::from_secs(seconds));
}

/// An empty policy in this world, without variables.
fn builder(world: &Folder) -> RootsBuilder {
    let mut builder = Roots::builder();
    builder.surroundings = Surroundings {
        store: Store::below(&world.join("root")),
        variables: Vec::new().into(),
        clock: Clock(|| NOW.get()),
    };
    builder
}

fn names(live: &LiveRoots) -> Vec<String> {
    let roots = live.current();
    let names = roots.anchors().iter().map(Anchor::subject);
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The refresh fails and changes nothing.
#[track_caller]
fn assert_fails(live: &LiveRoots, says: &str) -> Error {
    let (before, config) = (live.generation(), live.client_config());
    let error = live.refresh().unwrap_err();
    assert!(format!("{error:?}").contains(says), "{error:?}");
    assert_eq!(live.generation(), before);
    assert!(Arc::ptr_eq(&config, &live.client_config()));
    let report = live.report();
    let failed = report.failed_refresh().unwrap();
    assert_eq!(failed.error(), format!("{error:?}"));
    assert_eq!(report.report().sources()[0].roots(), 1);
    assert!(report.to_string().contains(failed.error()), "{report}");
    error
}

#[test]
fn a_named_file_that_goes_wrong_leaves_the_last_good_roots() {
    let world = empty_world("live-faults");
    let (one, other) = (pem("One"), pem("Other"));
    let path = world.file("ca.pem", &one);
    let live = builder(&world).pem_file(&path).build_live().unwrap();
    let mended = |content: &str| {
        world.file("ca.pem", content);
        let changed = live.refresh().unwrap();
        assert!(live.report().failed_refresh().is_none());
        changed
    };

    fs::remove_file(&path).unwrap();
    assert!(assert_fails(&live, "cannot be read").is_unreadable());
    assert!(!mended(&one));

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(assert_fails(&live, "regular file").is_unreadable());
    fs::remove_dir(&path).unwrap();
    assert!(!mended(&one));

    // As it is while another program writes it.
    world.file("ca.pem", one.get(..one.len() / 2).unwrap());
    assert!(assert_fails(&live, "ca.pem, line").is_invalid_input());
    world.file("ca.pem", "");
    assert_fails(&live, "no certificate");
    world.file("ca.pem", format!("{one}{}", other.get(..40).unwrap()));
    assert_fails(&live, "ca.pem, line");
    assert!(!mended(&one));

    // Sparse, and never read.
    File::create(&path).unwrap().set_len(1 << 30).unwrap();
    assert_fails(&live, "16 MiB");
    fs::remove_file(&path).unwrap();

    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let (sender, receiver) = mpsc::channel();
    let in_thread = live.clone();
    thread::spawn(move || sender.send(in_thread.refresh().unwrap_err()));
    let error = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(format!("{error:?}").contains("regular file"), "{error:?}");
    assert_fails(&live, "regular file");
    fs::remove_file(&path).unwrap();

    assert_eq!(names(&live), ["CN=One"]);
    assert!(mended(&other));
    assert_eq!(names(&live), ["CN=Other"]);
    assert_eq!(live.generation(), 2);
}

/// Root may read everything, so the process has to be another user's.
#[test]
fn a_file_without_permission_leaves_the_last_good_roots() {
    const NAME: &str = "roots::live::tests::a_file_without_permission_leaves_the_last_good_roots";

    let Some(folder) = env::var_os("EMBEDDED_ROOTS_LIVE_FOLDER") else {
        let world = empty_world("live-permission");
        world.file("ca.pem", pem("CA"));
        let folder = world.join("");
        for path in [folder.clone(), world.join("ca.pem")] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
        let program = world.join("tests");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        let mut command = Command::new(program);
        command
            .args([NAME, "--exact", "--nocapture"])
            .env("EMBEDDED_ROOTS_LIVE_FOLDER", &folder);
        // The owner of the file is whoever runs the tests: a user who is not root is refused, too.
        if is_root() {
            use std::os::unix::process::CommandExt as _;
            std::os::unix::fs::chown(world.join("ca.pem"), Some(65534), Some(65534)).unwrap();
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{output:?}"
        );
        return;
    };
    let path = Path::new(&folder).join("ca.pem");
    let live = Roots::builder().pem_file(&path).build_live().unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    assert!(assert_fails(&live, "ermission denied").is_unreadable());
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(!live.refresh().unwrap());
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

#[test]
fn variables_are_looked_up_anew() {
    let world = empty_world("live-variables");
    let one = world.file("one.pem", pem("One"));
    let other = world.file("other.pem", pem("Other"));
    let mut policy = builder(&world).pem(pem("Base")).extra_env("EXTRA");
    let variables = SharedValues::new(vec![("EXTRA", OsString::from(&one))].into());
    policy.surroundings.variables = Variables::Given(Arc::clone(&variables));
    let live = policy.build_live().unwrap();
    assert_eq!(names(&live), ["CN=Base", "CN=One"]);

    let set = |values: &[(&'static str, &Path)]| {
        let values = values
            .iter()
            .map(|(name, path)| (*name, OsString::from(path)));
        *variables.lock().unwrap() = values.collect();
    };
    set(&[("EXTRA", &other)]);
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Base", "CN=Other"]);
    assert!(live.report().to_string().contains("other.pem"));

    set(&[("EXTRA", &world.join("absent.pem"))]);
    let error = live.refresh().unwrap_err();
    assert!(error.to_string().starts_with("EXTRA: "), "{error}");
    assert_eq!(names(&live), ["CN=Base", "CN=Other"]);

    // Unset: the policy has one source less.
    set(&[]);
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Base"]);
}

/// The error is returned, logged and kept for the report.
#[test]
fn pem_in_a_variable_fails_a_refresh_and_is_not_shown() {
    let world = empty_world("live-pem");
    let file = world.file("one.pem", pem("One"));
    let mut policy = builder(&world).extra_env("EXTRA");
    let variables = SharedValues::new(vec![("EXTRA", OsString::from(&file))].into());
    policy.surroundings.variables = Variables::Given(Arc::clone(&variables));
    let live = policy.build_live().unwrap();
    let secret = pem("Secret");
    *variables.lock().unwrap() = vec![("EXTRA", OsString::from(&secret))];
    let error = assert_fails(&live, "EXTRA: it holds PEM text in place of a path");
    for shown in [format!("{error:?}"), live.report().to_string()] {
        assert!(!secret.lines().any(|line| shown.contains(line)), "{shown}");
    }
    assert_eq!(names(&live), ["CN=One"]);
}

/// Kubernetes links each file of a volume through `..data`, and replaces that link.
#[test]
fn links_and_renames_are_followed() {
    let world = empty_world("live-links");
    world.file("volume/..first/ca.pem", pem("First"));
    world.file("volume/..second/ca.pem", pem("Second"));
    symlink("..first", world.join("volume/..data")).unwrap();
    symlink("..data/ca.pem", world.join("volume/ca.pem")).unwrap();
    let path = world.join("volume/ca.pem");
    let live = builder(&world).pem_file(&path).build_live().unwrap();
    assert!(!live.refresh().unwrap());

    symlink("..second", world.join("volume/..new")).unwrap();
    fs::rename(world.join("volume/..new"), world.join("volume/..data")).unwrap();
    fs::remove_dir_all(world.join("volume/..first")).unwrap();
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Second"]);

    let third = world.file("volume/third.pem", pem("Third"));
    fs::rename(third, &path).unwrap();
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Third"]);
    assert_eq!(live.generation(), 3);
}

#[test]
fn an_optional_file_may_come_and_go() {
    let world = empty_world("live-optional");
    let path = world.join("extra.pem");
    let policy = builder(&world).pem(pem("Base")).optional_pem_file(&path);
    let live = policy.build_live().unwrap();
    world.file("extra.pem", pem("Extra"));
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Base", "CN=Extra"]);
    world.file("extra.pem", "half of it");
    live.refresh().unwrap_err();
    assert_eq!(names(&live), ["CN=Base", "CN=Extra"]);
    fs::remove_file(path).unwrap();
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Base"]);
}

/// As a file is while it is being written.
#[test]
fn optional_file_without_certificates_is_absent_at_start_and_fails_a_refresh() {
    let world = empty_world("live-empty");
    let nothing = [
        "",
        " \n\n",
        "# Nothing yet\n\t# -----BEGIN CERTIFICATE-----\n",
        "\u{feff}",
    ];
    for nothing in nothing {
        let path = world.file("extra.pem", nothing);
        let policy = builder(&world).pem(pem("Base")).optional_pem_file(&path);
        let live = policy.build_live().unwrap();
        let report = live.report().to_string();
        assert!(
            report.contains("extra.pem: 0 roots; skipped: empty, or only comments"),
            "{report}"
        );
        world.file("extra.pem", pem("Extra"));
        assert!(live.refresh().unwrap());
        world.file("extra.pem", nothing);
        assert!(assert_fails(&live, "extra.pem: 0 roots").is_no_roots());
        assert_eq!(names(&live), ["CN=Base", "CN=Extra"]);
        // It may be absent, and empty after that.
        fs::remove_file(&path).unwrap();
        assert!(live.refresh().unwrap());
        world.file("extra.pem", nothing);
        assert!(!live.refresh().unwrap());
        assert_eq!(names(&live), ["CN=Base"]);
    }
    // A file that must exist must have roots, and no other text is a comment.
    let path = world.file("extra.pem", "");
    builder(&world)
        .pem(pem("Base"))
        .pem_file(&path)
        .build()
        .unwrap_err();
    for text in [
        "Nothing yet\n",
        "# embedded-roots: permitted-dns=.example\n",
    ] {
        world.file("extra.pem", text);
        let policy = builder(&world).pem(pem("Base")).optional_pem_file(&path);
        policy.build().unwrap_err();
    }
}

/// At the start, a directory may be missing. Later, what was trusted must not vanish with a mount.
#[test]
fn directory_of_a_variable_that_loses_its_roots_fails_a_refresh() {
    let world = empty_world("live-places");
    let file = world.file("ca.pem", pem("File"));
    let directory = world.file("certs/ca.pem", pem("Directory"));
    let mut policy = builder(&world).ssl_cert_env();
    let variables = vec![
        ("SSL_CERT_FILE", OsString::from(&file)),
        (
            "SSL_CERT_DIR",
            env::join_paths(["certs", "absent", "certs"].map(|name| world.join(name))).unwrap(),
        ),
    ];
    policy.surroundings.variables = variables.into();
    let live = policy.build_live().unwrap();
    let both = ["CN=Directory", "CN=File"];
    assert_eq!(names(&live), both);
    let fails = || {
        live.refresh().unwrap_err();
        assert_eq!(names(&live), both);
    };

    fs::remove_file(&directory).unwrap();
    fails();
    fs::remove_dir(world.join("certs")).unwrap();
    fails();
    world.file("certs/ca.pem", pem("Directory"));
    fs::write(&file, "").unwrap();
    fails();
    fs::remove_file(&file).unwrap();
    fails();
    world.file("ca.pem", pem("File"));
    live.refresh().unwrap();
    // One that was missing at the start may come, and then has to stay.
    let late = world.file("absent/late.pem", pem("Late"));
    assert!(live.refresh().unwrap());
    fs::remove_file(late).unwrap();
    live.refresh().unwrap_err();
    assert_eq!(names(&live).len(), 3);
}

/// As `<(command)` names it.
#[test]
fn refresh_of_a_pipe_that_was_read_leaves_its_roots() {
    use std::os::fd::AsRawFd as _;

    let world = empty_world("live-descriptor");
    let file = world.file("ca.pem", pem("Piped"));
    world.file("certs/ca.pem", pem("Directory"));
    let pipe = || {
        let mut command = Command::new("cat");
        let writer = command.arg(&file).stdout(std::process::Stdio::piped());
        let mut writer = writer.spawn().unwrap();
        let pipe = writer.stdout.take().unwrap();
        writer.wait().unwrap();
        let path = format!("/dev/fd/{}", pipe.as_raw_fd());
        (pipe, OsString::from(path))
    };
    let (open, named) = pipe();
    let variables = [vec![("EXTRA", pipe())], vec![("SSL_CERT_FILE", pipe())]];
    for mut variables in variables {
        let (name, (open, path)) = variables.remove(0);
        let mut policy = builder(&world).ssl_cert_env().extra_env("EXTRA");
        policy.surroundings.variables = vec![(name, path.clone())].into();
        let live = policy.build_live().unwrap();
        assert_eq!(names(&live), ["CN=Piped"]);
        assert!(assert_fails(&live, "the pipe is empty: it can be read once").is_unreadable());
        assert_eq!(names(&live), ["CN=Piped"]);
        drop(open);
    }

    // Nor do the roots of a directory take their place.
    let mut policy = builder(&world).ssl_cert_env();
    let directory = ("SSL_CERT_DIR", world.join("certs").into());
    policy.surroundings.variables = vec![("SSL_CERT_FILE", named), directory].into();
    let live = policy.build_live().unwrap();
    let both = ["CN=Directory", "CN=Piped"];
    assert_eq!(names(&live), both);
    live.refresh().unwrap_err();
    assert_eq!(names(&live), both);
    drop(open);
}

/// A fallback is for the start: later, a file that is being replaced would open it.
#[test]
fn refresh_never_falls_back() {
    let bundle = crate::bundle::selected::bundle();
    let store = "root/etc/ssl/certs/ca-certificates.crt";

    let world = empty_world("live-store");
    let path = world.file(store, pem("Store"));
    let live = builder(&world).system_or(bundle).build_live().unwrap();
    for missing in [false, true] {
        if missing {
            fs::remove_file(&path).unwrap();
        } else {
            world.file(store, "");
        }
        assert!(assert_fails(&live, "never falls back").is_no_roots());
        assert_eq!(names(&live), ["CN=Store"]);
    }
    // The store is read tolerantly, as at the start.
    world.file(
        store,
        format!("{}-----BEGIN CERTIFICATE-----\nAA", pem("New")),
    );
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=New"]);
    assert_eq!(live.report().report().sources()[0].skipped().len(), 1);

    // Also when the variables have named another store in between.
    let world = empty_world("live-variable-store");
    let path = world.file(store, pem("Store"));
    let other = world.file("other.pem", pem("Other"));
    let variables = SharedValues::default();
    let mut policy = builder(&world).system_or(bundle);
    policy.surroundings.variables = Variables::Given(Arc::clone(&variables));
    let live = policy.build_live().unwrap();
    let named = vec![("SSL_CERT_FILE", OsString::from(&other))];
    *variables.lock().unwrap() = named;
    assert!(live.refresh().unwrap());
    fs::remove_file(&path).unwrap();
    variables.lock().unwrap().clear();
    assert!(assert_fails(&live, "never falls back").is_no_roots());
    assert_eq!(names(&live), ["CN=Other"]);

    // An empty store that fills up ends the fallback.
    let world = empty_world("live-late-store");
    let live = builder(&world).system_or(bundle).build_live().unwrap();
    assert_eq!(live.current().anchors().len(), bundle.len());
    assert!(!live.refresh().unwrap());
    world.file(store, pem("Store"));
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Store"]);

    let world = empty_world("live-fallback");
    world.file(store, pem("Store"));
    let path = world.file("ca.pem", pem("Private"));
    let policy = builder(&world).optional_pem_file(&path).system_fallback();
    let live = policy.build_live().unwrap();
    fs::remove_file(&path).unwrap();
    assert!(assert_fails(&live, "never falls back").is_no_roots());
    assert_eq!(names(&live), ["CN=Private"]);

    // One that was open from the start stays open.
    let policy = builder(&world).optional_pem_file(&path).system_fallback();
    let live = policy.build_live().unwrap();
    assert!(!live.refresh().unwrap());
    world.file(store, pem("Other"));
    assert!(live.refresh().unwrap());
    assert_eq!(names(&live), ["CN=Other"]);
}

#[test]
fn failed_refresh_has_the_times_of_the_clock() {
    let world = empty_world("live-clock");
    let path = world.file("ca.pem", pem("CA"));
    let live = builder(&world).pem_file(&path).build_live().unwrap();
    let failed = || live.report().failed_refresh().cloned().unwrap();
    let times = || (failed().since().as_secs(), failed().latest().as_secs());

    world.file("ca.pem", "");
    set_clock(1_000_000_000);
    live.refresh().unwrap_err();
    assert_eq!(times(), (1_000_000_000, 1_000_000_000));
    set_clock(1_000_000_060);
    live.refresh().unwrap_err();
    assert_eq!(times(), (1_000_000_000, 1_000_000_060));
    // Another error, and the clock is set back, to 1900 at last.
    fs::remove_file(&path).unwrap();
    set_clock(900_000_000);
    live.refresh().unwrap_err();
    assert_eq!(times(), (1_000_000_000, 900_000_000));
    NOW.set(UNIX_EPOCH - Duration::from_secs(70 * 365 * 86_400));
    live.refresh().unwrap_err();
    assert_eq!(times(), (1_000_000_000, 0));
    assert_eq!(
        failed().to_string(),
        format!(
            "not refreshed since 2001-09-09T01:46:40Z, last tried 1970-01-01T00:00:00Z: {}",
            failed().error()
        )
    );

    world.file("ca.pem", pem("CA 2"));
    assert!(live.refresh().unwrap());
    assert!(live.report().failed_refresh().is_none());
}

/// What a refresh read is older than what another one has taken over, so it reads again.
#[test]
fn older_content_never_replaces_newer() {
    for fails in [false, true] {
        let world = empty_world("live-overtaken");
        let path = world.file("ca.pem", pem("First"));
        let (at_merge, merging) = mpsc::sync_channel::<()>(0);
        let (go_on, resume) = mpsc::channel::<()>();
        let pause = Mutex::new(Some(resume));
        // Holds back the first refresh in the thread named "slow", when it has read the file.
        let policy = builder(&world).pem_file(&path).retain(move |_| {
            if thread::current().name() == Some("slow") {
                if let Some(resume) = pause.lock().unwrap().take() {
                    at_merge.send(()).unwrap();
                    resume.recv().unwrap();
                }
            }
            true
        });
        let live = policy.build_live().unwrap();
        world.file("ca.pem", pem("Second"));
        let slow = thread::Builder::new().name("slow".to_owned());
        let slow = {
            let live = live.clone();
            slow.spawn(move || live.refresh()).unwrap()
        };
        merging.recv().unwrap();

        // It holds no lock.
        assert_eq!(names(&live), ["CN=First"]);
        drop(live.client_config());
        assert_eq!(live.report().generation(), 1);
        if fails {
            // A later one that fails does not make what was read older.
            world.file("ca.pem", "");
            live.refresh().unwrap_err();
        } else {
            world.file("ca.pem", pem("Third"));
            assert!(live.refresh().unwrap());
            assert_eq!(names(&live), ["CN=Third"]);
        }

        go_on.send(()).unwrap();
        assert_eq!(slow.join().unwrap().unwrap(), fails);
        let now = if fails { "CN=Second" } else { "CN=Third" };
        assert_eq!(names(&live), [now]);
        assert_eq!(live.generation(), 2);
    }
}
