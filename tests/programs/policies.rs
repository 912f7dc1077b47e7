//! Prints, for each policy, the sources that gave roots, or the error.

use embedded_roots::{Error, Roots};

fn main() {
    let extended = || Roots::builder().bundle(embedded_roots::bundle());
    let policies: [(&str, fn() -> Result<Roots, Error>); 4] = [
        ("embedded", Roots::embedded),
        ("system", Roots::system),
        ("system_or_embedded", Roots::system_or_embedded),
        ("embedded_and_system", Roots::embedded_and_system),
    ];
    for (name, policy) in policies {
        print(name, policy());
    }
    print("ssl_cert_env", extended().ssl_cert_env().build());
    print("extra_env", extended().extra_env("EXTRA_CA").build());
}

fn print(name: &str, roots: Result<Roots, Error>) {
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
        Err(error) => println!("{name}: error: {error}"),
    }
}
