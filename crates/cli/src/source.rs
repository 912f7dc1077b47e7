//! Where the roots of a command come from.

use std::path::Path;

use embedded_roots_bundle::{self as bundle, PrivateKeys, parse, read_file};
use rustls_pki_types::CertificateDer;

use crate::Result;
use crate::history::History;
use crate::root::Root;

/// A name on the command line: a bundle, or a file.
///
/// `mozilla` is the list that this program was built with, `mozilla@YYYY-MM-DD` the list as it was on
/// that day, and `system` the operating system's store.
pub(crate) fn named(name: &str, history: &History) -> Result<Vec<Root>> {
    match name {
        "mozilla" => of_pem("mozilla", embedded_roots_mozilla::ANNOTATED_PEM.as_bytes()),
        "system" => system(),
        _ => match name.strip_prefix("mozilla@") {
            Some(day) => on(day, history),
            None => of_file(Path::new(name)),
        },
    }
}

/// The roots of a PEM file, strictly.
pub(crate) fn of_file(path: &Path) -> Result<Vec<Root>> {
    let name = path.display().to_string();
    let pem = read_file(path).map_err(|why| format!("{}: {why}", bundle::escape(&name)))?;
    of_pem(&name, &pem)
}

fn of_pem(name: &str, pem: &[u8]) -> Result<Vec<Root>> {
    let roots = parse(name, pem, PrivateKeys::Ignore)?;
    roots.into_iter().map(Root::new).collect()
}

fn on(day: &str, history: &History) -> Result<Vec<Root>> {
    crate::output::parse_day(day).map_err(|why| format!("mozilla@{day}: {why}"))?;
    let roots = history.on(day).map(|known| of_der(known.der.clone()));
    let roots: Vec<Root> = roots.collect::<Result<_>>()?;
    if roots.is_empty() {
        return Err(format!("mozilla@{day}: nothing is known of the list on that day").into());
    }
    Ok(roots)
}

/// Tolerant, like the store's readers: a certificate that cannot be a root is left out.
fn system() -> Result<Vec<Root>> {
    let store = rustls_native_certs::load_native_certs();
    let roots = store.certs.into_iter().filter_map(|der| of_der(der).ok());
    let roots: Vec<Root> = roots.collect();
    match store.errors.into_iter().next() {
        Some(why) if roots.is_empty() => Err(why.into()),
        None if roots.is_empty() => Err("the operating system has no roots".into()),
        _ => Ok(roots),
    }
}

fn of_der(der: CertificateDer<'static>) -> Result<Root> {
    Root::new(bundle::Root::new(der, bundle::Annotation::default(), 0)?)
}
