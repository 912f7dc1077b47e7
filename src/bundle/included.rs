//! Bundles that a program names in its code (feature `macros`).

/// Compiles PEM files, or a part of Mozilla's list, into the program: the expression of a
/// [`Bundle`](crate::Bundle), for a static or a constant (feature `macros`).
///
/// ```
/// use embedded_roots::{Bundle, include_bundle};
///
/// # macro_rules! include_bundle { ($path:literal) => { embedded_roots::include_bundle!("tests/data/custom.pem") } }
/// static CORP: Bundle = include_bundle!("certs/corp.pem");
/// # assert_eq!(CORP.len(), 2);
/// ```
///
/// It reads, checks and sorts while compiling, as the feature `custom` does, and without a variable
/// or a feature that every package of the build shares: a program can have several bundles, and so can a
/// library. At run time, nothing is parsed. Give the bundle to
/// `Roots::builder().bundle(&CORP)`.
///
/// # Files
///
/// Paths are string literals, and start at the folder of the `Cargo.toml` of the package that calls
/// the macro. Several files, `include_bundle!("certs/a.pem", "certs/b.pem")`, make one bundle. A path
/// may lead out of that folder, as `"../certs/corp.pem"` does in a workspace, but not in a package
/// that you publish: `cargo package` leaves the file out, and the build of what it has packed fails.
///
/// Of a file, the anchors are in the program, and no PEM. A changed file is compiled again.
/// Annotations work as they do for `custom`.
///
/// # A part of Mozilla's list
///
/// ```
/// use embedded_roots::{Bundle, include_bundle};
///
/// static LETS_ENCRYPT: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1", "ISRG Root X2"]);
/// assert_eq!(LETS_ENCRYPT.len(), 2);
/// ```
///
/// The roots are those of the package `embedded-roots-mozilla`, with the constraints that Mozilla
/// keeps outside the certificates and [the date of the list](crate::Bundle::as_of). The feature
/// `mozilla` is not needed. A program carries the chosen roots alone. If the CAs of its servers
/// change to other roots, connections fail until it is built anew.
///
/// # Options
///
/// | option | meaning |
/// | --- | --- |
/// | `only = ["...", "..."]` | the roots with these names |
/// | `without = ["...", "..."]` | what is left without the roots with these names |
/// | `sha256 = "..."` | the digest that the bundle must have, as [`Bundle::sha256`](crate::Bundle::sha256) computes it: it pins the set of certificates, but not their annotations |
///
/// A name is a subject as reports show it (`CN=ISRG Root X1, O=Internet Security Research Group,
/// C=US`), a common name, or the SHA-256 fingerprint of a certificate in hexadecimal digits, with or
/// without colons. It has to be complete. If several roots have it, it means all of them; to choose
/// one, use its fingerprint. A name that no root has is an error, and so is a bundle without roots.
/// `only` is applied first, then `without`, then `sha256`.
///
/// ```
/// use embedded_roots::{Bundle, include_bundle};
///
/// static MOST: Bundle = include_bundle!(mozilla, without = ["Izenpe.com"]);
/// assert!(MOST.len() > 100);
/// ```
///
/// # Errors
///
/// A mistake in the arguments or in a file is a compile error at the literal, with the line in the
/// file and how to mend it:
///
/// ```compile_fail
/// # use embedded_roots::{Bundle, include_bundle};
/// static CORP: Bundle = include_bundle!("certs/there-is-no-such-file.pem");
/// ```
///
/// # Limits
///
/// The bundle has anchors, and neither certificates nor PEM, which could not carry the limits of
/// its roots. In `Roots`, roots from files are used exactly as supplied, like those of `custom`: the
/// report lists known limits that therefore do not apply. To roots from Mozilla's list, known limits
/// always apply.
#[macro_export]
macro_rules! include_bundle {
    ($($arguments:tt)*) => {
        $crate::__private::include_bundle!($crate $($arguments)*)
    };
}
