//! What the emitters write can be read back by this crate, by other PEM readers and by rustc.

use std::fs;
use std::path::Path;

use embedded_roots_bundle::{Annotation, ParsedBundle, Root, digest, emit};
use embedded_roots_testing::authority::ca_params;
use rcgen::KeyPair;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_parser::pem::Pem;

use crate::bundle::orders;
use crate::data::{OTHER, ROOT, VERSION_1, certificates, der, read};
use crate::mutated::mutations;

fn bundle() -> ParsedBundle {
    let pem = format!(
        "# embedded-roots: distrust-after=2026-04-15T23:59:59Z\n{ROOT}\
         # embedded-roots: permitted-dns=.a,b excluded-dns=x.b permitted-ip=10.0.0.0/8 excluded-ip=::/0\n\
         {OTHER}{VERSION_1}"
    );
    ParsedBundle::new(read(pem).unwrap()).unwrap()
}

fn contents(
    bundle: &ParsedBundle,
) -> Vec<(&CertificateDer<'static>, &Annotation, &TrustAnchor<'static>)> {
    let roots = bundle.roots().iter();
    roots
        .map(|root| (root.certificate(), root.annotation(), root.trust_anchor()))
        .collect()
}

fn bytes<'a>(certificates: &'a [CertificateDer<'_>]) -> Vec<&'a [u8]> {
    certificates.iter().map(AsRef::as_ref).collect()
}

#[track_caller]
fn assert_read_back(bundle: &ParsedBundle) {
    let pem = bundle.to_pem();
    let read =
        ParsedBundle::new(read(&pem).unwrap_or_else(|error| panic!("{error}:\n{pem}"))).unwrap();
    assert_eq!(contents(&read), contents(bundle));
    assert_eq!(read.to_pem(), pem);

    let certificates = certificates(bundle.roots());
    let by_rustls: Result<Vec<_>, _> = rustls_pemfile::certs(&mut pem.as_bytes()).collect();
    assert_eq!(bytes(&by_rustls.unwrap()), certificates);
    let by_x509_parser = Pem::iter_from_buffer(pem.as_bytes()).map(|pem| pem.unwrap().contents);
    assert_eq!(by_x509_parser.collect::<Vec<_>>(), certificates);
}

#[test]
fn pem_is_read_back() {
    assert_read_back(&bundle());
    assert_read_back(&ParsedBundle::new(read(ROOT).unwrap()).unwrap());
}

#[test]
fn subjects_stay_inside_their_comments() {
    let key = KeyPair::generate().unwrap();
    let roots = [
        "One\n# embedded-roots: permitted-dns=.a",
        "permitted-dns=.a",
        "One, distrust_after = 2026-04-15T23:59:59Z",
        "\r-----BEGIN CERTIFICATE-----\r\n-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----",
        "\u{2028}\u{feff}\u{202e}é\0",
    ]
    .map(|name| {
        let certificate = ca_params(name).self_signed(&key).unwrap();
        Root::new(certificate.into(), Annotation::default(), 0).unwrap()
    });
    assert_read_back(&ParsedBundle::new(roots.to_vec()).unwrap());
}

#[test]
fn every_bundle_that_is_read_can_be_written() {
    let mut written = 0;
    for der in mutations(der(ROOT), 1_500) {
        let root = Root::new(der.into(), "excluded-dns=a".parse().unwrap(), 0);
        // The reader refuses certificates that fail `check_ca`.
        if let Some(root) = root.ok().filter(|root| root.check_ca().is_ok()) {
            written += 1;
            assert_read_back(&ParsedBundle::new(vec![root]).unwrap());
        }
    }
    assert!(written > 100, "{written}");
}

#[test]
fn mozillas_roots_are_written_as_checked_in() {
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../certs");
    let pem = fs::read_to_string(certs.join("ca-certificates.crt")).unwrap();
    let bundle = ParsedBundle::new(read(&pem).unwrap()).unwrap();
    assert_read_back(&bundle);
    assert!(pem.ends_with(&bundle.to_pem()), "written anew, it differs");

    let headings = pem.lines().map_while(|line| line.strip_prefix('#'));
    let said = |name: &str| {
        let mut values = headings
            .clone()
            .filter_map(|line| line.trim().strip_prefix(name));
        values.next().unwrap().to_owned()
    };
    assert_eq!(said("Roots: "), bundle.roots().len().to_string());
    // certs/README.md says how to compute it with OpenSSL and coreutils.
    let digest = digest::hex(&bundle.sha256());
    assert_eq!(said("Set SHA-256: "), digest);
    let readme = fs::read_to_string(certs.join("README.md")).unwrap();
    assert!(readme.contains(&format!("`{digest}`")), "{digest}");
}

/// The expected values come from OpenSSL and coreutils; for the set, from `openssl x509 -outform
/// DER | sha256sum` of each certificate, then `sort | xxd -r -p | sha256sum`.
#[test]
fn digests_agree_with_openssl() {
    // FIPS 180-4, appendix B.1, from NIST's examples.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest::hex(&digest::sha256(b"abc")), abc);
    let bundle = ParsedBundle::new(read(format!("{ROOT}{OTHER}")).unwrap()).unwrap();
    let fingerprints: Vec<_> = bundle
        .roots()
        .iter()
        .map(|root| digest::hex(&digest::sha256(root.certificate())))
        .collect();
    // The roots are sorted by subject; the digest of the set sorts by fingerprint.
    let expected = [
        "7c2034b857a1be5b463d25b092fcc84e41858146973874f92700cb66079ebac3",
        "7a8f06f3354b00be69f16ab7d9c1985c1c85f8ad7eed6c08eb941cff528aba41",
    ];
    assert_eq!(fingerprints, expected);
    let set = "ae63741d8dc636f6d56ee478d5456e76cd5bae5a0f47b7ef8047df9e14d77df2";
    assert_eq!(digest::hex(&bundle.sha256()), set);
}

#[test]
fn fingerprints_in_hexadecimal_digits() {
    let digest = digest::sha256(b"abc");
    let digits = digest::hex(&digest);
    let pairs: Vec<_> = digits
        .as_bytes()
        .chunks(2)
        .map(String::from_utf8_lossy)
        .collect();
    let read = digest::sha256_from_hex;
    for form in [digits.clone(), digits.to_uppercase(), pairs.join(":")] {
        assert_eq!(read(&form), Some(digest), "{form}");
    }
    for other in [
        "",
        &digits[1..],
        &digits[2..],
        &format!("{digits}00"),
        &digits.replace('a', "g"),
    ] {
        assert_eq!(read(other), None, "{other}");
    }
}

fn anchors_of(bundle: &ParsedBundle) -> String {
    emit::anchors_of(bundle.roots().iter())
}

#[test]
fn source_depends_on_the_roots_alone() {
    let bundle = bundle();
    let (anchors, certificates) = (anchors_of(&bundle), emit::certificates(bundle.roots()));
    for order in orders(bundle.roots()) {
        let bundle = ParsedBundle::new(order).unwrap();
        assert_eq!(anchors_of(&bundle), anchors);
        assert_eq!(emit::certificates(bundle.roots()), certificates);
    }
}

/// Compiles the emitters' output in tests/data, as the user of a build script would.
mod compiled {
    use rustls_pki_types::CertificateDer;

    pub(super) struct Anchor {
        pub(super) subject: &'static [u8],
        pub(super) key: &'static [u8],
        pub(super) name_constraints: Option<&'static [u8]>,
        pub(super) distrust_after: Option<u64>,
    }

    impl Anchor {
        const fn from_literals(
            subject: &'static [u8],
            key: &'static [u8],
            name_constraints: Option<&'static [u8]>,
            distrust_after: Option<u64>,
        ) -> Self {
            Self {
                subject,
                key,
                name_constraints,
                distrust_after,
            }
        }
    }

    pub(super) static ANCHORS: &[Anchor] = include!("../data/anchors.rs");
    pub(super) static CERTIFICATES: &[CertificateDer<'static>] =
        include!("../data/certificates.rs");
}

#[test]
fn source_compiles_to_the_bundle() {
    let bundle = bundle();
    for (name, fresh, checked_in) in [
        (
            "anchors.rs",
            anchors_of(&bundle),
            include_str!("../data/anchors.rs"),
        ),
        (
            "certificates.rs",
            emit::certificates(bundle.roots()),
            include_str!("../data/certificates.rs"),
        ),
    ] {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, &fresh).unwrap();
        assert!(fresh == checked_in, "{} goes to tests/data", path.display());
    }

    assert_eq!(bytes(compiled::CERTIFICATES), certificates(bundle.roots()));
    assert_eq!(compiled::ANCHORS.len(), bundle.roots().len());
    for (compiled, root) in compiled::ANCHORS.iter().zip(bundle.roots()) {
        let anchor = root.trust_anchor();
        assert_eq!(compiled.subject, &*anchor.subject);
        assert_eq!(compiled.key, &*anchor.subject_public_key_info);
        assert_eq!(
            compiled.name_constraints,
            anchor.name_constraints.as_deref()
        );
        let seconds = root.distrust_after().map(|time| time.as_secs());
        assert_eq!(compiled.distrust_after, seconds);
    }
}
