//! Reads PEM (RFC 7468) line by line into roots.

use std::mem;

use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::error::ParseError;
use crate::escape::{MOST_SHOWN, escape, shorten};
use crate::limits::annotation::{Annotation, pairs_of};
use crate::pem::boundary::{Boundary, boundary, check_text, damaged_boundary, is_certificate};
use crate::pem::form::FileForm;
use crate::pem::lines::{
    BEGIN, BLANK, CERTIFICATE, END, Line, OTHER, PKCS7_LABELS, TRUSTED, kind, lines,
};
use crate::pem::object::{self, Object};
use crate::root::Root;
use crate::x509::der::Element;
use crate::x509::trusted_certificate;

/// What to do with a private key in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateKeys {
    /// An error. For bundles that are compiled into a program, where a secret does not belong.
    Refuse,
    /// Ignored, like any other block that is not a certificate.
    Ignore,
}

/// Reads the roots of one PEM input, in its order.
///
/// Errors refer to the input by `name`, which is usually a path. Reading is strict: the
/// [crate documentation](crate) says what is accepted. [`ParsedBundle`](crate::ParsedBundle) is the next
/// step.
///
/// # Errors
///
/// The first of these is an error, with its line:
///
/// - a block that does not end, or that ends with another label;
/// - a BEGIN or END out of place, or plainly damaged;
/// - an attribute of p11-kit by which a certificate is not trusted, or that cannot be read;
/// - bad base64;
/// - bytes after a certificate;
/// - a certificate that webpki cannot make a trust anchor of, or that says that it is not a CA
///   ([`Root::check_ca`]);
/// - a private key, if these are refused;
/// - an annotation that is unknown, malformed or without a certificate, or a line that only looks like
///   one;
/// - no certificate at all.
pub fn parse(name: &str, pem: &[u8], private_keys: PrivateKeys) -> Result<Vec<Root>, ParseError> {
    parse_each(name, pem, private_keys).collect()
}

/// Reads intermediates like [`parse`], all of which have to be usable ([`Root::into_intermediate`]).
///
/// # Errors
///
/// Those of [`parse`] and of [`Root::into_intermediate`].
pub fn parse_intermediates(
    name: &str,
    pem: &[u8],
    private_keys: PrivateKeys,
) -> Result<Vec<CertificateDer<'static>>, ParseError> {
    let roots = parse(name, pem, private_keys)?.into_iter();
    let intermediates = roots.map(Root::into_intermediate);
    let intermediates = intermediates.map(|each| each.map_err(|why| why.in_source(name)));
    intermediates.collect()
}

/// Reads pinned certificates like [`parse`], all of which have to be usable ([`Root::into_pinned`]). They may be end
/// entities.
///
/// # Errors
///
/// Those of [`parse`], except [`Root::check_ca`], and of [`Root::into_pinned`].
pub fn parse_pinned(
    name: &str,
    pem: &[u8],
    private_keys: PrivateKeys,
) -> Result<Vec<(CertificateDer<'static>, Option<UnixTime>)>, ParseError> {
    let pinned = parse_each_certificate(name, pem, private_keys);
    let pinned = pinned.map(|each| each?.into_pinned().map_err(|why| why.in_source(name)));
    pinned.collect()
}

/// Like [`parse`], but yields roots one by one, for callers that continue after an error.
///
/// The rest is read as if the invalid part were not there. After an error between an annotation and the
/// next certificate, that certificate is left out, and this is another error.
pub fn parse_each<'a>(
    name: &'a str,
    pem: &'a [u8],
    private_keys: PrivateKeys,
) -> impl Iterator<Item = Result<Root, ParseError>> + 'a {
    read_each(Reader::new(private_keys), name, pem)
}

/// Like [`parse_each`], but without [`Root::check_ca`]: the certificates may be end entities.
pub fn parse_each_certificate<'a>(
    name: &'a str,
    pem: &'a [u8],
    private_keys: PrivateKeys,
) -> impl Iterator<Item = Result<Root, ParseError>> + 'a {
    let reader = Reader {
        may_be_end_entity: true,
        ..Reader::new(private_keys)
    };
    read_each(reader, name, pem)
}

