//! What is encrypted with a password: the methods of PKCS#12 (RFC 7292, appendix C), and PBES2 (RFC 8018).

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, InnerIvInit as _, KeyInit, KeyIvInit as _};
use des::{TdesEde2, TdesEde3};
use embedded_roots_bundle::der::{
    Element, INTEGER, OCTET_STRING, OID, SEQUENCE, context_constructed,
};
use pbkdf2::pbkdf2_hmac;
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::input::ber;
use crate::input::pkcs12::derive::{Budget, Parameters, Purpose, meanings, number};
use crate::input::pkcs12::refusal::{UNREADABLE, wrong_password};

/// The content of an `EncryptedData` (RFC 5652, section 8).
pub(super) fn decrypted(
    data: &[u8],
    password: Option<&str>,
    budget: &mut Budget,
) -> Result<Vec<u8>, String> {
    let (algorithm, parameters, text) = read(data).ok_or(UNREADABLE)?;
    for password in meanings(password) {
        let found = match algorithm {
            PBES2 => pbes2(parameters, &text, password.unwrap_or_default(), budget)?,
            _ => pbes1(algorithm, parameters, &text, password, budget)?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(wrong_password(password))
}

/// `pkcs-12PbeIds` (RFC 7292, appendix C), with a last number for each.
const PBE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// HMAC as the function of PBKDF2 (RFC 8018, appendix B.1), with a last number for each digest.
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
/// AES (RFC 3565, section 4.1), with a last number for each length.
const AES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1];
const DES_EDE3: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7];

/// The algorithm, its parameters (the content of the SEQUENCE), and the text.
fn read(data: &[u8]) -> Option<(&[u8], &[u8], Vec<u8>)> {
    let (data, _) = Element::expect(data, SEQUENCE)?;
    let (_version, rest) = Element::expect(data, INTEGER)?;
    let (content, _) = Element::expect(rest, SEQUENCE)?;
    let (_kind, rest) = Element::expect(content, OID)?;
    let (algorithm, rest) = Element::expect(rest, SEQUENCE)?;
    let (text, _) = Element::read(rest)?;
    // In one piece, or in several.
    let text = if text.tag == context_constructed(0) {
        ber::pieces(text.value)?
    } else {
        text.value.to_vec()
    };
    let (algorithm, parameters) = Element::expect(algorithm, OID)?;
    let (parameters, _) = Element::expect(parameters, SEQUENCE)?;
    Some((algorithm, parameters, text))
}

/// None if the password is wrong.
fn pbes1(
    algorithm: &[u8],
    parameters: &[u8],
    text: &[u8],
    password: Option<&str>,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, String> {
    let read = || {
        let (salt, rest) = Element::expect(parameters, OCTET_STRING)?;
        let iterations = number(Element::only(rest, INTEGER)?)?;
        Some(Parameters { salt, iterations })
    };
    let parameters = read().ok_or(UNREADABLE)?;
    let (length, decrypt): (_, Decrypt) = match algorithm.strip_prefix(PBE) {
        Some([3]) => (24, decrypt::<TdesEde3>),
        Some([4]) => (16, decrypt::<TdesEde2>),
        Some([5]) => (16, decrypt_rc2),
        Some([6]) => (5, decrypt_rc2),
        _ => return Err(unknown()),
    };
    let key = parameters.derive::<Sha1>(password, Purpose::Key, length, budget)?;
    let iv = parameters.derive::<Sha1>(password, Purpose::Iv, 8, budget)?;
    Ok(decrypt(&key, &iv, text))
}

/// None if the password is wrong.
fn pbes2(
    parameters: &[u8],
    text: &[u8],
    password: &str,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, String> {
    let read = || {
        let (derivation, rest) = Element::expect(parameters, SEQUENCE)?;
        let (encryption, _) = Element::expect(rest, SEQUENCE)?;
        let (method, derivation) = Element::expect(derivation, OID)?;
        let (cipher, iv) = Element::expect(encryption, OID)?;
        Some((method, derivation, cipher, iv))
    };
    let (method, derivation, cipher, iv) = read().ok_or(UNREADABLE)?;
    let (length, decrypt): (usize, Decrypt) = match cipher.strip_prefix(AES) {
        Some([2]) => (16, decrypt::<Aes128>),
        Some([22]) => (24, decrypt::<Aes192>),
        Some([42]) => (32, decrypt::<Aes256>),
        _ if cipher == DES_EDE3 => (24, decrypt::<TdesEde3>),
        _ => return Err(unknown()),
    };
    if method != PBKDF2 {
        return Err(unknown());
    }
    let (salt, iterations, digest) = pbkdf2_parameters(derivation).ok_or(UNREADABLE)?;
    let iv = Element::only(iv, OCTET_STRING).ok_or(UNREADABLE)?;
    let mut key = vec![0; length];
    // HMAC takes two digests, of 20 bytes or more.
    budget.take(iterations, 2 * length.div_ceil(20))?;
    let password = password.as_bytes();
    match digest {
        7 => pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut key),
        9 => pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut key),
        10 => pbkdf2_hmac::<Sha384>(password, salt, iterations, &mut key),
        11 => pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut key),
        _ => return Err(unknown()),
    }
    Ok(decrypt(&key, iv, text))
}

/// Salt, count, and the last number of the digest's identifier (RFC 8018, appendix A.2).
fn pbkdf2_parameters(content: &[u8]) -> Option<(&[u8], u32, u8)> {
    const HMAC_SHA1: u8 = 7;

    let (content, _) = Element::expect(content, SEQUENCE)?;
    let (salt, rest) = Element::expect(content, OCTET_STRING)?;
    let (iterations, mut rest) = Element::expect(rest, INTEGER)?;
    if let Some((_length, after)) = Element::expect(rest, INTEGER) {
        rest = after;
    }
    if rest.is_empty() {
        return Some((salt, number(iterations)?, HMAC_SHA1));
    }
    let (digest, _) = Element::expect(rest, SEQUENCE)?;
    let (id, _) = Element::expect(digest, OID)?;
    let digest = *id.strip_prefix(HMAC)?.first()?;
    Some((salt, number(iterations)?, digest))
}

/// Of a key, an initialization vector and a text. None if the lengths or the padding are wrong.
type Decrypt = fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

fn decrypt<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key: &[u8],
    iv: &[u8],
    text: &[u8],
) -> Option<Vec<u8>> {
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    decryptor.decrypt_padded_vec_mut::<Pkcs7>(text).ok()
}

fn decrypt_rc2(key: &[u8], iv: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let cipher = Rc2::new_with_eff_key_len(key, 8 * key.len());
    let decryptor = Decryptor::inner_iv_slice_init(cipher, iv).ok()?;
    decryptor.decrypt_padded_vec_mut::<Pkcs7>(text).ok()
}

fn unknown() -> String {
    "the PKCS#12 is encrypted with an unsupported method: `openssl pkcs12 -nokeys` may read it"
        .to_owned()
}
