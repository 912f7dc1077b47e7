use std::path::{Path, PathBuf};
use std::sync::Arc;

use embedded_roots_bundle::{Annotation, PrivateKeys, Root, parse};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::merge::{Source, Standing, merge};
use super::report::origin_of;
use super::trust_set::TrustSet;
use super::{Roots, selected};
use crate::files::{self, Variables};
use crate::system::{self, Store};
use crate::verify::Revocation;
use crate::{Anchor, Bundle, Error, Verifier, config};

/// Makes [`Roots`] of the sources that it is given.
///
/// Each source adds to the others; a root in several of them is one root. What the caller gives
/// (PEM, files, variables, certificates, the bundle `custom`) is strict, and stands within the
/// limits that it was given with. What comes from a list (`mozilla`, `webpki-roots`, the system
/// store, `SSL_CERT_FILE`, `SSL_CERT_DIR`) stands within the tightest limits that are known of it; of the system store, what cannot
/// be used is skipped and stands in the [report](Roots::report).
///
/// As webpki does, it takes any certificate that it is given for a root: only what is compiled in is
/// checked for being a CA. A root that is given without limits that a list knows of is trusted
/// without them, and the report says so.
///
/// Files and variables are read by [`build`](Self::build), whose error is that of the first step
/// that has one. A file that is read is a regular file of at most 16 MiB.
///
/// ```no_run
/// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
/// use embedded_roots::{Roots, mozilla};
///
/// let roots = Roots::builder()
///     .bundle(&mozilla::BUNDLE)
///     .optional_pem_file("/etc/my-program/extra-ca.pem")
///     .extra_env("MY_PROGRAM_EXTRA_CA")
///     .build()?;
/// println!("{}", roots.report());
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is trusted before `build`"]
pub struct RootsBuilder {
    steps: Vec<Step>,
    ssl_cert_env: bool,
    fallback: Option<Fallback>,
    provider: Option<Arc<CryptoProvider>>,
    revocation: Option<Revocation>,
    pub(super) surroundings: Surroundings,
}

/// What a policy looks at beside what it is given: a value, so that tests bring their own.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub(super) store: Store,
    pub(super) variables: Variables,
}

impl Surroundings {
    pub(super) fn system(&self) -> Result<Source, Error> {
        system::source(&self.store, &self.variables)
    }
}

#[derive(Debug)]
enum Step {
    Read(Result<Source, Error>),
    PemFile(PathBuf),
    OptionalPemFile(PathBuf),
    ExtraEnv(String),
    System,
}

/// What to ask if nothing else gave a root.
#[derive(Debug, Clone, Copy)]
enum Fallback {
    System,
    Embedded,
}

impl RootsBuilder {
    pub(super) fn new() -> Self {
        Self {
            steps: Vec::new(),
            ssl_cert_env: false,
            fallback: None,
            provider: None,
            revocation: None,
            surroundings: Surroundings::default(),
        }
    }

    /// Adds a compiled-in bundle, such as [`mozilla::BUNDLE`](crate::mozilla::BUNDLE).
    pub fn bundle(self, bundle: &Bundle) -> Self {
        self.step(Step::Read(Ok(of_bundle(bundle))))
    }

