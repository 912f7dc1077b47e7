//! What certificates say, compared with what OpenSSL reads.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use embedded_roots::inspect::{self, Certificate};
use embedded_roots::mozilla;
use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::{parse_rfc3339, rfc3339};
use embedded_roots_testing::authority::{root_with, with_start};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, date_time_ymd};
use rustls::pki_types::UnixTime;

fn roots() -> Vec<Certificate> {
    inspect::certificates(mozilla::annotated_pem()).unwrap()
}

#[test]
fn a_known_root_is_read() {
    let roots = roots();
    assert_eq!(roots.len(), mozilla::BUNDLE.len());
    let of = |name: &str| {
        let mut roots = roots.iter();
        roots.find(|root| root.subject().starts_with(name)).unwrap()
    };
    let x1 = of("CN=ISRG Root X1,");
    assert_eq!(
        x1.subject(),
        "CN=ISRG Root X1, O=Internet Security Research Group, C=US"
    );
    assert_eq!(x1.to_string(), x1.subject());
    assert_eq!(x1.issuer(), x1.subject());
    assert!(x1.is_self_issued());
    assert_eq!(x1.serial(), "008210cfb0d240e3594463e0bb63828b00");
    assert_eq!(x1.version(), 3);
    let fingerprint = "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6";
    assert_eq!(hex(&x1.sha256()), fingerprint);
    assert_eq!(hex(&x1.sha1()), "cabd2a79a1076a31f21d253635cb039d4329a5e8");
    let pin = "0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3";
    assert_eq!(hex(&x1.spki_sha256()), pin);
    assert_eq!(x1.key().to_string(), "RSA 4096");
    assert_eq!(rfc3339(x1.not_before()), "2015-06-04T11:04:38Z");
    assert_eq!(rfc3339(x1.not_after()), "2035-06-04T11:04:38Z");
    assert_eq!(x1.signature_algorithm(), "sha256WithRSAEncryption");
    assert_eq!(x1.is_ca(), Some(true));
    assert_eq!(x1.name_constraints(), None);

    let x2 = of("CN=ISRG Root X2,");
    assert_eq!(x2.key().to_string(), "EC P-384");
    assert_eq!(
        (x2.key().curve(), x2.key().bits()),
        (Some("P-384"), Some(384))
    );
    assert_eq!(x2.signature_algorithm(), "ecdsa-with-SHA384");
}

