#!/bin/sh
# gRPC takes a renewed root only if it stands before the expired one in the bundle.
#
# expected: a bundle is a set. Where a root was renewed with its name and key, a client that has both
#   certificates uses the valid one, as it does with OpenSSL since 1.1.0.
# happens: gRPC refuses the server with "certificate has expired" if the old certificate comes first,
#   and connects if the same two are exchanged. Bun, which is built on BoringSSL as gRPC is, does not
#   mind the order, and pyOpenSSL does not either.
# versions: grpcio 1.85.1, pyOpenSSL 26.4.0 (OpenSSL 4.0.3), Bun 1.4.5 for Linux on x86-64; needs
#   python3 with venv, and npm.
# source: seen when one bundle was tried with many verifiers; github.com/grpc/grpc/issues/27532 tells
#   of expired roots among valid ones.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 grpcio==1.85.1 pyOpenSSL==26.4.0
    npm install --silent --ignore-scripts --prefix . @oven/bun-linux-x64@1.4.5
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const [port, bundle] = process.argv.slice(2);
const socket = tls.connect(
    { host: "127.0.0.1", port: Number(port), servername: "a.example", ca: fs.readFileSync(bundle), ALPNProtocols: ["h2"] },
    () => { console.log("connected"); socket.end(); },
);
socket.on("error", (error) => console.log(error.message));
END
cat >finding.py <<'END'
import datetime, os, subprocess
from concurrent.futures import ThreadPoolExecutor

os.environ["GRPC_VERBOSITY"] = "NONE"

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

BUN = "node_modules/@oven/bun-linux-x64/bin/bun"
now = datetime.datetime.now(datetime.timezone.utc)


def certificate(subject, key, issuer_key, days):
    """Of the days `days` from now; by "Root"; a CA if that is the subject too."""
    ca = subject == "Root"
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name("Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def with_grpc(port, bundle):
    credentials = grpc.ssl_channel_credentials(bundle)
    with grpc.secure_channel(
        f"127.0.0.1:{port}", credentials, [("grpc.ssl_target_name_override", "a.example")]
    ) as channel:
        try:
            channel.unary_unary("/none/none")(b"", timeout=20)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return "connected"
            return "certificate has expired" if "certificate has expired" in error.details() else error.details()


def with_bun(port, bundle):
    with open("bundle.pem", "wb") as file:
        file.write(bundle)
    return subprocess.run([BUN, "connect.cjs", str(port), "bundle.pem"], capture_output=True, text=True).stdout.strip()


def with_openssl(leaf, *bundle):
    store = crypto.X509Store()
    for each in bundle:
        store.add_cert(crypto.X509.from_cryptography(each))
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf)).verify_certificate()
        return "verified"
    except crypto.X509StoreContextError as error:
        return str(error)


root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")
old = certificate("Root", root_key, root_key, (-60, -30))
new = certificate("Root", root_key, root_key, (-31, 30))
leaf = certificate("a.example", leaf_key, root_key, (-1, 30))
leaf_pem = leaf_key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
server = grpc.server(ThreadPoolExecutor(1))
port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(leaf_pem, pem(leaf))]))
server.start()

print("grpcio", grpc.__version__)
print("Bun", subprocess.run([BUN, "--version"], capture_output=True, text=True).stdout.strip())
print(" ".join(SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2]))
for title, bundle in (("new", [new]), ("new, old", [new, old]), ("old, new", [old, new])):
    print(f"{title}: gRPC {with_grpc(port, pem(*bundle))}; Bun {with_bun(port, pem(*bundle))}; "
          f"OpenSSL {with_openssl(leaf, *bundle)}")
server.stop(None)
END
cat >expected <<'END'
grpcio 1.85.1
Bun 1.4.5
OpenSSL 4.0.3
new: gRPC connected; Bun connected; OpenSSL verified
new, old: gRPC connected; Bun connected; OpenSSL verified
old, new: gRPC certificate has expired; Bun connected; OpenSSL verified
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