fn read_each<'a>(
    mut reader: Reader,
    name: &'a str,
    pem: &'a [u8],
) -> impl Iterator<Item = Result<Root, ParseError>> + 'a {
    let mut lines = lines(pem);
    let mut is_at_end = false;
    let read = std::iter::from_fn(move || {
        while let Some(line) = lines.next() {
            // Not by a line of base64: a file has few objects.
            if line.kinds & OTHER != 0 && object::is_header(line.bytes) {
                reader.object = Some(Object::read(line.bytes, lines.clone()));
            }
            match reader.line(line) {
                Ok(None) => {}
                Ok(Some(root)) => return Some(Ok(root)),
                Err(error) => return Some(Err(error.at_line(line.number))),
            }
        }
        let unfinished = if is_at_end {
            Ok(())
        } else {
            reader.finish(pem)
        };
        is_at_end = true;
        unfinished.err().map(Err)
    });
    read.map(move |root| root.map_err(|error| error.in_source(name)))
}

struct Reader {
    private_keys: PrivateKeys,
    /// Whether a certificate may say that it is not a CA.
    may_be_end_entity: bool,
    /// The annotation of the next certificate.
    annotation: AnnotationBefore,
    block: Option<Block>,
    /// The object of p11-kit that has begun.
    object: Option<Object>,
    /// The first line of what other readers may take for certificates, and what it is.
    stray: Option<(usize, &'static str)>,
    /// Whether there was a certificate, valid or not.
    certificate: bool,
}

enum AnnotationBefore {
    Absent,
    /// The number of its first line, and the annotation.
    Valid(usize, Annotation),
    /// An error that was reported already.
    Invalid,
}

struct Block {
    /// The line of its BEGIN.
    begin: usize,
    label: String,
    /// The base64 text, without blanks.
    base64: Vec<u8>,
    /// An error that was reported already.
    is_bad: bool,
}

impl Reader {
    fn new(private_keys: PrivateKeys) -> Self {
        Self {
            private_keys,
            may_be_end_entity: false,
            annotation: AnnotationBefore::Absent,
            block: None,
            object: None,
            stray: None,
            certificate: false,
        }
    }

    /// An error between an annotation and the next certificate leaves that certificate out: it must
    /// not be trusted without the limits that were meant for it.
    fn line(&mut self, line: Line<'_>) -> Result<Option<Root>, ParseError> {
        let read = self.read_line(line);
        if read.is_err() && !matches!(self.annotation, AnnotationBefore::Absent) {
            self.annotation = AnnotationBefore::Invalid;
        }
        read
    }

    fn read_line(&mut self, line: Line<'_>) -> Result<Option<Root>, ParseError> {
        if let Some(block) = &mut self.block {
            // Fast path for nearly all lines, which can only be base64.
            if line.kinds & OTHER == 0 {
                return block.line(line).map(|()| None);
            }
        }
        if let Some(block) = self.block.take() {
            return self.line_in_block(block, line);
        }
        // A file with a byte order mark may be appended to another.
        let line = line.without_byte_order_mark();
        if let Some(damaged) = damaged_boundary(line.bytes) {
            if damaged == Boundary::Begin {
                self.begin_bad_block(line.number);
            }
            return Err(damaged.damaged());
        }
        match boundary(line, BEGIN)? {
            Some(label) => self.begin_block(line.number, label)?,
            None => match boundary(line, END)? {
                Some(_) => {
                    return Err(ParseError::new("-----END without the -----BEGIN before it"));
                }
                None => self.text(line)?,
            },
        }
        Ok(None)
    }

    /// Takes the block, and puts it back unless this line ends it, validly or not.
    fn line_in_block(
        &mut self,
        mut block: Block,
        line: Line<'_>,
    ) -> Result<Option<Root>, ParseError> {
        if is_certificate(&block.label) {
            match damaged_boundary(line.bytes) {
                // It ends a block that began like it.
                Some(Boundary::End) if block.is_bad => return Ok(None),
                Some(Boundary::End) => return Err(Boundary::End.damaged()),
                Some(Boundary::Begin) => {
                    self.begin_bad_block(line.number);
                    return Err(unended(&block));
                }
                None => {}
            }
        }
        if let Some(label) = boundary(line, END)? {
            return self.end_block(&block, &label);
        }
        if let Some(label) = boundary(line, BEGIN)? {
            self.begin_block(line.number, label)?;
            return Err(unended(&block));
        }
        // An annotation in a block means that its BEGIN was there by mistake.
        if !matches!(pairs_of(&String::from_utf8_lossy(line.bytes)), Ok(None)) {
            self.annotation = AnnotationBefore::Invalid;
        }
        let read = block.line(line);
        self.block = Some(block);
        read.map(|()| None)
    }

