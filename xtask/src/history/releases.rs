//! Releases of certifi: wheels, which are ZIP archives, and source distributions, which are tar.gz.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use embedded_roots_bundle::{MAX_FILE_SIZE, PrivateKeys, parse, parse_iso_day};
use flate2::read::GzDecoder;
use rustls_pki_types::UnixTime;

use super::Certificates;
use crate::differences::digest;

/// The releases in this folder, the oldest first.
///
/// Fails if there is another file, or if two archives of a release differ in their certificates.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<Version, Certificates>, Box<dyn Error>> {
    let mut releases = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        add(&mut releases, &name, File::open(&path)?).map_err(|why| format!("{name}: {why}"))?;
    }
    if releases.is_empty() {
        return Err(format!("{} has no release of certifi", folder.display()).into());
    }
    Ok(releases)
}

/// Adds the archive of this file name.
fn add(
    releases: &mut BTreeMap<Version, Certificates>,
    name: &str,
    archive: impl Read + Seek,
) -> Result<(), Box<dyn Error>> {
    let (version, kind) =
        version_and_kind(name).ok_or("no wheel or sdist of a release since 2015")?;
    let pem = match kind {
        Kind::Wheel => wheel(archive)?,
        Kind::Sdist => sdist(archive)?,
    };
    let roots = parse(CACERT, &pem, PrivateKeys::Refuse)?;
    let certificates = roots
        .iter()
        .map(|root| (digest(root), root.certificate().clone()));
    let certificates: Certificates = certificates.collect();
    let known = releases
        .entry(version)
        .or_insert_with(|| certificates.clone());
    if *known != certificates {
        return Err("another archive of this release has other certificates".into());
    }
    Ok(())
}

const CACERT: &str = "certifi/cacert.pem";
/// Of an archive, in errors.
const BUNDLE: &str = "its certifi/cacert.pem";

/// A version such as `2022.6.15.1` or `2026.10.19.post1`, in the order of PEP 440.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) day: UnixTime,
    patch: u32,
    post: Option<u32>,
}

impl Version {
    /// `None` for the versions before 2015, which are not dates.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<&str> = text.split('.').collect();
        let post = match parts.last()?.strip_prefix("post") {
            Some(number) => {
                parts.pop();
                Some(number.parse().ok()?)
            }
            None => None,
        };
        let (date, patch) = match parts[..] {
            [year, month, day] => ([year, month, day], "0"),
            [year, month, day, patch] => ([year, month, day], patch),
            _ => return None,
        };
        let mut numbers = date.iter().map(|part| part.parse::<u32>().ok());
        let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Self {
            day: parse_iso_day(&format!("{year:04}-{month:02}-{day:02}"))
                .filter(|_| year >= 2015)?,
            patch: patch.parse().ok()?,
            post,
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Wheel,
    Sdist,
}

fn version_and_kind(name: &str) -> Option<(Version, Kind)> {
    let rest = name.strip_prefix("certifi-")?;
    let (version, kind) = match rest.strip_suffix(".tar.gz") {
        Some(version) => (version, Kind::Sdist),
        None => (rest.strip_suffix(".whl")?.split_once('-')?.0, Kind::Wheel),
    };
    Some((Version::parse(version)?, kind))
}

/// The bundle in a ZIP archive.
fn wheel(archive: impl Read + Seek) -> Result<Vec<u8>, Box<dyn Error>> {
    super::read_bounded(zip::ZipArchive::new(archive)?.by_name(CACERT)?, BUNDLE)
}

/// The bundle in a tar.gz archive, in which everything is in a folder of name and version.
fn sdist(archive: impl Read) -> Result<Vec<u8>, Box<dyn Error>> {
    // An sdist is small: this ends the reading of one that decompresses without end.
    let mut archive = tar::Archive::new(GzDecoder::new(archive).take(4 * MAX_FILE_SIZE));
    for entry in archive.entries()? {
        let entry = entry?;
        let path: PathBuf = entry.path()?.components().skip(1).collect();
        if path == Path::new(CACERT) {
            return super::read_bounded(entry, BUNDLE);
        }
    }
    Err(format!("there is no {CACERT} in it").into())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use embedded_roots_bundle::{certificate_to_pem, iso_day};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn pem(certificates: std::ops::Range<usize>) -> Vec<u8> {
        let certificates = &TLS_SERVER_ROOT_CERTS[certificates];
        let pem: String = certificates
            .iter()
            .map(|der| certificate_to_pem(der))
            .collect();
        pem.into_bytes()
    }

    fn wheel_with(path: &str, content: &[u8]) -> Cursor<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap()
    }

