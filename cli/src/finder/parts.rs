//! A large file, searched in parts by several threads, with the result of a search from its beginning to its end.
//!
//! Where a part begins depends on the file alone. Mostly the search of one part ends where the next one begins. If it does
//! not, since something lies across that place, the beginning of the next part is searched again from there, and the rest
//! of it only if even that ends at another place than before. So nobody has to know how many threads there are.

use std::io;

use super::contents::Contents;
use super::limits::Counter;
use super::range::Range;
use super::search::{AHEAD, Part, Search};
use super::shares::Shares;

/// Large enough that what is read twice does not matter.
pub(crate) const PART: u64 = 8 << 20;
/// The beginning of a part: more than anything that begins in the part before it takes.
const BEGINNING: u64 = 2 * AHEAD as u64;
/// A file whose parts are searched by whoever has time.
pub(crate) struct SharedFile<'h> {
    file: Range,
    sizes: Sizes,
    /// The room of the report, for what each part holds.
    room: u64,
    count: usize,
    shares: Shares<SearchedPart<'h>>,
}

#[derive(Clone, Copy)]
struct Sizes {
    part: u64,
    beginning: u64,
}

struct SearchedPart<'h> {
    beginning: Part<'h>,
    rest: Part<'h>,
}

impl<'h> SharedFile<'h> {
    pub(crate) fn new(file: Range, room: u64) -> Self {
        let sizes = Sizes {
            part: PART,
            beginning: BEGINNING,
        };
        Self::with_sizes(file, room, sizes)
    }

    fn with_sizes(file: Range, room: u64, sizes: Sizes) -> Self {
        let count = usize::try_from(file.len().div_ceil(sizes.part)).unwrap_or(usize::MAX);
        let count = count.max(1);
        Self {
            file,
            sizes,
            room,
            count,
            shares: Shares::new(count),
        }
    }

    /// The result for the file, where `has_moved` is called when there may be more parts to claim.
    pub(crate) fn result(
        &self,
        search: &mut Search<'h>,
        room: &Counter,
        has_moved: impl Fn(),
    ) -> (Contents<'h>, io::Result<()>) {
        let mut found = Contents::new(room.clone());
        let mut position = 0;
        for number in 0..self.count {
            let part = self.shares.take(number, |number| self.part(number, search));
            has_moved();
            let [start, middle, end] = self.bounds(number);
            let SearchedPart { beginning, rest } = part;
            for (part, start, end) in [(beginning, start, middle), (rest, middle, end)] {
                let part = if part.start == position {
                    part
                } else {
                    self.piece(search, position, end)
                };
                found.add(part.found);
                // Those of what began before.
                found.bytes += part.start.min(end).saturating_sub(start);
                position = part.next;
                if let Err(why) = part.result {
                    self.shares.stop();
                    return (found, Err(why));
                }
            }
        }
        let result = found.is_complete();
        (found, result)
    }

    pub(super) fn search(&self, number: usize, search: &mut Search<'h>) {
        self.shares.work(number, || self.part(number, search));
    }

