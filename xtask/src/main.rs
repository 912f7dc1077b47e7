//! Maintenance tasks: `cargo xtask certs [--check]`.

mod certs;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask certs [--check]

certs           write certs/ca-certificates.crt from the webpki-root-certs crate and
                certs/constraints.toml
certs --check   fail if the file is not what would be written";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["certs"] => certs::write(),
        ["certs", "--check"] => certs::check(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
