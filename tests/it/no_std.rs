//! Without the feature `rustls`, the crate is `no_std`.

use embedded_roots_testing::authority::root;

use crate::scratch::Package;

/// The static library defines its own panic handler, which conflicts with std's. So it builds only
/// if nothing in its dependency tree brings std.
#[test]
fn a_library_without_std_uses_every_bundle() {
    let package =
        Package::with_features("no-std", &["custom", "macros", "mozilla", "webpki-roots"]);
    std::fs::remove_file(package.folder().join("src/main.rs")).unwrap();
    let manifest = std::fs::read_to_string(package.folder().join("Cargo.toml")).unwrap();
    let panics = "[lib]\ncrate-type = [\"staticlib\"]\n\n[profile.dev]\npanic = \"abort\"\n";
    package.file("Cargo.toml", manifest + panics);
    package.file("src/lib.rs", include_str!("../programs/no_std.rs"));
    let file = package.file("corp.pem", root("CA").pem());
    package.env("EMBEDDED_ROOTS_FILE", file).build();
}
