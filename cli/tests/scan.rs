//! `scan` against what other readers say of the same files.
//!
//! They need programs that few machines have, so they are ignored: run them with
//! `cargo test -p embedded-roots-cli --test scan -- --ignored`.

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

use embedded_roots::inspect;
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::der::sequence;
use memchr::memmem;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

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
#[ignore = "needs dpkg-deb"]
fn packages_of_dpkg_deb() {
    let directory = temporary("deb");
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.join("etc")).unwrap();
    let control = "Package: roots\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: roots\n";
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    fs::write(tree.join("etc/roots.pem"), &store).unwrap();
    for compression in ["xz", "zstd", "gzip", "none"] {
        let package = directory.join(format!("{compression}.deb"));
        let mut command = Command::new("dpkg-deb");
        stdout_of(
            command
                .args(["--root-owner-group", "-Z", compression, "--build"])
                .args([&tree, &package]),
        );
        let report = scan(package.to_str().unwrap());
        let found = roots_of(&report, "!./etc/roots.pem", "sha256");
        assert_eq!(found, of_pem(&store), "{compression}");
        assert_eq!(report["unread"], json!([]), "{compression}");
    }
}

#[test]
#[ignore = "needs rpmbuild"]
fn packages_of_rpmbuild() {
    let store = "/etc/ssl/certs/ca-certificates.crt";
    let of_store = of_pem(&fs::read(store).unwrap());
    for (payload, name) in [
        ("w9.gzdio", "gzip"),
        ("w7.xzdio", "xz"),
        ("w3.zstdio", "zstd"),
        ("w9.bzdio", "bzip2"),
    ] {
        let directory = temporary(&format!("rpm-{name}"));
        let spec = directory.join("roots.spec");
        let text = format!(
            "Name: roots\nVersion: 1\nRelease: 1\nSummary: roots\nLicense: MIT\nBuildArch: noarch\n\
             %define _binary_payload {payload}\n%description\nroots\n\
             %install\nmkdir -p %{{buildroot}}/etc\ncp {store} %{{buildroot}}/etc/roots.pem\n\
             %files\n/etc/roots.pem\n"
        );
        fs::write(&spec, text).unwrap();
        let top = format!("_topdir {}", directory.display());
        stdout_of(
            Command::new("rpmbuild")
                .args(["-bb", "--define", &top])
                .arg(&spec),
        );
        let package = directory.join("RPMS/noarch/roots-1-1.noarch.rpm");
        let report = scan(package.to_str().unwrap());
        assert_eq!(
            roots_of(&report, "!./etc/roots.pem", "sha256"),
            of_store,
            "{name}"
        );
        assert_eq!(report["unread"], json!([]), "{name}");
    }
}

#[test]
#[ignore = "needs cpio and zstd"]
fn initial_ram_disks() {
    let directory = temporary("initrd");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    fs::create_dir_all(directory.join("etc")).unwrap();
    fs::write(directory.join("etc/roots.pem"), &store).unwrap();
    fs::write(directory.join("microcode.bin"), [7; 1000]).unwrap();
    let make = "echo microcode.bin | cpio -o -H newc --quiet > disk; head -c 2048 /dev/zero >> disk; \
                find etc | cpio -o -H newc --quiet | zstd -q >> disk";
    stdout_of(
        Command::new("sh")
            .args(["-ec", make])
            .current_dir(&directory),
    );
    let report = scan(directory.join("disk").to_str().unwrap());
    assert_eq!(
        roots_of(&report, "!etc/roots.pem", "sha256"),
        of_pem(&store)
    );
}

/// For what NSS trusts each root, as its own tool says it, and without the trust objects, as far as the lists tell.
#[test]
#[ignore = "needs certutil of libnss3-tools"]
fn module_of_nss() {
    let directory = temporary("nss");
    let name = directory.to_str().unwrap();
    stdout_of(Command::new("certutil").args(["-N", "--empty-password", "-d", name]));
    let modutil = [
        "-force",
        "-dbdir",
        name,
        "-add",
        "roots",
        "-libfile",
        "libnssckbi.so",
    ];
    stdout_of(Command::new("modutil").args(modutil));
    let listed = stdout_of(Command::new("certutil").args(["-L", "-h", "all", "-d", name]));
    let listed = String::from_utf8(listed).unwrap();
    // Two are of version 1 and were never for servers: `scan` does not see those.
    let is_seen = |line: &&str| line.starts_with("Builtin") && !line.contains("Verisign Class");
    let lines = listed.lines().filter(is_seen);
    let flags = lines.filter_map(|line| line.split_whitespace().last()?.split_once(','));
    let said = flags.map(|(servers, rest)| (servers.contains('C'), rest.contains('C')));
    let mut said: Vec<(bool, bool)> = said.collect();
    said.sort_unstable();
    assert!(said.len() > 100, "{listed}");

    let library = "/usr/lib/x86_64-linux-gnu/libnssckbi.so";
    let report = scan(library);
    let place = &report["places"][0];
    let roots = place["roots"].as_array().unwrap().iter();
    let roots = roots.chain(place["unknown"].as_array().unwrap());
    let found = roots.map(|root| {
        let uses = root["trusted_for"].as_array().unwrap();
        (
            uses.contains(&"servers".into()),
            uses.contains(&"email".into()),
        )
    });
    let mut found: Vec<(bool, bool)> = found.collect();
    found.sort_unstable();
    assert_eq!(found, said);

    // In a stream, trust objects cannot be followed.
    let stream = Command::new(env!("CARGO_BIN_EXE_embedded-roots"))
        .args(["scan", "--json", "-"])
        .stdin(fs::File::open(library).unwrap())
        .output()
        .unwrap();
    let of_stream: Value = serde_json::from_slice(&stream.stdout).unwrap();
    let of_stream = of_stream["places"][0]["roots"].as_array().unwrap();
    for (root, of_stream) in place["roots"].as_array().unwrap().iter().zip(of_stream) {
        let is_for_servers = root["trusted_for"]
            .as_array()
            .unwrap()
            .contains(&"servers".into());
        let is_removed = !root["removed"].is_null();
        assert_eq!(of_stream["trusted_for"], Value::Null);
        assert_eq!(
            of_stream["perhaps_for_email"],
            is_removed && !is_for_servers,
            "{root}"
        );
    }
}

