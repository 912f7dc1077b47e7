//! CRLite data: end-entity certificates that are revoked.

use std::fs::{self, File};
use std::time::Duration;

use embedded_roots::{Crlite, Refusal, Roots};
use embedded_roots_bundle::{digest, serial_number, subject_public_key_info};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, client_with, intermediate, root, server, server_with,
};
use embedded_roots_testing::crlite::{Coverage, Filter, Issuer, Timestamp, add_timestamps, index};
use embedded_roots_testing::folder::Folder;
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::version::TLS13;

use crate::server::{handshake, serve};

const NAME: &str = "a.example";
const LOG: [u8; 32] = [7; 32];
/// 2026-11-20, in milliseconds.
const ISSUED: u64 = 1_795_132_800_000;
const DAY: u64 = 86_400_000;
const COVERED: [Coverage; 1] = [(LOG, 0, ISSUED + DAY)];

fn at(milliseconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(milliseconds))
}

fn verify_at(
    roots: &Roots,
    chain: &[CertificateDer<'static>],
    now: u64,
) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let name = NAME.try_into().unwrap();
    let verifier = roots.verifier();
    let verdict = verifier.verify_server_cert(end_entity, intermediates, &name, &[], at(now));
    verdict.map(drop)
}

/// A day after the data.
fn verify(roots: &Roots, identity: &Identity) -> Result<(), rustls::Error> {
    verify_at(roots, &identity.chain, ISSUED + 2 * DAY)
}

fn logged(ca: &Authority, timestamps: &[Timestamp]) -> Identity {
    server_with(ca, NAME, |params| add_timestamps(params, timestamps))
}

fn serial(identity: &Identity) -> Vec<u8> {
    serial_number(&identity.chain[0]).unwrap().to_vec()
}

fn key(ca: &Authority) -> [u8; 32] {
    digest::sha256(subject_public_key_info(ca.der()).unwrap())
}

/// A filter that knows one issuer.
fn filter(
    ca: &Authority,
    revoked: &[&Identity],
    good: &[&Identity],
    coverage: &[Coverage],
) -> Filter {
    let serials = |identities: &[&Identity]| identities.iter().map(|each| serial(each)).collect();
    let issuer = Issuer {
        key: key(ca),
        revoked: serials(revoked),
        good: serials(good),
        ..Issuer::default()
    };
    Filter {
        coverage: coverage.to_vec(),
        issuers: vec![issuer],
    }
}

fn trusting(ca: &Authority, crlite: Crlite) -> Roots {
    let builder = Roots::builder().certificates([ca.der().clone()]);
    builder.crlite(crlite).build().unwrap()
}

fn of_program(filters: &[Vec<u8>]) -> Crlite {
    Crlite::filters(filters.to_vec())
}

#[track_caller]
fn assert_revoked(verdict: Result<(), rustls::Error>) -> Refusal {
    let error = verdict.unwrap_err();
    let refusal = Refusal::of(&error).unwrap();
    assert!(
        refusal.is_revoked_by_crlite() && !refusal.is_stale_crlite(),
        "{refusal}"
    );
    assert_eq!(
        refusal.replaced_error(),
        Some(&CertificateError::Revoked.into())
    );
    refusal.clone()
}

#[test]
fn revoked_certificate_is_refused_in_both_encodings() {
    let ca = root("CA");
    let [revoked, good] = [(); 2].map(|()| logged(&ca, &[(LOG, ISSUED)]));
    for version in [3, 4] {
        let filter = filter(&ca, &[&revoked], &[&good], &COVERED).encode(version);
        let roots = trusting(&ca, of_program(std::slice::from_ref(&filter)));
        verify(&roots, &good).unwrap();
        let refusal = assert_revoked(verify(&roots, &revoked));
        assert_eq!(
            refusal.to_string(),
            "the certificate \"CN=a server\" is revoked by the CRLite data of 2026-11-21T00:00:00Z, filters of the \
             program"
        );
        assert_eq!(refusal.certificate(), Some("CN=a server"));
        let report = roots.report().crlite().unwrap();
        assert_eq!((report.filters(), report.size()), (1, filter.len()));
        assert_eq!(report.as_of(), Some(at(ISSUED + DAY)));
        assert_eq!(
            (report.revoked(), report.not_revoked(), report.not_covered()),
            (1, 1, 0)
        );
        let line = "CRLite filters of the program: 1 filter of 2026-11-21T00:00:00Z; certificates: 1 revoked, 1 not \
                    revoked, 0 not covered";
        assert_eq!(roots.report().to_string().lines().last(), Some(line));
    }
}

