//! Lists of revoked certificates, from text to the source of tables.

use std::fmt::Write as _;
use std::time::Duration;

use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{DistinguishedName, MAX_REVOCATION_TABLES, ParseError, Revocations};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{SubjectPublicKeyInfoDer, UnixTime};

/// CN=Example CA and CN=Other CA, DER in base64.
const NAME: &str = "MBUxEzARBgNVBAMMCkV4YW1wbGUgQ0E=";
const OTHER: &str = "MBMxETAPBgNVBAMMCE90aGVyIENB";
const DIGEST: &str = "15e7ae40cc4b3f7222a5a6fe3e7dc47f6e46ee9a2251839db296d62ada2a0df7";

fn parse(text: &str) -> Result<Revocations, ParseError> {
    Revocations::parse("list.txt", text)
}

#[track_caller]
fn assert_error(text: &str, message: &str) {
    assert_eq!(
        parse(text).unwrap_err().to_string(),
        format!("list.txt, {message}")
    );
}

fn epoch(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn example() -> String {
    format!(
        "# A list.\n\n# CN=Example CA\nissuer {NAME}\nserial 00cb\nserial 01\n\n\
         # CN=Other CA\nissuer {OTHER}\nserial 01\n\n\
         # CN=Example CA\nsubject {NAME}\nkey {DIGEST}\n"
    )
}

#[test]
fn entries_have_the_name_above_them() {
    let revocations = parse(&example()).unwrap();
    let shown = |name: DistinguishedName<'_>| name.to_string();
    let serials: Vec<_> = revocations
        .serials()
        .map(|(issuer, serial)| (shown(issuer), serial.to_vec()))
        .collect();
    let expected = [
        ("CN=Example CA", vec![0, 0xcb]),
        ("CN=Example CA", vec![1]),
        ("CN=Other CA", vec![1]),
    ];
    let expected = expected.map(|(issuer, serial)| (issuer.to_owned(), serial));
    assert_eq!(serials, expected);
    let keys: Vec<_> = revocations
        .keys()
        .map(|(subject, key)| (shown(subject), key[0], key[31]))
        .collect();
    assert_eq!(keys, [("CN=Example CA".to_owned(), 0x15, 0xf7)]);
}

#[test]
fn text_is_read_back_in_any_order() {
    let example = example();
    let (_, text) = example.split_once("\n\n").unwrap();
    assert_eq!(parse(text).unwrap().to_text(), text);
    let mut groups: Vec<_> = text.trim_end().split("\n\n").collect();
    groups.reverse();
    let reversed = groups.join("\r\n");
    assert_eq!(parse(&reversed).unwrap(), parse(text).unwrap());
    assert_eq!(parse(&reversed).unwrap().to_text(), text);
}

#[test]
fn duplicate_entries_are_errors() {
    assert_error(
        &format!("{}issuer {OTHER}\nserial 02\nserial 01\n", example()),
        "line 17: the same entry as in line 10",
    );
    assert_error(
        &format!("{}key {DIGEST}\n", example()),
        "line 15: the same entry as in line 14",
    );
}

#[test]
fn digests_have_64_lower_case_digits() {
    for digest in [
        &DIGEST[2..],
        &format!("{DIGEST}00"),
        &DIGEST.to_uppercase(),
        &DIGEST.replace("15", "1g"),
        &DIGEST.replacen("15e7", "15:e7", 1),
        &format!("{DIGEST} "),
        "",
    ] {
        assert_error(
            &format!("subject {NAME}\nkey {digest}\n"),
            &format!(
                "line 2: \"{digest}\" is not a SHA-256 digest: expected 64 lower-case hexadecimal digits"
            ),
        );
    }
}

#[test]
fn serial_numbers_are_the_content_of_an_integer() {
    for serial in ["0", "0x01", "CB", "+1", " 01", "0g", "01 02", "é"] {
        assert_error(
            &format!("issuer {NAME}\nserial {serial}\n"),
            &format!("line 2: serial number \"{serial}\" is not in lower-case hexadecimal digits"),
        );
    }
    let long = "01".repeat(256);
    for serial in ["", "0001", "ff80", "0000", &long] {
        assert_error(
            &format!("issuer {NAME}\nserial {serial}\n"),
            &format!("line 2: serial number {serial}: no certificate in DER can have it"),
        );
    }
    for serial in ["00", "0080", "ff7f", "80", "ff", &long[2..]] {
        parse(&format!("issuer {NAME}\nserial {serial}\n")).unwrap();
    }
}

#[test]
fn names_are_der() {
    for base64 in [
        "?",
        &NAME[..NAME.len() - 1],
        &format!(" {NAME}"),
        &NAME.replace("E=", "F="),
    ] {
        let error = parse(&format!("issuer {base64}\nserial 01\n")).unwrap_err();
        assert!(error.reason().starts_with("bad base64: "), "{error}");
        assert_eq!(error.line(), Some(1));
    }
    // A cut SEQUENCE, one with bytes after it, a SET, and a SEQUENCE of something else than SETs.
    for base64 in ["MBUxEzAR", "MAAA", "MQA=", "MAIFAA=="] {
        assert_error(
            &format!("subject {base64}\nkey {DIGEST}\n"),
            "line 1: not a name in DER",
        );
    }
}

#[test]
fn lines_that_are_not_entries_are_errors() {
    assert_error(
        "serial 01\n",
        "line 1: a serial number without an issuer above it",
    );
    assert_error(
        &format!("subject {NAME}\nserial 01\n"),
        "line 2: a serial number without an issuer above it",
    );
    assert_error(
        &format!("issuer {NAME}\nkey {DIGEST}\n"),
        "line 2: a key without a subject above it",
    );
    for line in [
        "Serial 01",
        " serial 01",
        "serials 01",
        "serial\t01",
        "\u{1b}[2J",
    ] {
        let error = parse(&format!("issuer {NAME}\nserial 02\n{line}\n")).unwrap_err();
        assert_eq!(error.line(), Some(3), "{error}");
        assert!(error.reason().contains("is neither `issuer`"), "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn names_without_entries_are_errors() {
    assert_error(
        &format!("issuer {NAME}\n"),
        "line 1: no `serial` below this name",
    );
    assert_error(
        &format!("# empty\nsubject {NAME}\n\nissuer {NAME}\nserial 01\n"),
        "line 2: no `key` below this name",
    );
}

#[test]
fn source_depends_on_entries_and_date_alone() {
    let example = example();
    let (first, rest) = example.split_once("\n\n# CN=Other").unwrap();
    let swapped = parse(&format!("# CN=Other{rest}\n{first}\n")).unwrap();
    let source = parse(&example).unwrap().to_source(epoch(1)).unwrap();
    assert_eq!(swapped.to_source(epoch(1)).unwrap(), source);
    assert_ne!(swapped.to_source(epoch(2)).unwrap(), source);
    // Sorted by serial number, each after its length.
    assert!(
        source.contains(r#"SERIALS: [u8; 7] = *b"\x02\x00\xcb\x01\x01\x01\x01";"#),
        "{source}"
    );
}

#[test]
fn tables_are_bounded() {
    let mut text = format!("issuer {NAME}\n");
    let mut count: usize = 0;
    let mut add = |text: &mut String| {
        count += 1;
        // 27 bytes in the tables: this, the byte of its length and four of its place.
        let _ = writeln!(text, "serial 7f{count:042x}");
        count
    };
    while 32 + add(&mut text) * 27 <= MAX_REVOCATION_TABLES - 27 {}
    let revocations = parse(&text).unwrap();
    assert!(revocations.to_source(epoch(0)).is_ok());
    add(&mut text);
    let error = parse(&text).unwrap().to_source(epoch(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "its tables have 65561 bytes: at most 65536 are allowed"
    );
}

/// OneCRL has the keys for TLS, under the subjects of their intermediates; the two others sign code.
#[test]
fn public_keys_of_tls_intermediates_are_in_onecrl() {
    let onecrl = Revocations::parse("onecrl", include_str!("../../../../onecrl/onecrl.txt"));
    let onecrl = onecrl.unwrap();
    let keys = include_str!("../../../../cli/data/public-keys.pem");
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    // Behind the head, each key with its name above it.
    for key in keys.split("\n\n").skip(1) {
        let (name, pem) = key.split_once('\n').unwrap();
        let name = name.strip_prefix("# ").unwrap();
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap();
        let digest = sha256(&key);
        match onecrl.keys().find(|(_, key)| **key == digest) {
            Some((subject, _)) => {
                assert_eq!(subject.common_names().next().unwrap(), name);
                found.push(name);
            }
            None => missing.push(name),
        }
    }
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.iter().all(|name| name.contains("TLS")), "{found:?}");
    assert_eq!(missing, ["EM OV CS CA - G3B", "EM OV CS CA - G3C"]);
}
