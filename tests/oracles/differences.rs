//! Where other verifiers reach another verdict, and why.

use crate::verifiers::{GNUTLS, GO, OPENSSL};

/// All of these cases differ, with all of these verifiers, for this reason.
pub(crate) struct Difference {
    pub(crate) cases: &'static [&'static str],
    pub(crate) verifiers: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl Difference {
    pub(crate) fn covers(&self, case: &str, verifier: &str) -> bool {
        self.cases.contains(&case) && self.verifiers.contains(&verifier)
    }
}

const ALL: &[&str] = &[OPENSSL, GO, GNUTLS];

/// Each entry is a finding; the list should only shrink.
pub(crate) const ACCEPTED_BY_US_ALONE: &[&str] = &[
    "root of path length 0 with 1 below",
    "root of path length 1 with 2 below",
    "intermediate with key usage digitalSignature",
    "intermediate with key usage keyEncipherment",
    "intermediate with key usage keyAgreement",
    "intermediate with key usage cRLSign",
    "root with unknown critical extension",
    "root a second before notBefore",
    "root a second after notAfter",
];

/// webpki 0.103's `TrustAnchor` has room for nothing else.
const ANCHOR: &str = "a trust anchor of webpki is a name, a key and name constraints: the rest of a \
                      root's certificate is not checked";
const NO_WAY_BACK: &str = "commits to one of several issuers with the same name and does not backtrack, \
                           where no key identifier tells them apart";
const NOT_IN_RING: &str = "rustls with ring has no such algorithm";
const KINDS: &str = "webpki refuses names of a kind that it does not compare, if any constraint is on \
                     that kind";
const COMMON_NAME: &str = "falls back on the common name if there is no dNSName, which RFC 9525 no \
                           longer allows";
const TRUSTED_LEAF: &str = "these verifiers let you trust a server's own certificate; we trust only CAs, \
                            and rustls accepts no CA as a server";

