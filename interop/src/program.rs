//! The programs of `programs/`, each of which says in one form what it makes of a folder of shapes and files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// A program that can be run: `programs/NAME/run`, whose head says what it is.
#[derive(Debug)]
pub struct ProgramScript {
    /// The name of its folder.
    pub name: String,
    /// The version in the table, such as `1.19`.
    pub version: String,
    /// The verifiers and readers of the table that it is.
    pub ids: Vec<String>,
    needs: Vec<String>,
    path: PathBuf,
}

/// What a program has printed.
#[derive(Debug)]
pub struct Output {
    /// The version that ran.
    pub version: String,
    /// All cells, in its order.
    pub cells: Vec<Cell>,
}

/// What a verifier makes of a shape, or a reader of a file.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The id of the verifier or reader.
    pub program: String,
    /// The id of the shape or file.
    pub of: String,
    /// What it makes of it.
    pub answer: Answer,
    /// Its own words, if it refuses or fails.
    pub words: String,
}

/// A verdict, or a number of roots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// The server is trusted.
    Accepted,
    /// The server is not trusted.
    Refused,
    /// So many certificates are taken.
    Taken(usize),
    /// With the file, each server below one of its roots is trusted.
    All,
}

/// All programs, by name.
#[must_use]
pub fn programs() -> Vec<ProgramScript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let paths = entries.map(|entry| entry.path().join("run"));
    let mut programs: Vec<_> = paths
        .filter(|path| path.exists())
        .map(ProgramScript::new)
        .collect();
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    programs
}

impl ProgramScript {
    fn new(path: PathBuf) -> Self {
        let script = fs::read_to_string(&path).unwrap();
        let head = |key: &str| -> Vec<String> {
            let start = format!("# {key}: ");
            let lines = script.lines().filter_map(|line| line.strip_prefix(&start));
            let words = lines.flat_map(str::split_whitespace);
            words.map(str::to_owned).collect()
        };
        let folder = path.parent().and_then(Path::file_name);
        Self {
            name: folder.and_then(OsStr::to_str).unwrap().to_owned(),
            version: head("version").concat(),
            ids: head("ids"),
            needs: head("needs"),
            path,
        }
    }

    /// What it needs and this machine lacks.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let needs = self.needs.iter().map(String::as_str);
        needs.filter(|need| !is_installed(need)).collect()
    }

    /// Runs it over a folder.
    #[must_use]
    pub fn run(&self, folder: &Path) -> Output {
        let build = target().join("programs");
        fs::create_dir_all(&build).unwrap();
        let mut command = Command::new(&self.path);
        command
            .arg(folder)
            .env("BUILD", build)
            .env("TOOLS", tools());
        // Whatever the language of this machine is.
        command.env("LC_ALL", "C.UTF-8").stderr(Stdio::inherit());
        let output = command.output();
        let output = output.unwrap_or_else(|why| panic!("{}: {why}", self.path.display()));
        assert!(output.status.success(), "{}: {}", self.name, output.status);
        let text = String::from_utf8_lossy(&output.stdout);
        let (first, cells) = text.split_once('\n').unwrap_or_default();
        let version = first.strip_prefix("version\t");
        Output {
            version: version.unwrap_or_else(|| panic!("{text}")).to_owned(),
            cells: cells.lines().map(Cell::parse).collect(),
        }
    }
}

impl Cell {
    fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.splitn(4, '\t').collect();
        let [program, of, answer, words] = fields[..] else {
            panic!("not a cell: {line}");
        };
        let answer = match answer {
            "accepted" => Answer::Accepted,
            "refused" => Answer::Refused,
            "all" => Answer::All,
            number => Answer::Taken(number.parse().unwrap_or_else(|_| panic!("{line}"))),
        };
        Self {
            program: program.to_owned(),
            of: of.to_owned(),
            answer,
            words: words.trim().to_owned(),
        }
    }
}

/// A path of the system, one below the folder of tools (`tools/PATH`), or a program.
fn is_installed(need: &str) -> bool {
    if let Some(tool) = need.strip_prefix("tools/") {
        return tools().join(tool).exists();
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(need).exists())
}

/// Where `.ci/interop-tools` installs programs that Debian lacks.
fn tools() -> PathBuf {
    match env::var_os("INTEROP_TOOLS") {
        Some(folder) => folder.into(),
        None => target().join("tools"),
    }
}

/// What is compiled, and kept between runs.
fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("interop")
}
