//! Why a chain is refused.

use serde::Serialize;

/// Why a chain is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reason {
    /// The server does not send an intermediate, by all appearances.
    Incomplete,
    /// The end-entity certificate is its own issuer.
    SelfSigned,
    /// The chain ends in a known root that this policy does not have, and that Mozilla has removed.
    RemovedRoot,
    /// The chain ends in a known root that this policy does not have.
    OtherRoot,
    /// The chain ends in no known root.
    UnknownRoot,
    /// The root, for certificates that start as late as this one.
    Distrusted,
    /// A certificate of the chain: its private key is public, for example.
    DistrustedCertificate,
    OutsideConstraints,
    /// The certificates allow too many paths.
    TooComplex,
    Expired,
    NotYetValid,
    WrongName,
    BadSignature,
    UnsupportedAlgorithm,
    WrongPurpose,
    /// A critical extension that webpki does not process.
    UnsupportedExtension,
    /// A name constraint of a kind that webpki does not implement.
    UnsupportedConstraint,
    /// The issuer's name is encoded otherwise than in its own certificate.
    NameEncoding,
    Malformed,
    Other,
}
