//! The layouts of real systems, rebuilt in temporary folders, and stores that are damaged or change.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use embedded_roots_bundle::{PrivateKeys, parse};
use embedded_roots_testing::authority::root_with;
use embedded_roots_testing::folder::Folder;

use crate::source::root::Source;
use crate::source::root::SourceRoot;
use crate::source::system::store::Store;
use crate::world::{Ends, empty_world, pem};

fn link(world: &Folder, from: &str, to: &str) {
    let from = world.join("root").join(from);
    fs::create_dir_all(from.parent().unwrap()).unwrap();
    symlink(to, from).unwrap();
}

fn source(world: &Folder) -> Source {
    Store::below(&world.join("root")).source()
}

/// Three roots, for a bundle or for single files.
fn roots() -> [String; 3] {
    ["One", "Two", "Three"].map(pem)
}

/// The number of roots, the skipped inputs, and the origin relative to the root directory.
fn found(world: &Folder) -> (usize, Vec<String>, String) {
    let source = source(world);
    let root = world.join("root").display().to_string();
    (
        source.roots.len(),
        source.skipped,
        source.origin.to_string().replace(&root, ""),
    )
}

#[test]
fn debian() {
    let world = empty_world("debian");
    let roots = roots();
    for (nth, root) in roots.iter().enumerate() {
        world.file(
            format!("root/usr/share/ca-certificates/mozilla/{nth}.crt"),
            root,
        );
        let name = format!("etc/ssl/certs/{nth}.pem");
        let to = world.join(format!("root/usr/share/ca-certificates/mozilla/{nth}.crt"));
        link(&world, &name, to.to_str().unwrap());
        link(
            &world,
            &format!("etc/ssl/certs/0000000{nth}.0"),
            &format!("{nth}.pem"),
        );
    }
    world.file("root/etc/ssl/certs/ca-certificates.crt", roots.concat());
    let (count, skipped, origin) = found(&world);
    // Each root is once in the bundle and once in the folder, where it has two names.
    assert_eq!((count, skipped), (6, Vec::<String>::new()));
    let places = "system store (/etc/ssl/certs/ca-certificates.crt, /etc/ssl/certs)";
    assert_eq!(origin, places);
}

#[test]
fn rhel() {
    let world = empty_world("rhel");
    let bundle = "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";
    let headed = roots().map(|root| format!("# A CA\n{root}\n")).concat();
    world.file(format!("root/{bundle}"), headed);
    let extracted = world.join(format!("root/{bundle}"));
    for name in ["ca-bundle.crt", "cert.pem"] {
        link(
            &world,
            &format!("etc/pki/tls/certs/{name}"),
            extracted.to_str().unwrap(),
        );
    }
    world.file("root/etc/pki/tls/certs/ca-bundle.trust.crt", "");
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (3, Vec::<String>::new()));
    assert_eq!(origin, format!("system store (/{bundle})"));
}

#[test]
fn alpine() {
    let world = empty_world("alpine");
    world.file("root/etc/ssl/certs/ca-certificates.crt", roots().concat());
    link(&world, "etc/ssl/cert.pem", "certs/ca-certificates.crt");
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (3, Vec::<String>::new()));
    assert_eq!(origin, "system store (/etc/ssl/certs/ca-certificates.crt)");
}

#[test]
fn opensuse() {
    let world = empty_world("opensuse");
    world.file(
        "root/var/lib/ca-certificates/ca-bundle.pem",
        roots().concat(),
    );
    world.file("root/var/lib/ca-certificates/pem/one.pem", &roots()[0]);
    link(
        &world,
        "etc/ssl/ca-bundle.pem",
        "../../var/lib/ca-certificates/ca-bundle.pem",
    );
    link(&world, "etc/ssl/certs", "../../var/lib/ca-certificates/pem");
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (4, Vec::<String>::new()));
    assert_eq!(
        origin,
        "system store (/etc/ssl/ca-bundle.pem, /etc/ssl/certs)"
    );
}