    fn sdist_with(path: &str, content: &[u8]) -> Cursor<Vec<u8>> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len().try_into().unwrap());
        tar.append_data(&mut header, path, content).unwrap();
        Cursor::new(tar.into_inner().unwrap().finish().unwrap())
    }

    fn error(name: &str, archive: Cursor<Vec<u8>>) -> String {
        let added = add(&mut BTreeMap::new(), name, archive);
        added.unwrap_err().to_string()
    }

    #[test]
    fn both_kinds_of_archives() {
        let mut releases = BTreeMap::new();
        let wheel = wheel_with(CACERT, &pem(0..2));
        add(
            &mut releases,
            "certifi-2015.9.6.1-py2.py3-none-any.whl",
            wheel,
        )
        .unwrap();
        let sdist = sdist_with("certifi-2015.09.06/certifi/cacert.pem", &pem(1..4));
        add(&mut releases, "certifi-2015.09.06.tar.gz", sdist).unwrap();
        let counts = |releases: &BTreeMap<Version, Certificates>| {
            releases.values().map(BTreeMap::len).collect::<Vec<_>>()
        };
        assert_eq!(counts(&releases), [3, 2]);

        // The other archive of a release has to say the same.
        let same = || sdist_with("certifi-2015.9.6.1/certifi/cacert.pem", &pem(0..2));
        add(&mut releases, "certifi-2015.9.6.1.tar.gz", same()).unwrap();
        let other = wheel_with(CACERT, &pem(0..3));
        let why = add(&mut releases, "certifi-2015.9.6-py3-none-any.whl", other);
        assert!(why.unwrap_err().to_string().contains("other certificates"));
        assert_eq!(counts(&releases), [3, 2]);
    }

    #[test]
    fn other_files_and_contents_are_errors() {
        let wheel = "certifi-2024.2.2-py3-none-any.whl";
        let sdist = "certifi-2024.2.2.tar.gz";
        for name in [
            "README",
            "certifi-14.5.14.tar.gz",
            "certifi-2024.2.2.zip",
            "urllib3-2.0.whl",
        ] {
            let why = error(name, wheel_with(CACERT, &pem(0..1)));
            assert!(why.starts_with("no wheel or sdist"), "{name}: {why}");
        }
        error(
            wheel,
            sdist_with("certifi-2024.2.2/certifi/cacert.pem", &pem(0..1)),
        );
        error(sdist, wheel_with(CACERT, &pem(0..1)));
        error(wheel, wheel_with("certifi/weak.pem", &pem(0..1)));
        let why = error(
            sdist,
            sdist_with("certifi-2024.2.2/certifi/old_root.pem", &pem(0..1)),
        );
        assert_eq!(why, "there is no certifi/cacert.pem in it");
        let why = error(
            wheel,
            wheel_with(CACERT, b"-----BEGIN CERTIFICATE-----\nMII"),
        );
        assert_eq!(
            why,
            "certifi/cacert.pem, line 1: -----BEGIN CERTIFICATE----- without its -----END"
        );
    }

    #[test]
    fn decompression_bombs_are_errors() {
        let long = vec![b'#'; usize::try_from(MAX_FILE_SIZE).unwrap() + 1];
        let why = error(
            "certifi-2024.2.2-py3-none-any.whl",
            wheel_with(CACERT, &long),
        );
        assert_eq!(why, "its certifi/cacert.pem is larger than 16 MiB");
        let long = sdist_with("certifi-2024.2.2/certifi/cacert.pem", &long);
        let why = error("certifi-2024.2.2.tar.gz", long);
        assert_eq!(why, "its certifi/cacert.pem is larger than 16 MiB");
    }

    #[test]
    fn versions_in_the_order_of_pep_440() {
        let versions = [
            "2015.04.28",
            "2022.6.15",
            "2022.06.15.1",
            "2022.6.15.2",
            "2022.12.7",
            "2026.10.18",
            "2026.10.18.post1",
            "2026.10.18.post2",
            "2026.10.18.1",
            "2026.10.19",
        ];
        let versions = versions.map(|text| Version::parse(text).unwrap());
        assert!(versions.is_sorted());
        assert!(versions.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(iso_day(versions[0].day), "2015-04-28");
        for other in [
            "",
            "1.0.1",
            "14.5.14",
            "2023.2.29",
            "2023.5",
            "2023.5.7.1.2",
            "2023.5.7.rc1",
        ] {
            assert_eq!(Version::parse(other), None, "{other}");
        }
    }
}
