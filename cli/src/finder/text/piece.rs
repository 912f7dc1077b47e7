//! A part of a text that is decoded.

/// A part of a text.
pub(super) struct Piece {
    /// Where it ends.
    pub(super) end: usize,
    /// The first place behind the mark from which decoding can go on.
    pub(super) next: Option<Next>,
}

/// Where decoding can go on.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    /// The place in the text.
    pub(crate) at: usize,
    /// So many bytes are decoded before it.
    pub(crate) bytes: usize,
}