#[test]
fn freebsd() {
    let world = empty_world("freebsd");
    for (nth, root) in roots().iter().enumerate() {
        world.file(format!("root/usr/share/certs/trusted/{nth}.pem"), root);
        let to = format!("../../../usr/share/certs/trusted/{nth}.pem");
        link(&world, &format!("etc/ssl/certs/0000000{nth}.0"), &to);
    }
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (3, Vec::<String>::new()));
    assert_eq!(origin, "system store (/etc/ssl/certs)");
    // The file of the package ca_root_nss.
    world.file("root/usr/local/etc/ssl/cert.pem", roots().concat());
    assert_eq!(found(&world).0, 6);
}

#[test]
fn nixos() {
    let world = empty_world("nixos");
    world.file(
        "root/nix/store/xyz-nss-cacert/etc/ssl/certs/ca-bundle.crt",
        roots().concat(),
    );
    let to = world.join("root/nix/store/xyz-nss-cacert/etc/ssl/certs/ca-bundle.crt");
    for name in ["ca-bundle.crt", "ca-certificates.crt"] {
        link(
            &world,
            &format!("etc/ssl/certs/{name}"),
            to.to_str().unwrap(),
        );
    }
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (3, Vec::<String>::new()));
    assert_eq!(origin, "system store (/etc/ssl/certs/ca-certificates.crt)");
}

#[test]
fn omnios_and_haiku() {
    for file in [
        "/etc/ssl/cacert.pem",
        "/boot/system/data/ssl/CARootCertificates.pem",
    ] {
        let world = empty_world("file");
        world.file(format!("root{file}"), roots().concat());
        let (count, skipped, origin) = found(&world);
        assert_eq!((count, skipped), (3, Vec::<String>::new()));
        assert_eq!(origin, format!("system store ({file})"));
    }
}

/// The certificates of Android have a text before or after the PEM block, and names by the old hash.
#[test]
fn android() {
    const MODULE: &str = "/apex/com.android.conscrypt/cacerts";
    const SYSTEM: &str = "/system/etc/security/cacerts";

    let world = empty_world("android");
    let roots = roots().map(|root| root + "Certificate:\n    Data:\n        Version: 3 (0x2)\n");
    for (nth, root) in roots.iter().enumerate() {
        world.file(format!("root{SYSTEM}/0000000{nth}.0"), root);
    }
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (3, Vec::<String>::new()));
    assert_eq!(origin, format!("system store ({SYSTEM})"));

    // Version 14, whose module has removed a root.
    for (nth, root) in roots.iter().skip(1).enumerate() {
        world.file(format!("root{MODULE}/0000000{nth}.0"), root);
    }
    let (count, skipped, origin) = found(&world);
    assert_eq!((count, skipped), (2, Vec::<String>::new()));
    assert_eq!(origin, format!("system store ({MODULE})"));

    // A module without roots is no store.
    fs::remove_dir_all(world.join(format!("root{MODULE}"))).unwrap();
    fs::create_dir(world.join(format!("root{MODULE}"))).unwrap();
    assert_eq!(found(&world).2, format!("system store ({SYSTEM})"));
}

#[test]
fn openharmony() {
    const DIRECTORY: &str = "/etc/security/certificates";

    let world = empty_world("openharmony");
    world.file(format!("root{DIRECTORY}/4042bcee.0"), pem("One"));
    let (count, _, origin) = found(&world);
    assert_eq!((count, origin), (1, format!("system store ({DIRECTORY})")));
    // Where another place has roots, the directory is not the system's.
    world.file("root/etc/ssl/certs/cacert.pem", pem("Two"));
    let roots = source(&world).roots;
    let subjects = roots.iter().map(|root| root.anchor.subject());
    assert_eq!(subjects.collect::<Vec<_>>(), ["CN=Two"]);
}

#[test]
fn empty_system_has_no_roots() {
    let world = empty_world("nothing");
    let (count, skipped, origin) = found(&world);
    assert_eq!(
        (count, skipped, &*origin),
        (0, Vec::<String>::new(), "system store")
    );
}

