//! Compares what a user expects of a build with what the build has.
//!
//! These are the checks of embedded-roots' build script, which reads the variables and the features.

use crate::digest::{hex, sha256_from_hex};
use crate::escape::{MOST_SHOWN, shorten};
use crate::variable::pem_in_place_of_a_path;

/// The variable that names the expected source of the default roots.
pub const DEFAULT: &str = "EMBEDDED_ROOTS_EXPECT_DEFAULT";
/// The old name of [`DEFAULT`]. The variable asserts the source and does not set it.
pub const OLD_DEFAULT: &str = "EMBEDDED_ROOTS_DEFAULT";
/// The variable with the expected digest of the selected bundle.
pub const SHA256: &str = "EMBEDDED_ROOTS_SHA256";

/// Compares the source that the features select with the one that the user expects.
///
/// `expected` is the value of [`DEFAULT`]; an empty value expects nothing. `sources` are all there are,
/// the preferred one first, each with its name and whether it is compiled in.
///
/// # Errors
///
/// The message for the user.
pub fn check_default(expected: &str, sources: &[(&str, bool)]) -> Result<(), String> {
    if expected.is_empty() {
        return Ok(());
    }
    if !sources.iter().any(|(name, _)| *name == expected) {
        let names: Vec<_> = sources.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Err(format!(
            "{DEFAULT} is {}: expected one of {names}",
            quoted(expected)
        ));
    }
    let selected = sources.iter().find(|(_, is_compiled_in)| *is_compiled_in);
    match selected {
        Some((name, _)) if *name == expected => Ok(()),
        Some((name, _)) => Err(format!(
            "{DEFAULT} is \"{expected}\", but the features of this build select \"{name}\" as the \
             source of the default roots\n\
             `cargo tree --edges features --invert embedded-roots` shows which package enables them"
        )),
        None => Err(format!(
            "{DEFAULT} is \"{expected}\", but no feature of this build gives the default roots a \
             source: enable the feature `{expected}` of embedded-roots"
        )),
    }
}

/// Fails if the user has set the variable by its old name, which would otherwise be ignored silently.
///
/// # Errors
///
/// The message for the user.
pub fn check_old_name(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{OLD_DEFAULT} is now called {DEFAULT}, because it checks the default and does not set it: \
         rename the variable"
    ))
}

/// Compares the digest of the selected bundle with the one that the user expects.
///
/// `expected` is the value of [`SHA256`]; an empty value expects nothing. `selected` is the name of the
/// bundle and the digest of its set, if there is a bundle.
///
/// # Errors
///
/// The message for the user.
pub fn check_sha256(expected: &str, selected: Option<(&str, [u8; 32])>) -> Result<(), String> {
    if expected.is_empty() {
        return Ok(());
    }
    let Some(pinned) = sha256_from_hex(expected) else {
        return Err(format!(
            "{SHA256} is {}: expected 64 hexadecimal digits",
            quoted(expected)
        ));
    };
    let Some((name, compiled_in)) = selected else {
        return Err(format!("{SHA256} is set, but no bundle is compiled in"));
    };
    if pinned != compiled_in {
        return Err(format!(
            "the selected bundle, `{name}`, is not the pinned one\n\
             expected ({SHA256}): {}\n\
             compiled in:                      {}\n\
             if the change is intended, pin the second digest",
            hex(&pinned),
            hex(&compiled_in)
        ));
    }
    Ok(())
}

/// A value for a message: not more than 80 characters, and nothing of PEM text, which may have a private key.
fn quoted(value: &str) -> String {
    match pem_in_place_of_a_path(value) {
        Some(_) => "PEM text".to_owned(),
        None => format!("{:?}", shorten(value, MOST_SHOWN)),
    }
}
