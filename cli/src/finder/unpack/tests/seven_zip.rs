use super::*;

fn crc(data: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum().to_le_bytes()
}

/// A number of two octets behind the first one.
fn number(number: usize) -> [u8; 3] {
    let [low, high] = u16::try_from(number).unwrap().to_le_bytes();
    [0xc0, low, high]
}

/// Coders as the header has them, each with what it makes of the output of the one before.
struct Packing {
    coders: Vec<u8>,
    packed: Vec<u8>,
    /// The sizes of what comes out of each.
    sizes: Vec<usize>,
}

fn copy(content: &[u8]) -> Packing {
    Packing {
        coders: vec![1, 1, 0],
        packed: content.to_vec(),
        sizes: vec![content.len()],
    }
}

fn lzma2(content: &[u8]) -> Packing {
    let options = lzma_rust2::Lzma2Options::with_preset(1);
    let mut writer = lzma_rust2::Lzma2Writer::new(Vec::new(), options);
    writer.write_all(content).unwrap();
    Packing {
        // A dictionary of 1 MiB.
        coders: vec![1, 0x21, 0x21, 1, 16],
        packed: writer.finish().unwrap(),
        sizes: vec![content.len()],
    }
}

/// The differences of octets in LZMA: the input of the first coder is the output of the second one.
fn delta_of_lzma(content: &[u8]) -> Packing {
    let mut last = 0;
    let differences: Vec<u8> = content
        .iter()
        .map(|&octet| octet.wrapping_sub(std::mem::replace(&mut last, octet)))
        .collect();
    let options = LzmaOptions::with_preset(1);
    let mut lzma = LzmaWriter::new_no_header(Vec::new(), &options, false).unwrap();
    lzma.write_all(&differences).unwrap();
    let mut coders = vec![2, 0x21, 3, 1, 0, 0x23, 3, 1, 1, 5, options.get_props()];
    coders.extend(options.dict_size.to_le_bytes());
    coders.extend([0, 1]);
    Packing {
        coders,
        packed: lzma.finish().unwrap(),
        sizes: vec![content.len(); 2],
    }
}

/// What the header says of packed streams, with the checksum of a folder or without.
fn streams(packing: &Packing, place: usize, of_folder: Option<[u8; 4]>) -> Vec<u8> {
    let packed = packing.packed.len();
    let mut streams = [
        &[6][..],
        &number(place),
        &[1, 9],
        &number(packed),
        &[0, 7, 11, 1, 0],
        &packing.coders,
        &[12],
    ]
    .concat();
    for size in &packing.sizes {
        streams.extend(number(*size));
    }
    if let Some(crc) = of_folder {
        streams.extend([&[10, 1][..], &crc].concat());
    }
    streams.push(0);
    streams
}

/// An archive of two files and a directory, which are packed as one.
fn archive(pack: fn(&[u8]) -> Packing, files: [&[u8]; 2], is_header_packed: bool) -> Vec<u8> {
    let packing = pack(&files.concat());
    let mut header = vec![1, 4];
    header.extend(streams(&packing, 0, None));
    header.extend([&[8, 13, 2, 9][..], &number(files[0].len()), &[10, 1]].concat());
    header.extend(files.map(crc).concat());
    header.extend([0, 0, 5, 3, 14, 1, 0x40]);
    let names = "a\0folder\0b\0".encode_utf16().flat_map(u16::to_le_bytes);
    let names: Vec<u8> = names.collect();
    header.extend([17, u8::try_from(names.len()).unwrap() + 1, 0]);
    header.extend(names);
    header.extend([0, 0]);
    let mut content = packing.packed;
    if is_header_packed {
        let packing = pack(&header);
        header = [
            &[23][..],
            &streams(&packing, content.len(), Some(crc(&header))),
            &[0],
        ]
        .concat();
        content.extend(packing.packed);
    }
    let start = [
        &(content.len() as u64).to_le_bytes()[..],
        &(header.len() as u64).to_le_bytes(),
        &crc(&header),
    ]
    .concat();
    [
        &b"7z\xbc\xaf\x27\x1c\0\x04"[..],
        &crc(&start),
        &start,
        &content,
        &header,
    ]
    .concat()
}

const PACKINGS: [fn(&[u8]) -> Packing; 3] = [copy, lzma2, delta_of_lzma];

fn expected(known: &HistoryEntry, name: &str) -> Seen {
    let mut expected = found(known, &format!("{name}!a"), Form::Pem);
    let other = found(known, &format!("{name}!b"), Form::Der);
    expected.places.extend(other.places);
    expected
}