    /// Adds the certificates of a PEM text, annotated or not.
    ///
    /// Strict: one certificate that cannot be used is an error, as is a text without any. Blocks of
    /// other kinds, private keys too, are passed over.
    pub fn pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.step(Step::Read(of_pem(pem.as_ref())))
    }

    /// Adds the certificates of a PEM file, strictly as [`pem`](Self::pem): it has to be there.
    pub fn pem_file(self, path: impl AsRef<Path>) -> Self {
        self.step(Step::PemFile(path.as_ref().to_owned()))
    }

    /// Adds the certificates of a PEM file that may be absent. If it is there, it is read as
    /// [`pem_file`](Self::pem_file) reads it.
    pub fn optional_pem_file(self, path: impl AsRef<Path>) -> Self {
        self.step(Step::OptionalPemFile(path.as_ref().to_owned()))
    }

    /// Adds certificates, DER, strictly.
    pub fn certificates(
        self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.step(Step::Read(of_certificates(certificates)))
    }

    /// Adds the operating system's store (feature `system`), as [`Roots::system`] reads it; one
    /// without roots adds none.
    pub fn system(self) -> Self {
        self.step(Step::System)
    }

    /// Asks the operating system's store if nothing else gave a root.
    pub fn system_fallback(mut self) -> Self {
        self.fallback = Some(Fallback::System);
        self
    }

    /// The preset of this name.
    pub(super) fn system_or_embedded(mut self) -> Self {
        self.fallback = Some(Fallback::Embedded);
        self.system()
    }

    /// Lets `SSL_CERT_FILE` and `SSL_CERT_DIR` replace everything else, where one of them is set.
    ///
    /// As they name the system's store in most cases, the limits that are known of a root hold for
    /// its copies there.
    ///
    /// Both are read as OpenSSL names them: a PEM file, and directories of PEM files, separated as
    /// in `PATH`. They are strict: a variable that is set and gives no root is an error, and so is
    /// an unsound certificate. One that is set to nothing counts as unset.
    pub fn ssl_cert_env(mut self) -> Self {
        self.ssl_cert_env = true;
        self
    }

    /// Adds the PEM file that is named by the variable `name`, where it is set; read as
    /// [`pem_file`](Self::pem_file) reads it. A variable that is set to nothing counts as unset.
    pub fn extra_env(self, name: &str) -> Self {
        self.step(Step::ExtraEnv(name.to_owned()))
    }

    /// Takes this crypto provider. Otherwise it is the process default of rustls, else the enabled
    /// feature: `aws-lc-rs` before `ring`.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Checks every certificate of a chain, except its root, against these revocation lists, DER
    /// (RFC 5280, section 5).
    ///
    /// A certificate whose status they do not tell is refused, unless
    /// [`allow_unknown_revocation_status`](Self::allow_unknown_revocation_status) is called. The
    /// lists are not refreshed: see nextUpdate in
    /// [`enforce_revocation_expiration`](Self::enforce_revocation_expiration). So, with the lists of
    /// one authority and the roots of others beside it, all servers of the others are refused unless
    /// unknown status is allowed.
    ///
    /// To ask for revocation in any of these four ways without a list is an error.
    pub fn crls(
        mut self,
        crls: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Self {
        self.revocation.get_or_insert_default().crls.extend(crls);
        self
    }

    /// Accepts certificates whose status the [`crls`](Self::crls) do not tell.
    pub fn allow_unknown_revocation_status(mut self) -> Self {
        self.revocation.get_or_insert_default().allow_unknown_status = true;
        self
    }

    /// Checks the end-entity certificate alone against the [`crls`](Self::crls).
    pub fn only_check_end_entity_revocation(mut self) -> Self {
        self.revocation.get_or_insert_default().only_end_entity = true;
        self
    }

    /// Takes one of the [`crls`](Self::crls) after its nextUpdate for an error.
    pub fn enforce_revocation_expiration(mut self) -> Self {
        self.revocation.get_or_insert_default().enforce_expiration = true;
        self
    }

    /// The roots.
    ///
    /// # Errors
    ///
    /// The first error of the steps; no root in any source; a certificate that two of them give
    /// under different constraints; no crypto provider, or one that rustls cannot use; a
    /// revocation list that cannot be read.
    pub fn build(mut self) -> Result<Roots, Error> {
        let revocation = self.revocation.take();
        if revocation
            .as_ref()
            .is_some_and(|revocation| revocation.crls.is_empty())
        {
            let why = "revocation was asked for, and `crls` has no list";
            return Err(Error::invalid(why.into()));
        }
        let (anchors, report) = merge(self.sources()?)?;
        let trust_set = Arc::new(TrustSet::merged(anchors, report)?);
        let provider = config::provider(self.provider)?;
        Roots::new(match revocation {
            Some(revocation) => Verifier::with_revocation(trust_set, provider, &revocation)?,
            None => Verifier::new(trust_set, provider),
        })
    }

    fn sources(&mut self) -> Result<Vec<Source>, Error> {
        // What was given is wrong, whatever a variable may put in its place.
        let is_wrong = |step: &Step| matches!(step, Step::Read(Err(_)));
        if let Some(nth) = self.steps.iter().position(is_wrong) {
            self.steps.remove(nth).source(&self.surroundings)?;
        }
        if self.ssl_cert_env {
            if let Some(named) = files::ssl_cert_env(&self.surroundings.variables)? {
                return Ok(vec![named]);
            }
        }
        let steps = std::mem::take(&mut self.steps).into_iter();
        let sources = steps.filter_map(|step| step.source(&self.surroundings).transpose());
        let mut sources = sources.collect::<Result<Vec<_>, Error>>()?;
        if sources.iter().all(|source| source.anchors.is_empty()) {
            match self.fallback {
                Some(Fallback::System) => sources.push(self.surroundings.system()?),
                Some(Fallback::Embedded) => sources.push(of_bundle(selected()?)),
                None => {}
            }
        }
        Ok(sources)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl Step {
    fn source(self, surroundings: &Surroundings) -> Result<Option<Source>, Error> {
        match self {
            Self::Read(source) => source.map(Some),
            Self::PemFile(path) => files::pem_file(&path).map(Some),
            Self::OptionalPemFile(path) => files::optional_pem_file(&path).map(Some),
            Self::ExtraEnv(name) => files::extra_env(&surroundings.variables, &name),
            Self::System => surroundings.system().map(Some),
        }
    }
}

fn of_bundle(bundle: &Bundle) -> Source {
    let standing = if bundle.name() == "custom" {
        Standing::Given
    } else {
        Standing::Listed
    };
    let mut source = Source::new(origin_of(bundle), standing);
    source.anchors = bundle.anchors().to_vec();
    source
}

fn of_pem(pem: &[u8]) -> Result<Source, Error> {
    let roots = parse("PEM text", pem, PrivateKeys::PassOver)?;
    let mut source = Source::new("PEM text", Standing::Given);
    source.anchors = roots.into_iter().map(Anchor::from).collect();
    Ok(source)
}

fn of_certificates(
    certificates: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Source, Error> {
    let mut source = Source::new("certificates", Standing::Given);
    for (certificate, nth) in certificates.into_iter().zip(1..) {
        let root = Root::new(certificate, Annotation::default(), 0);
        let root = root.map_err(|why| Error::invalid(format!("certificate {nth}: {why}")))?;
        source.anchors.push(Anchor::from(root));
    }
    if source.anchors.is_empty() {
        return Err(Error::invalid("no certificate in `certificates`".into()));
    }
    Ok(source)
}
