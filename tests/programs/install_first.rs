//! Installs a default, of which all free functions then give the parts, and fails to install another.

use std::sync::Arc;

use embedded_roots::Roots;

fn main() -> Result<(), embedded_roots::Error> {
    let roots = || Roots::builder().pem(include_str!("../ca.pem")).build();
    let installed = roots()?;
    installed.clone().install_default()?;
    assert_eq!(embedded_roots::root_store()?.len(), 1);
    assert!(Arc::ptr_eq(
        &embedded_roots::root_store()?,
        &installed.root_store()
    ));
    assert!(Arc::ptr_eq(
        &embedded_roots::verifier()?,
        &installed.verifier()
    ));
    assert!(Arc::ptr_eq(
        &embedded_roots::client_config()?,
        &installed.client_config()
    ));

    let error = roots()?.install_default().unwrap_err();
    assert!(error.is_already_installed());
    assert!(
        error
            .to_string()
            .contains("`install_default` once, at the start")
    );
    assert_eq!(embedded_roots::root_store()?.len(), 1);
    Ok(())
}
