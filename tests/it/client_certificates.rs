//! Which clients a server accepts and which it refuses, over TLS 1.2 and 1.3.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use embedded_roots::{Refusal, Roots, mozilla};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, client, client_with, intermediate, intermediate_with, root,
    server,
};
use rcgen::date_time_ymd;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection,
    SignatureScheme, StreamOwned, SupportedProtocolVersion,
};

use crate::revocation::{authority, crl};

const NAME: &str = "a.corp.example";

/// A client that presents its certificate whatever the server's hints are, and remembers them.
#[derive(Debug)]
struct Resolver {
    key: Option<Arc<CertifiedKey>>,
    hints: Mutex<Vec<Vec<u8>>>,
}

impl Resolver {
    fn new(identity: Option<Identity>) -> Arc<Self> {
        let key = identity.map(|Identity { chain, key }| {
            let key = ring::sign::any_supported_type(&key).unwrap();
            Arc::new(CertifiedKey::new(chain, key))
        });
        let hints = Mutex::default();
        Arc::new(Self { key, hints })
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.hints.lock().unwrap() = hints.iter().map(|hint| hint.to_vec()).collect();
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The server's verdict on a client.
fn handshake(
    verifier: Arc<dyn ClientCertVerifier>,
    client: Arc<Resolver>,
    version: &'static SupportedProtocolVersion,
) -> Result<(), Error> {
    let provider = Arc::new(ring::default_provider());
    let ca = root("CA of the server");
    let identity = server(&ca, "localhost");
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        tls.write_all(b"!").and_then(|()| tls.flush())
    });
    let roots = Roots::builder().pem(ca.pem()).build().unwrap();
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(roots.verifier())
        .with_no_client_auth();
    config.client_auth_cert_resolver = client;
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tls = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    // A client that is refused gets an alert; the test checks the server's error.
    let _ = tls.read_exact(&mut [0]);
    served.join().unwrap().map_err(|error| {
        let tls = error
            .get_ref()
            .and_then(|error| error.downcast_ref::<Error>());
        tls.expect("the handshake fails for no other reason")
            .clone()
    })
}

/// The verdict on this client, which must be the same for both versions.
#[track_caller]
fn verdict(
    verifier: &Arc<dyn ClientCertVerifier>,
    identity: Option<Identity>,
) -> Result<(), Error> {
    let client = Resolver::new(identity);
    let [one, other] =
        [&TLS12, &TLS13].map(|version| handshake(verifier.clone(), client.clone(), version));
    // Compared as text, because `CertificateError::Other` never compares equal.
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    other
}

fn trusting(pem: impl AsRef<[u8]>) -> Arc<dyn ClientCertVerifier> {
    let roots = Roots::builder().pem(pem).build().unwrap();
    roots.client_cert_verifier()
}

#[track_caller]
fn refusal(verifier: &Arc<dyn ClientCertVerifier>, identity: Identity) -> Refusal {
    let error = verdict(verifier, Some(identity)).unwrap_err();
    let refusal = Refusal::of(&error).unwrap_or_else(|| panic!("another reason: {error:?}"));
    refusal.clone()
}

#[test]
fn a_trusted_client_is_accepted() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let verifier = trusting(ca.pem());
    for identity in [client(&ca, NAME), client(&between, NAME).with(&between)] {
        assert_eq!(verdict(&verifier, Some(identity)), Ok(()));
    }
    // The bundle that is used in place, without the builder.
    let refusal = refusal(
        &Roots::embedded().unwrap().client_cert_verifier(),
        client(&ca, NAME),
    );
    assert!(refusal.is_unknown_issuer(), "{refusal}");
}

#[test]
fn unknown_client_is_refused_with_sources_and_advice() {
    let (ca, stranger) = (root("CA"), root("Other CA"));
    let verifier = trusting(ca.pem());
    let refusal = self::refusal(&verifier, client(&stranger, NAME));
    let text = "the issuer \"CN=Other CA\" is not trusted by PEM text (1 root); the client sent 1 \
                certificate: if the issuer is an intermediate CA, the client must also send that \
                CA's certificate; if it is a private CA, add its certificate \
                (`RootsBuilder::pem_file`, `include_bundle!`, or the feature `custom`)";
    assert_eq!(format!("{refusal:?}"), text);
    assert!(refusal.is_unknown_issuer());
    assert_eq!(refusal.certificates_sent(), Some(1));

    // A missing intermediate.
    let between = intermediate("Between", &ca);
    let refusal = self::refusal(&verifier, client(&between, NAME));
    assert_eq!(refusal.issuer(), Some("CN=Between"));
}

#[test]
fn distrust_date_is_enforced_and_explained() {
    let ca = root("Old CA");
    let dated = |year: i32, beside: &str| {
        let limit = format!("distrust-after={year}-01-01T00:00:00Z");
        trusting(annotated(&limit, &ca) + beside)
    };
    let old = |year: i32| {
        client_with(&ca, NAME, |params| {
            params.not_before = date_time_ymd(year, 1, 1);
        })
    };
    for beside in [String::new(), root("CA").pem()] {
        // The date itself is trusted.
        for year in [2019, 2020] {
            assert_eq!(verdict(&dated(2020, &beside), Some(old(year))), Ok(()));
        }
        let refusal = refusal(&dated(2020, &beside), old(2021));
        assert!(refusal.is_distrusted(), "{refusal}");
        assert_eq!(
            refusal.to_string(),
            "the root \"CN=Old CA\" is distrusted for certificates that start to be valid after \
             2020-01-01T00:00:00Z"
        );
    }
}

