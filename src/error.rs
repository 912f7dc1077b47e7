//! The error of this crate.

use std::error;
use std::fmt;
use std::io;

use embedded_roots_bundle::escape;

/// Why trust or a client could not be set up.
///
/// The text names what fixes it: the feature, or the input and its line. An error of another library
/// is in [`source()`](error::Error::source), and not in the text. `Debug` shows the text and the
/// causes.
pub struct Error(Box<Kind>);

impl Error {
    /// Whether nothing would be trusted: no bundle is compiled in, the system has no roots, or the
    /// policy has no source.
    #[must_use]
    pub fn is_no_roots(&self) -> bool {
        matches!(
            *self.0,
            Kind::NoBundle
                | Kind::NoRoots(_)
                | Kind::Emptied(_)
                | Kind::AllHaveDistrustDates
                | Kind::AllHaveLimits
        )
    }

    /// Whether something that you supplied or named cannot be used, or contradicts itself: a
    /// certificate, PEM text, a file, a variable, a CRL.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        matches!(
            *self.0,
            Kind::Invalid(_)
                | Kind::Conflict(..)
                | Kind::Unreadable(..)
                | Kind::Variable(..)
                | Kind::Revocation(_)
        )
    }

    /// Whether a file or directory that you named cannot be read. The [`io::Error`] is in `source()`.
    /// [`is_invalid_input`](Self::is_invalid_input) is true, too.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self.0.innermost(), Kind::Unreadable(..))
    }

    /// Whether a root is given more than once, with different limits.
    /// [`is_invalid_input`](Self::is_invalid_input) is true, too.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self.0.innermost(), Kind::Conflict(..))
    }

    /// Whether a certificate revocation list (CRL) cannot be used.
    /// [`is_invalid_input`](Self::is_invalid_input) is true, too.
    #[must_use]
    pub fn is_revocation(&self) -> bool {
        matches!(*self.0, Kind::Revocation(_))
    }

    /// Whether an HTTP client cannot be built. The error of its library is in `source()`.
    #[must_use]
    pub fn is_http_client(&self) -> bool {
        matches!(*self.0, Kind::Client(_))
    }

    /// Whether no crypto provider is compiled in or installed, or rustls cannot make a config with it.
    #[must_use]
    pub fn is_crypto_provider(&self) -> bool {
        matches!(*self.0, Kind::NoProvider | Kind::Config(_))
    }

    /// Whether the default roots were already installed or in use when
    /// [`install_default`](crate::Roots::install_default) was called.
    #[must_use]
    pub fn is_already_installed(&self) -> bool {
        matches!(*self.0, Kind::AlreadyInstalled)
    }

    /// Whether a root has no certificate for [`certificates`](crate::Roots::certificates) or
    /// [`pem`](crate::Roots::pem), because its source has only anchors.
    #[must_use]
    pub fn is_no_certificate(&self) -> bool {
        matches!(*self.0, Kind::NoCertificate(_))
    }

    /// Whether the system could not start the thread of
    /// [`refresh_every`](crate::LiveRoots::refresh_every). Its error is in `source()`.
    #[must_use]
    pub fn is_no_thread(&self) -> bool {
        matches!(*self.0, Kind::NoThread(_))
    }

    pub(crate) fn no_bundle() -> Self {
        Self::new(Kind::NoBundle)
    }

    /// An error for sources that gave no roots; `sources` describes them.
    pub(crate) fn no_roots(sources: String) -> Self {
        Self::new(Kind::NoRoots(sources))
    }

    /// An error for roots that are missing at a refresh; `sources` describes what there is.
    pub(crate) fn emptied(sources: String) -> Self {
        Self::new(Kind::Emptied(sources))
    }

    pub(crate) fn all_have_distrust_dates() -> Self {
        Self::new(Kind::AllHaveDistrustDates)
    }

    pub(crate) fn all_have_limits() -> Self {
        Self::new(Kind::AllHaveLimits)
    }

    pub(crate) fn no_certificate(subject: &str) -> Self {
        Self::new(Kind::NoCertificate(subject.into()))
    }

    /// An error for copies of a root with different limits; `conflict` says how they differ.
    pub(crate) fn conflict(subject: &str, conflict: &str) -> Self {
        Self::new(Kind::Conflict(subject.into(), conflict.into()))
    }

    pub(crate) fn invalid(why: impl fmt::Display) -> Self {
        Self::new(Kind::Invalid(why.to_string()))
    }

    pub(crate) fn unreadable(path: &str, why: io::Error) -> Self {
        Self::new(Kind::Unreadable(escape(path), why))
    }

    /// Adds the name of the variable through which the invalid input was named.
    pub(crate) fn of_variable(self, name: &str) -> Self {
        Self::new(Kind::Variable(escape(name), self.0))
    }

    pub(crate) fn revocation(why: impl Into<Cause>) -> Self {
        Self::new(Kind::Revocation(why.into()))
    }

    pub(crate) fn config(why: impl Into<Cause>) -> Self {
        Self::new(Kind::Config(why.into()))
    }

    #[cfg_attr(
        not(feature = "reqwest"),
        expect(dead_code, reason = "used only with the feature")
    )]
    pub(crate) fn client(why: impl Into<Cause>) -> Self {
        Self::new(Kind::Client(why.into()))
    }

    pub(crate) fn no_provider() -> Self {
        Self::new(Kind::NoProvider)
    }

    pub(crate) fn already_installed() -> Self {
        Self::new(Kind::AlreadyInstalled)
    }

    pub(crate) fn no_thread(why: io::Error) -> Self {
        Self::new(Kind::NoThread(why))
    }

    fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

