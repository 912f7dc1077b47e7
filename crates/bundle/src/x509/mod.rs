//! Certificates in DER (RFC 5280), as far as trust needs them.

pub(crate) mod algorithm;
pub(crate) mod anchor;
pub(crate) mod ca;
pub(crate) mod certificate;
pub mod der;
pub(crate) mod name;
pub(crate) mod object_identifier;
pub(crate) mod time;
pub(crate) mod trusted_certificate;
