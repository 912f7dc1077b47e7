//! What a registry wants to see before it answers: `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::HashMap;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// In small letters.
    pub(super) scheme: String,
    parameters: HashMap<String, String>,
}

impl Challenge {
    /// The challenges of a header, as far as they can be read.
    pub(super) fn parse_all(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let (word, after) = token(rest);
            if word.is_empty() {
                return challenges;
            }
            rest = after;
            let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=');
            let (Some(value), Some(challenge)) = (value, challenges.last_mut()) else {
                challenges.push(Self {
                    scheme: word.to_ascii_lowercase(),
                    parameters: HashMap::new(),
                });
                continue;
            };
            let value = value.trim_start_matches([' ', '\t']);
            let Some((value, after)) = quoted(value).or_else(|| {
                let (word, after) = token(value);
                Some((word.to_owned(), after)).filter(|_| !word.is_empty())
            }) else {
                return challenges;
            };
            let name = word.to_ascii_lowercase();
            challenge.parameters.entry(name).or_insert(value);
            rest = after;
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// A token at the beginning, which may be empty, and what follows.
fn token(text: &str) -> (&str, &str) {
    let is_token =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    let end = text.find(|letter| !is_token(letter)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.strip_prefix('"')?.chars();
    loop {
        match letters.next()? {
            '"' => return Some((value, letters.as_str())),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let header =
            r#"Bearer realm="https://auth.example/token?a=b,c",service="a \"b\"", scope=x"#;
        for (before, after) in [("", ""), ("Basic realm=\"x\", ", ""), (" , ", ", Basic")] {
            let all = Challenge::parse_all(&format!("{before}{header}{after}"));
            let mut bearer = all.iter().filter(|one| one.scheme == "bearer");
            let bearer = bearer.next().unwrap();
            let realm = Some("https://auth.example/token?a=b,c");
            assert_eq!(bearer.parameter("realm"), realm);
            assert_eq!(bearer.parameter("service"), Some("a \"b\""));
            assert_eq!(bearer.parameter("scope"), Some("x"));
            assert_eq!(bearer.parameter("error"), None);
        }
        let all = Challenge::parse_all("basic, Bearer REALM = a");
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].scheme, "basic");
        assert_eq!(all[1].parameter("realm"), Some("a"));
    }

    #[test]
    fn damaged_challenges_end() {
        let header = r#"Bearer realm="https://a.example/\"",service=b"#;
        for end in 0..header.len() {
            Challenge::parse_all(&header[..end]);
            for byte in ["\"", "=", ",", " ", "\\", "é", "\0"] {
                Challenge::parse_all(&format!("{}{byte}{}", &header[..end], &header[end + 1..]));
            }
        }
        assert!(Challenge::parse_all("").is_empty());
        assert!(Challenge::parse_all("\"x\"").is_empty());
    }
}
