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
mod ci;
mod command;
mod compromised;
mod cyclonedx;
mod diff;
mod elsewhere;
mod forecast;
mod html;
mod input;
mod list;
mod page;
mod picture;
mod policy;
mod readme;
mod scan;
