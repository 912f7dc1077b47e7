//! Keys, made and used by the `openssl` program, whose version 3.0 has all of them but ML-DSA.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{KeyPair as _, ML_DSA_65_SIGNING, PqdsaKeyPair};
use embedded_roots_bundle::der::{BIT_STRING, Element, SEQUENCE};

use crate::der::{bit_string, constructed, integer, null, oid, sequence};

/// A kind of key, and of the signatures that it makes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    P256,
    P521,
    Ed25519,
    Ed448,
    MlDsa65,
    /// An RSA key of so many bits.
    Rsa(u16),
    RsaExponent3,
    /// Whose certificate says that the key is for RSASSA-PSS alone.
    RsaPssAlone,
    /// Whose certificate says nothing of the kind.
    RsaPss,
}

/// A signature algorithm.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    EcdsaSha256,
    EcdsaSha512,
    Ed25519,
    Ed448,
    MlDsa65,
    RsaSha1,
    RsaSha256,
    RsaPssSha256,
}

/// A private key.
pub(crate) struct Key {
    kind: Kind,
    private: PrivateKey,
    /// The `SubjectPublicKeyInfo`, DER.
    pub(crate) public: Vec<u8>,
}

enum PrivateKey {
    /// A file of PEM.
    OpenSsl(PathBuf),
    MlDsa(PqdsaKeyPair),
}

impl Key {
    /// The key of this name in the folder, which is made if there is none.
    pub(crate) fn new(folder: &Path, name: &str, kind: Kind) -> Self {
        if let Kind::MlDsa65 = kind {
            let pair = PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).unwrap();
            let algorithm = Scheme::MlDsa65.algorithm();
            return Self {
                kind,
                public: sequence([algorithm, bit_string(pair.public_key().as_ref())]),
                private: PrivateKey::MlDsa(pair),
            };
        }
        let path = folder.join(name).with_extension("key");
        if !path.exists() {
            fs::create_dir_all(folder).unwrap();
            let mut command = openssl(&["genpkey", "-out"]);
            command.arg(&path).arg("-algorithm").args(kind.options());
            finish(&mut command);
        }
        let mut command = openssl(&["pkey", "-pubout", "-outform", "DER", "-in"]);
        Self {
            kind,
            public: finish(command.arg(&path)).stdout,
            private: PrivateKey::OpenSsl(path),
        }
    }

    /// The private key as PEM.
    pub(crate) fn pem(&self) -> String {
        let PrivateKey::OpenSsl(path) = &self.private else {
            panic!("the key of a root is not written");
        };
        fs::read_to_string(path).unwrap()
    }

    /// Twenty octets that name the key (RFC 5280, section 4.2.1.2, method 1).
    pub(crate) fn identifier(&self) -> Vec<u8> {
        let parts = Element::only(&self.public, SEQUENCE).unwrap();
        let (_, key) = Element::read(parts).unwrap();
        let key = Element::only(key, BIT_STRING).unwrap();
        // Behind the number of unused bits.
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &key[1..]);
        digest.as_ref().to_vec()
    }

    /// The algorithm that the key signs with.
    pub(crate) fn scheme(&self) -> Scheme {
        match self.kind {
            Kind::P256 => Scheme::EcdsaSha256,
            Kind::P521 => Scheme::EcdsaSha512,
            Kind::Ed25519 => Scheme::Ed25519,
            Kind::Ed448 => Scheme::Ed448,
            Kind::MlDsa65 => Scheme::MlDsa65,
            Kind::Rsa(_) | Kind::RsaExponent3 => Scheme::RsaSha256,
            Kind::RsaPssAlone | Kind::RsaPss => Scheme::RsaPssSha256,
        }
    }

    pub(crate) fn sign(&self, message: &[u8], scheme: Scheme) -> Vec<u8> {
        let path = match &self.private {
            PrivateKey::MlDsa(pair) => {
                let mut signature = vec![0; ML_DSA_65_SIGNING.signature_len()];
                pair.sign(message, &mut signature).unwrap();
                return signature;
            }
            PrivateKey::OpenSsl(path) => path,
        };
        // A file, because `pkeyutl` asks for its length.
        let file = path.with_extension("message");
        fs::write(&file, message).unwrap();
        let mut command = match scheme {
            Scheme::Ed25519 | Scheme::Ed448 => openssl(&["pkeyutl", "-sign", "-rawin", "-inkey"]),
            _ => openssl(&["dgst", scheme.digest(), "-sign"]),
        };
        command.arg(path);
        match scheme {
            Scheme::Ed25519 | Scheme::Ed448 => command.arg("-in"),
            Scheme::RsaPssSha256 => command.args([
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:digest",
            ]),
            _ => &mut command,
        };
        finish(command.arg(file)).stdout
    }
}

