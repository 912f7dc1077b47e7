//! Rust code as tokens, for tests that read it.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Name(&'a str),
    /// `::`.
    Separator,
    /// The content of a string, as it is written.
    Literal(&'a str),
    /// Any other character of the code. Character literals and lifetimes are left out.
    Mark(char),
}

/// The tokens of Rust code, without comments.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        rest = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if rest.starts_with("/*") {
            after_comment(rest)
        } else if let Some(content) = rest.strip_prefix('"') {
            let (content, after) = string(content);
            tokens.push(Token::Literal(content));
            after
        } else if char == '\'' {
            after_quote(&rest[1..])
        } else if char.is_alphanumeric() || char == '_' {
            let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_');
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            if let Some((content, after)) = raw_string(name, after) {
                tokens.push(Token::Literal(content));
                after
            } else {
                tokens.push(Token::Name(name));
                after
            }
        } else if let Some(after) = rest.strip_prefix("::") {
            tokens.push(Token::Separator);
            after
        } else {
            if !char.is_whitespace() {
                tokens.push(Token::Mark(char));
            }
            &rest[char.len_utf8()..]
        };
    }
    tokens
}

/// What follows a block comment, which may have others inside.
fn after_comment(mut rest: &str) -> &str {
    let mut depth = 0;
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = after;
        } else {
            let mut chars = rest.chars();
            chars.next();
            rest = chars.as_str();
        }
        if depth == 0 || rest.is_empty() {
            return rest;
        }
    }
}

/// The content of a string that begins here, and what follows it.
fn string(rest: &str) -> (&str, &str) {
    let mut chars = rest.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => _ = chars.next(),
            '"' => return (&rest[..at], chars.as_str()),
            _ => {}
        }
    }
    (rest, "")
}

/// The content of a string such as `r#"..."#`, and what follows it, if this name is its prefix.
fn raw_string<'a>(name: &str, after: &'a str) -> Option<(&'a str, &'a str)> {
    let is_prefix = matches!(name, "r" | "br" | "cr");
    let begin = after.trim_start_matches('#');
    let content = begin.strip_prefix('"').filter(|_| is_prefix)?;
    let end = format!("\"{}", "#".repeat(after.len() - begin.len()));
    Some(content.split_once(&end).unwrap_or((content, "")))
}

/// What follows a character, or the quotation mark of a lifetime.
fn after_quote(rest: &str) -> &str {
    if let Some(escaped) = rest.strip_prefix('\\') {
        let mut chars = escaped.chars();
        chars.next();
        return chars
            .as_str()
            .split_once('\'')
            .map_or("", |(_, after)| after);
    }
    let mut chars = rest.chars();
    chars.next();
    chars.as_str().strip_prefix('\'').unwrap_or(rest)
}

#[test]
fn comments_and_literals_are_not_code() {
    use Token::{Literal, Mark, Name, Separator};

    for (text, expected) in [
        ("a::b_1", &[Name("a"), Separator, Name("b_1")][..]),
        ("a // b\nc", &[Name("a"), Name("c")]),
        ("a /* b /* c */ d */ e", &[Name("a"), Name("e")]),
        ("/*/ a */ b", &[Name("b")]),
        ("\"a\\\"//\" b", &[Literal("a\\\"//"), Name("b")]),
        ("b\"a\" b", &[Name("b"), Literal("a"), Name("b")]),
        ("r\"a\\\" b", &[Literal("a\\"), Name("b")]),
        ("br##\"a\"# /*\"## b", &[Literal("a\"# /*"), Name("b")]),
        ("r#a", &[Name("r"), Mark('#'), Name("a")]),
        (
            "'\"' a '\\'' b '\\u{22}' c",
            &[Name("a"), Name("b"), Name("c")],
        ),
        ("&'a str", &[Mark('&'), Name("a"), Name("str")]),
        ("a.b", &[Name("a"), Mark('.'), Name("b")]),
    ] {
        assert_eq!(tokens(text), expected, "{text}");
    }
}
