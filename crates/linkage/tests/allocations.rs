//! The allocations of the first calls, in one test, because the default roots are made only once.

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
