#!/bin/sh
# libcurl does not see that its CA file was replaced, not even for new connections or after reset().
#
# expected: CURLOPT_CAINFO names a file that is read for each new connection, so that a root that was added to
#   it is trusted from then on; and curl_easy_reset() makes a handle forget what it took from its options.
# happens: a handle keeps the roots that it has read (24 hours, says the manual), and looks at the path alone to
#   know the file again: another inode, size and content do not matter. reset() keeps them too. A new handle
#   reads the new file, and so does the old one if the path is spelt otherwise ("./roots.pem").
# versions: pycurl 7.49.0 (libcurl 8.23.0 with OpenSSL 3.6.5), cryptography 50.0.2; needs python3 with venv,
#   and its ssl module for the server.
# source: CURLOPT_CA_CACHE_TIMEOUT in libcurl's manual; pycurl 7.49.0 has no constant for it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pycurl==7.49.0
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >finding.py <<'END'
import datetime, http.server, os, ssl, threading, urllib.request

import pycurl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)
SIGNS = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # clients that break off
        pass


class Site:
    """A root with a server of its own."""

    def __init__(self, root_name):
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")
        root = certificate(root_name, root_key, root_name, root_key, SIGNS)
        self.root = root.public_bytes(serialization.Encoding.PEM)
        leaf = certificate("Server", key, root_name, root_key, x509.SubjectAlternativeName([x509.DNSName("localhost")]))
        with open("server.pem", "wb") as file:
            file.write(leaf.public_bytes(serialization.Encoding.PEM))
            file.write(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem")
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]


def certificate(subject, key, issuer, issuer_key, extension):
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    public_key, number = key.public_key(), x509.random_serial_number()
    builder = x509.CertificateBuilder(name(issuer), name(subject), public_key, number, now - DAY, now + DAY)
    for each in (
        x509.BasicConstraints(key is issuer_key, None),
        x509.SubjectKeyIdentifier.from_public_key(public_key),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
        extension,
    ):
        builder = builder.add_extension(each, critical=isinstance(each, (x509.BasicConstraints, x509.KeyUsage)))
    return builder.sign(issuer_key, hashes.SHA256())


def replace(content):
    with open("new.pem", "wb") as file:
        file.write(content)
    os.replace("new.pem", "roots.pem")


def with_curl(handle, site, option=pycurl.CAINFO, value="roots.pem"):
    handle.setopt(pycurl.URL, f"https://localhost:{site.port}/")
    handle.setopt(pycurl.RESOLVE, [f"localhost:{site.port}:127.0.0.1"])
    handle.setopt(pycurl.NOPROXY, "*")
    handle.setopt(pycurl.FORBID_REUSE, True)
    handle.setopt(pycurl.FRESH_CONNECT, True)
    handle.setopt(option, value)
    try:
        handle.perform()
        return "trusts"
    except pycurl.error as error:
        return "refuses" if error.args[0] == pycurl.E_PEER_FAILED_VERIFICATION else error.args[1]


def with_urllib(site):
    context = ssl.create_default_context(cafile="roots.pem")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        opener.open(f"https://localhost:{site.port}/").close()
        return "trusts"
    except urllib.error.URLError as error:
        return "refuses" if isinstance(error.reason, ssl.SSLCertVerificationError) else str(error)


print("pycurl", pycurl.version.split()[0].split("/")[1])
print(*pycurl.version.split()[1:3])
first, second = Site("First Root"), Site("Second Root")
handle = pycurl.Curl()
replace(first.root)
print("file of the first root: its server", with_curl(handle, first), "- the second's", with_curl(handle, second))
replace(first.root + second.root)
print("file of both, the second's server: urllib", with_urllib(second))
print("    old handle", with_curl(handle, second))
handle.reset()
print("    old handle after reset()", with_curl(handle, second))
print("    new handle", with_curl(pycurl.Curl(), second))
print("    old handle by ./roots.pem", with_curl(handle, second, value="./roots.pem"))
END
cat >expected <<'END'
pycurl 7.49.0
libcurl/8.23.0 OpenSSL/3.6.5
file of the first root: its server trusts - the second's refuses
file of both, the second's server: urllib trusts
    old handle refuses
    old handle after reset() refuses
    new handle trusts
    old handle by ./roots.pem trusts
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
