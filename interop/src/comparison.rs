//! What programs say, compared with the table.

use std::collections::BTreeSet;

use embedded_roots_bundle::shorten;
use embedded_roots_cli::interop::table::{Program, Table, Verdict};

use crate::program::{Answer, Cell};

/// The comparison of cells with the table.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many cells are as the table says.
    pub agreed: usize,
    /// The others, in words.
    pub differences: Vec<String>,
}

/// Compares what these verifiers and readers have said of these shapes and files.
///
/// A cell that the table does not know is not compared. One that it knows and nobody has said is a difference.
#[must_use]
pub fn compare(
    table: &Table,
    programs: &[String],
    shapes: &[&str],
    files: &[&str],
    cells: &[Cell],
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut expected = BTreeSet::new();
    for id in programs {
        if let Some(verifier) = find(&table.verifiers, id) {
            let there = table.shapes.iter();
            let there = there.filter(|shape| shapes.contains(&&*shape.id));
            let known = there.filter(|shape| shape.verdict(verifier).is_some());
            expected.extend(known.map(|shape| (&**id, &*shape.id, CellKind::Shape)));
        }
        if let Some(reader) = find(&table.readers, id) {
            let there = table.files.iter();
            let there = there.filter(|file| files.contains(&&*file.id));
            let known = there.filter(|file| file.reading(reader).is_some());
            expected.extend(known.map(|file| (&**id, &*file.id, CellKind::File)));
        }
    }
    for cell in cells {
        let kind = match cell.answer {
            Answer::Accepted | Answer::Refused => CellKind::Shape,
            Answer::Taken(_) | Answer::All => CellKind::File,
        };
        if !expected.remove(&(&*cell.program, &*cell.of, kind)) {
            continue;
        }
        match difference(table, cell) {
            None => comparison.agreed += 1,
            Some(words) => comparison.differences.push(words),
        }
    }
    let silent = expected.iter();
    let silent = silent.map(|(program, of, _)| format!("{program}: {of}: it said nothing"));
    comparison.differences.extend(silent);
    comparison
}

/// A shape and a file may have one id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CellKind {
    Shape,
    File,
}

/// What the table says otherwise.
fn difference(table: &Table, cell: &Cell) -> Option<String> {
    let Cell {
        program,
        of,
        answer,
        words,
    } = cell;
    let (said, expected) = match answer {
        Answer::Accepted | Answer::Refused => {
            let shape = table.shapes.iter().find(|shape| shape.id == *of)?;
            let expected = match shape.verdict(find(&table.verifiers, program)?)? {
                Verdict::Accepted => "accepted",
                Verdict::Refused(_) => "refused",
            };
            let said = match answer {
                Answer::Accepted => "accepted",
                _ => "refused",
            };
            (said.to_owned(), expected.to_owned())
        }
        Answer::Taken(_) | Answer::All => {
            let file = table.files.iter().find(|file| file.id == *of)?;
            let expected = file.reading(find(&table.readers, program)?)?;
            // Some count a certificate twice, or blocks that are none; and one takes something of an empty file.
            let roots = match answer {
                Answer::Taken(roots) => file.roots.max(1).min(*roots),
                _ => file.roots,
            };
            let shown =
                |roots, fails| format!("{roots}{}", if fails { " and an error" } else { "" });
            (
                shown(roots, !words.is_empty()),
                shown(expected.roots, expected.words.is_some()),
            )
        }
    };
    let words = if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", shorten(words, 120))
    };
    (said != expected).then(|| format!("{program}: {of}: {said}{words}, the table says {expected}"))
}

fn find<'a>(programs: &'a [Program], id: &str) -> Option<&'a Program> {
    programs.iter().find(|program| program.id == id)
}
