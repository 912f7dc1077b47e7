//! Which shapes the text of a PEM file has.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::FileForm;
use embedded_roots_bundle::der::Element;

/// The shapes of a file, by their ids in the data, each with the line where it is seen first.
pub(crate) fn shapes(form: Option<FileForm>, pem: &[u8]) -> Vec<(&'static str, usize)> {
    match form {
        // This is not its own text.
        Some(FileForm::Certificate) => vec![("der", 1)],
        Some(FileForm::Pkcs7Pem) => vec![("pkcs7", 1)],
        Some(FileForm::Utf16) => vec![("utf-16", 1)],
        Some(FileForm::JoinedFiles) => vec![("joined", 1)],
        Some(_) => Vec::new(),
        None => {
            let mut seen = FileView::default();
            seen.whole(pem);
            seen.lines(pem);
            seen.shapes
        }
    }
}

#[derive(Default)]
struct FileView {
    shapes: Vec<(&'static str, usize)>,
}

/// Where a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// The line after an END.
    AfterEnd,
    Block,
}

impl FileView {
    fn add(&mut self, shape: &'static str, line: usize) {
        if !self.shapes.iter().any(|(seen, _)| *seen == shape) {
            self.shapes.push((shape, line));
        }
    }

    fn whole(&mut self, pem: &[u8]) {
        let last = memchr::memchr_iter(b'\n', pem).count() + 1;
        let has = |part: &[u8]| memchr::memmem::find(pem, part).is_some();
        if let Some(rest) = pem.strip_prefix(BYTE_ORDER_MARK) {
            if rest.starts_with(BEGIN) {
                self.add("byte-order-mark", 1);
            } else {
                self.add("byte-order-mark-comment", 1);
            }
        }
        if has(b"\r\r\n") {
            self.add("cr-cr-lf", 1);
        } else if has(b"\r\n") {
            self.add("crlf", 1);
        } else if has(b"\r") && !has(b"\n") {
            self.add("cr", 1);
        }
        if !matches!(pem.last(), None | Some(b'\n' | b'\r')) {
            self.add("no-last-newline", last);
        }
    }

    fn lines(&mut self, pem: &[u8]) {
        let text = pem.strip_prefix(BYTE_ORDER_MARK).unwrap_or(pem);
        let end_of_line = if text.contains(&b'\n') { b'\n' } else { b'\r' };
        // What begins the file begins a line like one after an END.
        let (mut place, mut blocks) = (Place::AfterEnd, Blocks::default());
        let (mut text_after, mut blank) = (None, None);
        // What ends a line begins no other.
        let text = text.strip_suffix(&[end_of_line]).unwrap_or(text);
        for (number, line) in (1..).zip(text.split(|byte| *byte == end_of_line)) {
            let line = trim_end(line, b"\r");
            let bare = line.trim_ascii();
            let is_begin = bare.starts_with(BEGIN) && bare.ends_with(HYPHENS);
            let is_end = bare.starts_with(END);
            if is_begin && place != Place::Block {
                self.boundary(line, blocks.count, number);
                if let Some(blank) = blank.take() {
                    self.add("blank-lines-between", blank);
                }
                self.label(label(bare), &blocks, number);
                blocks.begin(label(bare));
                (place, text_after) = (Place::Block, None);
            } else if is_end && place == Place::Block {
                if line.ends_with(b" ") {
                    self.add("space-after-end", number);
                }
                blocks.end(self, number);
                place = Place::AfterEnd;
            } else if place == Place::Block {
                self.base64(line, number, blocks.content.is_empty());
                blocks.content.extend_from_slice(bare);
            } else {
                if place == Place::AfterEnd && line.starts_with(b"0") {
                    self.add("digit-after-end", number);
                }
                let marked = line.strip_prefix(BYTE_ORDER_MARK);
                if let Some(begin) = marked.filter(|rest| rest.starts_with(BEGIN)) {
                    self.add("byte-order-mark-between", number);
                    blocks.begin(label(begin.trim_ascii()));
                    (place, text_after) = (Place::Block, None);
                } else if bare.is_empty() {
                    blank = blank.or(Some(number));
                } else {
                    place = Place::Text;
                    text_after = Some(number);
                    self.text(line, number);
                }
            }
        }
        if let Some(number) = text_after.filter(|_| blocks.count > 0) {
            self.add("text-after", number);
        }
        if blocks.certificates > 1 {
            self.add("plain", 1);
        }
    }

