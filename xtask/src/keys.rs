//! certs/distrusted-keys.txt: the keys that no chain may contain.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use embedded_roots_bundle::emit::{hex, sha256};
use embedded_roots_bundle::{DistrustedKey, parse_distrusted_keys};
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

/// Fails if [`write()`] would change the file, or if a root of certs/ has one of the keys.
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
    Ok(format!("{KEYS} is up to date: {} keys", keys.len()))
}

/// The text, from the reviewed file and the keys that rustls-webpki refuses: each has to be in both.
fn generate() -> Result<String, Box<dyn Error>> {
    let reviewed: Reviewed = toml::from_str(&fs::read_to_string(path(REVIEWED))?)?;
    let mut of_webpki = keys_of_webpki()?;
    let mut lines = Vec::new();
    for key in reviewed.key {
        let sha256 = of_webpki
            .remove(&key.webpki)
            .ok_or_else(|| format!("{REVIEWED}: rustls-webpki has no key {}", key.webpki))?;
        let advisories = key.advisories.join(",");
        let Key { name, date, .. } = key;
        lines.push(format!("{} {date} {advisories} {name}", hex(&sha256)));
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

/// The digests of the keys that rustls-webpki refuses, by the names of their files in its source.
fn keys_of_webpki() -> Result<BTreeMap<String, [u8; 32]>, Box<dyn Error>> {
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
        let length = u8::try_from(content.len())
            .ok()
            .filter(|length| *length < 0x80);
        let head = [0x30, length.ok_or("a key of more than 127 bytes")?];
        keys.insert(name.to_owned(), sha256(&[&head[..], &content].concat()));
    }
    Ok(keys)
}

const KEYS: &str = "certs/distrusted-keys.txt";
const REVIEWED: &str = "certs/distrusted.toml";

const HEAD: &str = "\
# Keys that no chain may contain, whatever root it leads to. Written by `cargo xtask keys` from distrusted.toml
# and the keys that rustls-webpki refuses.
#
# SHA-256 of the SubjectPublicKeyInfo (DER), the day since which it is known, advisories, name
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    key: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    webpki: String,
    date: String,
    advisories: Vec<String>,
}
