mod seven_zip;
mod squashfs;

use std::io::{self, Write as _};
use std::sync::LazyLock;
use std::{fs, iter};

use ::zip::write::{SimpleFileOptions, ZipWriter};
use bzip2::write::BzEncoder;
use embedded_roots_bundle::{Annotation, Root, digest::hex};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::finder::ar;
use crate::finder::contents::Form;
use crate::finder::findings::KeyStore;
use crate::finder::needles::{DECIMAL_AND_ESCAPES, HEXADECIMAL, NEEDLES, Sign};
use crate::finder::search::{AHEAD, BEHIND, BUFFER};
use crate::history::{History, HistoryEntry};
use crate::input::opened::{Password, Refusal};

/// A root, and how it is kept.
type Contents = (String, Vec<Form>);

/// Places with their roots and forms, and failures.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    places: Vec<(String, Vec<Contents>)>,
    unknown: Vec<String>,
    failures: Vec<(String, String)>,
}

/// One scan, to which a test gives many files named `x`.
fn scanner(history: &History, limits: ScanLimits) -> Scan<'_> {
    let search = Search::new(history, &()).unwrap();
    Scan::new(search, limits)
}

fn scan(data: &[u8], scan: &mut Scan<'_>) -> Seen {
    scan.reader("x", &mut &*data);
    taken(scan)
}

/// What the last file gave.
fn taken(scan: &mut Scan<'_>) -> Seen {
    let seen = seen(scan);
    scan.findings.places.clear();
    scan.findings.failures.clear();
    scan.findings.unread.clear();
    seen
}

fn seen(scan: &Scan<'_>) -> Seen {
    let places = scan.findings.places.iter().map(|place| {
        let roots = place.found.roots.iter().map(|(sha256, found)| {
            let forms = found.forms.iter().copied();
            (hex(sha256), forms.collect())
        });
        (place.location.shown.clone(), roots.collect())
    });
    let unknown = scan.findings.places.iter().flat_map(|place| {
        let unknown = place.found.unknown.values();
        unknown.map(|found| found.root.certificate.subject().to_owned())
    });
    let failures = scan.findings.failures.iter();
    Seen {
        places: places.collect(),
        unknown: unknown.collect(),
        failures: failures
            .map(|failure| (failure.location.shown.clone(), failure.error.clone()))
            .collect(),
    }
}

fn found(root: &HistoryEntry, place: &str, form: Form) -> Seen {
    Seen {
        places: vec![(
            place.to_owned(),
            vec![(hex(&root.certificate.sha256()), vec![form])],
        )],
        unknown: Vec::new(),
        failures: Vec::new(),
    }
}

fn pem(der: &[u8]) -> Vec<u8> {
    use base64::Engine as _;

    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n").into_bytes()
}

/// The content of the `SubjectPublicKeyInfo`.
fn key(known: &HistoryEntry) -> Vec<u8> {
    let root = Root::new(known.der.clone(), Annotation::default(), 0).unwrap();
    root.trust_anchor().subject_public_key_info.to_vec()
}

/// The same bytes each time.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

/// The data with noise before and after it.
fn around(data: &[u8], before: usize) -> Vec<u8> {
    static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| noise(1).take(3 << 20).collect());
    [&NOISE[..before], data, &NOISE[..70_000]].concat()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    compress_to_vec(data, CompressionLevel::Fastest)
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ar::MAGIC.to_vec();
    for (name, data) in members {
        let size = data.len();
        let header = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
            0, 0, 0, 100_644
        );
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(data);
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

fn tar(name: &str, data: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(data.len() as u64);
    archive.append_data(&mut header, name, data).unwrap();
    archive.into_inner().unwrap()
}

fn zip(name: &str, data: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file(name, SimpleFileOptions::default())
        .unwrap();
    archive.write_all(data).unwrap();
    archive.finish().unwrap().into_inner()
}

fn own_root(name: &str, is_ca: IsCa) -> Vec<u8> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = is_ca;
    let key = KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn every_known_root_is_found_in_each_form() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    for known in history.all() {
        let sha256 = known.certificate.sha256();
        for (form, data) in [
            (Form::Key, key(known)),
            (Form::Der, known.der.to_vec()),
            (Form::Pem, pem(&known.der)),
        ] {
            let data = [b"before", &*data, b"after"].concat();
            let (found, result) = search.read(&mut &*data, &Counter::new(u64::MAX));
            result.unwrap();
            assert_eq!(found.roots.len(), 1, "{} {form:?}", known.certificate);
            let (_, root) = found.roots.first_key_value().unwrap();
            assert_eq!(root.forms.iter().collect::<Vec<_>>(), [&form]);
            // A key alone does not say which of its certificates is meant.
            if form == Form::Key {
                assert_eq!(
                    root.root.certificate.spki_sha256(),
                    known.certificate.spki_sha256()
                );
            } else {
                assert_eq!(root.root.certificate.sha256(), sha256);
            }
            assert!(found.unknown.is_empty());
        }
    }
}

#[test]
fn a_root_is_found_wherever_it_is_in_the_stream() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let of_version = |version| {
        let mut all = history.all().iter();
        all.find(|known| known.certificate.version() == version)
            .unwrap()
    };
    for known in [of_version(1), of_version(3)] {
        for (form, data) in [
            (Form::Key, key(known)),
            (Form::Der, known.der.to_vec()),
            (Form::Pem, pem(&known.der)),
        ] {
            let edges = [BUFFER, BUFFER - AHEAD, 2 * BUFFER - AHEAD - BEHIND];
            let near = edges.map(|edge| {
                [
                    edge - 2_000,
                    edge - data.len(),
                    edge - 300,
                    edge - 20,
                    edge - 1,
                    edge,
                ]
            });
            for before in near.into_iter().flatten().chain([0, 1]) {
                let seen = scan(&around(&data, before), &mut scanner);
                assert_eq!(seen, found(known, "x", form), "{form:?} after {before}");
            }
        }
    }
}

#[test]
fn a_changed_key_is_not_found() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    for known in history.all().iter().step_by(10) {
        let mut data = key(known);
        *data.last_mut().unwrap() ^= 1;
        assert!(scan(&around(&data, 10), &mut scanner).places.is_empty());
    }
}

#[test]
fn noise_has_no_roots() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let data: Vec<u8> = noise(3).take(4 << 20).collect();
    assert!(scan(&data, &mut scanner).places.is_empty());
}

#[test]
fn other_self_signed_cas_are_found() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let ca = own_root("Own CA", IsCa::Ca(BasicConstraints::Unconstrained));
    let server = own_root("server", IsCa::ExplicitNoCa);
    let data = [around(&ca, 5), pem(&ca), around(&server, 9), pem(&server)].concat();
    let seen = scan(&data, &mut scanner);
    assert_eq!(seen.unknown, ["CN=Own CA"]);
    assert_eq!(seen.failures, []);
    assert!(seen.places.iter().all(|(_, known)| known.is_empty()));
}

#[test]
fn archives_have_the_roots_of_their_files() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    // Longer than the field of a tar header.
    let long = "long/".repeat(60) + "a";
    for (nth, known) in history.all().iter().enumerate().step_by(100) {
        for (form, data) in [
            (Form::Key, key(known)),
            (Form::Der, known.der.to_vec()),
            (Form::Pem, pem(&known.der)),
        ] {
            let data = around(&data, nth * 1_000);
            for (archive, place) in [
                (gzip(&data), "x"),
                ([gzip(b"first member"), gzip(&data)].concat(), "x"),
                (zstd(&data), "x"),
                (
                    [
                        zstd(b"first frame"),
                        b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(),
                        zstd(&data),
                    ]
                    .concat(),
                    "x",
                ),
                (tar("etc/a", &data), "x!etc/a"),
                (zip("a.pem", &data), "x!a.pem"),
                (gzip(&tar("a", &data)), "x!a"),
                (
                    tar("layer.tar", &gzip(&tar("a.jar", &zip("b", &data)))),
                    "x!layer.tar!a.jar!b",
                ),
                (tar(&long, &data), &*format!("x!{long}")),
                ([tar("a", b"entry"), data.clone()].concat(), "x"),
            ] {
                let expected = found(known, place, form);
                assert_eq!(scan(&archive, &mut scanner), expected);
            }
        }
    }
}

#[test]
fn a_truncated_archive_is_a_failure_and_the_scan_goes_on() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let data = around(&pem(&known.der), 10);
    for broken in [gzip(&data), zstd(&data), zip("a", &data), tar("a", &data)] {
        let broken = &broken[..broken.len() * 3 / 4];
        let mut archive = tar::Builder::new(Vec::new());
        for (name, data) in [("broken", broken), ("whole", &data)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(data.len() as u64);
            archive.append_data(&mut header, name, data).unwrap();
        }
        let seen = scan(&archive.into_inner().unwrap(), &mut scanner);
        assert_eq!(seen.failures.len(), 1, "{seen:?}");
        assert!(seen.failures[0].0.starts_with("x!broken"), "{seen:?}");
        assert_eq!(seen.places.last().unwrap().0, "x!whole");
    }
}

