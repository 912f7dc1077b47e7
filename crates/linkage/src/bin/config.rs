//! The one line.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let config = embedded_roots::client_config()?;
    println!("{}", config.enable_sni);
    Ok(())
}
