//! `Verifier` passes webpki only the anchors whose subject is the name of an issuer in the chain.
//! rustls' own verifiers, of servers and of clients, pass all of them, and must reach the verdicts
//! of ours.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Refusal, Roots};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, RootCertStore};

use crate::authority::{
    Authority, Identity, annotated, client, intermediate, key, root, root_with, server_with,
};

/// An end-entity certificate for servers and clients.
fn both(issuer: &Authority, name: &str) -> Identity {
    server_with(issuer, name, |params| {
        params
            .extended_key_usages
            .push(ExtendedKeyUsagePurpose::ClientAuth);
    })
}

/// A chain, with the time and the name to verify it for.
#[derive(Clone)]
struct Case {
    chain: Vec<CertificateDer<'static>>,
    name: &'static str,
    now: u64,
}

impl Case {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.now))
    }
}

/// A verifier of servers or of clients.
type Verify = Box<dyn Fn(&Case) -> Result<(), rustls::Error>>;

fn of_servers(verifier: Arc<dyn ServerCertVerifier>) -> Verify {
    Box::new(move |case| {
        let (end_entity, intermediates) = case.chain.split_first().unwrap();
        let name = ServerName::try_from(case.name).unwrap();
        let verdict =
            verifier.verify_server_cert(end_entity, intermediates, &name, &[], case.now());
        verdict.map(drop)
    })
}

fn of_clients(verifier: Arc<dyn ClientCertVerifier>) -> Verify {
    Box::new(move |case| {
        let (end_entity, intermediates) = case.chain.split_first().unwrap();
        let verdict = verifier.verify_client_cert(end_entity, intermediates, case.now());
        verdict.map(drop)
    })
}

/// The verdict of a verifier, with our refusal of an unknown issuer mapped to rustls' error.
fn verdict(verify: &Verify, case: &Case) -> Result<(), String> {
    verify(case).map_err(|error| match Refusal::of(&error) {
        Some(refusal) if refusal.is_unknown_issuer() => unknown_issuer(),
        Some(refusal) if refusal.is_outside_constraints() => outside_constraints(),
        Some(refusal) if refusal.is_distrusted() => DISTRUSTED.to_owned(),
        _ => error.to_string(),
    })
}

fn unknown_issuer() -> String {
    rustls::Error::from(CertificateError::UnknownIssuer).to_string()
}

fn outside_constraints() -> String {
    "invalid peer certificate: Other(OtherError(NameConstraintViolation))".to_owned()
}

const DISTRUSTED: &str = "distrusted";

/// 2024-01-01T00:00:00Z, the distrust date of all roots that have one and are not of `mozilla`.
const DATE: i64 = 1_704_067_200;

/// rustls' own verifiers of servers and of clients, over the anchors of one policy.
struct Oracle {
    /// Over all anchors, for certificates that start to be valid on [`DATE`] or earlier.
    all: [Verify; 2],
    without_date: [Verify; 2],
}

impl Oracle {
    fn new(roots: &Roots) -> Self {
        let anchors = roots.anchors().iter();
        let all = anchors.map(|anchor| anchor.trust_anchor().clone());
        let all = RootCertStore {
            roots: all.collect(),
        };
        Self {
            all: rustls_own(Arc::new(all)),
            without_date: rustls_own(roots.root_store()),
        }
    }

    /// Both verdicts, if x509-parser does not find the certificate's notBefore.
    fn verdicts(&self, of: usize, case: &Case) -> Vec<Result<(), String>> {
        let [all, without_date] = [&self.all[of], &self.without_date[of]];
        let verifiers = match x509_parser::parse_x509_certificate(&case.chain[0]) {
            Ok((_, certificate)) if certificate.validity().not_before.timestamp() <= DATE => {
                vec![all]
            }
            Ok(_) => vec![without_date],
            Err(_) => vec![all, without_date],
        };
        let verdicts = verifiers.into_iter();
        verdicts.map(|verifier| verdict(verifier, case)).collect()
    }
}

fn rustls_own(store: Arc<RootCertStore>) -> [Verify; 2] {
    let provider = Arc::new(default_provider());
    let servers = WebPkiServerVerifier::builder_with_provider(store.clone(), provider.clone());
    let clients = WebPkiClientVerifier::builder_with_provider(store, provider);
    [
        of_servers(servers.build().unwrap()),
        of_clients(clients.build().unwrap()),
    ]
}

fn ours(roots: &Roots) -> [Verify; 2] {
    [
        of_servers(roots.verifier()),
        of_clients(roots.client_cert_verifier()),
    ]
}

fn mozilla() -> Roots {
    let builder = Roots::builder().bundle(&embedded_roots::mozilla::BUNDLE);
    builder.build().unwrap()
}

fn amazon() -> Case {
    let chain = [
        include_bytes!("../data/aws.amazon.com/1.der").as_slice(),
        include_bytes!("../data/aws.amazon.com/2.der"),
        include_bytes!("../data/aws.amazon.com/3.der"),
    ];
    Case {
        chain: chain.map(CertificateDer::from).into(),
        name: "aws.amazon.com",
        // 2026-08-01
        now: 1_785_542_400,
    }
}

