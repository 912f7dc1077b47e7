//! A program that uses only the PEM text.

fn main() {
    println!("{}", embedded_roots::pem());
}
