//! The work that a hostile chain can cause before the peer is authenticated: the signature checks, whose number is
//! compared with rustls', the time that they take, which is only printed, and the bound of the path search.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedded_roots::{Anchor, Refusal, Roots};
use embedded_roots_testing::authority::{Authority, intermediate, root, root_with, server_with};
use rcgen::{
    CertificateRevocationListParams, ExtendedKeyUsagePurpose, KeyIdMethod, KeyUsagePurpose,
    SerialNumber, date_time_ymd,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, CertificateRevocationListDer, InvalidSignature,
    ServerName, SignatureVerificationAlgorithm, UnixTime,
};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{Error, RootCertStore};

/// A signature algorithm that counts its calls.
#[derive(Debug)]
struct CountingAlgorithm {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    count: &'static AtomicUsize,
}

impl SignatureVerificationAlgorithm for CountingAlgorithm {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.algorithm.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

/// A crypto provider that counts its checks of certificate signatures.
pub(crate) fn counting() -> (Arc<CryptoProvider>, &'static AtomicUsize) {
    let count: &'static AtomicUsize = Box::leak(Box::default());
    let provider = ring::default_provider();
    let counting = |algorithm: &&'static dyn SignatureVerificationAlgorithm| {
        let algorithm = *algorithm;
        &*Box::leak(Box::new(CountingAlgorithm { algorithm, count }))
            as &dyn SignatureVerificationAlgorithm
    };
    let algorithms = provider.signature_verification_algorithms;
    let all: Vec<_> = algorithms.all.iter().map(counting).collect();
    let signature_verification_algorithms = WebPkiSupportedAlgorithms {
        all: Box::leak(all.into_boxed_slice()),
        mapping: algorithms.mapping,
    };
    let provider = CryptoProvider {
        signature_verification_algorithms,
        ..provider
    };
    (Arc::new(provider), count)
}

/// A leaf issued by I, followed by forged certificates: some each for I by J, for J by K and for K
/// by L, and one for L by each of these roots.
fn hostile_chain(forged: usize, roots: &[String]) -> Vec<CertificateDer<'static>> {
    let leaf = server_with(&root("I"), "a.example", |params| {
        params
            .extended_key_usages
            .push(ExtendedKeyUsagePurpose::ClientAuth);
    });
    let mut chain = leaf.chain;
    let mut forge = |subject: &str, issuer: &str| {
        // The names are right, but the keys and signatures are not those of the chain.
        let forged = intermediate(subject, &root(issuer));
        chain.push(forged.der().clone());
    };
    for (subject, issuer) in [("I", "J"), ("J", "K"), ("K", "L")] {
        (0..forged).for_each(|_| forge(subject, issuer));
    }
    for root in roots {
        forge("L", root);
    }
    chain
}

fn crl(ca: &Authority) -> CertificateRevocationListDer<'static> {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(4096, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(ca).unwrap().der().clone()
}

/// What one verification costs.
struct Cost {
    checks: usize,
    time: Duration,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        write!(f, "{} checks in {seconds:.4} s", self.checks)
    }
}

/// The cost of one verification, which must fail.
fn cost<T>(count: &AtomicUsize, verify: impl FnOnce(UnixTime) -> Result<T, Error>) -> Cost {
    // 2026-08-01
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400));
    let before = count.load(Ordering::Relaxed);
    let start = Instant::now();
    let verified = verify(now);
    let time = start.elapsed();
    assert!(verified.is_err());
    Cost {
        checks: count.load(Ordering::Relaxed) - before,
        time,
    }
}

/// Compares the work with `count` roots that have a distrust date; `name` and `date` give their
/// names and years. Returns the number of our checks.
fn compare(
    forged: usize,
    count: usize,
    name: fn(usize) -> String,
    date: fn(usize) -> usize,
) -> usize {
    let mut checks = 0;
    let other = root_with("Another CA", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    });
    let names: Vec<String> = (0..count).map(name).collect();
    let annotated: String = (0..count)
        .map(|nth| {
            let year = date(nth);
            let annotation = format!("# embedded-roots: distrust-after={year}-01-01T00:00:00Z\n");
            annotation + &root(&names[nth]).pem()
        })
        .collect();
    let mut issuers = names.clone();
    issuers.dedup();
    let chain = hostile_chain(forged, &issuers);

    let (provider, counted) = counting();
    let policy = || {
        let pem = annotated.clone() + &other.pem();
        Roots::builder().pem(pem).provider(Arc::clone(&provider))
    };
    let roots = policy().build().unwrap();
    let anchors = roots.anchors().iter().map(Anchor::trust_anchor).cloned();
    let store = Arc::new(RootCertStore {
        roots: anchors.collect(),
    });
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let server = |verifier: &dyn ServerCertVerifier| {
        let name = ServerName::try_from("a.example").unwrap();
        cost(counted, |now| {
            verifier.verify_server_cert(end_entity, intermediates, &name, &[], now)
        })
    };
    let client = |verifier: &dyn ClientCertVerifier| {
        cost(counted, |now| {
            verifier.verify_client_cert(end_entity, intermediates, now)
        })
    };
    for crls in [None, Some(crl(&other))] {
        let store = || (Arc::clone(&store), Arc::clone(&provider));
        let (roots, provider) = store();
        let servers = WebPkiServerVerifier::builder_with_provider(roots, provider);
        let servers = servers.with_crls(crls.clone()).build().unwrap();
        let (roots, provider) = store();
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider);
        let clients = clients.with_crls(crls.clone()).build().unwrap();
        let ours = match crls {
            Some(crl) => policy().crls([crl]).build().unwrap(),
            None => policy().build().unwrap(),
        };
        for (what, ours, theirs) in [
            ("a server", server(&*ours.verifier()), server(&*servers)),
            (
                "a client",
                client(&*ours.client_cert_verifier()),
                client(&*clients),
            ),
        ] {
            // If no date allows a root of the chain, webpki searches all its paths and checks nothing, as
            // it does in rustls where these roots are unknown. That takes longer than a budget that is
            // spent.
            println!("{count} roots with a date, {what}: {ours}; rustls: {theirs}");
            assert!(
                theirs.checks > 0 || count == 0,
                "{what} is refused before any check"
            );
            assert!(
                ours.checks <= theirs.checks,
                "{count} roots, {what}: {ours}; rustls: {theirs}"
            );
            checks += ours.checks;
        }
    }
    checks
}

