//! What the targets share: certificates of their own making, and a reader of the Rust source that the
//! build script writes.

pub mod certificate;
#[cfg(all(test, feature = "custom"))]
mod compiled;
pub mod literals;
pub mod signature;

use std::alloc::System;
use std::cell::RefCell;

use cap::Cap;
use embedded_roots_bundle::{Annotation, Root};
use embedded_roots_cli::fuzzing::{KnownRoots, Scanner};
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// What equal bundles have in common: all but the lines.
#[must_use]
pub fn contents(
    roots: &[Root],
) -> Vec<(&CertificateDer<'static>, &Annotation, &TrustAnchor<'static>)> {
    let roots = roots.iter();
    roots
        .map(|root| (root.certificate(), root.annotation(), root.trust_anchor()))
        .collect()
}

thread_local! {
    /// The roots that a scan knows; read once, since that takes milliseconds.
    pub static KNOWN: &'static KnownRoots = Box::leak(Box::new(KnownRoots::load().unwrap()));
}

thread_local! {
    static SCANNER: RefCell<Scanner<'static>> = RefCell::new(KNOWN.with(|known| known.scanner().unwrap()));
}

/// Runs this, which may allocate as much as the limits of a fuzzed scan allow.
pub fn bounded(heap: &Cap<System>, scan: impl FnOnce(&mut Scanner<'static>)) {
    /// The buffer; what is in memory of archives, twice; their entries, their decoders, and the report.
    const MOST: usize = 16 << 20;
    /// Beyond this, the process ends. A panic needs memory, too, to say where it is.
    const HARD: usize = 512 << 20;
    let before = SCANNER.with_borrow_mut(|scanner| {
        let before = heap.allocated();
        heap.set_limit(before + HARD).unwrap();
        scan(scanner);
        before
    });
    let most = heap.max_allocated();
    assert!(
        most < before + MOST,
        "{most} bytes were allocated, {before} before"
    );
}
