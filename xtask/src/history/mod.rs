//! cli/data/history.pem.gz: every certificate that Mozilla's list has held since 2015, as the
//! releases of certifi show it.

// The program reads what is written here.
#[path = "../../../cli/src/record.rs"]
mod record;
mod releases;
mod removals;
mod text;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{Read, Write as _};
use std::path::Path;

use embedded_roots_bundle::{MAX_FILE_SIZE, iso_day, read_file};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use rustls_pki_types::CertificateDer;

use self::releases::Version;
use self::text::{History, Record};
use crate::differences::{self, Reviews};
use crate::{certs, facts, path};

/// Writes the file from the releases in this folder, and returns what it says and how it differs from
/// certs/.
pub(crate) fn write(folder: &str) -> Result<String, Box<dyn Error>> {
    let history = history_of(&releases::read(Path::new(folder))?)?;
    let report = compare_with_certs(&history)?;
    fs::write(path(HISTORY), compress(&history.to_text())?)?;
    Ok(format!("wrote {HISTORY}: {}\n{report}", summary(&history)))
}

/// Fails if the file is not as [`write()`] leaves it, or does not agree with the reviewed files.
pub(crate) fn check() -> Result<String, Box<dyn Error>> {
    let history = present()?;
    let report = compare_with_certs(&history)?;
    let dated = certs::roots()?
        .iter()
        .filter(|root| root.distrust_after().is_some())
        .map(differences::digest)
        .collect();
    let removals = fs::read_to_string(path(REMOVALS))?;
    let explained = removals::check(REMOVALS, &removals, &history, &dated)?;
    facts::check(README, &facts(&history))?;
    let summary = summary(&history);
    Ok(format!(
        "{HISTORY}: {summary}\n{REMOVALS}: reasons for {explained} of them\n{report}"
    ))
}

/// Certificates, by their digest in lower-case hexadecimal digits.
pub(crate) type Certificates = BTreeMap<String, CertificateDer<'static>>;

/// All that the history has.
pub(crate) fn certificates() -> Result<Certificates, Box<dyn Error>> {
    let records = present()?.records.into_iter();
    Ok(records
        .map(|record| (record.sha256, record.certificate))
        .collect())
}

/// The differences between the newest release and certs/ that have been reviewed.
pub(crate) fn reviewed() -> Result<Reviews, Box<dyn Error>> {
    Reviews::parse(DIFFERENCES, &fs::read_to_string(path(DIFFERENCES))?)
}

/// What the file says.
fn present() -> Result<History, Box<dyn Error>> {
    History::from_text(HISTORY, &decompress(&read_file(&path(HISTORY))?)?)
}

const HISTORY: &str = "cli/data/history.pem.gz";
const REMOVALS: &str = "cli/data/removals.toml";
const DIFFERENCES: &str = "cli/data/differences.toml";
const README: &str = "cli/data/README.md";

/// The certificates of the releases, which are in their order.
fn history_of(releases: &BTreeMap<Version, Certificates>) -> Result<History, Box<dyn Error>> {
    let days: Vec<_> = releases.keys().map(|version| version.day).collect();
    let (Some(&since), Some(&as_of)) = (days.first(), days.last()) else {
        return Err("there is no release".into());
    };
    let mut records: BTreeMap<&String, Record> = BTreeMap::new();
    for (nth, (version, certificates)) in releases.iter().enumerate() {
        let after = days.get(nth + 1).copied();
        for (digest, certificate) in certificates {
            let record = records.entry(digest).or_insert_with(|| Record {
                certificate: certificate.clone(),
                sha256: digest.clone(),
                first: version.day,
                last: version.day,
                gone: None,
            });
            record.last = version.day;
            record.gone = after;
        }
    }
    let records = records.into_values().collect();
    History::new(since, as_of, releases.len(), records)
}

/// The differences between the newest release and certs/, which have all been reviewed.
fn compare_with_certs(history: &History) -> Result<String, Box<dyn Error>> {
    let reviewed = reviewed()?;
    let listed = history
        .records
        .iter()
        .filter(|record| record.gone.is_none());
    let listed = listed.map(|record| (record.sha256.as_str(), &*record.certificate));
    let found = differences::sets(&certs::roots()?, &listed.collect());
    let report = reviewed.report(&found)?;
    reviewed.check_all_used(&found)?;
    Ok(report)
}

