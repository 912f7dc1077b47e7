//! Prints the sources that gave roots, or the error, for each policy; with `starved`, first without
//! descriptors and then with some.

use std::fs::File;

use embedded_roots::{Error, Roots};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("starved") => {
            let mut held = Vec::new();
            while let Ok(file) = File::open("/program").or_else(|_| File::open("/dev/null")) {
                held.push(file);
            }
            print();
            // The failure must not be cached.
            drop(held);
            print();
        }
        _ => print(),
    }
}

fn print() {
    let bundle = embedded_roots::bundle();
    let extended = || Roots::builder().bundle(bundle);
    let results: [(&str, Result<Roots, Error>); 7] = [
        ("default", embedded_roots::roots()),
        ("system", Roots::system()),
        ("system_or_embedded", Roots::system_or_embedded()),
        ("embedded_and_system", Roots::embedded_and_system()),
        ("ssl_cert_env", extended().ssl_cert_env().build()),
        ("extra_env", extended().extra_env("EXTRA_CA").build()),
        (
            "optional_pem_file",
            extended().optional_pem_file("optional.pem").build(),
        ),
    ];
    for (name, roots) in results {
        match roots {
            Ok(roots) => {
                let sources = roots
                    .report()
                    .sources()
                    .iter()
                    .filter(|source| source.roots() > 0);
                let origins: Vec<_> = sources.map(|source| source.origin()).collect();
                println!("{name}: {}", origins.join(" + "));
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                println!("{name}: {error}{}", cause.unwrap_or_default());
            }
        }
    }
}
