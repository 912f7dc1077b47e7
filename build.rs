//! Writes the bundles that the features select into `OUT_DIR`. Anchors, certificates and PEM text
//! are in separate files, so that a program links only what it names.

use std::path::{Path, PathBuf};
use std::{env, fs};

use embedded_roots_bundle::{
    DistrustedKey, ParsedBundle, PrivateKeys, Provider, Root, data_in_place_of_a_path, emit, parse,
    parse_day, parse_distrusted_keys, pem_in_place_of_a_path, pin, read_file, shown_value, subject,
};
use rustls_pki_types::UnixTime;

fn main() {
    // A `cargo::error` line fails the build, and Cargo shows nothing but these lines.
    if let Err(error) = compile() {
        error
            .lines()
            .for_each(|line| println!("cargo::error={line}"));
    }
}

const FILE: &str = "EMBEDDED_ROOTS_FILE";
const EXAMPLE: &str = "certs/roots.pem";
/// The sources of the default roots, the preferred one first.
const SOURCES: [(&str, bool); 4] = [
    ("custom", cfg!(feature = "custom")),
    ("mozilla", cfg!(feature = "mozilla")),
    ("webpki-roots", cfg!(feature = "webpki-roots")),
    ("system", cfg!(feature = "system")),
];

fn compile() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    pin::check_old_name(&variable(pin::OLD_DEFAULT))?;
    pin::check_default(&variable(pin::DEFAULT), &SOURCES)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let mozilla = parse(
        "embedded-roots-mozilla",
        embedded_roots_mozilla::ANNOTATED_PEM.as_bytes(),
        PrivateKeys::Refuse,
    );
    let mozilla = mozilla
        .and_then(ParsedBundle::new)
        .map_err(|why| why.to_string())?;
    let distrusted = parse_distrusted_keys(
        "embedded-roots-mozilla",
        embedded_roots_mozilla::DISTRUSTED_KEYS.as_bytes(),
    );
    let distrusted = distrusted.map_err(|why| why.to_string())?;
    DistrustedKey::check(&distrusted, "embedded-roots-mozilla", mozilla.roots())
        .map_err(|why| why.to_string())?;
    write(
        &out,
        "distrusted_keys.rs",
        &emit::distrusted_keys(&distrusted),
    )?;
    write(&out, "programs.txt", embedded_roots_mozilla::PROGRAMS)?;
    // What Mozilla imposes also applies to copies of these roots from other sources.
    let limited: Vec<&Root> = mozilla
        .roots()
        .iter()
        .filter(|root| !root.annotation().is_empty())
        .collect();
    let roots = emit::limited_roots(limited.iter().copied());
    write(&out, "limited_anchors.rs", &roots)?;
    #[cfg(feature = "onecrl")]
    write(&out, "onecrl.rs", &onecrl()?)?;

    // In order of preference: the first bundle is the selected one, which the pin covers.
    let mut digests = Vec::new();
    if cfg!(feature = "custom") {
        let custom = custom(&distrusted)?;
        let sha256 = write_bundle(&out, "custom", "Custom", None, &custom)?;
        digests.push(("custom", sha256));
    }
    if cfg!(feature = "mozilla") {
        let as_of = Some(mozilla_date()?);
        let sha256 = write_bundle(&out, "mozilla", "Mozilla", as_of, &mozilla)?;
        digests.push(("mozilla", sha256));
    }
    #[cfg(feature = "webpki-roots")]
    digests.push(("webpki-roots", webpki_roots(&out, &limited, &distrusted)?));
    pin::check_sha256(&variable(pin::SHA256), digests.first().copied())
}

