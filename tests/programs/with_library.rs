//! Prints the bundles of this package and those of a library, each of a file `corp.pem`.

use embedded_roots::{Bundle, include_bundle};

static CORP: Bundle = include_bundle!("corp.pem");

fn main() {
    for bundle in [&CORP, library::OTHER, &library::SHARED] {
        print!("{} {}, ", bundle.name(), bundle.len());
    }
}
