//! A policy, source by source.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use embedded_roots_bundle::digest::sha256_from_hex;
use embedded_roots_bundle::{PrivateKeys, Root, parse};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, TrustAnchor};

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::config;
use crate::error::Error;
use crate::logging;
use crate::roots::policy::Roots;
use crate::source::crlite::CrliteData;
use crate::source::files;
use crate::source::intermediates::IntermediateSource;
use crate::source::origin::Origin;
use crate::source::pins::PinSource;
use crate::source::root::{Place, Source, SourceRoot, read_each};
use crate::source::surroundings::Surroundings;
use crate::trust::certificates_report::CertificatesReport;
use crate::trust::digest::Sha256;
use crate::trust::distrust::Distrust;
use crate::trust::intermediates::Intermediates;
use crate::trust::merge::merge;
use crate::trust::pins::Pins;
use crate::trust::set::TrustSet;
use crate::verify::revocation::{Revocation, RevocationCheck};
use crate::verify::verifier::Verifier;

/// Builds [`Roots`] from several sources.
///
/// Each source adds to the others, and a root in several of them counts once. What you supply (PEM,
/// files, variables, certificates, anchors, the bundle `custom`) is read strictly, and is used exactly
/// as supplied. Roots that a root program or the system maintains (`mozilla`, `webpki-roots`, the
/// system's store, `SSL_CERT_FILE`, `SSL_CERT_DIR`) are trusted within their tightest known limits.
/// Certificates of the system's store that cannot be used are skipped, and the
/// [report](Roots::report) names them.
///
/// A certificate that says that it is not a CA (basic constraints, key usage) is not accepted as a
/// root. One that says nothing, such as a version 1 certificate, is accepted. If you supply a root
/// without the limits that a root program sets for it, it is trusted without them, and the report says
/// so.
///
/// [`build`](Self::build) reads the files and variables, and returns the first error. Only regular
/// files of at most 16 MiB are read; a variable may also name a pipe that the program has open, as in
/// `SSL_CERT_FILE=<(command)`.
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
#[must_use = "nothing is trusted before `build`"]
pub struct RootsBuilder {
    steps: Vec<Step>,
    /// The first error in the values that the caller supplied.
    given: Result<(), Error>,
    /// Replaces the steps where it has a source.
    ssl_cert_env: Option<Step>,
    fallback: Option<Step>,
    filters: Vec<Filter>,
    distrust: Distrust,
    distrust_files: Vec<PathBuf>,
    pub(super) provider: Option<Arc<CryptoProvider>>,
    revocation: Option<Revocation>,
    intermediates: Vec<IntermediateStep>,
    pins: Vec<PinStep>,
    pub(super) crlite: Option<CrliteStep>,
    remembers_signatures: bool,
    returns_plain_errors: bool,
    pub(super) surroundings: Surroundings,
}

impl Roots {
    /// Starts a policy of several sources, or with a certain crypto provider.
    pub fn builder() -> RootsBuilder {
        RootsBuilder::new()
    }
}

/// Reads its sources. It is a closure rather than a variant of an enum, so that a program links the
/// readers of only those sources that it names.
type Step = Box<dyn Fn(&Surroundings) -> Result<Vec<Source>, Error> + Send + Sync>;

/// Reads intermediates.
type IntermediateStep = Box<dyn Fn() -> Result<IntermediateSource, Error> + Send + Sync>;

/// Reads pinned certificates.
type PinStep = Box<dyn Fn() -> Result<PinSource, Error> + Send + Sync>;

/// Reads CRLite data, given SHA-256.
type CrliteStep = Box<
    dyn Fn(&Surroundings, &dyn Fn(&[u8]) -> [u8; 32]) -> Result<CrliteData, Error> + Send + Sync,
>;

type Filter = Box<dyn Fn(&Anchor) -> bool + Send + Sync>;

