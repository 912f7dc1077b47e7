#!/bin/sh
# cryptography's verifier refuses the certificates that trustme makes with cryptography.
#
# expected: trustme, the test CA of Python's networking libraries, makes its certificates with
#   cryptography's builder; so the verifier of the same package takes them, as every TLS library does.
# happens: it refuses the end-entity, since trustme marks subjectAltName as critical in a certificate
#   that has a subject, to which RFC 5280 says SHOULD NOT. If that is allowed, it refuses the critical
#   extendedKeyUsage, which RFC 5280 leaves to the CA. pyOpenSSL verifies the same certificate, and so
#   does the verifier with both extensions declared as of any criticality.
# versions: trustme 1.2.1, cryptography 50.0.2, pyOpenSSL 26.4.0 (OpenSSL 4.0.3); needs python3 with venv.
# source: found by feeding one to the other. RFC 5280, 4.2.1.6 and 4.2.1.12; the CA/Browser Forum's Baseline
#   Requirements, 7.1.2.7.12, say MUST NOT too.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0 trustme==1.2.1
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >finding.py <<'END'
from importlib.metadata import version

import trustme
from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError
from OpenSSL import SSL, crypto

ca = trustme.CA()
root = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
leaf = x509.load_pem_x509_certificate(ca.issue_cert("a.example").cert_chain_pems[0].bytes())


def by_openssl():
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf)).verify_certificate()
        return "verified"
    except crypto.X509StoreContextError as error:
        return str(error)


def by_cryptography(builder):
    try:
        builder.store(Store([root])).build_server_verifier(x509.DNSName("a.example")).verify(leaf, [])
        return "verified"
    except VerificationError as error:
        return str(error).split(" (encountered")[0]


def policies(ee_policy):
    return PolicyBuilder().extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ee_policy)


any_san = ExtensionPolicy.webpki_defaults_ee().require_present(
    x509.SubjectAlternativeName, Criticality.AGNOSTIC, None
)
any_both = any_san.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
for package in ("trustme", "cryptography", "pyOpenSSL"):
    print(package, version(package))
print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
print("subject is empty:", not list(leaf.subject))
for kind in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage):
    print(kind.oid._name, "is critical:", leaf.extensions.get_extension_for_class(kind).critical)
print("pyOpenSSL:", by_openssl())
print("cryptography:", by_cryptography(PolicyBuilder()))
print("cryptography, subjectAltName of any criticality:", by_cryptography(policies(any_san)))
print("cryptography, extendedKeyUsage of any too:", by_cryptography(policies(any_both)))
END
cat >expected <<'END'
trustme 1.2.1
cryptography 50.0.2
pyOpenSSL 26.4.0
OpenSSL 4.0.3
subject is empty: False
subjectAltName is critical: True
extendedKeyUsage is critical: True
pyOpenSSL: verified
cryptography: validation failed: EE subjectAltName MUST NOT be critical when subject is nonempty
cryptography, subjectAltName of any criticality: validation failed: invalid extension: 2.5.29.37: Certificate extension has incorrect criticality
cryptography, extendedKeyUsage of any too: verified
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
