//! Text in HTML, SVG and URIs.

use std::fmt::Write as _;

use embedded_roots_bundle::escape;

/// Any text as HTML: names are those of files and certificates that anybody may have made.
pub(crate) fn text(text: &str) -> String {
    let mut html = String::new();
    for char in escape(text).chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
    html
}

/// Any text in a URI (RFC 3986, section 2.1), with these characters as they are.
pub(crate) fn percent_encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || kept.as_bytes().contains(&byte)
        {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
