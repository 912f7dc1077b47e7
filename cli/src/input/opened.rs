//! Certificates of files that nobody has named as key stores: those that are not encrypted, and those that a password
//! opens which everybody uses.

use std::path::Path;

use memchr::memmem;
use serde::{Deserialize, Serialize};

pub(crate) use crate::input::pkcs7::is_signed_data;
use crate::input::pkcs12::derive::Budget;
use crate::input::{password_of, pkcs7, pkcs12};
use crate::outcome::Result;

/// The passwords that are tried.
#[derive(Default, Clone)]
pub(crate) struct Passwords {
    given: Option<String>,
}

/// The most digests that are computed for one key store.
pub(crate) use crate::input::pkcs12::derive::DIGESTS as DIGESTS_OF_STORE;

/// One of them, which is shown if it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Password {
    /// The first line of the file that the command line names.
    #[serde(rename = "password-file")]
    Given,
    /// What Java's documentation has, and what its own store had.
    Changeit,
    Empty,
    Changeme,
}

/// What is in a file.
#[derive(Debug, Default)]
pub(crate) struct OpenedFile {
    /// DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// What is signed, where it is not in the file byte for byte: in pieces, or in PEM.
    pub(crate) contents: Vec<Vec<u8>>,
    /// With which a part of it was decrypted.
    pub(crate) password: Option<Password>,
    /// Why a part of it was not.
    pub(crate) refusal: Option<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is none of these passwords, or it is encrypted in a way that is not read.
    Password,
    /// To try one takes too long.
    Iterations,
    /// Other stores have taken all that may be tried.
    UsedUp,
}

impl Passwords {
    /// Those that everybody uses, and the first line of a file.
    pub(crate) fn from_file(path: Option<&Path>) -> Result<Self> {
        let given = path.map(password_of).transpose()?;
        Ok(Self { given })
    }

    /// The most likely one first.
    fn all(&self) -> impl Iterator<Item = (Password, Option<&str>)> {
        let given = self.given.as_deref();
        let given = given.map(|text| (Password::Given, Some(text)));
        given.into_iter().chain([
            (Password::Changeit, Some("changeit")),
            // Which is also that of a file without one.
            (Password::Empty, None),
            (Password::Changeme, Some("changeme")),
        ])
    }
}

impl Refusal {
    /// For people.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Password => "PKCS#12 with encrypted certificates or keys",
            Self::Iterations => {
                "PKCS#12 with encrypted certificates or keys, and too many iterations to try passwords"
            }
            Self::UsedUp => {
                "PKCS#12 with encrypted certificates or keys, no password was tried, after too many others"
            }
        }
    }
}

impl Password {
    /// For people.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Given => "the password of the file",
            Self::Changeit => "the password `changeit`",
            Self::Empty => "the empty password",
            Self::Changeme => "the password `changeme`",
        }
    }
}

/// The certificates of a PKCS#12, DER or BER. Takes from the number of digests that are `left`.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn pkcs12(
    content: &[u8],
    passwords: &Passwords,
    left: &mut u64,
) -> std::result::Result<OpenedFile, String> {
    let of_one = Budget::default();
    let is_last = *left < of_one.left();
    let mut budget = of_one.up_to(*left);
    let before = budget.left();
    let contents = pkcs12::Contents::read(content)?;
    let mut opened = OpenedFile {
        certificates: contents.plain()?,
        ..OpenedFile::default()
    };
    if contents.is_encrypted() {
        let found = passwords.all().find_map(|(password, text)| {
            let certificates = contents.decrypted(text, &mut budget)?;
            Some((password, certificates))
        });
        match found {
            Some((password, certificates)) => {
                opened.certificates.extend(certificates);
                opened.password = Some(password);
            }
            None if !budget.is_used_up() => opened.refusal = Some(Refusal::Password),
            None if is_last => opened.refusal = Some(Refusal::UsedUp),
            None => opened.refusal = Some(Refusal::Iterations),
        }
    }
    *left -= before - budget.left();
    Ok(opened)
}

/// What is in a PKCS#7, DER or BER.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn pkcs7(content: &[u8]) -> std::result::Result<OpenedFile, String> {
    let mut opened = OpenedFile::default();
    pkcs7::add_all(content, &mut opened.certificates)?;
    let signed = pkcs7::signed_content(content);
    let signed = signed.filter(|signed| memmem::find(content, signed).is_none());
    opened.contents.extend(signed);
    Ok(opened)
}

/// Like [`pkcs7`], of all blocks of PEM.
///
/// # Errors
///
/// If one of them cannot be read.
pub(crate) fn pkcs7_of_pem(content: &[u8]) -> std::result::Result<OpenedFile, String> {
    let mut opened = OpenedFile::default();
    let blocks = pkcs7::of_pem(content)?;
    if blocks.is_empty() {
        return Err("a certificate has no end".to_owned());
    }
    for der in blocks {
        pkcs7::add_all(&der, &mut opened.certificates)?;
        opened.contents.extend(pkcs7::signed_content(&der));
    }
    Ok(opened)
}
