//! The messages of refusals.

use embedded_roots::{Refusal, Roots, RootsBuilder};
use embedded_roots_testing::authority::{
    Identity, annotated, intermediate, intermediate_of, intermediate_with, key, root, server,
};
use rcgen::{CertificateParams, DnType, IsCa};
use rustls::version::TLS13;

use crate::scratch::Package;
use crate::server::{handshake, serve};

const NAME: &str = "a.example";

fn refusal(builder: RootsBuilder, identity: Identity) -> Refusal {
    let roots = builder.build().unwrap();
    let error = handshake(roots.client_config(), serve(identity, &TLS13), NAME).unwrap_err();
    assert!(
        matches!(error, rustls::Error::InvalidCertificate(_)),
        "{error:?}"
    );
    Refusal::of(&error).unwrap().clone()
}

const INTERMEDIATE: &str = "the server sent 1 certificate: if the issuer is an intermediate CA, the \
                            server must also send that CA's certificate";
const PRIVATE: &str = "if it is a private CA, add its certificate (`RootsBuilder::pem_file`, \
                       `include_bundle!`, or the feature `custom`)";
const SYSTEM: &str = "if the operating system trusts it, add the system store (`Roots::embedded_and_system`, \
     with the feature `system`)";

#[test]
fn unknown_issuer_is_named_with_sources_and_advice() {
    let (ca, trusted) = (root("Private CA"), root("CA"));
    let builder = || {
        Roots::builder()
            .bundle(embedded_roots::bundle())
            .pem(trusted.pem())
    };
    let refusal = refusal(builder(), server(&ca, NAME));
    let sources = "bundle custom (2 roots), PEM text (1 root)";
    let text = format!(
        "the issuer \"CN=Private CA\" is not trusted by {sources}; {INTERMEDIATE}; {PRIVATE}; {SYSTEM}"
    );
    assert_eq!(refusal.to_string(), text);
    assert!(refusal.is_unknown_issuer() && !refusal.is_distrusted());
    assert_eq!(refusal.certificates_sent(), Some(1));
    assert_eq!(
        (refusal.issuer(), refusal.distrust_after()),
        (Some("CN=Private CA"), None)
    );

    // A policy that already uses the system's store must not be advised to add it.
    let refusal = self::refusal(builder().system(), server(&ca, NAME));
    let text = refusal.to_string();
    assert!(text.contains(PRIVATE) && !text.contains(SYSTEM), "{text}");
}

#[test]
fn the_issuer_is_the_last_that_the_server_did_not_send() {
    let ca = root("Private CA");
    let between = intermediate("Between", &ca);
    let below = intermediate("Below", &between);
    let builder = || Roots::builder().pem(root("CA").pem());
    for (identity, issuer) in [
        (server(&below, NAME), "CN=Below"),
        (server(&below, NAME).with(&below), "CN=Between"),
        (
            server(&below, NAME).with(&between).with(&below),
            "CN=Private CA",
        ),
        // Out of order, with the root included, and with an unrelated certificate.
        (
            server(&below, NAME).with(&ca).with(&between).with(&below),
            "CN=Private CA",
        ),
        (server(&below, NAME).with(&root("Other")), "CN=Below"),
    ] {
        assert_eq!(refusal(builder(), identity).issuer(), Some(issuer));
    }
}

#[test]
fn self_signed_certificate_is_named_as_such() {
    let key = key();
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Myself");
    params.is_ca = IsCa::ExplicitNoCa;
    let certificate = params.self_signed(&key).unwrap();
    let identity = Identity {
        chain: vec![certificate.der().clone()],
        key: rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    };
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), identity);
    let start = "the self-signed certificate \"CN=Myself\" is not trusted by PEM text (1 root); if";
    assert!(refusal.to_string().starts_with(start), "{refusal}");
}

