//! Reads back the Rust source of [`embedded_roots_bundle::emit`].
//!
//! A compiler takes far too long for a fuzzer. This is as much of one as that source needs, written
//! from the Rust Reference (Byte string literals, Integer literals) and not from the writer.

/// What may stand in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `b"..."`, read.
    Bytes(Vec<u8>),
    /// `1_000`, read.
    Number(u64),
    /// `Some`, `static`, `'static`.
    Word(String),
    /// Anything else.
    Sign(char),
}

/// The tokens of a source text, without its line comments; `None` where it is not Rust.
#[must_use]
pub fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            // A bare CR is an error to the compiler, except at the end of a line; so is a character
            // that turns the direction of text (the lint text_direction_codepoint_in_comment).
            let (text, after) = comment.split_once('\n').unwrap_or((comment, ""));
            if text.contains('\r') || text.contains(is_directional) {
                return None;
            }
            rest = after;
        } else if let Some(literal) = rest.strip_prefix("b\"") {
            let (bytes, after) = byte_string(literal)?;
            tokens.push(Token::Bytes(bytes));
            rest = after;
        } else if first.is_ascii_digit() {
            let (digits, after) = split(rest, |char| char.is_ascii_alphanumeric() || char == '_');
            tokens.push(Token::Number(digits.replace('_', "").parse().ok()?));
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '\'' {
            let (word, after) = split(rest, |char| {
                char.is_ascii_alphanumeric() || "_':".contains(char)
            });
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            let (_, after) = rest.split_at(first.len_utf8());
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            rest = after;
        }
    }
    Some(tokens)
}

fn split(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|char| !is_part(char)).unwrap_or(text.len()))
}

fn is_directional(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What is before the closing quote, and what is after it.
fn byte_string(literal: &str) -> Option<(Vec<u8>, &str)> {
    let mut bytes = Vec::new();
    let mut chars = literal.chars();
    loop {
        bytes.push(match chars.next()? {
            '"' => return Some((bytes, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                '0' => 0,
                quoted @ ('\\' | '\'' | '"') => u8::try_from(quoted).ok()?,
                'x' => {
                    let digits = chars.as_str().get(..2)?;
                    chars.nth(1);
                    u8::from_str_radix(digits, 16).ok()?
                }
                // A line that goes on in the next one: the writer has none.
                _ => return None,
            },
            plain => u8::try_from(plain)
                .ok()
                .filter(|byte| byte.is_ascii() && *byte != b'\r')?,
        });
    }
}
