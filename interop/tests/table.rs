//! The table, the shapes and files that are made, and the programs that are run belong together.

#![allow(
    clippy::unwrap_used,
    reason = "the lint's exception for tests is for functions with `#[test]`; all of this is test code"
)]

use std::collections::BTreeSet;

use embedded_roots_cli::interop::table::Table;
use embedded_roots_interop::{computed_ids, file_ids, programs, shape_ids};

fn table() -> Table {
    Table::load().unwrap()
}

#[test]
fn shapes_and_files_are_those_of_the_table() {
    let table = table();
    let shapes = table.shapes.iter().map(|shape| shape.id.as_str());
    assert!(shape_ids().eq(shapes));
    let files = table.files.iter().map(|file| file.id.as_str());
    assert!(file_ids().eq(files));
}

#[test]
fn every_verifier_and_reader_is_run_by_one_program() {
    let table = table();
    let mut of_table = BTreeSet::new();
    for (programs, kind) in [(&table.verifiers, "verifier"), (&table.readers, "reader")] {
        let mut of_kind = BTreeSet::new();
        for program in programs {
            assert!(of_kind.insert(&program.id), "{kind} {} twice", program.id);
        }
        of_table.extend(programs.iter().map(|program| program.id.clone()));
    }
    let mut run = BTreeSet::new();
    let all = programs().into_iter().flat_map(|program| program.ids);
    for id in all.chain(computed_ids()) {
        assert!(run.insert(id.clone()), "{id} is run twice");
    }
    assert_eq!(run, of_table);
}

#[test]
fn the_table_names_each_program_once_a_shape_and_file() {
    let table = table();
    let ids = |programs: &[embedded_roots_cli::interop::table::Program]| -> BTreeSet<String> {
        programs.iter().map(|program| program.id.clone()).collect()
    };
    let (verifiers, readers) = (ids(&table.verifiers), ids(&table.readers));
    let shapes = table.shapes.iter().map(|shape| {
        let named: Vec<_> = shape.named().collect();
        (&shape.id, named, &verifiers)
    });
    let files = table.files.iter().map(|file| {
        let named: Vec<_> = file.named().collect();
        (&file.id, named, &readers)
    });
    for (id, named, known) in shapes.chain(files) {
        let mut seen = BTreeSet::new();
        for program in named {
            assert!(known.contains(program), "{id}: {program} is not known");
            assert!(seen.insert(program), "{id}: {program} twice");
        }
    }
}
