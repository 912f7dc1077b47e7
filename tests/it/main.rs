//! Tests of the whole crate: real handshakes, real builds, real processes.

// clippy.toml allows these in `#[test]` functions only; the helpers here need it too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(missing_docs, reason = "a test binary has no users")]

mod build_errors;
mod bundles;
mod certificates;
mod circles;
mod client_certificates;
mod crlite;
mod distrust;
mod distrusted_certificates;
mod echo;
#[cfg(unix)]
mod faults;
mod features;
mod generated;
mod handshakes;
mod harnesses;
mod include_bundle;
mod include_bundle_errors;
mod inspect;
mod intermediates;
mod izenpe;
mod layers;
mod live;
mod live_clients;
mod no_std;
mod onecrl;
mod oracle;
mod pinned;
#[cfg(unix)]
mod policies;
mod process_default;
mod promises;
mod public_key;
#[cfg(unix)]
mod real_servers;
mod refusals;
mod report;
mod reqwest_settings;
mod resumption;
mod revocation;
mod roots;
mod scratch;
mod selection;
mod server;
mod signatures;
mod static_program;
mod tokens;
mod unsuitable;
mod ureq_agent;
mod verdict;
mod work;