#[test]
fn files_of_a_7z_archive_are_read() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    for pack in PACKINGS {
        for is_header_packed in [false, true] {
            let archive = archive(pack, [&pem(&known.der), &known.der], is_header_packed);
            assert_eq!(scan(&archive, &mut scanner), expected(known, "x"));
            scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&archive));
            assert_eq!(taken(&mut scanner), expected(known, "x"));
            let more = [&archive[..], &[0; 100], &pem(&known.der)].concat();
            let mut with_more = expected(known, "x!f");
            with_more
                .places
                .extend(found(known, "x!f", Form::Pem).places);
            assert_eq!(scan(&tar("f", &more), &mut scanner), with_more);
        }
    }
}

#[test]
fn a_7z_archive_with_a_changed_byte_or_cut_off_gives_its_roots_or_says_why_not() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    for pack in PACKINGS {
        for is_header_packed in [false, true] {
            let archive = archive(pack, [&pem(&known.der), &known.der], is_header_packed);
            let name = Location::file("x".to_owned());
            let mut is_told = |archive: &[u8], what: &str| {
                scanner.seekable(&name, Cursor::new(archive));
                let is_told =
                    !scanner.findings.failures.is_empty() || !scanner.findings.unread.is_empty();
                let seen = taken(&mut scanner);
                assert!(is_told || seen == expected(known, "x"), "{what}: {seen:?}");
            };
            // Not all of the content, of which one octet is as another.
            let places = 6..archive.len();
            let places = places.filter(|at| *at < 40 || at % 9 == 0 || at + 200 > archive.len());
            for at in places.clone() {
                let mut changed = archive.clone();
                changed[at] ^= 1 << (at % 8);
                is_told(&changed, &format!("changed at {at}"));
            }
            for length in places {
                is_told(&archive[..length], &format!("cut at {length}"));
            }
        }
    }
}

/// With a checksum that is right, as anybody can make it.
#[test]
fn random_7z_headers_do_not_panic() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let archive = archive(delta_of_lzma, [&pem(&known.der), &known.der], false);
    let place = u64::from_le_bytes(*archive[12..].first_chunk().unwrap());
    let header = 32 + usize::try_from(place).unwrap();
    for at in header..archive.len() {
        for octet in [0, 1, 0x7f, 0x80, 0xff, archive[at] ^ 1, archive[at] + 1] {
            let mut changed = archive.clone();
            changed[at] = octet;
            let of_header = crc(&changed[header..]);
            changed[28..32].copy_from_slice(&of_header);
            let of_start = crc(&changed[12..32]);
            changed[8..12].copy_from_slice(&of_start);
            scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&changed));
            taken(&mut scanner);
        }
    }
}

#[test]
fn a_7z_archive_has_limits() {
    let history = History::load().unwrap();
    let known = history.all().first().unwrap();
    let archive = archive(lzma2, [&pem(&known.der), &known.der], true);
    let limits = ScanLimits::default;
    for (limits, message) in [
        (
            ScanLimits {
                entries: 1,
                ..limits()
            },
            "more than 1 entries",
        ),
        (
            ScanLimits {
                in_memory: 30,
                ..limits()
            },
            "bytes of memory are left",
        ),
        (
            ScanLimits {
                in_memory: 1 << 20,
                ..limits()
            },
            "bytes of memory, and 917395 are left",
        ),
        (
            ScanLimits {
                unpacked: 100,
                ..limits()
            },
            "unpacks to more than 100 bytes",
        ),
        (
            ScanLimits {
                on_disk: 100,
                in_memory: 0,
                ..limits()
            },
            "of temporary files that are left",
        ),
    ] {
        let mut scanner = scanner(&history, limits);
        let seen = scan(&gzip(&archive), &mut scanner);
        let has = seen.failures.iter().any(|(_, why)| why.contains(message));
        assert!(has, "{message}: {:?}", seen.failures);
    }
}

#[test]
fn unread_7z_entries_are_reported() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let encrypted = |content: &[u8]| Packing {
        coders: vec![1, 4, 6, 0xf1, 7, 1],
        ..copy(content)
    };
    scanner.reader("x", &mut &*archive(encrypted, [b"1", b"2"], false));
    let unread = scanner
        .findings
        .unread
        .iter()
        .map(|unread| (&*unread.location.shown, &*unread.form));
    let form = "file of a 7z archive, in encryption";
    assert_eq!(unread.collect::<Vec<_>>(), [("x!a", form), ("x!b", form)]);
    assert_eq!(taken(&mut scanner).failures, []);
    scanner.reader("x", &mut &*archive(encrypted, [b"1", b"2"], true));
    let form = "7z with its list of files in encryption";
    assert_eq!(scanner.findings.unread[0].form, form);
    assert_eq!(taken(&mut scanner).failures, []);
}
