//! What the program recognises of the shapes and files of the table.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up fails"
)]

use std::path::Path;
use std::time::SystemTime;

use embedded_roots_cli::interop::table::{Subject, Table, Verdict};
use embedded_roots_cli::recognised;
use embedded_roots_interop::{write_files, write_shapes};
use embedded_roots_testing::folder::Folder;
use rustls_pki_types::UnixTime;

/// Of which `check` says that they do not compile, or which another id stands for.
const ERRORS: [&str; 10] = [
    "bad-base64",
    "bad-der",
    "begin-line-last",
    "comment-alone",
    "empty",
    "no-end-line-between",
    "no-end-line-last",
    "server-alone",
    "server-and-root",
    "trusted-certificate-rejected",
];
/// Which one sees in what a root has issued.
const BELOW: [&str; 2] = ["no-key-identifiers", "rsassa-pss-signature"];

#[test]
#[ignore = "needs openssl; .ci/run installs and runs it"]
fn each_shape_and_file_is_recognised() {
    let folder = Folder::new("recognised");
    write_shapes(folder.path(), |_| true);
    write_files(folder.path(), |_| true);
    let table = Table::load().unwrap();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let now = UnixTime::since_unix_epoch(now);
    let mut faults = Vec::new();
    let mut check = |id: &str, path: &Path| {
        let seen = recognised(path, now).unwrap_or_default();
        let is_known = ERRORS.contains(&id) || BELOW.contains(&id);
        if seen.contains(id) == is_known {
            faults.push(format!("{id}: {seen:?}"));
        }
        // Also of keys that are too short to verify with.
        let is_bad = seen.contains("bad-self-signature");
        if is_bad != (id == "bad-self-signature") || id == "plain" && seen.len() > 1 {
            faults.push(format!("{id}: {seen:?}"));
        }
    };
    for shape in &table.shapes {
        let mut verifiers = table.verifiers.iter();
        let is_refused =
            verifiers.any(|one| matches!(shape.verdict(one), Some(Verdict::Refused(_))));
        if is_refused && shape.of != Subject::Chain {
            check(
                &shape.id,
                &folder.join("shapes").join(&shape.id).join("roots.pem"),
            );
        }
    }
    for file in &table.files {
        let mut readers = table.readers.iter();
        let is_lost = readers.any(|reader| {
            let reading = file.reading(reader);
            reading.is_some_and(|one| one.words.is_some() || one.roots < file.expected(reader))
        });
        if is_lost {
            check(
                &file.id,
                &folder.join("files").join(format!("{}.pem", file.id)),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
