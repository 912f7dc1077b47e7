//! Bundles that a program names in its code.

use std::fs;

use embedded_roots::{Anchor, Bundle, Roots, custom, include_bundle, mozilla};
use embedded_roots_bundle::digest::{hex, sha256, sha256_from_hex};
use embedded_roots_testing::authority::{root, server};
use rustls::version::TLS13;

use crate::izenpe::izenpe;
use crate::scratch::{Package, target};
use crate::server::serve;

static CORP: Bundle = include_bundle!("tests/data/custom.pem");
const IN_A_CONSTANT: Bundle = include_bundle!("tests/data/custom.pem");
static LIMITED: Bundle = include_bundle!(
    mozilla,
    only = [
        "ISRG Root X1",
        "CN=Izenpe.com, O=IZENPE S.A., C=ES",
        // "TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1"
        "46:ED:C3:68:90:46:D5:3A:45:3F:B3:10:4A:B8:0D:CA:EC:65:8B:26:60:EA:16:29:DD:7E:86:79:90:64:87:16",
    ],
);

fn subjects(bundle: &Bundle) -> Vec<String> {
    bundle.anchors().iter().map(Anchor::subject).collect()
}

#[test]
fn a_file_gives_the_anchors_that_custom_would_have() {
    let in_an_expression = include_bundle!("tests/data/custom.pem");
    for bundle in [CORP, IN_A_CONSTANT, in_an_expression] {
        assert_eq!(bundle.anchors(), custom::BUNDLE.anchors());
        assert_eq!(bundle.sha256(), custom::BUNDLE.sha256());
        assert_eq!(
            (bundle.name(), bundle.as_of()),
            ("tests/data/custom.pem", None)
        );
    }
    assert_eq!(CORP.len(), 2);
}

#[test]
fn several_files_are_one_bundle() {
    let both = include_bundle!("tests/data/custom.pem", "crates/bundle/tests/data/root.pem");
    let reversed = include_bundle!("crates/bundle/tests/data/root.pem", "tests/data/custom.pem");
    assert_eq!(both.len(), 3);
    assert_eq!(both.anchors(), reversed.anchors());
    assert_eq!(both.sha256(), reversed.sha256());
    assert_eq!(
        both.name(),
        "tests/data/custom.pem, crates/bundle/tests/data/root.pem"
    );
}

#[test]
fn a_part_of_mozillas_list_has_its_limits_and_its_date() {
    assert_eq!(LIMITED.len(), 3);
    for anchor in LIMITED.anchors() {
        assert!(
            mozilla::BUNDLE.anchors().contains(anchor),
            "{}",
            anchor.subject()
        );
    }
    let limited = LIMITED.anchors().iter().filter(|anchor| {
        anchor.distrust_after().is_some() || anchor.trust_anchor().name_constraints.is_some()
    });
    assert_eq!(limited.count(), 2);
    assert_eq!(
        (LIMITED.name(), LIMITED.as_of()),
        ("part of mozilla", mozilla::BUNDLE.as_of())
    );
    assert!(LIMITED.as_of().is_some());
}

#[test]
fn the_whole_list_is_mozillas_bundle() {
    let whole = include_bundle!(mozilla);
    assert_eq!(whole.anchors(), mozilla::BUNDLE.anchors());
    assert_eq!(whole.sha256(), mozilla::BUNDLE.sha256());
    assert_eq!(
        (whole.name(), whole.as_of()),
        ("mozilla", mozilla::BUNDLE.as_of())
    );
}

#[test]
fn options_are_applied_in_their_order() {
    let without = include_bundle!(mozilla, without = ["ISRG Root X1", "Izenpe.com"]);
    assert_eq!(without.len(), mozilla::BUNDLE.len() - 2);
    let names = subjects(&without);
    assert!(
        !names
            .iter()
            .any(|name| name.contains("ISRG Root X1") || name.contains("Izenpe"))
    );
    // `only`, then `without`, then the pin of what is left, in any order of writing.
    let one = include_bundle!(
        sha256 = "36:0B:9A:24:71:53:75:1D:D4:D8:56:5B:52:F9:9C:DC:4E:5B:FE:67:10:E8:3B:97:16:56:DC:94:71:F5:22:CE",
        without = ["ISRG Root X1"],
        only = ["ISRG Root X1", "ISRG Root X2"],
        mozilla
    );
    assert_eq!(
        subjects(&one),
        ["CN=ISRG Root X2, O=Internet Security Research Group, C=US"]
    );
    // For a single root, the digest of the set is that of its fingerprint.
    let fingerprint = "69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470";
    let fingerprint = sha256_from_hex(fingerprint).unwrap();
    assert_eq!(one.sha256(), sha256(&fingerprint));
}

