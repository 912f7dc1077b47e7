//! What filters of CRLite cost, of the size of Mozilla's: a verification with them and without, and their memory.
//!
//! The verifications alternate call by call, as in the bench `verification`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use benches::alternation::medians;
use benches::chain;
use embedded_roots::{Crlite, Refusal, Roots, Verifier};
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{serial_number, subject_public_key_info};
use embedded_roots_testing::authority::{Identity, intermediate, root, server_with};
use embedded_roots_testing::crlite::{add_timestamps, write_folder};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::real_size::{LOG, filters};
use rustls::pki_types::UnixTime;

const CALLS: usize = 20_001;

/// The targets: nanoseconds for a query, and memory for each byte of the filters.
const MOST_NANOS: f64 = 3000.0;
const MOST_MEMORY: f64 = 1.2;

fn main() {
    if let Some(folder) = env::var_os(FOLDER) {
        return print_growth(&folder.into());
    }
    let (ca, now) = (root("CA"), UnixTime::now());
    let between = intermediate("Between", &ca);
    let logged = (LOG, (now.as_secs() - 48 * 60 * 60) * 1000);
    let identity = || {
        server_with(&between, "localhost", |params| {
            add_timestamps(params, &[([1; 32], 1), logged, ([0xff; 32], 1)]);
        })
        .with(&between)
    };
    let (good, revoked) = (identity(), identity());
    let key = sha256(subject_public_key_info(between.der()).unwrap());
    let serial = |of: &Identity| serial_number(&of.chain[0]).unwrap().to_vec();
    for version in [3, 4] {
        let filters = filters(key, &serial(&revoked), &serial(&good), version);
        let bytes: usize = filters.iter().map(|(_, filter)| filter.len()).sum();
        println!(
            "filters of version {version} | {} | {bytes} bytes, the first {}",
            filters.len(),
            filters[0].1.len()
        );
        let folder = Folder::new("crlite-bench");
        let files: Vec<_> = filters
            .iter()
            .map(|(name, filter)| (&**name, &**filter))
            .collect();
        write_folder(folder.path(), &files);
        drop(files);
        drop(filters);

        let without = Roots::builder().pem(ca.pem()).build().unwrap();
        let start = Instant::now();
        let roots = Roots::builder()
            .pem(ca.pem())
            .crlite(Crlite::folder(folder.path()));
        let roots = roots.build().unwrap();
        println!("build | {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
        // A process of its own: this one has memory left over from the encoder.
        let child = Command::new(env::current_exe().unwrap())
            .env(FOLDER, folder.path())
            .output();
        let grown: usize = String::from_utf8(child.unwrap().stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let grown = ratio(grown, bytes);
        println!("memory | resident memory grows by {grown:.2} of the filters");
        assert!(grown <= MOST_MEMORY, "{grown}");

        let (without, with) = (without.verifier(), roots.verifier());
        let [off, on] = medians(
            CALLS,
            [&|_| verify(&without, &good, now).unwrap(), &|_| {
                verify(&with, &good, now).unwrap();
            }],
        );
        println!(
            "good | {off:.0} ns without, {on:.0} ns with | {:.0} ns for the query",
            on - off
        );
        assert!(on - off <= MOST_NANOS, "{}", on - off);
        let refused = verify(&roots.verifier(), &revoked, now).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_revoked_by_crlite());
        let crlite = roots.report().crlite().unwrap();
        assert_eq!(crlite.not_covered(), 0);
        assert_eq!(crlite.not_revoked(), CALLS as u64);
    }
}

fn verify(verifier: &Verifier, identity: &Identity, now: UnixTime) -> Result<(), rustls::Error> {
    let name = "localhost".try_into().unwrap();
    chain::verify(verifier, &identity.chain, &name, now)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let thousandths = part * 1000 / whole;
    f64::from(u32::try_from(thousandths).unwrap()) / 1000.0
}

/// Names the folder for [`print_growth`].
const FOLDER: &str = "CRLITE_BENCH_FOLDER";

/// Prints how much resident memory the filters of a folder take, with what was read to make them.
fn print_growth(folder: &PathBuf) {
    let pem = root("CA").pem();
    let roots = || Roots::builder().pem(&pem);
    let first = roots().build().unwrap();
    let before = resident();
    let second = roots().crlite(Crlite::folder(folder)).build().unwrap();
    println!("{}", resident().saturating_sub(before));
    drop((first, second));
}

/// Bytes, as Linux counts them; 0 elsewhere.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kibibytes.unwrap_or_default() * 1024
}