    fn end_block(&mut self, block: &Block, label: &str) -> Result<Option<Root>, ParseError> {
        let Some(certificate) = block.end(label)? else {
            return Ok(None);
        };
        let object = self.object.unwrap_or_default();
        if object.is_refused {
            return Ok(None);
        }
        let mut annotation = match &self.annotation {
            AnnotationBefore::Valid(_, annotation) => annotation.clone(),
            AnnotationBefore::Absent | AnnotationBefore::Invalid => Annotation::default(),
        };
        annotation.tighten(object.distrust_after);
        let root = Root::new(certificate, annotation, block.begin);
        let root = root.map_err(|error| error.at_line(block.begin))?;
        if !self.may_be_end_entity {
            root.check_ca()?;
        }
        // A block that is not a root does not consume an annotation, which may be for a later one.
        match mem::replace(&mut self.annotation, AnnotationBefore::Absent) {
            AnnotationBefore::Absent | AnnotationBefore::Valid(..) => Ok(Some(root)),
            AnnotationBefore::Invalid => {
                let why = "this certificate is left out: an annotation before it cannot be applied";
                Err(ParseError::new(why).at_line(block.begin))
            }
        }
    }

    fn begin_block(&mut self, begin: usize, label: String) -> Result<(), ParseError> {
        let is_refused = label.ends_with("PRIVATE KEY") && self.private_keys == PrivateKeys::Refuse;
        let is_certificate = is_certificate(&label);
        self.certificate |= is_certificate;
        if PKCS7_LABELS.contains(&label.as_str()) {
            self.stray.get_or_insert((begin, "a block of PKCS#7"));
        }
        self.block = Some(Block {
            begin,
            label,
            base64: Vec::with_capacity(TYPICAL),
            is_bad: false,
        });
        if is_refused {
            return Err(ParseError::new(
                "a private key: anyone who has the program can read what is compiled in; remove the \
                 key from this file",
            ));
        }
        if is_certificate {
            Ok(())
        } else {
            self.no_annotation()
        }
    }

    /// Begins a certificate that is not read, because of an error that is reported.
    fn begin_bad_block(&mut self, begin: usize) {
        self.certificate = true;
        self.block = Some(Block {
            begin,
            label: CERTIFICATE.to_owned(),
            base64: Vec::new(),
            is_bad: true,
        });
    }

    fn text(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        // A fast path, because a file may have millions of blank lines.
        if line.bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        if object::is_header(line.bytes) && object::has_more(line.bytes) {
            return Err(object::misplaced());
        }
        if self.object.is_some() && object::attribute(line.bytes)?.is_some() {
            return Ok(());
        }
        if object::is_attribute(line.bytes) {
            self.annotation = AnnotationBefore::Invalid;
            return Err(object::misplaced());
        }
        if let Some(what) = stray(line) {
            self.stray.get_or_insert((line.number, what));
        }
        let text = String::from_utf8_lossy(line.bytes);
        let read = match pairs_of(&text) {
            Ok(Some(pairs)) => self.annotate(line.number, pairs),
            Ok(None) => return check_text(&text),
            Err(error) => Err(error),
        };
        if read.is_err() {
            self.annotation = AnnotationBefore::Invalid;
        }
        read
    }

    fn annotate(&mut self, number: usize, pairs: &str) -> Result<(), ParseError> {
        match &mut self.annotation {
            AnnotationBefore::Valid(_, annotation) => annotation.extend(pairs),
            AnnotationBefore::Invalid => Ok(()),
            AnnotationBefore::Absent => {
                self.annotation = AnnotationBefore::Valid(number, pairs.parse()?);
                Ok(())
            }
        }
    }

