//! A chain is accepted exactly if rustls' verifier accepts it over the anchors that the dates allow, without what is
//! distrusted and with what the policy knows, and takes no more checks of signatures. One beyond the bound of the path
//! search is refused, and what the policy knows is left out if that is beyond it.

#![no_main]

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Refusal, Roots};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{Annotation, ParsedBundle, Root, not_after, rfc3339};
use embedded_roots_fuzz::certificate::{Patch, Template, day, der, dns, revocation_list};
use embedded_roots_fuzz::signature::{ALGORITHMS, PROVIDER, count_checks};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use webpki::{EndEntityCert, KeyUsage};

/// What is drawn from the input.
#[derive(Arbitrary, Debug)]
struct Input {
    roots: Vec<RootOf>,
    leaf: Certificate,
    intermediates: Vec<Certificate>,
    /// In half of the inputs, the certificate that is distrusted, too: see [`Input::distrusted`].
    server_name: u8,
    now: u8,
    revocation: Option<Revocation>,
    /// How many of the intermediates the policy knows, instead of the server sending them.
    known: u8,
}

/// Few letters, so that roots share names, and keys.
#[derive(Arbitrary, Debug)]
struct RootOf {
    letter: u8,
    /// Seldom not the one of the letter: see [`odd`].
    key: u8,
    /// Of its annotation.
    distrust_after: Option<u8>,
    constraint: u8,
}

#[derive(Arbitrary, Debug)]
struct Certificate {
    subject: u8,
    issuer: u8,
    key: u8,
    signer: u8,
    not_before: u8,
    not_after: u8,
    /// Seldom a leaf that is a CA, or an intermediate that is not a CA.
    ca: u8,
    patches: Vec<Patch>,
}

#[derive(Arbitrary, Debug)]
struct Revocation {
    issuer: u8,
    signer: u8,
    serial_number: u8,
    allow_unknown_status: bool,
    only_end_entity: bool,
}

impl Input {
    /// The place in the chain of a certificate that is distrusted, by its fingerprint.
    fn distrusted(&self) -> Option<usize> {
        let drawn = self.server_name.checked_sub(0x80)?;
        Some(usize::from(drawn / 4) % (MOST + 1))
    }
}

const LETTERS: u8 = 6;
/// The days of certificates and of dates; the present is after half of them.
const DAYS: u8 = 64;
const MOST: usize = 12;

/// What is wrong in one certificate of eight: in more, few chains would be good.
fn odd(drawn: u8) -> Option<u8> {
    (drawn >= 0xe0).then_some(drawn)
}

/// That of the letter, or an odd one.
fn key(letter: u8, drawn: u8) -> u8 {
    odd(drawn).map_or(letter, |drawn| drawn % LETTERS)
}

fuzz_target!(|input: Input| {
    let roots: Vec<_> = input.roots.iter().take(MOST).map(RootOf::root).collect();
    let Ok(bundle) = ParsedBundle::new(roots) else {
        return;
    };
    let mut policy = Roots::builder()
        .pem(bundle.to_pem())
        .provider(Arc::clone(&PROVIDER));
    if let Some(revocation) = &input.revocation {
        policy = policy.crls([revocation.crl()]);
        if revocation.allow_unknown_status {
            policy = policy.allow_unknown_revocation_status();
        }
        if revocation.only_end_entity {
            policy = policy.only_check_end_entity_revocation();
        }
    }
    let end_entity = input.leaf.certificate(0, false);
    let intermediates = (1..).zip(input.intermediates.iter().take(MOST));
    let intermediates: Vec<_> = intermediates
        .map(|(nth, certificate)| certificate.certificate(nth, true))
        .collect();
    let sent = intermediates.len() - usize::from(input.known) % (intermediates.len() + 1);
    let chain: Vec<_> = iter::once(&end_entity).chain(&intermediates).collect();
    let distrusted = input.distrusted().and_then(|nth| chain.get(nth));
    let distrusted = distrusted.map(|certificate| (**certificate).clone());
    if let Some(certificate) = &distrusted {
        policy = policy.distrust_certificate(hex(&sha256(certificate)));
    }
    // A policy refuses to know what cannot be an intermediate, and ignores what has expired by the clock.
    let known: Vec<_> = intermediates[sent..]
        .iter()
        .filter(|der| is_usable(der))
        .cloned()
        .collect();
    if !known.is_empty() {
        policy = policy.intermediates(known.clone());
    }
    // Without a root.
    let Ok(roots) = policy.build() else {
        return;
    };
    let sent = &intermediates[..sent];
    let names = ["a.example", "b.example", "x.a.example", "10.0.0.1"];
    let name = names[usize::from(input.server_name) % names.len()]
        .try_into()
        .unwrap();

    let start = not_before(&end_entity);
    let is_allowed = |date: UnixTime| start.is_some_and(|start| start <= date);
    let allowed = roots
        .anchors()
        .iter()
        .filter(|a| a.distrust_after().is_none_or(is_allowed));
    let store = RootCertStore {
        roots: allowed.map(|a| a.trust_anchor().clone()).collect(),
    };
    let theirs = by_rustls(store, input.revocation.as_ref());
    let presented = Presentation {
        end_entity,
        intermediates: sent.to_vec(),
        name,
        now: day(DAYS / 2 + input.now % DAYS),
    };
    // rustls is sent what our policy knows, unless that is beyond the bound.
    let verifier = roots.verifier();
    let completed = presented.sending(sent.iter().chain(&known));
    let usable = verifier.count_usable(&completed.end_entity, &completed.intermediates);
    let is_too_complex = usable.is_err_and(|refusal| refusal.is_too_complex());
    let completed = if is_too_complex {
        presented.sending(sent)
    } else {
        completed
    };
    let nobody = || (Err(CertificateError::UnknownIssuer.into()), 0);
    let theirs = theirs.filter(|_| distrusted.as_ref() != Some(&presented.end_entity));
    let allowed = completed.intermediates.iter();
    let allowed = allowed.filter(|sent| Some(*sent) != distrusted.as_ref());
    let without = completed.sending(allowed);
    let (theirs, their_checks) = theirs.map_or_else(nobody, |theirs| without.verdict(&*theirs));
    let (ours, our_checks) = presented.verdict(&*verifier);
    let refused = ours.as_ref().err();
    let refusal = refused.and_then(|refused| Refusal::of(refused));
    if refusal.is_some_and(|refusal| refusal.is_too_complex()) {
        assert_eq!(our_checks, 0, "checks of a chain beyond the bound");
    } else {
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "{ours:?} by us, {theirs:?} by rustls"
        );
    }
    assert!(
        our_checks <= their_checks,
        "{our_checks} checks, {their_checks} of rustls"
    );
});

