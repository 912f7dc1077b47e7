//! Other readers of the files that this project writes: each takes all of their roots.

use std::path::Path;
use std::process::Command;

use embedded_roots::{Roots, mozilla};
use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};
use embedded_roots_testing::authority::{annotated, root};
use embedded_roots_testing::folder::Folder;

use crate::verifiers::run;

/// Counts the roots of a file.
type Reader = fn(&Path) -> usize;

const READERS: [(&str, Reader); 5] = [
    ("OpenSSL", by_openssl),
    ("GnuTLS", by_gnutls),
    ("Go", by_go),
    ("Java", by_java),
    ("Python", by_python),
];

#[test]
#[ignore = "needs openssl, certtool, go, keytool and python3; .ci/run installs and runs them"]
fn other_readers_take_all_roots_of_our_files() {
    let folder = Folder::new("readers");
    let mut faults = Vec::new();
    for (name, pem, roots) in files() {
        assert!(pem.is_ascii() && pem.ends_with("-----END CERTIFICATE-----\n"));
        let path = folder.file(name, &pem);
        for (reader, count) in READERS {
            let taken = count(&path);
            if taken != roots {
                faults.push(format!("{reader} takes {taken} of {roots} roots of {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The name, the text and the number of roots.
fn files() -> Vec<(&'static str, String, usize)> {
    let mozilla = mozilla::BUNDLE.len();
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
    let plain = Roots::builder().pem(&hostile).build().unwrap();
    let pem_of_roots = plain.pem().unwrap();
    vec![
        (
            "ca-certificates.crt",
            include_str!("../../certs/ca-certificates.crt").to_owned(),
            mozilla,
        ),
        (
            "annotated_pem",
            mozilla::annotated_pem().to_owned(),
            mozilla,
        ),
        ("hostile names and limits", hostile, 3),
        // Without those that have limits.
        ("Roots::pem", pem_of_roots, 1),
    ]
}

fn output(command: &mut Command) -> String {
    let output = run(command);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn by_openssl(path: &Path) -> usize {
    let mut command = Command::new("openssl");
    let text = output(command.args(["storeutl", "-noout", "-certs"]).arg(path));
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("Total found: "));
    total.and_then(|total| total.parse().ok()).unwrap_or(0)
}

fn by_gnutls(path: &Path) -> usize {
    let mut command = Command::new("certtool");
    let text = output(command.args(["--certificate-info", "--infile"]).arg(path));
    text.matches("X.509 Certificate Information:").count()
}

fn by_go(path: &Path) -> usize {
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/oracles/go/readers/main.go"
    );
    let text = output(Command::new("go").args(["run", program]).arg(path));
    text.trim().parse().unwrap_or(0)
}

fn by_java(path: &Path) -> usize {
    let mut command = Command::new("keytool");
    let text = output(command.args(["-printcert", "-file"]).arg(path));
    text.matches("Owner: ").count()
}

/// By `cadata=`, which takes ASCII alone.
fn by_python(path: &Path) -> usize {
    let program = "import ssl, sys; \
                   context = ssl.create_default_context(cadata=open(sys.argv[1], encoding='ascii').read()); \
                   print(context.cert_store_stats()['x509'])";
    let text = output(Command::new("python3").args(["-c", program]).arg(path));
    text.trim().parse().unwrap_or(0)
}