/// A file that is larger than a block, one that has a part of a fragment, and folders in folders; as an image, and
/// behind a program.
#[test]
#[ignore = "needs mksquashfs"]
fn images_of_mksquashfs() {
    let directory = temporary("squashfs");
    let tree = directory.join("tree");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    let folder = tree.join("usr/share/some/folder");
    fs::create_dir_all(&folder).unwrap();
    fs::write(tree.join("roots.pem"), &store).unwrap();
    fs::write(folder.join("large"), [&*vec![7; 300_000], &store].concat()).unwrap();
    fs::hard_link(folder.join("large"), tree.join("usr/same")).unwrap();
    for number in 0..2_000 {
        fs::write(folder.join(format!("{number}")), "a small file").unwrap();
    }
    let program = fs::read("/bin/true").unwrap();
    let of_store = of_pem(&store);
    for options in [
        "-comp gzip",
        "-comp xz -Xbcj x86",
        "-comp zstd",
        "-comp lz4 -Xhc",
        "-comp gzip -b 4096 -noF",
        "-comp xz -b 1M -noI -noD",
        "-comp zstd -always-use-fragments",
        "-comp gzip -no-fragments -no-duplicates",
    ] {
        let image = directory.join("image");
        let mut command = Command::new("mksquashfs");
        command
            .args([&tree, &image])
            .args(options.split_whitespace());
        stdout_of(command.args(["-noappend", "-quiet", "-no-progress"]));
        let read = |path: &Path| {
            let report = scan(path.to_str().unwrap());
            assert_eq!(report["errors"], json!([]), "{options}");
            assert_eq!(report["unread"], json!([]), "{options}");
            for place in ["!roots.pem", "!usr/same"] {
                assert_eq!(roots_of(&report, place, "sha256"), of_store, "{options}");
            }
        };
        read(&image);
        let mut appimage = program.clone();
        appimage[8..11].copy_from_slice(b"AI\x02");
        appimage.extend(fs::read(&image).unwrap());
        fs::write(directory.join("AppImage"), appimage).unwrap();
        read(&directory.join("AppImage"));
    }
}

#[test]
#[ignore = "needs 7zz"]
fn zip_archives_of_7_zip() {
    let directory = temporary("zip-of-7z");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    // What Deflate64 packs otherwise than Deflate: what is repeated over more than 258 bytes, and from far away.
    let content = [&*store, &vec![b'a'; 200_000], &*store].concat();
    fs::write(directory.join("roots.pem"), content).unwrap();
    for method in [
        "Copy",
        "Deflate",
        "Deflate64",
        "BZip2",
        "LZMA",
        "XZ",
        "Zstd",
    ] {
        let archive = format!("{method}.zip");
        let mut command = Command::new("7zz");
        command
            .args(["a", "-tzip", &format!("-mm={method}"), &archive])
            .args(["roots.pem"])
            .current_dir(&directory);
        // Debian's cannot write it.
        if method != "Zstd" || command.output().unwrap().status.success() {
            stdout_of(&mut command);
            let report = scan(directory.join(&archive).to_str().unwrap());
            assert_eq!(report["errors"], json!([]), "{method}");
            let found = roots_of(&report, "!roots.pem", "sha256");
            assert_eq!(found, of_pem(&store), "{method}");
        }
    }
    let mut command = Command::new("7zz");
    command
        .args(["a", "-tzip", "-psecret", "encrypted.zip", "roots.pem"])
        .current_dir(&directory);
    stdout_of(&mut command);
    let report = scan(directory.join("encrypted.zip").to_str().unwrap());
    let form = &report["unread"][0]["form"];
    assert_eq!(form, "encrypted entry of a ZIP archive");
}

