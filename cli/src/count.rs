//! Numbers of things, in words.

use std::fmt::Display;

/// `1 root`, `2 roots`.
pub(crate) fn counted<N: Copy + Display + From<u8> + PartialEq>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}