#[test]
fn name_selects_all_its_roots_and_fingerprint_one() {
    let package = Package::with_features("two-of-a-name", &["macros"]);
    let (one, other) = (root("Example, Inc. \"CA\""), root("Example, Inc. \"CA\""));
    package.file("corp.pem", one.pem() + &other.pem() + &root("Third").pem());
    let fingerprint = hex(&sha256(one.der()));
    let printed = package
        .main(&include_str!("../programs/two_of_a_name.rs").replace("FINGERPRINT", &fingerprint))
        .run();
    assert_eq!(printed, "2 1 1");
}

/// Roots of a file are the user's word. Those of Mozilla's list are the list's, for which a user's own
/// copy counts more.
#[test]
fn limits_apply_as_to_custom_and_to_mozilla() {
    let (certificate, anchor) = izenpe();
    let build = || Roots::builder().certificates([certificate.clone()]);
    let roots = build().bundle(&LIMITED).build().unwrap();
    let lines = roots.report().to_string();
    let (_, part) = lines.split_once("\nbundle part of mozilla (20").unwrap();
    assert!(part.contains(": 3 roots, 1 already known"), "{part}");
    assert!(
        part.contains("limits not applied: \"CN=Izenpe.com"),
        "{part}"
    );

    let package = Package::with_rustls("plain-copies", &["macros", "ring"])
        .main(include_str!("../programs/included_copy.rs"));
    let pem = mozilla::annotated_pem();
    let (_, pem) = pem
        .split_once(&format!("# Subject: {}\n", anchor.subject()))
        .unwrap();
    let (_, pem) = pem.split_once("-----BEGIN").unwrap();
    let (pem, _) = pem.split_once("-----END").unwrap();
    package.file(
        "certs/corp.pem",
        format!("-----BEGIN{pem}-----END CERTIFICATE-----\n"),
    );
    let printed = package.run();
    assert!(
        printed.starts_with("true bundle certs/corp.pem (SHA-256 "),
        "{printed}"
    );
    let not_applied = "limits not applied: \"CN=Izenpe.com, O=IZENPE S.A., C=ES\" distrust-after=2026-04-15T23:59:59Z";
    assert!(printed.ends_with(not_applied), "{printed}");
}

#[test]
fn servers_are_verified_only_under_the_bundle() {
    let package = Package::with_rustls("included-client", &["macros", "ring", "tls12"]);
    let ca = root("CA");
    package.file("certs/corp.pem", ca.pem());
    let address = serve(server(&ca, "a.corp.example"), &TLS13);
    let printed = package
        .main(include_str!("../programs/included_client.rs"))
        .env("ADDRESS", address.to_string())
        .run();
    let (accepted, refused) = printed.split_once('\n').unwrap();
    assert_eq!(accepted, "accepted");
    assert!(
        refused.contains("bundle part of mozilla (1 root)"),
        "{refused}"
    );
}

