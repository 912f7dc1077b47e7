//! Arguments become the source of a bundle.

use std::env;
use std::fmt::Write as _;
use std::path::{Component, Path};

use embedded_roots_bundle::{
    DistrustedKey, ParsedBundle, PrivateKeys, Root, digest, emit, escape, parse, parse_day,
    parse_distrusted_keys, parse_intermediates, read_file,
};
use proc_macro::Span;

use crate::arguments::{Arguments, Source, Text};
use crate::error::Error;
use crate::selection::{is_named, no_root_named};

/// The content of a block that has the names of `embedded_roots::__private` in scope: statements,
/// and the expression of a `Bundle`.
pub(crate) fn bundle(arguments: &Arguments) -> Result<String, Vec<Error>> {
    match &arguments.source {
        Source::Files(files) => {
            let paths: Vec<_> = files.iter().map(|file| escape(&file.value)).collect();
            let paths = paths.join(", ");
            let bundle = choose(files_bundle(files, &paths)?, &paths, arguments)?;
            let variant = format!("Files({paths:?})");
            Ok(watched(files) + &with_fingerprints(&bundle, &bundle.to_source(&variant, None)))
        }
        Source::Mozilla => {
            let bundle = choose(mozilla_bundle()?, "Mozilla's list", arguments)?;
            let is_part = arguments.only.is_some() || arguments.without.is_some();
            let variant = if is_part { "PartOfMozilla" } else { "Mozilla" };
            // The build script of embedded-roots fails if this is not a day.
            let as_of = parse_day(embedded_roots_mozilla::DATE);
            Ok(with_fingerprints(
                &bundle,
                &bundle.to_source(variant, as_of),
            ))
        }
    }
}

/// The content of such a block, with the expression of an array of certificates.
pub(crate) fn intermediates(files: &[Text]) -> Result<String, Error> {
    let mut source = watched(files) + "[";
    for file in files {
        let read = content(&file.value).and_then(|pem| {
            let certificates = parse_intermediates(&file.value, &pem, PrivateKeys::Refuse);
            certificates.map_err(|why| why.to_string())
        });
        for certificate in read.map_err(|why| Error::new(file.span, why))? {
            // Writing to a `String` never fails.
            let der = certificate.escape_ascii();
            let _ = write!(source, "CertificateDer::from_slice(b\"{der}\"),");
        }
    }
    Ok(source + "]")
}

/// Adds the fingerprints to the expression of a bundle.
fn with_fingerprints(bundle: &ParsedBundle, source: &str) -> String {
    let fingerprints = emit::fingerprints(bundle.roots());
    format!(
        "{}.with_fingerprints({})",
        source.trim_end(),
        fingerprints.trim_end()
    )
}

fn mozilla_bundle() -> Result<ParsedBundle, Error> {
    let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
    let roots = parse("embedded-roots-mozilla", pem, PrivateKeys::Refuse);
    roots
        .and_then(ParsedBundle::new)
        .map_err(Error::at_call_site)
}

fn files_bundle(files: &[Text], paths: &str) -> Result<ParsedBundle, Error> {
    let keys = embedded_roots_mozilla::DISTRUSTED_KEYS.as_bytes();
    let keys =
        parse_distrusted_keys("embedded-roots-mozilla", keys).map_err(Error::at_call_site)?;
    let mut roots = Vec::new();
    for file in files {
        let in_file = file_roots(&file.value).map_err(|why| Error::new(file.span, why))?;
        DistrustedKey::check(&keys, &file.value, &in_file)
            .map_err(|why| Error::new(file.span, why.to_string()))?;
        roots.extend(in_file);
    }
    ParsedBundle::new(roots).map_err(|why| {
        let last = files.last().map_or_else(Span::call_site, |file| file.span);
        Error::new(last, format!("{paths}: {why}"))
    })
}

fn file_roots(path: &str) -> Result<Vec<Root>, String> {
    parse(path, &content(path)?, PrivateKeys::Refuse).map_err(|why| why.to_string())
}