#[test]
#[ignore = "needs 7zz"]
fn archives_of_7_zip() {
    let directory = temporary("7z");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    fs::create_dir_all(directory.join("folder/empty")).unwrap();
    fs::write(directory.join("folder/nothing"), "").unwrap();
    fs::write(directory.join("folder/roots.pem"), &store).unwrap();
    for number in 0..100 {
        fs::write(directory.join(format!("folder/{number}")), "a small file").unwrap();
    }
    // What filters are for.
    let program = fs::read("/bin/bash").unwrap();
    fs::write(
        directory.join("folder/program.exe"),
        [&*program, &*store].concat(),
    )
    .unwrap();
    let make = |name: &str, options: &str| {
        let mut command = Command::new("7zz");
        command
            .args(["a", name])
            .args(options.split_whitespace())
            .arg("folder")
            .current_dir(&directory);
        stdout_of(&mut command);
        scan(directory.join(name).to_str().unwrap())
    };
    for (number, options) in [
        "",
        "-ms=off -mhc=off",
        "-mx=0",
        "-mx=9 -md=16m",
        "-m0=LZMA",
        "-m0=BZip2",
        "-m0=Deflate",
        "-m0=Deflate64",
        "-m0=Copy",
        "-m0=BCJ -m1=LZMA2",
        "-m0=BCJ2 -m1=LZMA -m2=LZMA -m3=LZMA -mb0:1 -mb0s1:2 -mb0s2:3",
        "-m0=Delta:4 -m1=LZMA",
        "-m0=ARM64 -m1=LZMA2",
        "-m0=SPARC -m1=BZip2",
        "-mtc=on -mta=on -ms=100k",
    ]
    .into_iter()
    .enumerate()
    {
        let report = make(&format!("{number}.7z"), options);
        assert_eq!(report["errors"], json!([]), "{options}");
        assert_eq!(report["unread"], json!([]), "{options}");
        for place in ["!folder/roots.pem", "!folder/program.exe"] {
            let found = roots_of(&report, place, "sha256");
            assert_eq!(found, of_pem(&store), "{options}");
        }
    }
    for (name, options, form) in [
        ("ppmd.7z", "-m0=PPMd", "file of a 7z archive, in PPMd"),
        (
            "encrypted.7z",
            "-psecret",
            "file of a 7z archive, in encryption",
        ),
        (
            "hidden.7z",
            "-psecret -mhe",
            "7z with its list of files in encryption",
        ),
    ] {
        let report = make(name, options);
        assert_eq!(report["unread"][0]["form"], form);
        assert_eq!(report["errors"], json!([]), "{options}");
    }
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

/// `list` reads each kind of store that the JDK writes, with its password.
#[test]
#[ignore = "needs a JDK"]
fn java_key_stores_are_listed() {
    let default = "/etc/ssl/certs/java/cacerts";
    let directory = temporary("java-list");
    let password = directory.join("password");
    fs::write(&password, "a password\n").unwrap();
    let arguments = [
        "-list",
        "-rfc",
        "-storepass",
        "changeit",
        "-keystore",
        default,
    ];
    let said = of_pem(&stdout_of(Command::new("keytool").args(arguments)));
    for (kind, options) in [
        ("JKS", &[][..]),
        ("JCEKS", &[]),
        ("PKCS12", &[]),
        ("PKCS12", &["-J-Dkeystore.pkcs12.legacy"]),
        (
            "PKCS12",
            &["-J-Dkeystore.pkcs12.certProtectionAlgorithm=PBEWithSHA1AndDESede"],
        ),
        (
            "PKCS12",
            &["-J-Dkeystore.pkcs12.certPbeIterationCount=600000"],
        ),
        (
            "PKCS12",
            &["-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE"],
        ),
        ("PKCS12", &["-J-Dkeystore.pkcs12.macAlgorithm=NONE"]),
    ] {
        let store = directory.join("store");
        let _ = fs::remove_file(&store);
        let import = [
            "-importkeystore",
            "-srckeystore",
            default,
            "-srcstorepass",
            "changeit",
            "-deststorepass",
            "a password",
            "-noprompt",
            "-deststoretype",
            kind,
        ];
        let mut keytool = Command::new("keytool");
        stdout_of(
            keytool
                .args(import)
                .arg("-destkeystore")
                .arg(&store)
                .args(options),
        );
        let mut list = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
        list.args(["list", "--json", "--password-file"])
            .arg(&password)
            .arg(&store);
        let listed: Value = serde_json::from_slice(&stdout_of(&mut list)).unwrap();
        let listed = listed["roots"].as_array().unwrap().iter();
        let listed: Digests = listed
            .map(|root| root["sha256"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(listed, said, "{kind} {options:?}");
    }
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
            pip.args(["download", "--quiet", "--no-deps", kind, "certifi"]);
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
        let date = &report["places"][0]["list_dates"][0];
        let differences = date["extra"].as_u64().unwrap() + date["missing"].as_u64().unwrap();
        assert!(differences <= 2, "{path:?}: {date}");
        count += 1;
    }
    assert_eq!(count, 6);
}

/// Programs that hold trust anchors: names, keys and constraints, without certificates.
#[test]
#[ignore = "compiles programs in two profiles"]
fn rust_programs() {
    let webpki_roots = webpki_roots::TLS_SERVER_ROOTS.iter();
    let webpki_roots = webpki_roots.map(|anchor| spki_sha256(&anchor.subject_public_key_info));
    let directory = temporary("programs");
    for (name, feature, said) in [
        ("twin", "webpki-roots", webpki_roots.collect()),
        ("config", "mozilla", own_keys()),
    ] {
        for profile in ["debug", "release", "stripped"] {
            let program = directory.join(format!("{name}-{profile}"));
            if profile == "stripped" {
                let mut strip = Command::new("strip");
                let release = directory.join(format!("{name}-release"));
                stdout_of(strip.arg("-o").arg(&program).arg(release));
            } else {
                fs::copy(linked(name, feature, profile), &program).unwrap();
            }
            let report = scan(program.to_str().unwrap());
            let place = &report["places"][0];
            assert_eq!(keys_of(place), said, "{program:?}");
            let mut roots = place["roots"].as_array().unwrap().iter();
            assert!(roots.all(|root| root["forms"] == json!(["key"])));
        }
    }
}

/// A program with `custom` alone trusts the private roots of its file, and not those that Mozilla limits.
#[test]
#[ignore = "compiles a program in two profiles"]
fn private_roots_of_programs() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/custom.pem");
    let expected = keys_of_pem(&fs::read_to_string(file).unwrap());
    let directory = temporary("private");
    for profile in ["debug", "release"] {
        let program = directory.join(profile);
        fs::copy(linked("config", "custom", profile), &program).unwrap();
        let program = program.to_str().unwrap();
        let report = scan(program);
        let place = &report["places"][0];
        assert_eq!(place["roots"], json!([]));
        let anchors = place["anchors"].as_array().unwrap().iter();
        let keys = anchors.map(|anchor| anchor["spki_sha256"].as_str().unwrap().to_owned());
        assert_eq!(keys.collect::<Digests>(), expected, "{profile}");
        // By subject and key, these are the roots of the file.
        let diff = |old: &str, new: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
            let output = command.args(["diff", "--json", old, new]).output().unwrap();
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        for [old, new] in [[file, program], [program, file]] {
            let difference = diff(old, new);
            for member in ["came", "went", "anchors_came", "anchors_went"] {
                assert_eq!(difference[member], json!([]), "{member} in {profile}");
            }
        }
        let difference = diff("mozilla", program);
        assert_eq!(
            difference["anchors_came"].as_array().unwrap().len(),
            expected.len()
        );
    }
}

/// A program with rustls' verifier holds the keys that this refuses, from rustls-webpki 0.103.16 on, whatever the
/// profile.
#[test]
#[ignore = "compiles programs in four profiles, with two releases of rustls-webpki from the registry"]
fn verifiers_before_and_after_public_keys() {
    const PROFILES: &str = r#"
[profile.lto]
inherits = "release"
lto = "fat"
codegen-units = 1

[profile.small]
inherits = "lto"
opt-level = "z"
panic = "abort"
strip = true
"#;
    let directory = temporary("verifiers");
    let target = directory.join("target");
    for (webpki, refuses) in [("0.103.15", false), ("0.103.17", true)] {
        let package = directory.join(webpki);
        fs::create_dir_all(package.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\n\
             rustls = {{ version = \"0.23\", default-features = false, features = [\"ring\", \"std\"] }}\n\
             rustls-webpki = {{ version = \"={webpki}\", default-features = false }}\n\
             webpki-roots = \"1\"\n{PROFILES}"
        );
        fs::write(package.join("Cargo.toml"), manifest).unwrap();
        let source = include_str!("../../linkage/src/bin/twin.rs");
        fs::write(package.join("src/main.rs"), source).unwrap();
        for profile in ["dev", "release", "lto", "small"] {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["build", "--quiet", "--profile", profile])
                .env("CARGO_TARGET_DIR", &target)
                .current_dir(&package);
            stdout_of(&mut cargo);
            let folder = if profile == "dev" { "debug" } else { profile };
            let program = target.join(folder).join("program");
            let report = scan(program.to_str().unwrap());
            let place = &report["places"][0];
            assert_eq!(place["refuses_public_keys"], refuses, "{webpki}, {profile}");
            assert_eq!(place["compromised"], json!([]), "{webpki}, {profile}");
        }
    }
    stdout_of(Command::new("rm").arg("-r").arg(directory));
}

/// Images as buildah writes them, with a program and a list in layers of their own.
#[test]
#[ignore = "needs root and buildah, and compiles a program"]
fn images() {
    let directory = temporary("images");
    let context = directory.join("context");
    fs::create_dir(&context).unwrap();
    let program = linked("config", "mozilla", "release");
    fs::copy(program, context.join("program")).unwrap();
    let pem = embedded_roots::mozilla::pem();
    fs::write(context.join("cert.pem"), pem).unwrap();
    fs::write(
        context.join("Dockerfile"),
        "FROM scratch\nCOPY program /srv/\nCOPY cert.pem /etc/ssl/\n",
    )
    .unwrap();
    // Storage of its own, so that nothing stays behind.
    let buildah = |arguments: &[&str]| {
        let mut buildah = Command::new("buildah");
        buildah
            .args(["--root", "storage", "--runroot", "run"])
            .args(["--storage-driver", "vfs"]);
        stdout_of(buildah.args(arguments).current_dir(&directory));
    };
    let build = ["bud", "--isolation", "chroot", "--layers", "--tag", "roots"];
    buildah(&[&build[..], &["context"]].concat());

    for (kind, layers) in [
        ("docker-archive", docker_layers as fn(&Path) -> Vec<String>),
        ("oci-archive", oci_layers),
    ] {
        let name = format!("{kind}.tar");
        buildah(&["push", "--quiet", "roots", &format!("{kind}:{name}:roots")]);
        let archive = directory.join(&name);
        let report = scan(archive.to_str().unwrap());
        assert_eq!(report["errors"], json!([]), "{kind}");
        let places = report["places"].as_array().unwrap();
        let layers = layers(&archive);
        assert_eq!((places.len(), layers.len()), (2, 2), "{kind}: {report:#}");
        for (layer, file, keys) in [
            (&layers[0], "srv/program", own_keys()),
            (&layers[1], "etc/ssl/cert.pem", keys_of_pem(pem)),
        ] {
            let path = json!([archive, layer, file]);
            let place = places.iter().find(|place| place["path"] == path);
            let place = place.unwrap_or_else(|| panic!("no {path} in {report:#}"));
            assert_eq!(keys_of(place), keys, "{path}");
            let shown = format!("{name}!{layer}!{file}");
            assert!(place["place"].as_str().unwrap().ends_with(&shown));
        }
    }
    stdout_of(Command::new("rm").arg("-r").arg(directory));
}

/// Files that buildah deletes or replaces, in archives and in the folder of an OCI layout.
#[test]
#[ignore = "needs root and buildah"]
fn hidden_files_of_images() {
    let directory = temporary("hidden");
    let pem = embedded_roots::mozilla::pem();
    for name in ["deleted", "replaced", "kept"] {
        fs::write(directory.join(format!("{name}.pem")), pem).unwrap();
    }
    let make = r#"
        b() { buildah --root "$PWD/storage" --runroot "$PWD/run" --storage-driver vfs "$@"; }
        lower=$(b from scratch)
        b copy --quiet "$lower" deleted.pem replaced.pem kept.pem /etc/ssl/
        b commit --quiet "$lower" lower
        upper=$(b from lower)
        tree=$(b mount "$upper")
        rm "$tree/etc/ssl/deleted.pem"
        echo nothing > "$tree/etc/ssl/replaced.pem"
        b unmount "$upper"
        b commit --quiet "$upper" upper
        b push --quiet upper docker-archive:docker.tar:upper
        b push --quiet upper oci-archive:oci.tar:upper
        b push --quiet upper oci:layout:upper"#;
    stdout_of(
        Command::new("bash")
            .args(["-ec", make])
            .current_dir(&directory),
    );
    for image in ["docker.tar", "oci.tar", "layout"] {
        let report = scan(directory.join(image).to_str().unwrap());
        let places = report["places"].as_array().unwrap().iter();
        let hidden = places.map(|place| {
            let (_, name) = place["place"].as_str().unwrap().rsplit_once('/').unwrap();
            let how = place["hidden_by"]["how"].as_str().unwrap_or("seen");
            (name.to_owned(), how.to_owned())
        });
        let hidden: BTreeSet<(String, String)> = hidden.collect();
        let expected = [
            ("deleted.pem", "deleted"),
            ("kept.pem", "seen"),
            ("replaced.pem", "replaced"),
        ];
        let expected = expected.map(|(name, how)| (name.to_owned(), how.to_owned()));
        assert_eq!(hidden, BTreeSet::from(expected), "{image}");
    }
    stdout_of(Command::new("rm").arg("-r").arg(directory));
}

/// The layers that the manifest of a `docker save` archive names, as tar reads them.
fn docker_layers(archive: &Path) -> Vec<String> {
    let manifest = member(archive, "manifest.json");
    let layers = manifest[0]["Layers"].as_array().unwrap().iter();
    layers
        .map(|layer| layer.as_str().unwrap().to_owned())
        .collect()
}

/// The same of an OCI layout.
fn oci_layers(archive: &Path) -> Vec<String> {
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        format!("blobs/{}", digest.replace(':', "/"))
    };
    let index = member(archive, "index.json");
    let manifest = member(archive, &blob(&index["manifests"][0]));
    let layers = manifest["layers"].as_array().unwrap();
    layers.iter().map(blob).collect()
}

fn member(archive: &Path, name: &str) -> Value {
    let mut tar = Command::new("tar");
    let json = stdout_of(tar.arg("-xOf").arg(archive).arg(name));
    serde_json::from_slice(&json).unwrap()
}

/// One of the programs of linkage, with its own features alone.
fn linked(name: &str, feature: &str, profile: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linked");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--package", "linkage", "--bin", name])
        .args(["--no-default-features", "--features", feature])
        .args((profile == "release").then_some("--release"))
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    stdout_of(&mut cargo);
    target.join(profile).join(name)
}

