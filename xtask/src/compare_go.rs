//! Compares examples/contributors with a Go program that does the same job: size, memory, and time
//! to the first response. What its README claims about them has to hold.

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{resident, run};
use crate::image::{Image, program};
use crate::path;

/// A table with a row for each C library and for Go.
///
/// The Go program is the source in the folder `go_source`, or examples/contributors/go. With the latter, it is an
/// error if a figure is worse than in examples/contributors/README.md, or a program is missing.
pub(crate) fn compare(go_source: Option<&str>) -> Result<String, Box<dyn Error>> {
    let mut rows = Vec::new();
    let mut skipped = Vec::new();
    match program::with_musl("mozilla")? {
        Ok(program) => rows.push(ProgramFigures::measure(MUSL, &program.path)?),
        Err(missing) => skipped.push(format!("musl was skipped: {missing}")),
    }
    let glibc = program::with_glibc("mozilla")?;
    rows.push(ProgramFigures::measure(GLIBC, &glibc.path)?);
    match go(go_source)? {
        Some((version, program)) => rows.push(ProgramFigures::measure(&version, &program)?),
        None => skipped.push("Go was skipped: it is not installed".to_owned()),
    }
    let mut table = HEAD.to_owned();
    table.extend(rows.iter().map(ProgramFigures::row));
    table.extend(skipped.iter().map(|why| format!("\n{why}")));
    if go_source.is_none() {
        let misses = misses(&claimed(&fs::read_to_string(path(README))?)?, &rows);
        if !misses.is_empty() {
            return Err(format!("{table}\n{}", misses.join("\n")).into());
        }
    }
    Ok(table)
}

const README: &str = "examples/contributors/README.md";
const RUNS: usize = 51;

const MUSL: &str = "Rust, musl";
const GLIBC: &str = "Rust, glibc";
/// The version follows.
const GO: &str = "Go";

const HEAD: &str = "\
| | program, bytes | image, bytes | start to first response, ms | resident, KiB |
| --- | --- | --- | --- | --- |
";

/// Something that the README claims, as a ratio to the Go program.
struct Figure {
    /// How its row in the README begins.
    name: &'static str,
    of: fn(&ProgramFigures) -> f64,
    /// By what factor a measured ratio may be larger than the claimed one.
    margin: f64,
}

const FIGURES: [Figure; 4] = [
    // Sizes are the same in every run, but change by some percent with the versions of Rust and Go.
    Figure {
        name: "program",
        of: |measured| f64::from(measured.bytes),
        margin: 1.1,
    },
    Figure {
        name: "image",
        of: |measured| f64::from(measured.image),
        margin: 1.1,
    },
    // Medians of about a millisecond, on machines that do something else, too. Of the same programs, Go's took
    // 7.8 ms on one machine and 4.9 ms on another, which is within the margin.
    Figure {
        name: "start to first response",
        of: |measured| measured.first_response.as_secs_f64(),
        margin: 3.0,
    },
    // Kernels differ in how many pages they map at once.
    Figure {
        name: "resident memory",
        of: |measured| f64::from(measured.resident),
        margin: 1.3,
    },
];

/// What the table in this README claims.
fn claimed(readme: &str) -> Result<Vec<ProgramFigures>, Box<dyn Error>> {
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| | {MUSL} |")))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let cell = |name: &str, column: usize| {
        let named = |cells: &&Vec<&str>| cells.first().is_some_and(|cell| cell.starts_with(name));
        let cell = rows.iter().find(named).and_then(|cells| cells.get(column));
        cell.copied()
            .ok_or_else(|| format!("{README} does not claim the {name} of program {column}"))
    };
    let number = |row, column| -> Result<u32, Box<dyn Error>> {
        Ok(cell(row, column)?.replace(',', "").parse()?)
    };
    let columns = rows.first().map_or(0, Vec::len);
    (1..columns)
        .map(|column| {
            let milliseconds: f64 = cell("start to first response", column)?.parse()?;
            Ok(ProgramFigures {
                name: cell("", column)?.to_owned(),
                bytes: number("program", column)?,
                image: number("image", column)?,
                first_response: Duration::try_from_secs_f64(milliseconds / 1000.0)?,
                resident: number("resident memory", column)?,
            })
        })
        .collect()
}