impl Kind {
    /// What `openssl genpkey -algorithm` wants.
    fn options(self) -> Vec<String> {
        let with = |algorithm: &str, options: &[&str]| {
            let options = options.iter().flat_map(|option| ["-pkeyopt", option]);
            let all = [algorithm].into_iter().chain(options);
            all.map(str::to_owned).collect()
        };
        match self {
            Self::P256 => with("EC", &["ec_paramgen_curve:P-256"]),
            Self::P521 => with("EC", &["ec_paramgen_curve:P-521"]),
            Self::Ed25519 => with("ED25519", &[]),
            Self::Ed448 => with("ED448", &[]),
            // Of five primes, which are found in a tenth of the time, and no certificate shows.
            Self::Rsa(8192) => with("RSA", &["rsa_keygen_bits:8192", "rsa_keygen_primes:5"]),
            Self::Rsa(bits) => with("RSA", &[&format!("rsa_keygen_bits:{bits}")]),
            Self::RsaExponent3 => with("RSA", &["rsa_keygen_pubexp:3"]),
            Self::RsaPssAlone => with("RSA-PSS", &[]),
            Self::RsaPss => with("RSA", &[]),
            Self::MlDsa65 => panic!("OpenSSL 3.0 has no ML-DSA"),
        }
    }
}

impl Scheme {
    /// The `AlgorithmIdentifier`, DER.
    pub(crate) fn algorithm(self) -> Vec<u8> {
        let sha256 = || sequence([oid(SHA256)]);
        match self {
            Self::EcdsaSha256 => sequence([oid("1.2.840.10045.4.3.2")]),
            Self::EcdsaSha512 => sequence([oid("1.2.840.10045.4.3.4")]),
            Self::Ed25519 => sequence([oid("1.3.101.112")]),
            Self::Ed448 => sequence([oid("1.3.101.113")]),
            Self::MlDsa65 => sequence([oid("2.16.840.1.101.3.4.3.18")]),
            Self::RsaSha1 => sequence([oid("1.2.840.113549.1.1.5"), null()]),
            Self::RsaSha256 => sequence([oid("1.2.840.113549.1.1.11"), null()]),
            Self::RsaPssSha256 => {
                let mask = sequence([oid("1.2.840.113549.1.1.8"), sha256()]);
                let parameters = sequence([
                    constructed(0, [sha256()]),
                    constructed(1, [mask]),
                    constructed(2, [integer(&[32])]),
                ]);
                sequence([oid("1.2.840.113549.1.1.10"), parameters])
            }
        }
    }

    fn digest(self) -> &'static str {
        match self {
            Self::RsaSha1 => "-sha1",
            Self::EcdsaSha512 => "-sha512",
            _ => "-sha256",
        }
    }
}

/// A command of the program.
pub(crate) fn openssl(arguments: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments);
    command
}

/// Runs the command, which must succeed.
pub(crate) fn finish(command: &mut Command) -> Output {
    let output: io::Result<Output> = command.output();
    let output = output.unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    output
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
