//! Java's own key stores, JKS and JCEKS, whose certificates are not encrypted.

use sha1::{Digest as _, Sha1};

use crate::input::stored::{StoredCertificate, add};

/// The certificates, DER, in their order.
///
/// With a password, the digest of the store is checked. Without one it is not, as with `keytool -list`.
pub(super) fn certificates(
    content: &[u8],
    password: Option<&str>,
) -> Result<Vec<StoredCertificate>, String> {
    let (entries, digest) = content
        .split_last_chunk::<20>()
        .ok_or("the Java key store is cut off")?;
    if let Some(password) = password {
        let mut hash = Sha1::new();
        for unit in password.encode_utf16() {
            hash.update(unit.to_be_bytes());
        }
        // A constant of Java's class JavaKeyStore.
        hash.update(b"Mighty Aphrodite");
        hash.update(entries);
        if hash.finalize()[..] != digest[..] {
            return Err(
                "the password is not that of this key store, or the key store was changed"
                    .to_owned(),
            );
        }
    }
    read(entries)
}

fn read(entries: &[u8]) -> Result<Vec<StoredCertificate>, String> {
    const PRIVATE_KEY: u32 = 1;
    const TRUSTED: u32 = 2;

    let mut reader = Reader(entries);
    let _magic = reader.number()?;
    let version = reader.number()?;
    if version != 1 && version != 2 {
        return Err(format!("version {version} of Java key stores is not known"));
    }
    let count = reader.number()?;
    let mut all = Vec::new();
    // Each entry takes some bytes, so that a wrong count ends with them.
    for _ in 0..count {
        let kind = reader.number()?;
        let _alias = reader.text()?;
        let _date = reader.bytes(8)?;
        match kind {
            TRUSTED => add(&mut all, reader.certificate(version, false)?)?,
            PRIVATE_KEY => {
                let length = reader.number()?;
                let _key = reader.bytes(length)?;
                for nth in 0..reader.number()? {
                    add(&mut all, reader.certificate(version, nth == 0)?)?;
                }
            }
            _ => {
                let why =
                    "the key store has an entry that only Java can read, such as a secret key";
                return Err(why.to_owned());
            }
        }
    }
    Ok(all)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: u32) -> Result<&'a [u8], String> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let split = self.0.split_at_checked(length);
        let (bytes, rest) = split.ok_or("the Java key store is cut off")?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32, String> {
        let bytes = self.bytes(4)?.iter();
        Ok(bytes.fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A text, after its length in two bytes.
    fn text(&mut self) -> Result<&'a [u8], String> {
        let length = self.bytes(2)?.iter();
        let length = length.fold(0, |number, byte| number << 8 | u32::from(*byte));
        self.bytes(length)
    }

    fn certificate(&mut self, version: u32, is_own: bool) -> Result<StoredCertificate, String> {
        // In version 1, all are X.509.
        let kind = if version == 2 { self.text()? } else { b"X.509" };
        if kind != b"X.509" && kind != b"X509" {
            return Err("the key store has a certificate that is not X.509".to_owned());
        }
        let length = self.number()?;
        let der = self.bytes(length)?.to_vec();
        Ok(StoredCertificate { der, is_own })
    }
}
