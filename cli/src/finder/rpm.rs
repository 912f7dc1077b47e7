//! What stands before the payload of an RPM (the format of RPM 4).

use std::io::{self, Read};

use super::bytes::skip;

/// How a package begins.
pub(crate) const MAGIC: &[u8] = b"\xed\xab\xee\xdb";

/// Reads up to the payload: past the lead, the signature and the header.
pub(crate) fn skip_to_payload(reader: &mut dyn Read) -> io::Result<()> {
    skip(&mut reader.take(LEAD))?;
    let signature = header(reader)?;
    // It alone is padded.
    skip(&mut reader.take(signature.next_multiple_of(8) - signature))?;
    header(reader)?;
    Ok(())
}

const LEAD: u64 = 96;
/// A header begins with its magic number and version, and four octets that are reserved.
const HEADER: [u8; 4] = *b"\x8e\xad\xe8\x01";
/// The length of an entry of the index, and of what stands before that.
const ENTRY: u64 = 16;

/// Skips a header, and returns how long it was.
fn header(reader: &mut dyn Read) -> io::Result<u64> {
    let mut parts = [[0; 4]; 4];
    for part in &mut parts {
        reader.read_exact(part)?;
    }
    let [magic, _reserved, entries, data] = parts;
    if magic != HEADER {
        return Err(io::Error::other("a header of this RPM is damaged"));
    }
    let [entries, data] = [entries, data].map(|part| u64::from(u32::from_be_bytes(part)));
    let length = entries * ENTRY + data;
    skip(&mut reader.take(length))?;
    Ok(ENTRY + length)
}
