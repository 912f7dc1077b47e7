//! The seeds, with a stable toolchain: each through its check, and what a build script would write for
//! those of `custom_build` through rustc.

#![allow(missing_docs, reason = "a test binary has no users")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let files = fs::read_dir(folder).unwrap();
    let seeds: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(seeds.len() > 4, "{target}");
    seeds
}

#[test]
fn the_seeds_pass() {
    for (target, check) in [
        ("annotation", fuzz::annotation::check as fn(&[u8])),
        ("custom_build", fuzz::custom_build::check),
        ("join", fuzz::join::check),
        ("name", fuzz::name::check),
        ("pem", fuzz::pem::check),
        ("verifier", fuzz::verifier::check),
    ] {
        seeds(target).iter().for_each(|seed| check(seed));
    }
}

#[test]
fn what_is_generated_compiles() {
    let generated: Vec<_> = seeds("custom_build")
        .iter()
        .filter_map(|seed| fuzz::custom_build::generated(seed))
        .collect();
    assert!(generated.len() > 2);
    for (anchors, certificates, _) in generated {
        let source = format!(
            "pub struct Anchor;
            impl Anchor {{
                pub const fn from_literals(_: &'static [u8], _: &'static [u8], _: Option<&'static [u8]>, _: Option<u64>) -> Self {{ Self }}
            }}
            pub struct CertificateDer<'a>(&'a [u8]);
            impl<'a> CertificateDer<'a> {{
                pub const fn from_slice(der: &'a [u8]) -> Self {{ Self(der) }}
            }}
            pub fn anchors() -> &'static [Anchor] {{ {anchors} }}
            pub fn certificates() -> &'static [CertificateDer<'static>] {{ {certificates} }}"
        );
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated.rs");
        fs::write(&file, source).unwrap();
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc)
            .args([
                "--edition=2024",
                "--crate-type=lib",
                "--emit=metadata",
                "--out-dir",
            ])
            .arg(env!("CARGO_TARGET_TMPDIR"))
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
