//! Octets from the front of a slice, for the formats of filters and of their index.

/// The first octets, which are taken away.
pub(super) fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// Like [`take`], for as many as the array has.
pub(super) fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

/// A number of at most eight octets, big endian.
pub(super) fn big_endian(rest: &mut &[u8], size: usize) -> Option<u64> {
    let octets = take(rest, size)?.iter();
    Some(octets.fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}
