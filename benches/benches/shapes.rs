//! Reading the worst 16 MiB of PEM: each shape, and a quarter of it, strictly and leniently. And merging
//! 20,000 roots with their annotated copies, and a quarter of them.
//!
//! The time has to be linear in the size, so the ratio stays near 4.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement that goes wrong has to stop"
)]

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::authorities;
use embedded_roots::__private::BundleName;
use embedded_roots::{Anchor, Bundle, Roots};
use embedded_roots_bundle::{MAX_FILE_SIZE, PrivateKeys, parse_each};

/// For any 16 MiB, in release on one core.
const MOST_SECONDS: f64 = 1.5;

/// The time of the whole, compared with a quarter of it. Quadratic time would be 16.
const MOST_RATIO: f64 = 6.0;

/// Below this, a time is mostly noise.
const LEAST_SECONDS: f64 = 0.05;

fn main() {
    let most = usize::try_from(MAX_FILE_SIZE).unwrap();
    for (name, shape) in shapes() {
        let [quarter, whole] = [most / 4, most].map(shape);
        assert!(quarter.len() <= most / 4 && whole.len() <= most);
        let [strictly, leniently] =
            [strictly, leniently].map(|read| figure(name, || read(&quarter), || read(&whole)));
        println!("16 MiB | {name} | {strictly} | {leniently}");
    }
    let name = "20,000 roots and annotated copies";
    let [quarter, whole] = [5_000, 20_000].map(with_annotated_copies);
    println!(
        "{name} | {}",
        figure(name, || merging(&quarter), || merging(&whole))
    );
}

/// The shortest times of some; where they are too long, more are taken before it fails.
fn figure(name: &str, time_quarter: impl Fn() -> f64, time_whole: impl Fn() -> f64) -> String {
    let (mut quarter, mut whole) = (f64::INFINITY, f64::INFINITY);
    for round in 1..=10 {
        quarter = quarter.min(time_quarter());
        whole = whole.min(time_whole());
        let is_linear = whole <= MOST_RATIO * quarter.max(LEAST_SECONDS);
        if round >= 3 && whole < MOST_SECONDS && is_linear {
            let ratio = if quarter > 0.0 {
                format!(" ({:.2} of a quarter)", whole / quarter)
            } else {
                String::new()
            };
            return format!("{whole:.3} s{ratio}");
        }
    }
    panic!("{name}: {whole:.3} s, and {quarter:.3} s for a quarter of it");
}

/// As a file of the user's is read, up to the roots and their report.
fn strictly(pem: &[u8]) -> f64 {
    seconds(|| {
        let read = Roots::builder().pem(pem).build();
        let _ = black_box(read.map(|roots| roots.report().to_string()));
    })
}

/// As a file of the system's store is read.
fn leniently(pem: &[u8]) -> f64 {
    seconds(|| {
        let read = parse_each("ca-certificates.crt", pem, PrivateKeys::Ignore);
        black_box(read.flatten().count());
    })
}

/// The seconds that a core works on it, where Linux tells them, because what else runs on the machine is
/// not the reader's. Elsewhere, the seconds of the clock.
fn seconds(work: impl FnOnce()) -> f64 {
    let (before, start) = (time_of_thread(), Instant::now());
    work();
    let elapsed = start.elapsed();
    let worked = time_of_thread().zip(before);
    let worked = worked.map(|(after, before)| after.saturating_sub(before));
    worked.unwrap_or(elapsed).as_secs_f64()
}

