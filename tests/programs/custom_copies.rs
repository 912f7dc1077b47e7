//! Prints the report of the default roots, which is that of a policy of the same bundle.

use embedded_roots::{Roots, custom};

fn main() -> Result<(), embedded_roots::Error> {
    let default = embedded_roots::roots()?.report().to_string();
    let built = Roots::builder().bundle(&custom::BUNDLE).build()?;
    assert_eq!(default, built.report().to_string());
    print!("{default}");
    Ok(())
}