/// Each figure that is worse than claimed, by more than its margin, and each program that is missing.
fn misses(claimed: &[ProgramFigures], measured: &[ProgramFigures]) -> Vec<String> {
    let mut misses = Vec::new();
    for (rows, what) in [(claimed, "claimed in the README"), (measured, "measured")] {
        for name in [MUSL, GLIBC, GO] {
            if named(name, rows).is_none() {
                misses.push(format!("{name} is not {what}"));
            }
        }
    }
    for name in [MUSL, GLIBC] {
        let pair = |rows| named(name, rows).zip(named(GO, rows));
        let Some((claimed, measured)) = pair(claimed).zip(pair(measured)) else {
            continue;
        };
        for Figure {
            name: figure,
            of,
            margin,
        } in FIGURES
        {
            let ratio = |(rust, go): (&ProgramFigures, &ProgramFigures)| of(rust) / of(go);
            let (claim, is) = (ratio(claimed), ratio(measured));
            let bound = claim * margin;
            // Nothing is 0, and what is not a number is not within bounds.
            if !(f64::MIN_POSITIVE..=bound).contains(&is) {
                misses.push(format!(
                    "{name}, {figure}: {is:.3} of Go's; {README} claims {claim:.3}, and the bound is {bound:.3}"
                ));
            }
        }
    }
    misses
}

fn named<'a>(name: &str, rows: &'a [ProgramFigures]) -> Option<&'a ProgramFigures> {
    rows.iter().find(|row| row.name.starts_with(name))
}

/// The version of Go, and the program, built as Kelsey Hightower's article does (see
/// examples/contributors/README.md); `None` without Go.
fn go(source: Option<&str>) -> Result<Option<(String, PathBuf)>, Box<dyn Error>> {
    let Ok(version) = Command::new("go").args(["env", "GOVERSION"]).output() else {
        return Ok(None);
    };
    let version = String::from_utf8(version.stdout)?;
    let version = version.trim().replace("go", "Go ");
    let source = match source {
        Some(folder) => PathBuf::from(folder),
        None => our_source()?,
    };
    let program = path("target/compare-go/contributors");
    run(Command::new("go")
        .args(["build", "-a", "-tags", "netgo", "-ldflags", "-w", "-o"])
        .args([&program, Path::new(".")])
        .env("CGO_ENABLED", "0")
        .env("GOOS", "linux")
        .env("GOCACHE", path("target/compare-go/cache"))
        .current_dir(source))?;
    Ok(Some((version, program)))
}

/// A copy of the program next to the bundle, since Go embeds files only from the package's folder.
fn our_source() -> Result<PathBuf, Box<dyn Error>> {
    let copy = path("target/compare-go/source");
    fs::create_dir_all(&copy)?;
    for file in ["go.mod", "main.go", "page.html"] {
        let original = path("examples/contributors/go").join(file);
        fs::copy(original, copy.join(file))?;
    }
    fs::copy(
        path("certs/ca-certificates.crt"),
        copy.join("ca-certificates.crt"),
    )?;
    Ok(copy)
}

#[derive(Clone, Debug, PartialEq)]
struct ProgramFigures {
    name: String,
    bytes: u32,
    image: u32,
    /// The median over all runs.
    first_response: Duration,
    resident: u32,
}

impl ProgramFigures {
    fn measure(name: &str, program: &Path) -> Result<Self, Box<dyn Error>> {
        let runs = (0..RUNS)
            .map(|_| start(program))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut times, mut sizes): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        times.sort();
        sizes.sort_unstable();
        let median = RUNS / 2;
        Ok(Self {
            name: name.to_owned(),
            bytes: fs::metadata(program)?.len().try_into()?,
            image: Image::build(program, "compare-go")?.bytes.try_into()?,
            first_response: times.get(median).copied().unwrap_or_default(),
            resident: sizes.get(median).copied().unwrap_or_default(),
        })
    }

    fn row(&self) -> String {
        let Self {
            name,
            bytes,
            image,
            first_response,
            resident,
        } = self;
        let milliseconds = first_response.as_secs_f64() * 1000.0;
        format!("| {name} | {bytes} | {image} | {milliseconds:.1} | {resident} |\n")
    }
}

