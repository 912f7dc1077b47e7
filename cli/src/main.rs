//! The program `embedded-roots`; see README.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    embedded_roots_cli::main()
}