    fn part(&self, number: usize, search: &mut Search<'h>) -> SearchedPart<'h> {
        let [start, middle, end] = self.bounds(number);
        let beginning = self.piece(search, start, middle);
        let rest = self.piece(search, beginning.next, end);
        SearchedPart { beginning, rest }
    }

    /// Where a part begins, its rest begins, and it ends. The last one ends with the file.
    fn bounds(&self, number: usize) -> [u64; 3] {
        let start = (number as u64).saturating_mul(self.sizes.part);
        let end = start.saturating_add(self.sizes.part);
        let is_last = end >= self.file.len();
        let middle = start + self.sizes.beginning;
        [start, middle, if is_last { u64::MAX } else { end }]
    }

    /// The number of a part that nobody searches yet.
    pub(super) fn next_part(&self) -> Option<usize> {
        self.shares.claim()
    }

    fn piece(&self, search: &mut Search<'h>, start: u64, end: u64) -> Part<'h> {
        search.part(&self.file, start, end, &Counter::new(self.room))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, LazyLock};
    use std::thread;

    use embedded_roots_bundle::digest::hex;
    use embedded_roots_bundle::{Annotation, Root};

    use super::*;
    use crate::finder::contents::Occurrence;
    use crate::finder::range::ReadAt;
    use crate::finder::search::BEHIND;
    use crate::history::{History, HistoryEntry};

    const SIZES: Sizes = Sizes {
        part: 256 << 10,
        beginning: BEGINNING,
    };

    static HISTORY: LazyLock<History> = LazyLock::new(|| History::load().unwrap());

    /// All that is known of what was found.
    fn shown((found, result): (Contents<'_>, io::Result<()>)) -> String {
        fn of<T>(occurrence: &Occurrence<T>) -> String {
            format!("{:?} {}", occurrence.forms, occurrence.is_exact)
        }
        let roots = found.roots.iter().map(|(sha256, root)| {
            assert_eq!(*sha256, root.root.certificate.sha256());
            format!("{} {}\n", hex(sha256), of(root))
        });
        let unknown = found.unknown.iter().chain(&found.compromised);
        let unknown = unknown.map(|(sha256, root)| format!("{} {}\n", hex(sha256), of(root)));
        let reissued = found.reissued.keys().map(|sha256| hex(sha256) + "\n");
        format!(
            "{}{}{}{:?} {:?} {} {:?} {} {} {:?}",
            roots.collect::<String>(),
            unknown.collect::<String>(),
            reissued.collect::<String>(),
            found.positions.iter().collect::<BTreeSet<_>>(),
            (found.verifier.has_error, found.verifier.has_public_key),
            found.bytes,
            found.payloads.all,
            found.has_encrypted_data,
            found.has_skipped,
            result.map_err(|why| why.to_string()),
        )
    }

    fn whole(file: &Range, search: &mut Search<'_>) -> String {
        shown(search.read(&mut file.clone(), &Counter::new(u64::MAX)))
    }

    fn in_parts(file: &Range, search: &mut Search<'_>) -> String {
        let file = SharedFile::with_sizes(file.clone(), u64::MAX, SIZES);
        shown(file.result(search, &Counter::new(u64::MAX), || {}))
    }

    /// The same by several threads, of which each has searched a part before the result is asked for.
    fn by_several(file: &Range, search: &mut Search<'_>) -> String {
        let file = SharedFile::with_sizes(file.clone(), u64::MAX, SIZES);
        thread::scope(|scope| {
            for _ in 0..3 {
                let mut search = search.another();
                let file = &file;
                scope.spawn(move || {
                    while let Some(number) = file.shares.claim() {
                        file.search(number, &mut search);
                    }
                });
            }
            shown(file.result(search, &Counter::new(u64::MAX), || {}))
        })
    }

    fn range(data: Vec<u8>) -> Range {
        let length = data.len() as u64;
        Range::whole(Arc::new(data), length)
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let random = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        random.take(length).collect()
    }

    fn of_version(version: u32) -> &'static HistoryEntry {
        let mut all = HISTORY.all().iter();
        all.find(|known| known.certificate.version() == version)
            .unwrap()
    }

    fn pem(der: &[u8]) -> Vec<u8> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        let base64 = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n").into_bytes()
    }

    /// In each form, also ones that are no known certificate and have a key that is known.
    fn forms() -> Vec<Vec<u8>> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        let known = of_version(3);
        let root = Root::new(known.der.clone(), Annotation::default(), 0).unwrap();
        let mut reissued = known.der.to_vec();
        *reissued.last_mut().unwrap() ^= 1;
        let of_pem = STANDARD.encode(pem(&known.der));
        let utf_16 = String::from_utf8(pem(&known.der)).unwrap();
        let utf_16 = utf_16.encode_utf16().flat_map(u16::to_le_bytes);
        vec![
            root.trust_anchor().subject_public_key_info.to_vec(),
            known.der.to_vec(),
            of_version(1).der.to_vec(),
            pem(&known.der),
            pem(&reissued),
            reissued,
            of_pem.into_bytes(),
            utf_16.collect(),
            b"PathLenConstraintViolated".to_vec(),
        ]
    }

