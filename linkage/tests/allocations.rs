//! The allocations of the first calls, in one test, because the default roots are made only once, and of what a
//! verification does beside rustls' own.

use embedded_roots::rustls::pki_types::CertificateDer;

#[test]
fn the_first_store_takes_three_allocations_and_the_next_call_none() {
    let mut stored = 0;
    let first = allocation_counter::measure(|| {
        stored = embedded_roots::root_store().map_or(0, |store| store.len());
    });
    assert!(stored > 0);
    // `cargo xtask figures` parses this line.
    println!("first root_store(): {} allocations", first.count_total);
    // The roots, the roots with a distrust date, and the store's `Arc`.
    assert!(first.count_total <= 3, "{first:?}");

    let next = allocation_counter::measure(|| assert!(embedded_roots::root_store().is_ok()));
    assert_eq!(next.count_total, 0);

    assert!(embedded_roots::client_config().is_ok());
    let next = allocation_counter::measure(|| assert!(embedded_roots::client_config().is_ok()));
    assert_eq!(next.count_total, 0);
}

/// Nothing is distrusted in a real chain or left out of it, so it is used where it is.
#[test]
fn screening_of_a_real_chain_takes_no_allocation() {
    let [end_entity, intermediates @ ..] = [
        include_bytes!("../../tests/data/aws.amazon.com/1.der").as_slice(),
        include_bytes!("../../tests/data/aws.amazon.com/2.der"),
        include_bytes!("../../tests/data/aws.amazon.com/3.der"),
    ]
    .map(CertificateDer::from);
    // Not the default roots, whose first use the other test measures.
    let roots = embedded_roots::Roots::builder().bundle(&embedded_roots::mozilla::BUNDLE);
    let verifier = roots.build().map(|roots| roots.verifier());
    let mut usable = None;
    let measured = allocation_counter::measure(|| {
        let counted = verifier.as_ref().map(|verifier| {
            let usable = verifier.count_usable(&end_entity, &intermediates);
            usable.unwrap_or_default()
        });
        usable = counted.ok();
    });
    assert_eq!(usable, Some(2));
    assert_eq!(measured.count_total, 0, "{measured:?}");
}
