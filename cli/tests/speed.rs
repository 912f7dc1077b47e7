//! How fast `scan` reads a file from the page cache, in how much memory, and how much faster that is than
//! a search for one key after another.
//!
//! `beside` compares all cores with one, with a build before (the program that `EMBEDDED_ROOTS_BEFORE` names), with
//! `clamscan` for one signature and with `rg` for one string, and `images` a fleet of images with and without a cache.
//!
//! They need a machine that does nothing else, and write files of 7 GiB, so they are ignored:
//! `cargo test --release -p embedded-roots-cli --test speed -- --ignored --nocapture --test-threads 1`.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "all of this is test code"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use embedded_roots_cli::fuzzing::KnownRoots;
use flate2::Compression;
use flate2::write::GzEncoder;
use memchr::memmem;

const GIB: u64 = 1 << 30;
const PROGRAMS: &str = "programs and libraries, 1 GiB";

/// MB/s and MiB.
struct Figures {
    rate: f64,
    resident: u64,
}

#[test]
#[ignore = "measures"]
fn scan() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed");
    fs::create_dir_all(&directory).unwrap();
    println!("| file | MB/s | resident MiB |\n| --- | --- | --- |");
    for (name, least, write) in [
        (PROGRAMS, 500.0, programs as fn(&mut dyn Write)),
        ("random bytes, 1 GiB", 500.0, random),
        ("zeros, 1 GiB", 500.0, zeros),
        ("forged certificates, 64 MiB", 10.0, forged),
        ("their headers alone, 64 MiB", 50.0, headers),
        ("PEM without an end, 64 MiB", 10.0, begins),
    ] {
        let path = file(&directory, write);
        let figures = measure(&path);
        println!("| {name} | {:.0} | {} |", figures.rate, figures.resident);
        if name == PROGRAMS {
            let naive = naive(&path);
            println!("| the same, one key after another in memory | {naive:.1} | |");
            println!("| factor | {:.0} | |", figures.rate / naive);
            assert!(figures.rate > 10.0 * naive);
        }
        fs::remove_file(&path).unwrap();
        assert!(figures.rate >= least, "{name}: {:.0} MB/s", figures.rate);
        assert!(figures.resident <= 256, "{name}: {} MiB", figures.resident);
    }
    let path = file(&directory, |_| {});
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(4 * GIB)
        .unwrap();
    let figures = measure(&path);
    println!(
        "| a hole, 4 GiB | {:.0} | {} |",
        figures.rate, figures.resident
    );
    fs::remove_file(&path).unwrap();
    assert!(figures.rate >= 500.0 && figures.resident <= 256);
}

/// Seconds and MiB of the best of three runs.
struct Run {
    seconds: f64,
    resident: u64,
}

/// A tree of many files, and one large file.
#[test]
#[ignore = "measures"]
fn beside() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed");
    fs::create_dir_all(&directory).unwrap();
    let signature = directory.join("one.ndb");
    fs::write(&signature, "One:0:*:656d62656464656420726f6f7473206f6e65\n").unwrap();
    println!(
        "| what | command | seconds | resident MiB | times all cores |\n| --- | --- | --- | --- | --- |"
    );
    for what in ["/usr/lib", "3 GiB"] {
        let path = match what {
            "3 GiB" => file(&directory, |out| (0..3).for_each(|_| programs(out))),
            tree => tree.into(),
        };
        let scan = [env!("CARGO_BIN_EXE_embedded-roots"), "scan"];
        let before = std::env::var("EMBEDDED_ROOTS_BEFORE").unwrap_or_default();
        let signature = signature.to_str().unwrap();
        let rg = ["rg", "-laF", "--no-ignore", "--hidden"];
        let string = "embedded roots one";
        let commands: [(&str, Vec<&str>); 6] = [
            ("all cores", scan.to_vec()),
            ("one core", [&scan[..], &["--threads", "1"]].concat()),
            ("before", vec![&before, "scan"]),
            (
                "clamscan, one signature",
                vec![
                    "clamscan",
                    "-r",
                    "-i",
                    "--max-filesize=2000M",
                    "--max-scansize=2000M",
                    "-d",
                    signature,
                ],
            ),
            ("rg, one string", [&rg[..], &[string]].concat()),
            (
                "rg, one string, one core",
                [&rg[..], &["--threads", "1", string]].concat(),
            ),
        ];
        let mut first = None;
        for (name, command) in commands {
            let Some(run) = best(&command, &path) else {
                println!("| {what} | {name} | is not here | | |");
                continue;
            };
            let first = *first.get_or_insert(run.seconds);
            let factor = run.seconds / first;
            println!(
                "| {what} | {name} | {:.2} | {} | {factor:.2} |",
                run.seconds, run.resident
            );
            if name == "one core" && thread::available_parallelism().unwrap().get() > 1 {
                assert!(factor >= 1.5, "{factor:.2}");
            }
        }
    }
    fs::remove_dir_all(directory).unwrap();
}