#[test]
fn handshakes_of_clients_and_servers_are_checked() {
    let ca = root("CA");
    let [revoked, good] = [(); 2].map(|()| logged(&ca, &[(LOG, ISSUED)]));
    let filter = filter(&ca, &[&revoked], &[&good], &COVERED).encode(4);
    let crlite = of_program(&[filter]).max_age(Duration::MAX);
    let roots = trusting(&ca, crlite);
    handshake(roots.client_config(), serve(good, &TLS13), NAME).unwrap();
    assert_revoked(handshake(
        roots.client_config(),
        serve(revoked, &TLS13),
        NAME,
    ));

    let client = client_with(&ca, NAME, |params| add_timestamps(params, &[(LOG, ISSUED)]));
    let filter = self::filter(&ca, &[&client], &[], &COVERED).encode(4);
    let roots = trusting(&ca, of_program(&[filter]));
    let clients = roots.client_cert_verifier();
    let verdict = clients.verify_client_cert(&client.chain[0], &[], at(ISSUED));
    assert_revoked(verdict.map(drop));
}

#[test]
fn certificate_that_no_filter_covers_is_accepted_and_counted() {
    let ca = root("CA");
    let stranger = root("Another CA");
    let identities = [
        // No timestamp, another log, and younger than the data.
        logged(&ca, &[]),
        logged(&ca, &[([8; 32], ISSUED)]),
        logged(&ca, &[(LOG, ISSUED + 2 * DAY)]),
    ];
    let all: Vec<_> = identities.iter().collect();
    let coverage = [(LOG, DAY, ISSUED + DAY)];
    let encoded = filter(&ca, &all, &[], &coverage).encode(4);
    let roots = trusting(&ca, of_program(std::slice::from_ref(&encoded)));
    for identity in &identities {
        verify(&roots, identity).unwrap();
    }
    assert_eq!(roots.report().crlite().unwrap().not_covered(), 3);
    // An issuer that the filter does not know.
    let roots = trusting(&stranger, of_program(&[encoded]));
    verify(&roots, &logged(&stranger, &[(LOG, ISSUED)])).unwrap();
    assert_eq!(roots.report().crlite().unwrap().not_covered(), 1);
}

#[test]
fn bounds_of_the_coverage_are_covered() {
    let ca = root("CA");
    let coverage = [(LOG, ISSUED - DAY, ISSUED + DAY)];
    for (time, is_covered) in [
        (ISSUED - DAY - 1, false),
        (ISSUED - DAY, true),
        (ISSUED + DAY, true),
        (ISSUED + DAY + 1, false),
    ] {
        // The second of two timestamps is enough.
        let identity = logged(&ca, &[([9; 32], ISSUED), (LOG, time)]);
        let filter = filter(&ca, &[&identity], &[], &coverage).encode(4);
        let verdict = verify(&trusting(&ca, of_program(&[filter])), &identity);
        assert_eq!(verdict.is_err(), is_covered, "{time}");
    }
}

#[test]
fn one_filter_that_says_revoked_is_enough() {
    let ca = root("CA");
    let [early, late] = [(); 2].map(|()| logged(&ca, &[(LOG, ISSUED)]));
    let base = filter(&ca, &[&early], &[&late], &COVERED).encode(4);
    let delta = filter(&ca, &[&late], &[], &[(LOG, 0, ISSUED + 2 * DAY)]).encode(3);
    for filters in [[base.clone(), delta.clone()], [delta, base]] {
        let roots = trusting(&ca, of_program(&filters));
        assert_revoked(verify(&roots, &early));
        assert_revoked(verify(&roots, &late));
        assert_eq!(
            roots.report().crlite().unwrap().as_of(),
            Some(at(ISSUED + 2 * DAY))
        );
    }
}

