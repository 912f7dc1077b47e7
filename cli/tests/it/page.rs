//! `docs/interop.md` is made from the data.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use embedded_roots_cli::interop::table::{File, Program, Reading, Shape, Subject, Table, Verdict};

/// The columns of both tables.
const COMMON: [&str; 8] = [
    "OpenSSL", "curl", "Python", "Go", "Java", "Node", "GnuTLS", "rustls",
];

#[test]
fn page_is_made_from_the_data() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/interop.md");
    let page = fs::read_to_string(&path).unwrap();
    let table = Table::load().unwrap();
    let mut made = page.clone();
    for (name, text) in [
        ("roots", roots(&table)),
        ("files", files(&table)),
        ("verifiers", programs(&table.verifiers)),
        ("readers", programs(&table.readers)),
    ] {
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
        let from = made.find(&start).unwrap() + start.len();
        let to = made.find(&end).unwrap();
        made.replace_range(from..to, &format!("\n{text}\n"));
    }
    // To write it.
    if env::var_os("INTEROP_PAGE").is_some_and(|value| value == "overwrite") {
        fs::write(&path, &made).unwrap();
    }
    assert!(
        page == made,
        "docs/interop.md differs from the data: INTEROP_PAGE=overwrite writes it"
    );
}

fn roots(table: &Table) -> String {
    let mut text = header("root", "others");
    let mut accepted = Vec::new();
    for shape in &table.shapes {
        let cell = |name: &str| cell(&table.verifiers, name, |verifier| refuses(shape, verifier));
        let others = others(&table.verifiers, cell);
        let cells: Vec<String> = COMMON.iter().map(|name| cell(name)).collect();
        if others.is_empty() && cells.iter().all(String::is_empty) {
            accepted.push(shape.what.as_str());
            continue;
        }
        let what = match shape.of {
            Subject::Bundle => format!("{} (in one file)", shape.what),
            _ => shape.what.clone(),
        };
        row(&mut text, &what, &cells, &others);
    }
    let accepted = accepted.join("; ");
    writeln!(text, "\nAll that was tried accepts: {accepted}.").unwrap();
    text
}

fn files(table: &Table) -> String {
    let mut text = header("file with", "others");
    let mut taken = Vec::new();
    for file in &table.files {
        let cell = |name: &str| cell(&table.readers, name, |reader| lost(file, reader));
        let others = others(&table.readers, cell);
        let cells: Vec<String> = COMMON.iter().map(|name| cell(name)).collect();
        if others.is_empty() && cells.iter().all(String::is_empty) {
            taken.push(file.what.as_str());
            continue;
        }
        row(&mut text, &file.what, &cells, &others);
    }
    let taken = taken.join("; ");
    writeln!(
        text,
        "\nAll that was tried takes all roots of a file with: {taken}."
    )
    .unwrap();
    text
}

fn header(first: &str, last: &str) -> String {
    let common = COMMON.join(" | ");
    let rules = "| --- ".repeat(COMMON.len() + 2);
    format!("| {first} | {common} | {last} |\n{rules}|\n")
}

fn row(text: &mut String, what: &str, cells: &[String], others: &str) {
    let cells = cells.join(" | ");
    writeln!(text, "| {what} | {cells} | {others} |").unwrap();
}

/// What a program does by default where it is a common one, and in all forms otherwise.
fn cell(
    programs: &[Program],
    name: &str,
    told: impl Fn(&Program) -> Option<&'static str>,
) -> String {
    let all: Vec<&Program> = programs.iter().filter(|one| one.name == name).collect();
    let default: Vec<&Program> = all.iter().copied().filter(|one| one.default).collect();
    let asked = if default.is_empty() { all } else { default };
    let mut words: Vec<(&str, Vec<&str>)> = Vec::new();
    for program in &asked {
        let Some(word) = told(program) else { continue };
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, versions)) => versions.push(&program.versions),
            None => words.push((word, vec![&program.versions])),
        }
    }
    let words = words.iter().map(|(word, versions)| {
        if versions.len() == asked.len() {
            (*word).to_owned()
        } else {
            format!("{word} ({})", versions.join(", "))
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn others(programs: &[Program], cell: impl Fn(&str) -> String) -> String {
    let mut names: Vec<&str> = programs.iter().map(|one| one.name.as_str()).collect();
    names.retain(|name| !COMMON.contains(name));
    names.dedup();
    let others = names.into_iter().map(|name| (name, cell(name)));
    let others = others.filter(|(_, cell)| !cell.is_empty());
    let others = others.map(|(name, cell)| format!("{name} {cell}"));
    others.collect::<Vec<_>>().join("; ")
}

fn refuses(shape: &Shape, verifier: &Program) -> Option<&'static str> {
    match shape.verdict(verifier) {
        Some(Verdict::Refused(_)) => Some("refuses"),
        Some(Verdict::Accepted) => None,
        None => Some("?"),
    }
}

/// Roots that are lost without a word are marked.
fn lost(file: &File, reader: &Program) -> Option<&'static str> {
    let expected = file.expected(reader);
    match file.reading(reader) {
        None => Some("?"),
        Some(Reading {
            roots: 0,
            words: Some(_),
        }) => Some("refuses"),
        Some(Reading { roots, words: None }) if roots < expected => Some("**loses**"),
        Some(Reading {
            roots,
            words: Some(_),
        }) if roots < expected => Some("loses, with an error"),
        Some(Reading { words: Some(_), .. }) => Some("error after all"),
        Some(_) => None,
    }
}

fn programs(programs: &[Program]) -> String {
    let mut text =
        "| name | `--for` | versions | how | on |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for Program {
        id,
        name,
        versions,
        how,
        date,
        ..
    } in programs
    {
        writeln!(text, "| {name} | `{id}` | {versions} | {how} | {date} |").unwrap();
    }
    text
}
