//! A part of a text that is decoded.

/// A part of a text.
pub(super) struct Piece {
    /// Where it ends.
    pub(super) end: usize,
    /// The first place behind the mark from which decoding can go on.
    pub(super) next: Option<usize>,
}
