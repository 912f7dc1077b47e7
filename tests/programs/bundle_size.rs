//! Prints how many roots the selected bundle has.

fn main() {
    print!("{}", embedded_roots::bundle().len());
}
