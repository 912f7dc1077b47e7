//! Files of certificates in the forms that people have, read as PEM.
//!
//! A build takes PEM alone. Nothing here decides about trust: what a file holds is written as PEM, and from there on
//! it is read as strictly as any.

mod ber;
mod java;
pub(crate) mod opened;
mod pkcs12;
mod pkcs7;
mod stored;
mod text;

use std::io::{self, Read as _};
use std::path::Path;
use std::slice;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::der::elements;
use embedded_roots_bundle::{
    FileForm, MAX_FILE_SIZE, ParseError, PrivateKeys, Root, certificate_to_pem, escape, parse_each,
    parse_each_certificate, read_file, read_file_up_to,
};

use crate::input::stored::{StoredCertificate, add};
use crate::outcome::Result;
use crate::place::Place;
use crate::root::InspectedRoot;

/// A file, or standard input for `-`, as PEM.
pub(crate) struct Input {
    /// Its name, escaped.
    pub(crate) name: String,
    /// What it was, unless it was PEM.
    pub(crate) form: Option<FileForm>,
    pem: Vec<u8>,
    /// The lines with which blocks begin and end, where the input has others.
    boundaries: Vec<usize>,
}

impl Input {
    /// Reads a file of any known form. The first line of the file `password` is the password of a key store.
    pub(crate) fn read(path: &Path, password: Option<&Path>) -> Result<Self> {
        let name = escape(&path.display().to_string());
        let named = |why: String| format!("{name}: {why}");
        let content = read(path).map_err(|why| named(why.to_string()))?;
        let password = password.map(password_of).transpose()?;
        let (form, pem) = as_pem(content, password.as_deref()).map_err(named)?;
        let mut input = Self {
            name,
            form,
            pem,
            boundaries: Vec::new(),
        };
        if !matches!(form, None | Some(FileForm::Utf16)) {
            let boundaries = input.lines().filter(|(_, line)| {
                line.starts_with(b"-----BEGIN ") || line.starts_with(b"-----END ")
            });
            input.boundaries = boundaries.map(|(number, _)| number).collect();
        }
        Ok(input)
    }

    /// Each root, or the error about it.
    pub(crate) fn roots(
        &self,
        private_keys: PrivateKeys,
    ) -> impl Iterator<Item = std::result::Result<InspectedRoot, String>> {
        let roots = parse_each(&self.name, &self.pem, private_keys);
        roots.map(|root| self.inspected(root.map_err(|why| self.shown(&why))?))
    }

    /// Each certificate that can be read, also of a server.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = InspectedRoot> {
        let all = parse_each_certificate(&self.name, &self.pem, PrivateKeys::Ignore);
        all.filter_map(|root| self.inspected(root.ok()?).ok())
    }

    fn inspected(&self, root: Root) -> std::result::Result<InspectedRoot, String> {
        let place = self.place(root.line());
        let root = InspectedRoot::new(root).map_err(|why| format!("{}, {place}: {why}", self.name));
        Ok(root?.at(place))
    }

    /// The text: that of PEM.
    pub(crate) fn text(&self) -> &[u8] {
        &self.pem
    }

    /// The lines of text, each with its number, where the input has lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &[u8])> {
        (1..).zip(self.pem.split(|byte| *byte == b'\n'))
    }

    /// An error about the roots, with the place that it has in the input.
    pub(crate) fn shown(&self, error: &ParseError) -> String {
        match error.line().map(|line| self.place(line)) {
            None | Some(Place::Line(_)) => error.to_string(),
            Some(place) => format!("{}, {place}: {}", self.name, error.reason()),
        }
    }

    fn place(&self, line: usize) -> Place {
        if self.boundaries.is_empty() {
            return Place::Line(line);
        }
        // In a block, or before the next one.
        let before = self.boundaries.partition_point(|boundary| *boundary < line);
        Place::Certificate(before / 2 + 1)
    }
}

