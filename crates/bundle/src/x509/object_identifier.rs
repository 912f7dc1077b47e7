//! Object identifiers in dotted form.

use std::fmt;

/// An object identifier (the content of the OBJECT IDENTIFIER, DER): `Display` writes `2.5.29.32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectIdentifier<'a>(&'a [u8]);

impl<'a> ObjectIdentifier<'a> {
    /// Wraps the content.
    #[must_use]
    pub fn new(content: &'a [u8]) -> Self {
        Self(content)
    }
}

impl fmt::Display for ObjectIdentifier<'_> {
    // One copy, since every program links it.
    #[inline(never)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut arc = 0_u64;
        for octet in self.0 {
            arc = arc.saturating_mul(128) | u64::from(octet & 0x7f);
            if octet & 0x80 != 0 {
                continue;
            }
            if first {
                // The first two arcs share an octet.
                let top = (arc / 40).min(2);
                write!(f, "{top}.{}", arc - top * 40)?;
            } else {
                write!(f, ".{arc}")?;
            }
            (first, arc) = (false, 0);
        }
        Ok(())
    }
}
