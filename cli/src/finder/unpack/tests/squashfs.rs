use super::*;

const BLOCK: usize = 4096;

type Pack = fn(&[u8]) -> Vec<u8>;

/// What each compression is called in the superblock.
const PACKED: [(u16, Pack); 4] = [
    (1, zlib),
    (4, xz),
    (5, lz4_flex::block::compress),
    (6, zstd),
];

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Writes an image.
struct Image {
    pack: Pack,
    compression: u16,
    data: Vec<u8>,
    inodes: Vec<u8>,
    directories: Vec<u8>,
    fragments: Vec<u8>,
}

impl Image {
    fn new((compression, pack): (u16, Pack)) -> Self {
        Self {
            pack,
            compression,
            data: vec![0; 96],
            inodes: Vec::new(),
            directories: Vec::new(),
            fragments: Vec::new(),
        }
    }

    /// Returns its inode: a reference to it in the first block.
    fn inode(&mut self, kind: u16, rest: &[u8]) -> u32 {
        let place = u32(self.inodes.len());
        self.inodes.extend(kind.to_le_bytes());
        self.inodes.extend([0; 14]);
        self.inodes.extend(rest);
        place
    }

    /// Blocks that are whole, and the rest in the fragment.
    fn file(&mut self, content: &[u8]) -> u32 {
        let start = u32(self.data.len());
        let (blocks, rest) = content.as_chunks::<BLOCK>();
        let mut inode = [
            start,
            u32::from(rest.is_empty()).wrapping_neg(),
            u32(self.fragments.len()),
            u32(content.len()),
        ]
        .map(u32::to_le_bytes)
        .concat();
        for block in blocks {
            let (packed, size) = self.packed(block);
            inode.extend(size.to_le_bytes());
            self.data.extend(packed);
        }
        self.fragments.extend(rest);
        self.inode(2, &inode)
    }

    /// Each entry is a name and an inode.
    fn directory(&mut self, entries: &[(&str, u32)]) -> u32 {
        let place = self.directories.len();
        self.directories.extend(
            [u32(entries.len()) - 1, 0, 0]
                .map(u32::to_le_bytes)
                .concat(),
        );
        for (name, inode) in entries {
            let offset = u16::try_from(*inode).unwrap();
            let length = u16::try_from(name.len() - 1).unwrap();
            self.directories
                .extend([offset, 0, 0, length].map(u16::to_le_bytes).concat());
            self.directories.extend(name.as_bytes());
        }
        let size = u16::try_from(self.directories.len() - place + 3).unwrap();
        let place = u16::try_from(place).unwrap();
        let rest = [
            &[0; 8][..],
            &size.to_le_bytes(),
            &place.to_le_bytes(),
            &[0; 4],
        ]
        .concat();
        self.inode(1, &rest)
    }

    /// A block and what is said of its size: as it is, if that is shorter.
    fn packed(&self, content: &[u8]) -> (Vec<u8>, u32) {
        let packed = (self.pack)(content);
        if packed.len() < content.len() {
            let size = u32(packed.len());
            return (packed, size);
        }
        (content.to_vec(), u32(content.len()) | 1 << 24)
    }

    fn metadata(&self, content: &[u8]) -> Vec<u8> {
        let packed = (self.pack)(content);
        let size = u16::try_from(packed.len()).unwrap();
        [&size.to_le_bytes()[..], &packed].concat()
    }

    fn finish(self, root: u32) -> Vec<u8> {
        let mut image = self.data.clone();
        let start = image.len() as u64;
        let (fragment, size) = self.packed(&self.fragments);
        image.extend(&fragment);
        let entry = [&start.to_le_bytes()[..], &size.to_le_bytes(), &[0; 4]].concat();
        let mut tables = [0; 3];
        for (place, table) in tables
            .iter_mut()
            .zip([&self.inodes, &self.directories, &entry])
        {
            *place = image.len() as u64;
            image.extend(self.metadata(table));
        }
        let [inodes, directories, fragment] = tables;
        let fragments = image.len() as u64;
        image.extend(fragment.to_le_bytes());
        let length = image.len() as u64;
        let superblock = [
            &b"hsqs\0\0\0\0\0\0\0\0"[..],
            &u32(BLOCK).to_le_bytes(),
            &1_u32.to_le_bytes(),
            &[self.compression, 12, 0, 1, 4, 0]
                .map(u16::to_le_bytes)
                .concat(),
            &u64::from(root).to_le_bytes(),
            &length.to_le_bytes(),
            &[u64::MAX, u64::MAX, inodes, directories, fragments, u64::MAX]
                .map(u64::to_le_bytes)
                .concat(),
        ]
        .concat();
        image[..96].copy_from_slice(&superblock);
        image
    }
}

