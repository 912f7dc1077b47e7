//! What stands before a file in an archive whose files stand in a row.

pub(crate) struct MemberHeader {
    /// As it is written, without the padding.
    pub(crate) name: Vec<u8>,
    pub(crate) size: u64,
    /// What is added to the content.
    pub(crate) padding: u64,
}