    #[test]
    fn parts_find_each_root_once() {
        let mut search = Search::new(&HISTORY, &()).unwrap();
        let noise = noise(2 * 256 * 1024 + 70_000);
        let part = usize::try_from(SIZES.part).unwrap();
        let beginning = usize::try_from(SIZES.beginning).unwrap();
        for data in forms() {
            for edge in [part, part + beginning, 2 * part] {
                for before in [data.len(), 400, 20, 1, 0] {
                    let before = before.min(edge);
                    let mut file = noise.clone();
                    file[edge - before..][..data.len()].copy_from_slice(&data);
                    let file = range(file);
                    let expected = whole(&file, &mut search);
                    assert!(expected.contains('{') || expected.contains("(true"));
                    let seen = in_parts(&file, &mut search);
                    assert_eq!(seen, expected, "{edge} {before}");
                    assert_eq!(by_several(&file, &mut search), expected);
                }
            }
        }
    }

    /// Each edge lies in one of them, and mostly the search ends behind it.
    #[test]
    fn a_file_full_of_certificates_has_the_same_roots_in_parts() {
        let mut search = Search::new(&HISTORY, &()).unwrap();
        let mut file = Vec::new();
        for (nth, known) in HISTORY.all().iter().cycle().take(600).enumerate() {
            let mut der = known.der.to_vec();
            if nth % 3 > 0 {
                *der.last_mut().unwrap() ^= u8::try_from(nth % 7).unwrap();
            }
            file.extend(der);
            file.resize(file.len() + nth % 5, 0);
        }
        let file = range(file);
        let expected = whole(&file, &mut search);
        assert_eq!(in_parts(&file, &mut search), expected);
        for _ in 0..3 {
            assert_eq!(by_several(&file, &mut search), expected);
        }
    }

    /// Reads so many bytes and then fails.
    struct Failing(Vec<u8>, usize);

    impl ReadAt for Failing {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let start = usize::try_from(offset).unwrap();
            if start >= self.1 {
                return Err(io::Error::other("broken"));
            }
            io::Read::read(&mut &self.0[start..self.1], buffer)
        }
    }

    #[test]
    fn roots_before_a_read_error_are_found() {
        let mut search = Search::new(&HISTORY, &()).unwrap();
        let part = usize::try_from(SIZES.part).unwrap();
        let data = &of_version(3).der;
        for failing in [
            part - 1,
            part,
            part + 1,
            part + AHEAD,
            2 * part,
            3 * part - BEHIND,
        ] {
            let mut file = noise(4 * part);
            // The second one is behind the error.
            for start in [failing - data.len(), failing] {
                file[start..][..data.len()].copy_from_slice(data);
            }
            let length = file.len() as u64;
            let file = Range::whole(Arc::new(Failing(file, failing)), length);
            let expected = whole(&file, &mut search);
            assert!(expected.contains("broken"));
            assert_eq!(in_parts(&file, &mut search), expected, "{failing}");
            assert_eq!(by_several(&file, &mut search), expected, "{failing}");
        }
    }

    #[test]
    fn a_file_that_has_grown_or_shrunk_is_read_to_its_end() {
        let mut search = Search::new(&HISTORY, &()).unwrap();
        let part = usize::try_from(SIZES.part).unwrap();
        let mut data = noise(3 * part);
        let der = &of_version(3).der;
        let start = data.len() - der.len();
        data[start..].copy_from_slice(der);
        let data = Arc::new(data);
        for length in [1, part, 2 * part, 4 * part, 9 * part] {
            let file = Range::whole(Arc::clone(&data) as Arc<dyn ReadAt>, length as u64);
            let expected = whole(&file, &mut search);
            assert!(expected.contains("{Der} true"), "{expected}");
            assert_eq!(in_parts(&file, &mut search), expected, "{length}");
            assert_eq!(by_several(&file, &mut search), expected, "{length}");
        }
    }
}
