//! Bytes and text that stand in other text: in base64, in UTF-16, or as numbers.

mod characters;
mod decoded;
mod digits;
mod numbers;
pub(crate) mod samples;
mod utf_16;

pub(crate) use characters::Marks;
pub(crate) use decoded::DecodedText;

/// In what bytes are written, as a needle shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// With so many digits of a group of four before the needle.
    Base64(usize),
    Utf16,
    /// Hexadecimal, without anything between.
    Digits,
    /// Hexadecimal, with something between.
    Pairs,
    /// Hexadecimal, with `0x` before each.
    Prefixed,
    Decimal,
    Literal,
}

/// From where, and how, a text is decoded.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) start: usize,
    /// The needle.
    origin: usize,
    marks: Marks,
    quote: Option<u8>,
    /// How many digits at the start belong to something else.
    skipped: usize,
    /// How many of the bytes that are decoded next have been searched.
    pub(crate) searched: usize,
}

impl Spelling {
    pub(crate) const COUNT: usize = 7;

    /// Different for different ones, and less than [`Self::COUNT`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Base64(_) => 0,
            Self::Utf16 => 1,
            Self::Digits => 2,
            Self::Pairs => 3,
            Self::Prefixed => 4,
            Self::Decimal => 5,
            Self::Literal => 6,
        }
    }

    /// The text around a needle, in what follows `floor`.
    pub(crate) fn run(self, data: &[u8], at: usize, floor: usize) -> Run {
        let floor = floor.max(at.saturating_sub(MOST_BEFORE));
        let near = floor.max(at.saturating_sub(MOST_NUMBERS_BEFORE));
        let mut run = Run {
            start: near,
            origin: at,
            marks: Marks::default(),
            quote: None,
            skipped: 0,
            searched: 0,
        };
        match self {
            Self::Base64(before) => {
                let marked = Marks::of_lines(data, at, floor, digits::is_digit);
                let starts = match marked {
                    Some((start, marks)) => {
                        run.marks = marks;
                        [start; 2]
                    }
                    None => digits::starts(data, at, floor),
                };
                for start in starts {
                    run.start = start;
                    if run.marks.is_empty() {
                        run.marks = marks_before(data, start, digits::is_digit);
                    }
                    let count = digits::count(data.get(start..at).unwrap_or_default(), &run.marks);
                    if let Some(count) = count {
                        run.skipped = (count + 4 - before) % 4;
                        break;
                    }
                }
            }
            Self::Utf16 => run.start = utf_16::start(data, at, floor),
            Self::Digits => {
                let is_digit = |byte: u8| byte.is_ascii_hexdigit();
                let marked = Marks::of_lines(data, at, floor, is_digit);
                if let Some((start, marks)) = marked {
                    (run.start, run.marks) = (start, marks);
                } else {
                    run.start = numbers::start_of_digits(data, at, floor);
                    run.marks = marks_before(data, run.start, is_digit);
                }
            }
            Self::Pairs => run.marks = Marks::before(data, numbers::first_of_line(data, at)),
            Self::Prefixed | Self::Decimal => {}
            Self::Literal => (run.marks, run.quote) = numbers::opening(data, at),
        }
        run
    }
}

impl Run {
    /// Goes on so much later, where so many bytes have been searched.
    pub(crate) fn advance(&mut self, count: usize, searched: usize) {
        self.start += count;
        self.skipped = 0;
        self.searched = searched;
    }

    /// So many bytes before it are no longer there.
    pub(crate) fn shift(&mut self, count: usize) {
        self.start = self.start.saturating_sub(count);
        self.origin = self.origin.saturating_sub(count);
    }

    /// Decodes a text that begins at the start. Where it is cut off, `mark` says from where to go on later.
    pub(crate) fn decode(&self, spelling: Spelling, text: &[u8], mark: usize) -> DecodedText {
        let origin = self.origin.saturating_sub(self.start);
        match spelling {
            Spelling::Base64(_) => {
                let capacity = text.len() / 4 * 3 + 3;
                let most = usize::MAX;
                digits::decode(text, &self.marks, self.skipped, mark, most, capacity)
            }
            Spelling::Utf16 => utf_16::decode(text, mark),
            Spelling::Digits => numbers::digits(text, &self.marks, mark),
            Spelling::Pairs => numbers::pairs(text, &self.marks, mark, origin),
            Spelling::Prefixed => numbers::prefixed(text, mark, origin),
            Spelling::Decimal => numbers::decimal(text, mark, origin),
            Spelling::Literal => numbers::literal(text, &self.marks, self.quote, mark, origin),
        }
    }
}

/// The marks before a text. There are none if it begins within a line, because more before it is not looked at.
fn marks_before(data: &[u8], start: usize, is_digit: fn(u8) -> bool) -> Marks {
    let before = start.checked_sub(1).and_then(|before| data.get(before));
    if before.is_some_and(|byte| is_digit(*byte)) {
        return Marks::default();
    }
    Marks::before(data, start)
}

/// A block of PEM, of which this follows the label.
pub(crate) fn block(text: &[u8], marks: &Marks, most: usize) -> DecodedText {
    digits::decode(text, marks, 0, usize::MAX, most, 2_048)
}

/// How much of a text is before a needle in it.
const MOST_BEFORE: usize = 4 * 1024;
/// The same where that is up to the key of a certificate of version 1, in numbers.
const MOST_NUMBERS_BEFORE: usize = 1024;