#[test]
fn unusable_certificates_are_skipped_and_reported() {
    let world = empty_world("skipped");
    let broken = pem("Broken").replacen("\nMII", "\n!II", 1);
    let (one, two) = (pem("One"), pem("Two"));
    world.file(
        "root/etc/ssl/certs/ca-certificates.crt",
        format!("{one}{broken}{two}"),
    );
    world.file("root/etc/ssl/certs/garbage.pem", [0xff; 100]);
    fs::create_dir(world.join("root/etc/ssl/certs/folder.pem")).unwrap();
    link(&world, "etc/ssl/certs/dangling.pem", "nowhere");
    link(&world, "etc/ssl/certs/loop.pem", "loop.pem");
    let (count, skipped, _) = found(&world);
    assert_eq!(count, 2);
    let line = one.lines().count() + 2;
    let path = world.join("root/etc/ssl/certs/ca-certificates.crt");
    let why = format!(
        "{}, line {line}: bad base64: '!' in a CERTIFICATE",
        path.display()
    );
    let missing = world
        .join("root/etc/ssl/certs/dangling.pem")
        .display()
        .to_string();
    let circle = world
        .join("root/etc/ssl/certs/loop.pem")
        .display()
        .to_string();
    assert_eq!(skipped[0], why);
    assert!(
        skipped[1].starts_with(&format!("{missing}: ")),
        "{skipped:?}"
    );
    assert!(
        skipped[2].starts_with(&format!("{circle}: ")),
        "{skipped:?}"
    );
    assert_eq!(skipped.len(), 3);
}

/// As `cat` joins files that end without a line break or begin with a byte order mark. Editors on Windows write both.
#[test]
fn joined_files_lose_only_what_is_unreadable() {
    const FILE: &str = "root/etc/ssl/certs/ca-certificates.crt";

    let world = empty_world("joined");
    let [one, two, three] = roots();
    let joined = |between: &str| format!("{}{between}{two}{}", one.trim_end(), three.trim_end());
    for bundle in [
        joined(""),
        joined("\u{feff}"),
        joined("\n\u{feff}"),
        joined("\r\n\u{feff}\u{feff}"),
        joined("  "),
        joined("# Two\n"),
        format!("\u{feff}{}", joined("")),
        joined("").replace('\n', "\r\n"),
        // As an unquoted variable of a shell writes it.
        joined("\n").replace('\n', " "),
        joined("").replace('\n', ""),
    ] {
        world.file(FILE, &bundle);
        let (count, skipped, _) = found(&world);
        assert_eq!((count, skipped), (3, Vec::<String>::new()), "{bundle}");
    }

    // A broken certificate among them, with its line in the file.
    let broken = two.replacen("\nMII", "\n!II", 1);
    let bundle = format!("{}{broken}{three}", one.trim_end());
    world.file(FILE, &bundle);
    let (count, skipped, _) = found(&world);
    assert_eq!((count, skipped.len()), (2, 1), "{skipped:?}");
    let line = one.lines().count() + 1;
    let expected = format!("ca-certificates.crt, line {line}: bad base64: '!'");
    assert!(skipped[0].contains(&expected), "{skipped:?}");

    // What was commented out stays so, and limits apply to the certificate after them.
    let commented = two
        .replace("-----BEGIN", "# -----BEGIN")
        .replace("-----END", "# -----END");
    let limited = "# embedded-roots: permitted-dns=.example\n";
    let bundle = format!(
        "{}{}\n{commented}\u{feff}{limited}{three}",
        one.trim_end(),
        pem("Four").trim_end()
    );
    world.file(FILE, &bundle);
    let roots = source(&world).roots;
    let roots = roots
        .iter()
        .map(|root| (root.anchor.subject(), root.anchor.limits().to_string()));
    let roots: Vec<_> = roots.collect();
    let expected = [
        ("CN=One", ""),
        ("CN=Four", ""),
        ("CN=Three", "permitted-dns=.example"),
    ];
    let expected = expected.map(|(name, limits)| (name.to_owned(), limits.to_owned()));
    assert_eq!(roots, expected);
}

#[test]
fn number_of_reported_errors_is_bounded() {
    let world = empty_world("errors");
    let file = "-----END CERTIFICATE-----\n".repeat(10_000);
    world.file("root/etc/ssl/certs/ca-certificates.crt", file);
    let (count, skipped, _) = found(&world);
    assert_eq!((count, skipped.len()), (0, 21));
    assert!(skipped[20].ends_with("9980 more errors"), "{}", skipped[20]);
}

