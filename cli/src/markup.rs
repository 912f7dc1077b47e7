//! Text in HTML and SVG.

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
