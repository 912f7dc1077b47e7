//! docs/clients.md shows what is compiled and tested here.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Other sources of roots, and other libraries of cryptography, than those of embedded-roots.
const STORES: [&str; 3] = [
    "rustls-native-certs",
    "rustls-platform-verifier",
    "webpki-roots",
];
const PROVIDERS: [&str; 2] = ["aws-lc-rs", "openssl-sys"];

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn page() -> String {
    read("../../docs/clients.md")
}

/// The features that have a client, from the modules.
fn features() -> Vec<String> {
    let lib = read("src/lib.rs");
    let features = lib.split("#[cfg(feature = \"").skip(1);
    features
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// A client's module, without the comment at its head.
fn code(feature: &str) -> String {
    let module = read(format!("src/{}_client.rs", feature.replace('-', "_")));
    let lines = module.split_inclusive('\n');
    lines
        .skip_while(|line| line.starts_with("//!"))
        .skip(1)
        .collect()
}

/// A client's test.
fn test(feature: &str) -> String {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")).unwrap();
    let text: String = files.map(|file| read(file.unwrap().path())).collect();
    let start = format!("fn {}() -> Done {{\n", feature.replace('-', "_"));
    let (_, rest) = text
        .split_once(&start)
        .unwrap_or_else(|| panic!("{feature} has no test"));
    rest.split("\n}\n").next().unwrap().to_owned()
}

/// The packages that a program with this client compiles.
fn tree(feature: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    cargo.args(["--no-default-features", "--features", feature]);
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn all_code_of_the_page_is_compiled() {
    let page = page();
    for feature in features() {
        let block = format!("## {feature}\n\n```rust,ignore\n{}```\n", code(&feature));
        assert!(
            page.contains(&block),
            "{feature}: docs/clients.md shows another:\n{block}"
        );
    }
    assert_eq!(page.matches("```rust").count(), features().len());
}

#[test]
fn the_table_says_what_is_tested_and_what_cargo_compiles() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| ["));
    let rows = rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    assert_eq!(rows.len(), features().len());
    for row in rows {
        let [client, lines, limits, reason, store, provider] = row[..] else {
            panic!("{row:?}");
        };
        let (feature, versions) = client[1..].split_once("](#").unwrap();
        let (code, test, tree) = (code(feature), test(feature), tree(feature));

        let (_, versions) = versions.split_once(") ").unwrap();
        for version in versions.split(", ") {
            let version = match version.split_once(' ') {
                Some((package, version)) => format!("\n{package} v{version}."),
                None => format!("\n{feature} v{version}."),
            };
            assert!(tree.contains(&version), "{feature}: not{version}");
        }
        let lines = lines.trim_matches('`');
        assert!(
            words(&code).contains(&words(lines)),
            "{feature}: not {lines}"
        );

        let takes_roots = code.contains("roots: &Roots");
        assert_eq!(
            limits,
            if takes_roots {
                "enforced"
            } else {
                "roots left out"
            },
            "{feature}"
        );
        let keeps = test.contains("explained(");
        assert_eq!(reason, if keeps { "yes" } else { "no" }, "{feature}");

        let brings = |names: &[&str]| {
            let brings = |name: &&&str| tree.contains(&format!("\n{name} v"));
            let names: Vec<&str> = names.iter().filter(brings).copied().collect();
            if names.is_empty() {
                "no".to_owned()
            } else {
                names.join(", ")
            }
        };
        assert_eq!(store, brings(&STORES), "{feature}");
        assert_eq!(provider, brings(&PROVIDERS), "{feature}");
    }
}