/// None if there is no such program.
fn best(command: &[&str], path: &Path) -> Option<Run> {
    let mut best: Option<Run> = None;
    for _ in 0..3 {
        let run = run(command, path)?;
        if best.as_ref().is_none_or(|best| run.seconds < best.seconds) {
            best = Some(run);
        }
    }
    best
}

fn run(command: &[&str], path: &Path) -> Option<Run> {
    let (program, arguments) = command.split_first().unwrap();
    let start = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.ok()?;
    let resident = resident(&mut child);
    Some(Run {
        seconds: start.elapsed().as_secs_f64(),
        resident,
    })
}

/// A thousand images that share fifty layers, of which each has four.
#[test]
#[ignore = "measures"]
fn images() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let _ = fs::remove_dir_all(&cache);
    fs::create_dir_all(&directory).unwrap();
    let layers = layers();
    for number in 0..1_000_usize {
        let mut image =
            tar::Builder::new(File::create(directory.join(format!("{number}.tar"))).unwrap());
        for nth in 0..4 {
            let layer = &layers[(number * 7 + nth * (number % 11 + 1)) % layers.len()];
            append(&mut image, &format!("{nth}.tar.gz"), layer);
        }
        image.finish().unwrap();
    }
    let scan = [env!("CARGO_BIN_EXE_embedded-roots"), "scan"];
    let cached = [&scan[..], &["--cache", cache.to_str().unwrap()]].concat();
    let packed: usize = layers.iter().map(Vec::len).sum();
    println!("50 layers of {} kB, packed", packed / 50_000);
    println!("| images | seconds | resident MiB |\n| --- | --- | --- |");
    let mut seconds = Vec::new();
    for (name, command) in [
        ("without a cache", scan.to_vec()),
        ("with an empty cache", cached.clone()),
        ("with their layers in the cache", cached),
    ] {
        let run = run(&command, &directory).unwrap();
        println!("| {name} | {:.2} | {} |", run.seconds, run.resident);
        seconds.push(run.seconds);
    }
    println!(
        "factors: {:.1}, {:.1}",
        seconds[0] / seconds[1],
        seconds[0] / seconds[2]
    );
    fs::remove_dir_all(directory).unwrap();
    fs::remove_dir_all(cache).unwrap();
    assert!(seconds[0] >= 10.0 * seconds[1]);
}

/// Files of /usr, 4 MiB in each.
fn layers() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let mut todo: Vec<PathBuf> = ["bin", "lib", "share"]
        .map(|name| Path::new("/usr").join(name))
        .to_vec();
    while let Some(path) = todo.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            todo.extend(entries.map(|entry| entry.unwrap().path()));
        } else if metadata.is_file() && metadata.len() < 2 << 20 {
            files.push(path);
        }
    }
    // From everywhere in each.
    files.sort();
    let mut files = (0..97).flat_map(|nth| files.iter().skip(nth).step_by(97));
    let mut layers = Vec::new();
    for _ in 0..50 {
        let encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut archive = tar::Builder::new(encoder);
        let mut size = 0;
        while size < 4 << 20 {
            let path = files.next().unwrap();
            let content = fs::read(path).unwrap();
            size += content.len();
            append(
                &mut archive,
                path.strip_prefix("/").unwrap().to_str().unwrap(),
                &content,
            );
        }
        layers.push(archive.into_inner().unwrap().finish().unwrap());
    }
    layers
}

