//! Refusals of certificates that nobody distrusts: what they say of the certificate.

use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{
    Authority, Identity, client, client_with, common_name, intermediate_of, intermediate_with, key,
    root, root_of, server, server_with,
};
use embedded_roots_testing::handshake::Pair;
use rcgen::string::PrintableString;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, KeyPair, NameConstraints, SanType,
};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use rustls::server::ServerConfig;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{CertificateError, SignatureAlgorithm, SignatureScheme};

const NAME: &str = "a.example";

fn now() -> UnixTime {
    // 2026-12-01
    UnixTime::since_unix_epoch(Duration::from_secs(1_796_083_200))
}

fn verify(roots: &Roots, chain: &[CertificateDer<'static>]) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let name = NAME.try_into().unwrap();
    let verdict =
        (roots.verifier()).verify_server_cert(end_entity, intermediates, &name, &[], now());
    verdict.map(drop)
}

fn trusting(ca: &Authority) -> Roots {
    Roots::builder()
        .certificates([ca.der().clone()])
        .build()
        .unwrap()
}

#[track_caller]
fn refusal(roots: &Roots, identity: &Identity) -> Refusal {
    let error = verify(roots, &identity.chain).unwrap_err();
    Refusal::of(&error)
        .unwrap_or_else(|| panic!("{error:?}"))
        .clone()
}

/// The error that rustls alone would return.
#[track_caller]
fn replaced(refusal: &Refusal) -> &CertificateError {
    match refusal.replaced_error() {
        Some(rustls::Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// certificatePolicies of `anyPolicy`
const POLICIES: (&[u64], &[u8]) = (
    &[2, 5, 29, 32],
    &[0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0],
);

fn with_critical(params: &mut CertificateParams, (oid, content): (&[u64], &[u8])) {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

#[test]
fn critical_extension_is_named_with_its_certificate() {
    let ca = root("CA");
    let refused = refusal(
        &trusting(&ca),
        &server_with(&ca, NAME, |params| {
            with_critical(params, POLICIES);
        }),
    );
    assert_eq!(
        format!("{refused:?}"),
        "the certificate \"CN=a server\" has a critical extension that is not supported: certificatePolicies \
         (2.5.29.32); its CA must issue it without this extension, or not mark it as critical"
    );
    assert!(refused.is_unsupported_extension() && !refused.is_unknown_issuer());
    assert!(format!("{:?}", replaced(&refused)).contains("UnsupportedCriticalExtension"));

    // In an intermediate, after extensions that are supported, and an extension without a name.
    let between = intermediate_with("Between", &ca, |params| {
        with_critical(params, (&[1, 2, 840, 1], &[5, 0]));
    });
    let refused = refusal(&trusting(&ca), &server(&between, NAME).with(&between));
    assert_eq!(refused.certificate(), Some("CN=Between"));
    assert!(
        refused.to_string().ends_with(": unknown (1.2.840.1)"),
        "{refused}"
    );
    // The same certificate, if no names lead to it, is not the reason for anything.
    verify(&trusting(&ca), &server(&ca, NAME).with(&between).chain).unwrap();
}

fn permitting(subtrees: Vec<GeneralSubtree>) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: subtrees,
        excluded_subtrees: Vec::new(),
    }
}

#[test]
fn unsupported_kind_of_name_constraint_is_not_outside() {
    let ca = root("CA");
    let below = |subtree, san: Option<SanType>| {
        let between = intermediate_with("Between", &ca, |params| {
            params.name_constraints = Some(permitting(vec![subtree]));
        });
        let identity = server_with(&between, NAME, |params| {
            params.subject_alt_names.extend(san);
        });
        identity.with(&between)
    };
    // The certificate is inside: it has no other name of the kind.
    let uri = || SanType::URI("https://a.example/".try_into().unwrap());
    let mail = || SanType::Rfc822Name("a@a.example".try_into().unwrap());
    for (subtree, san, kind) in [
        (
            GeneralSubtree::DirectoryName(common_name("a server")),
            None,
            "directoryName",
        ),
        (
            GeneralSubtree::Rfc822Name("a.example".to_owned()),
            Some(mail()),
            "rfc822Name",
        ),
    ] {
        let refused = refusal(&trusting(&ca), &below(subtree, san));
        assert_eq!(
            format!("{refused:?}"),
            format!(
                "the certificate \"CN=Between\" has name constraints of a kind that is not supported: {kind}; \
                 certificates below it that have such a name are refused, even if it is permitted"
            )
        );
        assert!(refused.is_unsupported_constraint() && !refused.is_outside_constraints());
    }
    // No name of the kind, and nothing is refused.
    let identity = below(
        GeneralSubtree::Rfc822Name("a.example".to_owned()),
        Some(uri()),
    );
    verify(&trusting(&ca), &identity.chain).unwrap();

    // A name that is outside of another constraint of the same CA is the better reason.
    let between = intermediate_with("Between", &ca, |params| {
        params.name_constraints = Some(permitting(vec![
            GeneralSubtree::DnsName("b.example".to_owned()),
            GeneralSubtree::DirectoryName(common_name("a server")),
        ]));
    });
    let refused = refusal(&trusting(&ca), &server(&between, NAME).with(&between));
    assert!(refused.is_outside_constraints(), "{refused}");
    let limits = "the intermediate \"CN=Between\": permitted-dns=b.example permitted-other=[4]";
    assert!(refused.to_string().ends_with(limits), "{refused}");
}

/// A CA's certificate with its name in one encoding, and its twin of the same key with that name in another.
fn twins(one: DnValue, other: DnValue) -> [Authority; 2] {
    let key = key().serialize_pem();
    [one, other].map(|name| {
        root_of("", &key, |params| {
            params.distinguished_name = DistinguishedName::new();
            params
                .distinguished_name
                .push(DnType::CommonName, name.clone());
        })
    })
}

#[test]
fn root_of_the_same_name_in_another_encoding_is_named() {
    let printable = |name: &str| DnValue::PrintableString(PrintableString::try_from(name).unwrap());
    let utf8 = |name: &str| DnValue::Utf8String(name.to_owned());
    for (one, other, namesake) in [
        (printable("My CA"), utf8("My CA"), "CN=My CA"),
        (utf8("My CA"), utf8("my ca"), "CN=My CA"),
        (utf8("My  CA"), utf8("My CA"), "CN=My  CA"),
    ] {
        let [trusted, issuer] = twins(one, other);
        let refused = refusal(&trusting(&trusted), &server(&issuer, NAME));
        assert!(refused.is_unknown_issuer());
        assert_eq!(refused.namesake(), Some(namesake));
        let text = format!(
            "is not trusted by certificates (1 root); there is a certificate of \"{namesake}\", but that name \
             differs in string type, letter case or spaces, and names are compared byte by byte: the CA must issue \
             certificates with exactly the name of its own certificate"
        );
        assert!(format!("{refused:?}").ends_with(&text), "{refused:?}");
        assert_eq!(replaced(&refused), &CertificateError::UnknownIssuer);
    }

    // An intermediate that was sent, but under another name than that in the certificate below it.
    let ca = root("CA");
    let (key, other) = (key().serialize_pem(), "between");
    let [sent, issuer] = ["Between", other].map(|name| intermediate_of(name, &key, &ca));
    let refused = refusal(&trusting(&ca), &server(&issuer, NAME).with(&sent));
    assert_eq!(
        (refused.issuer(), refused.namesake()),
        (Some("CN=between"), Some("CN=Between"))
    );

    let refused = refusal(&trusting(&ca), &server(&root("CAs"), NAME));
    assert_eq!(refused.namesake(), None);
}

#[test]
fn certificate_for_another_purpose_is_named() {
    let ca = root("CA");
    let refused = refusal(&trusting(&ca), &client(&ca, NAME));
    assert_eq!(
        refused.to_string(),
        "the certificate \"CN=a client\" is not for servers: its extended key usage is clientAuth"
    );
    assert!(refused.is_wrong_purpose());
    assert!(matches!(
        replaced(&refused),
        CertificateError::InvalidPurposeContext { .. }
    ));

    let between = intermediate_with("Between", &ca, |params| {
        use ExtendedKeyUsagePurpose::{ClientAuth, EmailProtection};
        params.extended_key_usages = vec![ClientAuth, EmailProtection];
    });
    let refused = refusal(&trusting(&ca), &server(&between, NAME).with(&between));
    assert_eq!(refused.certificate(), Some("CN=Between"));
    let end = "usage is clientAuth, emailProtection";
    assert!(refused.to_string().ends_with(end), "{refused}");

    // Chrome's policy makes public CAs issue such certificates.
    let clients = trusting(&ca).client_cert_verifier();
    let identity = client_with(&ca, "a client", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let error = clients
        .verify_client_cert(&identity.chain[0], &[], now())
        .unwrap_err();
    assert_eq!(
        format!("{:?}", Refusal::of(&error).unwrap()),
        "the certificate \"CN=a client\" is not for clients: its extended key usage is serverAuth; \
         public CAs stop issuing certificates for clients (Chrome Root Program Policy 1.8): use a private CA"
    );
}

/// A chain of tests/data/unsuitable, under its root.
fn made_by_openssl(
    pem: &str,
    provider: CryptoProvider,
) -> (Result<(), rustls::Error>, Option<String>) {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = chain.unwrap();
    let builder = Roots::builder().certificates([chain[1].clone()]);
    let roots = builder.provider(Arc::new(provider)).build().unwrap();
    let verdict = verify(&roots, &chain[..1]);
    let text = verdict.as_ref().err().map(|error| {
        let refusal = Refusal::of(error).unwrap_or_else(|| panic!("{error:?}"));
        assert!(refusal.is_unsupported_algorithm(), "{refusal}");
        format!("{refusal:?}")
    });
    (verdict, text)
}

#[test]
fn unsupported_algorithm_is_named_with_the_provider_that_has_it() {
    const CANNOT: &str = "which the crypto provider cannot verify";
    const P521: &str = include_str!("../data/unsuitable/p521.pem");
    const P256_SHA512: &str = include_str!("../data/unsuitable/p256-sha512.pem");
    for (pem, algorithm) in [
        (P521, "ECDSA with SHA-512"),
        (P256_SHA512, "ECDSA with SHA-512"),
    ] {
        let (_, text) = made_by_openssl(pem, ring::default_provider());
        let text = text.unwrap();
        assert_eq!(
            text,
            format!(
                "the certificate \"CN=a.example\" is signed with {algorithm}, {CANNOT}; the provider aws-lc-rs \
                 can (feature `aws-lc-rs`)"
            )
        );
        made_by_openssl(pem, aws_lc_rs::default_provider())
            .0
            .unwrap();
    }
    let ed448 = include_str!("../data/unsuitable/ed448.pem");
    for provider in [ring::default_provider(), aws_lc_rs::default_provider()] {
        let (_, text) = made_by_openssl(ed448, provider);
        let expected = format!("the certificate \"CN=a.example\" is signed with Ed448, {CANNOT}");
        assert_eq!(text, Some(expected));
    }
    // The provider has the signature, but not with this key.
    let p521 = include_str!("../data/unsuitable/p521-sha256.pem");
    let (_, text) = made_by_openssl(p521, ring::default_provider());
    let expected = format!(
        "the certificate \"CN=a.example\" is signed with ECDSA with SHA-256 by a key of the type P-521, {CANNOT}; \
         the provider aws-lc-rs can (feature `aws-lc-rs`)"
    );
    assert_eq!(text, Some(expected));
    made_by_openssl(p521, aws_lc_rs::default_provider())
        .0
        .unwrap();
}

#[test]
fn short_rsa_key_is_named() {
    let pem = include_str!("../data/unsuitable/rsa1024.pem");
    for provider in [ring::default_provider(), aws_lc_rs::default_provider()] {
        let (_, text) = made_by_openssl(pem, provider);
        assert_eq!(
            text.unwrap(),
            "the certificate \"CN=CA\" has an RSA key of 1024 bits, too short for rustls, which verifies by keys of \
             2048 to 8192; it needs a longer key"
        );
    }
}

/// A key that signs anything with zeros.
#[derive(Debug)]
struct Zeros;

impl SigningKey for Zeros {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for Zeros {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![0; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

/// The provider says only that the signature of the handshake is bad.
#[test]
fn short_rsa_key_of_a_server_is_named() {
    let pem = include_str!("../data/unsuitable/rsa1024.pem");
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    // The second is the one with the short key.
    let certificate = chain.unwrap().remove(1);
    let name = NAME.try_into().unwrap();
    let pinning = || Roots::builder().pinned_certificate_for(&name, certificate.clone());
    let roots = pinning().build().unwrap();
    let key = CertifiedKey::new(vec![certificate.clone()], Arc::new(Zeros));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let key = Arc::new(SingleCertAndKey::from(key));
    let config = Arc::new(config.with_no_client_auth().with_cert_resolver(key));
    let error = Pair::new(&roots.client_config(), &config, NAME).finish();
    let refused = Refusal::of(&error.unwrap_err()).unwrap();
    let plain = pinning().plain_errors().build().unwrap();
    let error = Pair::new(&plain.client_config(), &config, NAME).finish();
    assert_eq!(error.unwrap_err(), CertificateError::BadSignature.into());
    assert!(refused.is_unsupported_algorithm());
    assert!(
        refused
            .to_string()
            .contains("an RSA key of 1024 bits, too short"),
        "{refused}"
    );
    assert_eq!(replaced(&refused), &CertificateError::BadSignature);
}

#[test]
fn compressed_point_is_named_with_the_provider_that_has_it() {
    let ca = root("CA");
    let identity = server(&ca, NAME);
    let whole = webpki_anchor(&ca);
    let info = whole.subject_public_key_info.to_vec();
    // An algorithm, and a BIT STRING of 0x04, x and y, which is the end.
    let (start, point) = info.split_at(info.len() - 65);
    let parity = 2 + (point[64] & 1);
    let mut compressed = start.to_vec();
    let bits = compressed.len() - 2;
    compressed[bits] = 34;
    compressed.push(parity);
    compressed.extend(&point[1..33]);
    let anchor = TrustAnchor {
        subject_public_key_info: compressed.into(),
        ..whole
    };
    let verdict = |provider: CryptoProvider| {
        let builder = Roots::builder().anchors([anchor.clone()]);
        verify(
            &builder.provider(Arc::new(provider)).build().unwrap(),
            &identity.chain,
        )
    };
    verdict(aws_lc_rs::default_provider()).unwrap();
    let error = verdict(ring::default_provider()).unwrap_err();
    assert_eq!(
        format!("{:?}", Refusal::of(&error).unwrap()),
        "the certificate \"CN=CA\" has a key whose point is compressed, which the crypto provider ring cannot use; \
         the provider aws-lc-rs can (feature `aws-lc-rs`)"
    );
}

fn webpki_anchor(ca: &Authority) -> TrustAnchor<'static> {
    let roots = trusting(ca);
    roots.anchors()[0].trust_anchor().clone()
}

#[test]
fn another_key_of_the_same_name_is_named() {
    let (ca, namesake) = (root("CA"), root("CA"));
    let refused = refusal(&trusting(&ca), &server(&namesake, NAME));
    assert!(refused.is_bad_signature() && refused.root() == Some("CN=CA"));
    assert_eq!(
        format!("{refused:?}"),
        "a signature was not made with the key of the named issuer, in a chain that leads to \"CN=CA\"; if another CA \
         has this name, add its certificate; if a CA has a new key, update its root"
    );
    assert_eq!(replaced(&refused), &CertificateError::BadSignature);

    // A root that no name leads to is not a reason, whatever the server sends.
    let other = root("Another");
    let both = Roots::builder().pem(other.pem()).pem(ca.pem());
    let junk = intermediate_of("Junk", &key().serialize_pem(), &other);
    let identity = server(&root("CA"), NAME).with(&junk);
    let refused = refusal(&both.build().unwrap(), &identity);
    assert_eq!(
        (refused.is_bad_signature(), refused.root()),
        (true, Some("CN=CA"))
    );

    // The key of the namesake is of another type, which the provider has.
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let namesake = root_of("CA", &key.serialize_pem(), |_| {});
    let refused = refusal(&trusting(&namesake), &server(&ca, NAME));
    assert!(refused.is_bad_signature(), "{refused}");
}
