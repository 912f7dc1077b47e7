//! Roots that are read again while the program runs.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustls::ClientConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::UnixTime;

use crate::config;
use crate::error::Error;
use crate::logging;
use crate::roots::builder::{RootsBuilder, SourceReading};
use crate::roots::live::generation::{Generations, following_config};
use crate::roots::live::report::{FailedRefresh, LiveReport};
use crate::roots::policy::Roots;
use crate::source::root::Place;
use crate::trust::set::TrustSet;
use crate::verify::verifier::Verifier;

/// Roots that can be read again while the program runs: a mounted file that is rotated, a private CA
/// that is replaced.
///
/// [`RootsBuilder::build_live`] makes them. [`refresh`](Self::refresh) reads every source again. If the
/// roots have changed, it begins a new generation: a new [`Roots`] value, with its own verifier, client
/// config and session cache. If they have not, the generation stays, and sessions are still resumed.
/// Clones share the generations.
///
/// # Safety of generations
///
/// A TLS client that resumes a session does not verify the server again, and a server may send a
/// ticket for a session at any time on an open connection. So a session must be resumed only under the
/// roots under which it was verified. The verifier of a generation never changes, and the configs of
/// two generations never share a session cache. The one config that outlives generations,
/// [`following_config`](Self::following_config), resumes no session. Even if you give the session cache
/// of one generation to a config of another, rustls does not use its sessions, because they belong to
/// another verifier.
///
/// After a refresh, a removed root is not trusted for any new handshake, if your program calls
/// [`client_config`](Self::client_config) for each connection, right before the handshake, or uses
/// `following_config` or the connectors of this type. Open connections stay open:
/// `_documentation::policy` shows how to end them.
///
/// # What a refresh may do
///
/// It reads the sources like [`build`](RootsBuilder::build), by the same rules: variables are looked up
/// again, what you supply is read strictly, and the system's store leniently. It never leaves the
/// program without roots, and never falls back. If it fails, or a system's store, an optional file or a directory of
/// `SSL_CERT_DIR` that had roots now has none, or the only roots left are those of
#[cfg_attr(
    feature = "system",
    doc = "[`system_fallback`](RootsBuilder::system_fallback)"
)]
#[cfg_attr(not(feature = "system"), doc = "`system_fallback`")]
/// and were not before, then the current generation stays, and the error is returned, logged (feature
/// `log`) and noted in the [report](Self::report).
///
/// ```no_run
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// use std::time::Duration;
///
/// use embedded_roots::Roots;
///
/// let live = Roots::builder().pem_file("/etc/corp/ca.pem").build_live()?;
/// // Until the guard is dropped.
/// let _guard = live.refresh_every(Duration::from_secs(60))?;
/// // For each connection:
/// let config = live.client_config();
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
#[derive(Clone)]
pub struct LiveRoots {
    pub(super) shared: Arc<LiveState>,
}

impl RootsBuilder {
    /// Makes roots that can change while the program runs: [`LiveRoots::refresh`] reads the files, the
    /// variables and the system's store again.
    ///
    /// # Errors
    ///
    /// Fails like [`build`](Self::build).
    pub fn build_live(mut self) -> Result<LiveRoots, Error> {
        self.check()?;
        let reading = self.read()?;
        reading.trust_set.check_roots()?;
        // All generations have one provider.
        self.provider = Some(config::provider(self.provider)?);
        let live = LiveRoots::new(self, &reading)?;
        live.tell();
        Ok(live)
    }
}

pub(super) struct LiveState {
    policy: RootsBuilder,
    pub(super) generations: Arc<Generations>,
    following: Arc<ClientConfig>,
    /// Held to take over what was read, never while reading.
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

/// What the refreshes have found.
pub(super) struct State {
    /// How many readings have been taken over. Only one that began after the last of them is taken over.
    taken_over: u64,
    last_good: Arc<TrustSet>,
    refreshed: UnixTime,
    fell_back: bool,
    /// The system's store has given roots, at any time.
    has_had_store: bool,
    /// Of the last good reading.
    places: Vec<Place>,
    failed: Option<FailedRefresh>,
}

impl LiveRoots {
    fn new(policy: RootsBuilder, reading: &SourceReading) -> Result<Self, Error> {
        let generations = Generations::new(policy.roots(Arc::clone(&reading.trust_set))?);
        let mut state = State {
            taken_over: 0,
            last_good: Arc::clone(&reading.trust_set),
            refreshed: policy.surroundings.now(),
            fell_back: false,
            has_had_store: false,
            places: Vec::new(),
            failed: None,
        };
        state.take_over(reading, state.refreshed);
        Ok(Self {
            shared: Arc::new(LiveState {
                policy,
                following: following_config(&generations)?,
                generations,
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
        })
    }

    /// The current generation.
    #[must_use]
    pub fn current(&self) -> Roots {
        self.with_current(Roots::clone)
    }

    /// The number of the current generation. The first is 1, and each change of trust adds 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.generations.number()
    }

    /// The client config of the current generation, without client certificate and ALPN protocols.
    ///
    /// Call this for each connection. It returns the same [`Arc`], with the same session cache, until the
    /// generation changes.
    #[must_use]
    pub fn client_config(&self) -> Arc<ClientConfig> {
        self.with_current(Roots::client_config)
    }

    /// The verifier of server certificates of the current generation, for a config of your own.
    ///
    /// It does not follow later generations. A config with it resumes only sessions of its own generation, so make a
    /// config for each generation.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        self.with_current(Roots::verifier)
    }

