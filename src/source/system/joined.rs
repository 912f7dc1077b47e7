//! Files of a store that were joined without a line break, or with their byte order marks.

/// A text in which every boundary line is a line of its own.
pub(super) struct SeparatedLines {
    pub(super) text: Vec<u8>,
    /// The numbers of the lines that begin with a break that was added.
    added: Vec<usize>,
}

impl SeparatedLines {
    /// Begins a line after each boundary line that goes on and before an END that follows base64, and removes byte order
    /// marks at the start of lines. Comments stay as they are: a BEGIN in one of them is there on purpose.
    pub(super) fn new(joined: &[u8]) -> Self {
        let mut separated = Self {
            text: Vec::with_capacity(joined.len() + 16),
            added: Vec::new(),
        };
        let mut number = 1;
        let mut after_return = false;
        for line in joined.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let mut rest = without_marks(line);
            while let Some((first, after)) = split(rest) {
                separated.text.extend(first);
                separated.text.push(b'\n');
                number += 1;
                separated.added.push(number);
                rest = without_marks(after.trim_ascii_start());
            }
            separated.text.extend(rest);
            // The second half of a CRLF ends no other line.
            if !(after_return && line == b"\n") {
                number += 1;
            }
            after_return = line.ends_with(b"\r");
        }
        separated
    }

    /// The number that this line had before.
    pub(super) fn line(&self, number: usize) -> usize {
        let added = self.added.partition_point(|added| *added <= number);
        number - added
    }
}

/// The boundary line or the base64 with which this line begins, and what stands after it.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let label = line
        .strip_prefix(b"-----BEGIN ")
        .or_else(|| line.strip_prefix(END));
    let at = match label {
        Some(label) => line.len() - label.len() + place_of(DASHES, label)? + DASHES.len(),
        None => place_of(END, line)?,
    };
    let (first, after) = line.split_at_checked(at)?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/= \t".contains(byte);
    let is_split = if label.is_some() {
        // Not `trim_ascii`, which would look at all blanks of a long line again and again.
        after.iter().any(|byte| !byte.is_ascii_whitespace())
    } else {
        first.iter().all(is_base64)
    };
    is_split.then_some((first, after))
}

fn place_of(part: &[u8], bytes: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|other| other == part)
}

fn without_marks(line: &[u8]) -> &[u8] {
    let mut rest = line;
    while let Some(after) = rest.strip_prefix("\u{feff}".as_bytes()) {
        rest = after;
    }
    rest
}

const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn boundary_lines_and_marks_are_separated_and_other_lines_stay() {
        for (joined, separated, added) in [
            ("", "", &[][..]),
            ("a\r\nb\rc\n\n", "a\r\nb\rc\n\n", &[]),
            ("-----END A-----  \r\nb", "-----END A-----  \r\nb", &[]),
            ("-----END A-----\u{feff}\n", "-----END A-----\n\n", &[2]),
            (
                "\u{feff}\u{feff}-----BEGIN A-----\n\u{feff}# b\n",
                "-----BEGIN A-----\n# b\n",
                &[],
            ),
            (
                "a\r\nb\r-----END A----------BEGIN B-----\r\nc\n-----END B-----\u{feff}-----BEGIN C-----\nd",
                "a\r\nb\r-----END A-----\n-----BEGIN B-----\r\nc\n-----END B-----\n-----BEGIN C-----\nd",
                &[4, 7],
            ),
            (
                "# -----END A----------BEGIN B-----\n#-----BEGIN B-----",
                "# -----END A----------BEGIN B-----\n#-----BEGIN B-----",
                &[],
            ),
            (
                "-----END A----\n-----END ",
                "-----END A----\n-----END ",
                &[],
            ),
            (
                "-----END A-----# embedded-roots: a",
                "-----END A-----\n# embedded-roots: a",
                &[2],
            ),
        ] {
            let lines = SeparatedLines::new(joined.as_bytes());
            let text = String::from_utf8(lines.text.clone()).unwrap();
            assert_eq!(text, separated);
            assert_eq!(lines.added, added, "{joined:?}");
        }
    }

    /// Quadratic work takes minutes here.
    #[test]
    fn long_line_is_split_in_linear_time() {
        let joined = "-----END A-----".repeat(200_000) + &" ".repeat(4 << 20);
        let start = Instant::now();
        let lines = SeparatedLines::new(joined.as_bytes());
        assert_eq!(lines.added.len(), 199_999);
        let time = start.elapsed();
        assert!(time < Duration::from_secs(10), "{time:?}");
    }

    #[test]
    fn lines_have_the_numbers_that_they_had() {
        let lines =
            SeparatedLines::new(b"-----END A----------BEGIN B-----\nc\n-----END B-----d\ne\n");
        let numbers: Vec<_> = (1..=6).map(|number| lines.line(number)).collect();
        assert_eq!(numbers, [1, 1, 2, 3, 3, 4]);
    }
}
