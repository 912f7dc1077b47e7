//! Tests every row of the tables in docs/policy.md.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use embedded_roots_testing::folder::Folder;

#[cfg(feature = "mozilla")]
use crate::bundle::anchor::Anchor;
#[cfg(feature = "mozilla")]
use crate::bundle::mozilla;
use crate::bundle::selected::bundle;
use crate::error::Error;
use crate::roots::builder::RootsBuilder;
use crate::roots::policy::Roots;
use crate::source::surroundings::Surroundings;
use crate::source::system::Store;
use crate::source::variables::Variables;
use crate::world::{empty_world, pem};

const PAGE: &str = include_str!("../../docs/policy.md");

fn builder(world: &Folder, variables: Vec<(&'static str, OsString)>) -> RootsBuilder {
    let mut builder = Roots::builder();
    builder.surroundings = Surroundings {
        store: Store::below(&world.join("root")),
        variables: Variables::from(variables),
        ..Surroundings::default()
    };
    builder
}

/// The rows of the table below this heading, without the table's header.
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

/// The sources of the trusted roots, as the page names them.
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
    let embedded = bundle().len();
    assert_eq!(
        store.len(),
        trusted
            .iter()
            .map(|is| if *is == "bundle" { embedded } else { 1 })
            .sum::<usize>()
    );
    trusted.join(" + ")
}

/// Applies the policy in the first column to an empty builder.
fn policy(name: &str, world: &Folder, builder: RootsBuilder) -> RootsBuilder {
    let bundle = bundle();
    match name {
        // The presets do the same; `presets_equal_their_documented_builders` checks that.
        "Roots::embedded()" => builder.bundle(bundle),
        "Roots::system()" => builder.system(),
        "Roots::system_or_embedded()" => builder.system_or(bundle),
        "Roots::embedded_and_system()" => builder.bundle(bundle).system(),
        ".system_or(b).pem_file(there)" => builder.system_or(bundle).pem_file(world.join("there")),
        ".bundle(b).system_fallback()" => builder.bundle(bundle).system_fallback(),
        ".bundle(b).ssl_cert_env()" => builder.bundle(bundle).ssl_cert_env(),
        ".bundle(b).extra_env(\"EXTRA_CA\")" => builder.bundle(bundle).extra_env("EXTRA_CA"),
        ".optional_pem_file(absent).system_fallback()" => builder
            .optional_pem_file(world.join("absent"))
            .system_fallback(),
        ".optional_pem_file(there).system_fallback()" => builder
            .optional_pem_file(world.join("there"))
            .system_fallback(),
        ".optional_pem_file(absent).bundle(b)" => builder
            .optional_pem_file(world.join("absent"))
            .bundle(bundle),
        ".optional_pem_file(empty).system_fallback()" => builder
            .optional_pem_file(world.join("empty"))
            .system_fallback(),
        ".optional_pem_file(empty).bundle(b)" => builder
            .optional_pem_file(world.join("empty"))
            .bundle(bundle),
        ".optional_pem_file(broken).bundle(b)" => builder
            .optional_pem_file(world.join("broken"))
            .bundle(bundle),
        ".pem_file(absent).bundle(b)" => builder.pem_file(world.join("absent")).bundle(bundle),
        ".pem_file(there).bundle(b)" => builder.pem_file(world.join("there")).bundle(bundle),
        other => panic!("{other} has no test"),
    }
}

const STORE: &str = "root/etc/ssl/certs/ca-certificates.crt";

fn with_files(name: &str) -> Folder {
    let world = empty_world(name);
    world.file("there", pem("File CA"));
    world.file("empty", "# No CA yet\n");
    world.file("broken", pem("File CA").replacen("\nMII", "\n!II", 1));
    world
}

#[test]
fn policies_trust_their_documented_sources() {
    let world = with_files("what_is_trusted");
    let rows = rows("What is trusted");
    assert_eq!(rows.len(), 14);
    for row in rows {
        let [name, has_roots, is_absent, is_broken] = &row[..] else {
            panic!("{row:?}")
        };
        let verdict = || outcome(policy(name, &world, builder(&world, Vec::new())));
        world.file(STORE, pem("Store CA"));
        assert_eq!(&verdict(), has_roots, "{name}");
        world.file(STORE, pem("Store CA").replacen("\nMII", "\n!II", 1));
        assert_eq!(&verdict(), is_broken, "{name}");
        world.file(STORE, "# nothing yet\n");
        assert_eq!(&verdict(), is_absent, "{name}");
        fs::remove_dir_all(world.join("root")).unwrap();
        assert_eq!(&verdict(), is_absent, "{name}");
    }
}

#[test]
fn policies_obey_their_documented_variables() {
    let world = with_files("variables");
    world.file(STORE, pem("Store CA"));
    world.file("directory/there.pem", pem("File CA"));
    world.file("directory/README", "no certificate");
    world.file(
        "broken directory/broken.pem",
        fs::read(world.join("broken")).unwrap(),
    );
    world.file("empty directory/README", "no certificate");
    let rows = rows("Variables at run time");
    assert_eq!(rows.len(), 8);
    for row in rows {
        let [name, variable, valid, other, empty] = &row[..] else {
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
                builder(&world, vec![(variable, value.into())]),
            ))
        };
        assert_eq!(&verdict(&world.join(there)), valid, "{name}");
        assert_eq!(&verdict(Path::new("")), empty, "{name}");
        for file in others {
            assert_eq!(&verdict(&world.join(file)), other, "{name} with {file}");
        }
    }
}

