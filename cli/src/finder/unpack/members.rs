//! Tar archives in files, whose members are read where they are: by several threads, and again if that is needed.

use std::io;
use std::sync::Arc;

use super::units::LoneUnit;
use super::{Scan, has_content};
use crate::finder::limits::{Counter, LimitedReader};
use crate::finder::location::Location;
use crate::finder::parts::SharedFile;
use crate::finder::range::Range;
use crate::finder::shares::{SharedWork, Shares};

struct Member {
    place: Location,
    content: Range,
}

/// How many members are known before they are read.
const MEMBERS: usize = 1024;
/// What one thread reads at once: so many members, or so many bytes.
const BATCH: usize = 32;
const BATCH_BYTES: u64 = 1 << 20;

impl Scan<'_> {
    pub(super) fn tar_file(
        &mut self,
        name: &Location,
        file: &Range,
        depth: usize,
    ) -> io::Result<()> {
        // As for a stream.
        let allowance = Counter::new(self.limits.about_entry);
        let reader = LimitedReader {
            inner: file.starting_at(0),
            left: allowance.clone(),
        };
        let mut archive = tar::Archive::new(reader);
        let mut members = Vec::new();
        let result = archive.entries_with_seek().and_then(|entries| {
            for entry in entries {
                let mut entry = entry?;
                let place = self.tar_entry(name, &entry)?;
                let kind = entry.header().entry_type();
                let size = if kind.is_gnu_sparse() {
                    // Its holes are not in the archive.
                    self.members(&mut members, depth);
                    allowance.set(u64::MAX);
                    let size = entry.header().entry_size()?;
                    let mut content = self.limited(&mut entry, Counter::new(size));
                    self.stream(&place, &mut content, depth);
                    io::copy(&mut content, &mut io::sink())?;
                    size
                } else {
                    if has_content(kind) {
                        members.push(Member {
                            content: file.cut(entry.raw_file_position(), entry.size()),
                            place,
                        });
                    }
                    entry.size()
                };
                // What follows is found by seeking, which does not fail there.
                let blocks = size.div_ceil(512).saturating_mul(512);
                if entry.raw_file_position().saturating_add(blocks) > file.len() {
                    return Err(io::Error::other("unexpected EOF during skip"));
                }
                if members.len() >= MEMBERS {
                    self.members(&mut members, depth);
                }
                allowance.set(self.limits.about_entry);
            }
            Ok(())
        });
        self.members(&mut members, depth);
        result?;
        allowance.set(u64::MAX);
        self.behind(name, &mut archive.into_inner(), depth)
    }

    fn members(&mut self, members: &mut Vec<Member>, depth: usize) {
        let mut batches: Vec<Vec<Member>> = Vec::new();
        let mut bytes = 0;
        for member in members.drain(..) {
            let size = member.content.len();
            match batches.last_mut() {
                Some(batch) if batch.len() < BATCH && size <= BATCH_BYTES - bytes => {
                    batch.push(member);
                    bytes += size;
                }
                _ => {
                    batches.push(vec![member]);
                    bytes = size.min(BATCH_BYTES);
                }
            }
        }
        // What is excluded is counted once.
        let is_shared = batches.len() > 1 && self.exclusions.is_empty();
        let crowd = self.crowd.clone().filter(|_| is_shared);
        let Some(crowd) = crowd else {
            for batch in &batches {
                self.batch(batch, depth);
            }
            return;
        };
        let shared = Arc::new(SharedMembers {
            shares: Shares::new(batches.len()),
            batches,
            depth,
        });
        let sharing = crowd.share(Arc::clone(&shared) as _);
        for (number, batch) in shared.batches.iter().enumerate() {
            let alone = shared
                .shares
                .take(number, |number| shared.batch(number, self));
            sharing.has_moved();
            if !self.add(alone) {
                self.batch(batch, depth);
            }
        }
    }

    fn batch(&mut self, members: &[Member], depth: usize) {
        for Member { place, content } in members {
            self.range(place, content, depth);
        }
    }
}

/// Members of an archive that are read by whoever has time.
struct SharedMembers<'h> {
    batches: Vec<Vec<Member>>,
    depth: usize,
    shares: Shares<LoneUnit<'h>>,
}

impl<'h> SharedMembers<'h> {
    fn batch(&self, number: usize, scan: &mut Scan<'h>) -> LoneUnit<'h> {
        let batch = self.batches.get(number).map_or(&[][..], Vec::as_slice);
        scan.alone(|scan| scan.batch(batch, self.depth))
    }
}

impl<'h> SharedWork<Scan<'h>> for SharedMembers<'h> {
    fn claim(&self) -> Option<usize> {
        self.shares.claim()
    }

    fn work(&self, number: usize, scan: &mut Scan<'h>) {
        self.shares.work(number, || self.batch(number, scan));
    }
}

