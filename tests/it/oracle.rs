//! `Verifier` passes webpki only the anchors whose subject is the name of an issuer in the chain, and only the
//! intermediates on a path to one of them. rustls' own verifiers, of servers and of clients, pass all of them, and
//! must accept what ours accept. They must refuse for the same reason if they are sent the same intermediates.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Crlite, Refusal, Roots};
use embedded_roots_bundle::{issuer, subject};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, client, intermediate, intermediate_of, intermediate_with, key,
    root, root_of, root_with, server_with,
};
use embedded_roots_testing::crlite::{Filter, Issuer};
use embedded_roots_testing::random::numbers;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyUsagePurpose, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, RootCertStore};

use crate::revocation::crl;

/// An end-entity certificate for servers and clients.
fn both(issuer: &Authority, name: &str) -> Identity {
    server_with(issuer, name, |params| {
        params
            .extended_key_usages
            .push(ExtendedKeyUsagePurpose::ClientAuth);
    })
}

/// A chain, with the time and the name to verify it for.
#[derive(Clone, Debug)]
struct Case {
    chain: Vec<CertificateDer<'static>>,
    name: &'static str,
    now: u64,
}

impl Case {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.now))
    }

    /// Without the intermediates that are on no path to one of these names, and without repetitions.
    fn on_paths(&self, trusted: &BTreeSet<Vec<u8>>) -> Self {
        let subject_of = |der: &CertificateDer<'_>| subject(der).map(|name| name.as_der().to_vec());
        let issuer_of = |der: &CertificateDer<'_>| issuer(der).map(|name| name.as_der().to_vec());
        let (end_entity, intermediates) = self.chain.split_first().unwrap();
        let mut reached: BTreeSet<_> = issuer_of(end_entity).into_iter().collect();
        let mut leading = trusted.clone();
        for _ in intermediates {
            for der in intermediates {
                if let (Some(subject), Some(issuer)) = (subject_of(der), issuer_of(der)) {
                    if reached.contains(&subject) {
                        reached.insert(issuer.clone());
                    }
                    if leading.contains(&issuer) {
                        leading.insert(subject);
                    }
                }
            }
        }
        let mut chain = vec![end_entity.clone()];
        for der in intermediates {
            let is_on_path = subject_of(der).is_some_and(|subject| reached.contains(&subject))
                && issuer_of(der).is_some_and(|issuer| leading.contains(&issuer));
            if is_on_path && !chain[1..].contains(der) {
                chain.push(der.clone());
            }
        }
        Self {
            chain,
            ..self.clone()
        }
    }
}

/// A verifier of servers or of clients.
type Judge = Box<dyn Fn(&Case) -> Result<(), rustls::Error>>;

fn of_servers(verifier: Arc<dyn ServerCertVerifier>) -> Judge {
    Box::new(move |case| {
        let (end_entity, intermediates) = case.chain.split_first().unwrap();
        let name = ServerName::try_from(case.name).unwrap();
        let verdict =
            verifier.verify_server_cert(end_entity, intermediates, &name, &[], case.now());
        verdict.map(drop)
    })
}

fn of_clients(verifier: Arc<dyn ClientCertVerifier>) -> Judge {
    Box::new(move |case| {
        let (end_entity, intermediates) = case.chain.split_first().unwrap();
        let verdict = verifier.verify_client_cert(end_entity, intermediates, case.now());
        verdict.map(drop)
    })
}

/// The verdict of a verifier, with our refusals mapped to the errors of rustls that they replace. The second time, ours
/// may remember signatures, and has to come to the same verdict.
fn verdict(verify: &Judge, case: &Case) -> Result<(), String> {
    let first = verify(case);
    let text = |verdict: &Result<(), rustls::Error>| verdict.clone().map_err(|why| why.to_string());
    assert_eq!(text(&verify(case)), text(&first), "{case:?}");
    first.map_err(|error| match Refusal::of(&error) {
        Some(refusal) if refusal.is_distrusted() => DISTRUSTED.to_owned(),
        Some(refusal) => (refusal.replaced_error()).map_or(error.to_string(), ToString::to_string),
        None => error.to_string(),
    })
}

fn unknown_issuer() -> String {
    rustls::Error::from(CertificateError::UnknownIssuer).to_string()
}

const DISTRUSTED: &str = "distrusted";

/// 2024-01-01T00:00:00Z, the distrust date of all roots that have one and are not of `mozilla`.
const DATE: i64 = 1_704_067_200;

/// rustls' own verifiers of servers and of clients, over the anchors of one policy.
struct Oracle {
    /// Over all anchors, for certificates that start to be valid on [`DATE`] or earlier.
    all: Verifiers,
    without_date: Verifiers,
}

