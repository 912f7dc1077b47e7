//! Prints the report of a bundle whose root has no limit, where Mozilla's list has one.

use embedded_roots::{Anchor, Bundle, Roots, include_bundle};

static CORP: Bundle = include_bundle!("certs/corp.pem");

fn main() -> Result<(), embedded_roots::Error> {
    let roots = Roots::builder().bundle(&CORP).build()?;
    assert_eq!(
        roots.report().sources()[0].bundle().map(Bundle::name),
        Some("certs/corp.pem")
    );
    print!(
        "{} {}",
        roots.anchors()[0].distrust_after().is_none(),
        roots.report()
    );
    Ok(())
}