    fn no_annotation(&self) -> Result<(), ParseError> {
        match self.annotation {
            AnnotationBefore::Valid(line, _) => {
                let why = "this annotation has no certificate after it";
                Err(ParseError::new(why).at_line(line))
            }
            AnnotationBefore::Absent | AnnotationBefore::Invalid => Ok(()),
        }
    }

    fn finish(&mut self, pem: &[u8]) -> Result<(), ParseError> {
        if let Some(block) = &self.block {
            return Err(unended(block));
        }
        self.no_annotation()?;
        if !self.certificate {
            let expected = "expected -----BEGIN CERTIFICATE-----";
            let hint = FileForm::from_content(pem).map(FileForm::hint);
            let hint = hint.unwrap_or_default();
            return Err(ParseError::new(format!("no certificate: {expected}{hint}")));
        }
        match self.stray {
            Some((line, what)) => Err(ParseError::new(format!(
                "{what}, of which no certificate is read: write all certificates as PEM, as `embedded-roots list \
                 --pem` does, or remove it"
            ))
            .at_line(line)),
            None => Ok(()),
        }
    }
}

/// What a line of text is, if it is part of certificates in another form, which would be lost without a word beside
/// those in PEM.
fn stray(line: Line<'_>) -> Option<&'static str> {
    let text = line.bytes.trim_ascii();
    // A SEQUENCE of more than 127 bytes, in a line as PEM has it.
    if line.kinds & OTHER == 0 && text.len() >= 60 && text.starts_with(b"MI") {
        return Some("base64 outside of -----BEGIN and -----END");
    }
    // Every other byte of ASCII.
    let is_utf16 = text.windows(16).any(|part| {
        let of = |first| part.iter().skip(first).step_by(2).all(|byte| *byte == 0);
        of(0) != of(1)
    });
    is_utf16.then_some("text in UTF-16")
}

impl Block {
    /// The certificate; `None` for another kind of block, or if an error was reported already.
    fn end(&self, label: &str) -> Result<Option<CertificateDer<'static>>, ParseError> {
        if label != self.label {
            return Err(ParseError::new(format!(
                "-----END {}----- closes the {} of line {}",
                escape(&shorten(label, MOST_SHOWN)),
                escape(&shorten(&self.label, MOST_SHOWN)),
                self.begin
            )));
        }
        if self.is_bad || !is_certificate(label) {
            return Ok(None);
        }
        let certificate = self.certificate();
        certificate
            .map(Some)
            .map_err(|error| error.at_line(self.begin))
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        if self.is_bad || !is_certificate(&self.label) {
            return Ok(());
        }
        if line.kinds & OTHER != 0 {
            self.is_bad = true;
            let mut bytes = line.bytes.iter();
            let bad = bytes.find(|byte| kind(**byte) == OTHER);
            let bad = bad.copied().unwrap_or_default().escape_ascii();
            return Err(ParseError::new(format!(
                "bad base64: '{bad}' in a {}",
                self.label
            )));
        }
        if line.kinds & BLANK != 0 {
            let digits = line.bytes.iter().filter(|byte| kind(**byte) != BLANK);
            self.base64.extend(digits);
            return Ok(());
        }
        self.base64.extend(line.bytes);
        Ok(())
    }

    fn certificate(&self) -> Result<CertificateDer<'static>, ParseError> {
        let der = BASE64.decode(&self.base64);
        let der =
            der.map_err(|_| ParseError::new("bad base64: its padding or its length is wrong"))?;
        let der = match self.label.as_str() {
            TRUSTED => {
                let certificate = trusted_certificate::certificate(&der);
                certificate.map_err(ParseError::new)?.to_vec()
            }
            _ => der,
        };
        if Element::read(&der).is_some_and(|(_, rest)| !rest.is_empty()) {
            return Err(ParseError::new(
                "bytes after the certificate, in the same block",
            ));
        }
        Ok(CertificateDer::from(der))
    }
}

/// Most roots fit into this size.
const TYPICAL: usize = 4096;

/// RFC 4648, section 4, with padding. Like OpenSSL, it ignores the bits after the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);
fn unended(block: &Block) -> ParseError {
    let label = escape(&shorten(&block.label, MOST_SHOWN));
    ParseError::new(format!("-----BEGIN {label}----- without its -----END")).at_line(block.begin)
}
