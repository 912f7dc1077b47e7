//! Prints how many roots the default has, or the error.

fn main() {
    match embedded_roots::roots() {
        Ok(roots) => print!("{}", roots.root_store().len()),
        Err(error) => print!("{} {error}", error.is_no_roots()),
    }
}
