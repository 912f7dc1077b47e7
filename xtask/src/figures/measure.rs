//! The measurements, each made by its own command.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{self, cargo, output, run};
use crate::path;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is counted: equal in every run.
pub(super) struct Counts {
    pub(super) allocations: f64,
    /// KiB more than the twin, with `lto = "fat"` and without.
    pub(super) sizes: [f64; 2],
    /// The size of a program with two of Mozilla's roots, as a part of that with all of them.
    pub(super) two_roots: f64,
    /// KiB more than the twin.
    pub(super) resident: f64,
    /// The numbers of crates that `hyper`, `reqwest`, `reqwest-blocking` and `ureq` add.
    pub(super) connectors: [f64; 4],
    /// The crates that the twin does not have.
    pub(super) crates: Vec<String>,
    /// The crates that `custom` has and `mozilla` does not.
    pub(super) crates_of_custom: Vec<String>,
}

/// What takes time, and differs a little from run to run.
pub(super) struct Times {
    pub(super) cold_start: Ways,
    /// The ratio of our time to that of `Arc::clone`.
    pub(super) second_call: f64,
    pub(super) verification: Ways,
    /// The ratios of our times to those of rustls' own verifiers, by their names.
    pub(super) signatures: Vec<(String, f64)>,
    pub(super) handshakes: Vec<Handshake>,
    pub(super) growth: Vec<Growth>,
    pub(super) system_store: Ways,
    pub(super) hashed_files: Ways,
    /// In CPU seconds.
    pub(super) build: Build,
    /// The CPU seconds that `macros` adds to a clean debug build.
    pub(super) macros: f64,
    pub(super) live: Live,
}

/// How long to measure.
pub(super) struct Effort {
    /// How often each clean build is made.
    pub(super) clean_builds: usize,
    /// Options of criterion's.
    pub(super) criterion: &'static [&'static str],
}

/// One thing done in several ways, each with its median; the first is ours.
pub(super) struct Ways(pub(super) Vec<(String, f64)>);

/// The costs of live roots.
pub(super) struct Live {
    /// Nanoseconds more than with roots that do not change.
    pub(super) generation: f64,
    /// In microseconds.
    pub(super) unchanged_refresh: f64,
    /// The ratio of a full handshake to a resumed one.
    pub(super) following: f64,
}

/// CPU seconds of clean debug builds.
pub(super) struct Build {
    pub(super) mozilla: f64,
    pub(super) custom: f64,
    pub(super) twin: f64,
}

/// Microseconds of one side of a full handshake, with our verifier, with rustls' own, and with one that checks nothing.
pub(super) struct Handshake {
    pub(super) side: String,
    pub(super) provider: String,
    pub(super) chain: String,
    pub(super) micros: [f64; 3],
}

/// Times in microseconds to verify a chain with this many more roots.
pub(super) struct Growth {
    pub(super) others: u32,
    pub(super) ours: f64,
    pub(super) theirs: f64,
}

impl Ways {
    /// The ratio of our median to that of a peer.
    pub(super) fn ratio(&self, peer: &str) -> f64 {
        let ours = self.0.first().map(|(_, ours)| ours);
        let theirs = self.0.iter().find(|(way, _)| way == peer);
        // A missing measurement must miss every target.
        ours.zip(theirs)
            .map_or(f64::INFINITY, |(ours, (_, theirs))| ours / theirs)
    }
}

impl Counts {
    pub(super) fn now() -> Result<Self> {
        run(linkage_test("linked").arg("--include-ignored"))?;
        let fat = Programs::release("fat")?;
        Ok(Self {
            allocations: allocations()?,
            sizes: [
                fat.size_above_twin()?,
                Programs::release("false")?.size_above_twin()?,
            ],
            two_roots: size(&release(OURS_TWO, "fat")?)? / size(&release(OURS_ALL, "fat")?)?,
            resident: fat.resident_above_twin()?,
            connectors: connectors()?,
            crates: crates(OURS, TWIN)?,
            crates_of_custom: crates(OURS_CUSTOM, OURS)?,
        })
    }
}

impl Times {
    pub(super) fn now(effort: &Effort) -> Result<Self> {
        // Linked together, which takes less time than one after the other.
        run(cargo().args(["bench", "--package", "benches", "--no-run"]))?;
        let cold = bench(&["cold"])?;
        let system = bench(&["system", "--features", "system"])?;
        let verification = bench(&["verification"])?;
        let signatures = bench(&["signatures"])?;
        let handshakes = bench(&["handshakes", "--features", "aws-lc-rs"])?;
        for name in ["warm", "live"] {
            bench(&[&[name, "--"], effort.criterion].concat())?;
        }
        let growth = [0, 100, 1_000, 10_000].map(|others| {
            let group = format!("growth {others}");
            Ok(Growth {
                others,
                ours: criterion_median(&group, "embedded-roots")? / 1e3,
                theirs: criterion_median(&group, "rustls")? / 1e3,
            })
        });
        let clones = criterion_median("second call", "Arc::clone")?;
        Ok(Self {
            cold_start: ways(&cold, "cold start"),
            second_call: criterion_median("second call", "embedded-roots")? / clones,
            verification: ways(&verification, "verification"),
            signatures: signatures.lines().filter_map(last_ratio).collect(),
            handshakes: handshakes.lines().filter_map(Handshake::parse).collect(),
            growth: growth.into_iter().collect::<Result<_>>()?,
            system_store: ways(&system, "system store"),
            hashed_files: ways(&system, "300 hashed files"),
            build: build(effort)?,
            macros: macros(effort)?,
            live: Live {
                generation: criterion_median("live", "generation")?
                    - criterion_median("live", "fixed")?,
                unchanged_refresh: criterion_median("live", "unchanged refresh")? / 1e3,
                following: criterion_median("live handshake", "following")?
                    / criterion_median("live handshake", "resumed")?,
            },
        })
    }
}

