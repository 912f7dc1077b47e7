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
    package.file(
        "src/lib.rs",
        r#"#![no_std]

use embedded_roots::{
    Bundle, annotated_pem, bundle, certificates, custom, include_bundle, mozilla, pem, webpki_roots,
};

static CORP: Bundle = include_bundle!("corp.pem");
static LETS_ENCRYPT: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1"]);

/// Everything that there is without `rustls`.
#[unsafe(no_mangle)]
pub extern "C" fn bytes_of_roots() -> usize {
    let compiled_in = [bundle(), &custom::BUNDLE, &mozilla::BUNDLE, &webpki_roots::BUNDLE];
    let anchors = [&CORP, &LETS_ENCRYPT]
        .into_iter()
        .chain(compiled_in)
        .flat_map(|bundle| bundle.anchors());
    let subjects = anchors.map(|anchor| anchor.trust_anchor().subject.len()).sum::<usize>();
    let certificates = certificates().iter().chain(mozilla::certificates());
    let texts = pem().len() + annotated_pem().len();
    let dates = mozilla::BUNDLE.as_of().map_or(0, |day| day.as_secs() as usize);
    subjects + certificates.map(|der| der.len()).sum::<usize>() + texts + dates
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
"#,
    );
    let file = package.file("corp.pem", root("CA").pem());
    package.env("EMBEDDED_ROOTS_FILE", file).build();
}