/// A ZIP archive behind other bytes, as tools make them: with places that count those, or not.
#[test]
fn a_zip_archive_behind_something_is_unpacked_wherever_it_is() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let data = around(&pem(&known.der), 10);
    let archive = zip("a", &data);
    let program = [&noise(5).take(70_000).collect::<Vec<_>>(), &archive[..]].concat();
    let mut script = Cursor::new(b"#!/usr/bin/env python3\n".to_vec());
    script.seek(io::SeekFrom::End(0)).unwrap();
    let mut with_places = ZipWriter::new(script);
    with_places
        .start_file("a", SimpleFileOptions::default())
        .unwrap();
    with_places.write_all(&data).unwrap();
    let with_places = with_places.finish().unwrap().into_inner();
    let mut with_comment = ZipWriter::new(Cursor::new(Vec::new()));
    with_comment.set_comment("a comment");
    with_comment
        .start_file("a", SimpleFileOptions::default())
        .unwrap();
    with_comment.write_all(&data).unwrap();
    let with_comment = [b"JM\x01\0", &*with_comment.finish().unwrap().into_inner()].concat();
    let signed = [&program[..], &[0x30; 9_000]].concat();
    // To search all of it for a directory would take more than the limit for what is about entries, and
    // find another one.
    let mut long = zip("another", b"entry");
    long.resize(20 << 20, 0);
    let long = [b"script", &*long, &archive].concat();
    for (file, what) in [
        (program, "a program"),
        (with_places, "a script"),
        (with_comment, "a module"),
        (signed, "a signed program"),
        (long, "a long program, with an archive in it"),
    ] {
        assert_eq!(
            scan(&file, &mut scanner),
            found(known, "x!a", Form::Pem),
            "{what}"
        );
        let in_tar = scan(&tar("f", &file), &mut scanner);
        assert_eq!(in_tar, found(known, "x!f!a", Form::Pem), "{what}");
        let in_gzip = scan(&gzip(&file), &mut scanner);
        assert_eq!(in_gzip, found(known, "x!a", Form::Pem), "{what}");
        scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&file));
        assert_eq!(
            taken(&mut scanner),
            found(known, "x!a", Form::Pem),
            "{what}"
        );
    }
}

/// A tar archive with these files.
fn tar_files(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        archive.append_data(&mut header, name, *data).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn zip_archives_in_archives_are_read_in_temporary_files_up_to_their_limit() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        in_memory: 100_000,
        on_disk: 2 << 20,
        ..ScanLimits::default()
    };
    let mut scanner = scanner(&history, limits);
    let known = history.all().first().unwrap();
    let zip_of = |size| {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored =
            SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored);
        archive.start_file("noise", stored).unwrap();
        let noise: Vec<u8> = noise(6).take(size).collect();
        archive.write_all(&noise).unwrap();
        archive.start_file("a", stored).unwrap();
        archive.write_all(&pem(&known.der)).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let launched = |size| [&b"#!/bin/sh\nexec java -jar $0\n"[..], &zip_of(size)].concat();
    let (small, large, too_large) = (1_000, 1 << 20, 3 << 20);
    for (form, of_size) in [
        ("ZIP", &zip_of as &dyn Fn(usize) -> Vec<u8>),
        ("launcher", &launched),
    ] {
        for (size, is_read) in [
            (small, true),
            (large, true),
            (too_large, false),
            (small, true),
        ] {
            // Another one behind it has as much.
            let archive = tar_files(&[("f", &of_size(size)), ("g", &of_size(large))]);
            let seen = scan(&archive, &mut scanner);
            let places: Vec<&str> = seen.places.iter().map(|(place, _)| &**place).collect();
            // In either, the root is plain bytes too where the whole is searched as such.
            assert_eq!(
                places.contains(&"x!f!a"),
                is_read,
                "{form} {size}: {seen:?}"
            );
            assert!(places.contains(&"x!g!a"), "{form} {size}: {seen:?}");
            let failures: Vec<&str> = seen.failures.iter().map(|(_, why)| &**why).collect();
            match failures[..] {
                [] => assert!(is_read),
                [why] => assert!(!is_read && why.contains("of temporary files that are left")),
                _ => panic!("{seen:?}"),
            }
        }
    }
}

/// What is behind a program, or in it, may begin like an entry.
#[test]
fn large_file_that_is_not_a_zip_archive_is_not_a_failure() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        in_memory: 1_000,
        on_disk: 1_000,
        ..ScanLimits::default()
    };
    let mut scanner = scanner(&history, limits);
    let entry = &zip("a", b"content")[..40];
    let long = [
        b"a program ",
        entry,
        &noise(6).take(2 << 20).collect::<Vec<_>>(),
    ]
    .concat();
    let with_end = [&*long, b"PK\x05\x06", &[0; 18]].concat();
    for data in [long, with_end] {
        assert_eq!(scan(&tar_files(&[("f", &data)]), &mut scanner).failures, []);
    }
}

#[test]
fn entries_of_a_zip_archive_with_one_name_are_all_read() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("first", &*pem(&known.der)), ("other", b"nothing")] {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content).unwrap();
    }
    let mut archive = archive.finish().unwrap().into_inner();
    while let Some(at) = archive.windows(5).position(|name| name == b"other") {
        archive[at..at + 5].copy_from_slice(b"first");
    }
    assert_eq!(
        scan(&archive, &mut scanner),
        found(known, "x!first", Form::Pem)
    );
}

/// The end says what the directory has.
#[test]
fn entries_that_are_missing_in_a_zip_archive_are_told() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let mut archive = zip("a", b"content");
    let end = archive.len() - 22;
    for count in [2, u8::MAX] {
        archive[end + 10] = count;
        let failures = scan(&archive, &mut scanner).failures;
        let why = format!("names {count} entries but has 1");
        assert!(failures[0].1.contains(&why), "{failures:?}");
    }
    // None: it has no end then.
    archive[end + 10] = 0;
    let failures = scan(&archive, &mut scanner).failures;
    assert!(failures[0].1.contains("without its end"), "{failures:?}");
}

/// A tar archive of one entry of any kind.
fn tar_of(kind: u8, data: &[u8], change: impl FnOnce(&mut tar::Header)) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(data.len() as u64);
    header.set_path("a").unwrap();
    header.set_entry_type(tar::EntryType::new(kind));
    change(&mut header);
    header.set_cksum();
    archive.append(&header, data).unwrap();
    archive.into_inner().unwrap()
}

/// A file of this size, of which the archive has what is at the beginning.
fn sparse(size: u64, data: &[u8]) -> Vec<u8> {
    let octal = |number: u64| format!("{number:011o}\0").into_bytes().try_into().unwrap();
    tar_of(b'S', data, |header| {
        let header = header.as_gnu_mut().unwrap();
        header.sparse[0].offset = octal(0);
        header.sparse[0].numbytes = octal(data.len() as u64);
        header.sparse[1].offset = octal(size);
        header.sparse[1].numbytes = octal(0);
        header.realsize = octal(size);
    })
}

#[test]
fn entries_of_any_kind_are_searched() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let mut data = pem(&known.der);
    data.resize(data.len().next_multiple_of(512), b'\n');
    for archive in [
        tar_of(b'7', &data, |_| {}),
        tar_of(b'Z', &data, |_| {}),
        sparse(1 << 20, &data),
    ] {
        assert_eq!(scan(&archive, &mut scanner), found(known, "x!a", Form::Pem));
    }
}

#[test]
fn archives_in_a_row_are_all_unpacked() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let inner = gzip(&around(&pem(&known.der), 10));
    let first = tar("first", b"entry");
    let one_block_of_zeros = &first[..first.len() - 512];
    for first in [&first[..], one_block_of_zeros] {
        let both = [first, &tar("a", &inner)].concat();
        assert_eq!(scan(&both, &mut scanner), found(known, "x!a", Form::Pem));
    }
    let skipped = [b"\x51\x2a\x4d\x18\x03\0\0\0abc", &*zstd(&pem(&known.der))].concat();
    assert_eq!(scan(&skipped, &mut scanner), found(known, "x", Form::Pem));
}

#[test]
fn an_archive_that_is_cut_off_behind_its_entries_is_a_failure() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    for archive in [gzip(&tar("a", b"entry")), zstd(&tar("a", b"entry"))] {
        assert_eq!(scan(&archive, &mut scanner).failures, []);
        let cut = &archive[..archive.len() - 1];
        assert_eq!(scan(cut, &mut scanner).failures.len(), 1);
    }
}

/// Reads pieces of one length, and is interrupted before each.
struct Pieces<'a> {
    rest: &'a [u8],
    length: usize,
    is_interrupted: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.is_interrupted = !self.is_interrupted;
        if self.is_interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.length);
        self.rest.read(&mut buffer[..length])
    }
}