/// The time from start to first response, and the resident memory after it in KiB.
fn start(program: &Path) -> Result<(Duration, u32), Box<dyn Error>> {
    // The programs accept only a port number, so take one that was free a moment ago.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port();
    let start = Instant::now();
    let running = Process(
        Command::new(program)
            .env_clear()
            .env("PORT", port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let time = loop {
        if start.elapsed() > Duration::from_secs(10) {
            return Err(format!("{} does not answer", program.display()).into());
        }
        if answers(port) {
            break start.elapsed();
        }
        std::thread::sleep(Duration::from_micros(100));
    };
    Ok((time, resident(&running.0)?))
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut start = [0; 12];
    stream.write_all(request).is_ok()
        && stream.read_exact(&mut start).is_ok()
        && start.starts_with(b"HTTP/1.")
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, bytes: u32, image: u32, micros: u64, resident: u32) -> ProgramFigures {
        ProgramFigures {
            name: name.to_owned(),
            bytes,
            image,
            first_response: Duration::from_micros(micros),
            resident,
        }
    }

    fn claims() -> Vec<ProgramFigures> {
        vec![
            row("Rust, musl", 200, 210, 1000, 100),
            row("Rust, glibc", 300, 310, 1000, 200),
            row("Go 1.19", 1000, 1000, 10_000, 1000),
        ]
    }

    #[test]
    fn claims_are_those_of_the_table() {
        let readme = "| | musl |\n| --- | --- |\n| program | 1 |\n\n\
                      | | Rust, musl | Rust, glibc | Go 1.19 |\n| --- | --- | --- | --- |\n\
                      | program, bytes | 1,947 | 2,934 | 7,340 |\n| image, bytes | 1,952 | 2,938 | 7,344 |\n\
                      | start to first response, ms | 1.1 | 1.2 | 7.8 |\n\
                      | resident memory after it, KiB | 1,640 | 2,448 | 7,832 |\n\nMeasured |\n";
        let expected = [
            row("Rust, musl", 1947, 1952, 1100, 1640),
            row("Rust, glibc", 2934, 2938, 1200, 2448),
            row("Go 1.19", 7340, 7344, 7800, 7832),
        ];
        assert_eq!(claimed(readme).unwrap(), expected);
        for cut in ["| program, bytes |", "| 1,640 | 2,448 | 7,832 |", "1,952"] {
            assert!(claimed(&readme.replace(cut, "")).is_err(), "{cut}");
        }
        assert_eq!(claimed("").unwrap(), []);
    }

    /// All programs are there, so that none of the claims is unchecked.
    #[test]
    fn claims_of_the_readme() {
        let claims = claimed(&fs::read_to_string(path(README)).unwrap()).unwrap();
        assert_eq!(misses(&claims, &claims), [""; 0]);
        let go = named(GO, &claims).unwrap();
        for rust in [MUSL, GLIBC].map(|name| named(name, &claims).unwrap()) {
            for figure in FIGURES {
                let bound = (figure.of)(rust) * figure.margin;
                assert!(bound < (figure.of)(go), "{} is not a claim", figure.name);
            }
        }
    }

    #[test]
    fn a_figure_within_its_margin() {
        assert_eq!(misses(&claims(), &claims()), [""; 0]);
        let measured = [
            // Twice of everything is the same ratio.
            row("Rust, musl", 439, 461, 5999, 259),
            row("Rust, glibc", 659, 681, 5999, 519),
            row("Go 1.24", 2000, 2000, 20_000, 2000),
        ];
        assert_eq!(misses(&claims(), &measured), [""; 0]);
    }

    #[test]
    fn a_figure_beyond_its_margin_is_named() {
        let miss = |name: &str, change: fn(&mut ProgramFigures)| {
            let mut measured = claims();
            let row = measured.iter_mut().find(|row| row.name.starts_with(name));
            change(row.unwrap());
            misses(&claims(), &measured)
        };
        let line = |figure: &str, is: &str, claim: &str, bound: &str| {
            format!("{figure}: {is} of Go's; {README} claims {claim}, and the bound is {bound}")
        };
        for (name, change, expected) in [
            (
                MUSL,
                (|row| row.bytes = 221) as fn(&mut ProgramFigures),
                line("Rust, musl, program", "0.221", "0.200", "0.220"),
            ),
            (
                MUSL,
                |row| row.image = 232,
                line("Rust, musl, image", "0.232", "0.210", "0.231"),
            ),
            (
                GLIBC,
                |row| row.first_response *= 4,
                line(
                    "Rust, glibc, start to first response",
                    "0.400",
                    "0.100",
                    "0.300",
                ),
            ),
            (
                GLIBC,
                |row| row.resident = 261,
                line("Rust, glibc, resident memory", "0.261", "0.200", "0.260"),
            ),
            // What was not measured after all.
            (
                MUSL,
                |row| row.resident = 0,
                line("Rust, musl, resident memory", "0.000", "0.100", "0.130"),
            ),
        ] {
            assert_eq!(miss(name, change), [expected]);
        }
        let of_both = miss(GO, |row| row.resident = 0);
        assert_eq!(of_both.len(), 2, "{of_both:?}");
    }

    #[test]
    fn a_program_that_is_missing_is_a_miss() {
        for (nth, name) in [MUSL, GLIBC, GO].into_iter().enumerate() {
            let mut rows = claims();
            rows.remove(nth);
            let not_measured = format!("{name} is not measured");
            assert_eq!(misses(&claims(), &rows), [not_measured]);
            let not_claimed = format!("{name} is not claimed in the README");
            assert_eq!(misses(&rows, &claims()), [not_claimed]);
        }
        assert_eq!(misses(&[], &[]).len(), 6);
    }
}
