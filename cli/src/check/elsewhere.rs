//! What other programs make of a file.

use std::collections::BTreeSet;
use std::path::Path;

use rustls_pki_types::UnixTime;

use crate::check::report::{Doubt, OTHER_PROGRAMS, Warning};
use crate::input::Input;
use crate::interop::certificate::RootsOfFile;
use crate::interop::table::Table;
use crate::interop::{self, Choice, Opinion};
use crate::outcome::Result;
use crate::place::Place;
use crate::root::InspectedRoot;

/// A file, in the table of other programs.
pub(super) struct OtherPrograms<'a> {
    pub(super) table: &'a Table,
    /// The shapes of the file, and their lines.
    pub(super) files: Vec<(&'static str, usize)>,
    pub(super) roots: &'a [InspectedRoot],
    pub(super) shapes: RootsOfFile<'a>,
}

impl<'a> OtherPrograms<'a> {
    pub(super) fn opinions(&self, chosen: &Choice<'_>) -> Vec<Warning<Opinion<'a>>> {
        let of_file = self.files.iter().flat_map(|(shape, line)| {
            let opinions = self.table.of_file(shape, chosen);
            let place = Place::Line(*line);
            opinions
                .into_iter()
                .map(move |opinion| Warning::of_file(place, opinion))
        });
        let of_roots = self.roots.iter().enumerate().flat_map(|(number, root)| {
            let opinions = self.shapes.shapes(number).into_iter();
            let opinions = opinions.flat_map(|shape| self.table.of_root(shape, chosen));
            opinions.map(|opinion| Warning::new(root, opinion))
        });
        of_file.chain(of_roots).collect()
    }

    /// What at least three of the common programs refuse, and what one of them does not read in the file, which can be
    /// written in another way.
    pub(super) fn doubts(&self) -> Vec<Warning<Doubt>> {
        let opinions = self.opinions(&self.table.common());
        let of_one = |one: &Warning<Opinion<'_>>, other: &Warning<Opinion<'_>>| {
            (one.place, one.doubt.shape) == (other.place, other.doubt.shape)
        };
        let shapes = opinions.chunk_by(of_one);
        let shapes = shapes.filter_map(|shape| {
            let first = shape.first()?;
            let opinions = shape.iter().map(|opinion| &opinion.doubt);
            let fewest = if first.subject.is_some() { 3 } else { 1 };
            let text = interop::common(opinions, fewest)?;
            // There are other warnings of these, which say when, and how to convert the file.
            let is_told = ["expired", "der", "pkcs7", "utf-16", "joined"];
            (!is_told.contains(&first.doubt.shape)).then(|| Warning {
                place: first.place,
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

/// The ids of the shapes of a file, and of those of its roots that can be read.
///
/// # Errors
///
/// If the file cannot be read.
pub fn recognised(path: &Path, now: UnixTime) -> Result<BTreeSet<&'static str>> {
    let input = Input::read(path, None)?;
    let roots: Vec<InspectedRoot> = input.certificates().collect();
    let of_roots = RootsOfFile::new(&roots, now);
    let of_file = interop::file::shapes(input.form, input.text());
    let shapes = (0..roots.len()).flat_map(|number| of_roots.shapes(number));
    Ok(shapes
        .chain(of_file.iter().map(|(shape, _)| *shape))
        .collect())
}