/// A filter answers at random for a certificate that it was not made of, so no other key may be asked.
#[test]
fn key_that_signed_the_certificate_is_asked() {
    let ca = root("CA");
    let (between, namesake) = (intermediate("Between", &ca), intermediate("Between", &ca));
    let identity = logged(&between, &[(LOG, ISSUED)])
        .with(&namesake)
        .with(&between);
    let of = |issuer: &Authority| {
        let filter = filter(issuer, &[&identity], &[], &COVERED).encode(4);
        verify(&trusting(&ca, of_program(&[filter])), &identity)
    };
    assert_revoked(of(&between));
    of(&namesake).unwrap();
    of(&ca).unwrap();
}

#[test]
fn inverted_block_is_read() {
    let ca = root("CA");
    let identities: [_; 24] = std::array::from_fn(|_| logged(&ca, &[(LOG, ISSUED)]));
    let (revoked, good) = identities.split_at(20);
    let (revoked, good): (Vec<_>, Vec<_>) = (revoked.iter().collect(), good.iter().collect());
    let mut inverted = filter(&ca, &revoked, &good, &COVERED);
    inverted.issuers[0].is_inverted = true;
    for version in [3, 4] {
        let roots = trusting(&ca, of_program(&[inverted.encode(version)]));
        for identity in &revoked {
            assert_revoked(verify(&roots, identity));
        }
        for identity in &good {
            verify(&roots, identity).unwrap();
        }
    }
}

#[test]
fn stale_data_is_reported_or_refuses() {
    let ca = root("CA");
    let [revoked, good] = [(); 2].map(|()| logged(&ca, &[(LOG, ISSUED)]));
    let private = server(&ca, NAME);
    let filter = filter(&ca, &[&revoked], &[&good], &COVERED).encode(4);
    let crlite = || of_program(std::slice::from_ref(&filter));
    // The data is of a day later than the certificates.
    let (last, late) = (ISSUED + 11 * DAY, ISSUED + 11 * DAY + 1000);

    let open = trusting(&ca, crlite());
    let strict = trusting(&ca, crlite().refuse_if_stale());
    for roots in [&open, &strict] {
        verify_at(roots, &good.chain, last).unwrap();
        for now in [last, late] {
            assert_revoked(verify_at(roots, &revoked.chain, now));
            // No data would cover it.
            verify_at(roots, &private.chain, now).unwrap();
        }
    }
    verify_at(&open, &good.chain, late).unwrap();
    let error = verify_at(&strict, &good.chain, late).unwrap_err();
    let refusal = Refusal::of(&error).unwrap();
    assert!(refusal.is_stale_crlite() && !refusal.is_revoked_by_crlite());
    assert_eq!(
        refusal.to_string(),
        "the certificate \"CN=a server\" may be revoked: the CRLite data is too old, of \
         2026-11-21T00:00:00Z, filters of the program"
    );
    let unknown = CertificateError::UnknownRevocationStatus.into();
    assert_eq!(refusal.replaced_error(), Some(&unknown));

    let patient = crlite()
        .refuse_if_stale()
        .max_age(Duration::from_secs(30 * 86_400));
    verify_at(&trusting(&ca, patient), &good.chain, late).unwrap();
}

/// upki's folder with these filters.
fn write(folder: &Folder, filters: &[(&str, &Filter)]) {
    for (name, filter) in filters {
        folder.file(name, filter.encode(4));
    }
    let listed: Vec<_> = filters
        .iter()
        .map(|(name, filter)| (*name, filter.coverage.as_slice()))
        .collect();
    folder.file("index.bin", index(&listed));
}

fn build(ca: &Authority, crlite: Crlite) -> Result<Roots, String> {
    let builder = Roots::builder().certificates([ca.der().clone()]);
    let built = builder.crlite(crlite).build();
    built.map_err(|why| format!("{why:?}"))
}

