//! The article's program beside ours: what they weigh, and how soon they answer.

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{image, path};

const RUNS: usize = 51;

/// A table of both, or of ours alone with the reason.
pub(crate) fn compare(go_source: Option<&str>) -> Result<String, Box<dyn Error>> {
    let ours = Measured::of("Rust", &image::program::program("mozilla")?.path)?;
    let head = "| | program, bytes | start to first response, ms | resident, KiB |\n| --- | --- | --- | --- |";
    let table = format!("{head}\n{}", ours.row());
    match go_program(go_source)? {
        Ok(program) => Ok(format!("{table}\n{}", Measured::of("Go", &program)?.row())),
        Err(why) => Ok(format!("{table}\n\nGo was skipped: {why}")),
    }
}

/// The article's program, built as the article says; or why not.
fn go_program(source: Option<&str>) -> Result<Result<PathBuf, String>, Box<dyn Error>> {
    let version = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        return Ok(Err("it is not installed".to_owned()));
    }
    let Some(source) = source else {
        let why = "name the folder of its source: cargo xtask compare-go DIR, with a checkout of \
                   the article's program, which is not ours to include";
        return Ok(Err(why.to_owned()));
    };
    let program = path("target/compare-go");
    let built = Command::new("go")
        .args(["build", "-a", "-tags", "netgo", "-ldflags", "-w", "-o"])
        .args([&program, Path::new(".")])
        .env("CGO_ENABLED", "0")
        .env("GOOS", "linux")
        .current_dir(source)
        .status()?;
    if !built.success() {
        return Err(format!("go build in {source}: {built}").into());
    }
    Ok(Ok(program))
}

struct Measured {
    name: &'static str,
    bytes: u64,
    /// The median of all runs.
    first_response: Duration,
    resident: u64,
}

impl Measured {
    fn of(name: &'static str, program: &Path) -> Result<Self, Box<dyn Error>> {
        let runs = (0..RUNS)
            .map(|_| run(program))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut times, mut sizes): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        times.sort();
        sizes.sort_unstable();
        let median = RUNS / 2;
        Ok(Self {
            name,
            bytes: fs::metadata(program)?.len(),
            first_response: times.get(median).copied().unwrap_or_default(),
            resident: sizes.get(median).copied().unwrap_or_default(),
        })
    }

    fn row(&self) -> String {
        let Self {
            name,
            bytes,
            first_response,
            resident,
        } = self;
        let milliseconds = first_response.as_secs_f64() * 1000.0;
        format!("| {name} | {bytes} | {milliseconds:.1} | {resident} |")
    }
}

/// The time from the start to the first response, and the resident memory after it in KiB.
fn run(program: &Path) -> Result<(Duration, u64), Box<dyn Error>> {
    // Free a moment ago; both programs take a port by its number alone.
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
