//! The feature `crlite` beside upki 1.0.0 and rustls-upki 1.0.0: the same verdicts on 10,000 certificates, over folders that
//! either reads, and the cost of a verification over filters of the size of Mozilla's.
//!
//! `cargo run --release --manifest-path benches/upki/Cargo.toml`

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use embedded_roots::{Crlite, Refusal, Roots};
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{serial_number, subject_public_key_info};
use embedded_roots_testing::authority::{Authority, Identity, intermediate, root, server_with};
use embedded_roots_testing::crlite::{Coverage, Filter, Issuer, add_timestamps, write_folder};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::random::numbers;
use embedded_roots_testing::real_size::{LOG, filters};
use rcgen::SerialNumber;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, RootCertStore};
use rustls_upki::{Policy, ServerVerifier};
use upki::revocation::{RevocationCheckInput, RevocationStatus, Store};
use upki::{Config, ConfigPath};

const CERTIFICATES: usize = 10_000;
/// How much cheaper a verification has to be than that of rustls-upki.
const LEAST_RATIO: f64 = 100.0;

fn main() {
    for version in [3, 4] {
        agree(version);
    }
    compare();
}

/// Compares the verdicts on certificates of two issuers, listed or not, logged at any time in two logs.
fn agree(version: u8) {
    let ca = root("CA");
    let issuers = [intermediate("One", &ca), intermediate("Two", &ca)];
    let known = |issuer: &Authority, from: u32, each: u32| {
        let (revoked, good) =
            (from..from + 2000).partition::<Vec<u32>, _>(|serial| serial % each == 0);
        Issuer {
            key: key_of(issuer),
            revoked: revoked.into_iter().map(serial_bytes).collect(),
            good: good.into_iter().map(serial_bytes).collect(),
            ..Issuer::default()
        }
    };
    let logs = [[1; 32], [2; 32]];
    let filter = |issuers: &[Issuer], coverage: &[Coverage]| {
        let filter = Filter {
            coverage: coverage.to_vec(),
            issuers: issuers.to_vec(),
        };
        filter.encode(version)
    };
    let base = filter(
        &[known(&issuers[0], 0, 5), known(&issuers[1], 0, 2)],
        &[(logs[0], 100, 600), (logs[1], 300, 400)],
    );
    let first = filter(&[known(&issuers[0], 1000, 3)], &[(logs[0], 500, 800)]);
    let second = filter(&[known(&issuers[1], 2000, 7)], &[(logs[1], 200, 900)]);
    let folder = Cache::new(
        "agree",
        &[
            ("0.filter", &base),
            ("1.delta", &first),
            ("2.delta", &second),
        ],
    );
    let roots = Roots::builder()
        .pem(ca.pem())
        .crlite(Crlite::folder(folder.revocation()));
    let (verifier, store) = (roots.build().unwrap(), Store::from_config(&folder.config()));
    let said = || {
        let crlite = verifier.report().crlite().unwrap();
        [crlite.revoked(), crlite.not_revoked(), crlite.not_covered()]
    };
    let mut random = numbers();
    let mut counts = [0_u64; 3];
    for _ in 0..CERTIFICATES {
        let issuer = &issuers[random(2)];
        let serial = serial_bytes(u32::try_from(random(5000)).unwrap());
        let times: Vec<_> = (0..random(3))
            .map(|_| (logs[random(2)], random(1000) as u64))
            .collect();
        let identity = server_with(issuer, "localhost", |params| {
            params.serial_number = Some(SerialNumber::from_slice(&serial));
            if !times.is_empty() {
                add_timestamps(params, &times);
            }
        });
        let chain = [identity.chain[0].clone(), issuer.der().clone()];
        let input = RevocationCheckInput::from_certificates(&chain).unwrap();
        let theirs = store.check(&input).unwrap();
        let before = said();
        let verdict = verify(&*verifier.verifier(), &identity.with(issuer));
        let after = said();
        let expected = match theirs {
            RevocationStatus::CertainlyRevoked => 0,
            RevocationStatus::NotRevoked => 1,
            RevocationStatus::NotCoveredByRevocationData => 2,
        };
        assert_eq!(verdict.is_err(), expected == 0, "{serial:?} {times:?}");
        let ours = (0..3).find(|status| after[*status] > before[*status]);
        assert_eq!(ours, Some(expected), "{serial:?} {times:?}");
        counts[expected] += 1;
    }
    let [revoked, good, not_covered] = counts;
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    println!(
        "agree on filters of version {version} | {CERTIFICATES} certificates | {revoked} revoked, {good} good, {not_covered} not covered"
    );
}

