use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::annotation::{Annotation, pairs_of, show};
use crate::der::Element;
use crate::{Error, Root, trusted_certificate};

/// What to do with a private key in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateKeys {
    /// An error: for what is compiled into a program, where a secret does not belong.
    Refuse,
    /// Not looked at, like any other block that is no certificate.
    PassOver,
}

/// The roots of one PEM input, in its order.
///
/// `name` is what errors call the input: a path, mostly. Reading is strict; see the
/// [crate documentation](crate) for what is accepted and [`Bundle`](crate::Bundle) for the next
/// step.
///
/// # Errors
///
/// For the first of these, with its line: a block that does not end or ends as another; a BEGIN
/// or END out of place; bad base64; bytes after a certificate; a certificate that cannot be a trust
/// anchor (webpki's judgement); a private key, if they are refused; an annotation that is unknown,
/// malformed or without a certificate, or that looks like one and is not; no certificate at all.
pub fn parse(name: &str, pem: &[u8], private_keys: PrivateKeys) -> Result<Vec<Root>, Error> {
    let mut reader = Reader {
        private_keys,
        ..Reader::new()
    };
    let read = lines(pem).try_for_each(|(number, line)| {
        reader
            .line(number, line)
            .map_err(|error| error.at_line(number))
    });
    let finished = read.and_then(|()| reader.finish(pem));
    finished.map_err(|error| error.in_source(name))
}

struct Reader {
    private_keys: PrivateKeys,
    roots: Vec<Root>,
    /// Of the next certificate, with the first of their lines.
    annotation: Option<(usize, Annotation)>,
    block: Option<Block>,
}

struct Block {
    /// The line of its BEGIN.
    begin: usize,
    label: String,
    base64: Vec<u8>,
}

impl Reader {
    fn new() -> Self {
        Self {
            private_keys: PrivateKeys::Refuse,
            roots: Vec::new(),
            annotation: None,
            block: None,
        }
    }

    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), Error> {
        match &mut self.block {
            Some(block) => {
                if let Some(label) = boundary(line, END)? {
                    if label != block.label {
                        return Err(Error::new(format!(
                            "-----END {}----- closes the {} of line {}",
                            show(&label),
                            show(&block.label),
                            block.begin
                        )));
                    }
                    return self.end_block();
                }
                if boundary(line, BEGIN)?.is_some() {
                    return Err(unended(block));
                }
                block.line(line)
            }
            None => match boundary(line, BEGIN)? {
                Some(label) => self.begin_block(number, label),
                None if boundary(line, END)?.is_some() => {
                    Err(Error::new("-----END without the -----BEGIN before it"))
                }
                None => self.text(number, line),
            },
        }
    }

    fn begin_block(&mut self, begin: usize, label: String) -> Result<(), Error> {
        if label.ends_with("PRIVATE KEY") && self.private_keys == PrivateKeys::Refuse {
            return Err(Error::new(
                "a private key: what is compiled in can be read by everybody who has the program; \
                 take the key out of this file",
            ));
        }
        if !is_certificate(&label) {
            self.no_annotation()?;
        }
        self.block = Some(Block {
            begin,
            label,
            base64: Vec::new(),
        });
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), Error> {
        let Some(block) = self
            .block
            .take()
            .filter(|block| is_certificate(&block.label))
        else {
            return Ok(());
        };
        let (_, annotation) = self.annotation.take().unwrap_or_default();
        let root = block
            .root(annotation)
            .map_err(|error| error.at_line(block.begin))?;
        self.roots.push(root);
        Ok(())
    }

    fn text(&mut self, number: usize, line: &[u8]) -> Result<(), Error> {
        let line = String::from_utf8_lossy(line);
        if let Some(pairs) = pairs_of(&line)? {
            let (_, annotation) = self
                .annotation
                .get_or_insert_with(|| (number, Annotation::default()));
            annotation.extend(pairs)?;
            return Ok(());
        }
        let is_comment = line.trim_start().starts_with('#');
        if !is_comment && (line.contains(BEGIN) || line.contains(END)) {
            return Err(Error::new(
                "-----BEGIN or -----END has to stand at the start of its line",
            ));
        }
        Ok(())
    }

    fn no_annotation(&self) -> Result<(), Error> {
        self.annotation.as_ref().map_or(Ok(()), |(line, _)| {
            Err(Error::new("this annotation has no certificate after it").at_line(*line))
        })
    }

    fn finish(self, pem: &[u8]) -> Result<Vec<Root>, Error> {
        if let Some(block) = &self.block {
            return Err(unended(block));
        }
        self.no_annotation()?;
        if self.roots.is_empty() {
            let utf16 = pem.starts_with(&[0xff, 0xfe]) || pem.starts_with(&[0xfe, 0xff]);
            let why = if utf16 {
                "; the text is UTF-16, save it as UTF-8"
            } else {
                ""
            };
            let expected = "expected -----BEGIN CERTIFICATE-----";
            return Err(Error::new(format!("no certificate: {expected}{why}")));
        }
        Ok(self.roots)
    }
}

