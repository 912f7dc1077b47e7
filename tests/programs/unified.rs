//! Prints the bundle that two dependencies use, and the size of the store.

fn main() {
    let (one, other) = (one::trusted(), other::trusted());
    assert_eq!(one, other);
    let store = embedded_roots::root_store().unwrap();
    print!("{one}; {} in the store", store.len());
}
