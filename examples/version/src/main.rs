//! A program that says what it trusts:
//!
//! ```sh
//! cargo run -p version -- --version
//! ```
//!
//! It prints how many roots it trusts, from where and of which date they are, and which of them
//! expire within a year, or within the days of a second argument. A health page would show the same.

use std::process::ExitCode;
use std::time::Duration;

use embedded_roots::rustls::pki_types::UnixTime;
use embedded_roots::{Error, Roots, inspect, mozilla};

const DAY: u64 = 24 * 60 * 60;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let days = match arguments.as_slice() {
        [option] if option == "--version" => Some(365),
        [option, days] if option == "--version" => days.parse::<u32>().ok(),
        _ => None,
    };
    let Some(days) = days else {
        eprintln!("usage: version --version [DAYS]");
        return ExitCode::FAILURE;
    };
    match version(UnixTime::now(), days.into()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn version(now: UnixTime, days: u64) -> Result<String, Error> {
    // The bundle is named, since the default roots depend on the features of the whole build.
    let roots = Roots::builder().bundle(&mozilla::BUNDLE).build()?;
    let mut lines = vec![
        format!("version {}", env!("CARGO_PKG_VERSION")),
        format!("trusts {} roots:", roots.anchors().len()),
    ];
    let sources = roots.report().sources();
    lines.extend(sources.iter().map(|source| format!("  {source}")));

    // Anchors have no dates, so this reads the certificates that they were made of.
    let certificates = inspect::certificates(mozilla::annotated_pem())?;
    let time = Duration::from_secs(days * DAY);
    let mut expiring: Vec<_> = inspect::expiring_within(&certificates, now, time).collect();
    expiring.sort_by_key(|certificate| certificate.not_after().as_secs());
    lines.push(format!("expire within {days} days: {}", expiring.len()));
    for certificate in expiring {
        let left = certificate.not_after().as_secs().checked_sub(now.as_secs());
        let when = left.map_or("expired".to_owned(), |left| format!("{} days", left / DAY));
        lines.push(format!("  {when}: {certificate}"));
    }
    Ok(lines.join("\n"))
}
