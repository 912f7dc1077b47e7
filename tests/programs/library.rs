//! A library of the edition 2015 that calls embedded-roots `trust`, and that has names and macros of
//! its own which the macro must not pick up.

#![forbid(unsafe_code)]
#![deny(warnings)]
extern crate trust;

use names::*;

#[allow(dead_code, unused_macros)]
mod names {
    pub enum Mine {
        None,
        Some,
    }
    pub use self::Mine::*;
    pub struct Option;
    pub struct Anchor;
    pub struct BundleName;
    pub struct Bundle;
}

#[allow(unused_macros)]
macro_rules! include_bytes {
    () => {};
}
#[allow(unused_macros)]
macro_rules! concat {
    () => {};
}
#[allow(unused_macros)]
macro_rules! env {
    () => {};
}

macro_rules! included {
    ($path:expr, $name:expr) => {
        trust::include_bundle!($path, only = [$name])
    };
}

pub const OTHER: &'static trust::Bundle = &trust::include_bundle!("corp.pem");
pub static SHARED: trust::Bundle = included!("../corp.pem", "One");

pub fn names() -> (Mine, Mine, Option, Anchor, BundleName, Bundle) {
    (None, Some, Option, Anchor, BundleName, Bundle)
}
