//! A library without std, with its own panic handler.

#![no_std]

use embedded_roots::{
    Bundle, annotated_pem, bundle, certificates, custom, include_bundle, mozilla, pem, webpki_roots,
};

static CORP: Bundle = include_bundle!("corp.pem");
static LETS_ENCRYPT: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1"]);

/// Everything that there is without `rustls`.
#[unsafe(no_mangle)]
pub extern "C" fn bytes_of_roots() -> usize {
    let compiled_in = [
        bundle(),
        &custom::BUNDLE,
        &mozilla::BUNDLE,
        &webpki_roots::BUNDLE,
    ];
    let anchors = [&CORP, &LETS_ENCRYPT]
        .into_iter()
        .chain(compiled_in)
        .flat_map(|bundle| bundle.anchors());
    let subjects = anchors
        .map(|anchor| anchor.trust_anchor().subject.len())
        .sum::<usize>();
    let certificates = certificates().iter().chain(mozilla::certificates());
    let texts = pem().len() + annotated_pem().len();
    let dates = mozilla::BUNDLE
        .as_of()
        .map_or(0, |day| day.as_secs() as usize);
    subjects + certificates.map(|der| der.len()).sum::<usize>() + texts + dates
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
