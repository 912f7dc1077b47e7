//! Signatures that were valid in an accepted chain are not checked again, and nothing else is remembered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::thread;

use embedded_roots::{Refusal, Roots, RootsBuilder};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, intermediate_with, key, root, root_with, server_params,
    server_with,
};
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::revocation::crl;
use crate::verdict::{NAME, client_verdict, verdict};
use crate::work::counting;

/// An end-entity certificate for servers and clients.
fn both(issuer: &Authority, name: &str) -> Identity {
    server_with(issuer, name, |params| {
        let usages = &mut params.extended_key_usages;
        usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    })
}

fn between(issuer: &Authority) -> Authority {
    intermediate_with("Between", issuer, |params| {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    })
}

/// The memory is one of the process: while a test fills it, no other one counts on it.
static MEMORY: RwLock<()> = RwLock::new(());

/// A crypto provider that counts its checks, and roots that use it.
struct CountingProvider {
    provider: Arc<CryptoProvider>,
    count: &'static AtomicUsize,
    _memory: Option<RwLockReadGuard<'static, ()>>,
}

impl CountingProvider {
    fn new() -> Self {
        let memory = MEMORY.read().unwrap_or_else(PoisonError::into_inner);
        Self {
            _memory: Some(memory),
            ..Self::filling()
        }
    }

    fn filling() -> Self {
        let (provider, count) = counting();
        Self {
            provider,
            count,
            _memory: None,
        }
    }

    fn build(&self, builder: RootsBuilder) -> Roots {
        builder
            .provider(Arc::clone(&self.provider))
            .build()
            .unwrap()
    }

    fn trusting(&self, ca: &Authority) -> Roots {
        self.build(Roots::builder().pem(ca.pem()))
    }

    /// The result, and how many signatures the provider has checked for it.
    fn checks<T>(&self, run: impl FnOnce() -> T) -> (T, usize) {
        let before = self.count.load(Ordering::Relaxed);
        let result = run();
        (result, self.count.load(Ordering::Relaxed) - before)
    }
}

#[test]
fn a_chain_that_was_accepted_is_not_checked_again() {
    let counted = CountingProvider::new();
    let ca = root("CA");
    let between = between(&ca);
    let chain = both(&between, NAME).with(&between);
    let roots = counted.trusting(&ca);
    assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 2));
    assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 0));
    // In the verifier of clients, in another policy, and in live roots.
    assert_eq!(
        counted.checks(|| client_verdict(&roots, &chain)),
        (Ok(()), 0)
    );
    let other = counted.build(Roots::builder().pem(ca.pem() + &root("Another CA").pem()));
    assert_eq!(counted.checks(|| verdict(&other, &chain)), (Ok(()), 0));
    let live = Roots::builder()
        .pem(ca.pem())
        .provider(Arc::clone(&counted.provider));
    let live = live.build_live().unwrap();
    assert_eq!(
        counted.checks(|| verdict(&live.current(), &chain)),
        (Ok(()), 0)
    );
    // A new certificate of the same intermediate.
    let renewed = both(&between, NAME).with(&between);
    assert_eq!(counted.checks(|| verdict(&roots, &renewed)), (Ok(()), 1));
}

#[test]
fn remembering_can_be_turned_off() {
    let counted = CountingProvider::new();
    let ca = root("CA");
    let chain = both(&ca, NAME);
    let forgetting = Roots::builder().pem(ca.pem()).remember_signatures(false);
    let forgetting = counted.build(forgetting);
    for _ in 0..2 {
        assert_eq!(counted.checks(|| verdict(&forgetting, &chain)), (Ok(()), 1));
        assert_eq!(
            counted.checks(|| client_verdict(&forgetting, &chain)),
            (Ok(()), 1)
        );
    }
    // What it has accepted is not remembered for others.
    let roots = counted.trusting(&ca);
    assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 1));
}

/// A provider that is validated must not be answered for by one that is not.
#[test]
fn each_provider_checks_for_itself() {
    let ca = root("CA");
    let chain = both(&ca, NAME);
    for _ in 0..3 {
        let counted = CountingProvider::new();
        let roots = counted.trusting(&ca);
        assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 1));
        assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 0));
    }
}