    fn boundary(&mut self, line: &[u8], before: usize, number: usize) {
        if line.starts_with(b"\t") {
            self.add("indented-by-tab", number);
        } else if line.starts_with(b" ") {
            self.add(
                if before == 0 {
                    "indented"
                } else {
                    "indented-second"
                },
                number,
            );
        }
        if line.ends_with(b" ") || line.ends_with(b"\t") {
            self.add("space-after-begin", number);
        }
    }

    fn label(&mut self, label: &[u8], blocks: &Blocks, number: usize) {
        match label {
            // What the second says of the certificate stands behind it.
            CERTIFICATE | b"TRUSTED CERTIFICATE" => {}
            b"X509 CERTIFICATE" if blocks.certificates > 0 && !self.has("x509-certificate") => {
                self.add("x509-certificate-second", number);
            }
            b"X509 CERTIFICATE" => self.add("x509-certificate", number),
            b"X509 CRL" => self.add("crl", number),
            b"PKCS7" if blocks.count == 0 => self.add("pkcs7", number),
            b"PKCS7" => self.add("certificate-and-pkcs7", number),
            label if label.ends_with(b"PRIVATE KEY") => self.add("private-key", number),
            label if label.ends_with(b"PARAMETERS") => self.add("parameters", number),
            _ => {}
        }
    }

    fn has(&self, shape: &str) -> bool {
        self.shapes.iter().any(|(seen, _)| *seen == shape)
    }

    fn base64(&mut self, line: &[u8], number: usize, is_first: bool) {
        let bare = line.trim_ascii();
        if bare.is_empty() {
            // Directly behind BEGIN, all skip it.
            if !is_first {
                self.add("blank-lines-within", number);
            }
        } else if bare.starts_with(b"Proc-Type:") {
            self.add("proc-type", number);
        } else if bare.contains(&b':') {
            self.add("header-within", number);
        } else if line.ends_with(b" ") || line.ends_with(b"\t") {
            self.add("space-after-base64", number);
        }
        match bare.len() {
            65..=76 => self.add("76-columns", number),
            77..=500 => self.add("500-columns", number),
            501.. => self.add("one-line-base64", number),
            _ => {}
        }
    }

    fn text(&mut self, line: &[u8], number: usize) {
        let has = |part: &[u8]| memchr::memmem::find(line, part).is_some();
        let line_of_hyphens = line.len() >= 5 && line.iter().all(|byte| *byte == b'-');
        let shape = if line.starts_with(ANNOTATION) && has(HYPHENS) {
            Some("hyphens-in-annotation")
        } else if line.starts_with(ANNOTATION) {
            has(b"--").then_some("hyphens-in-annotation-2")
        } else if has(BEGIN) {
            Some("begin-in-comment")
        } else if has(END) {
            Some("end-in-comment")
        } else if line_of_hyphens {
            Some("ruler")
        } else {
            has(HYPHENS).then_some("hyphens-in-comment")
        };
        if let Some(shape) = shape {
            self.add(shape, number);
        }
        let others = [
            (line.len() > 1024, "long-line"),
            (line.starts_with(ANNOTATION), "annotation"),
            (line.starts_with(b"\t"), "indented-text"),
            (line.starts_with(b"Bag Attributes"), "bag-attributes"),
            (line == b"Certificate:", "x509-text"),
        ];
        for (_, shape) in others.iter().filter(|(is, _)| *is) {
            self.add(shape, number);
        }
        let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        if !text.is_ascii() {
            let is_utf8 = std::str::from_utf8(text).is_ok();
            self.add(if is_utf8 { "utf-8" } else { "latin-1" }, number);
        }
    }
}

