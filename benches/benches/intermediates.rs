//! What known intermediates cost a chain that lacks none: a verification with 5,000 of them, and without.
//!
//! The verifications alternate call by call, as in the bench `verification`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::alternation::medians;
use benches::chain;
use embedded_roots::{Roots, Verifier};
use embedded_roots_testing::authority::{Identity, intermediate, root, server};
use rustls::pki_types::UnixTime;

const KNOWN: usize = 5000;
const CALLS: usize = 20_001;

/// The target, in nanoseconds.
const MOST_NANOS: f64 = 1000.0;

fn main() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let mut known = vec![between.der().clone()];
    known.extend((1..KNOWN).map(|nth| intermediate(&format!("{nth}"), &ca).der().clone()));
    let policy = || Roots::builder().certificates([ca.der().clone()]);
    let verifiers = [
        policy().build().unwrap().verifier(),
        policy().intermediates(known).build().unwrap().verifier(),
    ];
    let complete = server(&between, "localhost").with(&between);
    let [none, known] = &verifiers;
    let [without, with] = medians(
        CALLS,
        [&|_| verify(none, &complete), &|_| verify(known, &complete)],
    );
    println!("complete | {without:.0} ns without, {with:.0} ns with {KNOWN} known intermediates");
    assert!(with - without <= MOST_NANOS, "{}", with - without);

    let incomplete = server(&between, "localhost");
    let completing = |_| verify(known, &incomplete);
    let [completed, again] = medians(CALLS, [&completing, &completing]);
    println!("incomplete | {completed:.0} ns, again {again:.0} ns");
}

fn verify(verifier: &Verifier, identity: &Identity) {
    let name = "localhost".try_into().unwrap();
    chain::verify(verifier, &identity.chain, &name, UnixTime::now()).unwrap();
}