impl Block {
    fn line(&mut self, line: &[u8]) -> Result<(), Error> {
        if !is_certificate(&self.label) {
            return Ok(());
        }
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/= \t".contains(byte);
        if let Some(bad) = line.iter().find(|byte| !is_base64(byte)) {
            let bad = bad.escape_ascii();
            return Err(Error::new(format!(
                "bad base64: '{bad}' in a {}",
                self.label
            )));
        }
        self.base64.extend(line);
        Ok(())
    }

    fn root(&self, annotation: Annotation) -> Result<Root, Error> {
        let is_digit = |byte: &&u8| !b" \t".contains(byte);
        let wrong_length = || Error::new("bad base64: its padding or its length is wrong");
        // rustls-pki-types takes base64 without its padding, which OpenSSL does not.
        if self.base64.iter().filter(is_digit).count() % 4 != 0 {
            return Err(wrong_length());
        }
        // The label is OpenSSL's to vary; what is in the block is decoded in one way.
        let block = [
            &b"-----BEGIN CERTIFICATE-----\n"[..],
            &self.base64,
            b"\n-----END CERTIFICATE-----\n",
        ];
        let der = CertificateDer::from_pem_slice(&block.concat()).map_err(|_| wrong_length())?;
        let certificate = match self.label.as_str() {
            TRUSTED => trusted_certificate::certificate(&der)?,
            _ => &der,
        };
        if Element::read(certificate).is_some_and(|(_, rest)| !rest.is_empty()) {
            return Err(Error::new("bytes after the certificate, in the same block"));
        }
        Root::new(
            CertificateDer::from(certificate.to_vec()),
            annotation,
            self.begin,
        )
    }
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// The labels that OpenSSL takes for a certificate (its pem.h).
fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | TRUSTED)
}

/// The label of a BEGIN or END line.
fn boundary(line: &[u8], start: &str) -> Result<Option<String>, Error> {
    let Some(rest) = line.strip_prefix(start.as_bytes()) else {
        return Ok(None);
    };
    let label = rest.trim_ascii_end().strip_suffix(b"-----");
    let label = label.and_then(|label| std::str::from_utf8(label).ok());
    let label = label.filter(|label| !label.contains("-----"));
    label.map(|label| Some(label.to_owned())).ok_or_else(|| {
        Error::new(format!(
            "expected {start}LABEL----- and nothing else on the line"
        ))
    })
}

fn unended(block: &Block) -> Error {
    let label = show(&block.label);
    Error::new(format!("-----BEGIN {label}----- without its -----END")).at_line(block.begin)
}

/// The lines, counted from 1, whichever of LF, CR LF and CR ends them, without a byte order mark.
fn lines(pem: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pem);
    let lines = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r');
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        let after_crlf = after.strip_prefix(b"\r\n");
        rest = after_crlf.or_else(|| after.get(1..)).unwrap_or_default();
        Some(line)
    });
    (1..).zip(lines)
}
