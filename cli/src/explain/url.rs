//! The server in a URL, as people copy it from a browser.

use embedded_roots_bundle::{escape, shorten};

use crate::outcome::Result;

/// `HOST` or `HOST:PORT` of an https URL; any other text as it is. The rest of the URL, which may have a secret, is
/// never shown.
pub(super) fn server_of(argument: &str) -> Result<&str> {
    let Some((scheme, rest)) = argument.split_once("://") else {
        return Ok(argument);
    };
    if !scheme.eq_ignore_ascii_case("https") {
        let scheme = escape(&shorten(scheme, 20));
        return Err(format!(
            "\"{scheme}\" URLs are not supported: give an https URL or HOST:PORT, with `--starttls` if the \
             protocol begins in the clear"
        )
        .into());
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (server, _) = rest.split_at(end);
    if server.contains('@') {
        return Err("the URL has a user name: give the host without it".into());
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_of_a_url_is_its_host_and_port() {
        for (argument, server) in [
            ("a.example", "a.example"),
            ("a.example:8443", "a.example:8443"),
            ("a.example/path", "a.example/path"),
            ("https://a.example", "a.example"),
            ("https://a.example/", "a.example"),
            ("HTTPS://a.example:8443/path/?a=b#c", "a.example:8443"),
            ("https://a.example?a=b://c", "a.example"),
            ("https://a.example#c", "a.example"),
            ("https://[::1]:8443/", "[::1]:8443"),
            ("https://", ""),
        ] {
            assert_eq!(server_of(argument).unwrap(), server);
        }
        for argument in [
            "http://a.example/",
            "postgres://user:secret@a.example/",
            "https://user:secret@a.example/",
            "https://a.example@b.example/",
        ] {
            let why = server_of(argument).unwrap_err().to_string();
            assert!(!why.contains("secret") && !why.contains("example"), "{why}");
        }
    }
}