#[test]
fn folder_of_upki_is_read() {
    let folder = Folder::new("crlite-folder");
    let ca = root("CA");
    let [early, late, good] = [(); 3].map(|()| logged(&ca, &[(LOG, ISSUED)]));
    let base = filter(&ca, &[&early], &[&late, &good], &COVERED);
    let delta = filter(&ca, &[&late], &[&good], &COVERED);
    write(
        &folder,
        &[
            ("20261120-0-default.filter", &base),
            ("20261120-1-default.delta", &delta),
        ],
    );
    folder.file("manifest.json", "ignored");
    let roots = build(&ca, Crlite::folder(folder.path())).unwrap();
    assert_revoked(verify(&roots, &early));
    let refusal = assert_revoked(verify(&roots, &late));
    let path = folder.path().display().to_string();
    assert!(refusal.to_string().ends_with(&path), "{refusal}");
    verify(&roots, &good).unwrap();
    let report = roots.report().crlite().unwrap();
    assert_eq!((report.origin(), report.filters()), (path.as_str(), 2));

    // The older form of the index numbers filters by one byte.
    let old: Vec<u8> = {
        let new = fs::read(folder.join("index.bin")).unwrap();
        let mut old = b"upkiidx0".to_vec();
        old.push(new[9]);
        old.extend(&new[10..14 + 64 + 32]);
        let offset = old.len() as u64 + 8 + 2;
        old.extend(offset.to_be_bytes());
        old.extend(2_u16.to_be_bytes());
        for entry in new[14 + 64 + 42..].chunks(18) {
            old.extend(&entry[1..]);
        }
        old
    };
    folder.file("index.bin", old);
    assert_revoked(verify(
        &build(&ca, Crlite::folder(folder.path())).unwrap(),
        &late,
    ));
}

#[test]
fn absent_data_is_an_error_unless_it_may_be_absent() {
    let folder = Folder::new("crlite-absent");
    let ca = root("CA");
    let absent = folder.join("nowhere");
    for path in [folder.path(), &absent] {
        let error = build(&ca, Crlite::folder(path)).unwrap_err();
        assert!(
            error.contains("no CRLite data: let `upki fetch` write it"),
            "{error}"
        );
        let roots = build(&ca, Crlite::folder(path).if_present()).unwrap();
        verify(&roots, &logged(&ca, &[(LOG, ISSUED)])).unwrap();
        let line = format!("CRLite {}: no data", path.display());
        assert_eq!(
            roots.report().to_string().lines().last(),
            Some(line.as_str())
        );
        assert_eq!(roots.report().crlite().unwrap().filters(), 0);
    }
    let error = build(&ca, Crlite::filters([[0_u8; 0]; 0].map(Vec::from))).unwrap_err();
    assert!(error.contains("no filter in `Crlite::filters`"), "{error}");
}

#[test]
fn damaged_data_is_an_error() {
    let folder = Folder::new("crlite-damaged");
    let ca = root("CA");
    let revoked = logged(&ca, &[(LOG, ISSUED)]);
    let good = filter(&ca, &[&revoked], &[], &COVERED);
    let path = folder.path();
    // Data that may be absent may not be damaged.
    let error = |what: &str, says: &str| {
        for crlite in [Crlite::folder(path), Crlite::folder(path).if_present()] {
            let error = build(&ca, crlite).unwrap_err();
            assert!(error.contains(says), "{what}: {error}");
        }
    };
    let rewrite = || write(&folder, &[("base.filter", &good)]);

    rewrite();
    fs::remove_file(folder.join("base.filter")).unwrap();
    error("a filter is missing", "base.filter cannot be read");
    fs::create_dir(folder.join("base.filter")).unwrap();
    error("a filter is a folder", "base.filter cannot be read");
    fs::remove_dir(folder.join("base.filter")).unwrap();
    rewrite();
    let encoded = good.encode(4);
    folder.file("base.filter", &encoded[..encoded.len() - 1]);
    error("a filter is cut", "base.filter: it is truncated or damaged");
    folder.file("base.filter", [&encoded[..], &[0]].concat());
    error("a filter has more", "base.filter: bytes follow the filter");
    folder.file("base.filter", "<html>");
    error(
        "a filter is a page",
        "base.filter: it is not a CRLite filter of version 3 or 4",
    );
    folder.file("base.filter", "");
    error("a filter is empty", "not a CRLite filter");
    let other = filter(&ca, &[&revoked], &[], &[(LOG, 0, ISSUED + 2 * DAY)]);
    folder.file("base.filter", other.encode(4));
    error(
        "a filter of another state",
        "base.filter: index.bin has another coverage for it",
    );
    rewrite();
    let whole = fs::read(folder.join("index.bin")).unwrap();
    for length in [0, 7, 8, 13, 14, 45, 60, whole.len() - 1] {
        folder.file("index.bin", &whole[..length]);
        error("an index is cut", "index.bin: it is truncated or damaged");
    }
    for name in ["../base.filter", "/etc/passwd", ".", "a/b", "a\\b", ""] {
        folder.file("index.bin", index(&[(name, &COVERED)]));
        error(name, "index.bin: it is truncated or damaged");
    }
    folder.file("index.bin", index(&[]));
    error("an index without a filter", "index.bin: it names no filter");
    folder.file(
        "index.bin",
        index(&vec![("base.filter", &COVERED[..0]); 1025]),
    );
    error("too many filters", "index.bin: it is truncated or damaged");

    // Sparse, and never read.
    rewrite();
    File::create(folder.join("base.filter"))
        .unwrap()
        .set_len(2 << 30)
        .unwrap();
    error("a large filter", "larger than 64 MiB");
    rewrite();
    File::create(folder.join("index.bin"))
        .unwrap()
        .set_len(2 << 30)
        .unwrap();
    error("a large index", "larger than 16 MiB");
}

