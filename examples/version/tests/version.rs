//! The program says what the crate's data says.

// clippy.toml allows these in test functions only; the helpers here need it too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Output};

use embedded_roots::mozilla;
use embedded_roots::rustls::pki_types::pem::PemObject as _;
use embedded_roots::rustls::pki_types::{CertificateDer, UnixTime};

#[test]
fn version_lists_what_the_program_trusts() {
    lists(&["--version"], 365);
    // Some root ends within 20 years.
    assert!(lists(&["--version", "7300"], 7300) > 0);
}

#[test]
fn other_arguments_are_errors() {
    for arguments in [&[][..], &["--help"], &["--version", "soon"]] {
        let output = run(arguments);
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

/// Returns how many roots are listed that end.
fn lists(arguments: &[&str], days: i64) -> usize {
    // A day may end in between.
    let before = ends(days);
    let output = run(arguments);
    let after = ends(days);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines = said.lines();

    let version = concat!("version ", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines.next().unwrap(), version);
    let count = mozilla::BUNDLE.len();
    assert_eq!(lines.next().unwrap(), format!("trusts {count} roots:"));
    let source = lines.next().unwrap();
    assert!(source.starts_with("  bundle mozilla (20"), "{source}");
    assert!(source.contains(&format!("): {count} roots; within limits: ")));
    let digest = mozilla::BUNDLE.sha256();
    let digest = digest[..8].iter().map(|byte| format!("{byte:02x}"));
    assert!(source.contains(&digest.collect::<String>()), "{source}");

    let expiring = lines.next().unwrap();
    let listed: Vec<_> = lines.collect();
    let count = listed.len();
    assert_eq!(expiring, format!("expire within {days} days: {count}"));
    let agrees = |ends: &[i64]| {
        let mut both = ends.iter().zip(&listed);
        let agrees = both.all(|(left, line)| match left {
            0.. => line.starts_with(&format!("  {} days: ", left / DAY)),
            _ => line.starts_with("  expired: "),
        });
        agrees && ends.len() == count
    };
    assert!(agrees(&before) || agrees(&after), "{said}\n{before:?}");
    count
}

fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_version"));
    program.args(arguments).output().unwrap()
}

/// When the roots end that do so within these days, in seconds from now, as x509-parser reads them.
fn ends(days: i64) -> Vec<i64> {
    let now = i64::try_from(UnixTime::now().as_secs()).unwrap();
    let pem = mozilla::annotated_pem().as_bytes();
    let ends = CertificateDer::pem_slice_iter(pem).map(|der| {
        let der = der.unwrap();
        let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
        certificate.validity().not_after.timestamp() - now
    });
    let mut ends: Vec<_> = ends.filter(|left| *left <= days * DAY).collect();
    ends.sort_unstable();
    ends
}

const DAY: i64 = 86_400;
