//! Any file is searched in bounded memory, and what is found in it does not depend on how it is read.

#![no_main]

use std::alloc::System;
use std::io::{self, Cursor, Read};

use cap::Cap;
use embedded_roots_cli::fuzzing::{self, AHEAD, BUFFER, Scanner, UNPACKED};
use embedded_roots_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fuzz_target!(|data: &[u8]| bounded(&ALLOCATOR, |scanner| check(data, scanner)));

fn check(data: &[u8], scanner: &mut Scanner<'_>) {
    let whole = scanner.reader(&mut &*data);
    assert!(whole.bytes <= data.len() as u64 + UNPACKED);

    // The last bytes say how it is cut.
    let seed = data.last_chunk().copied().unwrap_or_default();
    let seed = u64::from_le_bytes(seed);
    let mut pieces = Pieces { rest: data, seed };
    let cut = scanner.reader(&mut pieces);
    assert_eq!(cut, whole);

    // With the index of a ZIP archive at its end, a file is that archive, too.
    let file = scanner.seekable(Cursor::new(data));
    assert!(file.roots().is_superset(&whole.roots()));

    // A root is found wherever it is in the buffer.
    if !fuzzing::is_archive(data) && whole.failures.is_empty() {
        let edge = if seed % 2 == 0 {
            BUFFER
        } else {
            BUFFER - AHEAD
        };
        let before = (edge as u64).saturating_sub(seed / 2 % (data.len() as u64 + 1));
        let mut behind_zeros = io::repeat(0).take(before).chain(data);
        assert_eq!(scanner.reader(&mut behind_zeros).roots(), whole.roots());
    }
}

/// Reads pieces of any length.
struct Pieces<'a> {
    rest: &'a [u8],
    seed: u64,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let piece = match self.seed >> 60 {
            0 => return Err(io::ErrorKind::Interrupted.into()),
            1..8 => 1 + (self.seed >> 32) % 16,
            _ => 1 + (self.seed >> 32) % 4_096,
        };
        let piece = buffer.len().min(usize::try_from(piece).unwrap());
        self.rest.read(&mut buffer[..piece])
    }
}