/// One more than rustls could have a verifier for in half a GiB.
#[test]
fn thousands_of_distrust_dates_are_enforced() {
    let (old, new) = (root("Old CA"), root("New CA"));
    let anchors = (0..2000_u32).map(|nth| {
        let name = format!("CA {nth}");
        let (days, ca) = (nth % 28 + 1, root(&name));
        let (months, years) = (nth / 28 % 12 + 1, 2000 + nth / 336);
        let limit = format!("distrust-after={years}-{months:02}-{days:02}T00:00:00Z");
        annotated(&limit, &ca)
    });
    let limit = |year| format!("distrust-after={year}-01-01T00:00:00Z");
    let pem: String = anchors
        .chain([annotated(&limit(2019), &old), annotated(&limit(2021), &new)])
        .collect();
    let verifier = trusting(pem);
    assert_eq!(verdict(&verifier, Some(client(&new, NAME))), Ok(()));
    let refusal = refusal(&verifier, client(&old, NAME));
    assert!(refusal.is_distrusted(), "{refusal}");
}

#[test]
fn name_outside_name_constraints_is_refused_and_explained() {
    let ca = root("Corp CA");
    let verifier = trusting(annotated("permitted-dns=.corp.example", &ca));
    assert_eq!(verdict(&verifier, Some(client(&ca, NAME))), Ok(()));
    let refusal = refusal(&verifier, client(&ca, "a.example"));
    assert!(refusal.is_outside_constraints(), "{refusal}");
    assert_eq!(
        (
            refusal.root(),
            refusal.presented_name(),
            refusal.name_constraints()
        ),
        (
            Some("CN=Corp CA"),
            Some("a.example"),
            Some("permitted-dns=.corp.example")
        )
    );
}

