//! A program that uses only the certificates.

fn main() {
    let certificates = embedded_roots::certificates().iter();
    println!("{}", certificates.map(|der| der.len()).sum::<usize>());
}