/// Whether a policy takes it as an intermediate, and uses it today.
fn is_usable(der: &CertificateDer<'static>) -> bool {
    let root = Root::from_der(der.clone());
    let is_intermediate = root.and_then(Root::into_intermediate).is_ok();
    is_intermediate && not_after(der).is_none_or(|end| end >= UnixTime::now())
}

/// As webpki reads it. Where it cannot, or where the certificate ends before it starts, it accepts
/// nothing and checks no signature.
fn not_before(end_entity: &CertificateDer<'_>) -> Option<UnixTime> {
    let epoch = UnixTime::since_unix_epoch(Duration::ZERO);
    let usage = KeyUsage::server_auth();
    let end_entity = EndEntityCert::try_from(end_entity).ok()?;
    match end_entity.verify_for_usage(ALGORITHMS, &[], &[], epoch, usage, None, None) {
        Err(webpki::Error::CertNotValidYet { not_before, .. }) => Some(not_before),
        // Not before 1970, then, or none at all.
        _ => Some(epoch),
    }
}

/// What a server sends, whom it is asked to be, and when.
struct Presentation {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
    now: UnixTime,
}

impl Presentation {
    /// The same with these intermediates.
    fn sending<'a>(
        &self,
        intermediates: impl IntoIterator<Item = &'a CertificateDer<'static>>,
    ) -> Self {
        Self {
            end_entity: self.end_entity.clone(),
            intermediates: intermediates.into_iter().cloned().collect(),
            name: self.name.clone(),
            now: self.now,
        }
    }

    fn verdict(&self, verifier: &dyn ServerCertVerifier) -> (Result<(), rustls::Error>, usize) {
        let Self {
            end_entity,
            intermediates,
            name,
            now,
        } = self;
        let verify = || verifier.verify_server_cert(end_entity, intermediates, name, &[], *now);
        let (verdict, checks) = count_checks(verify);
        (verdict.map(drop), checks)
    }
}

/// None over an empty store, which trusts nobody.
fn by_rustls(
    store: RootCertStore,
    revocation: Option<&Revocation>,
) -> Option<Arc<WebPkiServerVerifier>> {
    let provider = Arc::clone(&PROVIDER);
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
    if let Some(revocation) = revocation {
        builder = builder.with_crls([revocation.crl()]);
        if revocation.allow_unknown_status {
            builder = builder.allow_unknown_revocation_status();
        }
        if revocation.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
    }
    builder.build().ok()
}

impl RootOf {
    fn root(&self) -> Root {
        let letter = self.letter % LETTERS;
        let key = key(letter, self.key);
        let certificate = Template {
            key,
            signer: key,
            ..Template::root(letter)
        }
        .certificate(&[]);
        let date = self
            .distrust_after
            .map(|date| format!("distrust-after={}", rfc3339(day(date % DAYS))));
        let constraint = match self.constraint % 8 {
            0 => Some("permitted-dns=a.example".to_owned()),
            1 => Some("excluded-ip=10.0.0.0/8".to_owned()),
            _ => None,
        };
        let pairs: Vec<_> = date.into_iter().chain(constraint).collect();
        let annotation = pairs.join(" ").parse::<Annotation>().unwrap_or_default();
        Root::new(certificate, annotation, 0).unwrap()
    }
}

impl Certificate {
    fn certificate(&self, serial_number: u8, is_ca: bool) -> CertificateDer<'static> {
        // Leaves have letters of their own, as they have names.
        let subject = if is_ca {
            self.subject % LETTERS
        } else {
            LETTERS
        };
        let issuer = self.issuer % LETTERS;
        let names = ["a.example", "x.a.example", "*.b.example"];
        let mut names: Vec<_> = names.map(dns).into();
        names.push(der(0x87, &[&[10, 0, 0, 1]]));
        let template = Template {
            subject,
            issuer,
            key: key(subject, self.key),
            signer: key(issuer, self.signer),
            serial_number,
            not_before: self.not_before % DAYS,
            not_after: odd(self.not_after).map_or(u8::MAX, |drawn| drawn % DAYS),
            ca: Some(is_ca != odd(self.ca).is_some()),
            names: if is_ca { Vec::new() } else { names },
            name_constraints: None,
            timestamps: Vec::new(),
        };
        template.certificate(&self.patches)
    }
}

impl Revocation {
    fn crl(&self) -> CertificateRevocationListDer<'static> {
        let issuer = self.issuer % LETTERS;
        revocation_list(issuer, key(issuer, self.signer), self.serial_number)
    }
}
