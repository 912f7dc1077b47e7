//! Compares examples/contributors with a Go program that does the same job: size, memory, and time
//! to the first response.

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::run;
use crate::image::{Image, program};
use crate::path;

const RUNS: usize = 51;

const HEAD: &str = "\
| | program, bytes | image, bytes | start to first response, ms | resident, KiB |
| --- | --- | --- | --- | --- |
";

/// A table with a column for each C library and for Go; gives the reason for each that is missing.
///
/// The Go program is examples/contributors/go, or the source in the folder `go_source`.
pub(crate) fn compare(go_source: Option<&str>) -> Result<String, Box<dyn Error>> {
    let mut rows = Vec::new();
    let mut skipped = Vec::new();
    match program::with_musl("mozilla")? {
        Ok(program) => rows.push(Measured::of("Rust, musl", &program.path)?),
        Err(missing) => skipped.push(format!("musl was skipped: {missing}")),
    }
    let glibc = program::with_glibc("mozilla")?;
    rows.push(Measured::of("Rust, glibc", &glibc.path)?);
    match go(go_source)? {
        Some((version, program)) => rows.push(Measured::of(&version, &program)?),
        None => skipped.push("Go was skipped: it is not installed".to_owned()),
    }
    let mut table = HEAD.to_owned();
    table.extend(rows.iter().map(Measured::row));
    table.extend(skipped.iter().map(|why| format!("\n{why}")));
    Ok(table)
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

struct Measured {
    name: String,
    bytes: u64,
    image: u64,
    /// The median over all runs.
    first_response: Duration,
    resident: u64,
}

impl Measured {
    fn of(name: &str, program: &Path) -> Result<Self, Box<dyn Error>> {
        let runs = (0..RUNS)
            .map(|_| start(program))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut times, mut sizes): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        times.sort();
        sizes.sort_unstable();
        let median = RUNS / 2;
        Ok(Self {
            name: name.to_owned(),
            bytes: fs::metadata(program)?.len(),
            image: Image::of(program, "compare-go")?.bytes,
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
fn start(program: &Path) -> Result<(Duration, u64), Box<dyn Error>> {
    // The programs accept only a port number, so take one that was free a moment ago.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port();
    let start = Instant::now();
    let running = Running(
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
    let status = fs::read_to_string(format!("/proc/{}/status", running.0.id()))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.split_whitespace().next());
    Ok((time, resident.ok_or("no VmRSS in /proc")?.parse()?))
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

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
