//! What the crate costs, compared with what people use instead.

mod charts;
mod measure;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use embedded_roots_bundle::iso_day;
use measure::{Counts, Effort, Handshake, Live, Times, Ways};
use rustls_pki_types::UnixTime;

use crate::path;

/// Measures, and writes docs/figures.md and its charts.
pub(crate) fn write() -> Result<String, Box<dyn Error>> {
    let counts = Counts::now()?;
    let times = Times::now(&Effort {
        clean_builds: 5,
        criterion: &[],
    })?;
    let rows: Vec<Row> = [rows_of_times(&times), rows_of_counts(&counts)]
        .into_iter()
        .flatten()
        .collect();
    let part = format!(
        "{}\n{}\n{}",
        table(&rows),
        about(&counts.crates)?,
        handshakes(&times.handshakes)
    );
    put("docs/figures.md", &part)?;
    charts::cold_start(&path("docs/cold-start.svg"), &times.cold_start)?;
    charts::growth(&path("docs/growth.svg"), &times.growth)?;
    charts::handshakes(&path("docs/handshakes.svg"), &times.handshakes)?;
    let missed = rows.iter().filter(|row| row.is_missed());
    let missed: Vec<&str> = missed.map(|row| row.name).collect();
    Ok(format!("{part}\nmissed: {missed:?}"))
}

/// Counts, and measures for a shorter time; fails if a figure misses its target by more than noise can
/// explain.
pub(crate) fn check() -> Result<String, Box<dyn Error>> {
    let mut rows = rows_of_counts(&Counts::now()?);
    rows.extend(rows_of_times(&Times::now(&Effort {
        clean_builds: 3,
        criterion: &["--warm-up-time", "1", "--measurement-time", "1"],
    })?));
    within_bounds(&rows)
}

/// Does not measure time.
pub(crate) fn check_counts() -> Result<String, Box<dyn Error>> {
    within_bounds(&rows_of_counts(&Counts::now()?))
}

fn within_bounds(rows: &[Row]) -> Result<String, Box<dyn Error>> {
    let table = table(rows);
    // A figure that is not a number is within no bounds.
    let beyond = rows
        .iter()
        .filter(|row| row.measured.is_nan() || row.measured > row.most);
    let beyond: Vec<String> = beyond
        .map(|row| format!("{}: {} is more than {}", row.name, row.shown(), row.most))
        .collect();
    if beyond.is_empty() {
        Ok(table)
    } else {
        Err(format!("{table}\n{}", beyond.join("\n")).into())
    }
}

/// A figure for which less is better.
struct Row {
    name: &'static str,
    peer: &'static str,
    /// Empty for a ratio.
    unit: &'static str,
    measured: f64,
    target: f64,
    /// [`check()`] fails above this.
    most: f64,
    command: &'static str,
}

impl Row {
    fn new(
        name: &'static str,
        peer: &'static str,
        unit: &'static str,
        measured: f64,
        [target, most]: [f64; 2],
        command: &'static str,
    ) -> Self {
        Self {
            name,
            peer,
            unit,
            measured,
            target,
            most,
            command,
        }
    }

    fn is_missed(&self) -> bool {
        self.measured > self.target
    }

    fn shown(&self) -> String {
        let digits = match self.measured {
            _ if self.unit == SECONDS => 2,
            _ if !self.unit.is_empty() => 0,
            small if small > 0.0 && small < 0.1 => 4,
            _ => 2,
        };
        format!("{:.digits$}{}", self.measured, self.unit)
    }
}

const SECONDS: &str = " s more";
const BY_HAND: &str = "webpki-roots by hand";
const NATIVE: &str = "rustls-native-certs";
const RUSTLS: &str = "rustls, same roots";

fn rows_of_times(times: &Times) -> Vec<Row> {
    let mut rows = cold_start(&times.cold_start);
    rows.extend(running(times));
    rows.extend(signatures(times));
    rows.extend(clean_builds(times));
    rows.extend(system(times));
    rows.extend(live(&times.live));
    rows
}

fn rows_of_counts(counts: &Counts) -> Vec<Row> {
    let mut rows = vec![Row::new(
        "the first `root_store()`",
        "",
        " allocations",
        counts.allocations,
        [3.0, 3.0],
        "cargo test -p linkage",
    )];
    rows.extend(weight(counts));
    rows.extend(connectors(counts));
    rows
}

fn cold_start(measured: &Ways) -> Vec<Row> {
    let row = |name, peer, way, bounds| {
        let bench = "cargo bench -p benches --bench cold";
        Row::new(name, peer, "", measured.ratio(way), bounds, bench)
    };
    let (platform, pem) = ("rustls-platform-verifier", "PEM at run time");
    vec![
        row(
            "cold start: the first `client_config()` of a process",
            BY_HAND,
            "webpki-roots",
            [0.75, 2.0],
        ),
        row("the same", "no roots at all", "no roots", [1.25, 2.0]),
        row("the same", pem, pem, [0.05, 0.1]),
        row("the same", NATIVE, NATIVE, [0.0125, 0.03]),
        row("the same", platform, platform, [0.0125, 0.03]),
    ]
}

