//! A program that uses only the annotated PEM text.

fn main() {
    println!("{}", embedded_roots::annotated_pem());
}