impl RootsBuilder {
    fn new() -> Self {
        Self {
            steps: Vec::new(),
            given: Ok(()),
            ssl_cert_env: None,
            fallback: None,
            filters: Vec::new(),
            distrust: Distrust::default(),
            distrust_files: Vec::new(),
            provider: None,
            revocation: None,
            intermediates: Vec::new(),
            pins: Vec::new(),
            crlite: None,
            remembers_signatures: true,
            returns_plain_errors: false,
            surroundings: Surroundings::default(),
        }
    }

    /// Adds a compiled-in bundle, such as [`mozilla::BUNDLE`](crate::mozilla::BUNDLE).
    pub fn bundle(self, bundle: &Bundle) -> Self {
        self.given(Ok(Source::from_bundle(*bundle)))
    }

    /// Adds the certificates of a PEM text, annotated or not.
    ///
    /// Strict: a certificate that cannot be used is an error, and so is text without a certificate.
    /// Other blocks, such as private keys, are ignored.
    pub fn pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.given(pem_source(pem.as_ref()))
    }

    /// Adds the certificates of a PEM file, which must exist. Strict like [`pem`](Self::pem).
    pub fn pem_file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        self.step(move |_| Ok(vec![files::pem_file(&path)?]))
    }

    /// Adds the certificates of a PEM file that may be absent, empty or without anything but comments (lines that
    /// begin with `#`). Otherwise it is read like that of [`pem_file`](Self::pem_file).
    ///
    /// If it had certificates and is empty when [`LiveRoots`](crate::LiveRoots) read it again, the refresh fails: the
    /// file is being written.
    pub fn optional_pem_file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        self.step(move |_| Ok(vec![files::optional_pem_file(&path)?]))
    }

    /// Adds certificates (DER). Strict like [`pem`](Self::pem).
    pub fn certificates(
        self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.given(certificate_source(certificates))
    }

    /// Adds your own trust anchors: subject, SPKI and name constraints, as webpki and other crates
    /// make them. Strict: an empty iterator is an error.
    ///
    /// A [`TrustAnchor`] cannot carry a distrust date. An anchor of a root program is trusted without the
    /// date that the program sets for it, and the [report](Roots::report) says so.
    pub fn anchors(self, anchors: impl IntoIterator<Item = TrustAnchor<'static>>) -> Self {
        self.given(anchor_source(anchors))
    }

    /// Removes every root for which `keep` returns false, whatever its source. With several calls, a
    /// root stays only if all of them keep it.
    ///
    /// `keep` is called after the roots of all sources are merged, so it sees each root once, with
    /// the limits that apply to it. The [report](Roots::report) counts the removed roots. A policy
    /// that keeps no root is an error.
    ///
    /// ```
    /// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
    /// use embedded_roots::{Roots, mozilla};
    ///
    /// let roots = Roots::builder()
    ///     .bundle(&mozilla::BUNDLE)
    ///     .retain(|anchor| anchor.distrust_after().is_none())
    ///     .build()?;
    /// assert!(roots.anchors().len() < mozilla::BUNDLE.len());
    /// # }
    /// # Ok::<(), embedded_roots::Error>(())
    /// ```
    pub fn retain(mut self, keep: impl Fn(&Anchor) -> bool + Send + Sync + 'static) -> Self {
        self.filters.push(Box::new(keep));
        self
    }

    /// Distrusts a key: no chain may contain it, and no root with it is trusted.
    ///
    /// The [verifiers](Roots::verifier) enforce this, and so does every config and client of this crate. A
    /// [`root_store`](Roots::root_store) leaves out distrusted roots, but cannot carry distrusted keys of
    /// intermediates and end entities.
    ///
    /// The digest is SHA-256 of the `SubjectPublicKeyInfo` (DER; RFC 5280, section 4.1.2.7), as 64 hexadecimal
    /// digits, with or without colons. It applies to the certificate of the peer, its intermediates and roots of
    /// every source, in clients and in servers that verify clients. A chain is accepted if another path leads to a
    /// root. A digest that matches no root is not an error. The [report](Roots::report) names the roots that were
    /// removed.
    ///
    /// ```sh
    /// openssl x509 -in ca.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
    /// ```
    ///
    /// Every policy distrusts the keys whose private keys are known to be public:
    /// [SECURITY.md](https://github.com/OWNER/embedded-roots/blob/main/SECURITY.md) lists them.
    pub fn distrust_key(mut self, sha256: impl AsRef<str>) -> Self {
        if let Some(digest) = self.digest("distrust_key", sha256.as_ref()) {
            self.distrust.add_key(digest);
        }
        self
    }

    /// Distrusts one certificate by its SHA-256 fingerprint, as 64 hexadecimal digits, with or without colons. See
    /// [`distrust_key`](Self::distrust_key).
    ///
    /// Another certificate with the same subject and key is still trusted. The anchors of `webpki-roots` and those
    /// that you add by [`anchors`](Self::anchors) have no certificate: distrust their keys.
    pub fn distrust_certificate(mut self, sha256: impl AsRef<str>) -> Self {
        if let Some(digest) = self.digest("distrust_certificate", sha256.as_ref()) {
            self.distrust.add_certificate(digest);
        }
        self
    }

    /// Distrusts the keys and the certificates with the digests in this file, which must exist.
    ///
    /// Each line has 64 hexadecimal digits, of [a key](Self::distrust_key) or of
    /// [a certificate](Self::distrust_certificate). `#` begins a comment. Strict: any other text, a duplicate digest
    /// and a file without a digest are errors.
    ///
    /// [`LiveRoots`](crate::LiveRoots) read the file again. If it then distrusts the last root, no peer is trusted
    /// from then on. `build` and `build_live` fail if no root is left.
    pub fn distrust_file(mut self, path: impl AsRef<Path>) -> Self {
        self.distrust_files.push(path.as_ref().to_owned());
        self
    }

    /// Trusts a key whose private key is known to be public, by the digest that
    /// [`distrust_key`](Self::distrust_key) takes. This is for tests of a program, and not for real connections.
    ///
    /// It allows a key that embedded-roots distrusts. rustls-webpki refuses the keys of a list of its own in any
    /// case.
    pub fn allow_distrusted_key(mut self, sha256: impl AsRef<str>) -> Self {
        if let Some(digest) = self.digest("allow_distrusted_key", sha256.as_ref()) {
            self.distrust.allow_key(digest);
        }
        self
    }

    /// Lets `SSL_CERT_FILE` and `SSL_CERT_DIR` replace all other sources if one of them is set.
    ///
    /// They usually name the system's store, so the known limits of a root apply to its copies there.
    ///
    /// As in OpenSSL, the first names a PEM file, and the second directories of PEM files, separated as
    /// in `PATH`. A directory that is absent or has no certificate is skipped, and the [report](Roots::report) says so,
    /// if the file or another directory has roots. Anything else that is wrong is an error, such as an absent file, an
    /// invalid certificate, or variables that give no root. An empty variable counts as unset.
    pub fn ssl_cert_env(mut self) -> Self {
        self.ssl_cert_env = Some(Box::new(|surroundings| {
            let named = files::ssl_cert_env(&surroundings.variables)?;
            Ok(named.into_iter().collect())
        }));
        self
    }

    /// Adds the PEM file that the variable `name` names, if it is set. The file is read like that of
    /// [`pem_file`](Self::pem_file). An empty variable counts as unset.
    pub fn extra_env(self, name: &str) -> Self {
        let name = name.to_owned();
        self.step(move |surroundings| {
            let named = files::extra_env(&surroundings.variables, &name)?;
            Ok(named.into_iter().collect())
        })
    }

    /// Sets the crypto provider. The default is the process default of rustls, or else the provider of the
    /// enabled feature, where `aws-lc-rs` takes precedence over `ring`.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Adds certificates (DER) that are not roots, for peers that forget to send them: a server that sends its own
    /// certificate alone is the most frequent cause of an unknown issuer.
    ///
    /// They are not trusted. They only help to build a path, in clients and in servers that verify clients, as if the
    /// peer had sent them after its own certificates. All else applies to them, too: validity, limits, distrusted keys,
    /// OneCRL and CRLs. Only those with the name of an issuer in the chain are tried, and none if they allow too many
    /// paths ([`Refusal::is_too_complex`](crate::Refusal::is_too_complex)): about twenty of one name do.
    ///
    /// Strict: one that does not say that it is a CA, one that is self-issued (a root, or the certificate of a CA for
    /// its next key) and an empty iterator are errors. The [report](Roots::report) lists them. One that has expired, or
    /// is distrusted, is ignored, and the report says so. With the feature `macros`,
    /// [`include_intermediates!`](crate::include_intermediates) compiles them in.
    pub fn intermediates(
        mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        if let Some(source) = self.noted(IntermediateSource::from_der(certificates)) {
            let read = move || Ok(source.clone());
            self.intermediates.push(Box::new(read));
        }
        self
    }

    /// Adds the [`intermediates`](Self::intermediates) of a PEM file, which must exist. Strict like
    /// [`pem`](Self::pem), and an annotation is an error. [`LiveRoots`](crate::LiveRoots) read the file again.
    pub fn intermediates_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let read = move || IntermediateSource::from_pem_file(&path);
        self.intermediates.push(Box::new(read));
        self
    }

    /// Accepts a server that has exactly this certificate (DER), for the names in it: that of a device, of a development
    /// server, or of a cluster, which often signs its own certificate.
    ///
    /// Such a certificate cannot be a root: webpki refuses one that says that it is a CA as that of a server, and one
    /// that does not is refused as a root. A pinned certificate is accepted within its validity, by comparison with the
    /// certificate of the server, which proves in the handshake that it has the private key. It does not issue others,
    /// is not one of the [`anchors`](Roots::anchors), and authenticates no client. Neither its signature nor its
    /// extended key usage is checked, nor is it looked for in CRLs and CRLite data.
    ///
    /// A [distrusted](Self::distrust_key) certificate is not accepted, and one that OneCRL revokes is not: the
    /// [report](Roots::report) lists the certificates that are pinned, and those that are ignored.
    /// [`ssl_cert_env`](Self::ssl_cert_env) replaces pinned certificates, too. A [`root_store`](Roots::root_store)
    /// cannot carry them. They are not roots, so a fallback is used as without them.
    ///
    /// Strict: a certificate that webpki cannot read, such as one of version 1, is an error.
    ///
    /// ```
    /// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
    /// # fn pinned(certificate: rustls::pki_types::CertificateDer<'static>) -> Result<(), embedded_roots::Error> {
    /// use embedded_roots::{Roots, mozilla};
    ///
    /// let roots = Roots::builder()
    ///     .bundle(&mozilla::BUNDLE)
    ///     .pinned_certificate(certificate)
    ///     .build()?;
    /// # let _ = roots;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn pinned_certificate(self, certificate: CertificateDer<'static>) -> Self {
        self.pin_given(PinSource::from_der(certificate, None))
    }

    /// Accepts a server that has exactly this certificate (DER), like [`pinned_certificate`](Self::pinned_certificate),
    /// only for this name, whether or not the certificate has it: that of a device which is reached by an address.
    pub fn pinned_certificate_for(
        self,
        name: &ServerName<'_>,
        certificate: CertificateDer<'static>,
    ) -> Self {
        self.pin_given(PinSource::from_der(certificate, Some(name)))
    }

    /// Accepts servers that have exactly a certificate of this PEM file, which must exist, like
    /// [`pinned_certificate`](Self::pinned_certificate). [`LiveRoots`](crate::LiveRoots) read the file again.
    ///
    /// The annotation `distrust-after` ignores a certificate that was issued later, and another annotation is an error.
    pub fn pinned_file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        self.pin(move || PinSource::from_pem_file(&path, None))
    }

    /// Accepts servers that have exactly a certificate of this PEM file, like [`pinned_file`](Self::pinned_file), only
    /// for this name.
    pub fn pinned_file_for(self, name: &ServerName<'_>, path: impl AsRef<Path>) -> Self {
        let (name, path) = (name.to_owned(), path.as_ref().to_owned());
        self.pin(move || PinSource::from_pem_file(&path, Some(&name)))
    }

    /// Sets whether valid signatures are remembered. The default is true.
    ///
    /// Checking the signatures of a chain is most of the cost of a verification. The check is a pure function of
    /// algorithm, key, message and signature, so a signature that was valid in an accepted chain stays valid: its
    /// digest is remembered, and the crypto provider does not check it again. Nothing else is remembered. Validity,
    /// names, limits, distrust and revocation are checked for each chain, and the signature of the handshake is
    /// checked each time.
    ///
    /// The memory is shared by the whole process. It takes 64 KiB (1,792 signatures), and is allocated when the
    /// first chain is accepted. It holds only valid signatures of accepted chains, separately for each crypto
    /// provider. `_documentation::security` says what a peer can learn from it.
    pub fn remember_signatures(mut self, remember: bool) -> Self {
        self.remembers_signatures = remember;
        self
    }

    /// Returns plain errors of rustls where a chain is refused, such as
    /// [`UnknownIssuer`](rustls::CertificateError::UnknownIssuer).
    ///
    /// rustls then sends its own alerts (`unknown_ca` instead of `certificate_unknown`), and code that matches on its
    /// errors works as with its own verifiers. [`Refusal::of`](crate::Refusal) finds what these errors say themselves,
    /// and the feature `log` still logs the whole explanation. Without such an error, as for a distrusted certificate,
    /// the refusal stays the error.
    pub fn plain_errors(mut self) -> Self {
        self.returns_plain_errors = true;
        self
    }

    /// Checks every certificate of a chain, except its root, against these certificate revocation
    /// lists (CRLs; DER, RFC 5280, section 5).
    ///
    /// A certificate whose status no CRL tells is refused, unless you call
    /// [`allow_unknown_revocation_status`](Self::allow_unknown_revocation_status). So if you have the
    /// CRLs of only one CA, the servers of all other CAs are refused. CRLs are not refreshed: see
    /// [`enforce_revocation_expiration`](Self::enforce_revocation_expiration) for nextUpdate.
    ///
    /// If you call one of these four methods and supply no CRL, `build` fails.
    pub fn crls(
        mut self,
        crls: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Self {
        self.revocation().crls.extend(crls);
        self
    }

    /// Accepts certificates whose status none of the [`crls`](Self::crls) tells.
    pub fn allow_unknown_revocation_status(mut self) -> Self {
        self.revocation().allow_unknown_status = true;
        self
    }

    /// Checks only the end-entity certificate against the [`crls`](Self::crls).
    pub fn only_check_end_entity_revocation(mut self) -> Self {
        self.revocation().only_end_entity = true;
        self
    }

    /// Treats one of the [`crls`](Self::crls) that is past its nextUpdate as an error.
    pub fn enforce_revocation_expiration(mut self) -> Self {
        self.revocation().enforce_expiration = true;
        self
    }

    /// Reads the sources, and makes the roots.
    ///
    /// # Errors
    ///
    /// Returns the first error of the methods above. It also fails if no source has a root, if you supplied
    /// a root twice with different limits, if there is no crypto provider or rustls cannot use it, or if a
    /// CRL cannot be read.
    pub fn build(mut self) -> Result<Roots, Error> {
        self.check()?;
        let reading = self.read()?;
        reading.trust_set.check_roots()?;
        let roots = self.roots(reading.trust_set)?;
        if roots.report().has_limits_not_applied() {
            logging::info(|| roots.report().limits_not_applied());
        }
        Ok(roots)
    }

    /// The errors in what the caller supplied. It is an error even if `SSL_CERT_FILE` or
    /// `SSL_CERT_DIR` would replace it.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if (self.revocation.as_ref()).is_some_and(|revocation| revocation.crls.is_empty()) {
            let why = "a method for revocation was called, but `crls` has no CRL";
            return Err(Error::invalid(why));
        }
        std::mem::replace(&mut self.given, Ok(()))
    }

    /// Reads all sources.
    pub(super) fn read(&self) -> Result<SourceReading, Error> {
        let SourceResults {
            sources,
            fell_back,
            are_replaced,
        } = self.sources()?;
        let places = sources.iter().flat_map(|source| source.places.clone());
        let places = places.collect();
        let mut distrust = self.distrust.clone();
        for path in &self.distrust_files {
            distrust.add_digests(&files::digests(path)?);
        }
        let provider = config::provider(self.provider.clone());
        let sha256 = provider.map_or_else(
            |_| Sha256::default(),
            |provider| Sha256::from_provider(&provider),
        );
        let (roots, report) = merge(sources, &distrust, sha256, &|anchor| {
            self.filters.iter().all(|keep| keep(anchor))
        })?;
        let crlite = match &self.crlite {
            Some(read) => Some(read(&self.surroundings, &|bytes| sha256.hash(bytes))?),
            None => None,
        };
        let sources: Result<Vec<_>, _> = self.intermediates.iter().map(|read| read()).collect();
        let now = self.surroundings.now();
        let (intermediates, reports) = Intermediates::new(sources?, &distrust, sha256, now);
        let report = report.with_crlite(crlite).with_intermediates(reports);
        let (pins, reports) = if are_replaced {
            (
                Pins::default(),
                CertificatesReport::replaced(self.pins.len()),
            )
        } else {
            let pins: Result<Vec<_>, _> = self.pins.iter().map(|read| read()).collect();
            Pins::new(pins?, &distrust, sha256)
        };
        let report = report.with_pinned(reports);
        let trust_set = TrustSet::merged(roots, report, distrust, intermediates, pins)?;
        Ok(SourceReading {
            trust_set: Arc::new(trust_set),
            fell_back,
            places,
        })
    }

    pub(super) fn roots(&self, trust_set: Arc<TrustSet>) -> Result<Roots, Error> {
        let provider = config::provider(self.provider.clone())?;
        let knows_intermediates = !trust_set.intermediates().is_empty();
        let pins_certificates = !trust_set.pins().is_empty();
        let mut verifier = Verifier::new(trust_set, provider);
        if knows_intermediates {
            verifier = verifier.completing_chains();
        }
        if pins_certificates {
            verifier = verifier.accepting_pinned();
        }
        if let Some(revocation) = &self.revocation {
            verifier = verifier.with_revocation(RevocationCheck::new(revocation)?);
        }
        if !self.remembers_signatures {
            verifier = verifier.forgetting_signatures();
        }
        if self.returns_plain_errors {
            verifier = verifier.returning_plain_errors();
        }
        Roots::new(verifier)
    }

    fn sources(&self) -> Result<SourceResults, Error> {
        let surroundings = &self.surroundings;
        if let Some(named) = &self.ssl_cert_env {
            let sources = named(surroundings)?;
            if !sources.is_empty() {
                return Ok(SourceResults {
                    sources,
                    fell_back: false,
                    are_replaced: true,
                });
            }
        }
        let mut sources = Vec::new();
        for step in &self.steps {
            sources.extend(step(surroundings)?);
        }
        let is_empty = sources.iter().all(|source| source.roots.is_empty());
        let fallback = self.fallback.as_ref().filter(|_| is_empty);
        if let Some(fallback) = fallback {
            sources.extend(fallback(surroundings)?);
        }
        Ok(SourceResults {
            sources,
            fell_back: fallback.is_some(),
            are_replaced: false,
        })
    }

    /// The digest; notes the error for [`build`](Self::build) if the text is another.
    fn digest(&mut self, method: &str, text: &str) -> Option<[u8; 32]> {
        self.noted(sha256_from_hex(text).ok_or_else(|| {
            let start: String = text.chars().take(80).collect();
            Error::invalid(format_args!(
                "{method}: {start:?} is not a SHA-256 digest: expected 64 hexadecimal digits"
            ))
        }))
    }

    fn revocation(&mut self) -> &mut Revocation {
        self.revocation.get_or_insert_default()
    }

    /// Adds a source that the caller supplied.
    fn given(mut self, source: Result<Source, Error>) -> Self {
        match self.noted(source) {
            Some(source) => self.step(move |_| Ok(vec![source.clone()])),
            None => self,
        }
    }

    /// The value that the caller supplied; notes its error for [`build`](Self::build), unless there was one before.
    fn noted<T>(&mut self, value: Result<T, Error>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(why) => {
                if self.given.is_ok() {
                    self.given = Err(why);
                }
                None
            }
        }
    }

    fn pin(mut self, read: impl Fn() -> Result<PinSource, Error> + Send + Sync + 'static) -> Self {
        self.pins.push(Box::new(read));
        self
    }

    fn pin_given(mut self, source: Result<PinSource, Error>) -> Self {
        match self.noted(source) {
            Some(source) => self.pin(move || Ok(source.clone())),
            None => self,
        }
    }

    pub(super) fn step<S>(mut self, step: S) -> Self
    where
        S: Fn(&Surroundings) -> Result<Vec<Source>, Error> + Send + Sync + 'static,
    {
        self.steps.push(Box::new(step));
        self
    }

    #[cfg_attr(
        not(feature = "system"),
        expect(dead_code, reason = "the only fallback is the system's store")
    )]
    pub(super) fn fallback<S>(mut self, step: S) -> Self
    where
        S: Fn(&Surroundings) -> Result<Vec<Source>, Error> + Send + Sync + 'static,
    {
        self.fallback = Some(Box::new(step));
        self
    }
}