#[test]
fn cyclic_chain_terminates() {
    let (one, two) = (key().serialize_pem(), key().serialize_pem());
    // Two authorities that certify each other.
    let by_root = intermediate_of("One", &one, &root("Two"));
    let two_by_one = intermediate_of("Two", &two, &by_root);
    let one_by_two = intermediate_of("One", &one, &two_by_one);
    let identity = server(&one_by_two, NAME)
        .with(&one_by_two)
        .with(&two_by_one);
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), identity);
    assert!(
        ["CN=One", "CN=Two"].contains(&refusal.issuer().unwrap()),
        "{refusal}"
    );
}

#[test]
fn distrusted_root_is_named_with_its_date() {
    let ca = root("Old CA");
    let trusted = annotated("distrust-after=2019-01-01T00:00:00Z", &ca);
    let refusal = refusal(Roots::builder().pem(trusted), server(&ca, NAME));
    assert!(refusal.is_distrusted() && !refusal.is_unknown_issuer());
    let text = "the root \"CN=Old CA\" is distrusted for certificates that start to be valid after \
                2019-01-01T00:00:00Z";
    assert_eq!(refusal.to_string(), text);
}

/// `openssl x509 -text` does not show imposed name constraints to the operator.
#[test]
fn name_outside_name_constraints_is_named_with_root_and_limit() {
    let ca = root("Corp CA");
    let trusted = || Roots::builder().pem(annotated("permitted-dns=.corp.example", &ca));
    let refusal = refusal(trusted(), server(&ca, NAME));
    assert!(refusal.is_outside_constraints() && !refusal.is_unknown_issuer());
    let text = "the certificate is for \"a.example\", which is outside the name constraints of the \
                root \"CN=Corp CA\", its own or imposed by the bundle: permitted-dns=.corp.example";
    assert_eq!(refusal.to_string(), text);
    assert_eq!(
        (refusal.root(), refusal.issuer()),
        (Some("CN=Corp CA"), None)
    );
    assert_eq!(refusal.presented_name(), Some(NAME));
    assert_eq!(
        refusal.name_constraints(),
        Some("permitted-dns=.corp.example")
    );
    assert_eq!(
        (refusal.distrust_after(), refusal.certificates_sent()),
        (None, None)
    );

    // An intermediate's own.
    let own = root("CA");
    let between = intermediate_with("Between", &own, |params| {
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("b.example".into())],
            excluded_subtrees: Vec::new(),
        });
    });
    let identity = server(&between, NAME).with(&between);
    let refusal = self::refusal(Roots::builder().pem(own.pem()), identity);
    let text = "the certificate is for \"a.example\", which is outside the name constraints of the \
                intermediate \"CN=Between\": permitted-dns=b.example";
    assert_eq!(refusal.to_string(), text);
    assert!(refusal.is_outside_constraints());
    assert_eq!(
        (refusal.root(), refusal.presented_name()),
        (None, Some(NAME))
    );
}

#[test]
fn long_names_are_shortened() {
    let ca = root(&"x".repeat(10_000));
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), server(&ca, NAME));
    assert!(
        refusal.issuer().unwrap().len() > 10_000 && refusal.to_string().len() < 1000,
        "{refusal}"
    );
}

#[test]
fn other_errors_have_no_refusal() {
    assert!(Refusal::of(&std::fmt::Error).is_none());
    assert!(Refusal::of(&rustls::Error::DecryptError).is_none());
    let wrapped = std::io::Error::other(rustls::Error::DecryptError);
    assert!(Refusal::of(&wrapped).is_none());
}

#[test]
fn default_roots_explain_name_constraints() {
    let ca = root("Limited CA");
    let annotation = "permitted-dns=.corp.example";
    let package = Package::with_rustls("limited_default", &["custom", "ring", "rustls"]);
    let package = package.main(include_str!("../programs/limited_default.rs"));
    let chain = server(&ca, NAME).chain;
    for (nth, certificate) in chain.iter().enumerate() {
        package.file(&format!("{nth}.der"), certificate);
    }
    let bundle = package.file("bundle.pem", annotated(annotation, &ca));
    let package = package.env("EMBEDDED_ROOTS_FILE", &bundle);
    assert_eq!(
        package.run(),
        "the certificate is for \"a.example\", which is outside the name constraints of the root \
         \"CN=Limited CA\", its own or imposed by the bundle: permitted-dns=.corp.example"
    );
}
