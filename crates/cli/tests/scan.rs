//! `scan` against what other readers say of the same files.
//!
//! They need programs that few machines have, so they are ignored: run them with
//! `cargo test --release -p embedded-roots-cli --test scan -- --ignored`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is test code"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use embedded_roots_bundle::emit::{hex, sha256};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

type Digests = BTreeSet<String>;

fn scan(path: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
    serde_json::from_slice(&stdout_of(command.args(["scan", "--json", path]))).unwrap()
}

/// This member of the roots of the place whose name ends like this.
fn roots_of(report: &Value, place: &str, member: &str) -> Digests {
    let places = report["places"].as_array().unwrap();
    let ends = |found: &&Value| found["place"].as_str().unwrap().ends_with(place);
    let place = places
        .iter()
        .find(ends)
        .unwrap_or_else(|| panic!("no roots in {place}"));
    let known = place["roots"].as_array().unwrap();
    let unknown = place["unknown"].as_array().unwrap();
    let roots = known.iter().chain(unknown);
    roots
        .map(|root| root[member].as_str().unwrap().to_owned())
        .collect()
}

fn removed_from(report: &Value) -> usize {
    let places = report["places"].as_array().unwrap().iter();
    let roots = places.flat_map(|place| place["roots"].as_array().unwrap());
    roots.filter(|root| !root["removed"].is_null()).count()
}

/// The SHA-256 fingerprints of a text's certificates.
fn of_pem(pem: &[u8]) -> Digests {
    let certificates = CertificateDer::pem_slice_iter(pem);
    certificates
        .map(|der| hex(&sha256(&der.unwrap())))
        .collect()
}

fn stdout_of(command: &mut Command) -> Vec<u8> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

fn temporary(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

#[test]
#[ignore = "needs Debian's ca-certificates"]
fn the_store_of_debian() {
    let path = "/etc/ssl/certs/ca-certificates.crt";
    let report = scan(path);
    assert_eq!(
        roots_of(&report, path, "sha256"),
        of_pem(&fs::read(path).unwrap())
    );
}

#[test]
#[ignore = "needs Node.js"]
fn node() {
    let said = stdout_of(Command::new("node").args(["-p", "tls.rootCertificates.join('\\n')"]));
    let path = stdout_of(Command::new("node").args(["-p", "process.execPath"]));
    let path = String::from_utf8(path).unwrap();
    let report = scan(path.trim());
    assert_eq!(roots_of(&report, path.trim(), "sha256"), of_pem(&said));
}

#[test]
#[ignore = "needs a JDK"]
fn java_key_stores() {
    let default = "/etc/ssl/certs/java/cacerts";
    let list = |path: &str| {
        let arguments = ["-list", "-rfc", "-storepass", "changeit", "-keystore", path];
        stdout_of(Command::new("keytool").args(arguments))
    };
    let said = of_pem(&list(default));
    assert_eq!(roots_of(&scan(default), default, "sha256"), said);

    // PKCS#12 with a MAC and without encryption, as the JDK's own store since version 18.
    let path = temporary("java").join("store.p12");
    let path = path.to_str().unwrap();
    let arguments = [
        "-importkeystore",
        "-srckeystore",
        default,
        "-srcstorepass",
        "changeit",
        "-destkeystore",
        path,
        "-deststorepass",
        "changeit",
        "-deststoretype",
        "PKCS12",
        "-noprompt",
        "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE",
    ];
    stdout_of(Command::new("keytool").args(arguments));
    let report = scan(path);
    assert_eq!(report["places"][0]["key_store"], "PKCS#12");
    assert_eq!(roots_of(&report, path, "sha256"), said);
}

/// Wheels are ZIP archives and source distributions are compressed tar archives.
#[test]
#[ignore = "needs pip and the package index"]
fn releases_of_certifi() {
    let directory = temporary("certifi");
    for version in ["2018.11.29", "2022.12.7", "2025.1.31"] {
        for kind in ["--only-binary", "--no-binary"] {
            let mut pip = Command::new("pip");
            pip.args([
                "download",
                "--quiet",
                "--no-deps",
                "--no-build-isolation",
                kind,
                "certifi",
            ]);
            pip.arg(format!("certifi=={version}"))
                .current_dir(&directory);
            stdout_of(&mut pip);
        }
    }
    // pip itself and Python read the files for the comparison.
    let read = "import sys, zipfile, tarfile
name = sys.argv[1]
if name.endswith('.whl'):
    sys.stdout.buffer.write(zipfile.ZipFile(name).read('certifi/cacert.pem'))
else:
    archive = tarfile.open(name)
    member = next(n for n in archive.getnames() if n.endswith('certifi/cacert.pem'))
    sys.stdout.buffer.write(archive.extractfile(member).read())";
    let mut count = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let said = stdout_of(Command::new("python3").args(["-c", read]).arg(&path));
        let report = scan(path.to_str().unwrap());
        assert_eq!(
            roots_of(&report, "certifi/cacert.pem", "sha256"),
            of_pem(&said),
            "{path:?}"
        );
        // The history does not have every release.
        let date = &report["places"][0]["list_date"];
        let differences = date["extra"].as_u64().unwrap() + date["missing"].as_u64().unwrap();
        assert!(differences <= 2, "{path:?}: {date}");
        count += 1;
    }
    assert_eq!(count, 6);
}

