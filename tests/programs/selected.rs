//! Prints the selected bundle.

fn main() {
    let bundle = embedded_roots::bundle();
    print!("{} {}", bundle.name(), bundle.len());
}