fn u32(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

/// Two files in a folder, of which one has blocks, one as it is, and a fragment, and the other a fragment alone.
fn image(packed: (u16, Pack), known: &HistoryEntry) -> Vec<u8> {
    let mut image = Image::new(packed);
    let large = image.file(
        &[
            &[0; BLOCK - 10][..],
            &known.der,
            &noise(8).take(2 * BLOCK).collect::<Vec<_>>(),
        ]
        .concat()[..3 * BLOCK + 1_000],
    );
    let small = image.file(&pem(&known.der));
    let folder = image.directory(&[("large", large), ("small", small)]);
    let root = image.directory(&[("etc", folder)]);
    image.finish(root)
}

fn expected(known: &HistoryEntry, image: &str) -> Seen {
    let mut expected = found(known, &format!("{image}!etc/large"), Form::Der);
    let small = found(known, &format!("{image}!etc/small"), Form::Pem);
    expected.places.extend(small.places);
    expected
}

#[test]
fn files_of_a_squashfs_are_read_in_each_compression() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    for packed in PACKED {
        let image = image(packed, known);
        assert_eq!(scan(&image, &mut scanner), expected(known, "x"));
        scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&image));
        assert_eq!(taken(&mut scanner), expected(known, "x"));
        let archive = tar("a.snap", &image);
        assert_eq!(scan(&archive, &mut scanner), expected(known, "x!a.snap"));
        // Padded, and with something behind it.
        let more = [&image[..], &[0; 2_000], &pem(&known.der)].concat();
        let mut with_more = expected(known, "x");
        with_more.places.extend(found(known, "x", Form::Pem).places);
        assert_eq!(scan(&more, &mut scanner), with_more);
    }
    let mut lzo = image(PACKED[0], known);
    lzo[20] = 3;
    scanner.reader("x", &mut &*lzo);
    assert_eq!(scanner.findings.unread[0].form, "squashfs with LZO");
}

#[test]
fn a_squashfs_that_is_cut_off_is_told_and_a_changed_byte_is_survived() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let name = Location::file("x".to_owned());
    for packed in PACKED {
        let image = image(packed, known);
        for length in 4..image.len() {
            scanner.seekable(&name, Cursor::new(&image[..length]));
            let is_told =
                !scanner.findings.failures.is_empty() || !scanner.findings.unread.is_empty();
            assert!(is_told, "{length}: {:?}", taken(&mut scanner));
            taken(&mut scanner);
        }
        // It has no checksums.
        for at in (4..image.len()).filter(|at| *at < 96 || at % 3 == 0 || at + 300 > image.len()) {
            let mut changed = image.clone();
            changed[at] ^= 1 << (at % 8);
            scanner.seekable(&name, Cursor::new(&changed));
            taken(&mut scanner);
        }
    }
}

#[test]
fn a_squashfs_with_a_directory_in_itself_ends() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let mut image = Image::new(PACKED[0]);
    let file = image.file(&pem(&known.der));
    // The inode of a directory has 32 bytes, and that of the root is behind the one of this.
    let root = u32(image.inodes.len()) + 32;
    let inner = image.directory(&[("f", file), ("root", root)]);
    let root = image.directory(&[("inner", inner), ("other", inner)]);
    let seen = scan(&image.finish(root), &mut scanner);
    let places: Vec<&str> = seen.places.iter().map(|(place, _)| &**place).collect();
    assert_eq!(places, ["x!inner/f"]);
    let why = "this directory is at two places".to_owned();
    let failures = ["x!inner/root", "x!other"].map(|place| (place.to_owned(), why.clone()));
    assert_eq!(seen.failures, failures);
}

#[test]
fn a_squashfs_has_limits() {
    let history = History::load().unwrap();
    let known = history.all().first().unwrap();
    let image = image(PACKED[1], known);
    let limits = ScanLimits::default;
    for (limits, message) in [
        (
            ScanLimits {
                entries: 2,
                ..limits()
            },
            "more entries than a file may have",
        ),
        (
            ScanLimits {
                in_memory: 16_383,
                ..limits()
            },
            "needs 16384 bytes of memory",
        ),
        (
            ScanLimits {
                in_memory: 1 << 20,
                ..limits()
            },
            "needs 2097152 bytes of memory, and",
        ),
        (
            ScanLimits {
                unpacked: 100,
                ..limits()
            },
            "unpacks to more than",
        ),
        (
            ScanLimits {
                on_disk: 100,
                in_memory: 0,
                ..limits()
            },
            "of temporary files that are left",
        ),
        (
            ScanLimits {
                depth: 1,
                ..limits()
            },
            "more than 1 archives in archives",
        ),
    ] {
        let mut scanner = scanner(&history, limits);
        let seen = scan(&gzip(&image), &mut scanner);
        let has = seen.failures.iter().any(|(_, why)| why.contains(message));
        assert!(has, "{message}: {:?}", seen.failures);
        assert!(seen.places.len() < 2);
    }
}