/// Strings that the README must contain.
fn facts(history: &History) -> [String; 2] {
    let (all, listed) = (history.records.len(), history.listed());
    let (releases, since, as_of) = (history.releases, history.since, history.as_of);
    [
        format!(
            "{releases} releases, {} to {}",
            iso_day(since),
            iso_day(as_of)
        ),
        format!("{all} certificates, of which {listed} are in the newest release"),
    ]
}

fn summary(history: &History) -> String {
    let [releases, certificates] = facts(history);
    format!("{releases}; {certificates}")
}

/// gzip without a time, so that the same text gives the same bytes.
fn compress(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut writer = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    writer.write_all(text.as_bytes())?;
    Ok(writer.finish()?)
}

fn decompress(gzip: &[u8]) -> Result<String, Box<dyn Error>> {
    let text = read_bounded(GzDecoder::new(gzip), &format!("{HISTORY}: its text"))?;
    Ok(String::from_utf8(text)?)
}

/// The content, if it is not longer than any bundle is. `name` is for errors.
fn read_bounded(reader: impl Read, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut content = Vec::new();
    reader.take(MAX_FILE_SIZE + 1).read_to_end(&mut content)?;
    if u64::try_from(content.len())? > MAX_FILE_SIZE {
        return Err(format!("{name} is larger than 16 MiB").into());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use embedded_roots_bundle::digest::{hex, sha256};
    use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

    use super::*;

    /// Releases with these of the known roots, by their number.
    fn releases(releases: &[(&str, &[usize])]) -> BTreeMap<Version, Certificates> {
        let certificate = |nth: &usize| {
            let certificate = TLS_SERVER_ROOT_CERTS[*nth].clone();
            (hex(&sha256(&certificate)), certificate)
        };
        let releases = releases.iter().map(|(version, certificates)| {
            let certificates = certificates.iter().map(certificate).collect();
            (Version::parse(version).unwrap(), certificates)
        });
        releases.collect()
    }

    #[test]
    fn history_has_first_and_last_release_and_removal() {
        let releases = releases(&[
            ("2015.4.28", &[0, 1, 2]),
            ("2015.9.6", &[1, 2, 3]),
            // Another release of the same day.
            ("2015.9.6.1", &[1]),
            ("2016.2.28", &[1, 4]),
            // Certificate 2 comes back, and goes again.
            ("2017.1.23", &[1, 2, 4]),
            ("2018.1.18", &[1]),
        ]);
        let history = history_of(&releases).unwrap();
        assert_eq!((history.releases, history.listed()), (6, 1));
        let dates = |nth: usize| {
            let sha256 = hex(&sha256(&TLS_SERVER_ROOT_CERTS[nth]));
            let mut records = history.records.iter();
            let record = records.find(|record| record.sha256 == sha256).unwrap();
            let gone = record.gone.map_or("-".to_owned(), iso_day);
            format!("{} {} {gone}", iso_day(record.first), iso_day(record.last))
        };
        assert_eq!(dates(0), "2015-04-28 2015-04-28 2015-09-06");
        assert_eq!(dates(1), "2015-04-28 2018-01-18 -");
        assert_eq!(dates(2), "2015-04-28 2017-01-23 2018-01-18");
        assert_eq!(dates(3), "2015-09-06 2015-09-06 2015-09-06");
        assert_eq!(dates(4), "2016-02-28 2017-01-23 2018-01-18");
        assert!(history_of(&BTreeMap::new()).is_err());
    }

    #[test]
    fn compressed_without_a_time_and_decompressed_within_bounds() {
        let gzip = compress("text").unwrap();
        assert_eq!(gzip, compress("text").unwrap());
        // RFC 1952, section 2.3.1: MTIME
        assert_eq!(gzip[4..8], [0; 4]);
        assert_eq!(decompress(&gzip).unwrap(), "text");
        assert!(decompress(&gzip[..gzip.len() - 1]).is_err());
        let most = usize::try_from(MAX_FILE_SIZE).unwrap();
        assert!(decompress(&compress(&"#".repeat(most)).unwrap()).is_ok());
        assert!(decompress(&compress(&"#".repeat(most + 1)).unwrap()).is_err());
    }
}
