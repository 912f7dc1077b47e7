//! certs/distrusted-keys.txt: the keys that no chain may contain.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use embedded_roots_bundle::der::{SEQUENCE, encode};
use embedded_roots_bundle::digest::{hex, sha256, sha256_from_hex};
use embedded_roots_bundle::{DistrustedKey, Revocations, parse_distrusted_keys};
use serde::Deserialize;

use crate::command::{cargo, output};
use crate::{certs, path};

/// Writes the file.
pub(crate) fn write() -> Result<String, Box<dyn Error>> {
    let text = generate()?;
    fs::write(path(KEYS), &text)?;
    Ok(format!(
        "wrote {KEYS}; if it has changed, the version in certs/Cargo.toml needs a new date"
    ))
}

/// Fails if [`write()`] would change the file, if a root of certs/ has one of the keys, or at a difference to OneCRL
/// that nobody has reviewed.
pub(crate) fn check() -> Result<String, Box<dyn Error>> {
    let present = fs::read_to_string(path(KEYS))?;
    if present != generate()? {
        return Err(format!(
            "{KEYS} is not what rustls-webpki and {REVIEWED} give: review them, then run cargo xtask keys"
        )
        .into());
    }
    let keys = parse_distrusted_keys(KEYS, present.as_bytes())?;
    DistrustedKey::check(&keys, "certs/", &certs::roots()?)?;
    let onecrl = Revocations::parse(ONECRL, &fs::read_to_string(path(ONECRL))?)?;
    let onecrl: BTreeSet<_> = onecrl.keys().map(|(_, sha256)| *sha256).collect();
    audit(&reviewed()?, &keys, &onecrl)?;
    Ok(format!("{KEYS} is up to date: {} keys", keys.len()))
}

/// Compares the list with the keys of OneCRL: each is in both where the reviewed file says so, and in one of them where
/// that says so.
fn audit(
    reviewed: &KeyReview,
    keys: &[DistrustedKey],
    onecrl: &BTreeSet<[u8; 32]>,
) -> Result<(), String> {
    let mut reviewed_in_onecrl = BTreeSet::new();
    for key in &reviewed.key {
        let listed = keys.iter().find(|listed| listed.name == key.name);
        let listed = listed.ok_or_else(|| format!("{KEYS} has no key {}", key.name))?;
        if onecrl.contains(&listed.sha256) != key.onecrl {
            let (name, onecrl) = (&key.name, key.onecrl);
            return Err(format!(
                "{REVIEWED}: `onecrl = {onecrl}` of {name} is not true"
            ));
        }
        reviewed_in_onecrl.insert(listed.sha256);
    }
    for only in &reviewed.only_in_onecrl {
        let digest = sha256_from_hex(&only.sha256);
        let digest = digest.ok_or_else(|| format!("{REVIEWED}: {}: no digest", only.sha256))?;
        let is_only_there = onecrl.contains(&digest) && reviewed_in_onecrl.insert(digest);
        if !is_only_there || only.reason.is_empty() {
            return Err(format!(
                "{REVIEWED}: {} is not in OneCRL alone",
                only.sha256
            ));
        }
    }
    match onecrl
        .iter()
        .find(|digest| !reviewed_in_onecrl.contains(*digest))
    {
        None => Ok(()),
        Some(digest) => Err(format!(
            "OneCRL has the key {}, of which {REVIEWED} says nothing: is it public?",
            hex(digest)
        )),
    }
}

fn reviewed() -> Result<KeyReview, Box<dyn Error>> {
    Ok(toml::from_str(&fs::read_to_string(path(REVIEWED))?)?)
}