#[test]
fn distrust_dates_cost_no_more_checks_than_rustls() {
    // The leaf's notBefore is in 2020, so it is issued after some of these dates only.
    let some: fn(usize) -> usize = |nth| 2000 + nth % 60;
    // One each is within the bound of the search with 10 roots, two with one root.
    for forged in [1, 2, 5] {
        let mut checks = [0; 2];
        for count in [0, 1, 10, 50] {
            for date in [(|_| 2030) as fn(usize) -> usize, some, |_| 2001] {
                checks[0] += compare(forged, count, |nth| format!("Root {nth}"), date);
            }
            checks[1] += compare(forged, count, |_| "One name".to_owned(), some);
        }
        compare(forged, 300, |nth| format!("Root {nth}"), some);
        compare(forged, 300, |_| "One name".to_owned(), some);
        let is_searched = checks.map(|checks| checks > 0);
        assert_eq!(is_searched, [forged < 5; 2], "{forged}: {checks:?}");
    }
}

/// A leaf for servers and clients with this many intermediates, which have one name and different keys.
fn namesakes(issuer: &Authority, count: usize) -> Vec<CertificateDer<'static>> {
    let namesakes = (0..count).map(|_| intermediate("Between", issuer));
    let namesakes: Vec<_> = namesakes.collect();
    let leaf = server_with(namesakes.last().unwrap(), "a.example", |params| {
        let usages = &mut params.extended_key_usages;
        usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    });
    let namesakes = namesakes.iter().map(|namesake| namesake.der().clone());
    leaf.chain.into_iter().chain(namesakes).collect()
}

/// The verdicts on a chain, of servers and of clients, without CRLs and with one, and the checks of each.
fn verdicts(root: &Authority, chain: &[CertificateDer<'static>]) -> Vec<(Option<Error>, usize)> {
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let (provider, counted) = counting();
    let policy = || {
        let policy = Roots::builder().pem(root.pem());
        // Each of the verdicts is that on a chain seen for the first time.
        let policy = policy.remember_signatures(false);
        policy.provider(Arc::clone(&provider))
    };
    let with_crls = policy().crls([crl(root)]).allow_unknown_revocation_status();
    let mut verdicts = Vec::new();
    for policy in [policy(), with_crls] {
        let roots = policy.build().unwrap();
        let (servers, clients) = (roots.verifier(), roots.client_cert_verifier());
        let name = ServerName::try_from("a.example").unwrap();
        // 2026-08-01
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400));
        let mut add = |verify: &dyn Fn() -> Option<Error>| {
            let before = counted.load(Ordering::Relaxed);
            let refused = verify();
            verdicts.push((refused, counted.load(Ordering::Relaxed) - before));
        };
        add(&|| {
            let verdict = servers.verify_server_cert(end_entity, intermediates, &name, &[], now);
            verdict.err()
        });
        add(&|| {
            clients
                .verify_client_cert(end_entity, intermediates, now)
                .err()
        });
    }
    assert_eq!(verdicts.len(), 4);
    verdicts
}

/// The leaf and each intermediate are compared with each intermediate.
#[test]
fn a_chain_of_too_many_pairs_is_refused_without_a_check() {
    let ca = root_with("CA", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    });
    let chain = namesakes(&ca, 21);
    for (refused, checks) in verdicts(&ca, &chain) {
        let refused = refused.unwrap();
        let refusal = Refusal::of(&refused).unwrap();
        assert!(refusal.is_too_complex() && !refusal.is_unknown_issuer());
        let text = "the certificates sent allow too many paths to a root: more than 440 pairs of a certificate \
                    and a possible issuer would be tried; send the certificates of one path";
        assert_eq!(format!("{refusal:?}"), text);
        assert_eq!(checks, 0);
    }
    // 420 pairs, in two orders. The second needs only the two checks of the right path.
    let mut chain = namesakes(&ca, 20);
    for (refused, _) in verdicts(&ca, &chain) {
        assert_eq!(refused, None);
    }
    chain[1..].reverse();
    for (nth, (refused, checks)) in verdicts(&ca, &chain).into_iter().enumerate() {
        assert_eq!(refused, None);
        assert!(checks == 2 || nth >= 2, "{checks}");
    }
}

#[test]
fn long_chain_without_a_trusted_name_has_an_unknown_issuer() {
    let ca = root_with("CA", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    });
    let chain = namesakes(&root("Stranger"), 30);
    for (refused, checks) in verdicts(&ca, &chain) {
        let refused = refused.unwrap();
        let refusal = Refusal::of(&refused).unwrap();
        assert!(refusal.is_unknown_issuer() && !refusal.is_too_complex());
        assert_eq!(refusal.issuer(), Some("CN=Stranger"));
        assert_eq!(refusal.certificates_sent(), Some(31));
        assert_eq!(checks, 0);
    }
}