/// The sources that were asked.
struct SourceResults {
    sources: Vec<Source>,
    /// The fallback is one of them.
    fell_back: bool,
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR` replaces all others.
    are_replaced: bool,
}

/// What the sources gave.
pub(super) struct SourceReading {
    pub(super) trust_set: Arc<TrustSet>,
    /// No other source gave a root.
    pub(super) fell_back: bool,
    pub(super) places: Vec<Place>,
}

impl fmt::Debug for RootsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootsBuilder")
            .field("steps", &self.steps.len())
            .field("ssl_cert_env", &self.ssl_cert_env.is_some())
            .field("fallback", &self.fallback.is_some())
            .field("filters", &self.filters.len())
            .field("distrust", &self.distrust)
            .field("distrust_files", &self.distrust_files)
            .field("revocation", &self.revocation)
            .finish_non_exhaustive()
    }
}

fn pem_source(pem: &[u8]) -> Result<Source, Error> {
    let roots = parse("PEM text", pem, PrivateKeys::Ignore).map_err(Error::invalid)?;
    let mut source = Source::new(Origin::PemText);
    source.roots = roots.into_iter().map(SourceRoot::from).collect();
    Ok(source)
}

fn certificate_source(
    certificates: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Source, Error> {
    let mut source = Source::new(Origin::Certificates);
    let roots = read_each(certificates, "certificate", Root::from_der)?;
    source.roots = roots.into_iter().map(SourceRoot::from).collect();
    if source.roots.is_empty() {
        return Err(Error::invalid("no certificate in `certificates`"));
    }
    Ok(source)
}

fn anchor_source(anchors: impl IntoIterator<Item = TrustAnchor<'static>>) -> Result<Source, Error> {
    let mut source = Source::new(Origin::Anchors);
    let anchors = anchors.into_iter().map(|anchor| Anchor::new(anchor, None));
    source.roots = anchors.map(SourceRoot::from).collect();
    if source.roots.is_empty() {
        return Err(Error::invalid("no anchor in `anchors`"));
    }
    Ok(source)
}
