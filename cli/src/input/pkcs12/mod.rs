//! PKCS#12 (RFC 7292), for its certificates alone: no key in it is decrypted.

mod decrypt;
pub(crate) mod derive;
mod refusal;

use embedded_roots_bundle::der::{
    Element, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, context_constructed, elements,
};

use crate::input::ber;
use crate::input::pkcs12::decrypt::decrypted;
use crate::input::pkcs12::derive::{Budget, MacFunction, Parameters, mac_function, meanings};
use crate::input::pkcs12::refusal::{UNREADABLE, wrong_password};
use crate::input::stored::{StoredCertificate, add};

/// The certificates, DER, in their order.
///
/// # Errors
///
/// If the file cannot be read, with this password or without one.
pub(super) fn certificates(
    content: &[u8],
    password: Option<&str>,
) -> Result<Vec<StoredCertificate>, String> {
    let der = ber::to_der(content).ok_or(UNREADABLE)?;
    let file = File::read(&der).ok_or(UNREADABLE)?;
    let budget = &mut Budget::default();
    if let Some(mac) = &file.mac {
        mac.check(file.contents, password, budget)?;
    }
    let mut reader = Reader::new(password, budget);
    // NSS writes what is in a string as BER, too.
    let contents = ber::to_der(file.contents).ok_or(UNREADABLE)?;
    let contents = Element::only(&contents, SEQUENCE).ok_or(UNREADABLE)?;
    for content in elements(contents) {
        let content = content.ok_or(UNREADABLE)?;
        reader.content(content)?;
    }
    Ok(reader.certificates)
}

/// A file whose password is not known.
pub(super) struct Contents {
    /// As DER: the file, and what is in it.
    file: Vec<u8>,
    contents: Vec<u8>,
}

impl Contents {
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(super) fn read(content: &[u8]) -> Result<Self, String> {
        let file = ber::to_der(content).ok_or(UNREADABLE)?;
        let contents = File::read(&file).ok_or(UNREADABLE)?.contents;
        let contents = ber::to_der(contents).ok_or(UNREADABLE)?;
        Ok(Self { file, contents })
    }

    /// The certificates that are not encrypted, whatever the password is.
    pub(super) fn plain(&self) -> Result<Vec<Vec<u8>>, String> {
        let nothing = &mut Budget::default().up_to(0);
        let mut reader = Reader::new(None, nothing);
        for content in self.elements()? {
            if !is_encrypted(&content) {
                reader.content(content)?;
            }
        }
        Ok(reader.into_certificates())
    }

    /// Whether there is more than that.
    pub(super) fn is_encrypted(&self) -> bool {
        let contents = self.elements().unwrap_or_default();
        contents.iter().any(is_encrypted)
    }

    /// The certificates that are encrypted with this password; none if it is another one.
    pub(super) fn decrypted(
        &self,
        password: Option<&str>,
        budget: &mut Budget,
    ) -> Option<Vec<Vec<u8>>> {
        let file = File::read(&self.file)?;
        if let Some(mac) = &file.mac {
            mac.check(file.contents, password, budget).ok()?;
        }
        let mut reader = Reader::new(password, budget);
        for content in self.elements().ok()? {
            if is_encrypted(&content) {
                reader.content(content).ok()?;
            }
        }
        Some(reader.into_certificates())
    }

    /// Each is a `ContentInfo`.
    fn elements(&self) -> Result<Vec<Element<'_>>, String> {
        let contents = Element::only(&self.contents, SEQUENCE).ok_or(UNREADABLE)?;
        let all: Option<Vec<_>> = elements(contents).take(MOST_CONTENTS).collect();
        Ok(all.ok_or(UNREADABLE)?)
    }
}

/// Files have two or three.
const MOST_CONTENTS: usize = 1_000;

fn is_encrypted(content: &Element<'_>) -> bool {
    let kind = Element::expect(content.value, OID);
    kind.is_some_and(|(kind, _)| kind != id::DATA)
}

/// Object identifiers (RFC 7292, appendix D; RFC 2315; RFC 2985), the content of each.
mod id {
    pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    pub(super) const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
    pub(super) const CERTIFICATE_BAG: &[u8] =
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
    pub(super) const NESTED_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 6];
    pub(super) const X509: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
    pub(super) const LOCAL_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
}

/// A PFX (section 4).
struct File<'a> {
    /// The `AuthenticatedSafe`.
    contents: &'a [u8],
    mac: Option<Mac<'a>>,
}

impl<'a> File<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let (file, _) = Element::expect(der, SEQUENCE)?;
        let (_version, rest) = Element::expect(file, INTEGER)?;
        let (content, rest) = Element::expect(rest, SEQUENCE)?;
        // Signed files (id-signedData) are not in use.
        let (kind, content) = Element::expect(content, OID)?;
        let (explicit, _) = Element::expect(content, context_constructed(0))?;
        let contents = Element::only(explicit, OCTET_STRING).filter(|_| kind == id::DATA)?;
        let mac = match rest {
            [] => None,
            _ => Some(Mac::read(Element::expect(rest, SEQUENCE)?.0)?),
        };
        Some(Self { contents, mac })
    }
}

