#!/bin/sh
# Two verifiers in one installed package end a certificate's life a second apart.
#
# expected: a certificate is valid through its notAfter, that second included (RFC 5280, 4.1.2.5),
#   and a program has one opinion about it; or OpenSSL is a second early, as it has been for decades.
# happens: the wheel of cryptography 46 holds both OpenSSL 3.5, for which the certificate has expired
#   in that second, and a verifier of its own, for which it is valid. With cryptography 50, whose
#   wheel holds OpenSSL 4.0, both say that it is valid: OpenSSL 4.0 added the second.
# versions: cryptography 46.0.3 (OpenSSL 3.5.4) with pyOpenSSL 25.3.0; cryptography 50.0.2 (OpenSSL
#   4.0.3) with pyOpenSSL 26.4.0; needs python3 with venv.
# source: github.com/openssl/openssl/issues/15124 and 32890, and the pull request 28584.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv older
    older/bin/pip install --quiet cryptography==46.0.3 pyOpenSSL==25.3.0
    python3 -m venv newer
    newer/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >finding.py <<'END'
import datetime

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from OpenSSL import SSL, crypto

START, END = datetime.datetime(2030, 1, 1), datetime.datetime(2030, 2, 1)
SECOND = datetime.timedelta(seconds=1)


def certificate(subject, key, end, *extensions):
    """By "Root"."""
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    builder = x509.CertificateBuilder(name("Root"), name(subject), key.public_key(), 1, START - 30 * SECOND, end)
    for extension, critical in (*extensions, (identifier, False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(root_key, hashes.SHA256())


def by_openssl(time):
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    store.set_time(time)
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf)).verify_certificate()
        return "valid"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_cryptography(time):
    verifier = PolicyBuilder().store(Store([root])).time(time).build_server_verifier(x509.DNSName("a.example"))
    try:
        verifier.verify(leaf, [])
        return "valid"
    except VerificationError as error:
        return "not valid at that time" if "not valid at validation time" in str(error) else str(error)


root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")
signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
root = certificate(
    "Root", root_key, END.replace(year=2040),
    (x509.BasicConstraints(True, None), True), (signs, True),
    (x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False),
)
leaf = certificate("a.example", leaf_key, END, (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False))

print("cryptography", cryptography.__version__, *SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
for title, time in (("a second before", END - SECOND), ("notAfter", END), ("a second after", END + SECOND)):
    print(f"{title}: OpenSSL {by_openssl(time)}; cryptography {by_cryptography(time)}")
END
cat >expected <<'END'
cryptography 46.0.3 OpenSSL 3.5.4
a second before: OpenSSL valid; cryptography valid
notAfter: OpenSSL certificate has expired; cryptography valid
a second after: OpenSSL certificate has expired; cryptography not valid at that time
cryptography 50.0.2 OpenSSL 4.0.3
a second before: OpenSSL valid; cryptography valid
notAfter: OpenSSL valid; cryptography valid
a second after: OpenSSL certificate has expired; cryptography not valid at that time
END
for environment in older newer; do
    "$environment/bin/python" finding.py || exit 2
done >output
cat output
diff expected output