fn append(archive: &mut tar::Builder<impl Write>, name: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, name, content).unwrap();
}

fn file(directory: &Path, write: impl FnOnce(&mut dyn Write)) -> PathBuf {
    let path = directory.join("file");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    write(&mut file);
    file.into_inner().unwrap().sync_all().unwrap();
    path
}

/// The best of three runs, from the page cache.
fn measure(path: &Path) -> Figures {
    let size = io::copy(&mut File::open(path).unwrap(), &mut io::sink()).unwrap();
    let mut best = Figures {
        rate: 0.0,
        resident: 0,
    };
    for _ in 0..3 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
        command
            .args(["scan", "--threads", "1"])
            .arg(path)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        best.resident = best.resident.max(resident(&mut child));
        let rate = size as f64 / 1e6 / start.elapsed().as_secs_f64();
        best.rate = best.rate.max(rate);
    }
    best
}

/// Waits for the end of a process, and returns its greatest size in MiB.
fn resident(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut greatest = 0;
    while child.try_wait().unwrap().is_none() {
        // Its greatest size so far, in KiB.
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        greatest = greatest.max(kib.unwrap_or(0).div_ceil(1024));
        thread::sleep(Duration::from_millis(2));
    }
    greatest
}

/// The MB/s of one pass over the file for each key.
fn naive(path: &Path) -> f64 {
    let known = KnownRoots::load().unwrap();
    let keys: Vec<Vec<u8>> = (0..known.count())
        .map(|number| known.root(number).unwrap().1)
        .collect();
    let mut data = Vec::new();
    File::open(path)
        .unwrap()
        .take(GIB / 16)
        .read_to_end(&mut data)
        .unwrap();
    let start = Instant::now();
    for key in &keys {
        black_box(memmem::find(&data, key));
    }
    data.len() as f64 / 1e6 / start.elapsed().as_secs_f64()
}

/// The files of /usr/bin and /usr/lib, up to 1 GiB.
fn programs(out: &mut dyn Write) {
    let mut left = GIB;
    let mut todo = vec![PathBuf::from("/usr/lib"), PathBuf::from("/usr/bin")];
    while let Some(path) = todo.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            todo.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if metadata.is_file() {
            let mut file = File::open(&path).unwrap().take(left);
            left -= io::copy(&mut file, out).unwrap();
        }
    }
    assert!(left < GIB / 2, "/usr/bin and /usr/lib are small");
}

fn random(out: &mut dyn Write) {
    let mut state = 1_u64;
    for _ in 0..GIB / 8 {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let random = state.wrapping_mul(0x2545_f491_4f6c_dd1d);
        out.write_all(&random.to_le_bytes()).unwrap();
    }
}

fn zeros(out: &mut dyn Write) {
    io::copy(&mut io::repeat(0).take(GIB), out).unwrap();
}

/// As in the unit test of the bound: each of them in the serial number of the one before.
fn forged(out: &mut dyn Write) {
    let mut block = Vec::new();
    for left in (0..950_u16).rev() {
        let serial_number = left * 17;
        let signed = serial_number + 19;
        block.extend([0x30, 0x82]);
        block.extend((signed + 8).to_be_bytes());
        block.extend([0x30, 0x82]);
        block.extend(signed.to_be_bytes());
        block.extend([0xa0, 3, 2, 1, 2, 2, 0x82]);
        block.extend(serial_number.to_be_bytes());
    }
    block.extend([0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 3, 0]);
    repeat(&block, out);
}

fn headers(out: &mut dyn Write) {
    repeat(b"\x30\x82\x3f\xf0\x30\x82\x3e\xe0\xa0\x03\x02\x01\x02", out);
}

fn begins(out: &mut dyn Write) {
    let block = format!("-----BEGIN CERTIFICATE-----\n{}\n", "MIIB".repeat(20));
    repeat(block.as_bytes(), out);
}

/// 64 MiB of this.
fn repeat(block: &[u8], out: &mut dyn Write) {
    for _ in 0..(64 << 20) / block.len() {
        out.write_all(block).unwrap();
    }
}
