//! Where other makes have another verdict, and why.

use crate::makes::{GNUTLS, GO, OPENSSL};

pub(crate) struct Difference {
    /// The name of a case, or its beginning and `*`: all of these have to differ.
    pub(crate) case: &'static str,
    pub(crate) makes: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl Difference {
    pub(crate) fn covers(&self, name: &str, make: &str) -> bool {
        let same_name = match self.case.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.case,
        };
        same_name && self.makes.contains(&make)
    }
}

const fn differ(
    case: &'static str,
    makes: &'static [&'static str],
    reason: &'static str,
) -> Difference {
    Difference {
        case,
        makes,
        reason,
    }
}

const ALL: &[&str] = &[OPENSSL, GO, GNUTLS];

// What webpki leaves out: we accept, they refuse.
const ANCHOR: &str = "webpki's trust anchor is a name, a key and name constraints: it does not look \
                      at the rest of a root";
const KEY_USAGE: &str = "webpki does not look at the key usage of a certificate in a chain";
const SAYS_NOTHING: &str =
    "a root with neither basic constraints nor a key usage that forbids it is a CA for us";

// What rustls with ring does not do: we refuse, they accept.
const NOT_IN_RING: &str = "rustls with ring has no such algorithm";
const SEVEN: &str = "webpki goes by at most six intermediates";
const KINDS: &str =
    "webpki refuses names of a kind that it does not compare, if a constraint is set";
const WILDCARD_EXCLUDED: &str = "webpki refuses a wildcard that may stand for an excluded name; they \
                                 compare it as it is written";
const CA_AS_LEAF: &str = "rustls refuses a CA certificate as a server's";
const TRUSTED_LEAF: &str = "an end-entity certificate that is trusted itself is accepted by its makes \
                            without a CA; we have CAs alone as roots";
const COMMON_NAME: &str = "OpenSSL and GnuTLS take the common name for a server's name if there is no \
                           dNSName; RFC 9525 has ended that";
const ANY: &str = "anyExtendedKeyUsage is a permission for all; webpki wants serverAuth by name";

// What the others do in their own way.
const PARTIAL_WILDCARD: &str = "they let a wildcard be a part of a label, as RFC 6125 allows";
const SHORT_WILDCARD: &str = "Go does not count the labels beside a wildcard";
const MAPPED: &str = "Go takes an IPv4-mapped IPv6 address for the IPv4 address";
const CRL_SIGNING: &str = "OpenSSL wants a key usage of a server if there is any";
const INCLUSIVE: &str = "OpenSSL counts the second of notAfter as after it; RFC 5280, section 4.1.2.5, \
                         counts it in";
const NO_WAY_BACK: &str = "OpenSSL 3.0 and GnuTLS take one of several issuers of the same name, and do \
                           not come back for the next";
const SELF_ISSUED: &str = "OpenSSL takes a certificate of its issuer's name for a self-signed one";
const CONSTRAINED_COMMON_NAME: &str = "GnuTLS compares the common name with constraints on DNS names if \
                                       there is no dNSName";
const TWO_FAMILIES: &str = "GnuTLS takes addresses of IPv4 and of IPv6 for two kinds of names";
const LEAF_ALONE: &str = "Go 1.19 and GnuTLS compare no names of intermediates";
const URI: &str = "GnuTLS compares no URIs, and ignores which are permitted";

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