/// To the last tick of the system's clock, some milliseconds ago.
fn time_of_thread() -> Option<Duration> {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = schedstat.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Roots of the user's, and a list that has the same ones with a date, which is not applied to them.
fn with_annotated_copies(count: u32) -> (Vec<Anchor>, Bundle) {
    let pem: String = authorities::roots(count).map(|root| root.pem()).collect();
    let roots = Roots::builder().pem(pem).build().unwrap();
    let copies = roots.anchors().iter().map(|root| {
        let root = root.trust_anchor();
        let [subject, key] = [&root.subject, &root.subject_public_key_info]
            .map(|field| &*Box::leak(field.to_vec().into_boxed_slice()));
        Anchor::from_literals(subject, key, None, Some(0))
    });
    let copies = Box::leak(copies.collect());
    let copies = Bundle::new(BundleName::PartOfMozilla, [0; 32], None, copies);
    (roots.anchors().to_vec(), copies)
}

fn merging((roots, copies): &(Vec<Anchor>, Bundle)) -> f64 {
    let roots: Vec<_> = roots.iter().map(Anchor::trust_anchor).cloned().collect();
    let count = roots.len();
    seconds(|| {
        let merged = Roots::builder().anchors(roots).bundle(copies).build();
        let merged = merged.unwrap();
        let sources = merged.report().sources().iter();
        let not_applied = sources.map(|source| source.limits_not_applied().len());
        assert_eq!(not_applied.sum::<usize>(), count);
        black_box(merged.report().to_string());
    })
}

type Shape = Box<dyn Fn(usize) -> Vec<u8>>;

fn shapes() -> Vec<(&'static str, Shape)> {
    let lines = |line: &'static str| -> Shape {
        Box::new(move |size| line.repeat(size / line.len()).into_bytes())
    };
    let one = authorities::roots(1).next().unwrap().pem();
    let after = move |start: &str, item: &'static str| -> Shape {
        let (start, one) = (start.to_owned(), one.clone());
        Box::new(move |size| {
            let rest = size - start.len() - one.len() - 1;
            let items = item.repeat(rest / item.len());
            format!("{start}{items}\n{one}").into_bytes()
        })
    };
    vec![
        ("lines of one letter", lines("a\n")),
        ("lines of six letters", lines("permit\n")),
        ("comments", lines("# an excluded name\n")),
        ("blank lines", lines("\n")),
        (
            "empty blocks",
            lines("-----BEGIN A-----\n-----END A-----\n"),
        ),
        ("ends without a begin", lines("-----END A-----\n")),
        (
            "annotations that are none",
            lines("# embedded-roots: a=b\n"),
        ),
        ("nearly annotations", lines("# permitted-dns .a\n")),
        (
            "bad base64",
            lines("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
        ),
        (
            "certificates that are none",
            lines("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        ),
        ("a long line", after("# ", "permitted dns ")),
        (
            "two million names",
            after("# embedded-roots: excluded-dns=a", ",aaaaaa"),
        ),
        (
            "two million keys",
            after("# embedded-roots:", " permitted-dns=a"),
        ),
        (
            "comments after an annotation",
            after("# embedded-roots: permitted-dns=.a\n", "# of a corp\n"),
        ),
        (
            "a list after an annotation",
            after("# embedded-roots: permitted-dns=.a\n# ", "a, "),
        ),
        (
            "base64 by single digits",
            after("-----BEGIN CERTIFICATE-----\n", "A\n"),
        ),
        ("the same root", copies("")),
        ("the same root, 64 by 64 subtrees", copies_with_subtrees()),
        ("different roots", different("")),
        (
            "different roots, each with a limit",
            different("# embedded-roots: permitted-dns=.a\n"),
        ),
    ]
}

fn copies(annotation: &'static str) -> Shape {
    let text = format!(
        "{annotation}{}",
        authorities::roots(1).next().unwrap().pem()
    );
    Box::new(move |size| text.repeat(size / text.len()).into_bytes())
}

/// A root with 64 permitted subtrees, and an annotation with as many.
fn copies_with_subtrees() -> Shape {
    let names: Vec<String> = (0..64).map(|nth| format!("{nth:02}.example")).collect();
    let root = authorities::root_with_permitted(&names).pem();
    let text = format!(
        "# embedded-roots: permitted-dns={}\n{root}",
        names.join(",")
    );
    Box::new(move |size| text.repeat(size / text.len()).into_bytes())
}

fn different(annotation: &'static str) -> Shape {
    Box::new(move |size| {
        let mut text = String::with_capacity(size);
        for root in authorities::roots(u32::MAX) {
            let root = root.pem();
            if text.len() + annotation.len() + root.len() > size {
                break;
            }
            text.push_str(annotation);
            text.push_str(&root);
        }
        text.into_bytes()
    })
}
