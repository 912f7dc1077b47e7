//! Bundles and intermediates that a program names in its code (feature `macros`).

/// Compiles PEM files, or a part of Mozilla's list, into the program (feature `macros`). It is an
/// expression of type [`Bundle`](crate::Bundle), for a static or a constant.
///
/// ```
/// use embedded_roots::{Bundle, include_bundle};
///
/// # macro_rules! include_bundle { ($path:literal) => { embedded_roots::include_bundle!("tests/data/custom.pem") } }
/// static CORP: Bundle = include_bundle!("certs/corp.pem");
/// # assert_eq!(CORP.len(), 2);
/// ```
///
/// The file is read and checked at compile time, by the rules of the feature `custom`. No build-time
/// variable is needed, and other packages of the build are not affected, so a program or a library can
/// have several bundles. Pass them to `Roots::builder().bundle(&CORP)`.
///
/// # Files
///
/// A path is a string literal, relative to the folder of the `Cargo.toml` of the package that calls
/// the macro. Several files, `include_bundle!("certs/a.pem", "certs/b.pem")`, make one bundle. In a
/// workspace, a path may lead out of the package: `"../certs/corp.pem"`. In a package that you publish
/// it may not: `cargo package` leaves the file out, and then cannot compile the package.
///
/// Only the anchors are compiled in, without the PEM text. When the file changes, Cargo compiles the
/// package again. Annotations work as they do for `custom`.
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
/// The list is that of the package `embedded-roots-mozilla`, with the limits that Mozilla keeps outside
/// the certificates, and with [its date](crate::Bundle::as_of). The feature `mozilla` is not needed.
/// Only the selected roots are compiled in. If the CA of a server moves to another root, connections
/// fail until you rebuild the program with that root.
///
/// # Options
///
/// | option | meaning |
/// | --- | --- |
/// | `only = ["...", "..."]` | keeps the roots with these names |
/// | `without = ["...", "..."]` | removes the roots with these names |
/// | `sha256 = "..."` | the digest that the bundle must have, as [`Bundle::sha256`](crate::Bundle::sha256) computes it: it pins the set of certificates, but not their annotations |
///
/// A name is a whole subject as reports show it (`CN=ISRG Root X1, O=Internet Security Research
/// Group, C=US`), a common name, or the SHA-256 fingerprint of a certificate in hexadecimal digits,
/// with or without colons. If several roots have the name, it selects all of them; use a fingerprint to
/// select one. A name that matches no root is an error. `only` is applied first, then `without`, then
/// `sha256`.
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
/// A mistake in the arguments or in a file is a compile error at the literal. The error names the line
/// in the file, and says how to fix it:
///
/// ```compile_fail
/// # use embedded_roots::{Bundle, include_bundle};
/// static CORP: Bundle = include_bundle!("certs/there-is-no-such-file.pem");
/// ```
///
/// # Limits
///
/// The bundle has only anchors, because certificates and PEM could not carry the limits of its roots.
/// Roots from files are used exactly as supplied, like those of `custom`, and the report names known
/// limits that do not apply. Known limits always apply to roots from Mozilla's list.
#[macro_export]
macro_rules! include_bundle {
    ($($arguments:tt)*) => {
        $crate::__private::include_bundle!($crate $($arguments)*)
    };
}

/// Compiles the intermediates of PEM files into the program (feature `macros`): certificates that are not roots, and
/// that only help to build a path. It is an expression of type `[CertificateDer<'static>; N]`, for
/// `RootsBuilder::intermediates`.
///
/// ```
/// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
/// use embedded_roots::{Roots, include_intermediates, mozilla};
///
/// # macro_rules! include_intermediates { ($path:literal) => { embedded_roots::include_intermediates!("tests/data/intermediates.pem") } }
/// let roots = Roots::builder()
///     .bundle(&mozilla::BUNDLE)
///     .intermediates(include_intermediates!("certs/intermediates.pem"))
///     .build()?;
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
///
/// Paths are those of [`include_bundle!`](crate::include_bundle). The files are read and checked at compile time, and
/// the package is compiled again when one changes. A certificate that is a root, does not say that it is a CA, or has an
/// annotation is a compile error. Validity is not judged: a certificate that has expired is ignored at run time.
#[macro_export]
macro_rules! include_intermediates {
    ($($arguments:tt)*) => {
        $crate::__private::include_intermediates!($crate $($arguments)*)
    };
}