    /// A client config for clients that keep one config.
    ///
    /// It verifies each connection under the generation that is current at the time of the handshake. It
    /// resumes no session, so every connection is verified. Leave its `resumption` disabled: a resumed
    /// session is not verified, and would outlive its generation. Returns the same [`Arc`] every time.
    ///
    /// For a client certificate, set `client_auth_cert_resolver` in a clone of it.
    #[must_use]
    pub fn following_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.shared.following)
    }

    /// A verifier of client certificates (mutual TLS) under the current generation, for a server's
    /// config; see [`Roots::client_cert_verifier`].
    ///
    /// It does not follow later generations, because servers, too, resume sessions without verifying the
    /// client. Make a server config for each generation, with its own session storage and tickets:
    ///
    /// ```no_run
    /// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    /// # mod example {
    /// use std::sync::{Arc, Mutex, PoisonError};
    ///
    /// use embedded_roots::LiveRoots;
    /// use embedded_roots::rustls::sign::SingleCertAndKey;
    /// use embedded_roots::rustls::{Error, ServerConfig};
    ///
    /// struct Server {
    ///     live: LiveRoots,
    ///     identity: Arc<SingleCertAndKey>,
    ///     made: Mutex<Option<(u64, Arc<ServerConfig>)>>,
    /// }
    ///
    /// impl Server {
    ///     /// Call this for each connection.
    ///     fn config(&self) -> Result<Arc<ServerConfig>, Error> {
    ///         let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
    ///         // Before the verifier: if the generation changes in between, the config is made again.
    ///         let generation = self.live.generation();
    ///         if let Some((of, config)) = &*made {
    ///             if *of == generation {
    ///                 return Ok(Arc::clone(config));
    ///             }
    ///         }
    ///         let provider = Arc::clone(self.live.client_config().crypto_provider());
    ///         let config = ServerConfig::builder_with_provider(provider)
    ///             .with_safe_default_protocol_versions()?
    ///             .with_client_cert_verifier(self.live.client_cert_verifier())
    ///             .with_cert_resolver(self.identity.clone());
    ///         let config = Arc::new(config);
    ///         *made = Some((generation, Arc::clone(&config)));
    ///         Ok(config)
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn client_cert_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        self.current().client_cert_verifier()
    }

    /// Like [`client_cert_verifier`](Self::client_cert_verifier), but clients without a certificate are accepted too;
    /// see [`Roots::optional_client_cert_verifier`].
    #[must_use]
    pub fn optional_client_cert_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        self.current().optional_client_cert_verifier()
    }

    /// Reads every source again. Returns true if the roots have changed: a new generation is then current.
    ///
    /// It blocks while it reads files, but connections do not wait: they use the current generation, and
    /// no lock is held. If another refresh succeeds in the meantime, this one reads again, so that older
    /// content never replaces newer.
    ///
    /// # Errors
    ///
    /// Fails like [`build`](RootsBuilder::build), and if the system's store no longer has roots, or only
    /// a fallback has. The current generation stays.
    pub fn refresh(&self) -> Result<bool, Error> {
        let shared = &self.shared;
        loop {
            let seen = shared.state().taken_over;
            let found = self.read();
            let mut state = shared.state();
            if state.taken_over != seen {
                // What was read may be older than the current generation.
                continue;
            }
            let found = found.and_then(|found| {
                state.check_fallbacks(&found.reading)?;
                Ok(found)
            });
            match found {
                Ok(found) => {
                    let failed = state.take_over(&found.reading, self.now());
                    let changed = found.changed.is_some();
                    if let Some(roots) = found.changed {
                        shared.generations.replace(roots);
                    }
                    drop(state);
                    // Before a logger runs, and without the lock, since the logger may use these roots.
                    shared.changed.notify_all();
                    if let Some(failed) = failed {
                        logging::info(|| format!("the roots can be refreshed again; {failed}"));
                    }
                    if changed {
                        self.tell();
                    }
                    return Ok(changed);
                }
                Err(why) => {
                    drop(state);
                    self.note(&why);
                    return Err(why);
                }
            }
        }
    }

    /// Notes a refresh that failed, and logs it if its error is another than that of the last one.
    pub(super) fn note(&self, why: &Error) {
        let is_new = self.shared.state().fail(why, self.now());
        if is_new {
            logging::warn(|| format!("the roots stay as they were: {why:?}"));
        }
    }

    /// Logs a new generation: that is when trust changes, so it is told like the default roots.
    fn tell(&self) {
        logging::info(|| {
            let report = self.report();
            format!("generation {} of live roots\n{report}", report.generation())
        });
    }

    /// What is trusted, where it came from, and whether the last refresh failed.
    ///
    /// It is the report of the last successful refresh. It may be newer than that of
    /// [`current`](Self::current), because a source may change without changing the roots.
    #[must_use]
    pub fn report(&self) -> LiveReport {
        let state = self.shared.state();
        LiveReport {
            generation: self.generation(),
            refreshed: state.refreshed,
            report: state.last_good.report().clone(),
            failed_refresh: state.failed.clone(),
        }
    }

    pub(in crate::roots) fn with_current<T>(&self, of: impl FnOnce(&Roots) -> T) -> T {
        self.shared.generations.with_current(of)
    }

    /// Reads the sources, and makes the roots if they are new.
    fn read(&self) -> Result<Refresh, Error> {
        let reading = self.shared.policy.read()?;
        let trust_set = &reading.trust_set;
        // A clone, so that the comparison holds no lock.
        let is_same = self.current().trust_set().trusts_the_same(trust_set);
        let roots = || self.shared.policy.roots(Arc::clone(trust_set));
        let changed = (!is_same).then(roots).transpose()?;
        Ok(Refresh { reading, changed })
    }

    fn now(&self) -> UnixTime {
        self.shared.policy.surroundings.now()
    }
}

