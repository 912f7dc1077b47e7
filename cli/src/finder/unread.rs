//! What is recognised, and not looked into.

/// The form of a file that begins like this, whose content is compressed or encrypted in a way that is not read.
pub(crate) fn form(head: &[u8]) -> Option<&'static str> {
    if is_bcfks(head) {
        return Some("BCFKS key store");
    }
    if head.starts_with(b"hsqs") {
        return Some(match head.get(20) {
            Some(2) => "squashfs with LZMA",
            Some(3) => "squashfs with LZO",
            _ => "squashfs",
        });
    }
    let known = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
    known.map(|(_, form)| *form)
}

/// How files begin.
const MAGIC: &[(&[u8], &str)] = &[
    (b"xar!", "xar"),
    (b"MSCF\0\0\0\0", "cabinet"),
    (b"Rar!\x1a\x07", "rar"),
    (b"LZIP", "lzip"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x1f\x9d", "compress"),
    // The version and the length of the salt. The certificates of BKS are not encrypted, and are found.
    (b"\0\0\0\x01\0\0\0\x14", "BKS or UBER key store"),
    (b"\0\0\0\x02\0\0\0\x14", "BKS or UBER key store"),
];

/// Three SEQUENCEs and the object identifier of PBES2 (RFC 8018), with which a store that Bouncy Castle has encrypted
/// begins.
fn is_bcfks(head: &[u8]) -> bool {
    const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";

    let begin = head.get(..32).unwrap_or(head);
    let Some(oid) = memchr::memmem::find(begin, PBES2) else {
        return false;
    };
    let mut rest = begin.get(..oid).unwrap_or_default();
    let mut sequences = 0;
    while let [0x30, length, after @ ..] = rest {
        let more = usize::from(length.saturating_sub(0x80));
        rest = after.get(more..).unwrap_or_default();
        sequences += 1;
    }
    sequences == 3 && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_of_bouncy_castle_are_known_and_encrypted_keys_are_none() {
        let store = b"\x30\x82\x08\x00\x30\x82\x07\x00\x30\x55\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x48";
        assert_eq!(form(store), Some("BCFKS key store"));
        // PKCS#8, encrypted.
        assert_eq!(form(&store[4..]), None);
    }

    #[test]
    fn plain_files_are_not_unread_forms() {
        for plain in [
            &b""[..],
            b"\x7fELF\x02\x01\x01\0\0\0",
            b"#!/bin/sh",
            b"-----BEGIN",
        ] {
            assert_eq!(form(plain), None);
        }
    }
}
