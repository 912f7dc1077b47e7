//! Any text, as PEM.

use embedded_roots_bundle::{ParseError, ParsedBundle, PrivateKeys, Root, parse, parse_each};
use x509_parser::pem::Pem;

/// Strict and lenient reading agree; a bundle that is written and read back is the same, whatever the
/// order of its roots; rustls-pemfile and x509-parser find the same certificates in it.
pub fn check(data: &[u8]) {
    let each: Vec<_> = parse_each("pem", data, PrivateKeys::PassOver).collect();
    let roots = match parse("pem", data, PrivateKeys::PassOver) {
        Ok(roots) => {
            let each: Vec<_> = each.iter().flatten().map(parts).collect();
            assert_eq!(roots.iter().map(parts).collect::<Vec<_>>(), each);
            roots
        }
        Err(why) => {
            let first = each.into_iter().find_map(Result::err);
            assert_eq!(first, Some(why));
            return;
        }
    };
    let bundle = ParsedBundle::new(roots.clone());
    let reversed = ParsedBundle::new(roots.into_iter().rev().collect());
    let (bundle, reversed) = match (bundle, reversed) {
        (Ok(bundle), Ok(reversed)) => (bundle, reversed),
        (one, other) => {
            let reason = |result: Result<_, ParseError>| {
                result.map(|_| ()).map_err(|why| why.reason().len())
            };
            assert_eq!(reason(one).is_err(), reason(other).is_err());
            return;
        }
    };
    let of = |bundle: &ParsedBundle| bundle.roots().iter().map(parts).collect::<Vec<_>>();
    assert_eq!(of(&bundle), of(&reversed));

    let written = bundle.to_pem();
    let read = parse("written", written.as_bytes(), PrivateKeys::Refuse).unwrap();
    assert_eq!(of(&ParsedBundle::new(read).unwrap()), of(&bundle));

    let ours: Vec<_> = bundle
        .roots()
        .iter()
        .map(|root| root.certificate().to_vec())
        .collect();
    let mut rest = written.as_bytes();
    let pemfile = rustls_pemfile::certs(&mut rest);
    let pemfile: Vec<_> = pemfile
        .map(|certificate| certificate.unwrap().to_vec())
        .collect();
    assert_eq!(pemfile, ours);
    let blocks = Pem::iter_from_buffer(written.as_bytes());
    let blocks: Vec<_> = blocks.map(|block| block.unwrap().contents).collect();
    assert_eq!(blocks, ours);
}

/// Everything but the line.
fn parts(root: &Root) -> (Vec<u8>, String, Option<Vec<u8>>, Option<u64>) {
    let constraints = root.trust_anchor().name_constraints.as_deref();
    (
        root.certificate().to_vec(),
        root.annotation().to_string(),
        constraints.map(<[u8]>::to_vec),
        root.distrust_after().map(|time| time.as_secs()),
    )
}
