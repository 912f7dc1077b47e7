//! What other programs make of a file.

use std::collections::BTreeSet;

use crate::check::{Doubt, OTHER_PROGRAMS, Warning};
use crate::interop::certificate::RootsOfFile;
use crate::interop::table::Table;
use crate::interop::{self, Opinion};
use crate::root::InspectedRoot;

/// A file, in the table of other programs.
pub(super) struct Others<'a> {
    pub(super) table: &'a Table,
    /// The shapes of the file, and their lines.
    pub(super) files: Vec<(&'static str, usize)>,
    pub(super) roots: &'a [InspectedRoot],
    pub(super) shapes: RootsOfFile<'a>,
}

impl<'a> Others<'a> {
    pub(super) fn opinions(&self, ids: &BTreeSet<&str>) -> Vec<Warning<Opinion<'a>>> {
        let of_file = self.files.iter().flat_map(|(shape, line)| {
            let opinions = self.table.of_file(shape, ids);
            opinions.into_iter().map(|opinion| Warning {
                line: Some(*line),
                certificate: None,
                subject: None,
                doubt: opinion,
            })
        });
        let of_roots = self.roots.iter().enumerate().flat_map(|(number, root)| {
            let opinions = self.shapes.shapes(number).into_iter();
            let opinions = opinions.flat_map(|shape| self.table.of_root(shape, ids));
            opinions.map(|opinion| Warning::new(root, opinion))
        });
        of_file.chain(of_roots).collect()
    }

    /// What at least three of the common programs refuse or lose.
    pub(super) fn doubts(&self) -> Vec<Warning<Doubt>> {
        const FEWEST: usize = 3;

        let opinions = self.opinions(&self.table.common());
        let of_one = |one: &Warning<Opinion<'_>>, other: &Warning<Opinion<'_>>| {
            (one.line, one.certificate, one.doubt.shape)
                == (other.line, other.certificate, other.doubt.shape)
        };
        let shapes = opinions.chunk_by(of_one);
        let shapes = shapes.filter_map(|shape| {
            let first = shape.first()?;
            let opinions = shape.iter().map(|opinion| &opinion.doubt);
            let text = interop::common(opinions, FEWEST)?;
            // There is a warning of it that says when.
            (first.doubt.shape != "expired").then(|| Warning {
                line: first.line,
                certificate: first.certificate,
                subject: first.subject.clone(),
                doubt: Doubt {
                    kind: OTHER_PROGRAMS,
                    text,
                },
            })
        });
        shapes.collect()
    }
}