/// A `MacData` (section 4).
struct Mac<'a> {
    /// None if the algorithm is not known.
    function: Option<MacFunction>,
    parameters: Parameters<'a>,
    digest: &'a [u8],
}

impl<'a> Mac<'a> {
    fn read(content: &'a [u8]) -> Option<Self> {
        let (info, rest) = Element::expect(content, SEQUENCE)?;
        let (algorithm, info) = Element::expect(info, SEQUENCE)?;
        let (algorithm, _parameters) = Element::expect(algorithm, OID)?;
        let digest = Element::only(info, OCTET_STRING)?;
        let (salt, rest) = Element::expect(rest, OCTET_STRING)?;
        let iterations = match rest {
            [] => 1,
            _ => derive::number(Element::only(rest, INTEGER)?)?,
        };
        Some(Self {
            function: mac_function(algorithm),
            parameters: Parameters { salt, iterations },
            digest,
        })
    }

    /// Whether the password is right. One that is not known (PBMAC1) is not checked: what is encrypted shows it.
    fn check(
        &self,
        contents: &[u8],
        password: Option<&str>,
        budget: &mut Budget,
    ) -> Result<(), String> {
        let Some(mac) = self.function else {
            return Ok(());
        };
        for password in meanings(password) {
            if mac(contents, self.parameters, password, budget)? == self.digest {
                return Ok(());
            }
        }
        Err(wrong_password(password))
    }
}

struct Reader<'a> {
    password: Option<&'a str>,
    budget: &'a mut Budget,
    certificates: Vec<StoredCertificate>,
}

impl<'a> Reader<'a> {
    fn new(password: Option<&'a str>, budget: &'a mut Budget) -> Self {
        Self {
            password,
            budget,
            certificates: Vec::new(),
        }
    }

    fn into_certificates(self) -> Vec<Vec<u8>> {
        let all = self.certificates.into_iter();
        all.map(|certificate| certificate.der).collect()
    }

    /// A `ContentInfo` of the `AuthenticatedSafe` (section 4.1).
    fn content(&mut self, content: Element<'_>) -> Result<(), String> {
        let (kind, rest) = Element::expect(content.value, OID).ok_or(UNREADABLE)?;
        let (explicit, _) = Element::expect(rest, context_constructed(0)).ok_or(UNREADABLE)?;
        match kind {
            id::DATA => {
                let bags = Element::only(explicit, OCTET_STRING).ok_or(UNREADABLE)?;
                self.bags(bags, MOST_NESTED)
            }
            id::ENCRYPTED_DATA => {
                let bags = decrypted(explicit, self.password, self.budget)?;
                // Padding may be right by chance, what it is behind is not.
                let is_bags = Element::only(&bags, SEQUENCE).is_some();
                if !is_bags {
                    return Err(wrong_password(self.password));
                }
                self.bags(&bags, MOST_NESTED)
            }
            _ => Err("the PKCS#12 is encrypted with a certificate, not with a password".to_owned()),
        }
    }

    /// A `SafeContents` (section 4.2).
    fn bags(&mut self, contents: &[u8], nested: usize) -> Result<(), String> {
        let nested = nested.checked_sub(1).ok_or(UNREADABLE)?;
        let contents = ber::to_der(contents).ok_or(UNREADABLE)?;
        let bags = Element::only(&contents, SEQUENCE).ok_or(UNREADABLE)?;
        for bag in elements(bags) {
            let bag = bag.ok_or(UNREADABLE)?.value;
            let (kind, rest) = Element::expect(bag, OID).ok_or(UNREADABLE)?;
            let explicit = Element::expect(rest, context_constructed(0));
            let (value, attributes) = explicit.ok_or(UNREADABLE)?;
            match kind {
                id::CERTIFICATE_BAG => {
                    let der = certificate(value).ok_or(UNREADABLE)?;
                    let is_own = has_local_key(attributes);
                    if let Some(der) = der {
                        add(&mut self.certificates, StoredCertificate { der, is_own })?;
                    }
                }
                id::NESTED_BAG => self.bags(value, nested)?,
                // Keys, lists and secrets.
                _ => {}
            }
        }
        Ok(())
    }
}

/// How deep bags may lie in one another. In files that are in use, they do not.
const MOST_NESTED: usize = 4;

/// The certificate of a `CertBag` (section 4.2.3); none if it is not X.509.
#[allow(clippy::option_option, reason = "unreadable, or of another kind")]
fn certificate(bag: &[u8]) -> Option<Option<Vec<u8>>> {
    let (bag, _) = Element::expect(bag, SEQUENCE)?;
    let (kind, rest) = Element::expect(bag, OID)?;
    if kind != id::X509 {
        return Some(None);
    }
    let (explicit, _) = Element::expect(rest, context_constructed(0))?;
    Some(Some(Element::only(explicit, OCTET_STRING)?.to_vec()))
}

/// Whether the attributes name a key of the file (`localKeyId`).
fn has_local_key(attributes: &[u8]) -> bool {
    let set = Element::only(attributes, SET).unwrap_or_default();
    let mut ids =
        elements(set).map_while(|attribute| Some(Element::expect(attribute?.value, OID)?.0));
    ids.any(|id| id == id::LOCAL_KEY)
}
