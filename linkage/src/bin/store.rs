//! A program that uses only the root store.

fn main() {
    println!(
        "{:?}",
        embedded_roots::root_store().map(|store| store.len())
    );
}
