use embedded_roots_bundle::{Annotation, Root};

use crate::{Anchor, Error};

pub(crate) const COMPILED_IN: bool = true;

/// Whatever is usable; at least one.
pub(crate) fn anchors() -> Result<Vec<Anchor>, Error> {
    let loaded = rustls_native_certs::load_native_certs();
    let roots = loaded.certs.into_iter();
    let roots =
        roots.filter_map(|certificate| Root::new(certificate, Annotation::default(), 0).ok());
    let anchors: Vec<_> = roots.map(|root| Anchor::from(&root)).collect();
    if anchors.is_empty() {
        return Err(Error::system_empty(
            loaded.errors.into_iter().next().map(Into::into),
        ));
    }
    Ok(anchors)
}
