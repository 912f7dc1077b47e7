//! Reading the worst 16 MiB of PEM: each shape, and half of it, strictly and leniently.
//!
//! The time has to be linear in the size, so the ratio of the halves stays near 2.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

use std::hint::black_box;
use std::time::Instant;

use benches::authorities;
use embedded_roots::Roots;
use embedded_roots_bundle::{MAX_FILE_SIZE, PrivateKeys, parse_each};

/// For any 16 MiB, in release on one core.
const MOST_SECONDS: f64 = 1.5;

fn main() {
    let most = usize::try_from(MAX_FILE_SIZE).unwrap();
    for (name, shape) in shapes() {
        let [half, whole] = [most / 2, most].map(|size| {
            let pem = shape(size);
            assert!(pem.len() <= size);
            // The better of two: what else runs on the machine is not the reader's.
            [strictly, leniently].map(|read| read(&pem).min(read(&pem)))
        });
        let figures: Vec<String> = whole
            .iter()
            .zip(half)
            .map(|(whole, half)| format!("{whole:.3} s ({:.2} of half)", whole / half))
            .collect();
        println!("16 MiB | {name} | {}", figures.join(" | "));
        assert!(
            whole.iter().all(|seconds| *seconds < MOST_SECONDS),
            "{name}"
        );
    }
}

/// As a file of the user's is read, up to the roots and their report.
fn strictly(pem: &[u8]) -> f64 {
    let start = Instant::now();
    let read = Roots::builder().pem(pem).build();
    let _ = black_box(read.map(|roots| roots.report().to_string()));
    start.elapsed().as_secs_f64()
}

/// As a file of the system's store is read.
fn leniently(pem: &[u8]) -> f64 {
    let start = Instant::now();
    let read = parse_each("ca-certificates.crt", pem, PrivateKeys::Ignore);
    black_box(read.flatten().count());
    start.elapsed().as_secs_f64()
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