struct Refresh {
    reading: SourceReading,
    /// The roots that were read, if they are others than the current ones.
    changed: Option<Roots>,
}

impl LiveState {
    /// Nothing panics while it is held.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A policy may name roots for the case that others are missing. That is for the start of a
    /// program: later, it would replace few roots with many because a file is being written.
    fn check_fallbacks(&self, reading: &SourceReading) -> Result<(), Error> {
        let report = reading.trust_set.report();
        let store_was_emptied = report.has_empty_store() && self.has_had_store;
        let was_emptied = store_was_emptied || self.has_emptied_place(reading);
        if was_emptied || (reading.fell_back && !self.fell_back) {
            return Err(Error::emptied(report.to_string()));
        }
        Ok(())
    }

    /// Whether a file or directory that had roots has none now.
    fn has_emptied_place(&self, reading: &SourceReading) -> bool {
        let has_roots = |places: &[Place], path: &Path| {
            let mut places = places.iter();
            places.any(|place| place.has_roots && place.path == path)
        };
        let mut places = reading.places.iter();
        places.any(|place| {
            has_roots(&self.places, &place.path) && !has_roots(&reading.places, &place.path)
        })
    }

    /// Takes over what was read. Returns the failure that this ends.
    fn take_over(&mut self, reading: &SourceReading, now: UnixTime) -> Option<FailedRefresh> {
        self.taken_over += 1;
        self.last_good = Arc::clone(&reading.trust_set);
        self.refreshed = now;
        self.fell_back = reading.fell_back;
        self.has_had_store |= reading.trust_set.report().has_store();
        self.places.clone_from(&reading.places);
        self.failed.take()
    }

    /// Notes a failure. True if it is another than the last one.
    fn fail(&mut self, why: &Error, now: UnixTime) -> bool {
        let error = format!("{why:?}");
        match &mut self.failed {
            Some(failed) if failed.error == error => {
                failed.latest = now;
                false
            }
            failed => {
                let since = failed.as_ref().map_or(now, |failed| failed.since);
                *failed = Some(FailedRefresh {
                    error,
                    since,
                    latest: now,
                });
                true
            }
        }
    }
}

impl fmt::Debug for LiveRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveRoots")
            .field("generation", &self.generation())
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}