#[test]
fn damaged_archive_has_one_result_for_streams_and_files() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let entries = tar("a", &gzip(&around(&pem(&known.der), 3_000)));
    let mut archive = gzip(&entries);
    let middle = archive.len() / 2;
    archive[middle] ^= 1;
    let whole = scan(&archive, &mut scanner);
    assert_ne!(whole.failures, []);
    for length in [1, 7, 64, 1_000] {
        let mut pieces = Pieces {
            rest: &archive,
            length,
            is_interrupted: false,
        };
        scanner.reader("x", &mut pieces);
        assert_eq!(taken(&mut scanner), whole, "pieces of {length}");
    }
}

#[test]
fn bombs_are_failures() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        depth: 4,
        entries: 10,
        unpacked: 4 << 20,
        ratio: 100,
        ratio_from: 1 << 20,
        in_memory: 1 << 20,
        on_disk: 1 << 20,
        about_entry: 100_000,
        report: 100_000,
        digests: 0,
    };
    let mut scanner = scanner(&history, limits);
    let zeros = vec![0; 3 << 20];
    let mut deep = b"bottom".to_vec();
    for _ in 0..6 {
        deep = gzip(&deep);
    }
    let many = |count: usize| {
        let mut archive = tar::Builder::new(Vec::new());
        for nth in 0..count {
            let mut header = tar::Header::new_gnu();
            header.set_size(0);
            archive
                .append_data(&mut header, nth.to_string(), io::empty())
                .unwrap();
        }
        archive.into_inner().unwrap()
    };
    let noise: Vec<u8> = noise(4).take(5 << 20).collect();
    let long_name = tar(&"a".repeat(200_000), b"");
    let behind_another = [&tar("first", b"")[..512], &long_name].concat();
    let behind = [b"script", &*zip("a", &zip("b", &gzip(&gzip(b"bottom"))))].concat();
    for (archive, message) in [
        (gzip(&zeros), "times its size"),
        (zstd(&zeros), "times its size"),
        (zip("a", &zeros), "times its size"),
        (gzip(&noise), "unpacks to more than 4194304 bytes"),
        (
            tar("a", &zip("a", &noise)),
            "of temporary files that are left",
        ),
        (deep, "more than 4 archives in archives"),
        (gzip(&behind), "more than 4 archives in archives"),
        (sparse(1 << 32, b"content"), "times its size"),
        (many(11), "more than 10 entries"),
        (long_name, "too much data about entries"),
        (behind_another, "too much data about entries"),
    ] {
        let seen = scan(&archive, &mut scanner);
        let has = |(_, error): &(String, String)| error.contains(message);
        assert!(
            seen.failures.iter().any(has),
            "{message}: {:?}",
            seen.failures
        );
        assert!(seen.places.is_empty());
    }
    assert_eq!(scan(&many(10), &mut scanner).failures, []);
}

/// Certificates within the serial number of the one before, each of them nearly as long as may be.
fn forged() -> Vec<u8> {
    // Five empty parts of the signed content, and the signature.
    const TAIL: &[u8] = &[0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 3, 0];
    const HEADER: usize = 17;
    let mut forged = Vec::new();
    for left in (0..950).rev() {
        let serial_number = left * HEADER;
        let signed = 9 + serial_number + TAIL.len() - 4;
        let content = signed + 8;
        let bytes = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
        forged.extend([0x30, 0x82]);
        forged.extend(bytes(content));
        forged.extend([0x30, 0x82]);
        forged.extend(bytes(signed));
        forged.extend([0xa0, 3, 2, 1, 2, 2, 0x82]);
        forged.extend(bytes(serial_number));
    }
    forged.extend(TAIL);
    forged
}

#[test]
fn forged_certificates_cost_no_more_than_their_bytes() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    let room = Counter::new(u64::MAX);
    let [one, other, ..] = history.all() else {
        panic!("the history is empty");
    };
    // Without the check, more than 400 times of that.
    let forged = forged().repeat(512);
    let data = [&forged[..], &one.der, &pem(&other.der)].concat();
    let (found, result) = search.read(&mut &*data, &room);
    let examined = found.false_alarms;
    let (free, most) = (1 << 20, (1 << 20) + data.len() as u64 / 4 + (16 << 10));
    assert!((free..most).contains(&examined), "{examined}");
    let why = result.unwrap_err().to_string();
    assert!(why.contains("look like certificates"), "{why}");
    // Known roots are found as ever.
    let known = [one, other].map(|known| known.certificate.sha256());
    assert!(known.iter().all(|sha256| found.roots.contains_key(sha256)));

    // The header alone is not examined.
    let header = b"\x30\x82\x3f\xf0\x30\x82\x3e\xe0\xa0\x03\x02\x01\x02";
    let (found, result) = search.read(&mut &*header.repeat(100_000), &room);
    result.unwrap();
    assert_eq!(found.false_alarms, 0);
}

/// Each with another serial number. Nobody verifies the signature of a root.
fn many_cas(count: u16) -> Vec<u8> {
    let der = own_root("Own CA", IsCa::Ca(BasicConstraints::Unconstrained));
    let serial_number = memchr::memmem::find(&der, &[0xa0, 3, 2, 1, 2]).unwrap() + 8;
    let cas = (0..count).map(|nth| {
        let mut der = der.clone();
        der[serial_number..][..2].copy_from_slice(&nth.to_be_bytes());
        der
    });
    cas.flatten().collect()
}

#[test]
fn a_report_has_limits() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        report: 50_000,
        ..ScanLimits::default()
    };
    let mut scanner = scanner(&history, limits);
    let seen = scan(&many_cas(10), &mut scanner);
    assert_eq!((seen.unknown.len(), seen.failures.len()), (10, 0));
    let seen = scan(&many_cas(100), &mut scanner);
    assert!((10..50).contains(&seen.unknown.len()));
    let (_, why) = &seen.failures[0];
    assert!(why.contains("more roots than"), "{why}");

    let mut archive = tar::Builder::new(Vec::new());
    for nth in 0..100 {
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        let name = format!("{nth}{}", "a".repeat(10_000));
        archive
            .append_data(&mut header, name, &b"PK\x03\x04"[..])
            .unwrap();
    }
    let seen = scan(&archive.into_inner().unwrap(), &mut scanner);
    let length: usize = seen.failures.iter().map(|(place, _)| place.len()).sum();
    assert!((10_000..50_000).contains(&length), "{length}");
    let (_, last) = seen.failures.last().unwrap();
    assert!(last.contains("more than a report has room for"), "{last}");
}

/// By the RFC, an output in a single segment is kept as a whole.
#[test]
fn zstandard_does_not_take_more_memory_than_it_may() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let frame = |header: &[u8], blocks: usize| {
        let mut frame = b"\x28\xb5\x2f\xfd".to_vec();
        frame.extend(header);
        for nth in 1..=blocks {
            // 128 KiB of the same byte.
            let header = u32::from(nth == blocks) | 1 << 1 | (128 << 10) << 3;
            frame.extend(&header.to_le_bytes()[..3]);
            frame.push(0);
        }
        frame
    };
    let whole = |blocks: u64, said: u64| {
        let size = (said << 17).to_le_bytes();
        frame(
            &[&[0xe0][..], &size].concat(),
            usize::try_from(blocks).unwrap(),
        )
    };
    // Windows of 8 MiB and of 128 MiB. The second one is not full, and then it is.
    let small = frame(&[0, 13 << 3], 100);
    let (half, large) = (frame(&[0, 17 << 3], 100), frame(&[0, 17 << 3], 1000));
    for (data, most) in [
        (whole(100, 100), None),
        (small.clone(), None),
        ([small.clone(), whole(16, 16), small.clone()].concat(), None),
        ([half.clone(), small.clone(), half].concat(), None),
        (large.clone(), Some("needs 67108864 bytes of memory")),
        (
            [small, large].concat(),
            Some("needs 67108864 bytes of memory"),
        ),
        (whole(1000, 1 << 30), Some("needs 67108864 bytes of memory")),
    ] {
        let seen = scan(&data, &mut scanner);
        let failures: Vec<&str> = seen.failures.iter().map(|(_, why)| why.as_str()).collect();
        match most {
            None => assert_eq!(failures, [""; 0]),
            Some(message) => assert!(failures[0].contains(message), "{failures:?}"),
        }
    }
}

