//! Where roots come from at run time.

pub(crate) mod crlite;
pub(crate) mod directory;
pub(crate) mod files;
pub(crate) mod intermediates;
pub(crate) mod origin;
pub(crate) mod pins;
pub(crate) mod root;
pub(crate) mod surroundings;
pub(crate) mod system;
pub(crate) mod variables;
