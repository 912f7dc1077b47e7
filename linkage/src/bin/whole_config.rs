//! A client config that trusts all of Mozilla's roots, by its name.

use std::error::Error;
use std::io;

use embedded_roots::{Roots, mozilla};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .build()?
        .client_config();
    println!("{}", config.enable_sni);
    // As in the one-line program.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