#[test]
fn a_file_without_roots_does_not_hide_the_next() {
    let world = empty_world("next");
    world.file("root/etc/ssl/certs/ca-certificates.crt", "# empty\n");
    world.file("root/etc/ssl/cert.pem", pem("One"));
    assert_eq!(found(&world).0, 1);
}

/// A server's own certificate in the store, as an administrator leaves it there. A backup is not read.
#[test]
fn certificate_that_is_not_a_ca_is_skipped_and_reported() {
    let world = empty_world("no_ca");
    let leaf = root_with("www.corp.example", |params| {
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
    });
    let leaf = leaf.pem();
    world.file("root/etc/ssl/certs/one.pem", pem("One"));
    world.file("root/etc/ssl/certs/www.pem", &leaf);
    world.file("root/etc/ssl/certs/www.pem~", &leaf);
    let (count, skipped, _) = found(&world);
    assert_eq!((count, skipped.len()), (1, 1));
    let expected = "www.pem, line 1: \"CN=www.corp.example\" is an end-entity";
    assert!(skipped[0].contains(expected), "{skipped:?}");
}

/// A package manager at work: the bundle is replaced by a rename, and others come, go, and are halves
/// of files for a while. What stays is always found, and nothing that was never there.
#[test]
fn changing_store_has_its_unchanged_files() {
    const CERTS: &str = "root/etc/ssl/certs";

    let world = empty_world("store_changes");
    let root_of = |pem: &String| {
        let root = parse("root", pem.as_bytes(), PrivateKeys::Refuse);
        SourceRoot::from(root.unwrap().remove(0))
    };
    let stay = ["In the bundle", "In the folder"].map(pem);
    let come = ["New in the bundle", "New in the folder"].map(pem);
    let (staying, coming) = (stay.each_ref().map(root_of), come.each_ref().map(root_of));
    let bundles = [stay[0].clone(), stay[0].clone() + &come[0]];
    let bundle = world.file(format!("{CERTS}/ca-certificates.crt"), &bundles[0]);
    world.file(format!("{CERTS}/stays.pem"), &stay[1]);
    let half = &come[1][..come[1].len() / 2];

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for nth in 0.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                fs::rename(world.file("next.crt", &bundles[nth % 2]), &bundle).unwrap();
                for name in ["a.pem", "z.pem"] {
                    let path = world.file(format!("{CERTS}/{name}"), half);
                    fs::write(&path, &come[1]).unwrap();
                    thread::sleep(Duration::from_millis(1));
                    fs::remove_file(&path).unwrap();
                    symlink("nowhere", &path).unwrap();
                    fs::remove_file(&path).unwrap();
                    fs::create_dir(&path).unwrap();
                    fs::remove_dir(&path).unwrap();
                }
            }
        });
        let _ends = Ends(&done);
        let start = Instant::now();
        let (mut all, mut skipping) = (0, 0);
        while all < 20 || skipping < 20 {
            let Source { roots, skipped, .. } = source(&world);
            assert!(staying.iter().all(|root| roots.contains(root)));
            let is_known = |root: &SourceRoot| staying.contains(root) || coming.contains(root);
            assert!(roots.iter().all(is_known), "{roots:?}");
            all += usize::from(coming.iter().all(|root| roots.contains(root)));
            skipping += usize::from(!skipped.is_empty());
            let too_long = start.elapsed() > Duration::from_secs(60);
            assert!(!too_long, "{all}, {skipping}");
        }
    });
}

#[test]
fn dangling_links_are_reported() {
    let world = empty_world("nowhere");
    link(&world, "etc/ssl/certs/ca-certificates.crt", "gone.crt");
    link(&world, "etc/pki/tls/certs", "gone");
    let (count, skipped, _) = found(&world);
    let mut skipped: Vec<_> = skipped
        .iter()
        .map(|line| line.split_once("root/").unwrap().1)
        .collect();
    skipped.sort_unstable();
    skipped.dedup();
    let nowhere = "No such file or directory (os error 2)";
    let expected = ["etc/pki/tls/certs", "etc/ssl/certs/ca-certificates.crt"];
    assert_eq!(skipped, expected.map(|path| format!("{path}: {nowhere}")));
    assert_eq!(count, 0);
}
