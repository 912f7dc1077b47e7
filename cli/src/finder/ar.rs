//! The archives of `ar`, which Debian's packages are.

use std::io::{self, Read};

use super::bytes::read_up_to;
use super::header::MemberHeader;

/// How an archive begins.
pub(crate) const MAGIC: &[u8] = b"!<arch>\n";

/// Reads the next header; none at the end.
///
/// The names that do not fit are in a member of their own (GNU) or before the content (BSD), and are not read: they are
/// for people alone, and can be as long as the archive says.
pub(crate) fn next(reader: &mut dyn Read) -> io::Result<Option<MemberHeader>> {
    let header = read_up_to(reader, LENGTH)?;
    if header.is_empty() {
        return Ok(None);
    }
    let damaged = || io::Error::other("a header of this ar archive is damaged");
    let (Some(name), Some(size), Some(b"`\n")) =
        (header.get(..16), header.get(48..58), header.get(58..))
    else {
        return Err(damaged());
    };
    let size = std::str::from_utf8(size).map_err(|_| damaged())?;
    let size: u64 = size.trim_end().parse().map_err(|_| damaged())?;
    let name = name.trim_ascii_end();
    let name = name
        .strip_suffix(b"/")
        .filter(|name| !name.is_empty())
        .unwrap_or(name);
    Ok(Some(MemberHeader {
        name: name.to_owned(),
        size,
        // Members begin at even places.
        padding: size % 2,
    }))
}

const LENGTH: u64 = 60;
