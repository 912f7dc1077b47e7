//! The examples of README.md. The one of `explain` is in tests/explain.

use std::fs;

use crate::archive::zip;
use crate::command::{Folder, run};

#[test]
fn the_examples_are_what_the_program_prints() {
    let folder = Folder::new("readme");
    let readme = include_str!("../../README.md");
    folder.file("README.md", readme);
    fs::create_dir(folder.path().join("README.in")).unwrap();

    // Those of one company's list, and of its client.
    let list = run(&["list", "mozilla@2021-09-01", "--pem"]).out;
    let end = "-----END CERTIFICATE-----\n";
    let of = |names: &[&str]| -> String {
        let blocks = list.split_inclusive(end);
        blocks
            .filter(|block| names.iter().any(|name| block.contains(name)))
            .collect()
    };
    let company = of(&["Subject: CN=DST Root CA X3", "Subject: CN=Izenpe.com"]);
    folder.file("README.in/company.pem", company);
    let client = of(&[
        "Subject: CN=AffirmTrust Commercial",
        "Subject: CN=ISRG Root X1",
    ]);
    let old = of(&[
        "Subject: CN=AAA Certificate Services",
        "Subject: CN=ISRG Root X1",
    ]);
    folder.file("README.in/old.pem", old);
    let client = zip("com/example/roots.pem", client.as_bytes());
    folder.file("README.in/client.jar", client);
    let (_, policy) = readme.split_once("```toml\n").unwrap();
    let (policy, _) = policy.split_once("```").unwrap();
    folder.file("README.in/policy.toml", policy);

    trycmd::TestCases::new()
        .env("SSL_CERT_FILE", "")
        .case(folder.path().join("README.md"));
}