#[test]
fn signatures_of_refused_chains_are_not_remembered() {
    let counted = CountingProvider::new();
    let ca = root("CA");
    let between = between(&ca);
    let roots = counted.trusting(&ca);
    let chain = both(&between, "another.example").with(&between);
    for _ in 0..3 {
        let (refused, checks) = counted.checks(|| verdict(&roots, &chain));
        assert!(refused.is_err());
        assert_eq!(checks, 2);
    }
}

/// Everything but the signatures is judged afresh.
#[test]
fn a_remembered_chain_is_still_refused_for_every_other_reason() {
    let counted = CountingProvider::new();
    let ca = root_with("CA", |params| {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    });
    let chain = server_with(&ca, NAME, |params| params.serial_number = Some(1.into()));
    let (end_entity, intermediates) = chain.chain.split_first().unwrap();
    let roots = counted.trusting(&ca);
    assert_eq!(verdict(&roots, &chain), Ok(()));
    let refused = |roots: &Roots, name: &'static str, now: UnixTime| {
        let name = ServerName::try_from(name).unwrap();
        let verdict =
            (roots.verifier()).verify_server_cert(end_entity, intermediates, &name, &[], now);
        match verdict.unwrap_err() {
            rustls::Error::InvalidCertificate(why) => why,
            other => panic!("{other}"),
        }
    };
    let now = UnixTime::now();
    let wrong_name = refused(&roots, "another.example", now);
    assert!(matches!(
        wrong_name,
        CertificateError::NotValidForNameContext { .. }
    ));
    let epoch = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
    let early = refused(&roots, NAME, epoch);
    assert!(matches!(early, CertificateError::NotValidYetContext { .. }));

    let revoking = counted.build(Roots::builder().pem(ca.pem()).crls([crl(&ca, 4096)]));
    assert_eq!(refused(&revoking, NAME, now), CertificateError::Revoked);
    for limit in [
        "distrust-after=2019-01-01T00:00:00Z",
        "permitted-dns=.corp.example",
    ] {
        let limited = counted.build(Roots::builder().pem(annotated(limit, &ca)));
        assert!(refusal(&limited, &chain).is_some(), "{limit}");
    }
    let other = counted.trusting(&root("CA"));
    assert!(verdict(&other, &chain).is_err());
}

fn refusal(roots: &Roots, chain: &Identity) -> Option<Refusal> {
    Refusal::of(&verdict(roots, chain).unwrap_err())
}

#[test]
fn signatures_of_crls_are_remembered() {
    let counted = CountingProvider::new();
    let ca = root_with("CA", |params| {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    });
    let chain = |serial: u64| {
        server_with(&ca, NAME, |params| {
            params.serial_number = Some(serial.into());
        })
    };
    let roots = counted.build(Roots::builder().pem(ca.pem()).crls([crl(&ca, 4096)]));
    let good = chain(2);
    assert_eq!(counted.checks(|| verdict(&roots, &good)), (Ok(()), 2));
    assert_eq!(counted.checks(|| verdict(&roots, &good)), (Ok(()), 0));
    // The CRL is known, and the certificate is not.
    let revoked = Err(CertificateError::Revoked.into());
    assert_eq!(counted.checks(|| verdict(&roots, &chain(1))), (revoked, 1));
    // Another CRL of the same CA.
    let newer = counted.build(Roots::builder().pem(ca.pem()).crls([crl(&ca, 4095)]));
    assert_eq!(counted.checks(|| verdict(&newer, &good)), (Ok(()), 1));
}

