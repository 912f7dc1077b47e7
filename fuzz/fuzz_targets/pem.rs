//! PEM is read or refused, by every reader alike, and what was read is written and read back.

#![no_main]

use embedded_roots_bundle::{ParseError, ParsedBundle, PrivateKeys, Root, parse, parse_each};
use embedded_roots_fuzz::contents;
use libfuzzer_sys::fuzz_target;
use x509_parser::pem::Pem;

fuzz_target!(|pem: &[u8]| {
    let strict = read(pem);
    strict_and_lenient_agree(pem, strict.as_deref());
    let Ok(roots) = strict else {
        return;
    };
    for root in &roots {
        stands_in(pem, root);
    }
    others_find_the_same(pem, &roots);

    let bundle = ParsedBundle::new(roots.clone());
    for roots in orders(&roots) {
        // Which lines an error names depends on the order.
        let same = ParsedBundle::new(roots);
        assert_eq!(same.is_ok(), bundle.is_ok());
        if let (Ok(same), Ok(bundle)) = (same, &bundle) {
            assert_eq!(contents(same.roots()), contents(bundle.roots()));
        }
    }
    let Ok(bundle) = bundle else {
        return;
    };

    // Each is in it, or a copy within the same limits.
    for root in &roots {
        let limits = (root.trust_anchor(), root.distrust_after());
        let mut kept = bundle.roots().iter();
        assert!(kept.any(|kept| (kept.trust_anchor(), kept.distrust_after()) == limits));
    }

    let written = bundle.to_pem();
    let back = ParsedBundle::new(read(written.as_bytes()).unwrap()).unwrap();
    assert_eq!(contents(back.roots()), contents(bundle.roots()));
    assert_eq!(back.to_pem(), written);
    assert_eq!(back.sha256(), bundle.sha256());
    let found = certificates(bundle.roots());
    assert_eq!(by_rustls_pemfile(written.as_bytes()), Some(found.clone()));
    assert_eq!(by_x509_parser(written.as_bytes()), Some(found));
});

fn read(pem: &[u8]) -> Result<Vec<Root>, ParseError> {
    parse("corp.pem", pem, PrivateKeys::Refuse)
}

/// Strict reading is lenient reading up to the first error, and where keys may stand, no more is wrong.
fn strict_and_lenient_agree(pem: &[u8], strict: Result<&[Root], &ParseError>) {
    let each: Vec<_> = parse_each("corp.pem", pem, PrivateKeys::Refuse).collect();
    let first = each.iter().find_map(|root| root.as_ref().err());
    assert_eq!(first, strict.err());
    let lenient: Vec<Root> = each.iter().flatten().cloned().collect();
    if let Ok(strict) = strict {
        assert_eq!(contents(strict), contents(&lenient));
        let passing = parse("corp.pem", pem, PrivateKeys::Ignore).unwrap();
        assert_eq!(contents(strict), contents(&passing));
    }
    let lines = 1 + pem.iter().filter(|byte| b"\r\n".contains(byte)).count();
    for error in each.iter().filter_map(|root| root.as_ref().err()) {
        let in_file = error.line().is_none_or(|line| (1..=lines).contains(&line));
        assert!(
            in_file && !error.to_string().contains(char::is_control),
            "{error:?}"
        );
    }
    // What lenient reading takes is good: alone, with what is imposed on it, strict reading takes it.
    for root in lenient {
        let alone = ParsedBundle::new(vec![root.clone()]).unwrap().to_pem();
        assert_eq!(
            contents(&read(alone.as_bytes()).unwrap()),
            contents(&[root])
        );
    }
}

/// The base64 of a certificate is in the file, with blanks in it at most: not quite to its end, where
/// bits may be unused, and trust settings follow.
fn stands_in(pem: &[u8], root: &Root) {
    let written = ParsedBundle::new(vec![root.clone()]).unwrap().to_pem();
    let (_, block) = written.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let (block, _) = block.split_once("-----END").unwrap();
    let base64: Vec<u8> = without_blanks(block.as_bytes());
    let (whole, _last) = base64.split_at(base64.len() - 4);
    let found = without_blanks(pem)
        .windows(whole.len())
        .any(|window| window == whole);
    assert!(found, "{block}");
}

fn without_blanks(text: &[u8]) -> Vec<u8> {
    text.iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}

/// Backwards, and from the middle.
fn orders(roots: &[Root]) -> [Vec<Root>; 2] {
    let mut backwards = roots.to_vec();
    backwards.reverse();
    let mut rotated = roots.to_vec();
    rotated.rotate_left(roots.len() / 2);
    [backwards, rotated]
}

/// Others know one label and one end of a line. Where one of them takes a file, it has to find what
/// strict reading found.
fn others_find_the_same(pem: &[u8], roots: &[Root]) {
    let Ok(text) = std::str::from_utf8(pem) else {
        return;
    };
    if text.contains("X509 CERT") || text.contains("TRUSTED CERT") {
        return;
    }
    let text = text
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    // A byte order mark at the start of a later line, where a second file begins.
    let text = text.replace("\n\u{feff}", "\n");
    let text = text.as_bytes();
    for found in [by_rustls_pemfile(text), by_x509_parser(text)]
        .into_iter()
        .flatten()
    {
        assert_eq!(found, certificates(roots));
    }
}

fn by_rustls_pemfile(mut pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let read = rustls_pemfile::certs(&mut pem).map(|der| der.map(|der| der.to_vec()).ok());
    read.collect()
}

fn by_x509_parser(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let blocks: Option<Vec<Pem>> = Pem::iter_from_buffer(pem).map(Result::ok).collect();
    let blocks = blocks?
        .into_iter()
        .filter(|block| block.label == "CERTIFICATE");
    Some(blocks.map(|block| block.contents).collect())
}

fn certificates(roots: &[Root]) -> Vec<Vec<u8>> {
    roots
        .iter()
        .map(|root| root.certificate().to_vec())
        .collect()
}
