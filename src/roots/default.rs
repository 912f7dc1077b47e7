//! The default roots of the process, made on first use.

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use crate::bundle::selected::SELECTED;
use crate::config;
use crate::error::Error;
use crate::logging;
use crate::roots::{Roots, of_the_bundle};
use crate::source::system;
use crate::trust::merge::merge;
use crate::trust::set::TrustSet;
use crate::verify::verifier::Verifier;

/// The default roots: those of [`Roots::install_default`], else the selected bundle, else the
/// system store (feature `system`).
///
/// Made by the first call; later calls return the same value. A call that fails changes nothing,
/// and the next one tries again.
///
/// # Errors
///
/// If no bundle is compiled in and the system store is off or empty, or there is no crypto
/// provider.
pub fn roots() -> Result<&'static Roots, Error> {
    let default = process_default()?;
    let mut is_first = false;
    let roots = default.roots.get_or_try_init(|| {
        is_first = true;
        let provider = config::provider(None)?;
        let mut verifier = Verifier::new(Arc::clone(&default.trust_set), provider);
        if SELECTED.is_none() {
            verifier = verifier.explaining_constraints();
        }
        Roots::new(verifier)
    })?;
    // Not within: a logger that sends its records through a client of these roots would wait for itself.
    if is_first {
        logging::debug(|| Some(roots.report()));
    }
    Ok(roots)
}

/// The default roots as a store for rustls, without those that have a distrust date, which a store
/// cannot carry; [`verifier()`] has all of them.
///
/// The same [`Arc`] every time. It needs no crypto provider.
///
/// # Errors
///
/// Fails like [`roots()`], except that it needs no crypto provider; and if every root has a
/// distrust date.
pub fn root_store() -> Result<Arc<RootCertStore>, Error> {
    let store = process_default()?.trust_set.store();
    if store.is_empty() {
        return Err(Error::all_have_distrust_dates());
    }
    Ok(Arc::clone(store))
}

/// The verifier of the default roots. The same [`Arc`] every time; fails like [`roots()`].
pub fn verifier() -> Result<Arc<Verifier>, Error> {
    roots().map(Roots::verifier)
}

/// The client config of the default roots, without client certificate and ALPN protocols. The same
/// [`Arc`] every time; fails like [`roots()`].
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
/// Fails like [`roots()`].
pub fn client_config_builder() -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    roots().map(Roots::client_config_builder)
}

pub(super) fn install(roots: Roots) -> Result<(), Error> {
    let trust_set = Arc::clone(roots.trust_set());
    PROCESS_DEFAULT
        .set(ProcessDefault {
            trust_set: Arc::clone(&trust_set),
            roots: OnceCell::with_value(roots),
        })
        .map_err(|_| Error::already_installed())?;
    logging::debug(|| Some(trust_set.report()));
    Ok(())
}

struct ProcessDefault {
    /// Kept separately, because a store alone needs no crypto provider.
    trust_set: Arc<TrustSet>,
    roots: OnceCell<Roots>,
}

static PROCESS_DEFAULT: OnceCell<ProcessDefault> = OnceCell::new();

fn process_default() -> Result<&'static ProcessDefault, Error> {
    PROCESS_DEFAULT.get_or_try_init(|| {
        let system = if SELECTED.is_none() {
            system::default_source()
        } else {
            None
        };
        let trust_set = match system {
            Some(source) => {
                let (anchors, report) = merge(vec![source?], |_| true)?;
                TrustSet::merged(anchors, report)?
            }
            None => of_the_bundle()?,
        };
        Ok(ProcessDefault {
            trust_set: Arc::new(trust_set),
            roots: OnceCell::new(),
        })
    })
}