enum Kind {
    NoBundle,
    /// The description of the sources.
    NoRoots(String),
    /// The description of the sources.
    Emptied(String),
    AllHaveDistrustDates,
    AllHaveLimits,
    /// The subject of the root.
    NoCertificate(Box<str>),
    /// The input and its line, and the reason.
    Invalid(String),
    /// The subject of the root, and how its copies differ.
    Conflict(Box<str>, Box<str>),
    NoProvider,
    Config(Cause),
    AlreadyInstalled,
    /// The path, and the cause.
    Unreadable(String, io::Error),
    /// The variable, and the error in what it names.
    Variable(String, Box<Kind>),
    Revocation(Cause),
    Client(Cause),
    NoThread(io::Error),
}

type Cause = Box<dyn error::Error + Send + Sync>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::NoBundle => f.write_str(
                "no root certificates are compiled in: enable one of the features `mozilla`, \
                 `custom` and `webpki-roots` of embedded-roots (or, for a default, `system`: the \
                 operating system's store)",
            ),
            Kind::NoRoots(sources) if sources.is_empty() => f.write_str(
                "no root certificates: the policy has no source; add one, for example by \
                 `Roots::builder().bundle(embedded_roots::bundle())`",
            ),
            Kind::NoRoots(sources) => write!(
                f,
                "no root certificates: {sources}; install the system's CA certificates, or compile \
                 a bundle in with the feature `mozilla` or `custom` of embedded-roots"
            ),
            Kind::Emptied(sources) => write!(
                f,
                "a source that had roots has none now; a refresh never falls back, so the current \
                 roots stay: {}",
                sources.replace('\n', "; ")
            ),
            Kind::AllHaveDistrustDates => f.write_str(
                "every root has a distrust date, which a root store cannot carry: use `verifier()` \
                 or `client_config()`",
            ),
            Kind::AllHaveLimits => f.write_str(
                "every root has limits that a certificate cannot carry: use `verifier()` or \
                 `client_config()`",
            ),
            Kind::NoCertificate(subject) => write!(
                f,
                "no certificate of \"{subject}\": `webpki-roots`, `include_bundle!` and \
                 `RootsBuilder::anchors` have only anchors; add the root as PEM or DER instead, or by the \
                 feature `mozilla` or `custom`"
            ),
            Kind::Invalid(why) => f.write_str(why),
            Kind::Conflict(subject, conflict) => write!(
                f,
                "\"{subject}\" is given more than once, with different limits: {conflict}"
            ),
            Kind::NoProvider => f.write_str(
                "no crypto provider: enable the feature `ring` or `aws-lc-rs` of embedded-roots, \
                 install one with `rustls::crypto::CryptoProvider::install_default`, or pass one to \
                 `Roots::builder().provider()`",
            ),
            Kind::Config(_) => {
                f.write_str("rustls cannot make a client config with this crypto provider")
            }
            Kind::AlreadyInstalled => f.write_str(
                "the default roots are already in use: call `install_default` once, at the start \
                 of the program",
            ),
            Kind::Unreadable(path, _) => write!(f, "{path} cannot be read"),
            Kind::Variable(name, kind) => write!(f, "{name}: {kind}"),
            Kind::Revocation(_) => f.write_str("a certificate revocation list cannot be used"),
            Kind::Client(_) => f.write_str("the HTTP client cannot be built"),
            Kind::NoThread(_) => f.write_str("the thread of `refresh_every` cannot be started"),
        }
    }
}

