"""What Python's module ssl makes of the shapes and files of a folder."""

import platform
import ssl
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
from folder import count, files, shapes, verdict

# What Python 3.13 sets in a context for clients.
SINCE_3_13 = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN


def handshake(shape, flags):
    """A handshake in memory with a server that has the shape's chain."""
    client = ssl.create_default_context(cafile=shape / "roots.pem")
    client.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | flags
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A server sends what the client is to judge.
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.load_cert_chain(shape / "chain.pem", shape / "leaf.key")
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    host = (shape / "host").read_text()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass


def by_file(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=file)
    return context.cert_store_stats()["x509"]


def by_text(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Line ends as they are.
    with open(file, encoding="utf-8", newline="") as text:
        context.load_verify_locations(cadata=text.read())
    return context.cert_store_stats()["x509"]


folder = sys.argv[1]
print("version", platform.python_version(), sep="\t")
for shape in shapes(folder):
    verdict("python-3.11", shape, lambda shape: handshake(shape, 0))
    verdict("python-3.13", shape, lambda shape: handshake(shape, SINCE_3_13))
for file in files(folder):
    count("python-cafile", file, by_file)
    count("python-cadata", file, by_text)