fn running(times: &Times) -> [Row; 3] {
    let growth = match &times.growth[..] {
        [none, .., most] => (most.ours - none.ours).max(0.0) / (most.theirs - none.theirs),
        _ => f64::INFINITY,
    };
    let later = "every later `client_config()`";
    let verification = "verification of a chain of three certificates";
    let bench = "cargo bench -p benches --bench verification";
    let warm = "cargo bench -p benches --bench warm";
    let clone = "`Arc::clone`";
    let ratio = times.verification.ratio("rustls");
    let more = "what 10,000 roots more add to it";
    [
        Row::new(later, clone, "", times.second_call, [3.0, 6.0], warm),
        Row::new(verification, RUSTLS, "", ratio, [1.02, 1.15], bench),
        Row::new(more, RUSTLS, "", growth, [1.0, 1.0], warm),
    ]
}

/// What is remembered of signatures, compared with rustls' own verifiers, which remember nothing.
fn signatures(times: &Times) -> Vec<Row> {
    let row = |name, measured: Option<f64>, target: f64, command| {
        // A missing measurement must miss every target.
        let measured = measured.unwrap_or(f64::INFINITY);
        let peer = "rustls' own verifier";
        Row::new(name, peer, "", measured, [target, target * 1.3], command)
    };
    let verifications = [
        ("a chain seen before, P-256", 0.06),
        ("a chain seen before, P-384", 0.01),
        ("a new certificate of a known intermediate, P-256", 0.65),
        ("a new certificate of a known intermediate, P-384", 0.65),
        ("a chain seen before, with a CRL of 0 KiB, P-256", 0.15),
        ("a chain seen before, with a CRL of 488 KiB, P-256", 0.15),
        ("a chain seen for the first time, P-256", 1.03),
        ("a chain seen for the first time, P-384", 1.03),
        ("100,000 hosts under 20 intermediates, P-256", 0.65),
    ];
    let verifications = verifications.map(|(name, target)| {
        let found = times.signatures.iter().find(|(figure, _)| figure == name);
        let ratio = found.map(|(_, ratio)| *ratio);
        let bench = "cargo bench -p benches --bench signatures";
        row(name, ratio, target, bench)
    });
    let client = "a full handshake, the client's CPU, P-256, *ring*";
    let server = "a server that verifies a client again, P-384, *ring*";
    let handshakes = [
        ("client", "P-256", client, 0.62),
        ("client", "P-384", "the same, P-384", 0.15),
        ("server", "P-384", server, 0.20),
    ];
    let handshakes = handshakes.map(|(side, chain, name, target)| {
        let found = times.handshakes.iter().find(|handshake| {
            (&*handshake.side, &*handshake.provider, &*handshake.chain) == (side, "ring", chain)
        });
        let bench = "cargo bench -p benches --bench handshakes";
        row(name, found.map(Handshake::ratio), target, bench)
    });
    verifications.into_iter().chain(handshakes).collect()
}

/// Where the time of a handshake goes.
fn handshakes(handshakes: &[Handshake]) -> String {
    let mut table = String::from(
        "| a full handshake, TLS 1.3 | provider | chain | embedded-roots | rustls' own verifier | a verifier that \
         checks nothing | embedded-roots / rustls |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for handshake in handshakes {
        let Handshake {
            side,
            provider,
            chain,
            micros: [ours, theirs, none],
        } = handshake;
        let ratio = handshake.ratio();
        let _ = writeln!(
            table,
            "| {side} | {provider} | {chain} | {ours:.0} µs | {theirs:.0} µs | {none:.0} µs | {ratio:.2} |"
        );
    }
    table.push_str(
        "\nMeasured by `cargo bench -p benches --bench handshakes --features aws-lc-rs`.\n",
    );
    table
}

const WITH_CUSTOM: &str = "the same with `custom`";
const WITH_MOZILLA: &str = "embedded-roots with `mozilla`";
const FIGURES: &str = "cargo xtask figures";

/// Clean builds of the one-line program, compared with those of its twin.
fn clean_builds(times: &Times) -> [Row; 4] {
    let row =
        |name, peer, unit, measured, bounds| Row::new(name, peer, unit, measured, bounds, FIGURES);
    let build = &times.build;
    let own = "a clean debug build of the one-line program, CPU seconds";
    let macros = "a clean debug build without `rustls`, with `macros`, CPU seconds";
    let without = "the same without `macros`";
    let [custom, beside_mozilla] = [build.twin, build.mozilla].map(|peer| build.custom / peer);
    [
        row(own, BY_HAND, "", build.mozilla / build.twin, [1.15, 1.5]),
        row(WITH_CUSTOM, BY_HAND, "", custom, [1.15, 1.5]),
        row(WITH_CUSTOM, WITH_MOZILLA, "", beside_mozilla, [1.05, 1.25]),
        row(macros, without, SECONDS, times.macros, [1.5, 2.0]),
    ]
}