/// Compares the cost of a verification.
fn compare() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let logged = (LOG, (UnixTime::now().as_secs() - 48 * 60 * 60) * 1000);
    let identity = || {
        server_with(&between, "localhost", |params| {
            add_timestamps(params, &[logged]);
        })
        .with(&between)
    };
    let (good, revoked) = (identity(), identity());
    let serial = |of: &Identity| serial_number(&of.chain[0]).unwrap().to_vec();
    let filters = filters(key_of(&between), &serial(&revoked), &serial(&good), 4);
    let files: Vec<(&str, &[u8])> = filters
        .iter()
        .map(|(name, filter)| (&**name, &**filter))
        .collect();
    let folder = Cache::new("compare", &files);

    let provider = Arc::new(default_provider());
    let mut store = RootCertStore::empty();
    store.add(ca.der().clone()).unwrap();
    let policy = Policy::default();
    let theirs = ServerVerifier::new(
        policy,
        Some(folder.config_file()),
        store.into(),
        Arc::clone(&provider),
    );
    let theirs = theirs.unwrap();
    let roots = Roots::builder().pem(ca.pem()).provider(provider);
    let ours = roots
        .crlite(Crlite::folder(folder.revocation()))
        .build()
        .unwrap()
        .verifier();

    let refused = verify(&*ours, &revoked).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_revoked_by_crlite());
    assert_eq!(
        verify(&theirs, &revoked),
        Err(CertificateError::Revoked.into())
    );
    let medians =
        [(&*ours as &dyn ServerCertVerifier, 2001), (&theirs, 41)].map(|(verifier, calls)| {
            let mut nanos: Vec<_> = (0..calls)
                .map(|_| {
                    let start = Instant::now();
                    verify(verifier, &good).unwrap();
                    start.elapsed().as_secs_f64() * 1e6
                })
                .collect();
            nanos.sort_unstable_by(f64::total_cmp);
            nanos[calls / 2]
        });
    let [ours, theirs] = medians;
    let ratio = theirs / ours;
    println!("verification | embedded-roots | {ours:.1} µs");
    println!("verification | rustls-upki 1.0.0 | {theirs:.1} µs | {ratio:.0} times");
    assert!(ratio >= LEAST_RATIO, "{ratio}");
}

fn verify(verifier: &dyn ServerCertVerifier, identity: &Identity) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = identity.chain.split_first().unwrap();
    let name = "localhost".try_into().unwrap();
    let verdict =
        verifier.verify_server_cert(end_entity, intermediates, &name, &[], UnixTime::now());
    verdict.map(drop)
}

/// Of positive numbers, as DER has them.
fn serial_bytes(serial: u32) -> Vec<u8> {
    [&[1], &serial.to_be_bytes()[..]].concat()
}

fn key_of(ca: &Authority) -> [u8; 32] {
    sha256(subject_public_key_info(ca.der()).unwrap())
}

/// A cache of upki, and the file that configures it.
struct Cache(Folder);

impl Cache {
    fn new(name: &str, filters: &[(&str, &[u8])]) -> Self {
        let folder = Folder::new(name);
        write_folder(&folder.join("revocation"), filters);
        let cache = folder.path().display();
        let config =
            format!("cache-dir = \"{cache}\"\n[revocation]\nfetch-url = \"https://localhost/\"\n");
        fs::write(folder.join("config.toml"), config).unwrap();
        Self(folder)
    }

    fn revocation(&self) -> PathBuf {
        self.0.join("revocation")
    }

    fn config_file(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    fn config(&self) -> Config {
        let file: &Path = &self.config_file();
        let path = ConfigPath::new(Some(file.to_owned())).unwrap();
        Config::from_file_or_user_default(&path).unwrap()
    }
}
