//! Other readers of the files that this project writes: each takes all of their roots.

#![allow(
    clippy::unwrap_used,
    reason = "the lint's exception for tests is for functions with `#[test]`; all of this is test code"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use embedded_roots::{Roots, custom, mozilla};
use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};
use embedded_roots_cli::interop::table::{Program, ReaderScope, Table};
use embedded_roots_interop::{Answer, programs};
use embedded_roots_testing::authority::{Authority, annotated, root_with};
use embedded_roots_testing::folder::Folder;
use rcgen::date_time_ymd;

#[test]
#[ignore = "needs OpenSSL and other readers; .ci/run installs and runs them"]
fn other_readers_take_all_roots_of_our_files() {
    let folder = Folder::new("readers");
    let files = files();
    for (name, pem, _) in &files {
        assert!(pem.is_ascii() && pem.ends_with("-----END CERTIFICATE-----\n"));
        folder.file(Path::new("files").join(name), pem);
    }
    let table = Table::load().unwrap();
    let reader = |id: &str| table.readers.iter().find(|reader| reader.id == id);
    let mut faults = Vec::new();
    let mut readers = 0;
    for program in programs() {
        // Those in Debian; `cargo xtask interop` runs the others over other files.
        if !program.missing().is_empty() || !program.ids.iter().any(|id| reader(id).is_some()) {
            println!("{}: not run", program.name);
            continue;
        }
        let output = program.run(folder.path());
        let ids = program.ids.iter().filter_map(|id| reader(id));
        for reader in ids.filter(|reader| !LEFT_OUT.contains(&&*reader.id)) {
            readers += 1;
            for (name, _, roots) in &files {
                let id = name.strip_suffix(".pem").unwrap();
                if (&*reader.id, id) == BOUNDARY_IN_A_NAME {
                    continue;
                }
                let mut cells = output.cells.iter();
                let cell = cells.find(|cell| cell.program == reader.id && cell.of == id);
                let expected = Some(Answer::Taken(expected(reader, *roots)));
                let taken = cell.map(|cell| cell.answer);
                let words = cell.map_or("", |cell| &cell.words);
                if taken != expected || !words.is_empty() {
                    faults.push(format!(
                        "{}: {taken:?} {words} of {roots} roots of {name}",
                        reader.id
                    ));
                }
            }
        }
    }
    for (name, _, roots) in &files {
        let taken = taken_by_p11_kit(&folder, name);
        if taken != *roots {
            faults.push(format!("p11-kit: {taken} of {roots} roots of {name}"));
        }
    }
    println!("{readers} readers and p11-kit, {} files", files.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // OpenSSL, GnuTLS, Go, Java and Python at least.
    assert!(readers >= 15);
}

/// Readers that say nothing of what they have read, and are asked by servers below the roots; and two that know no keys
/// but RSA.
const LEFT_OUT: [&str; 9] = [
    "curl-7.88",
    "forge-1.4",
    "forge-1.4-certificate",
    "grpc-1.85",
    "node-20",
    "node-20-extra",
    "node-24",
    "node-24-extra",
    "wolfssl-5.5",
];

/// A reader that takes DER for PEM where a name in it is a BEGIN line, whatever file it is in.
const BOUNDARY_IN_A_NAME: (&str, &str) = ("botan-2.19", "hostile");

/// By p11-kit's module, which the table does not have. NSS loads it, and lists what it has.
fn taken_by_p11_kit(folder: &Folder, name: &str) -> usize {
    let database = folder.join(format!("{name}.nss"));
    fs::create_dir(&database).unwrap();
    let database = format!("sql:{}", database.display());
    let paths = format!("paths='{}'", folder.join("files").join(name).display());
    run("certutil", &["-N", "-d", &database, "--empty-password"]);
    run(
        "modutil",
        &[
            "-force", "-dbdir", &database, "-add", "p11-kit", "-libfile", P11_KIT, "-string",
            &paths,
        ],
    );
    let listed = run("certutil", &["-L", "-h", "all", "-d", &database]);
    let of_file = format!("{name}:");
    listed
        .lines()
        .filter(|line| line.starts_with(&of_file))
        .count()
}

const P11_KIT: &str = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-trust.so";

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn expected(reader: &Program, roots: usize) -> usize {
    match reader.takes {
        Some(ReaderScope::First) => 1,
        None => roots,
    }
}

/// A root that ends before the year 4000, which Botan does not read.
fn root(name: &str) -> Authority {
    root_with(name, |params| params.not_after = date_time_ymd(2045, 1, 1))
}

/// The name, the text and the number of roots.
fn files() -> Vec<(&'static str, String, usize)> {
    let whole = mozilla::BUNDLE.len();
    let plain = mozilla::certificates().len();
    // Names and limits that look like boundaries to readers of comments, and text that is not ASCII.
    let hostile = [
        annotated(
            "permitted-dns=xn-----a.example",
            &root("-----BEGIN CERTIFICATE-----"),
        ),
        annotated(
            "distrust-after=2030-01-01T00:00:00Z",
            &root("F\u{151}tan\u{fa}s\u{ed}tv\u{e1}ny"),
        ),
        root("1 -----END CERTIFICATE-----").pem(),
    ];
    let hostile = parse("hostile", hostile.concat().as_bytes(), PrivateKeys::Refuse).unwrap();
    let hostile = ParsedBundle::new(hostile).unwrap().to_pem();
    let of_roots = Roots::builder().pem(&hostile).build().unwrap();
    vec![
        (
            "ca-certificates.pem",
            include_str!("../../certs/ca-certificates.crt").to_owned(),
            whole,
        ),
        (
            "mozilla-annotated.pem",
            mozilla::annotated_pem().to_owned(),
            whole,
        ),
        ("mozilla.pem", mozilla::pem().to_owned(), plain),
        (
            "custom-annotated.pem",
            custom::annotated_pem().to_owned(),
            custom::BUNDLE.len(),
        ),
        (
            "custom.pem",
            custom::pem().to_owned(),
            custom::certificates().len(),
        ),
        ("list.pem", written_by_list(), whole),
        ("hostile.pem", hostile, 3),
        // Without those that have limits.
        ("hostile-roots.pem", of_roots.pem().unwrap(), 1),
    ]
}

/// What `embedded-roots list mozilla --pem` writes.
fn written_by_list() -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--package", "embedded-roots-cli"]);
    cargo.args(["--bin", "embedded-roots", "--", "list", "mozilla", "--pem"]);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