#[cfg(unix)]
#[test]
fn pipe_is_an_error() {
    let folder = Folder::new("crlite-pipe");
    let ca = root("CA");
    let good = filter(&ca, &[], &[&logged(&ca, &[])], &COVERED);
    for name in ["base.filter", "index.bin"] {
        write(&folder, &[("base.filter", &good)]);
        fs::remove_file(folder.join(name)).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(folder.join(name))
            .status();
        assert!(made.unwrap().success());
        let error = build(&ca, Crlite::folder(folder.path())).unwrap_err();
        assert!(error.contains("not a regular file"), "{error}");
        fs::remove_file(folder.join(name)).unwrap();
    }
}

/// Files that the index does not name are not even listed.
#[test]
fn other_files_of_a_folder_cost_nothing() {
    let folder = Folder::new("crlite-many");
    let ca = root("CA");
    let revoked = logged(&ca, &[(LOG, ISSUED)]);
    write(
        &folder,
        &[("base.filter", &filter(&ca, &[&revoked], &[], &COVERED))],
    );
    for nth in 0..100_000 {
        File::create(folder.join(format!("{nth}"))).unwrap();
    }
    let start = std::time::Instant::now();
    let roots = build(&ca, Crlite::folder(folder.path())).unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_revoked(verify(&roots, &revoked));
}

