//! Hostile chains.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use embedded_roots::{Anchor, Roots};
use rcgen::{CertificateParams, Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, UnixTime,
};
use x509_parser::parse_x509_certificate;

use crate::pki::{NOW, authority, named};

/// A chain is accepted exactly if rustls' own verifier accepts it over the anchors that the dates allow,
/// and costs no more signature checks than there.
pub fn check(data: &[u8]) {
    let _ = case(&mut Unstructured::new(data));
}

fn case(choices: &mut Unstructured<'_>) -> Result<()> {
    let pki = &*PKI;
    let mut chain = vec![choices.choose(&pki.leaves)?.to_vec()];
    for _ in 0..choices.int_in_range(0..=8)? {
        chain.push(choices.choose(&pki.others)?.to_vec());
    }
    // Most chains keep their signatures, so that paths are built.
    for _ in 0..choices.int_in_range(0..=3)? / 2 {
        let certificate = choices.choose_index(chain.len())?;
        let at = choices.choose_index(chain[certificate].len())?;
        chain[certificate][at] = choices.arbitrary()?;
    }
    let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
    let name =
        ServerName::try_from(*choices.choose(&["a.example", "b.example", "10.0.0.1"])?).unwrap();
    let years = choices.int_in_range(0..=4)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW.as_secs() - years * 31_557_600));

    let Ok((_, leaf)) = parse_x509_certificate(&chain[0]) else {
        return Ok(());
    };
    let issued = u64::try_from(leaf.validity().not_before.timestamp()).unwrap_or(0);
    let ours = pki.verdict(&*pki.roots.verifier(), &chain, &name, now);
    let theirs = match pki.rustls_own(issued) {
        Some(verifier) => pki.verdict(&*verifier, &chain, &name, now),
        None => (false, 0),
    };
    assert_eq!(ours.0, theirs.0, "issued at {issued}");
    // Of the anchors that the date does not allow, rustls is not told here: it checks fewer signatures.
    let all = pki.verdict(&*pki.rustls_own(0).unwrap(), &chain, &name, now);
    assert!(
        ours.1 <= theirs.1.max(all.1),
        "{} checks, rustls {} and {}",
        ours.1,
        theirs.1,
        all.1
    );
    Ok(())
}

struct Pki {
    roots: Roots,
    provider: Arc<CryptoProvider>,
    checks: &'static AtomicUsize,
    leaves: Vec<CertificateDer<'static>>,
    others: Vec<CertificateDer<'static>>,
    /// By the anchors that they have.
    verifiers: Mutex<HashMap<Vec<bool>, Option<Arc<WebPkiServerVerifier>>>>,
}

impl Pki {
    fn verdict(
        &self,
        verifier: &dyn ServerCertVerifier,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> (bool, usize) {
        let before = self.checks.load(Ordering::Relaxed);
        let verdict = verifier.verify_server_cert(&chain[0], &chain[1..], name, &[], now);
        (
            verdict.is_ok(),
            self.checks.load(Ordering::Relaxed) - before,
        )
    }

    /// rustls' own verifier over the anchors that may have issued a certificate then; none without any.
    fn rustls_own(&self, issued: u64) -> Option<Arc<WebPkiServerVerifier>> {
        let may_issue = |anchor: &Anchor| {
            anchor
                .distrust_after()
                .is_none_or(|date| issued <= date.as_secs())
        };
        let allowed: Vec<bool> = self.roots.anchors().iter().map(may_issue).collect();
        let mut verifiers = self.verifiers.lock().unwrap();
        let verifier = verifiers.entry(allowed).or_insert_with_key(|allowed| {
            let anchors = self
                .roots
                .anchors()
                .iter()
                .zip(allowed)
                .filter(|(_, allowed)| **allowed);
            let roots: Vec<_> = anchors
                .map(|(anchor, _)| anchor.trust_anchor().clone())
                .collect();
            if roots.is_empty() {
                return None;
            }
            let store = Arc::new(RootCertStore { roots });
            let builder =
                WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&self.provider));
            Some(builder.build().unwrap())
        });
        verifier.clone()
    }
}

static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let issuer = |params: &CertificateParams, key: &KeyPair| {
        let key = KeyPair::from_pem(&key.serialize_pem()).unwrap();
        Issuer::new(params.clone(), key)
    };
    // Two roots have one name, and all but one have a date.
    let dates = [
        "",
        "2021-06-01T00:00:00Z",
        "2023-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z",
    ];
    let names = ["One", "Two", "Two", "Three"];
    let mut pem = String::new();
    let mut roots = Vec::new();
    for (name, date) in names.iter().zip(dates) {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        if !date.is_empty() {
            pem += &format!("# embedded-roots: distrust-after={date} permitted-dns=a.example\n");
        }
        pem += &params.self_signed(&key).unwrap().pem();
        roots.push(issuer(&params, &key));
    }
    // Intermediates, each certified by each root, by each other and by itself under other keys.
    let mut others = Vec::new();
    let mut intermediates = Vec::new();
    for name in ["I", "J", "K"] {
        let key = KeyPair::generate().unwrap();
        let mut params = authority(name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        intermediates.push((params, key));
    }
    for (params, key) in &intermediates {
        for root in &roots {
            others.push(params.signed_by(key, root).unwrap().into());
        }
        for (above, above_key) in &intermediates {
            others.push(
                params
                    .signed_by(key, &issuer(above, above_key))
                    .unwrap()
                    .into(),
            );
            let forged = KeyPair::generate().unwrap();
            others.push(
                params
                    .signed_by(key, &issuer(above, &forged))
                    .unwrap()
                    .into(),
            );
        }
    }
    let below: Vec<_> = intermediates
        .iter()
        .map(|(params, key)| issuer(params, key))
        .collect();
    let mut leaves = Vec::new();
    for issuer in roots.iter().chain(&below) {
        for (year, name) in [
            (2021, "a.example"),
            (2022, "b.example"),
            (2024, "a.example"),
            (2026, "a.example"),
        ] {
            let mut params = named("Leaf");
            params.not_before = date_time_ymd(year, 1, 1);
            params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
            let key = KeyPair::generate().unwrap();
            leaves.push(params.signed_by(&key, issuer).unwrap().into());
        }
    }
    let (provider, checks) = counting();
    let roots = Roots::builder()
        .pem(pem)
        .provider(Arc::clone(&provider))
        .build()
        .unwrap();
    Pki {
        roots,
        provider,
        checks,
        leaves,
        others,
        verifiers: Mutex::default(),
    }
});

/// A crypto provider that counts its checks of certificate signatures.
fn counting() -> (Arc<CryptoProvider>, &'static AtomicUsize) {
    let count: &'static AtomicUsize = Box::leak(Box::default());
    let provider = ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let counting = |algorithm: &&'static dyn SignatureVerificationAlgorithm| {
        &*Box::leak(Box::new(Counting(*algorithm, count))) as &dyn SignatureVerificationAlgorithm
    };
    let all: Vec<_> = algorithms.all.iter().map(counting).collect();
    let signature_verification_algorithms = WebPkiSupportedAlgorithms {
        all: Box::leak(all.into_boxed_slice()),
        mapping: algorithms.mapping,
    };
    (
        Arc::new(CryptoProvider {
            signature_verification_algorithms,
            ..provider
        }),
        count,
    )
}

#[derive(Debug)]
struct Counting(
    &'static dyn SignatureVerificationAlgorithm,
    &'static AtomicUsize,
);

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<(), InvalidSignature> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}