#[test]
fn a_file_with_a_zip_archive_behind_it_is_both() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let [one, other, ..] = history.all() else {
        panic!("the history is empty");
    };
    let directory =
        std::env::temp_dir().join(format!("embedded-roots-scan-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("program");
    fs::write(&path, [pem(&one.der), zip("a", &other.der)].concat()).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    scanner.input(Input::File(path.clone(), length));
    fs::remove_dir_all(&directory).unwrap();
    let name = path.display().to_string();
    let mut expected = found(one, &name, Form::Pem);
    let archive = found(other, &format!("{name}!a"), Form::Der);
    expected.places.extend(archive.places);
    assert_eq!(seen(&scanner), expected);
}

fn unread(data: &[u8], scan: &mut Scan<'_>) -> Vec<(String, String)> {
    scan.findings.unread.clear();
    scan.reader("x", &mut &*data);
    let unread = scan.findings.unread.iter();
    unread
        .map(|unread| (unread.location.shown.clone(), unread.form.clone()))
        .collect()
}

#[test]
fn packages_of_debian_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let files = tar("etc/root.pem", &pem(&root.der));
    for (name, packed) in [
        ("data.tar.xz", xz(&files)),
        ("data.tar.zst", zstd(&files)),
        ("data.tar.gz", gzip(&files)),
        ("data.tar.bz2", bzip2(&files)),
    ] {
        // The members before it have odd sizes.
        let package = ar(&[("debian-binary", b"2.0\n"), ("odd/", b"1"), (name, &packed)]);
        let place = format!("x!{name}!etc/root.pem");
        assert_eq!(scan(&package, scan_all), found(root, &place, Form::Pem));
        assert_eq!(unread(&package, scan_all), []);
        // Cut off in its content.
        let cut = &package[..package.len() - packed.len() / 2];
        let seen = scan(cut, scan_all);
        assert!(!seen.failures.is_empty(), "{name}");
    }
    let damaged = ar(&[("a", b"")]).replace(b"`\n", b"`x");
    let seen = scan(&damaged, scan_all);
    assert_eq!(seen.failures[0].1, "a header of this ar archive is damaged");
}

fn cpio(name: &str, data: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, data) in [(name, data), ("empty", b""), ("TRAILER!!!", b"")] {
        let mut fields = [0; 13];
        (fields[6], fields[11]) = (data.len(), name.len() + 1);
        archive.extend_from_slice(b"070701");
        for field in fields {
            write!(archive, "{field:08x}").unwrap();
        }
        write!(archive, "{name}\0").unwrap();
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend_from_slice(data);
        archive.resize(archive.len().next_multiple_of(4), 0);
    }
    archive
}

/// The lead, and two headers of one entry each.
fn rpm(payload: &[u8]) -> Vec<u8> {
    let mut package = rpm::MAGIC.to_vec();
    package.resize(96, 0);
    let header = |size: usize| {
        let mut header = b"\x8e\xad\xe8\x01\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
        header.push(u8::try_from(size).unwrap());
        header.resize(header.len() + 16 + size, 7);
        header
    };
    package.extend(header(5));
    // The signature is padded.
    package.resize(package.len() + 3, 0);
    package.extend(header(3));
    package.extend_from_slice(payload);
    package
}

#[test]
fn packages_of_rpm_and_initial_ram_disks_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let files = cpio("./etc/root.pem", &pem(&root.der));
    let place = "x!./etc/root.pem";
    assert_eq!(scan(&files, scan_all), found(root, place, Form::Pem));
    for payload in [
        gzip(&files),
        xz(&files),
        zstd(&files),
        bzip2(&files),
        files.clone(),
    ] {
        assert_eq!(
            scan(&rpm(&payload), scan_all),
            found(root, place, Form::Pem)
        );
    }
    // Microcode first, then zeros, then a compressed archive.
    let mut disk = cpio("kernel/x86/microcode/Vendor.bin", b"microcode");
    disk.resize(disk.len().next_multiple_of(512) + 1024, 0);
    disk.extend(zstd(&files));
    assert_eq!(scan(&disk, scan_all), found(root, place, Form::Pem));

    for (damaged, why) in [
        (files[..files.len() / 2].to_vec(), "unexpected end of file"),
        (rpm(b"")[..100].to_vec(), "failed to fill whole buffer"),
        (
            rpm(b"").replace(b"\x8e\xad\xe8\x01", b"\x8e\xad\xe8\x02"),
            "a header of this RPM is damaged",
        ),
        (
            files.clone().replace(b"0000000f", b"ffffffff"),
            "a header of this cpio archive is damaged",
        ),
    ] {
        let seen = scan(&damaged, scan_all);
        assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
    }
}

/// Replaces bytes by as many others.
trait Replace {
    fn replace(self, from: &[u8], to: &[u8]) -> Self;
}

impl Replace for Vec<u8> {
    fn replace(mut self, from: &[u8], to: &[u8]) -> Self {
        let at = memchr::memmem::find(&self, from).unwrap();
        self[at..at + to.len()].copy_from_slice(to);
        self
    }
}

/// The size of the dictionary is in the header, which anybody can write.
#[test]
fn xz_takes_no_more_memory_than_there_is() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let limits = ScanLimits {
        in_memory: 4 << 20,
        ..ScanLimits::default()
    };
    let mut options = XzOptions::with_preset(1);
    options.lzma_options.dict_size = 8 << 20;
    let mut encoder = XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(&pem(&root.der)).unwrap();
    let large = encoder.finish().unwrap();
    let seen = scan(&large, &mut scanner(&history, limits.clone()));
    let why = "needs 9437184 bytes of memory, and the limit for all is 4194304";
    assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
    let whole = &mut scanner(&history, ScanLimits::default());
    assert_eq!(scan(&large, whole), found(root, "x", Form::Pem));
    // Two streams in one file, and one without a block.
    let two = [xz(b"text"), xz(&pem(&root.der))].concat();
    assert_eq!(scan(&two, whole), found(root, "x", Form::Pem));
    assert_eq!(scan(&xz(b""), whole).failures, []);
}

#[test]
fn unread_parts_are_reported() {
    let history = History::load().unwrap();
    let scan = &mut scanner(&history, ScanLimits::default());
    let told = |form: &str| vec![("x".to_owned(), form.to_owned())];
    for (begin, form) in [
        (&b"hsqs\0\0"[..], "squashfs"),
        (b"Rar!\x1a\x07", "rar"),
        (b"xar!\0\x1c", "xar"),
        (b"MSCF\0\0\0\0", "cabinet"),
        (b"\x7fELF\x02\x01\x01\0AI\x02\0", "AppImage"),
        (b"\0\0\0\x02\0\0\0\x14", "BKS or UBER key store"),
    ] {
        assert_eq!(unread(&around_begin(begin), scan), told(form));
    }
    // Without an archive.
    let payload = around(b"MEI\x0c\x0b\x0a\x0b\x0e", 5000);
    assert_eq!(unread(&payload, scan), told("archive of PyInstaller"));
    let store = [
        &b"\x30\x82\x01\0\x02\x01\x03\x30\x82"[..],
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
    ];
    let form = "PKCS#12 with encrypted certificates or keys";
    assert_eq!(unread(&store.concat(), scan), told(form));
    // In an archive, with its place.
    let nested = tar("a/b.rar", b"Rar!\x1a\x07");
    assert_eq!(
        unread(&nested, scan),
        [("x!a/b.rar".to_owned(), "rar".to_owned())]
    );
    assert_eq!(unread(&around(b"text", 100), scan), []);
}

fn around_begin(begin: &[u8]) -> Vec<u8> {
    [begin, &[b'x'; 1000]].concat()
}

#[test]
fn pem_in_another_encoding_is_found() {
    use base64::Engine as _;

    let history = History::load().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    // More text than is decoded at once.
    let roots: Vec<_> = history.all().iter().take(100).collect();
    let text: Vec<u8> = roots.iter().flat_map(|root| pem(&root.der)).collect();
    let encode = |text: &[u8]| base64::engine::general_purpose::STANDARD.encode(text);
    let lines = |text: &[u8], width: usize| {
        let base64 = encode(text);
        let lines = base64.as_bytes().chunks(width).map(str::from_utf8);
        lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n    ")
    };
    let utf_16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.iter().flat_map(|byte| bytes((*byte).into())).collect()
    };
    let secret = |base64: String| format!("data:\n  ca.crt: {base64}\n").into_bytes();
    for (number, wrapped) in [
        secret(encode(&text)),
        secret(encode(&[b"#", &text[..]].concat())),
        secret(encode(&[b"#\n", &text[..]].concat())),
        secret(lines(&text, 76)),
        secret(lines(&text, 64)),
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
    ]
    .into_iter()
    .enumerate()
    {
        let seen = scan(&wrapped, scan_all);
        assert_eq!(seen.failures, []);
        let found = seen.places.first().map_or(0, |(_, found)| found.len());
        assert_eq!(found, roots.len(), "{number}");
    }
    // Another block.
    let key = encode(b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n");
    assert_eq!(scan(key.as_bytes(), scan_all).places, []);
}