#[test]
fn a_changed_file_is_compiled_again() {
    let package = Package::with_features("included-again", &["macros"])
        .main(include_str!("../programs/included_size.rs"));
    let (ca, other) = (root("CA"), root("Other"));
    package.file("certs/corp.pem", ca.pem());
    assert_eq!(package.run(), "1");
    let is_fresh = || {
        let output = package.cargo(&["build", "--verbose"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        text.contains("Fresh included-again v0.1.0")
    };
    package.newer_file("certs/neighbour.pem", other.pem());
    assert!(is_fresh());
    package.newer_file("certs/corp.pem", ca.pem() + &other.pem());
    assert!(!is_fresh());
    assert_eq!(package.run(), "2");
    package.newer_file("certs/corp.pem", ca.pem() + &ca.key().serialize_pem());
    assert!(package.compile_errors()[0].0.contains("a private key"));
}

/// The file that Cargo watches is not in the program, and neither is the folder that it is in.
#[test]
fn neither_the_file_nor_its_place_is_in_the_program() {
    let program = format!("debug/included-alone{}", std::env::consts::EXE_SUFFIX);
    // With debug information, which has paths of source files.
    let has = |package: &Package, what: &str| {
        package.build_with(&["--config", "profile.dev.debug=2"]);
        let program = fs::read(target().join(&program)).unwrap();
        program
            .windows(what.len())
            .any(|part| part == what.as_bytes())
    };
    let package = Package::with_features("included-alone", &["macros"])
        .main(include_str!("../programs/included_size.rs"));
    let ca = root("The CA of this test");
    let pem = "A comment of this file\n".to_owned() + &ca.pem();
    let file = package.file("certs/corp.pem", &pem);
    let base64 = pem.lines().nth(4).unwrap();
    let signature = &ca.der()[ca.der().len() - 32..];
    let path = file.to_str().unwrap();
    for what in ["A comment of this file", base64, path] {
        assert!(!has(&package, what), "{what}");
    }
    let program = fs::read(target().join(&program)).unwrap();
    assert!(!program.windows(32).any(|part| part == signature));
    assert!(
        has(&package, "The CA of this test"),
        "the subject of the anchor"
    );

    // The same search finds them where they are.
    let control = package.main(&format!(
        "fn main() {{ print!(\"{{}}{{}}\", include_str!(\"../certs/corp.pem\"), {path:?}) }}"
    ));
    for what in ["A comment of this file", base64, path] {
        assert!(has(&control, what), "{what}");
    }
}

/// Each call reads the file of its own package, whatever that package calls embedded-roots.
#[test]
fn packages_of_a_program_have_their_own_files() {
    let package = Package::new(
        "with-library",
        "embedded-roots = { path = \"{checkout}\", default-features = false, features = [\"macros\"] }\n\
         library = { path = \"library\" }",
    )
    .main(
        include_str!("../programs/with_library.rs"),
    );
    let [one, two, three] = ["One", "Two", "Three"].map(|name| root(name).pem());
    package.file("corp.pem", &one);
    package.file("library/corp.pem", two + &three);
    package.file(
        "library/Cargo.toml",
        format!(
            "[package]\nname = \"library\"\nversion = \"0.1.0\"\nedition = \"2015\"\n\n[dependencies]\n\
             trust = {{ package = \"embedded-roots\", path = {:?}, default-features = false, features = \
             [\"macros\"] }}\n",
            env!("CARGO_MANIFEST_DIR"),
        ),
    );
    // Names of the caller, and other editions, do not get into what the macro makes.
    package.file("library/src/lib.rs", include_str!("../programs/library.rs"));
    assert_eq!(package.run(), "corp.pem 1, corp.pem 2, ../corp.pem 1, ");
}

/// `cargo package` compiles what it has packed: with the file if that is in the package, and not
/// without it.
#[test]
fn a_published_package_needs_its_file_inside() {
    let package = Package::with_features("workspace", &["macros"]);
    package.file(
        "member/Cargo.toml",
        format!(
            "[package]\nname = \"packed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             embedded-roots = {{ version = \"=0.1.0\", path = {:?}, default-features = false, features = \
             [\"macros\"] }}\n\n[workspace]\n",
            env!("CARGO_MANIFEST_DIR"),
        ),
    );
    package.file("member/Cargo.lock", include_str!("../../Cargo.lock"));
    package.file("corp.pem", root("CA").pem());
    package.file("member/certs/corp.pem", root("CA").pem());
    let cargo = |command: &str, path: &str| {
        package.file(
            "member/src/main.rs",
            include_str!("../programs/included_size.rs").replace("certs/corp.pem", path),
        );
        // The packed manifest names the version, which is not in the registry.
        let patch = format!(
            "patch.crates-io.embedded-roots.path={:?}",
            env!("CARGO_MANIFEST_DIR")
        );
        let manifest = ["--manifest-path", "member/Cargo.toml"];
        let output = package.cargo(&[&[command, "--config", &patch], &manifest[..]].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), text)
    };
    for (command, path) in [
        ("build", "certs/corp.pem"),
        ("package", "certs/corp.pem"),
        ("build", "../corp.pem"),
    ] {
        let (success, text) = cargo(command, path);
        assert!(success, "{command} {path}: {text}");
    }
    let (success, text) = cargo("package", "../corp.pem");
    assert!(!success);
    for part in [
        "error: ../corp.pem cannot be read: ",
        "; it is outside that folder, so `cargo package` leaves it out",
        "main.rs:5:39",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
