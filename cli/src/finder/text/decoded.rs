//! What is decoded of a text.

/// What is decoded of a text at once.
pub(crate) struct DecodedText {
    pub(crate) bytes: Vec<u8>,
    /// Where the text ends.
    pub(crate) end: usize,
    /// The first place behind the mark from which decoding can go on.
    pub(crate) next: Option<Next>,
    mark: usize,
}

/// Where decoding can go on.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    /// The place in the text.
    pub(crate) at: usize,
    /// So many bytes are decoded before it.
    pub(crate) bytes: usize,
}

impl DecodedText {
    pub(super) fn new(capacity: usize, mark: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            end: 0,
            next: None,
            mark,
        }
    }

    /// Notes that decoding can go on from this place.
    pub(super) fn can_go_on(&mut self, at: usize) {
        if self.next.is_none() && at >= self.mark {
            let bytes = self.bytes.len();
            self.next = Some(Next { at, bytes });
        }
    }

    /// How much of a text of this length is between this place and the first from which decoding can go on.
    pub(super) fn up_to_mark(&self, at: usize, length: usize) -> usize {
        let end = self.next.map_or(self.mark.min(length), |_| length);
        end.saturating_sub(at)
    }

    pub(super) fn up_to(self, end: usize) -> Self {
        Self { end, ..self }
    }
}