/// Each bit of a chain that differs from a remembered one is seen.
#[test]
fn every_changed_bit_is_checked_anew() {
    let counted = CountingProvider::new();
    let ca = root("CA");
    let between = between(&ca);
    let chain = both(&between, NAME).with(&between);
    let roots = counted.trusting(&ca);
    let forgetting = Roots::builder().pem(ca.pem()).remember_signatures(false);
    let forgetting = counted.build(forgetting);
    assert_eq!(verdict(&roots, &chain), Ok(()));
    let mut checked = 0;
    for (nth, certificate) in chain.chain.iter().enumerate() {
        for at in 0..certificate.len() {
            let mut der = certificate.to_vec();
            der[at] ^= 1 << (at % 8);
            let mut changed = chain.chain.clone();
            changed[nth] = CertificateDer::from(der);
            let changed = Identity {
                chain: changed,
                key: chain.key.clone_key(),
            };
            let text = |verdict: Result<(), rustls::Error>| verdict.map_err(|why| why.to_string());
            let (expected, all) = counted.checks(|| text(verdict(&forgetting, &changed)));
            let (ours, anew) = counted.checks(|| text(verdict(&roots, &changed)));
            assert_eq!(ours, expected, "certificate {nth}, byte {at}");
            assert!(ours.is_err(), "certificate {nth}, byte {at}");
            // The signature of the intermediate, which is checked first, is remembered if that is unchanged.
            let remembered = usize::from(nth == 0).min(all);
            assert_eq!(anew, all - remembered, "certificate {nth}, byte {at}");
            checked += anew;
        }
    }
    assert!(checked > 300, "{checked}");
}

/// A server that is trusted by nobody cannot push out what others have.
#[test]
fn ten_thousand_refused_chains_leave_the_memory_as_it_is() {
    let counted = CountingProvider::new();
    let (ca, stranger) = (root("CA"), root("Stranger"));
    let chain = both(&ca, NAME);
    let roots = counted.trusting(&ca);
    assert_eq!(verdict(&roots, &chain), Ok(()));
    // Its chains are valid, under a root that this policy does not have, or for another name.
    let other = both(&ca, "another.example");
    for nth in 0..10_000_u64 {
        let refused = if nth < 100 {
            let strange = server_with(&stranger, NAME, |params| {
                params.serial_number = Some(nth.into());
            });
            verdict(&roots, &strange)
        } else {
            verdict(&roots, &other)
        };
        assert!(refused.is_err());
    }
    assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 0));
}

/// A server whose CA is trusted can push out what others have, and no more: memory does not grow, and the verdicts
/// stay right.
#[test]
fn ten_thousand_accepted_chains_change_no_verdict() {
    let _memory = MEMORY.write().unwrap_or_else(PoisonError::into_inner);
    let counted = CountingProvider::filling();
    let (ca, own) = (root("CA"), root("Its own CA"));
    let roots = counted.build(Roots::builder().pem(ca.pem() + &own.pem()));
    let chain = both(&ca, NAME);
    assert_eq!(verdict(&roots, &chain), Ok(()));
    let key = key();
    for nth in 0..10_000_u64 {
        let mut params = server_params(NAME);
        params.serial_number = Some(nth.into());
        let identity = Identity {
            chain: vec![params.signed_by(&key, &own).unwrap().der().clone()],
            key: chain.key.clone_key(),
        };
        assert_eq!(counted.checks(|| verdict(&roots, &identity)), (Ok(()), 1));
        assert_eq!(counted.checks(|| verdict(&roots, &identity)), (Ok(()), 0));
    }
    // Pushed out or not, it has the same verdict.
    assert_eq!(verdict(&roots, &chain), Ok(()));
    assert_eq!(counted.checks(|| verdict(&roots, &chain)), (Ok(()), 0));
}

#[test]
fn threads_come_to_the_same_verdict() {
    let counted = CountingProvider::new();
    let ca = root("CA");
    let chains: Vec<_> = (0..8).map(|_| both(&ca, NAME)).collect();
    let other = both(&root("Another CA"), NAME);
    let roots = counted.trusting(&ca);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for chain in chains.iter().cycle().take(400) {
                    assert_eq!(verdict(&roots, chain), Ok(()));
                    assert!(verdict(&roots, &other).is_err());
                }
            });
        }
    });
    let checks = counted.count.load(Ordering::Relaxed);
    assert!(checks < 8 * 400, "{checks}");
}
