//! What is found in a file is found in archives of it, and a damaged archive never loses it silently.

#![no_main]

use std::alloc::System;
use std::io::{Cursor, Write as _};

use cap::Cap;
use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_cli::fuzzing::{self, ScanResult, Scanner, UNPACKED};
use embedded_roots_fuzz::certificate::{Patch, patch};
use embedded_roots_fuzz::{KNOWN, bounded};
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    root: u16,
    form: Form,
    /// From the inner one to the outer one.
    containers: Vec<Container>,
    /// Changes of the outer archive.
    patches: Vec<Patch>,
    cut: u16,
    before: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Form {
    Nothing,
    Key,
    Der,
    Pem,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Container {
    Gzip,
    Zstd,
    Tar,
    Zip,
    Stored,
}

/// With tar archives in compressed ones, still within the limit.
const MOST_CONTAINERS: usize = 3;

fuzz_target!(|input: Input<'_>| {
    let content = content(&input);
    let containers = input.containers.iter().take(MOST_CONTAINERS);
    let archive = containers.fold(content.clone(), |data, container| container.around(&data));
    bounded(&ALLOCATOR, |scanner| {
        check(&input, &content, archive, scanner);
    });
});

fn check(input: &Input<'_>, content: &[u8], mut archive: Vec<u8>, scanner: &mut Scanner<'_>) {
    let plain = scan(content, scanner);
    let whole = scan(&archive, scanner);
    // What is before the root may be an archive itself, and at a limit.
    if plain.failures.is_empty() && !fuzzing::is_archive(content) {
        assert_eq!(whole.roots(), plain.roots());
        assert_eq!(whole.failures, []);
        assert!(whole.bytes >= plain.bytes);
    }

    // Cut off, it is an error, unless the rest has all of it: a tar archive ends with zeros.
    let length = usize::from(input.cut)
        .checked_rem(archive.len())
        .unwrap_or(0);
    let cut = &archive[..length];
    if !input.containers.is_empty() && fuzzing::is_archive(cut) {
        let seen = scan(cut, scanner);
        assert!(
            !seen.failures.is_empty() || seen.roots() == whole.roots(),
            "{seen:?}"
        );
    }

    patch(&mut archive, &input.patches);
    scan(&archive, scanner);
}

fn scan(data: &[u8], scanner: &mut Scanner<'_>) -> ScanResult {
    let seen = scanner.reader(&mut &*data);
    assert!(seen.bytes <= data.len() as u64 + UNPACKED);
    // A file is read in another order.
    let file = scanner.seekable(Cursor::new(data));
    assert!(file.roots().is_superset(&seen.roots()), "{file:?} {seen:?}");
    seen
}

fn content(input: &Input<'_>) -> Vec<u8> {
    let (der, key) = KNOWN.with(|known| known.root(input.root.into())).unwrap();
    let root = match input.form {
        Form::Nothing => Vec::new(),
        Form::Key => key,
        Form::Der => der,
        Form::Pem => certificate_to_pem(&der).into(),
    };
    [input.before, &root].concat()
}

impl Container {
    fn around(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => compress_to_vec(data, CompressionLevel::Fastest),
            Self::Tar => {
                let mut archive = tar::Builder::new(Vec::new());
                let mut header = tar::Header::new_gnu();
                header.set_size(data.len() as u64);
                archive.append_data(&mut header, "inner", data).unwrap();
                archive.into_inner().unwrap()
            }
            Self::Zip => zip(data, CompressionMethod::Deflated),
            Self::Stored => zip(data, CompressionMethod::Stored),
        }
    }
}

fn zip(data: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    archive.start_file("inner", options).unwrap();
    archive.write_all(data).unwrap();
    archive.finish().unwrap().into_inner()
}