impl<'h> SharedWork<Scan<'h>> for SharedFile<'h> {
    fn claim(&self) -> Option<usize> {
        self.next_part()
    }

    fn work(&self, number: usize, scan: &mut Scan<'h>) {
        self.search(number, scan.search());
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use embedded_roots_bundle::digest::hex;
    use embedded_roots_testing::folder::Folder;

    use super::*;
    use crate::finder::findings::Findings;
    use crate::finder::limits::ScanLimits;
    use crate::finder::parallel::Workers;
    use crate::finder::search::Search;
    use crate::history::History;

    /// All that a report would show.
    fn shown(findings: &Findings<'_>) -> Vec<String> {
        let places = findings.places.iter().map(|place| {
            let roots = place.found.roots.keys().map(|sha256| hex(sha256));
            let roots: Vec<String> = roots.collect();
            format!("{} {roots:?} {}", place.location.shown, place.found.bytes)
        });
        let failures = findings.failures.iter();
        let failures = failures.map(|failure| format!("{failure:?}"));
        let unread = findings.unread.iter().map(|unread| format!("{unread:?}"));
        let counts = format!("{} {}", findings.searched, findings.bytes);
        let all = places.chain(failures).chain(unread);
        all.chain([counts]).collect()
    }

    fn append(archive: &mut tar::Builder<Vec<u8>>, name: &str, data: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        archive.append_data(&mut header, name, data).unwrap();
    }

    fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, data) in members {
            append(&mut archive, name, data);
        }
        archive.into_inner().unwrap()
    }

    /// Members of each kind, among them archives, and so many that they are read in several batches.
    fn image(history: &History) -> Vec<u8> {
        let ders = history.all().iter().map(|known| known.der.to_vec());
        let ders: Vec<Vec<u8>> = ders.collect();
        let long = "long/".repeat(60) + "a";
        let inner = tar(&[("a", &ders[0]), (&long, &ders[1]), ("empty", b"")]);
        let mut archive = tar::Builder::new(Vec::new());
        for (number, der) in ders.iter().enumerate().take(70) {
            append(&mut archive, &format!("{number}"), der);
        }
        append(&mut archive, "layer.tar", &inner);
        append(&mut archive, "cut.tar", &inner[..inner.len() / 2]);
        append(&mut archive, "broken.gz", b"\x1f\x8b\x08\0\0\0\0\0");
        append(&mut archive, "a.7z", b"7z\xbc\xaf\x27\x1c");
        append(&mut archive, &long, &ders[2]);
        append(&mut archive, "large", &vec![0; 3 << 20]);
        append(&mut archive, "last", &ders[3]);
        archive.into_inner().unwrap()
    }

    /// As a stream, as a file, and by several threads.
    fn by_each(data: &[u8], history: &History, limits: &ScanLimits) -> [Vec<String>; 3] {
        let search = Search::new(history, &()).unwrap();
        let mut scan = Scan::new(search.another(), limits.clone());
        let folder = Folder::new(&format!("members-{:?}", std::thread::current().id()));
        let path = folder.file("x", data);
        let name = path.display().to_string();
        scan.reader(&name, &mut &*data);
        let stream = shown(&scan.take_findings());
        let file = Range::whole(Arc::new(data.to_vec()), data.len() as u64);
        scan.begin();
        scan.at_depth(&Location::file(name), file.clone(), Some(file), 0);
        let one = shown(&scan.take_findings());
        let workers = Workers {
            threads: NonZeroUsize::new(3).unwrap(),
            limits: limits.clone(),
            ..Workers::default()
        };
        let several = workers.scan(&[path], &search).unwrap();
        [stream, one, shown(&several)]
    }

    #[test]
    fn members_of_a_file_are_read_as_those_of_a_stream_by_any_number_of_threads() {
        let history = History::load().unwrap();
        let image = image(&history);
        let limits = ScanLimits::default();
        let [stream, one, several] = by_each(&image, &history, &limits);
        // 75 places, two failures, one that is not read, and the counts.
        assert_eq!(stream.len(), 75 + 2 + 1 + 1, "{stream:#?}");
        assert_eq!(one, stream);
        assert_eq!(several, stream);
        // Another archive behind it.
        let two = [&*image, &*image].concat();
        let [stream, one, several] = by_each(&two, &history, &limits);
        assert_eq!(stream.len(), 2 * (75 + 2 + 1) + 1);
        assert_eq!(one, stream);
        assert_eq!(several, stream);
    }

    #[test]
    fn a_limit_is_met_at_the_same_member_by_any_number_of_threads() {
        let history = History::load().unwrap();
        let image = image(&history);
        let mut lengths = Vec::new();
        for (entries, report) in [
            (5, 1 << 20),
            (71, 1 << 20),
            (1_000, 20_000),
            (1_000, 110_000),
        ] {
            let limits = ScanLimits {
                entries,
                report,
                ..ScanLimits::default()
            };
            let [stream, one, several] = by_each(&image, &history, &limits);
            assert_eq!(one, stream, "{entries} {report}");
            assert_eq!(several, stream, "{entries} {report}");
            lengths.push(stream.len());
        }
        assert!(lengths.iter().all(|length| *length < 79), "{lengths:?}");
    }

    #[test]
    fn a_cut_or_changed_archive_is_read_as_a_stream_is_by_any_number_of_threads() {
        let history = History::load().unwrap();
        let der = &history.all()[0].der;
        let archive = tar(&[("a", b"1"), ("b.tar", &tar(&[("c", der)])), ("d", der)]);
        let limits = ScanLimits::default();
        for cut in (0..archive.len()).step_by(97) {
            let [stream, one, several] = by_each(&archive[..cut], &history, &limits);
            assert_eq!(one, stream, "{cut}");
            assert_eq!(several, stream, "{cut}");
        }
        for at in (0..archive.len()).step_by(41) {
            let mut changed = archive.clone();
            changed[at] ^= 0x11;
            let [stream, one, several] = by_each(&changed, &history, &limits);
            assert_eq!(one, stream, "{at}");
            assert_eq!(several, stream, "{at}");
        }
    }
}
