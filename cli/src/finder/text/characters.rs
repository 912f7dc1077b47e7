//! What stands between the characters of text that is quoted: escapes, joints of string literals, and marks of comments.

use memchr::{memchr, memchr2, memrchr, memrchr3};

/// What is at a place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing of the text, up to here.
    Gap(usize),
    /// A character that is written in another way, up to here.
    Character(u8, usize),
    /// The text ends.
    End,
}

/// What is at this place, where no character of the text itself is.
///
/// Escapes are those of string literals (also escaped once more), of XML, of URLs and of quoted-printable. String
/// literals may be joined by nothing, by commas, or by `+`, `.` or `&`.
pub(super) fn step(text: &[u8], at: usize, marks: &Marks) -> Step {
    let rest = text.get(at..).unwrap_or_default();
    let step = match rest {
        [b'\\', after @ ..] => Some(escape(after, at + 1)),
        [b'`', b'n' | b'r', ..] => Some(Step::Character(b'\n', at + 2)),
        [b'%', after @ ..] => percent(after, at + 1),
        [b'&', after @ ..] => reference(after, at + 1),
        [b'=', b'\n', ..] => Some(Step::Gap(at + 2)),
        [b'=', b'\r', b'\n', ..] => Some(Step::Gap(at + 3)),
        [b'=', high, low, ..] => octet(*high, *low)
            .filter(|octet| b"\n\r\t +/=".contains(octet))
            .map(|octet| Step::Character(octet, at + 3)),
        [b'<', b'b' | b'B', b'r' | b'R', after @ ..] => {
            let end = after.iter().take(4).position(|byte| *byte == b'>');
            end.map(|end| Step::Gap(at + 4 + end))
        }
        [quote @ (b'"' | b'\''), after @ ..] => {
            joint(after, *quote).map(|gap| Step::Gap(at + 1 + gap))
        }
        _ => None,
    };
    step.or_else(|| marks.after_rest_of_line(text, at).map(Step::Gap))
        .unwrap_or(Step::End)
}

/// What follows the first backslash.
fn escape(text: &[u8], at: usize) -> Step {
    let more = text.iter().take_while(|byte| **byte == b'\\').count();
    let at = at + more;
    match text.get(more..).unwrap_or_default() {
        [b'n' | b'r', ..] => Step::Character(b'\n', at + 1),
        [b't', ..] => Step::Gap(at + 1),
        [b'u', b'0', b'0', high, low, ..] => {
            octet(*high, *low).map_or(Step::Gap(at), |octet| Step::Character(octet, at + 5))
        }
        [b'u', b'{', digit, b'}', ..] if digit.is_ascii_hexdigit() => Step::Gap(at + 4),
        [b'u', b'{', high, low, b'}', ..] | [b'x', high, low, ..] => {
            let length = if text.get(more) == Some(&b'u') { 5 } else { 3 };
            octet(*high, *low).map_or(Step::Gap(at), |octet| Step::Character(octet, at + length))
        }
        _ => Step::Gap(at),
    }
}

/// What follows `%` (RFC 3986, section 2.1), also encoded again.
fn percent(mut text: &[u8], mut at: usize) -> Option<Step> {
    while let Some(after) = text.strip_prefix(b"25") {
        text = after;
        at += 2;
    }
    let [high, low, ..] = text else {
        return None;
    };
    octet(*high, *low).map(|octet| Step::Character(octet, at + 2))
}

/// What follows `&` (XML, section 4.1, and names of HTML), also escaped again.
fn reference(mut text: &[u8], mut at: usize) -> Option<Step> {
    while let Some(after) = text.strip_prefix(b"amp;") {
        text = after;
        at += 4;
    }
    let end = memchr(b';', text.get(..LONGEST_REFERENCE).unwrap_or(text))?;
    let name = text.get(..end)?;
    let number = |digits: &[u8], radix| {
        let digits = std::str::from_utf8(digits).ok()?;
        u32::from_str_radix(digits, radix).ok()
    };
    let character = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        b"plus" => b'+'.into(),
        b"sol" => b'/'.into(),
        b"equals" => b'='.into(),
        b"NewLine" => b'\n'.into(),
        b"Tab" | b"nbsp" => b' '.into(),
        _ => return None,
    };
    let after = at + end + 1;
    let character = u8::try_from(character).ok().filter(u8::is_ascii);
    Some(character.map_or(Step::Gap(after), |character| {
        Step::Character(character, after)
    }))
}

/// How many bytes there are up to the beginning of the next string literal.
pub(super) fn joint(text: &[u8], quote: u8) -> Option<usize> {
    let gap = memchr(quote, text.get(..LONGEST_JOINT).unwrap_or(text))?;
    let between = text.get(..gap)?;
    let joins = |byte: &u8| byte.is_ascii_whitespace() || b"+,.&\\_".contains(byte);
    between.iter().all(joins).then_some(gap + 1)
}

/// The octet of two hexadecimal digits.
pub(super) fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// With what each line begins and ends: the marks of a comment or of a quotation, or a command such as `echo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// What is before the text in the first line, without white space around it.
    line: Vec<u8>,
    /// Its last word, if that is no word of letters.
    last: Vec<u8>,
    is_spaced: bool,
}