#[test]
fn other_errors_are_those_of_rustls() {
    let ca = root("CA");
    let verifier = trusting(ca.pem());
    let error = |identity| match verdict(&verifier, Some(identity)).unwrap_err() {
        Error::InvalidCertificate(error) => error,
        other => panic!("refused for another reason than the certificate: {other}"),
    };
    let expired = client_with(&ca, NAME, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let error_of_expired = handshake(Arc::clone(&verifier), Resolver::new(Some(expired)), &TLS13);
    assert!(
        matches!(
            error_of_expired,
            Err(Error::InvalidCertificate(
                CertificateError::ExpiredContext { .. }
            ))
        ),
        "{error_of_expired:?}"
    );
    let of_an_impostor = refusal(&verifier, client(&root("CA"), NAME));
    assert!(of_an_impostor.is_bad_signature(), "{of_an_impostor}");

    // The certificate of one client with the key of another.
    let (mut thief, other) = (client(&ca, NAME), client(&ca, NAME));
    thief.chain = other.chain;
    assert_eq!(error(thief), CertificateError::BadSignature);
}

#[test]
fn a_revoked_client_is_refused() {
    let (ca, other) = (authority(), root("Another CA"));
    let of = |ca: &Authority, serial: u64| {
        Some(client_with(ca, NAME, |params| {
            params.serial_number = Some(serial.into());
        }))
    };
    let refused = |why: CertificateError| Err(Error::InvalidCertificate(why));
    let limit = "distrust-after=2021-01-01T00:00:00Z";
    for pem in [ca.pem(), annotated(limit, &ca)] {
        let builder = || {
            let builder = Roots::builder().pem(pem.clone() + &other.pem());
            builder.crls([crl(&ca, 4096)])
        };
        let verifier = builder().build().unwrap().client_cert_verifier();
        assert_eq!(verdict(&verifier, of(&ca, 2)), Ok(()));
        let revoked = refused(CertificateError::Revoked);
        assert_eq!(verdict(&verifier, of(&ca, 1)), revoked);
        let unknown = refused(CertificateError::UnknownRevocationStatus);
        assert_eq!(verdict(&verifier, of(&other, 2)), unknown);

        let allowing = builder().allow_unknown_revocation_status().build();
        let allowing = allowing.unwrap().client_cert_verifier();
        assert_eq!(verdict(&allowing, of(&other, 2)), Ok(()));
        assert_eq!(verdict(&allowing, of(&ca, 1)), revoked);
    }
    let builder = || Roots::builder().pem(ca.pem()).crls([crl(&ca, 2021)]);
    let ignoring = builder().build().unwrap().client_cert_verifier();
    assert_eq!(verdict(&ignoring, of(&ca, 2)), Ok(()));
    let enforcing = builder().enforce_revocation_expiration().build();
    let enforcing = enforcing.unwrap().client_cert_verifier();
    let error = handshake(enforcing, Resolver::new(of(&ca, 2)), &TLS13);
    assert!(
        matches!(
            error,
            Err(Error::InvalidCertificate(
                CertificateError::ExpiredRevocationListContext { .. }
            ))
        ),
        "{error:?}"
    );
    // The intermediate is revoked, the end-entity certificate is not.
    let revoked = revoked_intermediate(&ca);
    let chain = || {
        let identity = client_with(&revoked, NAME, |params| {
            params.serial_number = Some(2.into());
        });
        Some(identity.with(&revoked))
    };
    let builder = || {
        let builder = Roots::builder().pem(ca.pem()).crls([crl(&ca, 4096)]);
        builder.allow_unknown_revocation_status()
    };
    let verifier = builder().build().unwrap().client_cert_verifier();
    let expected = refused(CertificateError::Revoked);
    assert_eq!(verdict(&verifier, chain()), expected);
    let end_entity = builder().only_check_end_entity_revocation().build();
    let verifier = end_entity.unwrap().client_cert_verifier();
    assert_eq!(verdict(&verifier, chain()), Ok(()));
}

/// An intermediate whose serial number [`crl`] revokes.
fn revoked_intermediate(ca: &Authority) -> Authority {
    intermediate_with("Revoked", ca, |params| {
        params.serial_number = Some(1.into());
    })
}

#[test]
fn a_client_without_a_certificate_is_refused_unless_it_is_optional() {
    let ca = root("CA");
    let roots = Roots::builder().pem(ca.pem()).build().unwrap();
    let mandatory = roots.client_cert_verifier();
    let error = verdict(&mandatory, None).unwrap_err();
    assert_eq!(error, Error::NoCertificatesPresented);
    assert!(Refusal::of(&error).is_none());

    let optional = roots.optional_client_cert_verifier();
    assert_eq!(verdict(&optional, None), Ok(()));
    assert_eq!(verdict(&optional, Some(client(&ca, NAME))), Ok(()));
    let refusal = refusal(&optional, client(&root("Another CA"), NAME));
    assert!(refusal.is_unknown_issuer(), "{refusal}");
}

/// The hints that a client gets, after a handshake that must succeed.
fn hints(roots: &Roots) -> Vec<Vec<u8>> {
    let client = Resolver::new(None);
    let hints = [&TLS12, &TLS13].map(|version| {
        let verifier = roots.optional_client_cert_verifier();
        handshake(verifier, Arc::clone(&client), version).unwrap();
        client.hints.lock().unwrap().clone()
    });
    let [one, other] = hints;
    assert_eq!(one, other);
    one
}

#[test]
fn hints_are_the_subjects_of_the_roots_if_they_are_short() {
    // Two of one name, and one that is trusted for older certificates alone.
    let (one, namesake, dated) = (root("CA"), root("CA"), root("Old CA"));
    let limit = "distrust-after=2019-01-01T00:00:00Z";
    let pem = one.pem() + &namesake.pem() + &annotated(limit, &dated);
    let roots = Roots::builder().pem(pem).build().unwrap();
    let expected = [&one, &dated].map(|ca| {
        let (_, certificate) = x509_parser::parse_x509_certificate(ca.der()).unwrap();
        certificate.subject().as_raw().to_vec()
    });
    assert_eq!(hints(&roots), expected);

    // Those of Mozilla's list are sent, as by rustls.
    let builder = Roots::builder().bundle(&mozilla::BUNDLE);
    let public = builder.build().unwrap();
    assert!(distinct_subjects(&public) > 100);
    assert_eq!(hints(&public).len(), distinct_subjects(&public));

    // What is longer than a TLS record is not, and neither is what has no valid encoding.
    for (roots, is_sent) in [(20, true), (21, false), (100, false)] {
        // Each is 803 bytes long, with its length.
        let names = (0..roots).map(|nth| format!("{nth:0>780}"));
        let pem: String = names.map(|name| root(&name).pem()).collect();
        let roots = Roots::builder().pem(pem).build().unwrap();
        assert_eq!(!hints(&roots).is_empty(), is_sent);
    }
}

fn distinct_subjects(roots: &Roots) -> usize {
    let subjects = roots.anchors().iter();
    let subjects = subjects.map(|anchor| anchor.trust_anchor().subject.to_vec());
    subjects.collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn server_offers_the_same_as_that_of_rustls() {
    let provider = || Arc::new(ring::default_provider());
    let builder = Roots::builder().pem(root("CA").pem());
    let roots = builder.provider(provider()).build().unwrap();
    let builder = WebPkiClientVerifier::builder_with_provider(roots.root_store(), provider());
    for (ours, theirs) in [
        (roots.client_cert_verifier(), builder.clone()),
        (
            roots.optional_client_cert_verifier(),
            builder.allow_unauthenticated(),
        ),
    ] {
        let theirs = theirs.build().unwrap();
        let [ours, theirs] = [ours, theirs].map(|verifier| {
            (
                verifier.supported_verify_schemes(),
                verifier.offer_client_auth(),
                verifier.client_auth_mandatory(),
                verifier.requires_raw_public_keys(),
            )
        });
        assert_eq!(ours, theirs);
    }
}
