//! The default roots of the process, made on first use.

use std::borrow::Cow;
use std::ptr;
use std::sync::{Arc, OnceLock};

use once_cell::race::OnceBox;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::CertificateDer;

use crate::bundle::selected::SELECTED;
use crate::config;
use crate::error::Error;
use crate::logging;
use crate::roots::live::live_roots::LiveRoots;
use crate::roots::policy::{Roots, of_the_bundle};
use crate::source::system;
use crate::trust::digest::Sha256;
use crate::trust::distrust::Distrust;
use crate::trust::intermediates::Intermediates;
use crate::trust::merge::merge;
use crate::trust::pins::Pins;
use crate::trust::set::TrustSet;
use crate::verify::verifier::Verifier;

/// The default roots: those of [`Roots::install_default`], else the selected bundle, else the
/// system store (feature `system`).
///
/// The first call makes them. Later calls return clones, which share everything. If several threads make the first
/// call at once, each of them may read the sources, and all get the same roots. A call that fails
/// changes nothing, and the next one tries again. If
/// [live roots](crate::LiveRoots::install_default) are installed, this is their current generation.
///
/// # Errors
///
/// If no bundle is compiled in and the system store is off or empty, or there is no crypto
/// provider.
pub fn roots() -> Result<Roots, Error> {
    current().map(Cow::into_owned)
}

/// The default roots, without a clone where they are not live.
fn current() -> Result<Cow<'static, Roots>, Error> {
    let (trust_set, roots) = match process_default()? {
        ProcessDefault::Fixed(trust_set, roots) => (trust_set, roots),
        ProcessDefault::Live { current, .. } => return Ok(Cow::Owned(current())),
    };
    let mut made = None;
    let roots = roots.get_or_try_init(|| {
        let provider = config::provider(None)?;
        let roots = Box::new(Roots::new(Verifier::new(Arc::clone(trust_set), provider))?);
        made = Some(ptr::from_ref(&*roots));
        Ok(roots)
    })?;
    // Of several threads, the one whose roots they are. Not within: a logger that sends its records through a client
    // of these roots would make them again.
    if made == Some(ptr::from_ref(roots)) {
        logging::info(|| roots.report());
    }
    Ok(Cow::Borrowed(roots))
}

/// The default roots as a store for rustls. A store cannot carry a distrust date, so the roots that have
/// one are left out. [`verifier()`] has all roots.
///
/// Returns the same [`Arc`] every time, unless the default roots are [live](crate::LiveRoots). It needs
/// no crypto provider.
///
/// # Errors
///
/// Fails like [`roots()`], except that it needs no crypto provider; and if every root has a
/// distrust date, or there are only pinned certificates.
pub fn root_store() -> Result<Arc<RootCertStore>, Error> {
    match process_default()? {
        ProcessDefault::Fixed(trust_set, _) => trust_set.filled_store(),
        ProcessDefault::Live { current, .. } => current().trust_set().filled_store(),
    }
}

/// The certificates of the default roots, like [`Roots::certificates`]. It needs no crypto provider. For the drop-in
/// package `rustls-native-certs`.
///
/// # Errors
///
/// Fails like [`Roots::certificates`], and like [`root_store()`].
#[doc(hidden)]
pub fn default_certificates() -> Result<Vec<CertificateDer<'static>>, Error> {
    match process_default()? {
        ProcessDefault::Fixed(trust_set, _) => trust_set.certificates(),
        ProcessDefault::Live { current, .. } => current().certificates(),
    }
}

/// The verifier of the default roots. Fails like [`roots()`].
///
/// Returns the same [`Arc`] every time, unless the default roots are [live](crate::LiveRoots).
pub fn verifier() -> Result<Arc<Verifier>, Error> {
    current().map(|roots| roots.verifier())
}

/// The client config of the default roots, without client certificate and ALPN protocols.
///
/// Returns the same [`Arc`] every time. If the default roots are
/// [live](crate::LiveRoots::install_default), it is the config of the current generation: call this for
/// each connection. Fails like [`roots()`].
///
/// ```no_run
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// let config = embedded_roots::client_config()?;
/// # let _ = config;
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
pub fn client_config() -> Result<Arc<ClientConfig>, Error> {
    current().map(|roots| roots.client_config())
}