/// The value of an environment variable, empty if it is not set.
fn variable(name: &str) -> String {
    println!("cargo::rerun-if-env-changed={name}");
    let value = env::var_os(name).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

fn mozilla_date() -> Result<UnixTime, String> {
    let day = embedded_roots_mozilla::DATE;
    parse_day(day)
        .ok_or_else(|| format!("the version of embedded-roots-mozilla has no date: {day}"))
}

/// The tables of revoked certificates.
#[cfg(feature = "onecrl")]
fn onecrl() -> Result<String, String> {
    use embedded_roots_bundle::Revocations;
    use embedded_roots_onecrl::{DATE, REVOCATIONS};

    let as_of = parse_day(DATE)
        .ok_or_else(|| format!("the version of embedded-roots-onecrl has no date: {DATE}"))?;
    Revocations::parse("embedded-roots-onecrl", REVOCATIONS)
        .and_then(|revocations| revocations.to_source(as_of))
        .map_err(|why| why.to_string())
}

/// Writes the statics of a bundle, each kind into its own file. Returns the digest of the set.
fn write_bundle(
    out: &Path,
    name: &str,
    variant: &str,
    as_of: Option<UnixTime>,
    bundle: &ParsedBundle,
) -> Result<[u8; 32], String> {
    let source = bundle.to_source(variant, as_of);
    write(out, &format!("{name}_anchors.rs"), &source)?;
    // Other readers ignore annotations, so what is meant for them leaves these roots out.
    let plain = bundle.without_annotated();
    let certificates = emit::certificates(plain.roots());
    write(out, &format!("{name}_certificates.rs"), &certificates)?;
    write(out, &format!("{name}.pem"), &plain.to_pem())?;
    write(out, &format!("{name}_annotated.pem"), &bundle.to_pem())?;
    let numbers = emit::certificate_numbers(bundle.roots());
    write(out, &format!("{name}_certificate_numbers.rs"), &numbers)?;
    let fingerprints = emit::fingerprints(bundle.roots());
    write(out, &format!("{name}_fingerprints.rs"), &fingerprints)?;
    Ok(bundle.sha256())
}

/// The bundle of the user's PEM files.
fn custom(distrusted: &[DistrustedKey]) -> Result<ParsedBundle, String> {
    println!("cargo::rerun-if-env-changed={FILE}");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    let value = env::var_os(FILE).unwrap_or_default();
    if value.is_empty() && env::var_os("DOCS_RS").is_some() {
        return ParsedBundle::new(Vec::new()).map_err(|why| why.to_string());
    }
    if let Some(why) = pem_in_place_of_a_path(&value.to_string_lossy()) {
        return Err(format!("{FILE}: {why}"));
    }
    let paths: Vec<PathBuf> = env::split_paths(&value)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if paths.is_empty() {
        let state = if env::var_os(FILE).is_some() {
            "empty"
        } else {
            "not set"
        };
        return Err(format!(
            "the feature `custom` compiles in the PEM file named by {FILE}, which is {state}\n{}",
            how_to_set(EXAMPLE)
        ));
    }
    let mut roots = Vec::new();
    for path in &paths {
        roots.extend(user_file(path, distrusted)?);
    }
    warn_of_unusable(&roots);
    ParsedBundle::new(roots)
        .map_err(|why| format!("{FILE} ({}): {why}", shown_value(&value.to_string_lossy())))
}

/// Warns of roots that the crypto provider cannot use. Cargo shows that for packages of a workspace.
fn warn_of_unusable(roots: &[Root]) {
    let provider = if cfg!(feature = "aws-lc-rs") {
        Provider::AwsLcRs
    } else if cfg!(feature = "ring") {
        Provider::Ring
    } else {
        return;
    };
    for root in roots {
        if let Some(why) = root.unusable(provider) {
            let name =
                subject(root.certificate()).map_or_else(String::new, |name| name.to_string());
            println!("cargo::warning=a root of {FILE} {why}: {name}");
        }
    }
}

fn user_file(path: &Path, distrusted: &[DistrustedKey]) -> Result<Vec<Root>, String> {
    let shown = shown(path);
    // Cargo reads `rerun-if-changed` paths as lines of UTF-8.
    let Some(text) = path
        .to_str()
        .filter(|text| !text.contains(char::is_control))
    else {
        return Err(format!(
            "{FILE} names {shown}: Cargo can watch only paths in UTF-8 without control characters"
        ));
    };
    if path.is_relative() {
        if let Some(why) = data_in_place_of_a_path(text) {
            return Err(format!("{FILE}: {why}"));
        }
        return Err(format!(
            "{FILE} names {shown}, which is a relative path: a build script runs in the folder of \
             its own package\n{}",
            how_to_set(if shown == text { text } else { EXAMPLE })
        ));
    }
    println!("cargo::rerun-if-changed={text}");
    read(path, distrusted)
}

fn how_to_set(path: &str) -> String {
    format!(
        "set it to an absolute path, or let Cargo make one, in .cargo/config.toml of your workspace:\n\
         \n\
         \x20   [env]\n\
         \x20   {FILE} = {{ value = {path:?}, relative = true }}"
    )
}

fn read(path: &Path, distrusted: &[DistrustedKey]) -> Result<Vec<Root>, String> {
    let name = shown(path);
    let pem = read_file(path).map_err(|why| format!("{name} cannot be read: {why}"))?;
    let roots = parse(&name, &pem, PrivateKeys::Refuse).and_then(|roots| {
        DistrustedKey::check(distrusted, &name, &roots)?;
        Ok(roots)
    });
    roots.map_err(|why| why.to_string())
}

/// A path of the variable, for a message.
fn shown(path: &Path) -> String {
    shown_value(&path.display().to_string())
}

/// Writes the anchors of the crate webpki-roots, which has no certificates. Returns the digest of the set.
#[cfg(feature = "webpki-roots")]
fn webpki_roots(
    out: &Path,
    limited: &[&Root],
    distrusted: &[DistrustedKey],
) -> Result<[u8; 32], String> {
    use embedded_roots_bundle::AnchorList;

    let list = AnchorList::new(webpki_roots::TLS_SERVER_ROOTS, limited, distrusted);
    let list =
        list.map_err(|why| format!("the crate webpki-roots and embedded-roots-mozilla: {why}"))?;
    for key in list.distrusted() {
        println!(
            "cargo::warning=a root of the crate webpki-roots is left out, because its key is distrusted: \
             {} ({})",
            key.name, key.advisories
        );
    }
    write(
        out,
        "webpki_roots_anchors.rs",
        &list.to_source("WebpkiRoots"),
    )?;
    Ok(list.sha256())
}

fn write(out: &Path, name: &str, content: &str) -> Result<(), String> {
    let path = out.join(name);
    fs::write(&path, content).map_err(|why| format!("{} cannot be written: {why}", path.display()))
}
