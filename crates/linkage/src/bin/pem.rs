//! The PEM text.

fn main() {
    println!("{}", embedded_roots::pem());
}