pub(crate) const DIFFERENCES: &[Difference] = &[
    // We accept, and they refuse.
    Difference {
        cases: &[
            "root of path length 0 with 1 below",
            "root of path length 1 with 2 below",
            "root with unknown critical extension",
            "root a second before notBefore",
            "root a second after notAfter",
        ],
        verifiers: ALL,
        reason: ANCHOR,
    },
    Difference {
        cases: &[
            "root with extended key usage clientAuth",
            "root with extended key usage emailProtection",
            "root with extended key usage OCSPSigning",
            "root with extended key usage of nobody",
        ],
        // GnuTLS does not look at it either.
        verifiers: &[OPENSSL, GO],
        reason: ANCHOR,
    },
    Difference {
        cases: &["root with extended key usage any"],
        verifiers: &[OPENSSL],
        reason: "any is not enough for OpenSSL, which looks at that of a root",
    },
    Difference {
        cases: &["root with basic constraints absent"],
        verifiers: &[OPENSSL, GO],
        reason: "a certificate that the user trusts, and that does not say that it is not a CA, is a CA \
                 for us and for GnuTLS",
    },
    Difference {
        cases: &[
            "intermediate with key usage digitalSignature",
            "intermediate with key usage keyEncipherment",
            "intermediate with key usage keyAgreement",
            "intermediate with key usage cRLSign",
        ],
        verifiers: ALL,
        reason: "webpki checks no key usage of the certificates in a chain",
    },
    Difference {
        cases: &[
            "leaf with key usage cRLSign",
            "leaf with key usage keyCertSign",
        ],
        verifiers: &[OPENSSL],
        reason: "wants a key usage of a server, if there is any; the others leave that to the handshake",
    },
    Difference {
        cases: &[
            "leaf at notAfter",
            "intermediate at notAfter",
            "root at notAfter",
        ],
        verifiers: &[OPENSSL],
        reason: "treats notAfter as exclusive; RFC 5280, section 4.1.2.5, includes it",
    },
    Difference {
        cases: &[
            "cross-signed under the second",
            "namesakes: wrong intermediate, then right",
        ],
        verifiers: &[OPENSSL, GNUTLS],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &[
            "cross-signed root sent under the old one",
            "namesakes: the second root of two",
            "namesakes: two roots above an intermediate",
        ],
        verifiers: &[OPENSSL],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &[
            "cross-signed expired, then valid",
            "namesakes: the first root of two",
        ],
        verifiers: &[GNUTLS],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &["leaf of its issuer's name"],
        verifiers: &[OPENSSL],
        reason: "takes a certificate of its issuer's name for a self-signed one",
    },
    Difference {
        cases: &[
            "own permitted-dns=corp.example and 10.0.0.1",
            "imposed permitted-dns=corp.example and 10.0.0.1",
            "intermediate's permitted-dns=corp.example and 10.0.0.1",
        ],
        verifiers: &[GNUTLS],
        reason: "compares the common name with constraints on DNS names if there is no dNSName",
    },
    // They accept, and we refuse.
    Difference {
        cases: &[
            "algorithm: P-256 with SHA-512 for P-256",
            "algorithm: P-384 with SHA-512 for P-256",
            "algorithm: P-521 with SHA-512 for P-256",
            "algorithm: P-224 with SHA-256 for P-256",
        ],
        verifiers: ALL,
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &[
            "algorithm: RSA 2048 with SHA-224 for P-256",
            "algorithm: RSA 2048 with SHA3-256 for P-256",
            "algorithm: RSA-PSS 2048 with SHA-256 for P-256",
            "algorithm: Ed448 with its own digest for P-256",
        ],
        verifiers: &[OPENSSL, GNUTLS],
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &[
            "algorithm: RSA 2048 with PSS, short salt for P-256",
            "algorithm: secp256k1 with SHA-256 for P-256",
            "algorithm: brainpoolP256r1 with SHA-256 for P-256",
        ],
        verifiers: &[OPENSSL],
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &["algorithm: RSA 1024 with SHA-256 for P-256"],
        verifiers: &[GO],
        reason: "Go 1.19 has no shortest RSA key; ring has 2048 bits, as the others are asked for",
    },
    Difference {
        cases: &[
            "own permitted-ip=10.0.0.0/8 and fd00::1",
            "imposed permitted-ip=10.0.0.0/8 and fd00::1",
            "intermediate's permitted-ip=10.0.0.0/8 and fd00::1",
            "own permitted-ip=fd00::/8 and 10.0.0.1",
            "imposed permitted-ip=fd00::/8 and 10.0.0.1",
            "intermediate's permitted-ip=fd00::/8 and 10.0.0.1",
        ],
        verifiers: &[GNUTLS],
        reason: "addresses of IPv4 and of IPv6 are two kinds of names, each without the other's limits",
    },
    Difference {
        cases: &[
            "own excluded-dns=a.corp.example and *.corp.example beside a.test for b.corp.example",
            "imposed excluded-dns=a.corp.example and *.corp.example beside a.test for b.corp.example",
        ],
        verifiers: ALL,
        reason: "webpki refuses a wildcard that can stand for an excluded name; they compare the \
                 wildcard as it is written",
    },
    Difference {
        cases: &[
            "own permitted-dns and an intermediate with the name a.test",
            "imposed permitted-dns and an intermediate with the name a.test",
        ],
        verifiers: &[GO, GNUTLS],
        reason: "compares the names of the end entity alone",
    },
    Difference {
        cases: &[
            "own permitted mail, inside",
            "own excluded mail, outside",
            "own permitted URI, inside",
        ],
        verifiers: ALL,
        reason: KINDS,
    },
    Difference {
        cases: &["own excluded URI, outside"],
        verifiers: &[OPENSSL, GO],
        reason: KINDS,
    },
    Difference {
        cases: &[
            "own permitted directory, inside",
            "own excluded directory, outside",
            "own excluded directory, none",
        ],
        // Go refuses a critical constraint of a kind that it does not compare.
        verifiers: &[OPENSSL],
        reason: KINDS,
    },
    Difference {
        cases: &[
            "own permitted URI, outside",
            "own permitted directory, inside",
            "own permitted directory, outside",
            "own permitted directory, none",
        ],
        verifiers: &[GNUTLS],
        reason: "does not look at which URIs and directory names are permitted",
    },
    Difference {
        cases: &[
            "name: a*.example.com for ab.example.com",
            "name: *a.example.com for ba.example.com",
        ],
        verifiers: &[OPENSSL],
        reason: "a wildcard may be a part of a label, as RFC 6125 allows",
    },
    Difference {
        cases: &["name: *a.example.com for ba.example.com"],
        verifiers: &[GNUTLS],
        reason: "a wildcard may be the first part of a label, as RFC 6125 allows",
    },
    Difference {
        cases: &["name: *.com for example.com", "name: * for localhost"],
        verifiers: &[GO],
        reason: "a wildcard needs no two labels after it",
    },
    Difference {
        cases: &["name: address ::ffff:10.0.0.1 for 10.0.0.1"],
        verifiers: &[GO],
        reason: "an IPv4-mapped address of IPv6 is the one of IPv4",
    },
    Difference {
        cases: &[
            "name: CN alone for a.example",
            "name: CN with a wildcard for a.example.com",
            "name: CN beside mail for a.example",
        ],
        verifiers: &[OPENSSL, GNUTLS],
        reason: COMMON_NAME,
    },
    Difference {
        cases: &["name: CN beside an address for a.example"],
        verifiers: &[OPENSSL],
        reason: COMMON_NAME,
    },
    Difference {
        cases: &["7 intermediates"],
        verifiers: ALL,
        reason: "webpki follows at most six intermediates, to bound the work on hostile chains",
    },
    Difference {
        cases: &["anchor: the server's own, no CA"],
        verifiers: &[OPENSSL, GO],
        reason: TRUSTED_LEAF,
    },
    Difference {
        cases: &["anchor: the server's own, a CA"],
        verifiers: &[GO, GNUTLS],
        reason: TRUSTED_LEAF,
    },
    Difference {
        cases: &["leaf with basic constraints of a CA"],
        verifiers: ALL,
        reason: "rustls accepts no CA as a server",
    },
    Difference {
        cases: &["leaf with extended key usage any"],
        verifiers: &[GO, GNUTLS],
        reason: "any includes serverAuth, which webpki wants by its name",
    },
    Difference {
        cases: &["intermediate with extended key usage any"],
        verifiers: &[GO],
        reason: "any includes serverAuth, which webpki wants by its name",
    },
];