/// The digests of the keys of the bundle.
fn own_keys() -> Digests {
    let anchors = embedded_roots::mozilla::BUNDLE.anchors().iter();
    let keys = anchors.map(|anchor| &anchor.trust_anchor().subject_public_key_info);
    keys.map(|key| spki_sha256(key)).collect()
}

fn keys_of_pem(pem: &str) -> Digests {
    let roots = inspect::certificates(pem).unwrap();
    roots.iter().map(|root| hex(&root.spki_sha256())).collect()
}

fn keys_of(place: &Value) -> Digests {
    assert_eq!(place["unknown"], json!([]));
    let roots = place["roots"].as_array().unwrap().iter();
    roots
        .map(|root| root["spki_sha256"].as_str().unwrap().to_owned())
        .collect()
}

/// Go programs that hold roots as golang.org/x/crypto/x509roots/fallback does: until 2025 each as a
/// string of PEM, and since then all as one embedded file of DER. The programs print what they read.
#[test]
#[ignore = "needs Go"]
fn go_programs() {
    let certificates = embedded_roots::mozilla::certificates();
    let expected: Digests = certificates.iter().map(|der| hex(&sha256(der))).collect();
    let der: Vec<&[u8]> = certificates.iter().map(|der| &**der).collect();
    let der = der.concat();
    let blocks = embedded_roots::mozilla::pem().split("-----BEGIN ").skip(1);
    let texts = blocks.map(|block| format!("`-----BEGIN {block}`,\n"));
    let bundle = format!(
        "package main\n\nvar bundle = []string{{\n{}}}\n",
        texts.collect::<String>()
    );
    let (by_der, by_pem) = (
        include_bytes!("programs/go/der.go"),
        include_bytes!("programs/go/pem.go"),
    );
    for (form, roots, bundle) in [
        ("der", &by_der[..], ("bundle.der", &der[..])),
        ("pem", by_pem, ("bundle.go", bundle.as_bytes())),
    ] {
        let directory = temporary(&format!("go-{form}"));
        let file = |name: &str, content: &[u8]| fs::write(directory.join(name), content).unwrap();
        file("go.mod", b"module roots\n\ngo 1.19\n");
        file("main.go", include_bytes!("programs/go/main.go"));
        file("roots.go", roots);
        file(bundle.0, bundle.1);
        for (name, flags) in [("program", ""), ("stripped", "-s -w")] {
            let mut go = Command::new("go");
            go.args(["build", "-ldflags", flags, "-o", name])
                .current_dir(&directory);
            stdout_of(&mut go);
            let program = directory.join(name);
            let said = String::from_utf8(stdout_of(&mut Command::new(&program))).unwrap();
            let said: Digests = said.lines().map(str::to_owned).collect();
            assert_eq!(said, expected);
            let path = program.to_str().unwrap();
            let report = scan(path);
            assert_eq!(roots_of(&report, path, "sha256"), said, "{path}");
            let mut roots = report["places"][0]["roots"].as_array().unwrap().iter();
            assert!(roots.all(|root| root["forms"] == json!([form])), "{path}");
        }
    }
}

