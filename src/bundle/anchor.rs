//! A root, with its limits.

#[cfg(feature = "rustls")]
use core::fmt;
use core::time::Duration;

#[cfg(feature = "rustls")]
use embedded_roots_bundle::Limits;
use rustls_pki_types::{Der, TrustAnchor, UnixTime};

/// One root and its limits.
#[derive(Debug, PartialEq, Eq)]
pub struct Anchor {
    trust_anchor: TrustAnchor<'static>,
    distrust_after: Option<UnixTime>,
}

impl Anchor {
    /// The subject and the SPKI (DER, the content of each SEQUENCE), and the name constraints, both
    /// those of the certificate and imposed ones (RFC 5280, section 4.2.1.10).
    #[must_use]
    pub fn trust_anchor(&self) -> &TrustAnchor<'static> {
        &self.trust_anchor
    }

    /// The last moment at which an end-entity certificate below this root may start to be valid.
    ///
    /// A [`TrustAnchor`] cannot carry this date. If you build your own store, leave out roots with a
    /// distrust-after date, or check the date yourself.
    #[must_use]
    pub const fn distrust_after(&self) -> Option<UnixTime> {
        self.distrust_after
    }

    /// `TrustAnchor::clone` would be inlined, at some 700 bytes, wherever it is called.
    #[inline(never)]
    pub(crate) fn to_trust_anchor(&self) -> TrustAnchor<'static> {
        self.trust_anchor.clone()
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn new(
        trust_anchor: TrustAnchor<'static>,
        distrust_after: Option<UnixTime>,
    ) -> Self {
        Self {
            trust_anchor,
            distrust_after,
        }
    }

    /// The same root within these limits.
    #[cfg(feature = "rustls")]
    pub(crate) fn with_limits(&self, limits: Limits<'_>) -> Self {
        let name_constraints = limits.name_constraints().map(<[u8]>::to_vec);
        let trust_anchor = TrustAnchor {
            name_constraints: name_constraints.map(Into::into),
            ..self.to_trust_anchor()
        };
        Self::new(trust_anchor, limits.distrust_after())
    }

    /// The subject (RFC 4514), escaped so that it stays on one line.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn subject(&self) -> String {
        embedded_roots_bundle::DistinguishedName::new(&self.trust_anchor.subject).to_string()
    }

    /// Its limits: those of the certificate, and those that a root program or an annotation imposes.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn limits(&self) -> Limits<'_> {
        Limits::new(
            self.distrust_after,
            self.trust_anchor.name_constraints.as_deref(),
        )
    }

    /// For generated code: a literal that has the subject from `start` to `end`, and the key from there.
    #[doc(hidden)]
    #[must_use]
    pub const fn from_marked(
        literal: &'static [u8],
        start: usize,
        end: usize,
        name_constraints: Option<&'static [u8]>,
        distrust_after: Option<u64>,
    ) -> Self {
        let (before, key) = literal.split_at(end);
        let (_, subject) = before.split_at(start);
        Self::from_literals(subject, key, name_constraints, distrust_after)
    }

    /// For generated code, so its arguments are all literals.
    #[doc(hidden)]
    #[must_use]
    pub const fn from_literals(
        subject: &'static [u8],
        subject_public_key_info: &'static [u8],
        name_constraints: Option<&'static [u8]>,
        distrust_after: Option<u64>,
    ) -> Self {
        Self {
            trust_anchor: TrustAnchor {
                subject: Der::from_slice(subject),
                subject_public_key_info: Der::from_slice(subject_public_key_info),
                name_constraints: match name_constraints {
                    Some(content) => Some(Der::from_slice(content)),
                    None => None,
                },
            },
            distrust_after: match distrust_after {
                Some(seconds) => Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
                None => None,
            },
        }
    }
}

/// The subject in quotation marks, and the limits in the grammar of annotations.
#[cfg(feature = "rustls")]
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.subject())?;
        if self.limits().is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.limits())
    }
}

impl Clone for Anchor {
    fn clone(&self) -> Self {
        Self {
            trust_anchor: self.to_trust_anchor(),
            distrust_after: self.distrust_after,
        }
    }
}
