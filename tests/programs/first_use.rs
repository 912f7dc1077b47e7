//! Uses the default, and fails to install another.

fn main() -> Result<(), embedded_roots::Error> {
    let store = embedded_roots::root_store()?;
    let other = embedded_roots::Roots::embedded()?;
    assert!(other.install_default().unwrap_err().is_already_installed());
    assert!(std::sync::Arc::ptr_eq(
        &store,
        &embedded_roots::root_store()?
    ));
    assert!(store.len() > 100);
    Ok(())
}