fn bench(name: &[&str]) -> Result<String> {
    output(
        cargo()
            .args(["bench", "--package", "benches", "--bench"])
            .args(name),
    )
}

/// The cells of a line that has this many.
fn cells<const N: usize>(line: &str) -> Option<[&str; N]> {
    let cells: Vec<&str> = line.split(" | ").collect();
    cells.try_into().ok()
}

/// Parses lines of the form `comparison | way | median unit | ratio`.
fn ways(lines: &str, comparison: &str) -> Ways {
    let way = |line: &str| {
        let [of, way, median, _ratio] = cells(line)?;
        let (median, _unit) = median.split_once(' ')?;
        (of == comparison).then_some((way.to_owned(), median.parse().ok()?))
    };
    Ways(lines.lines().filter_map(way).collect())
}

/// Parses a line of the form `figure | ours | theirs | ratio`.
fn last_ratio(line: &str) -> Option<(String, f64)> {
    let [figure, _ours, _theirs, ratio] = cells(line)?;
    Some((figure.to_owned(), ratio.parse().ok()?))
}

impl Handshake {
    /// Parses a line of the form `side | provider | chain | ours µs | theirs µs | none µs | ratio`.
    fn parse(line: &str) -> Option<Self> {
        let [side, provider, chain, ours, theirs, none, _ratio] = cells(line)?;
        let micros = [ours, theirs, none].map(|micros| micros.strip_suffix(" µs")?.parse().ok());
        let [ours, theirs, none] = micros;
        Some(Self {
            side: side.to_owned(),
            provider: provider.to_owned(),
            chain: chain.to_owned(),
            micros: [ours?, theirs?, none?],
        })
    }

    pub(super) fn ratio(&self) -> f64 {
        let [ours, theirs, _] = self.micros;
        ours / theirs
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2);
    // A missing measurement must miss every target.
    middle.copied().unwrap_or(f64::INFINITY)
}

/// The last median that criterion has measured, in nanoseconds.
fn criterion_median(group: &str, way: &str) -> Result<f64> {
    // criterion replaces these characters in paths.
    let way = way.replace("::", "__");
    let file = path("target/criterion")
        .join(group)
        .join(way)
        .join("new/estimates.json");
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    let estimates: serde_json::Value = serde_json::from_str(&text)?;
    let median = estimates.pointer("/median/point_estimate");
    let median = median.and_then(serde_json::Value::as_f64);
    Ok(median.ok_or("no median")?)
}

/// A test of linkage, of which the arguments follow.
fn linkage_test(name: &str) -> Command {
    let mut cargo = cargo();
    cargo.args(["test", "--package", "linkage", "--test", name, "--"]);
    cargo
}

/// The number of allocations that the test of linkage counts.
fn allocations() -> Result<f64> {
    let said = output(linkage_test("allocations").arg("--nocapture"))?;
    let count = said.lines().find_map(|line| {
        let (_, count) = line.split_once("first root_store(): ")?;
        count.strip_suffix(" allocations")
    });
    Ok(count.ok_or("no count of allocations")?.parse()?)
}

/// The one-line program, and its twin over webpki-roots.
struct Programs {
    ours: PathBuf,
    twin: PathBuf,
}

const OURS: [&str; 2] = ["config", "mozilla"];
/// The bundle is the one that .cargo/config.toml names.
const OURS_CUSTOM: [&str; 2] = ["config", "custom"];
const TWIN: [&str; 2] = ["twin", "webpki-roots"];
const OURS_TWO: [&str; 2] = ["part_config", "macros"];
const OURS_ALL: [&str; 2] = ["whole_config", "mozilla"];

impl Programs {
    fn release(lto: &str) -> Result<Self> {
        Ok(Self {
            ours: release(OURS, lto)?,
            twin: release(TWIN, lto)?,
        })
    }

    fn size_above_twin(&self) -> Result<f64> {
        Ok((size(&self.ours)? - size(&self.twin)?) / 1024.0)
    }

    /// The difference of the medians; the programs take turns.
    fn resident_above_twin(&self) -> Result<f64> {
        const RUNS: usize = 51;

        let (mut ours, mut twin) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            ours.push(resident(&self.ours)?);
            twin.push(resident(&self.twin)?);
        }
        Ok(median(ours) - median(twin))
    }
}