/// Verifiers over a store, and the names in it.
struct Verifiers {
    verify: [Judge; 2],
    names: BTreeSet<Vec<u8>>,
}

impl Verifiers {
    fn new(store: Arc<RootCertStore>) -> Self {
        let names = store.roots.iter().map(|root| root.subject.to_vec());
        Self {
            names: names.collect(),
            verify: rustls_own(store),
        }
    }

    fn verdict(&self, of: usize, case: &Case) -> Result<(), String> {
        let selected = verdict(&self.verify[of], &case.on_paths(&self.names));
        // Whether a chain is accepted does not depend on the rest.
        let whole = verdict(&self.verify[of], case);
        assert_eq!(selected.is_ok(), whole.is_ok(), "{case:?}");
        selected
    }
}

impl Oracle {
    fn new(roots: &Roots) -> Self {
        let anchors = roots.anchors().iter();
        let all = anchors.map(|anchor| anchor.trust_anchor().clone());
        let all = RootCertStore {
            roots: all.collect(),
        };
        Self {
            all: Verifiers::new(Arc::new(all)),
            without_date: Verifiers::new(roots.root_store()),
        }
    }

    /// Both verdicts, if x509-parser does not find the certificate's notBefore.
    fn verdicts(&self, of: usize, case: &Case) -> Vec<Result<(), String>> {
        let (all, without_date) = (&self.all, &self.without_date);
        let trusting = match x509_parser::parse_x509_certificate(&case.chain[0]) {
            Ok((_, certificate)) if certificate.validity().not_before.timestamp() <= DATE => {
                vec![all]
            }
            Ok(_) => vec![without_date],
            Err(_) => vec![all, without_date],
        };
        let verdicts = trusting.into_iter();
        verdicts
            .map(|trusting| trusting.verdict(of, case))
            .collect()
    }
}

fn rustls_own(store: Arc<RootCertStore>) -> [Judge; 2] {
    let provider = Arc::new(default_provider());
    let servers = WebPkiServerVerifier::builder_with_provider(store.clone(), provider.clone());
    let clients = WebPkiClientVerifier::builder_with_provider(store, provider);
    [
        of_servers(servers.build().unwrap()),
        of_clients(clients.build().unwrap()),
    ]
}

fn ours(roots: &Roots) -> [Judge; 2] {
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

/// Chains of all kinds, under roots of which two share a name and two share an intermediate: with signatures that
/// are remembered, and without.
fn private() -> ([Roots; 2], Vec<Case>) {
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
    let by_one = intermediate_of("Between", &shared, &one);
    let by_other = intermediate_of("Between", &shared, &other);
    let by_stranger = intermediate_of("Between", &shared, &stranger);
    let below = intermediate("Below", &by_one);
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
    let by_dated = intermediate_of("Between", &shared, dated[0]);
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
    let dated = dated.map(|ca| annotated("distrust-after=2024-01-01T00:00:00Z", ca));
    let roots = [true, false].map(|remember| {
        let builder = Roots::builder().certificates(trusted.clone());
        let builder = builder.remember_signatures(remember);
        builder.pem(dated.concat()).build().unwrap()
    });
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
    let [remembering, forgetting] = private;
    let policies = [remembering, forgetting, mozilla()];
    let policies = policies.map(|roots| (Oracle::new(&roots), ours(&roots)));
    let verifiers: Vec<_> = policies
        .iter()
        .flat_map(|(theirs, ours)| {
            ours.iter()
                .enumerate()
                .map(move |(of, ours)| (theirs, of, ours))
        })
        .collect();

    let mut below = numbers();
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
                // The oracle does not see the root with a distrust date, but perhaps another of its name.
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
        distrusted[..4].iter().all(|count| *count > 100),
        "{distrusted:?}"
    );
    // No certificate of this list for clients is among the cases.
    assert_eq!(accepted.pop(), Some(0));
    assert!(accepted.iter().all(|count| *count > 100), "{accepted:?}");
    let kinds: Vec<_> = refused.iter().map(BTreeSet::len).collect();
    assert!(kinds.iter().all(|count| *count > 5), "{refused:#?}");
}

