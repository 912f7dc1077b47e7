//! The one line.

use std::error::Error;
use std::io;

fn main() -> Result<(), Box<dyn Error>> {
    let config = embedded_roots::client_config()?;
    println!("{}", config.enable_sni);
    // Holds it until somebody has looked at the memory.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
