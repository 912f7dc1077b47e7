"""What cryptography and asn1crypto make of the shapes and files of a folder."""

import sys
from ipaddress import ip_address
from pathlib import Path

import cryptography
from asn1crypto import pem
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

sys.path.append(str(Path(__file__).parent.parent))
from folder import count, files, is_address, shapes, verdict


def verify(shape):
    host = (shape / "host").read_text()
    name = x509.IPAddress(ip_address(host)) if is_address(host) else x509.DNSName(host)
    roots = x509.load_pem_x509_certificates((shape / "roots.pem").read_bytes())
    leaf, *others = x509.load_pem_x509_certificates((shape / "chain.pem").read_bytes())
    PolicyBuilder().store(Store(roots)).build_server_verifier(name).verify(leaf, others)


folder = sys.argv[1]
print("version", cryptography.__version__, sep="\t")
for shape in shapes(folder):
    verdict("cryptography-50", shape, verify)
for file in files(folder):
    text = file.read_bytes()
    count("cryptography-50", file, lambda _: len(x509.load_pem_x509_certificates(text)))
    count("asn1crypto-1.5", file, lambda _: len(list(pem.unarmor(text, multiple=True))))
