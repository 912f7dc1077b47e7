//! Numbers of things, in words.

use std::fmt::Display;

/// `1 root`, `2 roots`.
#[must_use]
pub fn counted<N: Copy + Display + From<u8> + PartialEq>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_plural() {
        let counts = [0_usize, 1, 2].map(|count| counted(count, "root"));
        assert_eq!(counts, ["0 roots", "1 root", "2 roots"]);
    }
}