/// A builder of a config with the default roots, with or without a client certificate (mutual TLS).
/// Fails like [`roots()`].
pub fn client_config_builder() -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    current().map(|roots| roots.client_config_builder())
}

/// A config for a client that keeps one config: that of [`client_config()`], or one that follows the
/// generations of live roots.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
pub(crate) fn lasting_config() -> Result<Arc<ClientConfig>, Error> {
    match process_default()? {
        ProcessDefault::Fixed(..) => client_config(),
        ProcessDefault::Live { following, .. } => Ok(Arc::clone(following)),
    }
}

/// The default of the process
impl Roots {
    /// Makes these the default roots, which the free functions use.
    ///
    /// Call this in the binary, once, before the first use. Do not call it in a library.
    ///
    /// # Errors
    ///
    /// If the default roots are already installed or in use.
    pub fn install_default(self) -> Result<(), Error> {
        let trust_set = Arc::clone(self.trust_set());
        let default =
            ProcessDefault::Fixed(Arc::clone(&trust_set), OnceBox::with_value(Box::new(self)));
        set(default, &trust_set)
    }
}

/// The default of the process
impl LiveRoots {
    /// Makes these the default roots, which the free functions use, like [`Roots::install_default`].
    ///
    /// [`client_config()`] and [`verifier()`] are then those of the current generation, the same [`Arc`] until
    /// it changes. The clients of the free functions, such as `embedded_roots::hyper::client()`, follow the
    /// generations, like [`following_config`](Self::following_config). If you keep a `verifier()`, a
    /// `root_store()` or a config, you keep its generation.
    ///
    /// # Errors
    ///
    /// If the default roots are already installed or in use.
    pub fn install_default(&self) -> Result<(), Error> {
        let live = self.clone();
        let trust_set = live.with_current(|roots| Arc::clone(roots.trust_set()));
        let default = ProcessDefault::Live {
            following: live.following_config(),
            current: Box::new(move || live.current()),
        };
        set(default, &trust_set)
    }
}

fn set(default: ProcessDefault, trust_set: &TrustSet) -> Result<(), Error> {
    let set = PROCESS_DEFAULT.set(default);
    set.map_err(|_| Error::already_installed())?;
    logging::info(|| trust_set.report());
    Ok(())
}

enum ProcessDefault {
    /// The trust set is kept separately, because a store alone needs no crypto provider. The cell makes no thread wait:
    /// that code would be one more page to load at the start. If several threads make the roots at once, all of them
    /// get those of the first.
    Fixed(Arc<TrustSet>, OnceBox<Roots>),
    /// A closure, so that a program without live roots does not link them.
    Live {
        current: Box<dyn Fn() -> Roots + Send + Sync>,
        #[cfg_attr(
            not(any(feature = "hyper", feature = "reqwest", feature = "ureq")),
            expect(dead_code, reason = "for the connectors")
        )]
        following: Arc<ClientConfig>,
    },
}

static PROCESS_DEFAULT: OnceLock<ProcessDefault> = OnceLock::new();

fn process_default() -> Result<&'static ProcessDefault, Error> {
    if let Some(default) = PROCESS_DEFAULT.get() {
        return Ok(default);
    }
    let system = if SELECTED.is_none() {
        system::default_source()
    } else {
        None
    };
    let trust_set = match system {
        Some(source) => {
            let distrust = Distrust::default();
            let (roots, report) = merge(vec![source?], &distrust, Sha256::default(), &|_| true)?;
            let trust_set = TrustSet::merged(
                roots,
                report,
                distrust,
                Intermediates::default(),
                Pins::default(),
            )?;
            trust_set.check_roots()?;
            trust_set
        }
        None => of_the_bundle()?,
    };
    let default = ProcessDefault::Fixed(Arc::new(trust_set), OnceBox::new());
    Ok(PROCESS_DEFAULT.get_or_init(|| default))
}
