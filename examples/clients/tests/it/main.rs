//! The clients of docs/clients.md, each accepted under its server's CA and refused under another.
//!
//! Tests that need a server's program are `#[ignore]`d with its name; `.ci/run` installs and runs
//! them all.

mod authority;
mod databases;
mod directory;
mod http;
mod loopback;
mod mail;
mod messaging;
mod page;
mod pitfalls;
mod server;
