//! Root certificates from PEM to checked trust anchors, and on to Rust source.
//!
//! This is an internal crate of [`embedded-roots`](https://docs.rs/embedded-roots): its build
//! script, its macro, its run-time readers and its maintenance tasks all read PEM with it. Programs should
//! use that crate. Use this one to build tools that follow the same rules.
//!
//! ```
//! use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};
//!
//! # let pem = include_bytes!("../tests/data/root.pem");
//! let roots = parse("root.pem", pem, PrivateKeys::Refuse)?;
//! let bundle = ParsedBundle::new(roots)?;
//! assert_eq!(bundle.roots().len(), 1);
//! # Ok::<(), embedded_roots_bundle::ParseError>(())
//! ```
//!
//! # What is read
//!
//! `CERTIFICATE`, `X509 CERTIFICATE` and `TRUSTED CERTIFICATE` blocks (RFC 7468, and the labels
//! that OpenSSL knows), with text of any kind between them, any line ending and any line length.
//! Other blocks are ignored. [`parse`] is strict: it skips no invalid part, and returns the first
//! mistake as a [`ParseError`] with its line. [`parse_each`] continues after an error. A certificate
//! that says that it is not a CA is an error, too ([`Root::check_ca`]).
//!
//! An input without a certificate is an error that names its form ([`FileForm`]), such as DER, and a boundary that is
//! plainly damaged is an error with its line. In the text form of p11-kit, the attributes of an object limit its
//! certificate: `nss-server-distrust-after` is a distrust date, and a certificate that p11-kit does not trust is an
//! error.
//!
//! # Annotations
//!
//! A line `# embedded-roots: key=value ...` narrows what the next certificate is trusted for. The keys
//! are those of [`Annotation`]. Name constraints in the certificate itself still apply.

mod anchor_list;
mod bundle;
mod count;
pub mod digest;
mod distrust;
pub mod emit;
mod error;
mod escape;
mod file;
mod limits;
mod pem;
pub mod pin;
mod pipe;
mod root;
mod sort;
mod variable;
mod x509;

pub use anchor_list::AnchorList;
pub use bundle::ParsedBundle;
pub use count::counted;
pub use distrust::keys::{DistrustedKey, parse_digests, parse_distrusted_keys, whole_public_key};
#[cfg(feature = "revocations")]
pub use distrust::revocations::Revocations;
#[cfg(feature = "revocations")]
pub use emit::MAX_REVOCATION_TABLES;
pub use error::ParseError;
pub use escape::{escape, shorten};
pub use file::{MAX_FILE_SIZE, read_file, read_file_up_to, read_known_file};
pub use limits::Limits;
pub use limits::annotation::Annotation;
pub use limits::conflict::conflict;
pub use limits::outside::{name_outside, unsupported_constraint};
pub use pem::form::FileForm;
pub use pem::lines::{CERTIFICATE_LABELS, PKCS7_LABELS};
pub use pem::read::{
    PrivateKeys, parse, parse_each, parse_each_certificate, parse_intermediates, parse_pinned,
};
pub use pem::write::certificate_to_pem;
pub use pipe::read_file_or_descriptor;
pub use root::Root;
pub use sort::sort;
pub use variable::{data_in_place_of_a_path, pem_in_place_of_a_path, shown_value};
pub use x509::algorithm::{
    AWS_LC_RS, Provider, algorithm_name, name, unsupported_key, unusable_key,
};
pub use x509::anchor::identity;
pub use x509::certificate::{
    critical_extension, extension, issuer, not_after, not_before, serial_number,
    signature_algorithm, subject, subject_public_key_info,
};
pub use x509::der;
pub use x509::name::DistinguishedName;
pub use x509::object_identifier::ObjectIdentifier;
pub use x509::time::{iso_day, parse_day, parse_iso_day, parse_rfc3339, rfc3339};
