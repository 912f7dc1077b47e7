//! The default of the process, made by the first use.

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::{Roots, TrustSet, of_the_bundle, of_the_system};
use crate::{Error, Verifier, bundle, config, log, system};

/// The default roots: the selected bundle, else the system store (feature `system`), else what
/// [`Roots::install_default`] put in their place.
///
/// Made by the first call; every other gives the same value. A call that fails changes nothing, and
/// the next one tries again.
///
/// # Errors
///
/// If no bundle is compiled in and the system store is off or empty, or there is no crypto provider.
pub fn roots() -> Result<&'static Roots, Error> {
    let default = default()?;
    default.roots.get_or_try_init(|| {
        let provider = config::provider(None)?;
        let roots = Roots::new(Verifier::new(Arc::clone(&default.trust_set), provider))?;
        log::debug(|| Some(roots.report()));
        Ok(roots)
    })
}

/// The default roots as a store for rustls, without those that have a distrust date, which a store
/// cannot carry; [`verifier()`] has them all.
///
/// The same [`Arc`] every time. It needs no crypto provider.
///
/// # Errors
///
/// As [`roots()`], and if all roots are dated.
pub fn root_store() -> Result<Arc<RootCertStore>, Error> {
    let store = default()?.trust_set.store();
    if store.is_empty() {
        return Err(Error::all_dated());
    }
    Ok(Arc::clone(store))
}

/// The verifier of the default roots. The same [`Arc`] every time; fails as [`roots()`].
pub fn verifier() -> Result<Arc<Verifier>, Error> {
    roots().map(Roots::verifier)
}

/// The client config of the default roots, without client certificate and ALPN protocols. The same
/// [`Arc`] every time; fails as [`roots()`].
///
/// ```no_run
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// let config = embedded_roots::client_config()?;
/// # let _ = config;
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
pub fn client_config() -> Result<Arc<ClientConfig>, Error> {
    roots().map(Roots::client_config)
}

/// A config of the default roots to complete: with a client certificate (mutual TLS), or without.
/// Fails as [`roots()`].
pub fn client_config_builder() -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    roots().map(Roots::client_config_builder)
}

pub(super) fn install(roots: Roots) -> Result<(), Error> {
    let trust_set = Arc::clone(roots.trust_set());
    DEFAULT
        .set(Default {
            trust_set: Arc::clone(&trust_set),
            roots: OnceCell::with_value(roots),
        })
        .map_err(|_| Error::already_installed())?;
    log::debug(|| Some(trust_set.report()));
    Ok(())
}

struct Default {
    /// Apart, because a store alone needs no crypto provider.
    trust_set: Arc<TrustSet>,
    roots: OnceCell<Roots>,
}

static DEFAULT: OnceCell<Default> = OnceCell::new();

fn default() -> Result<&'static Default, Error> {
    DEFAULT.get_or_try_init(|| {
        let no_bundle = bundle::SELECTED.is_none();
        let trust_set = if no_bundle && system::COMPILED_IN {
            of_the_system()
        } else {
            of_the_bundle()
        };
        Ok(Default {
            trust_set: Arc::new(trust_set?),
            roots: OnceCell::new(),
        })
    })
}
