//! A key whose private key is public.

use embedded_roots_testing::authority::PublicKey;

/// The key of the intermediate EM DV TLS CA - G3B, which is distrusted therefore.
pub(crate) const PUBLIC_KEY: PublicKey<'_> =
    PublicKey(include_bytes!("../data/em-dv-tls-ca-g3b.spki.der"));
