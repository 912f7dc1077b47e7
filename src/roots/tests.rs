//! docs/policy.md, row by row.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};

use super::builder::Surroundings;
use super::{Roots, RootsBuilder};
use crate::files::Variables;
use crate::system::Store;

const PAGE: &str = include_str!("../../docs/policy.md");

/// A folder of this test, with a root directory of a system in it.
pub(crate) struct World {
    folder: PathBuf,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("embedded-roots-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("root")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn builder(&self, variables: Vec<(&'static str, OsString)>) -> RootsBuilder {
        let mut builder = Roots::builder();
        builder.surroundings = Surroundings {
            store: Store::below(&self.path("root")),
            variables: Variables::Given(variables),
        };
        builder
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The PEM of a CA of this name.
pub(crate) fn pem(name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .pem()
}

/// The rows of the table below this heading, without the head.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = PAGE.split_once(&format!("## {heading}\n")).unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &str| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect()
    };
    rows.map(cells).collect()
}

/// The sources of what is trusted, as the page calls them.
fn outcome(builder: RootsBuilder) -> String {
    let Ok(roots) = builder.build() else {
        return "error".to_owned();
    };
    let store = roots.root_store();
    let has = |name: &str| {
        let subjects = store.roots.iter().map(|anchor| &anchor.subject);
        subjects.clone().any(|subject| {
            subject
                .windows(name.len())
                .any(|part| part == name.as_bytes())
        })
    };
    let sources = [
        ("Example Corp Root CA", "bundle"),
        ("File CA", "file"),
        ("Store CA", "store"),
    ];
    let trusted: Vec<_> = sources
        .iter()
        .filter(|(ca, _)| has(ca))
        .map(|(_, is)| *is)
        .collect();
    let embedded = crate::bundle().len();
    assert_eq!(
        store.len(),
        trusted
            .iter()
            .map(|is| if *is == "bundle" { embedded } else { 1 })
            .sum::<usize>()
    );
    trusted.join(" + ")
}

/// What stands in the first column, for a builder that has nothing yet.
fn policy(name: &str, world: &World, builder: RootsBuilder) -> RootsBuilder {
    let bundle = crate::bundle();
    match name {
        // The presets are these lines; `presets_are_what_the_table_says` holds them together.
        "Roots::embedded()" => builder.bundle(bundle),
        "Roots::system()" => builder.system(),
        "Roots::system_or_embedded()" => builder.system_or_embedded(),
        "Roots::embedded_and_system()" => builder.bundle(bundle).system(),
        ".bundle(b).system_fallback()" => builder.bundle(bundle).system_fallback(),
        ".bundle(b).ssl_cert_env()" => builder.bundle(bundle).ssl_cert_env(),
        ".bundle(b).extra_env(\"EXTRA_CA\")" => builder.bundle(bundle).extra_env("EXTRA_CA"),
        ".optional_pem_file(absent).system_fallback()" => builder
            .optional_pem_file(world.path("absent"))
            .system_fallback(),
        ".optional_pem_file(there).system_fallback()" => builder
            .optional_pem_file(world.path("there"))
            .system_fallback(),
        ".optional_pem_file(absent).bundle(b)" => builder
            .optional_pem_file(world.path("absent"))
            .bundle(bundle),
        ".optional_pem_file(broken).bundle(b)" => builder
            .optional_pem_file(world.path("broken"))
            .bundle(bundle),
        ".pem_file(absent).bundle(b)" => builder.pem_file(world.path("absent")).bundle(bundle),
        ".pem_file(there).bundle(b)" => builder.pem_file(world.path("there")).bundle(bundle),
        other => panic!("{other} has no test"),
    }
}

const STORE: &str = "root/etc/ssl/certs/ca-certificates.crt";

fn world(name: &str) -> World {
    let world = World::new(name);
    world.file("there", pem("File CA"));
    world.file("broken", pem("File CA").replacen("\nMII", "\n!II", 1));
    world
}

#[test]
fn what_is_trusted() {
    let world = world("what_is_trusted");
    let rows = rows("What is trusted");
    assert_eq!(rows.len(), 11);
    for row in rows {
        let [name, has_roots, is_absent, is_broken] = &row[..] else {
            panic!("{row:?}")
        };
        let verdict = || outcome(policy(name, &world, world.builder(Vec::new())));
        world.file(STORE, pem("Store CA"));
        assert_eq!(&verdict(), has_roots, "{name}");
        world.file(STORE, pem("Store CA").replacen("\nMII", "\n!II", 1));
        assert_eq!(&verdict(), is_broken, "{name}");
        world.file(STORE, "# nothing yet\n");
        assert_eq!(&verdict(), is_absent, "{name}");
        fs::remove_dir_all(world.path("root")).unwrap();
        assert_eq!(&verdict(), is_absent, "{name}");
    }
}

