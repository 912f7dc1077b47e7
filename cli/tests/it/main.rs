//! The program, as people and programs run it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod archive;
mod cache;
mod check;
mod command;
mod compromised;
mod diff;
mod elsewhere;
mod input;
mod list;
mod page;
mod picture;
mod readme;
mod scan;
