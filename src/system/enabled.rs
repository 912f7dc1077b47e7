use crate::Error;
use crate::files::{self, Variables};
use crate::roots::Source;

pub(crate) const COMPILED_IN: bool = true;

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, where one is set, else the store.
pub(crate) fn source(store: &Store, variables: &Variables) -> Result<Source, Error> {
    Ok(files::ssl_cert_env(variables)?.unwrap_or_else(|| store.source()))
}

#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) use super::files::Store;

/// Through rustls-native-certs: Security.framework, or Windows' certificate store. It takes the two
/// variables for set when they are set to nothing, and then finds no root: not more than was meant.
#[cfg(any(windows, target_os = "macos"))]
#[derive(Debug, Default)]
pub(crate) struct Store;

#[cfg(any(windows, target_os = "macos"))]
impl Store {
    #[allow(clippy::unused_self, reason = "as the store of files, which has paths")]
    fn source(&self) -> Source {
        use embedded_roots_bundle::{Annotation, Root};

        let loaded = rustls_native_certs::load_native_certs();
        let mut source = Source::new(super::ORIGIN, crate::roots::Standing::Listed);
        let errors = loaded.errors.iter().map(ToString::to_string);
        source.skipped.extend(errors);
        for certificate in loaded.certs {
            match Root::new(certificate, Annotation::default(), 0) {
                Ok(root) => source.anchors.push(crate::Anchor::from(root)),
                Err(why) => source.skipped.push(why.to_string()),
            }
        }
        source
    }
}