/// Chains of all kinds, under roots of which two share a name and two share an intermediate.
fn private() -> (Roots, Vec<Case>) {
    let (one, namesake) = (root("A CA"), root("A CA"));
    let (other, stranger) = (root("Another CA"), root("A stranger"));
    let limited = root_with("A limited CA", |params| {
        let permitted_subtrees = vec![rcgen::GeneralSubtree::DnsName("b.example".into())];
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees,
            excluded_subtrees: Vec::new(),
        });
    });
    let shared = key().serialize_pem();
    let by_one = intermediate("Between", &shared, &one);
    let by_other = intermediate("Between", &shared, &other);
    let by_stranger = intermediate("Between", &shared, &stranger);
    let below = intermediate("Below", &key().serialize_pem(), &by_one);
    let leaf = || both(&by_one, "a.example");
    // One has a name of its own, one that of roots without a date.
    let dated = [&root("A dated CA"), &root("A CA")];
    let late = |ca: &Authority| {
        server_with(ca, "a.example", |params| {
            params.not_before = date_time_ymd(2024, 1, 2);
            let usages = &mut params.extended_key_usages;
            usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        })
    };
    let by_dated = intermediate("Between", &shared, dated[0]);
    let chains = [
        both(dated[0], "a.example"),
        both(dated[1], "a.example"),
        leaf().with(&by_dated),
        late(dated[0]),
        late(dated[1]),
        late(&one),
        late(&by_dated).with(&by_dated),
        late(&by_one).with(&by_dated).with(&by_one),
        both(&one, "a.example"),
        both(&namesake, "a.example"),
        both(&stranger, "a.example"),
        both(&limited, "a.example"),
        leaf(),
        leaf().with(&by_one),
        leaf().with(&by_stranger),
        leaf().with(&by_stranger).with(&by_other),
        leaf().with(&by_stranger).with(&stranger),
        both(&below, "a.example").with(&by_other).with(&below),
        server_with(&one, "a.example", |_| {}),
        client(&one, "a.example"),
    ];
    let trusted = [&one, &namesake, &other, &limited].map(|ca| ca.der().clone());
    let builder = Roots::builder().certificates(trusted);
    let dated = dated.map(|ca| annotated("distrust-after=2024-01-01T00:00:00Z", ca));
    let roots = builder.pem(dated.concat()).build().unwrap();
    let cases = chains.map(|identity| Case {
        chain: identity.chain,
        name: "a.example",
        now: 1_785_542_400,
    });
    (roots, cases.into())
}

#[test]
fn a_real_chain_is_accepted_by_both() {
    let (mozilla, case) = (mozilla(), amazon());
    let [servers, _] = ours(&mozilla);
    assert_eq!(verdict(&servers, &case), Ok(()));
    assert_eq!(Oracle::new(&mozilla).verdicts(0, &case), [Ok(())]);
    // The selected bundle (here `custom`) is used in place, without copying its anchors.
    let [servers, _] = ours(&Roots::embedded().unwrap());
    assert_eq!(verdict(&servers, &case), Err(unknown_issuer()));
}

#[test]
fn damaged_chains_have_the_verdict_of_rustls() {
    let (private, mut cases) = private();
    cases.push(amazon());
    let policies = [private, mozilla()].map(|roots| (Oracle::new(&roots), ours(&roots)));
    let verifiers: Vec<_> = policies
        .iter()
        .flat_map(|(theirs, ours)| {
            ours.iter()
                .enumerate()
                .map(move |(of, ours)| (theirs, of, ours))
        })
        .collect();

    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        // Xorshift (Marsaglia, 2003)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    // For each pair of verifiers.
    let mut accepted = vec![0; verifiers.len()];
    let mut distrusted = accepted.clone();
    let mut refused = vec![BTreeSet::new(); verifiers.len()];
    for round in 0..6000 {
        let mut case = cases[below(cases.len())].clone();
        let last = case.chain.len() - 1;
        for _ in 0..below(3) {
            match below(6) {
                0 => case.chain.swap(0, below(last + 1)),
                1 if last > 0 => {
                    let (from, to) = (below(last) + 1, below(last) + 1);
                    case.chain[to] = case.chain[from].clone();
                }
                2 => case.now = [0, 1_600_000_000, 1_790_000_000, 4_000_000_000][below(4)],
                3 => case.name = ["b.example", "aws.amazon.com", "127.0.0.1"][below(3)],
                _ => {
                    let damaged = below(last + 1);
                    let mut der = case.chain[damaged].to_vec();
                    let at = below(der.len());
                    der[at] ^= 1 << below(8);
                    case.chain[damaged] = der.into();
                }
            }
        }
        for (nth, (theirs, of, ours)) in verifiers.iter().enumerate() {
            let (expected, ours) = (theirs.verdicts(*of, &case), verdict(ours, &case));
            if ours == Err(DISTRUSTED.to_owned()) {
                // The oracle does not see the dated root, but perhaps another of its name.
                distrusted[nth] += 1;
                let bad_signature = rustls::Error::from(CertificateError::BadSignature).to_string();
                let refused = [Err(unknown_issuer()), Err(bad_signature)];
                assert!(expected.iter().any(|verdict| refused.contains(verdict)));
            } else {
                assert!(
                    expected.contains(&ours),
                    "round {round}, pair {nth}: {ours:?}, {expected:?}"
                );
            }
            match ours {
                Ok(()) => accepted[nth] += 1,
                Err(error) => drop(refused[nth].insert(error)),
            }
        }
    }
    println!("{accepted:?} accepted, {distrusted:?} distrusted");
    assert!(
        distrusted[..2].iter().all(|count| *count > 100),
        "{distrusted:?}"
    );
    // No certificate of this list for clients is among the cases.
    assert_eq!(accepted.pop(), Some(0));
    assert!(accepted.iter().all(|count| *count > 100), "{accepted:?}");
    let kinds: Vec<_> = refused.iter().map(BTreeSet::len).collect();
    assert!(kinds.iter().all(|count| *count > 5), "{refused:#?}");
}