/// Each byte of a filter, changed: an error, or a filter that answers without a panic.
#[test]
fn changed_filters_never_panic() {
    let ca = root("CA");
    let identities: [_; 12] = std::array::from_fn(|_| logged(&ca, &[(LOG, ISSUED)]));
    let (revoked, good) = identities.split_at(4);
    let (revoked, good): (Vec<_>, Vec<_>) = (revoked.iter().collect(), good.iter().collect());
    let filter = filter(&ca, &revoked, &good, &COVERED);
    let mut read = 0;
    for version in [3, 4] {
        let encoded = filter.encode(version);
        for at in 0..encoded.len() {
            for change in [1, 0x80, 0xff] {
                let mut changed = encoded.clone();
                changed[at] ^= change;
                let Ok(roots) = build(&ca, of_program(&[changed])) else {
                    continue;
                };
                read += 1;
                for identity in &identities[..2] {
                    let _ = verify(&roots, identity);
                }
            }
        }
        for length in 0..encoded.len() {
            build(&ca, of_program(&[encoded[..length].to_vec()])).unwrap_err();
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn refresh_takes_new_data_as_a_whole_or_keeps_the_last() {
    let folder = Folder::new("crlite-live");
    let ca = root("CA");
    let identity = logged(&ca, &[(LOG, ISSUED)]);
    let good = filter(&ca, &[], &[&identity], &COVERED);
    let revoked = filter(&ca, &[&identity], &[], &COVERED);
    write(&folder, &[("base.filter", &good)]);
    let policy = || {
        let builder = Roots::builder().certificates([ca.der().clone()]);
        builder.crlite(Crlite::folder(folder.path()).if_present())
    };
    let live = policy().build_live().unwrap();
    verify(&live.current(), &identity).unwrap();
    // Unchanged, so that sessions are still resumed and the counts go on.
    assert!(!live.refresh().unwrap());
    verify(&live.current(), &identity).unwrap();
    let said = || live.report().report().crlite().unwrap();
    assert_eq!(said().not_revoked(), 2);

    // While upki writes, and after somebody removed the data.
    let fails = |says: &str| {
        let error = format!("{:?}", live.refresh().unwrap_err());
        assert!(error.contains(says), "{error}");
        assert_eq!(live.generation(), 1);
        verify(&live.current(), &identity).unwrap();
        assert!(live.report().failed_refresh().is_some());
    };
    folder.file("base.filter", &revoked.encode(4)[..50]);
    fails("base.filter: it is truncated or damaged");
    fs::remove_file(folder.join("base.filter")).unwrap();
    fails("base.filter cannot be read");
    fs::remove_file(folder.join("index.bin")).unwrap();
    fails("the CRLite data is gone");

    write(&folder, &[("base.filter", &revoked)]);
    assert!(live.refresh().unwrap());
    assert_eq!(live.generation(), 2);
    assert_revoked(verify(&live.current(), &identity));
    assert!(live.report().failed_refresh().is_none());
    assert_eq!((said().revoked(), said().not_revoked()), (1, 0));

    // Data that was absent may come.
    let elsewhere = folder.join("later");
    let builder = Roots::builder().certificates([ca.der().clone()]);
    let live = builder.crlite(Crlite::folder(&elsewhere).if_present());
    let live = live.build_live().unwrap();
    assert!(!live.refresh().unwrap());
    verify(&live.current(), &identity).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    for name in ["base.filter", "index.bin"] {
        fs::copy(folder.join(name), elsewhere.join(name)).unwrap();
    }
    assert!(live.refresh().unwrap());
    assert_revoked(verify(&live.current(), &identity));
}

/// Data that covers a chain accepts nothing that is refused without it.
#[test]
fn filters_accept_no_refused_chain() {
    let (ca, stranger) = (root("CA"), root("Another CA"));
    let old = annotated("distrust-after=2019-01-01T00:00:00Z", &root("Old CA"));
    let limited = annotated("permitted-dns=.other.example", &ca);
    for (policy, issuer) in [
        (Roots::builder().pem(limited), &ca),
        (Roots::builder().pem(old), &stranger),
    ] {
        let identity = logged(issuer, &[(LOG, ISSUED)]);
        let filter = filter(issuer, &[], &[&identity], &COVERED).encode(4);
        let roots = policy.crlite(of_program(&[filter])).build().unwrap();
        let error = verify(&roots, &identity).unwrap_err();
        assert!(!Refusal::of(&error).unwrap().is_revoked_by_crlite());
        assert_eq!(roots.report().crlite().unwrap().not_revoked(), 0);
    }
    let identity = logged(&ca, &[(LOG, ISSUED)]);
    let filter = filter(&ca, &[], &[&identity], &COVERED).encode(4);
    let builder = Roots::builder().certificates([ca.der().clone()]);
    let key = subject_public_key_info(&identity.chain[0]).unwrap();
    let key = digest::hex(&digest::sha256(key));
    let roots = builder
        .distrust_key(key)
        .crlite(of_program(&[filter]))
        .build()
        .unwrap();
    let error = verify(&roots, &identity).unwrap_err();
    assert!(Refusal::of(&error).unwrap().is_distrusted_certificate());
}

#[test]
fn report_is_serialized() {
    let ca = root("CA");
    let filter = filter(&ca, &[], &[&logged(&ca, &[])], &COVERED).encode(4);
    let roots = trusting(&ca, of_program(&[filter]));
    let value = serde_json::to_value(roots.report().crlite().unwrap()).unwrap();
    assert_eq!(value["as_of"], "2026-11-21T00:00:00Z");
    assert_eq!(value["filters"], 1);
}
