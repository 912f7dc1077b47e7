//! What other programs make of roots and of files with roots: the certificates and files of `cli/data/interop.toml`,
//! the programs that it is about, and a comparison of what they say with what it says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a check that cannot make what it needs fails at once, and says where"
)]

mod certificate;
mod comparison;
mod computed;
mod der;
mod files;
mod key;
mod program;
mod shapes;

pub use comparison::{Comparison, compare};
pub use computed::{computed_cells, computed_ids};
pub use files::{file_ids, write_files};
pub use program::{Answer, Cell, Output, ProgramScript, programs};
pub use shapes::{shape_ids, write_shapes};
