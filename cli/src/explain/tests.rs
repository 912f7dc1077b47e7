//! Verdicts that no server of a test can bring about, and the reading of arguments.

mod program;

use std::thread;
use std::time::{Duration, Instant};

use embedded_roots_bundle::digest::hex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls_pki_types::{ServerName, UnixTime};

use super::chain::Chain;
use super::connection::within;
use super::host_and_port;
use super::policy::{Candidate, PolicyName, candidates, policies};
use super::reason::Reason;
use super::verdict::Case;
use crate::history::History;
use crate::root::InspectedRoot;
use crate::source::Source;

/// The verdict of the embedded roots on a chain to a root that Mozilla removed.
fn of_removed_root(removals: impl Fn(&str) -> String) -> (Reason, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Gone");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = params.signed_by(&key, &ca).unwrap();

    let days = "# first: 2016-01-01\n# last: 2018-02-03\n# gone: 2018-03-04\n";
    let pem = ca.pem().replace("\r\n", "\n");
    let sha256 = hex(&embedded_roots_bundle::digest::sha256(ca.der()));
    let email = "source = ''\nlicence = ''\nas_of = ''\nroots = []";
    let history = History::read(
        &format!("# a header\n\n{days}{pem}"),
        &removals(&sha256),
        email,
    )
    .unwrap();
    let policies = policies(None, &History::load().unwrap()).unwrap();
    let chain = Chain::read(vec![server.der().clone()], &history).unwrap();
    let now = UnixTime::now();
    let config = Source::Mozilla.policy(&history).unwrap().client_config();
    let provider = config.crypto_provider();
    let candidates = candidates(&chain, &policies, &history, provider, now);
    assert_eq!(candidates.len(), 1);
    assert!(candidates[0].verifies && candidates[0].trusted_by.is_empty());
    let case = Case {
        chain: &chain,
        name: &ServerName::try_from("localhost").unwrap(),
        candidates: &candidates,
        now,
    };
    let verdict = case.judge(&policies[0]);
    assert_eq!(
        (&verdict.policy, verdict.accepted),
        (&PolicyName(Source::Mozilla), Some(false))
    );
    (verdict.reason.unwrap(), verdict.sentence)
}

#[test]
fn removed_root_is_named_with_day_and_reason() {
    let (reason, sentence) = of_removed_root(|sha256| {
        format!(
            "[[removal]]\nsha256 = [\"{sha256}\"]\nreason = \"it misissued\"\nsource = \"a page\"\n"
        )
    });
    assert_eq!(reason, Reason::RemovedRoot);
    let expected = "its root \"Gone\" left Mozilla's list by 2018-03-04: it misissued";
    assert_eq!(sentence, expected);
}

#[test]
fn a_removed_root_without_public_reason() {
    let (reason, sentence) = of_removed_root(|_| String::new());
    assert_eq!(reason, Reason::RemovedRoot);
    let expected = "its root \"Gone\" left Mozilla's list by 2018-03-04";
    assert_eq!(sentence, expected);
}

/// No server of a test can have a chain to such a root.
#[test]
fn a_compromised_root_is_told_with_advisories() {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Issuer");
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = params.signed_by(&key, &ca.unwrap()).unwrap();
    let history = History::load().unwrap();
    let name = "AAA Certificate Services";
    let mut all = history.all().iter();
    let root = all
        .find(|known| known.certificate.subject().contains(name))
        .unwrap();
    let read = InspectedRoot::from_der(root.der.clone()).unwrap();
    let candidate = Candidate {
        facts: read.facts(&history),
        root: read,
        trusted_by: Vec::new(),
        is_intermediate: false,
        removed: history.removed(&root.certificate).cloned(),
        verifies: true,
        is_valid: true,
    };
    let case = Case {
        chain: &Chain::read(vec![server.der().clone()], &history).unwrap(),
        name: &ServerName::try_from("localhost").unwrap(),
        candidates: &[candidate],
        now: UnixTime::now(),
    };
    let verdict = case.judge(&policies(None, &history).unwrap()[0]);
    assert_eq!(verdict.reason, Some(Reason::RemovedRoot));
    let expected = "its root \"AAA Certificate Services\" left Mozilla's list by 2025-04-26: a key from before 2006, \
                    whose lifecycle Mozilla ended on 2025-04-15; it is compromised: a cross-certificate leads from it \
                    to eight intermediates whose private keys are public (CVE-2026-111943, GHSA-6q48-6c7w-9gw2, \
                    RUSTSEC-2026-0382)";
    assert_eq!(verdict.sentence, expected);
}

#[test]
fn work_is_given_up_at_the_deadline() {
    let start = Instant::now();
    let deadline = || Instant::now() + Duration::from_millis(100);
    let late = within(deadline(), "late", || {
        thread::sleep(Duration::from_secs(60));
        Ok(1)
    });
    assert_eq!(late.unwrap_err().to_string(), "late");
    assert!(start.elapsed() < Duration::from_secs(30));
    // Even if there is no time at all.
    let late = within(start, "late", || {
        thread::sleep(Duration::from_secs(60));
        Ok(1)
    });
    assert_eq!(late.unwrap_err().to_string(), "late");
    let in_time = start + Duration::from_secs(60);
    assert_eq!(within(in_time, "late", || Ok(1)).unwrap(), 1);
    let failed = within(in_time, "late", || Err::<(), _>("why".into()));
    assert_eq!(failed.unwrap_err().to_string(), "why");
}

#[test]
fn hosts_and_ports() {
    let cases = [
        ("example.org", Some(("example.org", 443))),
        ("example.org:8443", Some(("example.org", 8443))),
        ("192.0.2.1:25", Some(("192.0.2.1", 25))),
        ("2001:db8::1", Some(("2001:db8::1", 443))),
        ("[2001:db8::1]", Some(("2001:db8::1", 443))),
        ("[2001:db8::1]:25", Some(("2001:db8::1", 25))),
        ("[2001:db8::1]25", None),
        ("example.org:", None),
        ("example.org:65536", None),
        (":443", None),
        ("", None),
        ("https://example.org", None),
        ("https://example.org:443", None),
    ];
    for (text, expected) in cases {
        let read = host_and_port(text, 443).ok();
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(read, expected, "{text}");
    }
}