/// The weight of the one-line program, compared with its twin.
fn weight(counts: &Counts) -> [Row; 6] {
    let kib =
        |name, measured, bounds| Row::new(name, BY_HAND, " KiB more", measured, bounds, FIGURES);
    let crates = |name, peer, crates: &[String], target| {
        let count = u32::try_from(crates.len()).map_or(f64::INFINITY, f64::from);
        Row::new(name, peer, " more", count, [target; 2], "cargo tree")
    };
    let [with_fat_lto, plain] = counts.sizes;
    let size = "the one-line program, release with fat LTO, stripped";
    let two = "a client of two roots by `include_bundle!`, release with fat LTO, stripped";
    let all = "the same client of all of Mozilla's";
    [
        // Missed: no more than it has now. docs/figures.md says for what, and what was tried.
        kib(size, with_fat_lto, [20.0, 82.0]),
        // Missed by far: no more than it has now.
        kib("the same, plain release", plain, [36.0, 139.0]),
        kib("its resident memory", counts.resident, [64.0, 128.0]),
        crates("crates in its tree", BY_HAND, &counts.crates, 6.0),
        crates(WITH_CUSTOM, WITH_MOZILLA, &counts.crates_of_custom, 2.0),
        Row::new(two, all, "", counts.two_roots, [0.97, 1.0], FIGURES),
    ]
}

fn system(times: &Times) -> [Row; 2] {
    let row = |name, measured: &Ways| {
        let bench = "cargo bench -p benches --bench system --features system";
        Row::new(name, NATIVE, "", measured.ratio(NATIVE), [0.95, 1.5], bench)
    };
    [
        row("the system's store, as Debian has it", &times.system_store),
        row("a store of 300 hashed files", &times.hashed_files),
    ]
}

fn live(live: &Live) -> [Row; 3] {
    let row = |name, peer, unit, measured, bounds| {
        let bench = "cargo bench -p benches --bench live";
        Row::new(name, peer, unit, measured, bounds, bench)
    };
    let look = "`LiveRoots::client_config()`: a look at the generation";
    let fixed = "`Roots::client_config()`";
    let refresh = "a refresh that changes nothing: Mozilla's list and a file";
    let following = "a handshake with `following_config()`, TLS 1.3, both sides";
    [
        row(look, fixed, " ns more", live.generation, [50.0, 150.0]),
        row(refresh, "", " µs", live.unchanged_refresh, [150.0, 450.0]),
        row(following, "a resumed one", "", live.following, [3.0, 5.0]),
    ]
}

/// The targets are today's counts, so that an update which brings another crate is noticed.
fn connectors(counts: &Counts) -> [Row; 4] {
    let row = |name, measured, target| {
        let peer = "the default features";
        Row::new(name, peer, " more", measured, [target; 2], "cargo tree")
    };
    let [hyper, reqwest, blocking, ureq] = counts.connectors;
    [
        row("crates of the feature `hyper`", hyper, 24.0),
        row("crates of the feature `reqwest`", reqwest, 69.0),
        row("crates of the feature `reqwest-blocking`", blocking, 72.0),
        row("crates of the feature `ureq`", ureq, 9.0),
    ]
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| figure | compared with | embedded-roots / that | target: at most | command |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let Row {
            name,
            peer,
            target,
            command,
            ..
        } = row;
        let shown = row.shown();
        let missed = if row.is_missed() { " (missed)" } else { "" };
        let _ = writeln!(
            table,
            "| {name} | {peer} | {shown} | {target}{missed} | `{command}` |"
        );
    }
    // The measurements run this command and fail if its tests do, so the target is met here.
    table.push_str(
        "| anchors, certificates and PEM in a program | | those that it names | those | \
         `cargo test -p linkage -- --include-ignored` |\n",
    );
    table
}

/// The date and the kind of machine, without anything that identifies it.
fn machine() -> Result<String, Box<dyn Error>> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| {
        model.trim_start_matches(['\t', ' ', ':'])
    });
    let cores = std::thread::available_parallelism()?;
    let date = iso_day(UnixTime::now());
    Ok(format!(
        "on {date} under Linux, with {cores} cores of an {model}"
    ))
}

fn about(crates: &[String]) -> Result<String, Box<dyn Error>> {
    let machine = machine()?;
    let crates: Vec<String> = crates.iter().map(|name| format!("`{name}`")).collect();
    let crates = crates.join(", ");
    Ok(format!(
        "Measured by `cargo xtask figures` {machine}. A figure without a unit is a ratio of medians of \
         the same run. The crates in the tree are {crates}.\n"
    ))
}

const START: &str = "<!-- cargo xtask figures -->\n";
const END: &str = "<!-- end -->";

/// Replaces the text between the two marker comments.
fn put(file: &str, part: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(path(file))?;
    let marks = || format!("{file} has no place for the table");
    let (before, rest) = text.split_once(START).ok_or_else(marks)?;
    let (_, after) = rest.split_once(END).ok_or_else(marks)?;
    fs::write(path(file), format!("{before}{START}\n{part}\n{END}{after}"))?;
    Ok(())
}
