//! Writes the anchors of the selected bundle as Rust source.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    // The bundle is compiled into this script, so Cargo runs it again after every change.
    println!("cargo:rerun-if-changed=build.rs");

    let mut source = String::from("&[\n");
    for anchor in embedded_roots::bundle().anchors() {
        // A trust anchor of rustls has no place for a date.
        if anchor.distrust_after().is_some() {
            continue;
        }
        let anchor = anchor.trust_anchor();
        let constraints = anchor.name_constraints.as_deref();
        writeln!(
            source,
            "    TrustAnchor {{\n        subject: {},\n        subject_public_key_info: {},\n        \
             name_constraints: {},\n    }},",
            der(&anchor.subject),
            der(&anchor.subject_public_key_info),
            constraints.map_or_else(
                || "None".to_owned(),
                |content| format!("Some({})", der(content))
            ),
        )?;
    }
    source.push_str("]\n");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(folder.join("anchors.rs"), source)?;
    Ok(())
}

fn der(content: &[u8]) -> String {
    format!("Der::from_slice(b\"{}\")", content.escape_ascii())
}