/// The blocks of a file so far.
#[derive(Default)]
struct Blocks {
    count: usize,
    certificates: usize,
    is_certificate: bool,
    is_trusted: bool,
    content: Vec<u8>,
    /// The number of each block, by its base64.
    numbers: HashMap<Vec<u8>, usize>,
}

impl Blocks {
    fn begin(&mut self, label: &[u8]) {
        self.count += 1;
        self.is_certificate = label.ends_with(CERTIFICATE);
        self.is_trusted = label == b"TRUSTED CERTIFICATE";
        self.certificates += usize::from(self.is_certificate);
        self.content.clear();
    }

    fn end(&mut self, seen: &mut FileView, line: usize) {
        if !self.is_certificate {
            return;
        }
        let content = std::mem::take(&mut self.content);
        if self.is_trusted {
            let decoded = STANDARD.decode(&content).unwrap_or_default();
            let has_uses = Element::read(&decoded).is_some_and(|(_, uses)| !uses.is_empty());
            seen.add(
                if has_uses {
                    "trusted-certificate"
                } else {
                    "trusted-certificate-plain"
                },
                line,
            );
        }
        match self.numbers.insert(content, self.count) {
            Some(earlier) if earlier + 1 == self.count => seen.add("duplicate", line),
            Some(_) => seen.add("duplicate-later", line),
            None => {}
        }
    }
}

/// What stands between `BEGIN` and the hyphens.
fn label(boundary: &[u8]) -> &[u8] {
    let label = boundary.strip_prefix(BEGIN).unwrap_or_default();
    label.strip_suffix(HYPHENS).unwrap_or(label)
}

fn trim_end<'a>(line: &'a [u8], bytes: &[u8]) -> &'a [u8] {
    let mut line = line;
    while let Some(rest) = line.strip_suffix(bytes) {
        line = rest;
    }
    line
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const HYPHENS: &[u8] = b"-----";
const CERTIFICATE: &[u8] = b"CERTIFICATE";
const ANNOTATION: &[u8] = b"# embedded-roots:";

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pem: &str) -> Vec<(&'static str, usize)> {
        shapes(None, pem.as_bytes())
    }

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nMIIA\n-----END CERTIFICATE-----\n";

    #[test]
    fn shapes_have_the_lines_where_they_begin() {
        assert_eq!(seen(ONE), []);
        let text = format!("# one\n{ONE}0 more\n\n# --- -----\n{ONE}# end\n");
        let expected = [
            ("digit-after-end", 5),
            ("hyphens-in-comment", 7),
            ("blank-lines-between", 6),
            ("duplicate", 10),
            ("text-after", 11),
            ("plain", 1),
        ];
        assert_eq!(seen(&text), expected);
        assert_eq!(seen(&ONE.replace('\n', "\r")), [("cr", 1)]);
        assert_eq!(seen(ONE.trim_end()), [("no-last-newline", 3)]);
    }

    /// Whatever stands where.
    #[test]
    fn half_a_file_is_looked_at_as_well() {
        let text = format!(
            "\u{feff}{ONE}\n\u{feff}{ONE}\tx\n  {ONE}Proc-Type: 4\n-----BEGIN PKCS7-----\nA: b\n\n-----END X\n{ONE}-----BEGIN "
        );
        for end in 0..=text.len() {
            let half = &text.as_bytes()[..end];
            let lines = memchr::memchr_iter(b'\n', half).count() + 1;
            let shapes = shapes(None, half);
            assert!(shapes.iter().all(|(_, line)| (1..=lines).contains(line)));
        }
    }
}
