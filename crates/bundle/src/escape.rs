//! Untrusted text in a message: a path, the value of a variable, a name in a certificate.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes text for a line of a log or a terminal.
///
/// Control characters, line breaks, invisible characters, combining marks and right-to-left text are
/// escaped as in a Rust literal (`\n`, `\u{202e}`), so that the text stays on its line and the line keeps
/// its order. Quotation marks and backslashes are not escaped, so that Windows paths stay readable.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            _ if is_visible(char) => escaped.push(char),
            '\n' | '\r' | '\t' => escaped.extend(char.escape_debug()),
            // Writing to a String does not fail.
            _ => drop(write!(escaped, "{}", char.escape_unicode())),
        }
    }
    escaped
}

/// How many characters of a text are shown in a message, unless that says otherwise.
pub(crate) const MOST_SHOWN: usize = 80;

/// The first `most` characters of a text, with `...` if it is longer: untrusted text must not fill a message, and
/// a secret in the wrong place must not be shown whole.
#[must_use]
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Like [`shorten`], with the `...` in the middle and within `most`: the end of a path tells more than its middle.
pub(crate) fn shorten_middle(text: &str, most: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    let shown = most.saturating_sub(3);
    let (head, tail) = (shown / 2, shown - shown / 2);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    Cow::Owned(format!("{start}...{end}"))
}

/// Whether a character can be seen and leaves its neighbours alone.
pub(crate) fn is_visible(char: char) -> bool {
    match char {
        ' '..='~' => true,
        _ if is_right_to_left(char) || is_blank(char) => false,
        // std's tables: no control, format character, separator, combining mark or unassigned one.
        _ => char.escape_debug().len() == 1,
    }
}

/// The blocks whose characters, assigned or not, are right-to-left unless Unicode says otherwise
/// (`DerivedBidiClass.txt`, Unicode 16).
fn is_right_to_left(char: char) -> bool {
    matches!(
        char,
        '\u{0590}'..='\u{08ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

/// Letters and symbols by their category that nothing is drawn for.
fn is_blank(char: char) -> bool {
    matches!(
        char,
        // Hangul fillers
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            // Braille without dots, a musical note without a head, blank hieroglyphs
            | '\u{2800}' | '\u{1d159}' | '\u{13441}' | '\u{13442}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_stays_on_its_line_in_order() {
        for (text, shown) in [
            ("/etc/ssl/certs/Zürich 1.pem", "/etc/ssl/certs/Zürich 1.pem"),
            (r#"C:\roots\"a".pem"#, r#"C:\roots\"a".pem"#),
            ("a\nb\r\tc", r"a\nb\r\tc"),
            ("\u{1b}[2Ja\u{7f}\u{85}", r"\u{1b}[2Ja\u{7f}\u{85}"),
            ("\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}"),
            (
                "\u{200b}\u{feff}\u{ad}\u{2028}",
                r"\u{200b}\u{feff}\u{ad}\u{2028}",
            ),
            (
                "\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}",
                r"\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}",
            ),
            ("\u{5d0}\u{627}\u{1e900}", r"\u{5d0}\u{627}\u{1e900}"),
            ("e\u{301}", r"e\u{301}"),
            ("日本", "日本"),
        ] {
            assert_eq!(escape(text), shown, "{text:?}");
        }
    }
    #[test]
    fn text_is_shortened_between_characters() {
        assert_eq!(shorten("Zürich", 6), "Zürich");
        assert_eq!(shorten("Zürich", 2), "Zü...");
        assert_eq!(shorten("", 0), "");
        assert_eq!(shorten_middle("Zürich", 6), "Zürich");
        assert_eq!(shorten_middle("Züricher See", 10), "Zür... See");
    }
}
