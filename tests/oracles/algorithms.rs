//! Keys and signatures. rcgen makes neither those of RSA nor those that have to be refused, so all of
//! these chains are OpenSSL's.

use std::path::Path;
use std::process::Command;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::case::Case;
use crate::case::Verdict::{self, Accepted, Refused};
use crate::verifiers::{run, text_of};

/// A key, as `openssl genpkey` is asked for it.
struct Key(&'static str, &'static [&'static str]);

const RSA_1024: Key = Key("RSA 1024", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
const RSA_2048: Key = Key("RSA 2048", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
const RSA_3072: Key = Key("RSA 3072", &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]);
const RSA_4096: Key = Key("RSA 4096", &["RSA", "-pkeyopt", "rsa_keygen_bits:4096"]);
const RSA_PSS: Key = Key(
    "RSA-PSS 2048",
    &["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
);
const P_224: Key = Key("P-224", &["EC", "-pkeyopt", "ec_paramgen_curve:P-224"]);
const P_256: Key = Key("P-256", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
const P_384: Key = Key("P-384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
const P_521: Key = Key("P-521", &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]);
const SECP256K1: Key = Key(
    "secp256k1",
    &["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
);
const BRAINPOOL: Key = Key(
    "brainpoolP256r1",
    &["EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
);
const ED25519: Key = Key("Ed25519", &["ED25519"]);
const ED448: Key = Key("Ed448", &["ED448"]);

/// A way to sign, as `openssl req` is asked for it.
struct SignatureKind(&'static str, &'static [&'static str]);

const OWN: SignatureKind = SignatureKind("its own digest", &[]);
const MD5: SignatureKind = SignatureKind("MD5", &["-md5"]);
const SHA1: SignatureKind = SignatureKind("SHA-1", &["-sha1"]);
const SHA224: SignatureKind = SignatureKind("SHA-224", &["-sha224"]);
const SHA256: SignatureKind = SignatureKind("SHA-256", &["-sha256"]);
const SHA384: SignatureKind = SignatureKind("SHA-384", &["-sha384"]);
const SHA512: SignatureKind = SignatureKind("SHA-512", &["-sha512"]);
const SHA3: SignatureKind = SignatureKind("SHA3-256", &["-sha3-256"]);
const PSS_256: SignatureKind = SignatureKind(
    "PSS, SHA-256",
    &["-sha256", "-sigopt", PSS, "-sigopt", "rsa_pss_saltlen:32"],
);
const PSS_384: SignatureKind = SignatureKind(
    "PSS, SHA-384",
    &["-sha384", "-sigopt", PSS, "-sigopt", "rsa_pss_saltlen:48"],
);
const PSS_512: SignatureKind = SignatureKind(
    "PSS, SHA-512",
    &["-sha512", "-sigopt", PSS, "-sigopt", "rsa_pss_saltlen:64"],
);
/// RFC 8446, section 4.2.3, wants a salt of the digest's length.
const PSS_SALT: SignatureKind = SignatureKind(
    "PSS, short salt",
    &["-sha256", "-sigopt", PSS, "-sigopt", "rsa_pss_saltlen:20"],
);
const PSS: &str = "rsa_padding_mode:pss";

/// The root's key, how it signs, and the key of the end entity. Refused is what *ring* has no
/// algorithm for.
const ROWS: &[(&Key, &SignatureKind, &Key, Verdict)] = &[
    (&RSA_2048, &SHA256, &RSA_2048, Accepted),
    (&RSA_2048, &SHA384, &RSA_2048, Accepted),
    (&RSA_2048, &SHA512, &RSA_2048, Accepted),
    (&RSA_2048, &PSS_256, &RSA_2048, Accepted),
    (&RSA_2048, &PSS_384, &RSA_2048, Accepted),
    (&RSA_2048, &PSS_512, &RSA_2048, Accepted),
    (&RSA_3072, &SHA256, &P_256, Accepted),
    (&RSA_4096, &SHA384, &P_256, Accepted),
    (&P_256, &SHA256, &P_256, Accepted),
    (&P_256, &SHA384, &P_256, Accepted),
    (&P_384, &SHA256, &P_256, Accepted),
    (&P_384, &SHA384, &P_384, Accepted),
    (&P_256, &SHA256, &RSA_2048, Accepted),
    (&ED25519, &OWN, &ED25519, Accepted),
    (&ED25519, &OWN, &P_256, Accepted),
    (&P_256, &SHA256, &ED25519, Accepted),
    // The chain says nothing of what the end entity can sign: the handshake does.
    (&P_256, &SHA256, &P_521, Accepted),
    (&RSA_1024, &SHA256, &P_256, Refused),
    (&RSA_2048, &SHA1, &P_256, Refused),
    (&RSA_2048, &SHA224, &P_256, Refused),
    (&RSA_2048, &MD5, &P_256, Refused),
    (&RSA_2048, &SHA3, &P_256, Refused),
    (&RSA_2048, &PSS_SALT, &P_256, Refused),
    (&RSA_PSS, &SHA256, &P_256, Refused),
    (&P_256, &SHA1, &P_256, Refused),
    (&P_256, &SHA512, &P_256, Refused),
    (&P_384, &SHA512, &P_256, Refused),
    (&P_521, &SHA512, &P_256, Refused),
    (&P_224, &SHA256, &P_256, Refused),
    (&SECP256K1, &SHA256, &P_256, Refused),
    (&BRAINPOOL, &SHA256, &P_256, Refused),
    (&ED448, &OWN, &P_256, Refused),
];

/// In 2024: OpenSSL has no option for notBefore.
const BEGIN: &str = "@1704067200";

fn openssl(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("faketime");
    command.args([BEGIN, "openssl"]).args(arguments);
    let output = run(command.current_dir(folder));
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text_of(&output)
    );
}

pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let folder = &folder.join("algorithms");
    std::fs::create_dir_all(folder).unwrap();
    let mut cases = Vec::new();
    for (root, signing, leaf, verdict) in ROWS {
        for (key, file) in [(root, "root.key"), (leaf, "leaf.key")] {
            let generate = ["genpkey", "-out", file, "-algorithm"];
            openssl(folder, &[&generate, key.1].concat());
        }
        let request = ["req", "-x509", "-days", "36500"];
        let ca = [
            "-key",
            "root.key",
            "-out",
            "root.pem",
            "-subj",
            "/CN=CA",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign",
        ];
        openssl(folder, &[&request[..], &ca, signing.1].concat());
        let server = [
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-key",
            "leaf.key",
            "-out",
            "leaf.pem",
            "-subj",
            "/CN=a server",
            "-addext",
            "basicConstraints=CA:FALSE",
            "-addext",
            "subjectAltName=DNS:a.example",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ];
        openssl(folder, &[&request[..], &server, signing.1].concat());

        let certificate = CertificateDer::from_pem_file(folder.join("leaf.pem")).unwrap();
        let name = format!("algorithm: {} with {} for {}", root.0, signing.0, leaf.0);
        let mut case = Case::new(name, &[], vec![certificate], "a.example", *verdict);
        case.trusted = std::fs::read_to_string(folder.join("root.pem")).unwrap();
        case.twin.clone_from(&case.trusted);
        cases.push(case);
    }
    cases
}