/// Chrome's root store, and CAs of other protocols, as DER.
#[test]
#[ignore = "needs Chromium, its driver, OpenSSL and Python"]
fn chromium() {
    // All that OpenSSL reads as a certificate, wherever two SEQUENCEs begin: its digest, that of its key,
    // and whether it is a self-issued CA.
    let read = r"import hashlib, re, subprocess, sys
data = open(sys.argv[1], 'rb').read()
def openssl(data, *arguments):
    done = subprocess.run(['openssl', *arguments], input=data, capture_output=True)
    return done.stdout if done.returncode == 0 else b''
for found in re.finditer(rb'(?=0\x82(..)0[\x81\x82])', data, re.DOTALL):
    start = found.start()
    der = data[start:start + 4 + int.from_bytes(found[1], 'big')]
    text = openssl(der, 'x509', '-inform', 'DER', '-noout', '-text', '-pubkey')
    names = re.findall(rb'^ *(?:Issuer|Subject): *(.*)', text, re.MULTILINE)
    if text:
        key = openssl(text, 'pkey', '-pubin', '-outform', 'DER')
        is_root = b'CA:TRUE' in text and names[0] == names[1]
        print(hashlib.sha256(der).hexdigest(), hashlib.sha256(key).hexdigest(), is_root)";
    let path = "/usr/lib/chromium/chromium";
    let said = stdout_of(Command::new("python3").args(["-c", read, path]));
    let said = String::from_utf8(said).unwrap();
    let said: Vec<Vec<&str>> = said.lines().map(|line| line.split(' ').collect()).collect();
    let roots = said.iter().filter(|certificate| certificate[2] == "True");

    let report = scan(path);
    let place = &report["places"][0];
    let digests = |roots: &str, member: &str| -> Digests {
        let roots = place[roots].as_array().unwrap().iter();
        let digest = |root: &Value| root[member].as_str().unwrap().to_owned();
        roots.map(digest).collect()
    };
    // A known root is also known by its key, in another certificate.
    let (known, unknown) = (
        digests("roots", "spki_sha256"),
        digests("unknown", "sha256"),
    );
    let (of_known, others): (Vec<_>, Vec<_>) = roots.partition(|root| known.contains(root[1]));
    let column = |roots: &[&Vec<&str>], nth: usize| -> Digests {
        roots.iter().map(|root| root[nth].to_owned()).collect()
    };
    assert_eq!(known, column(&of_known, 1));
    assert_eq!(unknown, column(&others, 0));

    // What Chromium shows of its own store is there; some of it is intermediate certificates.
    let read = include_str!("chrome_root_store.py");
    let shown = stdout_of(Command::new("python3").args(["-c", read]));
    let shown = String::from_utf8(shown).unwrap();
    let all: BTreeSet<&str> = said.iter().map(|certificate| certificate[0]).collect();
    let roots = column(&[of_known, others].concat(), 0);
    assert!(shown.lines().all(|digest| all.contains(digest)));
    let count = shown
        .lines()
        .filter(|digest| roots.contains(*digest))
        .count();
    assert!(count > 80, "{count} of {}", shown.lines().count());
}

