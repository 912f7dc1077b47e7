//! What rustls and its readers make of shapes and files, computed in this process.

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::program::{Answer, Cell};

/// The verifiers and readers of the table that are computed.
#[must_use]
pub fn computed_ids() -> Vec<String> {
    let verifiers = VERIFIERS.iter().map(|(id, _)| *id);
    let readers = READERS.iter().map(|(id, _)| *id);
    verifiers.chain(readers).map(str::to_owned).collect()
}

/// The cells of these shapes and files in a folder.
#[must_use]
pub fn computed_cells(folder: &Path, shapes: &[&str], files: &[&str]) -> Vec<Cell> {
    let shapes = shapes.iter().map(|id| folder.join("shapes").join(id));
    let files = files
        .iter()
        .map(|id| folder.join("files").join(format!("{id}.pem")));
    let verdicts = shapes.flat_map(|shape| verdicts(&shape));
    verdicts
        .chain(files.flat_map(|file| readings(&file)))
        .collect()
}

/// The verdicts on the shape in a folder.
fn verdicts(shape: &Path) -> Vec<Cell> {
    let verdict = |&(program, provider): &(&str, Provider)| {
        let (answer, words) = match verify(shape, provider()) {
            Ok(()) => (Answer::Accepted, String::new()),
            Err(why) => (Answer::Refused, why),
        };
        cell(program, shape, answer, words)
    };
    VERIFIERS.iter().map(verdict).collect()
}

/// How many roots the readers take of a file.
fn readings(file: &Path) -> Vec<Cell> {
    let reading = |&(program, read): &(&str, Reader)| {
        let (roots, words) = read(file);
        cell(program, file, Answer::Taken(roots), words)
    };
    READERS.iter().map(reading).collect()
}

type Provider = fn() -> CryptoProvider;

const VERIFIERS: [(&str, Provider); 2] = [
    ("rustls-ring", ring::default_provider),
    ("rustls-aws-lc-rs", aws_lc_rs::default_provider),
];

/// Returns the number of roots and the first error.
type Reader = fn(&Path) -> (usize, String);

const READERS: [(&str, Reader); 4] = [
    ("rustls-native-certs-0.8", |file| {
        let loaded = rustls_native_certs::load_certs_from_paths(Some(file), None);
        let first = loaded.errors.first().map(ToString::to_string);
        // It does not look into the blocks.
        let (roots, _) = RootCertStore::empty().add_parsable_certificates(loaded.certs);
        (roots, first.unwrap_or_default())
    }),
    ("rustls-pemfile-2.2", |file| {
        counted(rustls_pemfile::certs(&mut &*fs::read(file).unwrap()))
    }),
    ("rustls-pki-types-1.16", |file| {
        counted(CertificateDer::pem_file_iter(file).unwrap())
    }),
    ("rustls-pki-types-1.16-slice", |file| {
        counted(CertificateDer::pem_slice_iter(&fs::read(file).unwrap()))
    }),
];

fn counted<T, E: Debug>(read: impl Iterator<Item = Result<T, E>>) -> (usize, String) {
    let (mut roots, mut first) = (0, String::new());
    for item in read {
        match item {
            Ok(_) => roots += 1,
            Err(why) if first.is_empty() => first = format!("{why:?}"),
            Err(_) => {}
        }
    }
    (roots, first)
}

fn cell(program: &str, path: &Path, answer: Answer, words: String) -> Cell {
    let id = path.file_stem().unwrap().to_string_lossy();
    Cell {
        program: program.to_owned(),
        of: id.into_owned(),
        answer,
        words,
    }
}

fn verify(shape: &Path, provider: CryptoProvider) -> Result<(), String> {
    let certificates = |name| {
        let read = CertificateDer::pem_file_iter(shape.join(name)).unwrap();
        read.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let mut roots = RootCertStore::empty();
    for root in certificates("roots.pem") {
        roots.add(root).map_err(|why| why.to_string())?;
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider)).build();
    let verifier = verifier.map_err(|why| why.to_string())?;
    let chain = certificates("chain.pem");
    let host = fs::read_to_string(shape.join("host")).unwrap();
    let host = ServerName::try_from(host).unwrap();
    let (leaf, others) = chain.split_first().unwrap();
    let verdict = verifier.verify_server_cert(leaf, others, &host, &[], UnixTime::now());
    verdict.map(drop).map_err(|why| format!("{why:?}"))
}