/// The text, from the reviewed file and the keys that rustls-webpki refuses: each has to be in both.
fn generate() -> Result<String, Box<dyn Error>> {
    let reviewed = reviewed()?;
    let mut of_webpki = keys_of_webpki()?;
    let mut lines = Vec::new();
    for key in reviewed.key {
        let (sha256, length) = of_webpki
            .remove(&key.webpki)
            .ok_or_else(|| format!("{REVIEWED}: rustls-webpki has no key {}", key.webpki))?;
        let advisories = key.advisories.join(",");
        let Key { name, date, .. } = key;
        lines.push(format!(
            "{} {length} {date} {advisories} {name}",
            hex(&sha256)
        ));
    }
    if let Some(name) = of_webpki.keys().next() {
        return Err(format!("{REVIEWED} has no entry for the key {name} of rustls-webpki").into());
    }
    lines.sort_unstable();
    let mut text = HEAD.to_owned();
    for line in lines {
        // Writing to a `String` never fails.
        let _ = writeln!(text, "{line}");
    }
    parse_distrusted_keys(KEYS, text.as_bytes())?;
    Ok(text)
}

/// The digests and lengths of the keys that rustls-webpki refuses, by the names of their files in its source.
fn keys_of_webpki() -> Result<BTreeMap<String, DigestAndLength>, Box<dyn Error>> {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata
        .get("packages")
        .and_then(serde_json::Value::as_array)
        .ok_or("no packages")?;
    let webpki = packages
        .iter()
        .find(|package| package["name"] == "rustls-webpki");
    let manifest = webpki.and_then(|package| package.get("manifest_path")?.as_str());
    let folder =
        PathBuf::from(manifest.ok_or("no rustls-webpki")?).with_file_name("src/data/distrusted");
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = name
            .strip_suffix(".spki.der")
            .ok_or("a file that is not a key")?;
        // The files have the content of the SubjectPublicKeyInfo.
        let content = fs::read(entry.path())?;
        let key = encode(SEQUENCE, &content);
        keys.insert(name.to_owned(), (sha256(&key), key.len()));
    }
    Ok(keys)
}

type DigestAndLength = ([u8; 32], usize);

const KEYS: &str = "certs/distrusted-keys.txt";
const REVIEWED: &str = "certs/distrusted.toml";
const ONECRL: &str = "onecrl/onecrl.txt";

const HEAD: &str = "\
# Keys that no chain may contain, whatever root it leads to. Written by `cargo xtask keys` from distrusted.toml
# and the keys that rustls-webpki refuses.
#
# SHA-256 of the SubjectPublicKeyInfo (DER), its length in bytes, the day since which it is known, advisories, name
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyReview {
    key: Vec<Key>,
    #[serde(default)]
    only_in_onecrl: Vec<OneCrlKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    webpki: String,
    date: String,
    advisories: Vec<String>,
    /// Whether OneCRL has it, by subject and key.
    onecrl: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneCrlKey {
    sha256: String,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> [u8; 32] {
        [byte; 32]
    }

    /// The list has the keys 1, in OneCRL, and 2, which is not; OneCRL alone has 3.
    fn audited(onecrl: &[u8], only: u8) -> Result<(), String> {
        let key = |name: &str, onecrl| Key {
            name: name.to_owned(),
            webpki: String::new(),
            date: String::new(),
            advisories: Vec::new(),
            onecrl,
        };
        let reviewed = KeyReview {
            key: vec![key("one", true), key("two", false)],
            only_in_onecrl: vec![OneCrlKey {
                sha256: hex(&digest(only)),
                reason: "another matter".to_owned(),
            }],
        };
        let keys = [("one", 1), ("two", 2)].map(|(name, byte)| DistrustedKey {
            sha256: digest(byte),
            length: 0,
            date: String::new(),
            advisories: String::new(),
            name: name.to_owned(),
        });
        let onecrl = onecrl.iter().copied().map(digest).collect();
        audit(&reviewed, &keys, &onecrl)
    }

    #[test]
    fn every_difference_to_onecrl_is_reviewed() {
        assert_eq!(audited(&[1, 3], 3), Ok(()));
        for (onecrl, only, error) in [
            (&[3][..], 3, "`onecrl = true` of one is not true"),
            (&[1, 2, 3], 3, "`onecrl = false` of two is not true"),
            (&[1], 3, "is not in OneCRL alone"),
            (&[1, 3], 1, "is not in OneCRL alone"),
            (&[1, 3, 4], 3, "of which certs/distrusted.toml says nothing"),
        ] {
            let found = audited(onecrl, only).unwrap_err();
            assert!(found.contains(error), "{found}");
        }
    }
}
