//! Text that real bundles have above their certificates may stand between an annotation and its
//! certificate.

use embedded_roots_bundle::Root;

use crate::data::{ROOT, read};

/// Who writes them, and the headings of two roots.
const HEADINGS: [(&str, [&str; 2]); 7] = [
    (
        "certifi",
        [
            "
# Issuer: CN=Izenpe.com O=IZENPE S.A.
# Subject: CN=Izenpe.com O=IZENPE S.A.
# Label: \"Izenpe.com\"
# Serial: 917563065490389241595536686991402621
# MD5 Fingerprint: a6:b0:cd:85:80:da:5c:50:34:a3:39:90:2f:55:67:73
# SHA1 Fingerprint: 2f:78:3d:25:52:18:a7:4a:65:39:71:b5:2c:a2:9c:45:15:6f:e9:19
",
            "
# Issuer: CN=Entrust Root Certification Authority O=Entrust, Inc. \
OU=www.entrust.net/CPS is incorporated by reference/(c) 2006 Entrust, Inc.
# Subject: CN=Entrust Root Certification Authority O=Entrust, Inc. \
OU=www.entrust.net/CPS is incorporated by reference/(c) 2006 Entrust, Inc.
# Label: \"Entrust Root Certification Authority\"
# Serial: 1164660820
# MD5 Fingerprint: d6:a5:c3:ed:5d:dd:3e:00:c1:3d:87:92:1f:1d:3f:e4
",
        ],
    ),
    ("Debian, and Node's tls.rootCertificates", ["", "\n"]),
    (
        "Mozilla's certdata.txt",
        [
            "
#
# Certificate \"Izenpe.com\"
#
# Issuer: CN=Izenpe.com,O=IZENPE S.A.,C=ES
# Serial Number:00:b0:b7:5a:16:48:5f:bf:e1:cb:f5:8b:d7:19:e6:7d
# Subject: CN=Izenpe.com,O=IZENPE S.A.,C=ES
# Not Valid Before: Thu Dec 13 13:08:28 2007
# Not Valid After : Sun Dec 13 08:27:25 2037
# Fingerprint (SHA1): 2F:78:3D:25:52:18:A7:4A:65:39:71:B5:2C:A2:9C:45:15:6F:E9:19
CKA_TRUST_SERVER_AUTH CK_TRUST CKT_NSS_TRUSTED_DELEGATOR
",
            "
# Certificate \"Actalis Authentication Root CA\"
#
# Issuer: CN=Actalis Authentication Root CA,O=Actalis S.p.A./03358520967,L=Milan,C=IT
# Serial Number:57:0a:11:97:42:c4:e3:cc
# Subject: CN=Actalis Authentication Root CA,O=Actalis S.p.A./03358520967,L=Milan,C=IT
",
        ],
    ),
    (
        "curl",
        [
            "\nIzenpe.com\n==========\n",
            "\nEntrust.net Premium 2048 Secure Server CA\n=========================================\n",
        ],
    ),
    (
        "Fedora's tls-ca-bundle.pem",
        [
            "\n# AC RAIZ FNMT-RCM SERVIDORES SEGUROS\n",
            "\n# TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1\n",
        ],
    ),
    (
        "Node's root_certs.h",
        ["\n/* Izenpe.com */\n", "\n/* Entrust, Inc. */\n"],
    ),
    ("openssl x509 -text", [ISRG_ROOT_X2, ACTALIS]),
];

const ISRG_ROOT_X2: &str = "Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number:
            41:d2:9d:d1:72:ea:ee:a7:80:c1:2c:6c:e9:2f:87:52
        Signature Algorithm: ecdsa-with-SHA384
        Issuer: C = US, O = Internet Security Research Group, CN = ISRG Root X2
        Validity
            Not Before: Sep  4 00:00:00 2020 GMT
            Not After : Sep 17 16:00:00 2040 GMT
        Subject: C = US, O = Internet Security Research Group, CN = ISRG Root X2
        Subject Public Key Info:
            Public Key Algorithm: id-ecPublicKey
                Public-Key: (384 bit)
                pub:
                    04:cd:9b:d5:9f:80:83:0a:ec:09:4a:f3:16:4a:3e:
                    75:ca:68:07:0c:1f:ea
                ASN1 OID: secp384r1
                NIST CURVE: P-384
        X509v3 extensions:
            X509v3 Key Usage: critical
                Certificate Sign, CRL Sign
            X509v3 Basic Constraints: critical
                CA:TRUE
            X509v3 Subject Key Identifier: 
                7C:42:96:AE:DE:4B:48:3B:FA:92:F8:9E:8C:CF:6D:8B:A9:72:37:95
    Signature Algorithm: ecdsa-with-SHA384
    Signature Value:
        30:65:02:30:7b:79:4e:46:50:84:c2:44:87:46:1b:45:70:ff:
        00:68:e7:8c:49:0f:b6:6f:5b:5b:15:f2:e7
";

/// A signature of RSA 4096 ends with a line of eight bytes. The name constraints are those of another
/// root.
const ACTALIS: &str = "Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number: 6271844772424770508 (0x570a119742c4e3cc)
        Issuer: C = IT, L = Milan, O = Actalis S.p.A./03358520967, CN = Actalis Authentication Root CA
        Subject Public Key Info:
            Public Key Algorithm: rsaEncryption
                Public-Key: (4096 bit)
                Exponent: 65537 (0x10001)
        X509v3 extensions:
            X509v3 Basic Constraints: critical
                CA:TRUE
            X509v3 Name Constraints: critical
                Permitted:
                  DNS:.gr
                  email:.edu
                Excluded:
                  IP:0.0.0.0/0.0.0.0
    Signature Algorithm: sha256WithRSAEncryption
    Signature Value:
        0b:7b:72:87:c0:60:a6:49:4c:88:58:e6:1d:88:f7:14:64:48:
        7c:fb:6c:9d:0c:a5:e1:96
";

#[test]
fn headings_of_other_tools_are_not_annotations() {
    for pairs in [
        "permitted-dns=.corp.example,corp excluded-ip=10.0.0.0/8",
        "distrust-after=2026-04-15T23:59:59Z",
    ] {
        let annotation = format!("# embedded-roots: {pairs}\n");
        for (writer, [one, other]) in HEADINGS {
            let pem =
                format!("{annotation}{one}{ROOT}{one}{annotation}{ROOT}{annotation}{other}{ROOT}");
            let roots = read(pem).unwrap_or_else(|error| panic!("{writer}: {error}"));
            let annotations: Vec<String> = roots
                .iter()
                .map(Root::annotation)
                .map(ToString::to_string)
                .collect();
            assert_eq!(annotations, [pairs; 3], "{writer}");
        }
    }
}
