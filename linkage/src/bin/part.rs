//! A program that uses only the anchors of two roots.

use std::io::{self, Write as _};

use embedded_roots::{Bundle, include_bundle};

static TWO: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1", "ISRG Root X2"]);

fn main() -> io::Result<()> {
    // The optimizer cannot replace the keys by a result.
    let mut anchors = TWO.anchors().iter();
    anchors.try_for_each(|anchor| {
        io::stdout().write_all(&anchor.trust_anchor().subject_public_key_info)
    })
}
