//! The policies that judge, and the known roots that a chain could end in.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::rustls::client::danger::ServerCertVerifier as _;
use embedded_roots::rustls::crypto::CryptoProvider;
use embedded_roots::rustls::{self, CertificateError};
use embedded_roots::{Error, Roots};
use embedded_roots_bundle::{self as bundle, Annotation, escape, issuer, subject};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::{Serialize, Serializer};

use crate::explain::chain::Chain;
use crate::history::{History, Standing};
use crate::outcome::Result;
use crate::programs::ProgramRoots;
use crate::root::{Facts, InspectedRoot};
use crate::source::{self, Source};

/// Whose roots those of a policy are. The order is that of [`Source`]: what `--roots` names alone is the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PolicyName(pub(super) Source);

/// Escaped. A file of the name of a policy is shown as `./embedded`, so that it differs.
impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EMBEDDED: &str = "embedded";

        if self.0 == Source::Mozilla {
            return f.write_str(EMBEDDED);
        }
        let shown = escape(&self.0.to_string());
        let folder = if shown == EMBEDDED { "./" } else { "" };
        write!(f, "{folder}{shown}")
    }
}

impl Serialize for PolicyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

pub(super) fn joined<'a>(names: impl IntoIterator<Item = &'a PolicyName>) -> String {
    let names: Vec<String> = names.into_iter().map(PolicyName::to_string).collect();
    names.join(", ")
}

/// Roots that a chain is judged under.
pub(super) struct Policy {
    pub(super) name: PolicyName,
    /// An error if the operating system has no roots.
    pub(super) roots: std::result::Result<Roots, Error>,
    certificates: Vec<InspectedRoot>,
    /// That of another program, which has dates of its own.
    pub(super) list: Option<ProgramRoots>,
}

/// The policies, that whose verdict is the exit status first.
pub(super) fn policies(given: Option<&Source>, history: &History) -> Result<Vec<Policy>> {
    let mut policies = vec![
        Policy::new(Source::Mozilla, Ok(Source::Mozilla.policy(history)?)),
        Policy::new(Source::System, Roots::system()),
    ];
    for list in ProgramRoots::load_all(history)? {
        policies.push(Policy::of_program(list)?);
    }
    let first = given.unwrap_or(&Source::Mozilla);
    if matches!(first, Source::MozillaOn(_) | Source::File(_)) {
        let roots = first.policy(history)?;
        policies.push(Policy::new(first.clone(), Ok(roots)));
    }
    policies.sort_by_key(|policy| policy.name.0 != *first);
    Ok(policies)
}

impl Policy {
    /// The list of another program.
    pub(super) fn of_program(list: ProgramRoots) -> Result<Self> {
        let (source, roots) = (Source::Program(list.program), list.policy()?);
        Ok(Self {
            list: Some(list),
            ..Self::new(source, Ok(roots))
        })
    }

    /// Those that can be read.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.certificates.iter().map(|root| root.root.certificate())
    }

    /// Of roots that have their certificates.
    fn new(source: Source, roots: std::result::Result<Roots, Error>) -> Self {
        let trusted = roots.iter().flat_map(source::trusted);
        // The verifier judges by a root whose certificate cannot be read; it is only not shown.
        let certificates = trusted.filter_map(Result::ok).collect();
        Self {
            name: PolicyName(source),
            roots,
            certificates,
            list: None,
        }
    }
}

/// A known root with the name of an issuer in a chain.
#[derive(Serialize)]
pub(super) struct Candidate {
    #[serde(rename = "root")]
    pub(super) facts: Facts,
    /// The names of the policies that have it.
    pub(super) trusted_by: Vec<PolicyName>,
    /// If it has been removed from Mozilla's list.
    pub(super) removed: Option<Standing>,
    /// Whether signatures lead from the end-entity certificate to it, whatever else is wrong with the
    /// chain.
    pub(super) verifies: bool,
    #[serde(skip)]
    pub(super) root: InspectedRoot,
    /// A program's list alone has it, as an intermediate.
    #[serde(skip)]
    pub(super) is_intermediate: bool,
    /// Whether the chain is valid with it: its own limits and the server's name aside.
    #[serde(skip)]
    pub(super) is_valid: bool,
}

pub(super) fn candidates(
    chain: &Chain,
    policies: &[Policy],
    history: &History,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Vec<Candidate> {
    let algorithms = provider.signature_verification_algorithms.all;
    let provider = Arc::new(provider.clone());
    let signed = chain.signed(algorithms);
    let verifies = |root: &[u8]| {
        let mut signed = signed.iter();
        signed.any(|sent| sent.names(root) && sent.is_signed_by(root, algorithms))
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    let is_issuer = |der: &[u8]| {
        let name = subject(der);
        chain.all().any(|sent| issuer(&sent.der) == name)
    };
    let mut add = |root: &bundle::Root, policy: Option<&Policy>| {
        let list = policy.and_then(|policy| policy.list.as_ref());
        let listed = list.and_then(|list| list.of(bundle::identity(root.trust_anchor())));
        let is_intermediate = listed.is_some_and(|listed| listed.is_intermediate);
        let policy = policy.map(|policy| policy.name.clone());
        let found = candidates
            .iter_mut()
            .find(|candidate| candidate.root.root.certificate() == root.certificate());
        if let Some(candidate) = found {
            // A store can have a certificate twice.
            let policy = policy.filter(|policy| !candidate.trusted_by.contains(policy));
            candidate.trusted_by.extend(policy);
            candidate.is_intermediate &= is_intermediate;
        } else if let Ok(read) = InspectedRoot::new(root.clone()) {
            candidates.push(Candidate {
                facts: read.facts(history),
                trusted_by: policy.into_iter().collect(),
                is_intermediate,
                removed: history.removed(&read.certificate).cloned(),
                verifies: verifies(root.certificate()),
                is_valid: is_valid(chain, root, &provider, now),
                root: read,
            });
        }
    };
    for policy in policies {
        for root in &policy.certificates {
            if is_issuer(root.root.certificate()) {
                add(&root.root, Some(policy));
            }
        }
    }
    for known in history.all().iter().filter(|known| is_issuer(&known.der)) {
        let root = bundle::Root::new(known.der.clone(), Annotation::default(), 0);
        if let Ok(root) = root {
            add(&root, None);
        }
    }
    candidates
}

fn is_valid(
    chain: &Chain,
    root: &bundle::Root,
    provider: &Arc<CryptoProvider>,
    now: UnixTime,
) -> bool {
    let mut anchor = root.trust_anchor().clone();
    anchor.name_constraints = None;
    let roots = Roots::builder().anchors([anchor]);
    // The search of its verifier is bounded, which webpki's is not.
    let Ok(roots) = roots.provider(Arc::clone(provider)).build() else {
        return false;
    };
    // An expired certificate has its issuer, too.
    let certificate = &chain.end_entity.certificate;
    let (start, end) = (certificate.not_before(), certificate.not_after());
    let time = now
        .as_secs()
        .clamp(start.as_secs(), end.as_secs().max(start.as_secs()));
    let time = UnixTime::since_unix_epoch(Duration::from_secs(time));
    // The name is verified last, and no certificate is for this one.
    let name = ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
    let (end_entity, intermediates) = (&chain.end_entity.der, &chain.intermediates);
    let verifier = roots.verifier();
    match verifier.verify_server_cert(end_entity, intermediates, &name, &[], time) {
        Ok(_) => true,
        Err(rustls::Error::InvalidCertificate(invalid)) => matches!(
            invalid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ),
        Err(_) => false,
    }
}