pub(crate) const DIFFERENCES: &[Difference] = &[
    differ("root of path length 0 with 1 below", ALL, ANCHOR),
    differ("root of path length 1 with 2 below", ALL, ANCHOR),
    differ("root with unknown critical extension", ALL, ANCHOR),
    differ("root a second before notBefore", ALL, ANCHOR),
    differ("root a second after notAfter", ALL, ANCHOR),
    differ(
        "root with extended key usage clientAuth",
        &[OPENSSL, GO],
        ANCHOR,
    ),
    differ(
        "root with extended key usage emailProtection",
        &[OPENSSL, GO],
        ANCHOR,
    ),
    differ(
        "root with extended key usage OCSPSigning",
        &[OPENSSL, GO],
        ANCHOR,
    ),
    differ(
        "root with extended key usage of nobody",
        &[OPENSSL, GO],
        ANCHOR,
    ),
    differ("root with extended key usage any", &[OPENSSL], ANCHOR),
    differ(
        "root with basic constraints absent",
        &[OPENSSL, GO],
        SAYS_NOTHING,
    ),
    differ(
        "intermediate with key usage digitalSignature",
        ALL,
        KEY_USAGE,
    ),
    differ(
        "intermediate with key usage keyEncipherment",
        ALL,
        KEY_USAGE,
    ),
    differ("intermediate with key usage keyAgreement", ALL, KEY_USAGE),
    differ("intermediate with key usage cRLSign", ALL, KEY_USAGE),
    differ("leaf with key usage cRLSign", &[OPENSSL], CRL_SIGNING),
    differ("leaf with key usage keyCertSign", &[OPENSSL], CRL_SIGNING),
    differ("leaf at notAfter", &[OPENSSL], INCLUSIVE),
    differ("intermediate at notAfter", &[OPENSSL], INCLUSIVE),
    differ("root at notAfter", &[OPENSSL], INCLUSIVE),
    differ(
        "cross-signed under the second",
        &[OPENSSL, GNUTLS],
        NO_WAY_BACK,
    ),
    differ("cross-signed expired, then valid", &[GNUTLS], NO_WAY_BACK),
    differ(
        "cross-signed root sent under the old one",
        &[OPENSSL],
        NO_WAY_BACK,
    ),
    differ("namesakes: the first root of two", &[GNUTLS], NO_WAY_BACK),
    differ("namesakes: the second root of two", &[OPENSSL], NO_WAY_BACK),
    differ(
        "namesakes: two roots above an intermediate",
        &[OPENSSL],
        NO_WAY_BACK,
    ),
    differ(
        "namesakes: wrong intermediate, then right",
        &[OPENSSL, GNUTLS],
        NO_WAY_BACK,
    ),
    differ("leaf of its issuer's name", &[OPENSSL], SELF_ISSUED),
    differ(
        "own permitted-dns=corp.example and 10.0.0.1",
        &[GNUTLS],
        CONSTRAINED_COMMON_NAME,
    ),
    differ(
        "imposed permitted-dns=corp.example and 10.0.0.1",
        &[GNUTLS],
        CONSTRAINED_COMMON_NAME,
    ),
    differ(
        "intermediate's permitted-dns=corp.example and 10.0.0.1",
        &[GNUTLS],
        CONSTRAINED_COMMON_NAME,
    ),
    differ(
        "own permitted-ip=10.0.0.0/8 and fd00::1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "imposed permitted-ip=10.0.0.0/8 and fd00::1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "intermediate's permitted-ip=10.0.0.0/8 and fd00::1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "own permitted-ip=fd00::/8 and 10.0.0.1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "imposed permitted-ip=fd00::/8 and 10.0.0.1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "intermediate's permitted-ip=fd00::/8 and 10.0.0.1",
        &[GNUTLS],
        TWO_FAMILIES,
    ),
    differ(
        "own excluded-dns=a.corp.example and *",
        ALL,
        WILDCARD_EXCLUDED,
    ),
    differ(
        "imposed excluded-dns=a.corp.example and *",
        ALL,
        WILDCARD_EXCLUDED,
    ),
    differ(
        "own permitted-dns and an intermediate with the name a.test",
        &[GO, GNUTLS],
        LEAF_ALONE,
    ),
    differ(
        "imposed permitted-dns and an intermediate with the name a.test",
        &[GO, GNUTLS],
        LEAF_ALONE,
    ),
    differ("own permitted mail, inside", ALL, KINDS),
    differ("own excluded mail, outside", ALL, KINDS),
    differ("own permitted URI, inside", ALL, KINDS),
    differ("own excluded URI, outside", &[OPENSSL, GO], KINDS),
    differ("own permitted URI, outside", &[GNUTLS], URI),
    differ(
        "algorithm: RSA 1024 with SHA-256 for P-256",
        &[GO],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: RSA 2048 with SHA-224 for P-256",
        &[OPENSSL, GNUTLS],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: RSA 2048 with SHA3-256 for P-256",
        &[OPENSSL, GNUTLS],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: RSA 2048 with PSS, short salt for P-256",
        &[OPENSSL],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: RSA-PSS 2048 with SHA-256 for P-256",
        &[OPENSSL, GNUTLS],
        NOT_IN_RING,
    ),
    differ("algorithm: P-256 with SHA-512 for P-256", ALL, NOT_IN_RING),
    differ("algorithm: P-384 with SHA-512 for P-256", ALL, NOT_IN_RING),
    differ("algorithm: P-521 with SHA-512 for P-256", ALL, NOT_IN_RING),
    differ("algorithm: P-224 with SHA-256 for P-256", ALL, NOT_IN_RING),
    differ(
        "algorithm: secp256k1 with SHA-256 for P-256",
        &[OPENSSL],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: brainpoolP256r1 with SHA-256 for P-256",
        &[OPENSSL],
        NOT_IN_RING,
    ),
    differ(
        "algorithm: Ed448 with its own digest for P-256",
        &[OPENSSL, GNUTLS],
        NOT_IN_RING,
    ),
    differ(
        "name: a*.example.com for ab.example.com",
        &[OPENSSL],
        PARTIAL_WILDCARD,
    ),
    differ(
        "name: *a.example.com for ba.example.com",
        &[OPENSSL, GNUTLS],
        PARTIAL_WILDCARD,
    ),
    differ(
        "name: CN alone for a.example",
        &[OPENSSL, GNUTLS],
        COMMON_NAME,
    ),
    differ(
        "name: CN with a wildcard for a.example.com",
        &[OPENSSL, GNUTLS],
        COMMON_NAME,
    ),
    differ(
        "name: CN beside an address for a.example",
        &[OPENSSL],
        COMMON_NAME,
    ),
    differ(
        "name: CN beside mail for a.example",
        &[OPENSSL, GNUTLS],
        COMMON_NAME,
    ),
    differ("7 intermediates", ALL, SEVEN),
    differ(
        "anchor: the server's own, no CA",
        &[OPENSSL, GO],
        TRUSTED_LEAF,
    ),
    differ("leaf with basic constraints of a CA", ALL, CA_AS_LEAF),
    differ("name: *.com for example.com", &[GO], SHORT_WILDCARD),
    differ("name: * for localhost", &[GO], SHORT_WILDCARD),
    differ("name: address ::ffff:10.0.0.1 for 10.0.0.1", &[GO], MAPPED),
    differ("anchor: the server's own, a CA", &[GO, GNUTLS], CA_AS_LEAF),
    differ("leaf with extended key usage any", &[GO, GNUTLS], ANY),
    differ("intermediate with extended key usage any", &[GO], ANY),
];