#[test]
fn keys_and_constraints_are_shown() {
    for (algorithm, shown) in [
        (&PKCS_ED25519, "Ed25519"),
        (&PKCS_ECDSA_P256_SHA256, "EC P-256"),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap();
        let certificate = Certificate::from_der(certificate.der()).unwrap();
        assert_eq!(certificate.key().to_string(), shown);
        assert_eq!(certificate.is_ca(), None);
    }
    let limited = root_with("Limited", |params| {
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let limited = Certificate::from_der(limited.der()).unwrap();
    assert_eq!(limited.name_constraints(), Some("permitted-dns=example"));
}

#[test]
fn invalid_certificate_is_an_error() {
    let certificate = root_with("CA", |_| {});
    let der: &[u8] = certificate.der();
    let longer = [der, &[0]].concat();
    for wrong in [&der[..der.len() - 1], &longer, b"", b"0"] {
        assert!(Certificate::from_der(wrong).unwrap_err().is_invalid_input());
    }
    assert!(
        inspect::certificates("no PEM")
            .unwrap_err()
            .is_invalid_input()
    );
}

#[test]
fn expiring_certificates_are_found() {
    let until = |name: &str, year, month, day| {
        let root = root_with(name, |params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(year, month, day);
        });
        Certificate::from_der(root.der()).unwrap()
    };
    let all = [
        until("expired", 2020, 1, 1),
        until("today", 2026, 1, 1),
        until("in a month", 2026, 1, 31),
        until("later", 2026, 2, 1),
        until("before 1970", 1960, 1, 1),
        until("never", 4096, 1, 1),
    ];
    let day = |day: &str| parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap();
    let within = |now: UnixTime, days: u64| -> Vec<&str> {
        let soon = inspect::expiring_within(&all, now, Duration::from_secs(days * 86_400));
        soon.map(|root| root.subject().trim_start_matches("CN="))
            .collect()
    };
    assert_eq!(
        within(day("2026-01-01"), 30),
        ["expired", "today", "in a month", "before 1970"]
    );
    assert_eq!(
        within(day("2026-01-01"), 0),
        ["expired", "today", "before 1970"]
    );
    let forever = inspect::expiring_within(&all, day("2026-01-01"), Duration::MAX);
    assert_eq!(forever.count(), all.len());
}

/// Each root of Mozilla's list, field by field.
#[test]
#[ignore = "runs openssl; .ci/run has it"]
fn openssl_reads_the_same() {
    use embedded_roots_bundle::{PrivateKeys, parse};

    let pem = mozilla::annotated_pem();
    for root in parse("mozilla", pem.as_bytes(), PrivateKeys::Refuse).unwrap() {
        let ours = Certificate::from_der(root.certificate()).unwrap();
        let asked = ["-serial", "-fingerprint", "-sha256", "-dates", "-text"];
        let mut child = Command::new("openssl")
            .args(["x509", "-inform", "DER", "-noout", "-dateopt", "iso_8601"])
            .args(asked)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(root.certificate())
            .unwrap();
        let said = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
        let after = |start: &str| {
            let mut lines = said.lines().map(str::trim);
            let line = lines.find_map(|line| line.strip_prefix(start));
            line.unwrap_or_else(|| panic!("{start} in {said}"))
                .to_lowercase()
        };
        let digits = ours.serial().trim_start_matches("00");
        assert_eq!(
            after("serial=").trim_start_matches('0'),
            digits.trim_start_matches('0')
        );
        assert_eq!(
            after("sha256 Fingerprint=").replace(':', ""),
            hex(&ours.sha256())
        );
        for (start, time) in [
            ("notBefore=", ours.not_before()),
            ("notAfter=", ours.not_after()),
        ] {
            assert_eq!(after(start).replace(' ', "t"), rfc3339(time).to_lowercase());
        }
        assert_eq!(
            after("Signature Algorithm: "),
            ours.signature_algorithm().to_lowercase()
        );
        let bits = format!("({} bit)", ours.key().bits().unwrap());
        assert_eq!(after("Public-Key: "), bits);
        assert_eq!(
            after("Version: ").chars().next(),
            ours.version().to_string().chars().next()
        );
    }
}

#[test]
fn a_date_on_no_calendar_is_the_start_of_1970() {
    let der = root_with("A root with a name of some length", |_| {})
        .der()
        .to_vec();
    let certificate = Certificate::from_der(&der).unwrap();
    let start = der.windows(2).position(|tag| tag == [0x17, 13]).unwrap();
    let mut odd = der.clone();
    odd[start + 4..start + 6].copy_from_slice(b"13");
    let odd = Certificate::from_der(&odd).unwrap();
    assert_eq!(rfc3339(odd.not_before()), "1970-01-01T00:00:00Z");
    assert_eq!(odd.not_after(), certificate.not_after());
    assert_eq!(odd.subject(), certificate.subject());
    assert_eq!(odd.spki_sha256(), certificate.spki_sha256());
    assert_ne!(odd.sha256(), certificate.sha256());

    // Without a Z, or with an offset (RFC 5280, section 4.1.2.5.1), and so of another length.
    for wrong in ["2601010000Z", "260101000000", "260101000000+0100", ""] {
        let odd = with_start(&der, wrong);
        let odd = Certificate::from_der(&odd).unwrap();
        assert_eq!(rfc3339(odd.not_before()), "1970-01-01T00:00:00Z", "{wrong}");
        assert_eq!(odd.not_after(), certificate.not_after());
        assert_eq!(odd.subject(), certificate.subject());
        assert_eq!(odd.is_ca(), Some(true));
        assert_eq!(odd.spki_sha256(), certificate.spki_sha256());
    }
}
