//! `cargo xtask interop`: runs the programs of the table that are installed, and compares each cell with the table.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::process::ExitCode;

use embedded_roots_cli::interop::table::Table;
use embedded_roots_interop::{
    Output, compare, computed_cells, computed_ids, file_ids, programs, shape_ids, write_files,
    write_shapes,
};
use embedded_roots_testing::folder::Folder;

fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let prefixes: Vec<String> = env::args().skip(1).collect();
    let all = prefixes.is_empty() || prefixes == ["--all"];
    let wanted = |ids: &[String]| {
        let wanted = |id: &String| prefixes.iter().any(|prefix| id.starts_with(prefix));
        all || ids.iter().any(wanted)
    };
    let table = Table::load()?;
    let folder = Folder::new("interop");
    write_shapes(folder.path(), |_| true);
    write_files(folder.path(), |_| true);
    let (shapes, files): (Vec<_>, Vec<_>) = (shape_ids().collect(), file_ids().collect());

    let mut differences = 0;
    let mut absent = BTreeMap::new();
    let mut report = |name: &str, of_table: &str, ids: &[String], output: &Output| {
        let compared = compare(&table, ids, &shapes, &files, &output.cells);
        differences += compared.differences.len();
        let ran = &output.version;
        println!(
            "{name} {ran}, {of_table} in the table: {} cells agree, {} differ",
            compared.agreed,
            compared.differences.len()
        );
        // A patch release is the version of the table.
        if ran != of_table && !ran.starts_with(&format!("{of_table}.")) {
            println!("{name}: another version than that of the table: what differs is a new row");
        }
        for difference in compared.differences {
            println!("{difference}");
        }
    };
    for program in programs() {
        if !wanted(&program.ids) {
            continue;
        }
        let missing = program.missing();
        if missing.is_empty() {
            let output = program.run(folder.path());
            report(&program.name, &program.version, &program.ids, &output);
        } else {
            absent.insert(program.name.clone(), missing.join(", "));
        }
    }
    if wanted(&computed_ids()) {
        let version = "of Cargo.lock";
        let output = Output {
            version: version.to_owned(),
            cells: computed_cells(folder.path(), &shapes, &files),
        };
        report("rustls", version, &computed_ids(), &output);
    }
    for (name, missing) in &absent {
        println!("{name}: not run, because {missing} is not installed");
    }
    // Without arguments, what is installed is enough.
    let complete = prefixes.is_empty() || absent.is_empty();
    Ok(if differences == 0 && complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