/// Of the SEQUENCE, as `inspect` computes it.
fn spki_sha256(content: &[u8]) -> String {
    hex(&sha256(&sequence(&[content])))
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
        // What is packed in a program has no name that can be read.
        let [path] = &place["path"].as_array().unwrap()[..] else {
            continue;
        };
        let path = path.as_str().unwrap();
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
            let has = |part: &[u8]| memmem::find(&data, part).is_some();
            assert!(
                has(name.as_bytes()) || has(b"-----BEGIN CERTIFICATE-----"),
                "{path}: {subject}"
            );
        }
    }
}

/// Literals of a module are compressed: those of certifi in rebar3, an archive of modules behind a script.
#[test]
#[ignore = "needs Debian's rebar3"]
fn an_escript_of_erlang() {
    let read = r#"{ok, Script} = escript:extract("/usr/bin/rebar3", []),
        {ok, Files} = zip:extract(proplists:get_value(archive, Script), [memory]),
        {_, Module} = lists:keyfind("certifi/ebin/certifi.beam", 1, Files),
        code:load_binary(certifi, "certifi.beam", Module),
        [io:put_chars([binary:encode_hex(crypto:hash(sha256, Der)), "\n"]) || Der <- certifi:cacerts()],
        halt()."#;
    let said = stdout_of(Command::new("erl").args(["-noshell", "-eval", read]));
    let said = String::from_utf8(said).unwrap().to_lowercase();
    let said: Digests = said.lines().map(str::to_owned).collect();
    assert!(said.len() > 100);
    let report = scan("/usr/bin/rebar3");
    let found = roots_of(&report, "!certifi/ebin/certifi.beam", "sha256");
    assert_eq!(found, said);
    assert_eq!(report["unread"], json!([]));
}

