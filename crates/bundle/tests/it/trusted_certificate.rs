//! OpenSSL's trust settings: a certificate is accepted if they trust it for TLS servers.

use embedded_roots_testing::authority::pem;
use embedded_roots_testing::der::{element, sequence};

use crate::data::{ROOT, TRUSTED, certificates, der, read};

const SERVER_AUTH: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
const EMAIL: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4];
const ANY: &[u8] = &[6, 4, 0x55, 0x1d, 0x25, 0];
const ALIAS: &[u8] = b"\x0c\x04corp";
const KEY_IDENTIFIER: &[u8] = &[4, 2, 1, 2];

const OTHER_USES: Result<(), &str> = Err("trusted for other uses");
const REJECTED: Result<(), &str> = Err("rejected for TLS servers");
const UNREADABLE: Result<(), &str> = Err("cannot be read");

/// An `X509_CERT_AUX`, as in OpenSSL's `x_x509a.c`.
fn settings(fields: &[&[u8]]) -> Vec<u8> {
    sequence(fields)
}

fn trust(uses: &[&[u8]]) -> Vec<u8> {
    sequence(uses)
}

fn reject(uses: &[&[u8]]) -> Vec<u8> {
    element(0xa0, &uses.concat())
}

#[track_caller]
fn assert_verdict(pem: &str, expected: Result<(), &str>) {
    match (read(pem), expected) {
        (Ok(roots), Ok(())) => assert_eq!(certificates(&roots), [der(ROOT)]),
        (Err(error), Err(reason)) => {
            assert!(error.reason().contains(reason), "{error}, not {reason:?}");
            assert_eq!(error.line(), Some(1));
        }
        (read, _) => panic!("{read:?} of\n{pem}, but expected {expected:?}"),
    }
}

#[test]
fn settings_as_openssl_writes_them() {
    let commands_and_blocks = TRUSTED
        .split("# openssl x509 -in root.pem -trustout")
        .skip(1);
    let cases = [
        ("", Ok(()), Vec::new()),
        (
            "-addtrust serverAuth -setalias corp",
            Ok(()),
            settings(&[&trust(&[SERVER_AUTH]), ALIAS]),
        ),
        (
            "-addtrust anyExtendedKeyUsage",
            Ok(()),
            settings(&[&trust(&[ANY])]),
        ),
        (
            "-addreject emailProtection",
            Ok(()),
            settings(&[&reject(&[EMAIL])]),
        ),
        (
            "-addtrust emailProtection -addtrust serverAuth -addreject clientAuth",
            Ok(()),
            settings(&[&trust(&[EMAIL, SERVER_AUTH]), &reject(&[CLIENT_AUTH])]),
        ),
        (
            "-addtrust emailProtection",
            OTHER_USES,
            settings(&[&trust(&[EMAIL])]),
        ),
        (
            "-addreject serverAuth -setalias corp",
            REJECTED,
            settings(&[&reject(&[SERVER_AUTH]), ALIAS]),
        ),
        (
            "-addtrust serverAuth -addreject anyExtendedKeyUsage",
            REJECTED,
            settings(&[&trust(&[SERVER_AUTH]), &reject(&[ANY])]),
        ),
    ];
    assert_eq!(commands_and_blocks.clone().count(), cases.len());
    for (text, (options, verdict, settings)) in commands_and_blocks.zip(cases) {
        let (command, pem) = text.split_once('\n').unwrap();
        assert_eq!(command.trim(), options);
        assert_verdict(pem, verdict);
        // The next test makes settings by hand; this shows that OpenSSL would write the same bytes.
        assert_eq!(der(pem), [der(ROOT), settings].concat(), "{options}");
    }
}

#[test]
fn settings_that_openssl_does_not_write_by_itself() {
    let trusted = trust(&[SERVER_AUTH]);
    let long = trust(&[EMAIL, SERVER_AUTH]);
    let cut = &long[..long.len() - 1];
    for (settings, verdict) in [
        (settings(&[]), Ok(())),
        (settings(&[ALIAS, KEY_IDENTIFIER]), Ok(())),
        (settings(&[&reject(&[])]), Ok(())),
        (settings(&[&trusted, &reject(&[EMAIL]), ALIAS]), Ok(())),
        (settings(&[&trust(&[])]), OTHER_USES),
        (settings(&[&trust(&[CLIENT_AUTH, EMAIL])]), OTHER_USES),
        (settings(&[&trusted, &reject(&[SERVER_AUTH])]), REJECTED),
        (settings(&[&reject(&[EMAIL, SERVER_AUTH])]), REJECTED),
        // Malformed: no length, cut short, a wrong type, or a bad use after one that suffices.
        (vec![0x30], UNREADABLE),
        (vec![0x30, 0x80, 0, 0], UNREADABLE),
        (vec![0], UNREADABLE),
        (trusted[..trusted.len() - 1].to_vec(), UNREADABLE),
        (reject(&[SERVER_AUTH]), UNREADABLE),
        (settings(&[cut]), UNREADABLE),
        (
            settings(&[&sequence(&[SERVER_AUTH, &EMAIL[..4]])]),
            UNREADABLE,
        ),
        (settings(&[&element(0xa0, &EMAIL[..4])]), UNREADABLE),
        (
            [settings(&[&trusted]), vec![0]].concat(),
            Err("bytes after the trust settings"),
        ),
    ] {
        let both = [der(ROOT), settings].concat();
        assert_verdict(&pem("TRUSTED CERTIFICATE", &both), verdict);
        // The other labels allow nothing after the certificate.
        let error = read(pem("CERTIFICATE", &both)).unwrap_err();
        assert!(error.reason().contains("bytes after the certificate"));
    }
}