impl Marks {
    /// What is before this place in its line.
    pub(crate) fn before(data: &[u8], at: usize) -> Self {
        let before = data
            .get(at.saturating_sub(LONGEST_MARKS)..at)
            .unwrap_or_default();
        // A text of a program begins behind a NUL.
        let start = match memrchr3(b'\n', b'\r', 0, before) {
            Some(end) => end + 1,
            None if at <= LONGEST_MARKS => 0,
            None => return Self::default(),
        };
        let before = before.get(start..).unwrap_or_default();
        let line = before.trim_ascii();
        if line.is_empty() {
            return Self::default();
        }
        let last = line
            .rsplit(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        // It may be the beginning of a string literal with lines of its own.
        let last = last
            .iter()
            .position(|byte| !b"\"'`".contains(byte))
            .and_then(|start| last.get(start..));
        let is_mark = |last: &&[u8]| !last.iter().any(u8::is_ascii_alphanumeric);
        Self {
            line: line.to_vec(),
            last: last.filter(is_mark).unwrap_or_default().to_vec(),
            is_spaced: before.last().is_some_and(u8::is_ascii_whitespace),
        }
    }

    /// The marks before the word that is at this place, if a line beside its line has them, too, and where the first word is
    /// behind them.
    pub(super) fn of_lines(
        data: &[u8],
        at: usize,
        floor: usize,
        is_digit: fn(u8) -> bool,
    ) -> Option<(usize, Self)> {
        let line = data.get(at.saturating_sub(LONGEST_WORD).max(floor)..at)?;
        let digits = line
            .iter()
            .rev()
            .take_while(|byte| is_digit(**byte))
            .count();
        let mut start = at - digits;
        // The needle is behind the marks if these have no white space at their end.
        let marks = Self::before(data, start);
        if marks.is_empty() {
            let marks = (start == 0).then(|| Self::of_second_line(data, at))??;
            return Some((start, marks));
        }
        let after = data.get(at..)?;
        let after = after.get(..LONGEST_WORD).unwrap_or(after);
        let after = memchr(b'\n', after).and_then(|end| marks.end(data, at + end + 1));
        if after.is_none() && marks.line_before(data, start, floor).is_none() {
            return None;
        }
        while let Some((word, end)) = marks.line_before(data, start, floor) {
            let text = data.get(word..end).unwrap_or_default().trim_ascii();
            if text.is_empty() || !text.iter().all(|byte| is_digit(*byte)) {
                break;
            }
            start = word;
        }
        Some((start, marks))
    }

    /// The marks of the next line, if the one after it has them, too: a part of a text may begin within its first line.
    fn of_second_line(data: &[u8], at: usize) -> Option<Self> {
        let end_of_line = |at: usize| {
            let rest = data.get(at..)?;
            let end = memchr(b'\n', rest.get(..LONGEST_WORD).unwrap_or(rest))?;
            Some(at + end)
        };
        let line = end_of_line(at)? + 1;
        let end = end_of_line(line)?;
        let space = memrchr(b' ', data.get(line..end)?)?;
        let marks = Self::before(data, line + space + 1);
        marks.end(data, end + 1)?;
        Some(marks)
    }

    /// The text behind the marks of the line before the one of `at`, if that has some.
    fn line_before(&self, data: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
        let near = floor.max(at.saturating_sub(LONGEST_WORD));
        let before = data.get(near..at)?;
        let end = memrchr(b'\n', before)?;
        let line = match memrchr(b'\n', before.get(..end)?) {
            Some(begin) => near + begin + 1,
            None if near == 0 => 0,
            None => return None,
        };
        Some((self.end(data, line)?, near + end))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// What follows the marks of the line that begins here; here, if it has none.
    pub(super) fn skip(&self, text: &[u8], line: usize) -> usize {
        if self.is_empty() {
            return line;
        }
        self.end(text, line).unwrap_or(line)
    }

    /// What follows white space: behind the end of a line, also the marks of the next one.
    pub(super) fn after_space(&self, text: &[u8], at: usize) -> usize {
        match text.get(at) {
            Some(b'\n' | b'\r') => self.skip(text, at + 1),
            _ => at + 1,
        }
    }

    fn end(&self, text: &[u8], line: usize) -> Option<usize> {
        let rest = text.get(line..)?;
        let indent = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let rest = rest.get(indent..)?;
        [&self.line, &self.last].into_iter().find_map(|mark| {
            let after = rest
                .strip_prefix(mark.as_slice())
                .filter(|_| !mark.is_empty())?;
            // A mark may be made of digits, as REM and // are of those of base64.
            let is_apart = after.first().is_none_or(u8::is_ascii_whitespace);
            (is_apart || !self.is_spaced).then_some(line + indent + mark.len())
        })
    }

    /// What follows the marks of the next line, if that has the same ones: the rest of this one is a mark, too.
    fn after_rest_of_line(&self, text: &[u8], at: usize) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let rest = text.get(at..)?;
        let end = memchr2(b'\n', 0, rest.get(..LONGEST_MARKS).unwrap_or(rest))?;
        // The end of the block, and of what is in lines.
        if rest.first() == Some(&b'-') {
            return None;
        }
        self.end(text, at + end + 1)
    }
}

/// The most text between two parts of a string literal.
const LONGEST_JOINT: usize = 256;
const LONGEST_MARKS: usize = 80;
const LONGEST_REFERENCE: usize = 12;
/// The longest word of a line with marks.
const LONGEST_WORD: usize = 512;