/// A known intermediate is judged like one that was sent, and CRLite data that covers nothing changes nothing.
#[test]
fn known_intermediates_have_the_verdict_of_sent_ones() {
    let (one, other) = (root("A CA"), root("Another CA"));
    let stranger = root("A stranger");
    let shared = key().serialize_pem();
    let cas = [
        intermediate_of("Between", &shared, &one),
        intermediate_of("Between", &shared, &other),
        intermediate_of("Between", &shared, &stranger),
        intermediate_with("Short", &one, |params| {
            params.not_before = date_time_ymd(2027, 1, 1);
        }),
        intermediate_with("Narrow", &one, |params| {
            params.name_constraints = Some(rcgen::NameConstraints {
                permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("b.example".into())],
                excluded_subtrees: Vec::new(),
            });
        }),
    ];
    let below = intermediate("Below", &cas[0]);
    let known: Vec<_> = cas
        .iter()
        .chain([&below])
        .map(|ca| ca.der().clone())
        .collect();
    let dated = annotated("distrust-after=2024-01-01T00:00:00Z", &other);
    let policy = || {
        Roots::builder()
            .certificates([one.der().clone()])
            .pem(&dated)
    };
    let plain = policy().build().unwrap();
    let filter = Filter {
        coverage: vec![([1; 32], 0, u64::MAX)],
        issuers: vec![Issuer {
            key: [0; 32],
            revoked: vec![vec![1]],
            ..Issuer::default()
        }],
    };
    let crlite = Crlite::filters([filter.encode(4)]);
    let roots = policy()
        .intermediates(known.clone())
        .crlite(crlite)
        .build()
        .unwrap();
    let (theirs, ours, without) = (Oracle::new(&plain), ours(&roots), ours(&plain));
    let leaves: Vec<_> = cas
        .iter()
        .chain([&below, &one, &other, &stranger])
        .flat_map(|ca| {
            [2023, 2025].map(|year| {
                let leaf = server_with(ca, "a.example", |params| {
                    params.not_before = date_time_ymd(year, 1, 1);
                    let usages = &mut params.extended_key_usages;
                    usages.push(ExtendedKeyUsagePurpose::ClientAuth);
                });
                leaf.chain[0].clone()
            })
        })
        .collect();
    let mut below = numbers();
    let (mut accepted, mut completed) = ([0, 0], [0, 0]);
    for _ in 0..3000 {
        let mut chain = vec![leaves[below(leaves.len())].clone()];
        for _ in 0..below(3) {
            chain.push(known[below(known.len())].clone());
        }
        if below(4) == 0 {
            let damaged = below(chain.len());
            let mut der = chain[damaged].to_vec();
            let at = below(der.len());
            der[at] ^= 1 << below(8);
            chain[damaged] = der.into();
        }
        let case = Case {
            chain,
            name: ["a.example", "b.example"][below(8) / 7],
            now: 1_785_542_400,
        };
        let mut whole = case.clone();
        for der in &known {
            if !whole.chain[1..].contains(der) {
                whole.chain.push(der.clone());
            }
        }
        for of in [0, 1] {
            let ours = verdict(&ours[of], &case).is_ok();
            let expected = theirs.verdicts(of, &whole);
            assert!(
                expected.iter().any(|verdict| verdict.is_ok() == ours),
                "{case:?}"
            );
            accepted[of] += u32::from(ours);
            completed[of] += u32::from(ours && verdict(&without[of], &case).is_err());
        }
    }
    assert!(
        accepted.iter().chain(&completed).all(|count| *count > 100),
        "{accepted:?}, {completed:?}"
    );
}

