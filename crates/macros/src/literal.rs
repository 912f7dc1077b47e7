//! The value of a string literal, for which `proc_macro` has no function in stable Rust.

use std::str::Chars;

/// The value of a literal `"..."` or `r#"..."#`, as it stands in the source; `None` for one of
/// another kind or with a suffix.
pub(crate) fn string(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let text = raw.trim_start_matches('#');
        let hashes = raw.get(..raw.len() - text.len())?;
        let text = text.strip_prefix('"')?.strip_suffix(hashes)?;
        return Some(text.strip_suffix('"')?.to_owned());
    }
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let rest = chars.as_str();
        if char != '\\' {
            value.push(char);
        } else if rest.starts_with('\n') {
            // A backslash at the end of a line takes the blanks before the next word away.
            chars = rest.trim_start_matches(['\n', '\r', '\t', ' ']).chars();
        } else {
            value.push(escaped(&mut chars)?);
        }
    }
    Some(value)
}

/// The character for what follows a backslash.
fn escaped(chars: &mut Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        char @ ('\\' | '\'' | '"') => char,
        'x' => {
            let (digits, rest) = chars.as_str().split_at_checked(2)?;
            *chars = rest.chars();
            char::from(u8::from_str_radix(digits, 16).ok()?)
        }
        'u' => {
            let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
            *chars = rest.chars();
            char::from_u32(u32::from_str_radix(&digits.replace('_', ""), 16).ok()?)?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// rustc's own value of each literal is the oracle.
    #[test]
    fn string_literals_have_the_value_of_rustc() {
        macro_rules! check {
            ($($literal:literal)*) => {
                $(assert_eq!(string(stringify!($literal)).as_deref(), Some($literal));)*
            };
        }
        check! {
            "" "certs/corp.pem" "\n\r\t\0\\\'\"" "\x41\u{e9}\u{1_f600}é" "'" "a\
              b \
            "
            r"" r"O=Foo\, Inc." r#"a"b"# r##"a"#b"##
        }
    }

    #[test]
    fn other_literals_are_not_strings() {
        for literal in [
            "1",
            "'a'",
            "b\"a\"",
            "br\"a\"",
            "c\"a\"",
            "\"a\"suffix",
            "r\"a\"suffix",
            "r",
            "\"",
            "r#\"",
            "\"\\",
            "\"\\q\"",
            "\"\\x4",
            "\"\\u{}\"",
            "\"\\u{110000}\"",
            "\"\\xé\"",
        ] {
            assert_eq!(string(literal), None, "{literal}");
        }
    }
}