/// A text with a needle every few bytes is not decoded again for each.
#[test]
fn texts_cost_no_more_than_their_bytes() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    for needle in NEEDLES.iter().chain(HEXADECIMAL).chain(DECIMAL_AND_ESCAPES) {
        if !matches!(needle.sign, Sign::Text(_)) {
            continue;
        }
        for after in ["", ",", ", ", " ", "\n", "\"", "#", "\0", "A", "0x30,"] {
            let unit = [needle.bytes, after.as_bytes()].concat();
            let data = unit.repeat((256 << 10) / unit.len());
            let (found, result) = search.read(&mut &*data, &Counter::new(u64::MAX));
            result.unwrap();
            let name = needle.bytes.escape_ascii();
            // Each text may be in three others, and is decoded for a second time where it is cut off.
            let most = 8 * data.len() as u64;
            assert!(found.decoded <= most, "{name} {after:?}: {}", found.decoded);
            assert!(found.roots.is_empty());
        }
    }
}
/// A ZIP archive of one entry that is packed already.
fn zip_of_method(method: u16, packed: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let u32 = |size| u32::try_from(size).unwrap();
    let [packed_size, size] = [packed.len(), content.len()].map(u32);
    let common = [
        &20_u16.to_le_bytes()[..],
        &[0; 2],
        &method.to_le_bytes(),
        &[0; 4],
        &crc.sum().to_le_bytes(),
        &packed_size.to_le_bytes(),
        &size.to_le_bytes(),
        &[1, 0, 0, 0],
    ]
    .concat();
    let mut archive = [b"PK\x03\x04", &*common, b"a", packed].concat();
    let start = u32(archive.len());
    archive.extend([b"PK\x01\x02\x14\0", &*common, &[0; 14], b"a"].concat());
    let length = u32(archive.len()) - start;
    archive.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    archive.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0; 2]);
    archive
}

/// The content of a file in each method of an archive, with its number.
fn methods(content: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(content).unwrap();
    let deflate = deflate.finish().unwrap();
    let options = LzmaOptions::with_preset(1);
    let mut lzma = LzmaWriter::new_no_header(Vec::new(), &options, false).unwrap();
    lzma.write_all(content).unwrap();
    let dictionary = options.dict_size.to_le_bytes();
    let header = [&[9, 20, 5, 0, options.get_props()], &dictionary[..]].concat();
    let lzma = [header, lzma.finish().unwrap()].concat();
    vec![
        (0, content.to_vec()),
        (8, deflate.clone()),
        // The same, as long as nothing is repeated over 258 bytes or from further than 32 KiB.
        (9, deflate),
        (12, bzip2(content)),
        (14, lzma),
        (20, zstd(content)),
        (93, zstd(content)),
        (95, xz(content)),
    ]
}

#[test]
fn entries_of_zip_archives_are_read_in_each_method() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let content = pem(&known.der);
    for (method, packed) in methods(&content) {
        let archive = zip_of_method(method, &packed, &content);
        let expected = found(known, "x!a", Form::Pem);
        assert_eq!(scan(&archive, &mut scanner), expected, "{method}");
        scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&archive));
        assert_eq!(taken(&mut scanner), expected, "{method}");
    }
    // PPMd.
    scanner.reader("x", &mut &*zip_of_method(98, &content, &content));
    assert_eq!(
        scanner.findings.unread[0].form,
        "entry of a ZIP archive, with method 98"
    );
}

#[test]
fn a_zip_archive_with_a_changed_byte_gives_its_root_or_says_why_not() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let content = pem(&known.der);
    for (method, packed) in methods(&content) {
        let archive = zip_of_method(method, &packed, &content);
        let name = Location::file("x".to_owned());
        let mut is_told = |archive: &[u8], what: &str| {
            scanner.seekable(&name, Cursor::new(archive));
            let is_told =
                !scanner.findings.failures.is_empty() || !scanner.findings.unread.is_empty();
            let seen = taken(&mut scanner);
            assert!(is_told || !seen.places.is_empty(), "{method}: {what}");
        };
        for at in 4..archive.len() {
            for bit in [1, 0x80] {
                let mut changed = archive.clone();
                changed[at] ^= bit;
                is_told(&changed, &format!("changed at {at}"));
            }
        }
        for length in 4..archive.len() {
            is_told(&archive[..length], &format!("cut at {length}"));
        }
    }
}

#[test]
fn lzma_in_zip_archives_takes_no_more_memory_than_there_is() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        in_memory: 4 << 20,
        ..ScanLimits::default()
    };
    let mut scanner = scanner(&history, limits);
    let content = vec![b'a'; 5 << 20];
    let (_, mut packed) = methods(&content).swap_remove(4);
    // Four GiB, of which no more is kept than comes out.
    packed[5..9].fill(0xff);
    let seen = scan(&zip_of_method(14, &packed, &content), &mut scanner);
    let (_, why) = &seen.failures[0];
    assert_eq!(
        why,
        "needs 6291456 bytes of memory, and the limit for all is 4194304"
    );
}

#[test]
fn decoders_give_back_the_memory_that_they_take_and_no_more() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let content = pem(&history.all().first().unwrap().der);
    let entries = methods(&content).into_iter();
    let entries = entries.map(|(method, packed)| zip_of_method(method, &packed, &content));
    let streams = [gzip, bzip2, xz, zstd].map(|pack: fn(&[u8]) -> Vec<u8>| pack(&content));
    for packed in entries.chain(streams) {
        assert_eq!(scan(&tar("a", &packed), &mut scanner).failures, []);
        let left = scanner.left.in_memory.value();
        assert_eq!(left, scanner.limits.in_memory);
    }
}

/// A compiled module, with these chunks.
fn beam(chunks: &[(&str, &[u8])]) -> Vec<u8> {
    let mut module = b"FOR1\0\0\0\0BEAM".to_vec();
    for (name, data) in chunks {
        module.extend_from_slice(name.as_bytes());
        module.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        module.extend_from_slice(data);
        module.resize(module.len().next_multiple_of(4), 0);
    }
    let length = u32::try_from(module.len() - 8).unwrap();
    module[4..8].copy_from_slice(&length.to_be_bytes());
    module
}

/// The chunk of literals: the size that they have, and what is to be there.
fn literals(size: usize, data: &[u8]) -> Vec<u8> {
    [&u32::try_from(size).unwrap().to_be_bytes()[..], data].concat()
}

#[test]
fn literals_of_beam_modules_are_searched() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let text = around(&root.der, 1000);
    let packed = literals(text.len(), &zlib(&text));
    let module = beam(&[("Atom", b"12345"), ("LitT", &packed), ("Line", b"1")]);
    assert_eq!(scan(&module, scan_all), found(root, "x", Form::Der));
    scan_all.seekable(&Location::file("x".to_owned()), Cursor::new(&module));
    assert_eq!(taken(scan_all), found(root, "x", Form::Der));
    // As it is since OTP 28, and in other chunks, before the literals and behind them.
    let plain = beam(&[("LitT", &literals(0, &text))]);
    assert_eq!(scan(&plain, scan_all), found(root, "x", Form::Der));
    for chunks in [
        [("Attr", &text[..]), ("LitT", &literals(4, &zlib(b"text")))],
        [("LitT", &literals(4, &zlib(b"text"))), ("Attr", &text[..])],
    ] {
        assert_eq!(scan(&beam(&chunks), scan_all), found(root, "x", Form::Der));
    }
    // In an archive, as an escript has it, and behind a module.
    let escript = [b"#!/usr/bin/env escript\n", &*zip("a/b.beam", &module)].concat();
    assert_eq!(
        scan(&escript, scan_all),
        found(root, "x!a/b.beam", Form::Der)
    );
    let both = [&module[..], &zip("a", b"text")].concat();
    assert_eq!(scan(&both, scan_all), found(root, "x", Form::Der));

    // Cut off or damaged, it is an error, or what is lost is no part of the root.
    let small = literals(root.der.len(), &zlib(&root.der));
    let module = beam(&[("Atom", b"12345"), ("LitT", &small)]);
    let whole = module.len() - 3;
    for end in 12..whole {
        let seen = scan(&module[..end], scan_all);
        let is_told = !seen.failures.is_empty() || !seen.places.is_empty();
        assert!(is_told || end <= 12 + 16 + 12, "{end}");
    }
    for at in 12 + 16 + 12..whole {
        let mut damaged = module.clone();
        damaged[at] ^= 0x55;
        let seen = scan(&damaged, scan_all);
        assert!(!seen.failures.is_empty() || !seen.places.is_empty(), "{at}");
    }
}

#[test]
fn literals_that_unpack_to_too_much_are_a_failure() {
    let history = History::load().unwrap();
    let limits = ScanLimits {
        ratio_from: 1 << 20,
        ..ScanLimits::default()
    };
    let bomb = literals(1, &zlib(&vec![0; 8 << 20]));
    let seen = scan(&beam(&[("LitT", &bomb)]), &mut scanner(&history, limits));
    let why = "unpacks to more than 250 times its size";
    // Deflate makes no more than 1032 of one.
    assert!(bomb.len() > (8 << 20) / 1032);
    assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
}