/// A module with roots among its literals, compiled in each of the forms that the compiler writes.
#[test]
#[ignore = "needs Debian's erlang-base"]
fn modules_of_erlc() {
    let directory = temporary("beam");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    let certificates = CertificateDer::pem_slice_iter(&store);
    let binaries = certificates.map(|der| {
        let bytes: Vec<String> = der.unwrap().iter().map(u8::to_string).collect();
        format!("<<{}>>", bytes.join(","))
    });
    let binaries: Vec<String> = binaries.collect();
    let source = format!(
        "-module(roots).\n-export([all/0]).\nall() -> [{}].\n",
        binaries.join(",\n")
    );
    fs::write(directory.join("roots.erl"), source).unwrap();
    for option in ["+debug_info", "+deterministic", "+compressed"] {
        let mut erlc = Command::new("erlc");
        stdout_of(erlc.args([option, "roots.erl"]).current_dir(&directory));
        let module = directory.join("roots.beam");
        let report = scan(module.to_str().unwrap());
        assert_eq!(
            roots_of(&report, "roots.beam", "sha256"),
            of_pem(&store),
            "{option}"
        );
    }
}

/// A Java runtime with a module that has a list as a resource.
#[test]
#[ignore = "needs a JDK"]
fn runtimes_of_jlink() {
    let directory = temporary("jlink");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    let module = directory.join("module");
    fs::create_dir_all(module.join("a")).unwrap();
    fs::write(module.join("a/roots.pem"), &store).unwrap();
    let source = directory.join("module-info.java");
    fs::write(&source, "module a.roots { }").unwrap();
    stdout_of(Command::new("javac").arg("-d").arg(&module).arg(&source));
    for (nth, options) in [&["--compress=0"][..], &["--compress=1"], &["--compress=2"]]
        .into_iter()
        .enumerate()
    {
        let image = directory.join(nth.to_string());
        let mut jlink = Command::new("jlink");
        jlink.args(options).arg("--module-path").arg(&module);
        jlink
            .args(["--add-modules", "a.roots", "--output"])
            .arg(&image);
        stdout_of(&mut jlink);
        let modules = image.join("lib/modules");
        let report = scan(modules.to_str().unwrap());
        let place = if nth == 0 {
            "/lib/modules"
        } else {
            "/lib/modules!a.roots/a/roots.pem"
        };
        assert_eq!(
            roots_of(&report, place, "sha256"),
            of_pem(&store),
            "{options:?}"
        );
        assert_eq!(report["unread"], json!([]), "{options:?}");
        assert_eq!(report["errors"], json!([]), "{options:?}");
    }
}

/// A virtual environment of Python with these packages, and the list that certifi has there.
fn environment(directory: &Path, packages: &[&str]) -> (PathBuf, Digests) {
    let environment = directory.join("environment");
    stdout_of(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment),
    );
    let mut pip = Command::new(environment.join("bin/pip"));
    stdout_of(pip.args(["install", "--quiet", "certifi"]).args(packages));
    let source = "import certifi\nprint(open(certifi.where()).read())\n";
    let program = directory.join("program.py");
    fs::write(&program, source).unwrap();
    let said = stdout_of(Command::new(environment.join("bin/python")).arg(&program));
    (environment, of_pem(&said))
}

/// The program as it is, and in an archive, where it is not possible to seek.
fn has_roots_as_file_and_in_archive(program: &Path, said: &Digests) {
    let archive = program.with_extension("tar");
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(&archive).arg("-C");
    stdout_of(tar.args([
        program.parent().unwrap(),
        Path::new(program.file_name().unwrap()),
    ]));
    for path in [program, &archive] {
        let report = scan(path.to_str().unwrap());
        let found = roots_of(&report, "!certifi/cacert.pem", "sha256");
        let path = path.display();
        assert_eq!(&found, said, "{path}");
        assert_eq!(report["unread"], json!([]), "{path}");
        assert_eq!(report["errors"], json!([]), "{path}");
    }
}

#[test]
#[ignore = "needs pip and the package index"]
fn programs_of_pyinstaller() {
    let directory = temporary("pyinstaller");
    // Of two years.
    for version in ["5.13.2", "6.22.3"] {
        let directory = directory.join(version);
        fs::create_dir_all(&directory).unwrap();
        let package = format!("pyinstaller=={version}");
        let (environment, said) = environment(&directory, &[&package, "setuptools<80"]);
        let mut pyinstaller = Command::new(environment.join("bin/pyinstaller"));
        pyinstaller
            .args([
                "--onefile",
                "--log-level=ERROR",
                "--collect-data",
                "certifi",
            ])
            .arg("program.py")
            .current_dir(&directory);
        stdout_of(&mut pyinstaller);
        let program = directory.join("dist/program");
        assert_eq!(of_pem(&stdout_of(&mut Command::new(&program))), said);
        has_roots_as_file_and_in_archive(&program, &said);
    }
}

