//! The example of `explain` in README.md.

use std::process::Command;

use embedded_roots_testing::authority::{intermediate, root, server_with};
use embedded_roots_testing::folder::Folder;
use rcgen::{DnType, SanType, date_time_ymd};

use crate::authority::{HOST, ca_issuers};
use crate::server::Server;

const ADDRESS: &str = "127.0.0.1:8443";

#[test]
fn the_example_is_what_the_program_prints() {
    let readme = include_str!("../../README.md");
    let (_, example) = readme.split_once("$ embedded-roots explain ").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (arguments, expected) = example.split_once('\n').unwrap();

    let ca = root("Corp Root CA");
    let identity = server_with(&intermediate("Corp Issuing CA", &ca), HOST, |params| {
        let name = "intranet.example";
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2056, 1, 1);
        let place = ca_issuers("http://pki.example/issuing.der");
        params.custom_extensions.push(place);
    });
    let address = format!("127.0.0.1:{}", Server::new(&identity).port);
    let folder = Folder::new("readme");
    folder.file("corp.pem", ca.pem());
    folder.file("system.pem", root("Another CA").pem());
    let output = Command::new(env!("CARGO_BIN_EXE_embedded-roots"))
        .current_dir(folder.path())
        .env("SSL_CERT_FILE", "system.pem")
        .env_remove("SSL_CERT_DIR")
        .arg("explain")
        .args(arguments.replace(ADDRESS, &address).split(' '))
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let shown = shown.replace(&address, ADDRESS);
    assert_eq!(without_fingerprint(&shown), without_fingerprint(expected));
    assert_eq!(output.status.code(), Some(1));
}

/// The text, and that it has one fingerprint, at the end of a line.
fn without_fingerprint(text: &str) -> (String, usize) {
    let is_fingerprint = |line: &str| {
        let (_, end) = line.rsplit_once(' ').unwrap_or_default();
        end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let count = text.lines().filter(|line| is_fingerprint(line)).count();
    let lines = text.lines().map(|line| {
        let end = if is_fingerprint(line) { 16 } else { 0 };
        line[..line.len() - end].to_owned() + "\n"
    });
    (lines.collect(), count)
}
