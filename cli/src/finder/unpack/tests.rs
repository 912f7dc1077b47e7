mod seven_zip;
mod squashfs;

use std::io::{self, Write as _};
use std::sync::LazyLock;
use std::{fs, iter};

use ::zip::write::{SimpleFileOptions, ZipWriter};
use bzip2::write::BzEncoder;
use embedded_roots_bundle::{Annotation, Root, digest::hex};
use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::finder::contents::Form;
use crate::finder::search::{AHEAD, BEHIND, BUFFER};
use crate::history::{History, HistoryEntry};

/// A root, and how it is kept.
type Contents = (String, Vec<Form>);

/// Places with their roots and forms, and failures.
#[derive(Debug, PartialEq, Eq)]
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
    scan.places.clear();
    scan.failures.clear();
    scan.unread.clear();
    seen
}

fn seen(scan: &Scan<'_>) -> Seen {
    let places = scan.places.iter().map(|place| {
        let roots = place.found.roots.iter().map(|(sha256, found)| {
            let forms = found.forms.iter().copied();
            (hex(sha256), forms.collect())
        });
        (place.location.shown.clone(), roots.collect())
    });
    let unknown = scan.places.iter().flat_map(|place| {
        let unknown = place.found.unknown.values();
        unknown.map(|found| found.root.certificate.subject().to_owned())
    });
    let failures = scan.failures.iter();
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
fn what_is_found_in_a_file_is_found_in_an_archive_of_it() {
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
fn what_is_no_zip_archive_is_no_failure_however_large_it_is() {
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
        let why = format!("says {count} entries, and has 1");
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
fn how_a_damaged_archive_is_read_makes_no_difference() {
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
    // Windows of 8 MiB and of 128 MiB.
    let (small, large) = (frame(&[0, 13 << 3], 100), frame(&[0, 17 << 3], 100));
    for (data, most) in [
        (whole(100, 100), None),
        (small.clone(), None),
        ([small.clone(), whole(16, 16), small.clone()].concat(), None),
        (large.clone(), Some("needs 268435456 bytes of memory")),
        (
            [small, large].concat(),
            Some("needs 268435456 bytes of memory"),
        ),
        (
            whole(100, 1 << 30),
            Some("needs 281474976710656 bytes of memory"),
        ),
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
    scanner.file(&path);
    fs::remove_dir_all(&directory).unwrap();
    let name = path.display().to_string();
    let mut expected = found(one, &name, Form::Pem);
    let archive = found(other, &format!("{name}!a"), Form::Der);
    expected.places.extend(archive.places);
    assert_eq!(seen(&scanner), expected);
}

fn unread(data: &[u8], scan: &mut Scan<'_>) -> Vec<(String, String)> {
    scan.unread.clear();
    scan.reader("x", &mut &*data);
    let unread = scan.unread.iter();
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
    let why = "needs 9437184 bytes of memory, where all has 4194304";
    assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
    let whole = &mut scanner(&history, ScanLimits::default());
    assert_eq!(scan(&large, whole), found(root, "x", Form::Pem));
    // Two streams in one file, and one without a block.
    let two = [xz(b"text"), xz(&pem(&root.der))].concat();
    assert_eq!(scan(&two, whole), found(root, "x", Form::Pem));
    assert_eq!(scan(&xz(b""), whole).failures, []);
}

#[test]
fn what_is_not_looked_into_is_told() {
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

/// Each of them would be decoded together with what is behind it.
#[test]
fn beginnings_in_base64_are_decoded_within_a_bound() {
    let history = History::load().unwrap();
    let scan_all = &mut scanner(&history, ScanLimits::default());
    let begins = b"LS0tLS1CRUdJTiBD".repeat(1 << 16);
    let seen = scan(&begins, scan_all);
    let why = "too many bytes look like certificates but are not: some were skipped";
    assert_eq!(seen.failures, [("x".to_owned(), why.to_owned())]);
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
        scanner.unread[0].form,
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
            let is_told = !scanner.failures.is_empty() || !scanner.unread.is_empty();
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
    assert_eq!(why, "needs 6291456 bytes of memory, where all has 4194304");
}