/// Chains of three certificates with CRLs of the two CAs, damaged or not, under each way to check them.
#[test]
fn chains_with_crls_have_the_verdict_of_rustls() {
    let crl_sign = |params: &mut CertificateParams| {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    };
    let ca = root_with("CA", crl_sign);
    let mut below = numbers();
    let between = |serial: u64| {
        intermediate_with("Between", &ca, |params| {
            crl_sign(params);
            params.serial_number = Some(serial.into());
        })
    };
    // A list revokes serial number 1.
    // One CA may not sign CRLs, and somebody has signed one with its key all the same.
    let key = key().serialize_pem();
    let cas = [
        between(1),
        between(2),
        intermediate_of("Between", &key, &ca),
    ];
    let signer = root_of("Between", &key, crl_sign);
    let chains: Vec<_> = cas
        .iter()
        .flat_map(|between| {
            [1_u64, 2].map(|serial| {
                let leaf = server_with(between, "a.example", |params| {
                    params.serial_number = Some(serial.into());
                    let usages = &mut params.extended_key_usages;
                    usages.push(ExtendedKeyUsagePurpose::ClientAuth);
                });
                leaf.with(between).chain
            })
        })
        .collect();
    let lists = [
        vec![crl(&ca, 4096)],
        vec![crl(&ca, 4096), crl(&cas[1], 4096)],
        vec![crl(&cas[0], 4096), crl(&cas[1], 2021)],
        vec![crl(&signer, 4096)],
    ];
    let mut verdicts = BTreeSet::new();
    for round in 0..800 {
        let mut case = Case {
            chain: chains[below(chains.len())].clone(),
            name: "a.example",
            now: 1_785_542_400,
        };
        if below(3) == 0 {
            let damaged = below(2);
            let mut der = case.chain[damaged].to_vec();
            let at = below(der.len());
            der[at] ^= 1 << below(8);
            case.chain[damaged] = der.into();
        }
        let crls = &lists[below(lists.len())];
        let (unknown, end_entity, expiration) = (below(2) == 0, below(2) == 0, below(2) == 0);
        let mut builder = Roots::builder().pem(ca.pem()).crls(crls.iter().cloned());
        let provider = Arc::new(default_provider());
        let mut store = RootCertStore::empty();
        store.add(ca.der().clone()).unwrap();
        let store = Arc::new(store);
        let mut servers =
            WebPkiServerVerifier::builder_with_provider(store.clone(), provider.clone())
                .with_crls(crls.iter().cloned());
        let mut clients = WebPkiClientVerifier::builder_with_provider(store, provider)
            .with_crls(crls.iter().cloned());
        if unknown {
            builder = builder.allow_unknown_revocation_status();
            servers = servers.allow_unknown_revocation_status();
            clients = clients.allow_unknown_revocation_status();
        }
        if end_entity {
            builder = builder.only_check_end_entity_revocation();
            servers = servers.only_check_end_entity_revocation();
            clients = clients.only_check_end_entity_revocation();
        }
        if expiration {
            builder = builder.enforce_revocation_expiration();
            servers = servers.enforce_revocation_expiration();
            clients = clients.enforce_revocation_expiration();
        }
        let roots = builder.build().unwrap();
        let theirs = [
            of_servers(servers.build().unwrap()),
            of_clients(clients.build().unwrap()),
        ];
        let names = BTreeSet::from([subject(ca.der()).unwrap().as_der().to_vec()]);
        for (ours, theirs) in ours(&roots).iter().zip(&theirs) {
            let ours = verdict(ours, &case);
            assert_eq!(
                ours,
                verdict(theirs, &case.on_paths(&names)),
                "round {round}: {case:?}"
            );
            verdicts.insert(ours);
        }
    }
    // Accepted, revoked, unknown, expired, not a signer of CRLs, and what damage does.
    assert!(
        verdicts.len() > 6 && verdicts.contains(&Ok(())),
        "{verdicts:#?}"
    );
}

/// Few names and keys, of which some are roots, so that many paths lead through them.
#[test]
fn meshes_have_the_verdict_of_rustls() {
    let names = ["A", "B", "C", "D"];
    let keys = [(); 5].map(|()| key().serialize_pem());
    // Two roots share a name, and one of them a key with an intermediate.
    let roots = [("A", 0), ("D", 3), ("D", 4)].map(|(name, key)| root_of(name, &keys[key], |_| {}));
    let issuers: Vec<_> = names
        .iter()
        .zip(&keys)
        .map(|(name, key)| root_of(name, key, |_| {}))
        .collect();
    let mut below = numbers();
    let mut accepted = [0; 2];
    let mut reasons = BTreeSet::new();
    for round in 0..40 {
        let trusted = [&roots[..1], &roots[1..], &roots[..2], &roots[2..]][round % 4];
        let trusted = trusted.iter().map(|root| root.der().clone());
        let policy = Roots::builder().certificates(trusted).build().unwrap();
        let (theirs, ours) = (Oracle::new(&policy), ours(&policy));
        for _ in 0..25 {
            let mut chain = both(&issuers[below(4)], "a.example").chain;
            for _ in 0..below(8) {
                let (subject, signer) = (below(4), below(4));
                let repeated = below(chain.len());
                chain.push(match below(10) {
                    0 if repeated > 0 => chain[repeated].clone(),
                    // Signed by a key that is not the issuer's.
                    1 => {
                        let forger = root_of(names[signer], &keys[4], |_| {});
                        intermediate_of(names[subject], &keys[subject], &forger)
                            .der()
                            .clone()
                    }
                    _ => {
                        let signer = &issuers[signer];
                        intermediate_of(names[subject], &keys[subject], signer)
                            .der()
                            .clone()
                    }
                });
            }
            let case = Case {
                chain,
                name: "a.example",
                now: 1_785_542_400,
            };
            for (of, ours) in ours.iter().enumerate() {
                let verdict = verdict(ours, &case);
                let expected = theirs.verdicts(of, &case);
                assert_eq!(expected, std::slice::from_ref(&verdict), "{case:?}");
                match verdict {
                    Ok(()) => accepted[of] += 1,
                    Err(reason) => drop(reasons.insert(reason)),
                }
            }
        }
    }
    assert!(
        accepted.iter().all(|count| (200..900).contains(count)),
        "{accepted:?}"
    );
    assert!(reasons.len() > 1, "{reasons:?}");
}
