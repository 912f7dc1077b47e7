//! A client config that trusts two roots.

use std::error::Error;
use std::io;

use embedded_roots::{Bundle, Roots, include_bundle};

static TWO: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1", "ISRG Root X2"]);

fn main() -> Result<(), Box<dyn Error>> {
    let config = Roots::builder().bundle(&TWO).build()?.client_config();
    println!("{}", config.enable_sni);
    // As in the one-line program.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