/// A program, stripped.
fn release(program: [&str; 2], lto: &str) -> Result<PathBuf> {
    let target = path("target/figures").join(format!("lto-{lto}"));
    run(build_command(program, &target)
        .arg("--release")
        .env("CARGO_PROFILE_RELEASE_LTO", lto)
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols"))?;
    Ok(target.join("release").join(program[0]))
}

/// In bytes.
fn size(program: &Path) -> Result<f64> {
    Ok(f64::from(u32::try_from(fs::metadata(program)?.len())?))
}

/// The resident memory, in KiB, of a program that has made its config and waits.
fn resident(program: &Path) -> Result<f64> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no standard output")?;
    BufReader::new(stdout).read_line(&mut String::new())?;
    let kib = command::resident(&child);
    drop(child.stdin.take());
    child.wait()?;
    Ok(kib?.into())
}

fn build_command(program: [&str; 2], target: &Path) -> Command {
    let [bin, feature] = program;
    let mut cargo = cargo();
    cargo.args(["build", "--bin", bin, "--target-dir"]);
    cargo.arg(target).args(LINKAGE).arg(feature);
    cargo
}

/// The CPU seconds of clean debug builds of the one-line program.
fn build(effort: &Effort) -> Result<Build> {
    let target = path(CLEAN);
    let commands = [OURS, OURS_CUSTOM, TWIN].map(|program| build_command(program, &target));
    let [mozilla, custom, twin] = clean_builds(commands, effort)?;
    Ok(Build {
        mozilla,
        custom,
        twin,
    })
}

/// The CPU seconds that the macro adds to a build that has crates/bundle anyway, without `rustls`,
/// beside which they would be lost in the noise.
fn macros(effort: &Effort) -> Result<f64> {
    let commands = ["mozilla", "mozilla,macros"].map(|features| {
        let mut cargo = cargo();
        cargo.args(["build", "--package", "embedded-roots"]);
        cargo.args(["--no-default-features", "--features", features]);
        cargo.arg("--target-dir").arg(path(CLEAN));
        cargo
    });
    let [without, with] = clean_builds(commands, effort)?;
    Ok(with - without)
}

/// The feature follows.
const LINKAGE: [&str; 4] = [
    "--package",
    "linkage",
    "--no-default-features",
    "--features",
];

const CLEAN: &str = "target/figures/clean";

/// The median CPU seconds of each build, in an empty target folder; the builds take turns.
fn clean_builds<const N: usize>(mut commands: [Command; N], effort: &Effort) -> Result<[f64; N]> {
    let mut seconds = [const { Vec::new() }; N];
    for _ in 0..effort.clean_builds {
        for (command, seconds) in commands.iter_mut().zip(&mut seconds) {
            if path(CLEAN).exists() {
                fs::remove_dir_all(path(CLEAN))?;
            }
            let before = cpu_seconds_of_children()?;
            // Crates from a registry, as all of the twin's are, are not compiled incrementally. Debug
            // information is what users have.
            run(command
                .env("CARGO_INCREMENTAL", "0")
                .env_remove("CARGO_PROFILE_DEV_DEBUG"))?;
            seconds.push(cpu_seconds_of_children()? - before);
        }
    }
    Ok(seconds.map(median))
}

/// CPU seconds of all children that this process has waited for: `cutime` and `cstime` of proc(5).
fn cpu_seconds_of_children() -> Result<f64> {
    /// `getconf CLK_TCK`: the unit of these times, whatever the tick rate of the kernel.
    const TICKS: f64 = 100.0;

    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses; `cutime` is the 16th.
    let (_, after_name) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let times = after_name.split_whitespace().skip(13).take(2);
    let times = times
        .map(str::parse)
        .collect::<std::result::Result<Vec<f64>, _>>()?;
    Ok(times.iter().sum::<f64>() / TICKS)
}

/// The crates in one program's tree that are not in the other's.
fn crates(program: [&str; 2], other: [&str; 2]) -> Result<Vec<String>> {
    let tree = |[_, feature]: [&str; 2]| tree(&[&LINKAGE[..], &[feature]].concat());
    Ok(tree(program)?.difference(&tree(other)?).cloned().collect())
}

/// The numbers of crates that these features add to the default ones.
fn connectors() -> Result<[f64; 4]> {
    let without = tree(&["--package", "embedded-roots"])?;
    let mut counts = [0.0; 4];
    let features = ["hyper", "reqwest", "reqwest-blocking", "ureq"];
    for (feature, count) in features.into_iter().zip(&mut counts) {
        let with = tree(&["--package", "embedded-roots", "--features", feature])?;
        *count = f64::from(u32::try_from(with.difference(&without).count())?);
    }
    Ok(counts)
}

/// The crates of a package with these features.
fn tree(package: &[&str]) -> Result<BTreeSet<String>> {
    let format = ["--edges", "normal", "--prefix", "none", "--format", "{lib}"];
    let tree = output(cargo().arg("tree").args(package).args(format))?;
    // A line `name (*)` repeats a crate that was listed before.
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}