/// The presets read the surroundings of this process, so they are compared with builders there.
#[test]
fn presets_equal_their_documented_builders() {
    let text = |roots: Result<Roots, Error>| match roots {
        Ok(roots) => roots.report().to_string(),
        Err(error) => error.to_string(),
    };
    let bundle = bundle();
    let builder = Roots::builder;
    for (preset, same) in [
        (Roots::embedded(), builder().bundle(bundle).build()),
        (Roots::system(), builder().system().build()),
        (
            Roots::system_or_embedded(),
            builder().system_or(bundle).build(),
        ),
        (
            Roots::embedded_and_system(),
            builder().bundle(bundle).system().build(),
        ),
    ] {
        assert_eq!(text(preset), text(same));
    }
}

/// A variable that names another store does not change the limits.
#[cfg(feature = "mozilla")]
#[test]
fn limits_apply_to_a_store_that_a_variable_names() {
    let world = empty_world("lifts_no_limit");
    // Like the bundles of distributions, without annotations.
    let lines = mozilla::annotated_pem()
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
        ("SSL_CERT_DIR", world.join("directory")),
    ] {
        let builder = || builder(&world, vec![(variable, value.clone().into())]);
        for builder in [
            builder().system(),
            builder().bundle(&mozilla::BUNDLE).system(),
            builder().system().bundle(&mozilla::BUNDLE),
            builder().bundle(&mozilla::BUNDLE).ssl_cert_env(),
        ] {
            let roots = builder.build().unwrap();
            assert_eq!(roots.root_store().len(), mozilla::BUNDLE.len() - 1);
            assert_eq!(limits(roots), 2);
        }
    }
}

/// The recipe of docs/policy.md, and what it warns of.
#[cfg(feature = "mozilla")]
#[test]
fn proxy_and_distribution_in_one_file_keep_limits_as_the_systems_store() {
    let world = empty_world("proxy");
    let lines = mozilla::annotated_pem()
        .lines()
        .filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.collect();
    let file = world.file("with-proxy.pem", pem("Proxy CA") + &lines.join("\n"));
    let variables = vec![("SSL_CERT_FILE", file.clone().into())];
    let keeping = builder(&world, variables).bundle(&mozilla::BUNDLE);
    let lifting = builder(&world, Vec::new()).bundle(&mozilla::BUNDLE);
    for (builder, limits, lifted) in [
        (keeping.ssl_cert_env(), 2, 0),
        (lifting.optional_pem_file(&file), 0, 2),
    ] {
        let roots = builder.build().unwrap();
        let mut subjects = roots.anchors().iter().map(Anchor::subject);
        assert!(subjects.any(|subject| subject == "CN=Proxy CA"));
        let sources = roots.report().sources();
        let of_roots = roots.anchors().iter();
        let limited = of_roots.filter(|anchor| !anchor.limits().is_empty());
        let not_applied = sources
            .iter()
            .map(|source| source.limits_not_applied().len());
        assert_eq!(
            (limited.count(), not_applied.sum::<usize>()),
            (limits, lifted)
        );
        assert_eq!(roots.report().has_limits_not_applied(), lifted > 0);
    }
}

#[test]
fn invalid_input_is_an_error_whatever_a_variable_names() {
    let world = with_files("given_is_wrong");
    let variables = vec![("SSL_CERT_FILE", world.join("there").into())];
    assert_eq!(
        outcome(builder(&world, variables).pem("garbage").ssl_cert_env()),
        "error"
    );
}

#[test]
fn dangling_link_does_not_cause_a_fallback() {
    let world = with_files("link_to_nowhere");
    world.file(STORE, pem("Store CA"));
    let link = world.join("link");
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let builder = builder(&world, Vec::new())
        .optional_pem_file(link)
        .system_fallback();
    assert_eq!(outcome(builder), "error");
}

#[test]
fn variables_replace_pinned_certificates() {
    let world = with_files("pinned_and_variables");
    let pinned = world.file("pinned.pem", pem("Pinned"));
    let count = |variables| {
        let builder = builder(&world, variables).bundle(bundle());
        let roots = builder.pinned_file(&pinned).ssl_cert_env().build();
        let roots = roots.unwrap();
        let [report] = roots.report().pinned() else {
            panic!("{}", roots.report());
        };
        (report.certificates().len(), report.ignored().to_vec())
    };
    assert_eq!(count(Vec::new()), (1, Vec::new()));
    let variable = || ("SSL_CERT_FILE", world.join("there").into());
    let replaced = "SSL_CERT_FILE or SSL_CERT_DIR replaces all of them".to_owned();
    assert_eq!(count(vec![variable()]), (0, vec![replaced]));
    // The system's store is one source of several, whatever names it.
    let system = builder(&world, vec![variable()]).system();
    let roots = system.pinned_file(&pinned).build().unwrap();
    assert_eq!(roots.report().pinned()[0].certificates(), ["CN=Pinned"]);
}

#[test]
fn store_of_pinned_certificates_alone_is_an_error_of_its_own() {
    let world = with_files("pinned_alone");
    let pinned = world.file("pinned.pem", pem("Pinned"));
    let roots = builder(&world, Vec::new()).pinned_file(&pinned);
    let roots = roots.build().unwrap();
    assert!(roots.root_store().is_empty());
    let error = roots.trust_set().filled_store().unwrap_err();
    assert!(error.is_no_roots());
    let text = error.to_string();
    assert!(
        text.contains("1 pinned certificate") && !text.contains("date"),
        "{text}"
    );
}
