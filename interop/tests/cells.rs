//! Cells of the table: those of rustls, and others taken at random.

use std::collections::BTreeSet;
use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_roots_cli::interop::table::Table;
use embedded_roots_interop::{
    compare, computed_cells, computed_ids, file_ids, programs, shape_ids, write_files, write_shapes,
};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::random::numbers_from;

#[test]
#[ignore = "needs openssl, which makes the keys; .ci/run installs it and runs this"]
fn cells_of_rustls_are_as_computed() {
    let folder = Folder::new("rustls");
    write_shapes(folder.path(), |_| true);
    write_files(folder.path(), |_| true);
    let (shapes, files): (Vec<_>, Vec<_>) = (shape_ids().collect(), file_ids().collect());
    let cells = computed_cells(folder.path(), &shapes, &files);
    let table = Table::load().unwrap();
    let compared = compare(&table, &computed_ids(), &shapes, &files, &cells);
    assert!(
        compared.differences.is_empty(),
        "{}",
        compared.differences.join("\n")
    );
    assert_eq!(compared.agreed, 2 * shapes.len() + 4 * files.len());
}

/// Ten pairs of a shape and a program, whose verifiers all judge it: rustls, or what the gate installs.
#[test]
#[ignore = "needs openssl, cc, GnuTLS, Go and Python; .ci/run installs and runs them"]
fn cells_taken_at_random_are_as_the_programs_say() {
    let seed = if let Ok(seed) = env::var(SEED) {
        seed.parse().unwrap()
    } else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.subsec_nanos()
    };
    println!("{SEED}={seed}");
    let mut number = numbers_from(seed);
    let table = Table::load().unwrap();
    let all: Vec<_> = programs()
        .into_iter()
        .filter(|program| PROGRAMS.contains(&&*program.name))
        .collect();
    assert_eq!(all.len(), PROGRAMS.len());
    let shapes: Vec<_> = shape_ids().collect();
    let mut chosen = BTreeSet::new();
    while chosen.len() < 10 {
        // The last one is rustls.
        chosen.insert((number(all.len() + 1), shapes[number(shapes.len())]));
    }
    let mut faults = Vec::new();
    for nth in 0..=all.len() {
        let shapes = chosen.iter().filter(|(program, _)| *program == nth);
        let shapes: Vec<_> = shapes.map(|(_, shape)| *shape).collect();
        if shapes.is_empty() {
            continue;
        }
        let folder = Folder::new("cells");
        write_shapes(folder.path(), |id| shapes.contains(&id));
        let (ids, cells) = if let Some(program) = all.get(nth) {
            (program.ids.clone(), program.run(folder.path()).cells)
        } else {
            let cells = computed_cells(folder.path(), &shapes, &[]);
            (computed_ids(), cells)
        };
        let compared = compare(&table, &ids, &shapes, &[], &cells);
        println!("{}: {}", ids[0], shapes.join(", "));
        assert!(compared.agreed + compared.differences.len() >= shapes.len());
        faults.extend(compared.differences);
    }
    assert!(faults.is_empty(), "{SEED}={seed}\n{}", faults.join("\n"));
}

/// The variable for the seed of a run that is to be repeated.
const SEED: &str = "EMBEDDED_ROOTS_INTEROP_SEED";

const PROGRAMS: [&str; 4] = ["gnutls", "go-1.19", "openssl", "python"];
