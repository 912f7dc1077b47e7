//! The policies that ask the operating system's store.

use crate::bundle::bundle::Bundle;
use crate::bundle::selected::SELECTED;
use crate::error::Error;
use crate::roots::builder::RootsBuilder;
use crate::roots::policy::{Roots, selected};
use crate::source::root::Source;
use crate::source::surroundings::Surroundings;
use crate::source::system;

/// The operating system's store (feature `system`)
impl Roots {
    /// Only the operating system's store. Each call reads it again.
    ///
    /// If `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, they name another store, which is read as
    /// in [`RootsBuilder::ssl_cert_env`]. The store itself is read like in Go's crypto/x509: the first of
    /// the known files that has roots, and the known directories (on Android, the first that has roots). On macOS and Windows,
    /// [rustls-native-certs](https://docs.rs/rustls-native-certs) reads it. Certificates that cannot be
    /// used are skipped, and the [report](Self::report) names them. The limits that Mozilla sets for its
    /// roots apply to the system's copies, too.
    ///
    /// # Errors
    ///
    /// If the store has no usable certificate, a variable names something invalid, or there is no
    /// crypto provider.
    pub fn system() -> Result<Self, Error> {
        Self::builder().system().build()
    }

    /// The operating system's store, or, only if it has no roots, the selected bundle: the rule of Go's
    /// `x509.SetFallbackRoots`.
    ///
    /// # Errors
    ///
    /// Fails like [`system`](Self::system), except that an empty store is not an error: then it
    /// fails like [`embedded`](Self::embedded). If a variable names something invalid, that is an error,
    /// and the fallback is not used.
    pub fn system_or_embedded() -> Result<Self, Error> {
        match SELECTED {
            Some(bundle) => Self::builder().system_or(bundle).build(),
            None => Self::system(),
        }
    }

    /// The selected bundle and the operating system's store. An empty store adds nothing.
    ///
    /// # Errors
    ///
    /// Fails like [`embedded`](Self::embedded) and [`system`](Self::system), except that an empty
    /// store is not an error.
    pub fn embedded_and_system() -> Result<Self, Error> {
        Self::builder().bundle(selected()?).system().build()
    }
}

/// The operating system's store (feature `system`)
impl RootsBuilder {
    /// Adds the operating system's store, as [`Roots::system`] reads it. An empty store adds nothing.
    pub fn system(self) -> Self {
        self.step(|surroundings| Ok(vec![store(surroundings)?]))
    }

    /// Adds the operating system's store, or this bundle if the store has no roots.
    ///
    /// The bundle is used only if the store is empty: other sources of this builder do not count, and a
    /// variable that names something invalid is an error.
    pub fn system_or(self, bundle: &Bundle) -> Self {
        let bundle = *bundle;
        self.step(move |surroundings| {
            let store = store(surroundings)?;
            let is_empty = store.roots.is_empty();
            let fallback = is_empty.then(|| Source::from_bundle(bundle));
            Ok([store].into_iter().chain(fallback).collect())
        })
    }

    /// Uses the operating system's store if no other source has a root.
    pub fn system_fallback(self) -> Self {
        self.fallback(|surroundings| Ok(vec![store(surroundings)?]))
    }
}

fn store(surroundings: &Surroundings) -> Result<Source, Error> {
    system::source(&surroundings.store, &surroundings.variables)
}
