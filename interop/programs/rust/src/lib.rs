//! The shapes and files of a folder, and a line for each cell.

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is in a folder, or nothing if there is none.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<std::result::Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}

/// What could not be read is refused, too.
pub fn verdict(program: &str, shape: &Path, refused: Result<Option<String>>) {
    let why = refused.unwrap_or_else(|why| Some(why.to_string()));
    let answer = if why.is_some() { "refused" } else { "accepted" };
    line(program, shape, answer, &why.unwrap_or_default());
}

pub fn count<E: Display>(program: &str, file: &Path, read: std::result::Result<usize, E>) {
    match read {
        Ok(roots) => line(program, file, &roots.to_string(), ""),
        Err(why) => line(program, file, "0", &why.to_string()),
    }
}

pub fn line(program: &str, path: &Path, answer: &str, words: &str) {
    let id = path.file_stem().unwrap_or_default().to_string_lossy();
    let words: Vec<_> = words.split_whitespace().collect();
    println!("{program}\t{id}\t{answer}\t{}", words.join(" "));
}
