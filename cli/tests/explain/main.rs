//! `explain`, against servers that are right and wrong in every way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows these in test functions; helpers beside them need it here"
)]

mod authority;
mod chains;
mod hostile;
mod program;
mod readme;
mod real_servers;
mod server;
mod starttls;
