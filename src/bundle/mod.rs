//! The compiled-in bundles. Only this module and build.rs depend on the features that select them.

pub(crate) mod anchor;
#[allow(clippy::module_inception, reason = "the type that the folder is about")]
pub(crate) mod bundle;
#[cfg(feature = "rustls")]
pub(crate) mod certificates;
#[cfg(feature = "custom")]
pub mod custom;
#[cfg(feature = "rustls")]
pub(crate) mod distrusted;
#[cfg(feature = "macros")]
mod included;
#[cfg(not(feature = "macros"))]
#[path = "unincluded.rs"]
mod included;
#[cfg(feature = "rustls")]
pub(crate) mod limited;
#[cfg(feature = "mozilla")]
pub mod mozilla;
pub(crate) mod name;
#[cfg(feature = "rustls")]
pub(crate) mod onecrl;
#[cfg(any(feature = "custom", feature = "mozilla", feature = "webpki-roots"))]
pub(crate) mod selected;
#[cfg(not(any(feature = "custom", feature = "mozilla", feature = "webpki-roots")))]
#[path = "unselected.rs"]
pub(crate) mod selected;
#[cfg(feature = "webpki-roots")]
pub mod webpki_roots;

pub use anchor::Anchor;
pub use bundle::Bundle;
#[allow(unused_imports, unreachable_pub, reason = "empty without a bundle")]
pub use selected::*;

/// What the code that `include_bundle!` generates names. It is no part of the API.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "macros")]
    pub use embedded_roots_macros::include_bundle;

    pub use super::bundle::Bundle;
    pub use crate::bundle::anchor::Anchor;
    pub use crate::bundle::name::BundleName;
    pub use core::option::Option::{None, Some};
}