/// The content of a file whose path is relative to the folder of Cargo.toml.
fn content(path: &str) -> Result<Vec<u8>, String> {
    if path.is_empty() {
        return Err("expected the path of a PEM file".to_owned());
    }
    let shown = escape(path);
    let mut components = Path::new(path).components();
    if components.any(|part| matches!(part, Component::Prefix(_) | Component::RootDir)) {
        return Err(format!(
            "{shown} is an absolute path, which other machines do not have: paths are relative to \
             the folder of Cargo.toml"
        ));
    }
    let folder = env::var_os(FOLDER).ok_or_else(|| format!("{FOLDER} is not set"))?;
    let file = Path::new(&folder).join(path);
    read_file(&file).map_err(|why| {
        let file = escape(&file.display().to_string());
        let outside = if leaves_folder(path) {
            "; it is outside that folder, so `cargo package` leaves it out"
        } else {
            ""
        };
        format!(
            "{shown} cannot be read: {why}\n\
             paths are relative to the folder of Cargo.toml: this one is {file}{outside}"
        )
    })
}

/// The folder of the Cargo.toml of the package that is compiled.
const FOLDER: &str = "CARGO_MANIFEST_DIR";

fn leaves_folder(path: &str) -> bool {
    let mut depth = 0_usize;
    Path::new(path).components().any(|part| match part {
        Component::ParentDir => {
            let above = depth.checked_sub(1);
            depth = above.unwrap_or_default();
            above.is_none()
        }
        Component::Normal(_) => {
            depth += 1;
            false
        }
        _ => false,
    })
}

/// Makes rustc track the files, so that Cargo compiles again when they change. The constants do not end up
/// in the program.
fn watched(files: &[Text]) -> String {
    files.iter().fold(String::new(), |mut source, file| {
        let path = format!("/{}", file.value);
        // `env!`, because the path of the folder must not be in what is generated. Writing to a
        // `String` never fails.
        let _ = writeln!(
            source,
            "const _: () = {{ let _ = ::core::include_bytes!(::core::concat!(::core::env!({FOLDER:?}), {path:?})); }};"
        );
        source
    })
}

/// The bundle after the options: `only`, then `without`, then the pin of what is left.
fn choose(
    mut bundle: ParsedBundle,
    origin: &str,
    arguments: &Arguments,
) -> Result<ParsedBundle, Vec<Error>> {
    if let Some(only) = &arguments.only {
        check_names(&bundle, origin, only)?;
        bundle.retain(|root| only.iter().any(|name| is_named(root, &name.value)));
    }
    if let Some(without) = &arguments.without {
        check_names(&bundle, origin, without)?;
        bundle.retain(|root| !without.iter().any(|name| is_named(root, &name.value)));
        if let (true, Some(name)) = (bundle.roots().is_empty(), without.first()) {
            let message = format!("this removes the last root of {origin}");
            return Err(Error::new(name.span, message).into());
        }
    }
    if let Some(pin) = &arguments.sha256 {
        check_sha256(pin, bundle.sha256(), origin)?;
    }
    Ok(bundle)
}

fn check_names(bundle: &ParsedBundle, origin: &str, names: &[Text]) -> Result<(), Vec<Error>> {
    let mut errors = Vec::new();
    for name in names {
        if !bundle
            .roots()
            .iter()
            .any(|root| is_named(root, &name.value))
        {
            let message = no_root_named(&name.value, bundle.roots(), origin);
            errors.push(Error::new(name.span, message));
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn check_sha256(pin: &Text, sha256: [u8; 32], origin: &str) -> Result<(), Error> {
    let message = match digest::sha256_from_hex(&pin.value) {
        Some(expected) if expected == sha256 => return Ok(()),
        Some(expected) => format!(
            "the bundle of {origin} is not the pinned one\n\
             expected:    {}\n\
             compiled in: {}\n\
             if the change is intended, pin the second digest",
            digest::hex(&expected),
            digest::hex(&sha256)
        ),
        None => format!("{:?}: expected 64 hexadecimal digits", pin.value),
    };
    Err(Error::new(pin.span, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_folder_are_detected() {
        for path in ["..", "../a.pem", "a/../../b.pem", "./../a/b/../../../a.pem"] {
            assert!(leaves_folder(path), "{path}");
        }
        for path in [
            "a.pem",
            "a/../b.pem",
            "./a.pem",
            "a/b/../../c.pem",
            "..a/..b.pem",
        ] {
            assert!(!leaves_folder(path), "{path}");
        }
    }
}
