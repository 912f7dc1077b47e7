//! PEM whose line breaks or characters were lost on the way.

use embedded_roots_bundle::{CERTIFICATE_LABELS, FileForm};

/// The form of a file, if it is not the PEM that a build takes.
pub(super) fn form(content: &[u8]) -> Option<FileForm> {
    let begins = CERTIFICATE_LABELS.map(|label| format!("-----BEGIN {label}-----"));
    let is_begin = |line: &[u8]| {
        begins
            .iter()
            .any(|begin| line.starts_with(begin.as_bytes()))
    };
    let form = if lines(content).any(is_begin) {
        None
    } else {
        FileForm::from_content(content)
    };
    let mut in_text = lines(content).filter(|line| !is_comment(line));
    form.or_else(|| in_text.find_map(FileForm::from_line))
}

/// The text of UTF-16 in either order, with a byte order mark or without.
pub(super) fn from_utf16(content: &[u8]) -> Result<String, String> {
    let is_big_endian = matches!(content, [0xfe, 0xff, ..] | [0, ..]);
    let unit = |pair: &[u8]| {
        let pair = pair.try_into().unwrap_or_default();
        if is_big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    };
    let units = content.chunks_exact(2).map(unit);
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| "it looks like UTF-16, but is not".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// The text with each boundary on a line of its own, as in PEM. Comments are left as they are, so that the reader of PEM
/// refuses a certificate that is commented out.
pub(super) fn with_line_breaks(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let mut whole = String::with_capacity(text.len());
    for line in text.lines() {
        if is_comment(line.as_bytes()) {
            whole.push_str(line);
            whole.push('\n');
            continue;
        }
        let mut rest = line;
        while let Some((before, boundary, after)) = next_boundary(rest) {
            // Where a comment ended, the line breaks said.
            if before.trim_end().ends_with('#') {
                break;
            }
            for part in [before, boundary] {
                whole.push_str(part.trim_matches(|char| char == ' ' || char == '\u{feff}'));
                whole.push('\n');
            }
            rest = after;
        }
        whole.push_str(rest.trim());
        whole.push('\n');
    }
    whole.into_bytes()
}

/// What stands before the first boundary, the boundary, and what follows it.
fn next_boundary(text: &str) -> Option<(&str, &str, &str)> {
    const HYPHENS: &str = "-----";

    let starts = ["-----BEGIN ", "-----END "];
    let place = starts.iter().filter_map(|start| text.find(start)).min()?;
    let (before, rest) = text.split_at_checked(place)?;
    let label = rest.get(HYPHENS.len()..)?;
    let length = label.find(HYPHENS)? + 2 * HYPHENS.len();
    let (boundary, after) = rest.split_at_checked(length)?;
    Some((before, boundary, after))
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| b"\r\n".contains(byte))
}

fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"#")
}