#[test]
#[ignore = "needs pip, the package index, a C compiler and patchelf"]
fn programs_of_nuitka() {
    let directory = temporary("nuitka");
    let (environment, said) = environment(&directory, &["nuitka", "zstandard"]);
    // In a temporary folder, and in a folder that stays, where files have checksums.
    for options in [&[][..], &["--onefile-tempdir-spec={CACHE_DIR}/roots"]] {
        let mut nuitka = Command::new(environment.join("bin/python"));
        nuitka
            .args(["-m", "nuitka", "--onefile", "--quiet"])
            .args([
                "--assume-yes-for-downloads",
                "--include-package-data=certifi",
            ])
            .args(options)
            .arg("program.py")
            .env("XDG_CACHE_HOME", directory.join("cache"))
            .current_dir(&directory);
        stdout_of(&mut nuitka);
        let program = directory.join("program.bin");
        assert_eq!(of_pem(&stdout_of(&mut Command::new(&program))), said);
        has_roots_as_file_and_in_archive(&program, &said);
    }
}

/// With the passwords that everybody uses, and with one from a file.
#[test]
#[ignore = "needs a JDK and OpenSSL"]
fn encrypted_key_stores() {
    let directory = temporary("encrypted");
    let store = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    let said = of_pem(&store);
    let path = directory.join("store");
    let scan = |options: &[&str]| -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
        command.args(["scan", "--json"]).args(options).arg(&path);
        serde_json::from_slice(&stdout_of(&mut command)).unwrap()
    };
    let openssl = |password: &str, options: &[&str]| {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkcs12", "-export", "-nokeys", "-in"]);
        openssl
            .arg("/etc/ssl/certs/ca-certificates.crt")
            .args(options);
        openssl.args(["-passout", &format!("pass:{password}"), "-out"]);
        stdout_of(openssl.arg(&path));
    };
    for (password, opened_with) in [
        ("", "empty"),
        ("changeit", "changeit"),
        ("changeme", "changeme"),
    ] {
        for options in [&[][..], &["-legacy"]] {
            openssl(password, options);
            let report = scan(&[]);
            assert_eq!(roots_of(&report, "store", "sha256"), said, "{password}");
            assert_eq!(report["places"][0]["opened_with"], opened_with);
            assert_eq!(report["unread"], json!([]));
        }
    }
    openssl("a secret", &[]);
    let report = scan(&[]);
    assert_eq!(report["places"], json!([]));
    let form = "PKCS#12 with encrypted certificates or keys";
    assert_eq!(report["unread"][0]["form"], form);
    let file = directory.join("password");
    fs::write(&file, "a secret\n").unwrap();
    let report = scan(&["--password-file", file.to_str().unwrap()]);
    assert_eq!(roots_of(&report, "store", "sha256"), said);
    assert_eq!(report["places"][0]["opened_with"], "password-file");
    assert!(!report.to_string().contains("a secret"));

    for (kind, password) in [
        ("PKCS12", json!("changeit")),
        ("JKS", Value::Null),
        ("JCEKS", Value::Null),
    ] {
        let _ = fs::remove_file(&path);
        let default = "/etc/ssl/certs/java/cacerts";
        let mut keytool = Command::new("keytool");
        keytool.args(["-importkeystore", "-noprompt", "-srckeystore", default]);
        keytool.args(["-srcstorepass", "changeit", "-deststorepass", "changeit"]);
        keytool
            .args(["-deststoretype", kind, "-destkeystore"])
            .arg(&path);
        stdout_of(&mut keytool);
        let list = ["-list", "-rfc", "-storepass", "changeit", "-keystore"];
        let said = of_pem(&stdout_of(Command::new("keytool").args(list).arg(&path)));
        let report = scan(&[]);
        assert_eq!(roots_of(&report, "store", "sha256"), said, "{kind}");
        assert_eq!(report["places"][0]["opened_with"], password);
        let kind = if kind == "PKCS12" { "PKCS#12" } else { kind };
        assert_eq!(report["places"][0]["key_store"], kind);
    }
}

/// NSS writes PKCS#12 in pieces, and OpenSSL what it signs as a stream.
#[test]
#[ignore = "needs OpenSSL, and certutil and pk12util of NSS"]
fn stores_and_messages_in_pieces() {
    let directory = temporary("pieces");
    let make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out own.pem -subj /CN=own -days 100
        openssl pkcs12 -export -inkey key.pem -in own.pem -name own -passout pass:secret -out own.p12
        mkdir nss
        certutil -N -d sql:nss --empty-password
        pk12util -i own.p12 -d sql:nss -W secret
        pk12util -o nss.p12 -n own -d sql:nss -W changeit
        store=/etc/ssl/certs/ca-certificates.crt
        sign='openssl cms -sign -binary -nodetach -stream -signer own.pem -inkey key.pem'
        $sign -in $store -outform DER -out message.der
        $sign -in own.pem -certfile $store -outform PEM -out message.pem
        openssl crl2pkcs7 -nocrl -certfile $store -out store.p7b
        sed s/PKCS7/CERTIFICATE/ store.p7b > labelled.pem";
    stdout_of(
        Command::new("sh")
            .args(["-ec", make])
            .current_dir(&directory),
    );
    let own = of_pem(&fs::read(directory.join("own.pem")).unwrap());
    let store = of_pem(&fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap());
    let both = store.union(&own).cloned().collect();
    for (name, place, said) in [
        ("nss.p12", "nss.p12", &own),
        ("message.der", "message.der!content", &store),
        ("message.pem", "message.pem", &both),
        ("store.p7b", "store.p7b", &store),
        ("labelled.pem", "labelled.pem", &store),
    ] {
        let report = scan(directory.join(name).to_str().unwrap());
        assert_eq!(&roots_of(&report, place, "sha256"), said, "{name}");
        assert_eq!(report["unread"], json!([]), "{name}");
    }
}
