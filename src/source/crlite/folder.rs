//! The folder in which upki keeps its data: filters, and `index.bin`, which names them and what they cover.

use std::io;
use std::path::{Path, PathBuf};

use embedded_roots_bundle::read_file;

use crate::error::Error;
use crate::source::crlite::encoding::EncodedFilter;
use crate::source::crlite::filters::MOST_FILTERS;
use crate::source::crlite::octets::{big_endian, take, take_array};
use crate::source::origin::shown_of_variable as shown;
use crate::source::variables::Variables;

/// A folder with an index.
pub(super) struct Folder<'a> {
    path: &'a Path,
    content: Vec<u8>,
    index: Index,
}

impl<'a> Folder<'a> {
    /// Reads the index. `None` if there is none.
    pub(super) fn read(path: &'a Path) -> Result<Option<Self>, Error> {
        let Some(content) = read_index(path)? else {
            return Ok(None);
        };
        let shown = shown(&path.join(INDEX));
        let index = Index::read(&content)
            .ok_or_else(|| Error::invalid(format_args!("{shown}: it is truncated or damaged")))?;
        if index.names.is_empty() {
            return Err(Error::invalid(format_args!("{shown}: it names no filter")));
        }
        Ok(Some(Self {
            path,
            content,
            index,
        }))
    }

    /// Whether the folder has got another index since. While upki replaces the data, a file can vanish before it is
    /// read: then there is another index, and its files can be read.
    pub(super) fn is_outdated(&self) -> bool {
        let now = read_index(self.path);
        now.is_ok_and(|now| now.is_some_and(|now| now != self.content))
    }

    pub(super) fn path(&self) -> &Path {
        self.path
    }

    pub(super) fn count(&self) -> usize {
        self.index.names.len()
    }

    /// The path of a filter.
    pub(super) fn filter(&self, place: usize) -> PathBuf {
        let name = self.index.names.get(place);
        self.path.join(name.map_or("", String::as_str))
    }

    /// Whether the index says of a filter what it says of itself.
    pub(super) fn check(
        &self,
        place: usize,
        filter: &EncodedFilter<'_>,
    ) -> Result<(), &'static str> {
        let entries = &self.index.entries;
        let start = entries.partition_point(|(number, ..)| usize::from(*number) < place);
        let listed = entries.iter().skip(start);
        let listed = listed.take_while(|(number, ..)| usize::from(*number) == place);
        let listed = listed.map(|(_, log, first, last)| (*log, *first, *last));
        let mut covered = filter.coverage.clone();
        covered.sort_unstable();
        if listed.eq(covered) {
            Ok(())
        } else {
            Err("index.bin has another coverage for it: the files are not of one state")
        }
    }
}

fn read_index(folder: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(INDEX);
    match read_file(&path) {
        Ok(content) => Ok(Some(content)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(Error::unreadable(&shown(&path), why)),
    }
}

/// upki's folders: the user's, and that of the machine (upki 1.0.0, on systems other than macOS and Windows).
pub(super) fn folders_of_upki(variables: &Variables) -> Vec<PathBuf> {
    // The XDG Base Directory Specification ignores a relative path.
    let cache = variables.value("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.filter(|cache| cache.is_absolute()).or_else(|| {
        let home = variables.value("HOME")?;
        Some(Path::new(&home).join(".cache"))
    });
    let cache = cache.map(|cache| cache.join("upki/revocation"));
    let machine = PathBuf::from("/var/cache/upki/revocation");
    cache.into_iter().chain([machine]).collect()
}

const INDEX: &str = "index.bin";
/// The number of a filter and two times.
const SMALLEST_ENTRY: usize = 17;

/// `index.bin` of upki 1.0.0: magic, the names of the filters (32 bytes each, padded with zeros), a table of logs, and
/// for each log the filters that cover it. Numbers are big endian.
struct Index {
    names: Vec<String>,
    /// Sorted: number of the filter, log, first and last millisecond since 1970.
    entries: Vec<(u16, [u8; 32], u64, u64)>,
}

impl Index {
    fn read(content: &[u8]) -> Option<Self> {
        let (magic, mut rest) = content.split_at_checked(8)?;
        // The older form numbers filters by one byte.
        let size = match magic {
            b"upkiidx0" => 1,
            b"upkiidx1" => 2,
            _ => return None,
        };
        let names = usize::try_from(big_endian(&mut rest, size)?).ok()?;
        let logs = big_endian(&mut rest, 4)?;
        if names > MOST_FILTERS {
            return None;
        }
        let names: Option<Vec<_>> = (0..names).map(|_| name(take(&mut rest, 32)?)).collect();
        let names = names?;
        let mut entries = Vec::new();
        for _ in 0..logs {
            let log: [u8; 32] = take_array(&mut rest)?;
            let offset = usize::try_from(big_endian(&mut rest, 8)?).ok()?;
            let count = big_endian(&mut rest, 2)?;
            let mut of_log = content.get(offset..)?;
            for _ in 0..count {
                let filter = u16::try_from(big_endian(&mut of_log, size)?).ok()?;
                let (first, last) = (big_endian(&mut of_log, 8)?, big_endian(&mut of_log, 8)?);
                if usize::from(filter) >= names.len() {
                    return None;
                }
                entries.push((filter, log, first, last));
            }
            // The entries of logs could overlap: no more of them than the file can hold.
            if entries.len() > content.len() / SMALLEST_ENTRY {
                return None;
            }
        }
        entries.sort_unstable();
        Some(Self { names, entries })
    }
}

/// A file in the folder: a path that leads elsewhere is not one.
fn name(slot: &[u8]) -> Option<String> {
    let end = slot.iter().position(|&octet| octet == 0);
    let name = std::str::from_utf8(slot.get(..end.unwrap_or(slot.len()))?).ok()?;
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.+=".contains(&octet);
    let is_name = name.bytes().all(is_plain) && !name.starts_with('.') && !name.is_empty();
    is_name.then(|| name.to_owned())
}