/// An image of Java's modules: each resource is as it is, or packed in these ways, the last one first.
fn image(is_big_endian: bool, resources: &[(&str, &[u8], &[&str])]) -> Vec<u8> {
    let number = |number: usize| {
        let number = u32::try_from(number).unwrap();
        if is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let long = |number_: usize| {
        let halves = [number(0), number(number_)];
        let halves = if is_big_endian {
            halves
        } else {
            [halves[1], halves[0]]
        };
        halves.concat()
    };
    let (mut names, mut attributes, mut places, mut contents) =
        (vec![0], vec![0], Vec::new(), Vec::new());
    let mut place_of = |name: &str| {
        let at = names.len();
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        at
    };
    for (name, data, packings) in resources {
        let mut content = data.to_vec();
        for packing in *packings {
            let packed = if *packing == "zip" {
                zlib(&content)
            } else {
                content.clone()
            };
            content = [
                &number(0xcafe_fafa)[..],
                &long(packed.len()),
                &long(content.len()),
                &number(place_of(packing)),
                &[0xff; 4],
                &[1],
                &packed,
            ]
            .concat();
        }
        places.extend(number(attributes.len()));
        let module = place_of("a.module").to_be_bytes();
        let base = place_of(name).to_be_bytes();
        let start = contents.len().to_be_bytes();
        let size = content.len().to_be_bytes();
        let of_size = if packings.is_empty() { 7 } else { 6 };
        for (kind, value) in [(1, module), (3, base), (5, start), (of_size, size)] {
            attributes.push(kind << 3 | 7);
            attributes.extend(value);
        }
        attributes.push(0);
        contents.extend(content);
    }
    let count = number(resources.len());
    [
        &number(0xcafe_dada)[..],
        &number(0x1_0000),
        &number(0),
        &count,
        &count,
        &number(attributes.len()),
        &number(names.len()),
        &vec![0xff; 4 * resources.len()],
        &places,
        &attributes,
        &names,
        &contents,
    ]
    .concat()
}

#[test]
fn images_of_java_modules_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let text = around(&root.der, 100);
    let place = "x!a.module/roots";
    for is_big_endian in [false, true] {
        for (packings, place) in [
            (&["zip"][..], place),
            (&["compact-cp"], place),
            (&["compact-cp", "zip"], place),
            (&[], "x"),
        ] {
            let image = image(is_big_endian, &[("roots", &text, packings)]);
            let expected = found(root, place, Form::Der);
            assert_eq!(scan(&image, scan_all), expected, "{packings:?}");
            assert_eq!(unread(&image, scan_all), []);
            taken(scan_all);
            scan_all.seekable(&Location::file("x".to_owned()), Cursor::new(&image));
            assert_eq!(taken(scan_all), expected, "{packings:?}");
        }
    }
    let zip = &["zip"][..];
    // Between others, as it is, and with an archive in it.
    let others = [
        ("a", &b"text"[..], zip),
        ("roots", &text, &[]),
        ("b", b"text", zip),
    ];
    assert_eq!(
        scan(&image(false, &others), scan_all),
        found(root, place, Form::Der)
    );
    let archive = gzip(&root.der);
    let nested = image(false, &[("roots", &archive, zip)]);
    assert_eq!(scan(&nested, scan_all), found(root, place, Form::Der));
    // Behind all resources, and between them.
    let behind = [image(false, &others[..1]), text.clone()].concat();
    assert_eq!(scan(&behind, scan_all), found(root, "x", Form::Der));

    let other = image(false, &[("roots", &text, &["lzma"])]);
    let form = "resource of a Java image that is packed in another way";
    assert_eq!(
        unread(&other, scan_all),
        [(place.to_owned(), form.to_owned())]
    );
    taken(scan_all);
    let image = image(false, &[("a", b"text", zip), ("roots", &root.der, zip)]);
    for end in 28..image.len() {
        let seen = scan(&image[..end], scan_all);
        assert!(!seen.failures.is_empty(), "{end}");
    }
    for at in 28..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0x55;
        // Or other names, and other hashes.
        scan(&damaged, scan_all);
    }
    let start = image.len() - zlib(&root.der).len();
    for at in start..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0x55;
        assert!(!scan(&damaged, scan_all).failures.is_empty(), "{at}");
    }
}

/// The index says how long it is, and where resources are.
#[test]
fn forged_indexes_of_java_images_are_failures() {
    let history = History::load().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let whole = image(false, &[("a", b"text", &["zip"]), ("b", b"text", &["zip"])]);
    for at in [16, 20, 24] {
        let mut forged = whole.clone();
        forged[at..at + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
        let seen = scan(&forged, scan_all);
        let why = "its index is too large";
        assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
    }
    // The second one begins in the first.
    let mut forged = whole.clone();
    let second = 28 + 16 + 1 + 37 + 18 + 8;
    forged[second] -= 1;
    let seen = scan(&forged, scan_all);
    let why = "its resources overlap";
    assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
}

/// Both ways in which a file is read.
fn scan_both(data: &[u8], scan_all: &mut Scan<'_>) -> Seen {
    let streamed = scan(data, scan_all);
    scan_all.seekable(&Location::file("x".to_owned()), Cursor::new(data));
    let seen = taken(scan_all);
    assert_eq!(seen, streamed);
    seen
}

/// A program with an archive behind it: entries with their kinds, compressed or not.
fn pyinstaller(entries: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut contents, mut table) = (Vec::new(), Vec::new());
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    for (name, data, is_compressed) in entries {
        let packed = if *is_compressed {
            zlib(data)
        } else {
            data.to_vec()
        };
        let length = (18 + name.len() + 1).next_multiple_of(16);
        let start = table.len();
        table.extend(number(length));
        table.extend(number(contents.len()));
        table.extend(number(packed.len()));
        table.extend(number(data.len()));
        table.extend([u8::from(*is_compressed), b'x']);
        table.extend_from_slice(name.as_bytes());
        table.resize(start + length, 0);
        contents.extend(packed);
    }
    let mut end = pyinstaller::COOKIE.to_vec();
    end.extend(number(contents.len() + table.len() + 88));
    end.extend(number(contents.len()));
    end.extend(number(table.len()));
    end.resize(88, 0);
    let starter = around(b"_MEIPASS, and what else the starter says", 3000);
    [starter, contents, table, end].concat()
}

#[test]
fn archives_of_pyinstaller_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let text = pem(&root.der);
    let place = "x!certifi/cacert.pem";
    for is_compressed in [true, false] {
        let program = pyinstaller(&[
            ("libssl.so", b"text", true),
            ("certifi/cacert.pem", &text, is_compressed),
        ]);
        // With a signature behind it, or without.
        for program in [around(&program, 0), program.clone()] {
            let mut seen = scan_both(&program, scan_all);
            if !is_compressed {
                // The text is also in the program.
                assert_eq!(seen.places.remove(0).0, "x");
            }
            assert_eq!(seen, found(root, place, Form::Pem));
        }
        assert_eq!(unread(&program, scan_all), []);
        taken(scan_all);
    }
    // Constants of modules, in an archive in the archive.
    let (one, two) = (zlib(b"text"), zlib(&text));
    let table = number_of_table(17 + one.len() + two.len());
    let modules = [b"PYZ\0\0\0\0\0", &table[..], &[0; 5], &one, &two, b"table"].concat();
    let program = pyinstaller(&[("PYZ.pyz", &modules, false)]);
    assert_eq!(
        scan_both(&program, scan_all),
        found(root, "x!PYZ.pyz", Form::Pem)
    );
    let cut = pyinstaller(&[("PYZ.pyz", &modules[..modules.len() - 9], false)]);
    assert_eq!(scan_both(&cut, scan_all).failures.len(), 1);

    // Cut off or damaged, it is told.
    let program = pyinstaller(&[("certifi/cacert.pem", &text, true)]);
    let start = program.len() - 88 - 48 - zlib(&text).len();
    for at in start..program.len() - 64 {
        let mut damaged = program.clone();
        damaged[at] ^= 0x55;
        scan_all.seekable(&Location::file("x".to_owned()), Cursor::new(&damaged));
        let is_told = !scan_all.findings.unread.is_empty();
        let seen = taken(scan_all);
        // The magic number is one octet of 8, and the version and the length unpacked are not looked at.
        let is_magic = at >= program.len() - 88 && at < program.len() - 80;
        assert!(is_told || seen != Seen::default() || is_magic, "{at}");
    }
}

fn number_of_table(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// The files of a program of Nuitka.
fn nuitka(is_windows: bool, has_checksum: bool, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, data) in files.iter().chain([&("", &b""[..])]) {
        let name = format!("{name}\0");
        if is_windows {
            payload.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        } else {
            payload.extend_from_slice(name.as_bytes());
        }
        if name == "\0" {
            break;
        }
        payload.extend((!is_windows).then_some(1));
        payload.extend((data.len() as u64).to_le_bytes());
        payload.extend(has_checksum.then_some([7; 4]).into_iter().flatten());
        payload.extend_from_slice(data);
    }
    payload
}

