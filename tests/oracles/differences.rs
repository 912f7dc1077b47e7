//! Where other makes have another verdict, and why.

use crate::makes::{GNUTLS, GO, OPENSSL};

/// All of these cases differ, at all of these makes, for this reason.
pub(crate) struct Difference {
    pub(crate) cases: &'static [&'static str],
    pub(crate) makes: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl Difference {
    pub(crate) fn covers(&self, case: &str, make: &str) -> bool {
        self.cases.contains(&case) && self.makes.contains(&make)
    }
}

const ALL: &[&str] = &[OPENSSL, GO, GNUTLS];

/// A finding each: who reads this list should wish that it were shorter.
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
                      root's certificate is not looked at";
const NO_WAY_BACK: &str = "takes one of several issuers of one name, where no key identifier tells them \
                           apart, and does not come back for the next";
const NOT_IN_RING: &str = "rustls with ring has no such algorithm";
const KINDS: &str = "webpki refuses names of a kind that it does not compare, if any constraint is on \
                     that kind";
const COMMON_NAME: &str = "takes the common name for a server's if there is no dNSName, which RFC 9525 \
                           has ended";
const TRUSTED_LEAF: &str = "a server's own certificate may be trusted itself: our roots are CAs, and \
                            rustls accepts no CA as a server";

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
        makes: ALL,
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
        makes: &[OPENSSL, GO],
        reason: ANCHOR,
    },
    Difference {
        cases: &["root with extended key usage any"],
        makes: &[OPENSSL],
        reason: "any is not enough for OpenSSL, which looks at that of a root",
    },
    Difference {
        cases: &["root with basic constraints absent"],
        makes: &[OPENSSL, GO],
        reason: "a certificate that the user trusts, and that does not say that it is no CA, is a CA \
                 for us and for GnuTLS",
    },
    Difference {
        cases: &[
            "intermediate with key usage digitalSignature",
            "intermediate with key usage keyEncipherment",
            "intermediate with key usage keyAgreement",
            "intermediate with key usage cRLSign",
        ],
        makes: ALL,
        reason: "webpki looks at no key usage of a certificate in a chain",
    },
    Difference {
        cases: &[
            "leaf with key usage cRLSign",
            "leaf with key usage keyCertSign",
        ],
        makes: &[OPENSSL],
        reason: "wants a key usage of a server, if there is any; the others leave that to the handshake",
    },
    Difference {
        cases: &[
            "leaf at notAfter",
            "intermediate at notAfter",
            "root at notAfter",
        ],
        makes: &[OPENSSL],
        reason: "the second of notAfter is too late; RFC 5280, section 4.1.2.5, counts it in",
    },
    Difference {
        cases: &[
            "cross-signed under the second",
            "namesakes: wrong intermediate, then right",
        ],
        makes: &[OPENSSL, GNUTLS],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &[
            "cross-signed root sent under the old one",
            "namesakes: the second root of two",
            "namesakes: two roots above an intermediate",
        ],
        makes: &[OPENSSL],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &[
            "cross-signed expired, then valid",
            "namesakes: the first root of two",
        ],
        makes: &[GNUTLS],
        reason: NO_WAY_BACK,
    },
    Difference {
        cases: &["leaf of its issuer's name"],
        makes: &[OPENSSL],
        reason: "takes a certificate of its issuer's name for a self-signed one",
    },
    Difference {
        cases: &[
            "own permitted-dns=corp.example and 10.0.0.1",
            "imposed permitted-dns=corp.example and 10.0.0.1",
            "intermediate's permitted-dns=corp.example and 10.0.0.1",
        ],
        makes: &[GNUTLS],
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
        makes: ALL,
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &[
            "algorithm: RSA 2048 with SHA-224 for P-256",
            "algorithm: RSA 2048 with SHA3-256 for P-256",
            "algorithm: RSA-PSS 2048 with SHA-256 for P-256",
            "algorithm: Ed448 with its own digest for P-256",
        ],
        makes: &[OPENSSL, GNUTLS],
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &[
            "algorithm: RSA 2048 with PSS, short salt for P-256",
            "algorithm: secp256k1 with SHA-256 for P-256",
            "algorithm: brainpoolP256r1 with SHA-256 for P-256",
        ],
        makes: &[OPENSSL],
        reason: NOT_IN_RING,
    },
    Difference {
        cases: &["algorithm: RSA 1024 with SHA-256 for P-256"],
        makes: &[GO],
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
        makes: &[GNUTLS],
        reason: "addresses of IPv4 and of IPv6 are two kinds of names, each without the other's limits",
    },
    Difference {
        cases: &[
            "own excluded-dns=a.corp.example and *.corp.example beside a.test for b.corp.example",
            "imposed excluded-dns=a.corp.example and *.corp.example beside a.test for b.corp.example",
        ],
        makes: ALL,
        reason: "webpki refuses a wildcard that can stand for an excluded name; they compare the \
                 wildcard as it is written",
    },
    Difference {
        cases: &[
            "own permitted-dns and an intermediate with the name a.test",
            "imposed permitted-dns and an intermediate with the name a.test",
        ],
        makes: &[GO, GNUTLS],
        reason: "compares the names of the end entity alone",
    },
    Difference {
        cases: &[
            "own permitted mail, inside",
            "own excluded mail, outside",
            "own permitted URI, inside",
        ],
        makes: ALL,
        reason: KINDS,
    },
    Difference {
        cases: &["own excluded URI, outside"],
        makes: &[OPENSSL, GO],
        reason: KINDS,
    },
    Difference {
        cases: &[
            "own permitted directory, inside",
            "own excluded directory, outside",
            "own excluded directory, none",
        ],
        // Go refuses a critical constraint of a kind that it does not compare.
        makes: &[OPENSSL],
        reason: KINDS,
    },
    Difference {
        cases: &[
            "own permitted URI, outside",
            "own permitted directory, inside",
            "own permitted directory, outside",
            "own permitted directory, none",
        ],
        makes: &[GNUTLS],
        reason: "does not look at which URIs and directory names are permitted",
    },
    Difference {
        cases: &[
            "name: a*.example.com for ab.example.com",
            "name: *a.example.com for ba.example.com",
        ],
        makes: &[OPENSSL],
        reason: "a wildcard may be a part of a label, as RFC 6125 allows",
    },
    Difference {
        cases: &["name: *a.example.com for ba.example.com"],
        makes: &[GNUTLS],
        reason: "a wildcard may be the first part of a label, as RFC 6125 allows",
    },
    Difference {
        cases: &["name: *.com for example.com", "name: * for localhost"],
        makes: &[GO],
        reason: "a wildcard needs no two labels after it",
    },
    Difference {
        cases: &["name: address ::ffff:10.0.0.1 for 10.0.0.1"],
        makes: &[GO],
        reason: "an IPv4-mapped address of IPv6 is the one of IPv4",
    },
    Difference {
        cases: &[
            "name: CN alone for a.example",
            "name: CN with a wildcard for a.example.com",
            "name: CN beside mail for a.example",
        ],
        makes: &[OPENSSL, GNUTLS],
        reason: COMMON_NAME,
    },
    Difference {
        cases: &["name: CN beside an address for a.example"],
        makes: &[OPENSSL],
        reason: COMMON_NAME,
    },
    Difference {
        cases: &["7 intermediates"],
        makes: ALL,
        reason: "webpki goes by six at most, against chains that are made to keep it busy",
    },
    Difference {
        cases: &["anchor: the server's own, no CA"],
        makes: &[OPENSSL, GO],
        reason: TRUSTED_LEAF,
    },
    Difference {
        cases: &["anchor: the server's own, a CA"],
        makes: &[GO, GNUTLS],
        reason: TRUSTED_LEAF,
    },
    Difference {
        cases: &["leaf with basic constraints of a CA"],
        makes: ALL,
        reason: "rustls accepts no CA as a server",
    },
    Difference {
        cases: &["leaf with extended key usage any"],
        makes: &[GO, GNUTLS],
        reason: "any includes serverAuth, which webpki wants by its name",
    },
    Difference {
        cases: &["intermediate with extended key usage any"],
        makes: &[GO],
        reason: "any includes serverAuth, which webpki wants by its name",
    },
];