#[test]
fn variables() {
    let world = world("variables");
    world.file(STORE, pem("Store CA"));
    world.file("directory/there.pem", pem("File CA"));
    world.file("directory/README", "no certificate");
    world.file(
        "broken directory/broken.pem",
        fs::read(world.path("broken")).unwrap(),
    );
    world.file("empty directory/README", "no certificate");
    let rows = rows("Variables");
    assert_eq!(rows.len(), 8);
    for row in rows {
        let [name, variable, sound, other, empty] = &row[..] else {
            panic!("{row:?}")
        };
        let (variable, there, others): (&'static str, _, _) = match variable.as_str() {
            "SSL_CERT_FILE" => ("SSL_CERT_FILE", "there", ["absent", "broken", "directory"]),
            "EXTRA_CA" => ("EXTRA_CA", "there", ["absent", "broken", "directory"]),
            _ => (
                "SSL_CERT_DIR",
                "directory",
                ["absent", "broken directory", "empty directory"],
            ),
        };
        let verdict = |value: &Path| {
            outcome(policy(
                name,
                &world,
                world.builder(vec![(variable, value.into())]),
            ))
        };
        assert_eq!(&verdict(&world.path(there)), sound, "{name}");
        assert_eq!(&verdict(Path::new("")), empty, "{name}");
        for file in others {
            assert_eq!(&verdict(&world.path(file)), other, "{name} with {file}");
        }
    }
}

/// The presets themselves, in the surroundings of this process, which they read.
#[test]
fn presets_are_what_the_table_says() {
    let text = |roots: Result<Roots, crate::Error>| match roots {
        Ok(roots) => roots.report().to_string(),
        Err(error) => error.to_string(),
    };
    let bundle = crate::bundle();
    let builder = Roots::builder;
    for (preset, same) in [
        (Roots::embedded(), builder().bundle(bundle).build()),
        (Roots::system(), builder().system().build()),
        (
            Roots::system_or_embedded(),
            builder().system_or_embedded().build(),
        ),
        (
            Roots::embedded_and_system(),
            builder().bundle(bundle).system().build(),
        ),
    ] {
        assert_eq!(text(preset), text(same));
    }
}

/// A variable names another store, and with it no other limits.
#[cfg(feature = "mozilla")]
#[test]
fn a_store_that_a_variable_names_lifts_no_limit() {
    let world = World::new("lifts_no_limit");
    // As distributions have it: without annotations.
    let lines = crate::mozilla::pem()
        .lines()
        .filter(|line| !line.starts_with('#'));
    let store = lines.collect::<Vec<_>>().join("\n");
    let file = world.file("directory/store.pem", store);
    let limits = |roots: Roots| -> usize {
        let sources = roots.report().sources().iter();
        sources.map(|source| source.limits().len()).sum()
    };
    for (variable, value) in [
        ("SSL_CERT_FILE", file),
        ("SSL_CERT_DIR", world.path("directory")),
    ] {
        let builder = || world.builder(vec![(variable, value.clone().into())]);
        for builder in [
            builder().system(),
            builder().bundle(&crate::mozilla::BUNDLE).system(),
            builder().system().bundle(&crate::mozilla::BUNDLE),
            builder().bundle(&crate::mozilla::BUNDLE).ssl_cert_env(),
        ] {
            let roots = builder.build().unwrap();
            assert_eq!(roots.root_store().len(), crate::mozilla::BUNDLE.len() - 1);
            assert_eq!(limits(roots), 2);
        }
    }
}

#[test]
fn what_was_given_is_wrong_whatever_a_variable_says() {
    let world = world("given_is_wrong");
    let variables = vec![("SSL_CERT_FILE", world.path("there").into())];
    assert_eq!(
        outcome(world.builder(variables).pem("garbage").ssl_cert_env()),
        "error"
    );
}

#[test]
fn a_link_to_nowhere_does_not_open_the_fallback() {
    let world = world("link_to_nowhere");
    world.file(STORE, pem("Store CA"));
    let link = world.path("link");
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let builder = world
        .builder(Vec::new())
        .optional_pem_file(link)
        .system_fallback();
    assert_eq!(outcome(builder), "error");
}
