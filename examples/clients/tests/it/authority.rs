//! Private CAs, and what clients that trust one of them must say about a server of another.

use std::error::Error;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{self, Identity, client, root, server};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// A private CA.
pub(crate) struct Authority(authority::Authority);

impl Authority {
    fn new(name: &str) -> Self {
        Self(root(name))
    }

    /// These roots alone, for clients that take a config.
    pub(crate) fn roots(&self) -> Roots {
        Roots::builder().pem(self.0.pem()).build().unwrap()
    }

    /// These roots, distrusted for certificates that start after 1970, as all do here.
    fn distrusted_roots(&self) -> Roots {
        let annotation = "# embedded-roots: distrust-after=1970-01-01T00:00:00Z\n";
        let pem = annotation.to_owned() + &self.0.pem();
        Roots::builder().pem(pem).build().unwrap()
    }

    /// These roots and Mozilla's, for clients that take PEM or certificates: they must read all of them.
    pub(crate) fn public_roots(&self) -> Roots {
        Self::with_mozilla(&self.0.pem())
    }

    /// The roots of another CA and Mozilla's, and those of this one within a limit, which PEM cannot carry.
    pub(crate) fn left_out_beside(&self, other: &Self) -> Roots {
        let limited = "# embedded-roots: permitted-dns=localhost\n".to_owned() + &self.0.pem();
        let roots = Self::with_mozilla(&(limited + &other.0.pem()));
        assert!(
            roots
                .anchors()
                .iter()
                .any(|anchor| anchor.subject() == "CN=CA")
        );
        roots
    }

    fn with_mozilla(pem: &str) -> Roots {
        let roots = Roots::builder().bundle(&embedded_roots::mozilla::BUNDLE);
        roots.pem(pem).build().unwrap()
    }

    /// A client.
    pub(crate) fn client(&self) -> Identity {
        client(&self.0, "a client")
    }

    /// A server on localhost.
    pub(crate) fn server(&self) -> Identity {
        server(&self.0, "localhost")
    }
}

/// The CA of the servers, and one that they do not have.
pub(crate) fn authorities() -> (Authority, Authority) {
    (Authority::new("CA"), Authority::new("Another CA"))
}

/// Why a client refuses a server.
#[derive(Clone, Copy)]
pub(crate) enum Reason {
    UnknownIssuer,
    /// A limit of the root.
    Distrusted,
}

/// Roots under which the servers of `ca` are refused, and why: those of another CA, and of that one
/// within a limit.
pub(crate) fn refusing(ca: &Authority, other: &Authority) -> [(Roots, Reason); 2] {
    [
        (other.roots(), Reason::UnknownIssuer),
        (ca.distrusted_roots(), Reason::Distrusted),
    ]
}

/// That the error keeps our reason.
#[track_caller]
pub(crate) fn explained(error: &(dyn Error + 'static), reason: Reason) {
    let refusal = Refusal::of(error).unwrap_or_else(|| panic!("another reason: {error:?}"));
    match reason {
        Reason::UnknownIssuer => {
            assert!(refusal.is_unknown_issuer(), "{refusal}");
            assert_eq!(refusal.issuer(), Some("CN=CA"), "{refusal}");
        }
        Reason::Distrusted => assert!(refusal.is_distrusted(), "{refusal}"),
    }
}

/// That the error has the client's own words for the same reason, and not ours.
#[track_caller]
pub(crate) fn refused(error: &(dyn Error + 'static), words: &str) {
    assert!(Refusal::of(error).is_none(), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains(words), "another reason: {text}");
}
