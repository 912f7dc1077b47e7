//! Maintenance tasks; `cargo xtask` lists them.

mod audit;
mod certs;
mod command;
mod compare_go;
mod day;
mod differences;
mod figures;
mod history;
mod image;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask TASK

certs           write certs/ca-certificates.crt, from the webpki-root-certs crate and
                certs/constraints.toml, and the date in the version of that package
certs --check   fail if the file is not what would be written
certs --audit CERTDATA
                compare the file with Mozilla's certdata.txt; fail at a difference that
                certs/audit.toml does not explain
history DIR     write crates/cli/data/history.pem.gz, from the releases of certifi in DIR
history --check fail if that file or the reviewed files beside it contradict each other or certs/
image [BUNDLE]  build the static program of examples/contributors with the bundle mozilla or
                custom, and its image, with docker, podman or buildah
compare-go [DIR]
                compare that program with the one in Go in DIR, or with examples/contributors/go,
                and then fail where a figure is far from what the README there claims
figures         measure what the crate costs, compared with others, and write docs/figures.md, its
                charts and the table in README.md; Linux only
figures --check measure, and fail where a figure is far from its target";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["certs"] => certs::write(),
        ["certs", "--check"] => certs::check(),
        ["certs", "--audit", certdata] => audit::audit(certdata),
        ["history", "--check"] => history::check(),
        ["history", folder] => history::write(folder),
        ["image"] => image::build("mozilla"),
        ["image", bundle @ ("mozilla" | "custom")] => image::build(bundle),
        ["compare-go"] => compare_go::compare(None),
        ["compare-go", source] => compare_go::compare(Some(source)),
        ["figures"] => figures::write(),
        ["figures", "--check"] => figures::check(),
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

/// The absolute path of a file in the workspace.
fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(relative)
}