/// How often a file may be in another form: base64 of PKCS#7 in UTF-16.
const MOST_FORMS: usize = 3;
/// No password is longer.
const MAX_PASSWORD_FILE: u64 = 64 * 1024;

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return read_file(path);
    }
    let mut content = Vec::new();
    let mut stdin = io::stdin().lock().take(MAX_FILE_SIZE + 1);
    stdin.read_to_end(&mut content)?;
    if content.len() as u64 > MAX_FILE_SIZE {
        let why = format!("larger than {} MiB", MAX_FILE_SIZE >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(content)
}

fn password_of(path: &Path) -> Result<String> {
    let name = escape(&path.display().to_string());
    let content = read_file_up_to(path, MAX_PASSWORD_FILE);
    let content = content.map_err(|why| format!("{name}: {why}"))?;
    let line = content.split(|byte| *byte == b'\n').next();
    let line = line.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let password = std::str::from_utf8(line);
    // The error would show where, and so a part of the length.
    let password = password.map_err(|_| format!("{name}: the password is not UTF-8"))?;
    Ok(password.to_owned())
}

/// The outermost form of the content, and PEM of it.
///
/// # Errors
///
/// If the content cannot be read, or has no certificate.
pub fn as_pem(
    mut content: Vec<u8>,
    password: Option<&str>,
) -> std::result::Result<(Option<FileForm>, Vec<u8>), String> {
    let mut outermost = None;
    for _ in 0..MOST_FORMS {
        let Some(form) = text::form(&content) else {
            return Ok((outermost, content));
        };
        let converted = match form {
            FileForm::Certificate => all(&pieces(&content)?),
            FileForm::Pkcs7 => all(&pkcs7::certificates(slice::from_ref(&content))?),
            FileForm::Pkcs7Pem => all(&pkcs7::certificates(&pkcs7::of_pem(&content)?)?),
            FileForm::Pkcs12 => roots(pkcs12::certificates(&content, password)?)?,
            FileForm::JavaKeyStore => roots(java::certificates(&content, password)?)?,
            FileForm::Utf16 => text::from_utf16(&content)?.into_bytes(),
            FileForm::Base64 => {
                let digits = content.iter().copied();
                let digits: Vec<u8> = digits.filter(|byte| !byte.is_ascii_whitespace()).collect();
                let decoded = STANDARD.decode(digits);
                decoded
                    .map_err(|_| format!("it is {form}, and its padding or its length is wrong"))?
            }
            FileForm::EscapedLines | FileForm::OneLine | FileForm::JoinedFiles => {
                text::with_line_breaks(&content)
            }
            // The reader of PEM says what is missing.
            _ => return Ok((outermost, content)),
        };
        outermost.get_or_insert(form);
        content = converted;
    }
    Ok((outermost, content))
}

/// The certificates that stand behind one another. Where something else does, the reader of PEM says so.
fn pieces(content: &[u8]) -> std::result::Result<Vec<Vec<u8>>, String> {
    let mut pieces = Vec::new();
    for piece in elements(content) {
        let Some(piece) = piece else {
            return Ok(vec![content.to_vec()]);
        };
        add(&mut pieces, piece.encoded.to_vec())?;
    }
    Ok(pieces)
}

fn all(certificates: &[Vec<u8>]) -> Vec<u8> {
    let pem = certificates.iter().map(|der| certificate_to_pem(der));
    pem.collect::<String>().into_bytes()
}

/// The certificates of a key store, but not that of a key in it which is no root: it is the owner's own.
fn roots(certificates: Vec<StoredCertificate>) -> std::result::Result<Vec<u8>, String> {
    let count = certificates.len();
    let roots = certificates.into_iter().filter(|certificate| {
        let is_root = || Root::from_der(certificate.der.clone().into()).is_ok();
        !certificate.is_own || is_root()
    });
    let roots: Vec<Vec<u8>> = roots.map(|certificate| certificate.der).collect();
    match (count, roots.len()) {
        (0, _) => Err("the key store has no certificate".to_owned()),
        (_, 0) => Err("the key store has no root: only certificates of its own keys".to_owned()),
        _ => Ok(all(&roots)),
    }
}

#[cfg(test)]
mod tests;
