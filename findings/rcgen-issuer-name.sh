#!/bin/sh
# Under a CA whose name has two domain components, rcgen signs certificates of another issuer.
#
# expected: Issuer::from_ca_cert_pem takes the issuer's name as it stands in the CA's certificate, or
#   refuses a name that it cannot hold; the certificates that it signs chain up to that CA.
# happens: rcgen's DistinguishedName holds one value for each kind of attribute. Of "DC=example,
#   DC=corp", as Active Directory's CAs have it, or of two organizational units, the last value is left,
#   at the first one's place. Loading and signing succeed, and rustls and OpenSSL then miss the issuer,
#   though the key identifier and the signature are right.
# versions: rcgen 0.14.10, rustls 0.23.46, cryptography 50.0.2, pyOpenSSL 26.4.0 (OpenSSL 4.0.3); needs
#   cargo, a C compiler and python3 with venv.
# source: src/lib.rs of rcgen (`DistinguishedName::push`, which its `from_name` calls too).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
rcgen = { version = "=0.14.10", default-features = false, features = ["pem", "ring", "x509-parser"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std"] }
END
cat >src/main.rs <<'END'
use std::fs::{read_to_string, write};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::RootCertStore;

fn main() {
    let key = KeyPair::from_pem(&read_to_string("root.key").unwrap()).unwrap();
    for title in ["one", "components", "units"] {
        let pem = read_to_string(format!("{title}.root.pem")).unwrap();
        let issuer = Issuer::from_ca_cert_pem(&pem, &key).unwrap();
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a.example");
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        write(format!("{title}.leaf.pem"), leaf.pem()).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        let name = ServerName::try_from("a.example").unwrap();
        match verifier.verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::now()) {
            Ok(_) => println!("{title}: rustls trusts it"),
            Err(error) => println!("{title}: rustls: {error:?}"),
        }
    }
}
END
cat >roots.py <<'END'
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

COMMON_NAME, COMPONENT, UNIT = NameOID.COMMON_NAME, NameOID.DOMAIN_COMPONENT, NameOID.ORGANIZATIONAL_UNIT_NAME
key = ec.generate_private_key(ec.SECP256R1())
now = datetime.datetime.now(datetime.timezone.utc)
for title, parts in (
    ("one", [(COMPONENT, "example"), (COMMON_NAME, "Root")]),
    ("components", [(COMPONENT, "example"), (COMPONENT, "corp"), (COMMON_NAME, "Root")]),
    ("units", [(UNIT, "One"), (COMMON_NAME, "Root"), (UNIT, "Two")]),
):
    name = x509.Name([x509.NameAttribute(*part) for part in parts])
    root = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    with open(f"{title}.root.pem", "wb") as file:
        file.write(root.public_bytes(serialization.Encoding.PEM))
with open("root.key", "wb") as file:
    file.write(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
END
cat >finding.py <<'END'
import cryptography
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto


def read(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


print("cryptography", cryptography.__version__)
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
for title in ("one", "components", "units"):
    root, leaf = read(f"{title}.root.pem"), read(f"{title}.leaf.pem")
    root.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))
    root_identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    leaf_identifier = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    print(f"{title}: root {root.subject.rfc4514_string()}; issuer {leaf.issuer.rfc4514_string()}; "
          f"equal key identifiers: {root_identifier == leaf_identifier}")
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf)).verify_certificate()
        print(f"{title}: OpenSSL trusts it")
    except crypto.X509StoreContextError as error:
        print(f"{title}: OpenSSL: {error}")
END
{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0
    CARGO_TARGET_DIR=target cargo build --quiet
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'END'
rcgen 0.14.10
rustls 0.23.46
one: rustls trusts it
components: rustls: InvalidCertificate(UnknownIssuer)
units: rustls: InvalidCertificate(UnknownIssuer)
cryptography 50.0.2
OpenSSL 4.0.3
one: root CN=Root,DC=example; issuer CN=Root,DC=example; equal key identifiers: True
one: OpenSSL trusts it
components: root CN=Root,DC=corp,DC=example; issuer CN=Root,DC=corp; equal key identifiers: True
components: OpenSSL: unable to get local issuer certificate
units: root OU=Two,CN=Root,OU=One; issuer CN=Root,OU=Two; equal key identifiers: True
units: OpenSSL: unable to get local issuer certificate
END
venv/bin/python roots.py || exit 2
{
    for package in rcgen rustls; do
        cargo pkgid $package | sed 's/.*#\(.*@\)\{0,1\}/'"$package"' /'
    done
    target/debug/finding || exit 2
    venv/bin/python finding.py || exit 2
} >output
cat output
diff expected output