#[test]
fn archives_of_nuitka_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let text = pem(&root.der);
    for (is_windows, has_checksum) in [(false, false), (false, true), (true, false), (true, true)] {
        let program: &[u8] = if is_windows { b"MZ" } else { b"\x7fELF" };
        let files = [
            ("a.bin", program),
            ("certifi/cacert.pem", &text),
            ("b", b"text"),
        ];
        let payload = nuitka(is_windows, has_checksum, &files);
        let whole = around(&[b"KAY", &*zstd(&payload)].concat(), 5000);
        let place = "x!certifi/cacert.pem";
        assert_eq!(scan_both(&whole, scan_all), found(root, place, Form::Pem));
        assert_eq!(unread(&whole, scan_all), []);
        taken(scan_all);
        // Files that are longer than the archive.
        let cut = around(
            &[b"KAY", &*zstd(&payload[..payload.len() - 20])].concat(),
            5000,
        );
        let seen = scan_both(&cut, scan_all);
        assert_eq!(seen.failures.len(), 1, "{seen:?}");
    }
    // In another form, all of it is searched.
    let other = around(&[b"KAY", &*zstd(&text)].concat(), 5000);
    assert_eq!(
        scan_both(&other, scan_all),
        found(root, "x!zstd@0x138b", Form::Pem)
    );
}

#[test]
fn zstandard_frames_in_programs_are_read() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let frame = zstd(&around(&pem(&root.der), 20_000));
    for before in [0x1388, BUFFER - AHEAD, BUFFER - 2, BUFFER] {
        let program = around(&frame, before);
        let place = format!("x!zstd@{before:#x}");
        assert_eq!(
            scan_both(&program, scan_all),
            found(root, &place, Form::Pem)
        );
        // In an archive, where it is not possible to seek.
        let place = format!("x!a!zstd@{before:#x}");
        let archive = tar("a", &program);
        assert_eq!(
            scan_both(&archive, scan_all),
            found(root, &place, Form::Pem)
        );
    }
    // At the very end, and not larger than its header and a few bytes.
    let small = [&around(b"", 10)[..], &zstd(b"text")].concat();
    assert_eq!(scan_both(&small, scan_all), Seen::default());
    // The number alone, as code has it.
    let mut code = around(zstd::MAGIC, 5000);
    for at in 1..2000 {
        code[at * 30..][..4].copy_from_slice(zstd::MAGIC);
    }
    let seen = scan_both(&code, scan_all);
    assert_eq!(seen, Seen::default());
    // Cut off behind its first blocks, it is a failure.
    let large: Vec<u8> = noise(5).take(700_000).collect();
    let frame = zstd(&large);
    let cut = [&around(b"", 5000)[..], &frame[..600_000]].concat();
    let seen = scan_both(&cut, scan_all);
    assert_eq!(seen.failures.len(), 1, "{seen:?}");
    assert!(seen.failures[0].0.starts_with("x!zstd@"));
}

/// A frame that says that it needs a large window takes no more memory than it has content.
#[test]
fn large_windows_of_zstandard_take_memory_as_they_are_filled() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let mut limits = ScanLimits::default();
    // A window of 128 MiB, and one raw block, which is the last one.
    let frame = |text: &[u8]| {
        let mut frame = [zstd::MAGIC, &[0, 17 << 3]].concat();
        let mut blocks = text.chunks(100_000).peekable();
        while let Some(block) = blocks.next() {
            let is_last = u32::from(blocks.peek().is_none());
            let header = u32::try_from(block.len()).unwrap() << 3 | is_last;
            frame.extend_from_slice(&header.to_le_bytes()[..3]);
            frame.extend_from_slice(block);
        }
        frame
    };
    let small = frame(&pem(&root.der));
    let large = frame(&vec![b'a'; 10 << 20]);
    let scan_all = &mut scanner(&history, limits.clone());
    assert_eq!(scan(&small, scan_all), found(root, "x", Form::Pem));
    assert_eq!(scan(&large, scan_all), Seen::default());
    limits.in_memory = 8 << 20;
    let scan_all = &mut scanner(&history, limits);
    let seen = scan(&large, scan_all);
    assert!(seen.failures[0].1.contains("bytes of memory"), "{seen:?}");
    assert_eq!(scan(&small, scan_all), found(root, "x", Form::Pem));
}

/// Certificates as OpenSSL writes them to a PKCS#12 (`-legacy -noenc`-like), whose bags are in the clear, or encrypted
/// with this password by AES.
fn pkcs12(certificates: &[&[u8]], password: Option<&str>, iterations: u32) -> Vec<u8> {
    use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
    use embedded_roots_bundle::der::{INTEGER, OID, SEQUENCE, context_constructed, encode};

    let sequence = |parts: &[&[u8]]| encode(SEQUENCE, &parts.concat());
    let explicit = |content: &[u8]| encode(context_constructed(0), content);
    let octets = |content: &[u8]| encode(4, content);
    let pkcs = |rest: &[u8]| {
        let id = [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1], rest].concat();
        encode(OID, &id)
    };
    let bags = certificates.iter().map(|der| {
        let certificate = sequence(&[&pkcs(&[9, 22, 1]), &explicit(&octets(der))]);
        sequence(&[&pkcs(&[12, 10, 1, 3]), &explicit(&certificate)])
    });
    let bags = encode(SEQUENCE, &bags.collect::<Vec<_>>().concat());
    let data = |content: &[u8]| sequence(&[&pkcs(&[7, 1]), &explicit(&octets(content))]);
    let content = match password {
        None => data(&bags),
        Some(password) => {
            let salt = b"saltsalt";
            let count = encode(INTEGER, &iterations.to_be_bytes());
            let derivation = sequence(&[&octets(salt), &count]);
            let derivation = sequence(&[&pkcs(&[5, 12]), &derivation]);
            let aes = encode(OID, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);
            let cipher = sequence(&[&aes, &octets(&[7; 16])]);
            let method = sequence(&[&pkcs(&[5, 13]), &sequence(&[&derivation, &cipher])]);
            let mut key = [0; 32];
            if iterations < 100_000 {
                pbkdf2::pbkdf2_hmac::<sha1::Sha1>(password.as_bytes(), salt, iterations, &mut key);
            }
            let encryptor = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &[7; 16].into());
            let text = encryptor.encrypt_padded_vec_mut::<Pkcs7>(&bags);
            let content = sequence(&[&pkcs(&[7, 1]), &method, &encode(0x80, &text)]);
            let encrypted = sequence(&[&encode(INTEGER, &[0]), &content]);
            sequence(&[&pkcs(&[7, 6]), &explicit(&encrypted)])
        }
    };
    sequence(&[&encode(INTEGER, &[3]), &data(&sequence(&[&content]))])
}

/// The same in BER: lengths that are not known in advance, and strings in pieces, at any depth.
fn in_pieces(der: &[u8]) -> Vec<u8> {
    use embedded_roots_bundle::der::{Element, elements, encode};

    let (element, _) = Element::read(der).unwrap();
    let mut content = Vec::new();
    let tag = match element.tag {
        4 => {
            for piece in element.value.chunks(100) {
                content.extend(encode(4, piece));
            }
            0x24
        }
        tag if tag & 0x20 != 0 => {
            for part in elements(element.value) {
                content.extend(in_pieces(part.unwrap().encoded));
            }
            tag
        }
        _ => return element.encoded.to_vec(),
    };
    [&[tag, 0x80][..], &content, &[0, 0]].concat()
}

#[test]
fn certificates_of_key_stores_are_found() {
    let history = History::load().unwrap();
    let [one, other, ..] = history.all() else {
        panic!("the history is empty");
    };
    let scan_all = &mut scanner(&history, ScanLimits::default());
    scan_all.passwords = Passwords::default();
    let both = [&*one.der, &*other.der];
    let mut expected = found(one, "x", Form::Der);
    let second = found(other, "x", Form::Der).places.remove(0).1.remove(0);
    expected.places[0].1.push(second);
    expected.places[0].1.sort();
    for (store_password, opened) in [
        (None, None),
        (Some("changeit"), Some(Password::Changeit)),
        (Some("changeme"), Some(Password::Changeme)),
        (Some(""), Some(Password::Empty)),
    ] {
        let store = pkcs12(&both, store_password, 10);
        for store in [store.clone(), in_pieces(&store)] {
            scan_all.reader("x", &mut store.as_slice());
            let place = &scan_all.findings.places[0];
            assert_eq!(place.password, opened);
            assert_eq!(place.key_store, Some(KeyStore::Pkcs12));
            assert!(scan_all.findings.unread.is_empty());
            assert_eq!(taken(scan_all), expected, "{store_password:?}");
        }
    }
    // Of another password, it is told.
    let store = pkcs12(&both, Some("a secret"), 10);
    let form = "PKCS#12 with encrypted certificates or keys";
    for store in [store.clone(), in_pieces(&store)] {
        assert_eq!(
            unread(&store, scan_all),
            [("x".to_owned(), form.to_owned())]
        );
        assert_eq!(taken(scan_all), Seen::default());
    }
    // Cut off or damaged, it is told, where it can still be known, unless the certificates are there.
    let store = in_pieces(&pkcs12(&[&one.der], Some("changeit"), 10));
    for end in 8..store.len() {
        let is_told = !unread(&store[..end], scan_all).is_empty();
        assert!(taken(scan_all) != Seen::default() || is_told, "{end}");
    }
    for at in 8..store.len() {
        let mut damaged = store.clone();
        damaged[at] ^= 0x55;
        let is_told = !unread(&damaged, scan_all).is_empty();
        // What is encrypted is another certificate then, as the one of another issuer.
        let is_encrypted = (140..store.len() - 100).contains(&at);
        let is_found = taken(scan_all) != Seen::default();
        assert!(is_found || is_told || is_encrypted, "{at}");
    }
}