/// Programs that hold trust anchors: names, keys and constraints, without certificates.
#[test]
#[ignore = "compiles programs, for minutes"]
fn rust_programs() {
    let webpki_roots = webpki_roots::TLS_SERVER_ROOTS.iter();
    let webpki_roots: Digests = webpki_roots
        .map(|anchor| spki_sha256(&anchor.subject_public_key_info))
        .collect();
    let ours = embedded_roots::mozilla::BUNDLE.anchors().iter();
    let ours: Digests = ours
        .map(|anchor| spki_sha256(&anchor.trust_anchor().subject_public_key_info))
        .collect();
    let directory = temporary("programs");
    for (name, feature, said) in [
        ("twin", "webpki-roots", webpki_roots),
        ("config", "mozilla", ours),
    ] {
        for (profile, settings) in [
            ("debug", &[][..]),
            ("release", &["--release"]),
            (
                "release",
                &["--release", "--config", "profile.release.strip=true"],
            ),
        ] {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args([
                "build",
                "--quiet",
                "--package",
                "linkage",
                "--no-default-features",
            ]);
            cargo
                .args(["--bin", name, "--features", feature])
                .args(settings);
            cargo
                .arg("--target-dir")
                .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"));
            stdout_of(&mut cargo);
            let built = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join("target")
                .join(profile)
                .join(name);
            let report = scan(built.to_str().unwrap());
            let found = roots_of(&report, name, "spki_sha256");
            assert_eq!(found, said, "{name} {settings:?}");
            assert_eq!(removed_from(&report), 0);

            // As a layer of an image.
            let image = directory.join("image.tar");
            let mut layer = Command::new("sh");
            layer
                .arg("-c")
                .arg("tar -C \"$1\" -cz \"$2\" >layer.tar.gz && tar -c layer.tar.gz >image.tar");
            layer
                .arg("sh")
                .arg(built.parent().unwrap())
                .arg(name)
                .current_dir(&directory);
            stdout_of(&mut layer);
            let report = scan(image.to_str().unwrap());
            let place = format!("image.tar!layer.tar.gz!{name}");
            assert_eq!(roots_of(&report, &place, "spki_sha256"), said);
        }
    }
}

/// Of the SEQUENCE, as `inspect` computes it.
fn spki_sha256(content: &[u8]) -> String {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, low @ 0..0x80] => vec![0x30, low],
        [0, low] => vec![0x30, 0x81, low],
        [high, low] => vec![0x30, 0x82, high, low],
    };
    hex(&sha256(&[&header, content].concat()))
}

#[test]
#[ignore = "reads a gibibyte"]
fn random_bytes() {
    let mut random = Command::new("head");
    random
        .args(["-c", "1G", "/dev/urandom"])
        .stdout(Stdio::piped());
    let mut random = random.spawn().unwrap();
    let mut scan = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
    scan.args(["scan", "--json", "-"])
        .stdin(random.stdout.take().unwrap());
    let report: Value = serde_json::from_slice(&stdout_of(&mut scan)).unwrap();
    assert!(random.wait().unwrap().success());
    assert_eq!(report["bytes"], 1 << 30);
    assert_eq!(report["places"], Value::Array(Vec::new()));
}

/// No root by chance: a program that has a key has the name of its root or PEM blocks, too.
#[test]
#[ignore = "reads all programs of the system"]
fn programs_of_the_system() {
    let report = scan("/usr/bin");
    for place in report["places"].as_array().unwrap() {
        let path = place["place"].as_str().unwrap().split('!').next().unwrap();
        let data = fs::read(path).unwrap();
        for root in place["roots"].as_array().unwrap() {
            let subject = root["subject"].as_str().unwrap();
            let name = subject
                .split(", ")
                .next()
                .unwrap()
                .split('=')
                .nth(1)
                .unwrap();
            let has = |part: &[u8]| data.windows(part.len()).any(|window| window == part);
            assert!(
                has(name.as_bytes()) || has(b"-----BEGIN CERTIFICATE-----"),
                "{path}: {subject}"
            );
        }
    }
}
