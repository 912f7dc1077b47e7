//! Prints how many roots the bundle has.

use embedded_roots::{Bundle, include_bundle};

static CORP: Bundle = include_bundle!("certs/corp.pem");

fn main() {
    print!("{}", CORP.len())
}