/// Anybody may have said how many iterations it takes to try a password.
#[test]
fn passwords_are_tried_within_a_bound() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let limits = ScanLimits {
        digests: 1_000,
        ..ScanLimits::default()
    };
    let scan_all = &mut scanner(&history, limits);
    let hostile = pkcs12(&[&root.der], Some("changeit"), 0x7fff_ffff);
    let told = |scan_all: &mut Scan<'_>, store: &[u8]| {
        let told = unread(store, scan_all);
        taken(scan_all);
        told.into_iter().map(|(_, form)| form).collect::<Vec<_>>()
    };
    let used_up =
        "PKCS#12 with encrypted certificates or keys, no password was tried, after too many others";
    assert_eq!(told(scan_all, &hostile), [used_up]);
    // Four digests for each iteration, for each of four attempts.
    let other = pkcs12(&[&root.der], Some("a secret"), 50);
    let store = pkcs12(&[&root.der], Some("changeit"), 50);
    assert_eq!(told(scan_all, &store), [""; 0]);
    assert_eq!(told(scan_all, &other), [Refusal::Password.shown()]);
    assert_eq!(told(scan_all, &store), [used_up]);

    let scan_all = &mut scanner(&history, ScanLimits::default());
    assert_eq!(told(scan_all, &hostile), [Refusal::Iterations.shown()]);
}

#[test]
fn pkcs7_in_pem_and_in_pieces_is_read() {
    use embedded_roots_bundle::der::{INTEGER, OID, SEQUENCE, context_constructed, encode};

    let history = History::load().unwrap();
    let [one, other, ..] = history.all() else {
        panic!("the history is empty");
    };
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let pkcs7 = |id| {
        let id = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, id];
        encode(OID, &id)
    };
    let sequence = |parts: &[&[u8]]| encode(SEQUENCE, &parts.concat());
    let explicit = |content: &[u8]| encode(context_constructed(0), content);
    let message = |content: &[u8]| {
        let signed = [
            &encode(INTEGER, &[1])[..],
            &encode(0x31, &[]),
            &sequence(&[&pkcs7(1), &explicit(&encode(4, content))]),
            &explicit(&one.der),
            &encode(0x31, &[]),
        ];
        sequence(&[&pkcs7(2), &explicit(&sequence(&signed))])
    };
    let without = message(b"");
    let block = |der: &[u8], label: &str| {
        let text = String::from_utf8(pem(der)).unwrap();
        text.replace("CERTIFICATE", label).into_bytes()
    };
    // In pieces, a key can be whole where the certificate is not.
    let without_keys = |mut seen: Seen| {
        for (_, roots) in &mut seen.places {
            for (_, forms) in roots {
                forms.retain(|form| *form != Form::Key);
            }
        }
        seen
    };
    for label in ["PKCS7", "CMS", "PKCS #7 SIGNED DATA", "CERTIFICATE"] {
        for der in [without.clone(), in_pieces(&without)] {
            let text = [b"# A comment\n", &*block(&der, label)].concat();
            let seen = without_keys(scan(&text, scan_all));
            assert_eq!(seen, found(one, "x", Form::Pem), "{label}");
        }
    }
    // What is signed is in pieces, or in base64.
    let signed = message(&other.der);
    let mut in_content = found(one, "x", Form::Der);
    in_content
        .places
        .extend(found(other, "x!content", Form::Der).places);
    let seen = without_keys(scan(&in_pieces(&signed), scan_all));
    assert_eq!(seen, in_content);
    // In base64, the content is in one piece.
    let in_text = found(other, "x", Form::Pem).places.remove(0).1;
    in_content.places[0].1[0].1 = vec![Form::Pem];
    in_content.places[0].1.extend(in_text);
    assert_eq!(scan(&block(&signed, "CMS"), scan_all), in_content);
    // Messages in messages are not followed for ever.
    let mut deep = without.clone();
    for _ in 0..20 {
        deep = message(&block(&deep, "PKCS7"));
    }
    let seen = scan(&block(&deep, "PKCS7"), scan_all);
    assert!(
        seen.failures[0].1.starts_with("more than 8 archives"),
        "{seen:?}"
    );

    // Damaged, it is told.
    let (text, other) = (block(&without, "PKCS7"), block(&without, "CERTIFICATE"));
    for damaged in [
        &text[..text.len() / 2],
        &other[..other.len() / 2],
        &*block(&without[..900], "PKCS7"),
    ] {
        let told = unread(damaged, scan_all);
        assert_eq!(told.len(), 1, "{told:?}");
        taken(scan_all);
    }
}

/// Entries may be the same part of a file, and frames may be a few bytes.
#[test]
fn payloads_cost_no_more_than_their_limits() {
    let history = History::load().unwrap();
    let unpacked = 8 << 20;
    let limits = ScanLimits {
        unpacked,
        ..ScanLimits::default()
    };
    let scan_all = &mut scanner(&history, limits);
    let large = vec![b'a'; 1 << 20];
    let mut program = pyinstaller(&vec![("a", &b"text"[..], false); 100]);
    // Each of the entries is the whole archive, before which there is more.
    let start = program.len() - 88 - 100 * 32 - 400;
    program.splice(start..start, large);
    let contents = u32::try_from((1 << 20) + 400).unwrap().to_be_bytes();
    let table = program.len() - 88 - 100 * 32;
    for nth in 0..100 {
        let entry = table + 32 * nth;
        program[entry + 4..entry + 8].copy_from_slice(&[0; 4]);
        program[entry + 8..entry + 12].copy_from_slice(&contents);
    }
    let end = program.len() - 88;
    let length = u32::try_from((1 << 20) + 400 + 100 * 32 + 88).unwrap();
    program[end + 8..end + 12].copy_from_slice(&length.to_be_bytes());
    program[end + 12..end + 16].copy_from_slice(&contents);
    let seen = scan(&program, scan_all);
    assert!(
        scan_all.findings.bytes > 5 << 20,
        "{}",
        scan_all.findings.bytes
    );
    assert!(scan_all.findings.bytes <= unpacked + program.len() as u64);
    assert!(seen.failures[0].1.starts_with("unpacks to more than"));

    // Each is three blocks of 128 KiB, of one octet.
    let block = |is_last: u32| {
        let header = is_last | 1 << 1 | (128 << 10) << 3;
        [&header.to_le_bytes()[..3], b"a"].concat()
    };
    let frame = [zstd::MAGIC, &[0, 7 << 3], &block(0), &block(0), &block(1)].concat();
    scan_all.findings.bytes = 0;
    let program = around(&frame.repeat(5000), 5000);
    let seen = scan(&program, scan_all);
    assert!(
        scan_all.findings.bytes > 2 << 20,
        "{}",
        scan_all.findings.bytes
    );
    assert!(scan_all.findings.bytes <= unpacked + program.len() as u64);
    let last = &seen.failures.last().unwrap().1;
    assert_eq!(last, "more payloads than may be unpacked");
    assert_eq!(seen.failures.len(), 2);
}

/// A scan that begins anew would try passwords again.
#[test]
fn results_are_kept_only_while_passwords_are_tried() {
    let history = History::load().unwrap();
    let root = history.all().first().unwrap();
    let folder =
        std::env::temp_dir().join(format!("embedded-roots-digests-{}", std::process::id()));
    let text = around(&root.der, 100_000);
    for (digests, is_kept) in [(1_000, false), (60_000_000, true)] {
        let limits = ScanLimits {
            digests,
            ..ScanLimits::default()
        };
        let cache = Cache::open(&folder, &limits).unwrap();
        let file = folder.join("a.gz");
        fs::write(&file, gzip(&text)).unwrap();
        let scan_all = &mut scanner(&history, limits);
        scan_all.cache = Some(Arc::new(cache));
        let length = fs::metadata(&file).unwrap().len();
        scan_all.input(Input::File(file, length));
        assert_eq!(scan_all.findings.places.len(), 1);
        let written = fs::read_dir(&folder).unwrap().filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.is_dir() && fs::read_dir(path).unwrap().next().is_some()
        });
        assert_eq!(written.count(), usize::from(is_kept));
    }
    fs::remove_dir_all(folder).unwrap();
}
