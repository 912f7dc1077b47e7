//! The fields of a certificate, for programs that show what they trust (feature `inspect`).
//!
//! ```
//! # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
//! use std::time::Duration;
//!
//! use embedded_roots::rustls::pki_types::UnixTime;
//! use embedded_roots::{inspect, mozilla};
//!
//! let roots = inspect::certificates(mozilla::annotated_pem())?;
//! println!("{} roots, for example {} ({})", roots.len(), roots[0].subject(), roots[0].key());
//! let month = Duration::from_secs(30 * 86_400);
//! for root in inspect::expiring_within(&roots, UnixTime::now(), month) {
//!     println!("expires: {}", root.subject());
//! }
//! # }
//! # Ok::<(), embedded_roots::Error>(())
//! ```
//!
//! `cargo run -p version -- --version` in the repository prints what a program trusts, with source and
//! date, and what expires within a year.
//!
//! Nothing here decides about trust. Limits that are imposed on a root are in its
//! [`Anchor`](crate::Anchor), because a certificate cannot carry them.

mod certificate;
mod forecast;

pub use self::certificate::{Certificate, PublicKey, certificates, expiring_within};
pub use self::forecast::{
    End, EndKind, Forecast, RootProgram, forecasts, last_certificate, mozilla_schedule,
};