#[test]
fn directories_of_a_squashfs_take_memory() {
    let history = History::load().unwrap();
    let known = history.all().first().unwrap();
    let image = image(PACKED[0], known);
    for (rest, is_read) in [(20, false), (100, true)] {
        let limits = ScanLimits {
            in_memory: 4 * BLOCK as u64 + rest,
            ..ScanLimits::default()
        };
        let mut scanner = scanner(&history, limits);
        scanner.seekable(&Location::file("x".to_owned()), Cursor::new(&image));
        let seen = taken(&mut scanner);
        if is_read {
            assert_eq!(seen, expected(known, "x"));
        } else {
            let why = "more directories than there is memory for".to_owned();
            assert_eq!(seen.failures, [("x!etc".to_owned(), why)]);
        }
    }
}

/// A program whose sections end at 200, and an image.
#[test]
fn the_image_of_an_appimage_is_read() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    for (is_64, is_big_endian) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut program = vec![0; 200];
        program[..11].copy_from_slice(&[
            0x7f,
            b'E',
            b'L',
            b'F',
            1 + u8::from(is_64),
            1 + u8::from(is_big_endian),
            1,
            0,
            b'A',
            b'I',
            2,
        ]);
        let mut put = |at: usize, length: usize, number: u8| {
            let at = if is_big_endian { at + length - 1 } else { at };
            program[at] = number;
        };
        // Two of 64 or 40 bytes from 70 on; the last one is that of 100 bytes at 100.
        if is_64 {
            put(40, 8, 70);
            put(58, 2, 64);
            put(60, 2, 2);
            put(70 + 64 + 24, 8, 100);
            put(70 + 64 + 32, 8, 100);
        } else {
            put(32, 4, 70);
            put(46, 2, 40);
            put(48, 2, 2);
            put(70 + 40 + 16, 4, 100);
            put(70 + 40 + 20, 4, 100);
        }
        let appimage = [&program[..], &image(PACKED[0], known)].concat();
        for (archive, name) in [(appimage.clone(), "x"), (tar("a", &appimage), "x!a")] {
            assert_eq!(scan(&archive, &mut scanner), expected(known, name));
            scanner.seekable(&Location::file("x".to_owned()), Cursor::new(archive));
            assert_eq!(taken(&mut scanner), expected(known, name));
        }
        // Without an image.
        scanner.reader("x", &mut &*program);
        assert_eq!(scanner.findings.unread[0].form, "AppImage");
        taken(&mut scanner);
    }
}

#[test]
fn the_objects_of_a_sif_are_read() {
    let history = History::load().unwrap();
    let mut scanner = scanner(&history, ScanLimits::default());
    let known = history.all().first().unwrap();
    let image = image(PACKED[3], known);
    let pem = pem(&known.der);
    let sif = |file_system: u8| {
        let start = 128 + 4 * 585;
        let mut sif = b"#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0".to_vec();
        sif.resize(96, 0);
        sif.extend([128_u64, 4 * 585].map(u64::to_le_bytes).concat());
        sif.resize(start, 0);
        let objects = [
            (0x4001_u32, "recipe", &pem),
            (0x4004, "system", &image),
            (0x4004, "beyond", &image),
        ];
        for (nth, (kind, name, content)) in objects.into_iter().enumerate() {
            let at = sif.len() as u64 + if name == "beyond" { 1 << 20 } else { 0 };
            let size = content.len() as u64;
            let descriptor = &mut sif[128 + nth * 585..][..585];
            descriptor[..4].copy_from_slice(&kind.to_le_bytes());
            descriptor[4] = 1;
            descriptor[17..25].copy_from_slice(&at.to_le_bytes());
            descriptor[25..33].copy_from_slice(&size.to_le_bytes());
            descriptor[73..79].copy_from_slice(name.as_bytes());
            if name == "system" {
                descriptor[201] = file_system;
            }
            sif.extend(content);
        }
        sif
    };
    let mut with_recipe = found(known, "x!recipe", Form::Pem);
    with_recipe
        .places
        .extend(expected(known, "x!system").places);
    for is_file in [false, true] {
        if is_file {
            scanner.seekable(&Location::file("x".to_owned()), Cursor::new(sif(1)));
        } else {
            scanner.reader("x", &mut &*sif(1));
        }
        let seen = taken(&mut scanner);
        assert_eq!(seen.places, with_recipe.places);
        assert_eq!(seen.failures.len(), 1, "{:?}", seen.failures);
        assert_eq!(seen.failures[0].0, "x!beyond");
    }
    scanner.reader("x", &mut &*sif(5));
    assert_eq!(
        scanner.findings.unread[0].form,
        "encrypted partition of a SIF"
    );
    taken(&mut scanner);
    // The descriptors are cut off.
    let seen = scan(&sif(1)[..2_000], &mut scanner);
    assert!(!seen.failures.is_empty());
}