/// The text and its causes, because a program shows `Debug` when it unwraps, or when its `main`
/// returns the error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut next = error::Error::source(self);
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.cause()
    }
}

impl Kind {
    /// The error in what a variable names; otherwise the error itself.
    fn innermost(&self) -> &Self {
        match self {
            Self::Variable(_, kind) => kind.innermost(),
            kind => kind,
        }
    }

    fn cause(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Config(why) | Self::Revocation(why) | Self::Client(why) => Some(&**why),
            Self::Unreadable(_, why) | Self::NoThread(why) => Some(why),
            Self::Variable(_, kind) => kind.cause(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One error of each kind, with the names of the predicates that hold for it, sorted.
    fn kinds() -> Vec<(Kind, &'static [&'static str])> {
        let cause = || Cause::from("a cause");
        let unreadable = || Kind::Unreadable("a path".to_owned(), io::Error::other("a cause"));
        let kinds = vec![
            (Kind::NoBundle, &["no_roots"][..]),
            (Kind::NoRoots(String::new()), &["no_roots"]),
            (Kind::Emptied(String::new()), &["no_roots"]),
            (Kind::AllHaveDistrustDates, &["no_roots"]),
            (Kind::AllHaveLimits, &["no_roots"]),
            (Kind::NoCertificate("a name".into()), &["no_certificate"]),
            (Kind::Invalid("a reason".to_owned()), &["invalid_input"]),
            (
                Kind::Conflict("a name".into(), "a reason".into()),
                &["conflict", "invalid_input"],
            ),
            (Kind::NoProvider, &["crypto_provider"]),
            (Kind::Config(cause()), &["crypto_provider"]),
            (Kind::AlreadyInstalled, &["already_installed"]),
            (unreadable(), &["invalid_input", "unreadable"]),
            (
                Kind::Variable("A".to_owned(), Box::new(unreadable())),
                &["invalid_input", "unreadable"],
            ),
            (Kind::Revocation(cause()), &["invalid_input", "revocation"]),
            (Kind::Client(cause()), &["http_client"]),
            (Kind::NoThread(io::Error::other("a cause")), &["no_thread"]),
        ];
        for (kind, _) in &kinds {
            // A new kind does not compile until it is added here, and so to the list.
            match kind {
                Kind::NoBundle
                | Kind::NoRoots(_)
                | Kind::Emptied(_)
                | Kind::AllHaveDistrustDates
                | Kind::AllHaveLimits
                | Kind::NoCertificate(_)
                | Kind::Invalid(_)
                | Kind::Conflict(..)
                | Kind::NoProvider
                | Kind::Config(_)
                | Kind::AlreadyInstalled
                | Kind::Unreadable(..)
                | Kind::Variable(..)
                | Kind::Revocation(_)
                | Kind::Client(_)
                | Kind::NoThread(_) => {}
            }
        }
        kinds
    }

    #[test]
    fn every_kind_has_a_predicate() {
        for (kind, expected) in kinds() {
            let error = Error::new(kind);
            let predicates = [
                ("already_installed", error.is_already_installed()),
                ("conflict", error.is_conflict()),
                ("crypto_provider", error.is_crypto_provider()),
                ("http_client", error.is_http_client()),
                ("invalid_input", error.is_invalid_input()),
                ("no_certificate", error.is_no_certificate()),
                ("no_roots", error.is_no_roots()),
                ("revocation", error.is_revocation()),
                ("no_thread", error.is_no_thread()),
                ("unreadable", error.is_unreadable()),
            ];
            let holds: Vec<_> = predicates.iter().filter(|(_, holds)| *holds).collect();
            let holds: Vec<_> = holds.iter().map(|(name, _)| *name).collect();
            assert_eq!(holds, expected, "{error}");
        }
    }
}
