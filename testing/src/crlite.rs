//! CRLite filters, made by the builder of clubcard, and certificates that they cover.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clubcard::builder::{ApproximateRibbon, ClubcardBuilder, ExactRibbon};
use clubcard_crlite::builder::CRLiteBuilderItem;
use clubcard_crlite::{CRLiteClubcard, CRLiteCoverage, CRLiteQuery, Encoding, IssuerSpkiHash};
use rcgen::{CertificateParams, CustomExtension};

/// A log of Certificate Transparency, and a time in milliseconds since 1970.
pub type Timestamp = ([u8; 32], u64);

/// A log, with the first and the last millisecond since 1970 that a filter covers.
pub type Coverage = ([u8; 32], u64, u64);

/// The certificates that a filter is made of. For all others it answers at random.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The logs that it covers.
    pub coverage: Vec<Coverage>,
    /// The issuers that it knows.
    pub issuers: Vec<Issuer>,
}

/// The certificates of one issuer.
#[derive(Clone, Debug, Default)]
pub struct Issuer {
    /// SHA-256 of the `SubjectPublicKeyInfo`.
    pub key: [u8; 32],
    /// Serial numbers.
    pub revoked: Vec<Vec<u8>>,
    /// Serial numbers.
    pub good: Vec<Vec<u8>>,
    /// How many more are good, without being listed. The filter answers at random for them.
    pub unlisted: usize,
    /// Whether the filter has the good ones instead of the revoked ones.
    pub is_inverted: bool,
}

impl Filter {
    /// In the encoding of this version: 3 or 4.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let item = |issuer: &Issuer, serial: &Vec<u8>, is_revoked: bool| {
            let key = IssuerSpkiHash(issuer.key);
            if is_revoked {
                CRLiteBuilderItem::revoked(key, serial.clone())
            } else {
                CRLiteBuilderItem::not_revoked(key, serial.clone())
            }
        };
        let mut builder = ClubcardBuilder::new();
        let mut approximate = Vec::new();
        for issuer in &self.issuers {
            let mut ribbon = builder.new_approx_builder(&issuer.key);
            ribbon.set_universe_size(issuer.revoked.len() + issuer.good.len() + issuer.unlisted);
            ribbon.set_inverted(issuer.is_inverted);
            let listed = if issuer.is_inverted {
                &issuer.good
            } else {
                &issuer.revoked
            };
            for serial in listed {
                ribbon.insert(item(issuer, serial, !issuer.is_inverted));
            }
            approximate.push(ApproximateRibbon::from(ribbon));
        }
        builder.collect_approx_ribbons(approximate);
        let mut exact = Vec::new();
        for issuer in &self.issuers {
            let mut ribbon = builder.new_exact_builder(&issuer.key);
            for (serials, is_revoked) in [(&issuer.revoked, true), (&issuer.good, false)] {
                for serial in serials {
                    ribbon.insert(item(issuer, serial, is_revoked));
                }
            }
            exact.push(ExactRibbon::from(ribbon));
        }
        builder.collect_exact_ribbons(exact);
        let clubcard = builder.build::<CRLiteQuery<'_>>(self.coverage(), ());
        let encoding = match version {
            3 => Encoding::V3,
            4 => Encoding::V4,
            _ => panic!("there is no version {version}"),
        };
        CRLiteClubcard::from(clubcard).to_bytes(encoding).unwrap()
    }

    /// By way of the file that Mozilla's generator writes: the type has no other constructor.
    fn coverage(&self) -> CRLiteCoverage {
        let logs = self.coverage.iter().map(|(log, first, last)| {
            let log = STANDARD.encode(log);
            format!(
                r#"{{"LogID":"{log}","MinTimestamp":{first},"MaxTimestamp":{last},"MMD":0,"MinEntry":0}}"#
            )
        });
        let logs: Vec<_> = logs.collect();
        CRLiteCoverage::from_mozilla_ct_logs_json(format!("[{}]", logs.join(",")).as_bytes())
    }
}

/// The `index.bin` that upki 1.0.0 writes for filters of these names.
pub fn index(filters: &[(&str, &[Coverage])]) -> Vec<u8> {
    let mut entries = Vec::new();
    for (number, (_, coverage)) in filters.iter().enumerate() {
        for (log, first, last) in *coverage {
            entries.push((*log, u16::try_from(number).unwrap(), *first, *last));
        }
    }
    entries.sort_unstable();
    let mut logs: Vec<_> = entries.iter().map(|(log, ..)| *log).collect();
    logs.dedup();
    let mut index = b"upkiidx1".to_vec();
    index.extend(u16::try_from(filters.len()).unwrap().to_be_bytes());
    index.extend(u32::try_from(logs.len()).unwrap().to_be_bytes());
    for (name, _) in filters {
        let mut slot = [0; 32];
        slot[..name.len()].copy_from_slice(name.as_bytes());
        index.extend(slot);
    }
    let mut offset = index.len() + logs.len() * (32 + 8 + 2);
    for log in logs {
        let count = entries.iter().filter(|(other, ..)| *other == log).count();
        index.extend(log);
        index.extend((offset as u64).to_be_bytes());
        index.extend(u16::try_from(count).unwrap().to_be_bytes());
        offset += count * (2 + 8 + 8);
    }
    for (_, number, first, last) in entries {
        index.extend(number.to_be_bytes());
        index.extend(first.to_be_bytes());
        index.extend(last.to_be_bytes());
    }
    index
}

/// Writes filters into a folder as upki does, the index after them: each file is replaced as a whole.
pub fn write_folder(folder: &Path, filters: &[(&str, &[u8])]) {
    fs::create_dir_all(folder).unwrap();
    let replace = |name: &str, content: &[u8]| {
        let next = folder.join("next");
        fs::write(&next, content).unwrap();
        fs::rename(next, folder.join(name)).unwrap();
    };
    let mut coverage = Vec::new();
    for (name, filter) in filters {
        replace(name, filter);
        let filter = CRLiteClubcard::from_bytes(filter).unwrap();
        let logs = filter.universe().iter();
        let logs = logs.map(|(log, interval)| (log.0, interval.low.0, interval.high.0));
        coverage.push(logs.collect::<Vec<_>>());
    }
    let listed = filters.iter().zip(&coverage);
    let listed: Vec<_> = listed.map(|((name, _), logs)| (*name, &**logs)).collect();
    replace("index.bin", &index(&listed));
}

/// Adds signed certificate timestamps (RFC 6962, section 3.3), with signatures that nobody could verify.
pub fn add_timestamps(params: &mut CertificateParams, timestamps: &[Timestamp]) {
    let mut list = Vec::new();
    for (log, time) in timestamps {
        // Version 1, no extensions, ECDSA with SHA-256, and a signature of two octets.
        let mut timestamp = vec![0];
        timestamp.extend(log);
        timestamp.extend(time.to_be_bytes());
        timestamp.extend([0, 0, 4, 3, 0, 2, 0x30, 0]);
        list.extend(u16::try_from(timestamp.len()).unwrap().to_be_bytes());
        list.extend(timestamp);
    }
    let mut value = u16::try_from(list.len()).unwrap().to_be_bytes().to_vec();
    value.extend(list);
    // An OCTET STRING (X.690, section 8.1.3).
    let mut content = match u16::try_from(value.len()).unwrap().to_be_bytes() {
        [0, short @ 0..0x80] => vec![4, short],
        [0, long] => vec![4, 0x81, long],
        [high, low] => vec![4, 0x82, high, low],
    };
    content.extend(value);
    let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
    let extension = CustomExtension::from_oid_content(&oid, content);
    params.custom_extensions.push(extension);
}
