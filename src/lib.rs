//! Root CA certificates compiled into the program: a ready rustls config, root store, verifier and
//! HTTP clients, for programs that run where no certificates are installed.
//!
//! ```
//! # #[cfg(all(any(feature = "ring", feature = "aws-lc-rs"), any(feature = "mozilla", feature = "custom", feature = "webpki-roots")))] {
//! let config = embedded_roots::client_config()?; // Arc<rustls::ClientConfig>
//! # assert!(std::sync::Arc::strong_count(&config) > 1);
//! # }
//! # Ok::<(), embedded_roots::Error>(())
//! ```
//!
//! # What to use
//!
//! - **One line**: [`client_config()`], [`root_store()`] and [`verifier()`] give the default roots
//!   of the process, made by the first call. [`hyper::client`], [`reqwest::client`] and
//!   [`ureq::agent`] are clients over them.
//! - **A policy**: [`Roots`] is a value. Its presets and [`RootsBuilder`] combine bundles, PEM,
//!   files, variables and the system's store, and its [`Report`] says what each source gave.
//! - **Roots that change** while the program runs: [`RootsBuilder::build_live`] gives [`LiveRoots`],
//!   which read their sources again, and whose clients obey what they find.
//! - **The data**: [`bundle()`] and its module, such as [`mozilla`], have anchors, certificates and
//!   PEM as statics, without std and without rustls. [`include_bundle!`] makes such a bundle of a
//!   PEM file, or of a part of Mozilla's list.
//!
//! # How trust is decided
//!
//! The functions of the crate use exactly one source: the bundle `custom`, else `mozilla`, else
//! `webpki-roots`, else the system's store. Cargo unifies the features of all packages in a
//! build, so another package can *replace* that source. A binary that cares names its roots in code:
//!
//! ```
//! # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
//! use embedded_roots::{Roots, mozilla};
//!
//! Roots::builder().bundle(&mozilla::BUNDLE).build()?.install_default()?;
//! assert_eq!(embedded_roots::roots()?.anchors().len(), mozilla::BUNDLE.len());
//! # }
//! # Ok::<(), embedded_roots::Error>(())
//! ```
//!
//! Or set `EMBEDDED_ROOTS_EXPECT_DEFAULT` at build time: the build then fails if the features select
//! another source.
//!
//! What you supply yourself is strict: the first thing that is invalid is an error, and no other
//! source takes its place. Nothing reads a file or a variable unless the policy asks for it. No
//! public function panics, except that reqwest's blocking client may in async code.
//!
//! # Limits
//!
//! Mozilla keeps some limits outside the certificates: a date after which a root may not issue, and
//! names that it may issue for. [`Verifier`], which every config and client of this crate uses,
//! enforces both, and so does [`Roots::client_cert_verifier`] in servers. A `RootCertStore` cannot
//! carry a date, and certificates and PEM can carry neither, so they leave out the roots whose limits
//! would be lost.
//!
//! The validity of a root itself is not checked, as in webpki. Revocation is not checked unless you
//! supply CRLs, or enable `onecrl` or `crlite`.
//!
//! # More
//!
//! The [README](https://docs.rs/crate/embedded-roots/latest) describes the crate features, private CAs
//! and scratch images. `_documentation` has the tables of all policies and variables, the code for other
//! clients, and the figures.
#![cfg_attr(docsrs, feature(doc_cfg))]
// This page links to items of these features.
#![cfg_attr(
    not(all(
        feature = "hyper",
        feature = "macros",
        feature = "mozilla",
        feature = "reqwest",
        feature = "ureq"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(not(feature = "rustls"), no_std)]
// clippy.toml allows these in test functions; helpers beside the tests need it here.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)
)]

mod bundle;
#[cfg(feature = "rustls")]
mod config;
#[cfg(feature = "rustls")]
mod connect;
#[cfg(feature = "rustls")]
mod error;
#[cfg(feature = "inspect")]
pub mod inspect;
#[cfg(feature = "rustls")]
mod logging;
#[cfg(feature = "rustls")]
mod roots;
#[cfg(feature = "rustls")]
mod source;
#[cfg(feature = "rustls")]
mod trust;
#[cfg(feature = "rustls")]
mod verify;
#[cfg(all(test, unix, feature = "rustls"))]
mod world;

pub use bundle::*;
#[cfg(feature = "hyper")]
pub use connect::hyper_client as hyper;
#[cfg(feature = "reqwest")]
pub use connect::reqwest_client as reqwest;
#[cfg(feature = "ureq")]
pub use connect::ureq_client as ureq;
#[cfg(feature = "rustls")]
pub use embedded_roots_bundle::Limits;
#[cfg(feature = "rustls")]
pub use error::Error;
#[cfg(feature = "rustls")]
pub use roots::builder::RootsBuilder;
#[cfg(feature = "rustls")]
#[doc(hidden)]
pub use roots::default::default_certificates;
#[cfg(feature = "rustls")]
pub use roots::default::{client_config, client_config_builder, root_store, roots, verifier};
#[cfg(feature = "rustls")]
pub use roots::live::{Changes, FailedRefresh, LiveReport, LiveRoots, RefreshGuard};
#[cfg(feature = "rustls")]
pub use roots::policy::Roots;
/// The version of rustls whose types are in this API.
#[cfg(feature = "rustls")]
pub use rustls;
#[cfg(feature = "crlite")]
pub use source::crlite::policy::Crlite;
#[cfg(feature = "rustls")]
pub use source::crlite::status::CrliteReport;
#[cfg(feature = "rustls")]
pub use trust::certificates_report::CertificatesReport;
#[cfg(feature = "rustls")]
pub use trust::report::{Report, SourceReport};
#[cfg(feature = "rustls")]
pub use verify::refusal::Refusal;
#[cfg(feature = "rustls")]
pub use verify::verifier::Verifier;

/// The pages of docs/, for docs.rs, and their examples as tests.
#[cfg(all(
    doc,
    feature = "macros",
    feature = "mozilla",
    feature = "system",
    any(feature = "ring", feature = "aws-lc-rs")
))]
pub mod _documentation {
    #[doc = include_str!("../docs/policy.md")]
    pub mod policy {}
    #[doc = include_str!("../docs/clients.md")]
    pub mod clients {}
    #[doc = include_str!("../docs/reqwest.md")]
    pub mod reqwest {}
    #[doc = include_str!("../docs/figures.md")]
    pub mod figures {}
    #[doc = include_str!("../docs/security.md")]
    pub mod security {}
}

/// The examples of README.md compile.
#[cfg(all(
    doctest,
    feature = "mozilla",
    feature = "hyper",
    feature = "reqwest",
    any(feature = "ring", feature = "aws-lc-rs")
))]
#[doc = include_str!("../README.md")]
struct Readme;
