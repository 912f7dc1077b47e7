//! What other programs make of the chain, by measurement.

use std::io::{self, Write};

use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::{extension, shorten, signature_algorithm};
use rustls_pki_types::{AlgorithmIdentifier, CertificateDer, ServerName, UnixTime, alg_id};
use serde::Serialize;

use crate::explain::chain::{Chain, LONGEST_NAME};
use crate::explain::policy::Candidate;
use crate::interop::certificate::{RootsOfFile, SUBJECT_KEY_IDENTIFIER, is_self_issued};
use crate::interop::table::{Program, Table, Verdict};
use crate::interop::{Choice, Opinion, joined};
use crate::root::InspectedRoot;

/// What the table says of the root that a chain ends in, and of the chain below it.
#[derive(Serialize)]
pub(super) struct Elsewhere<'a> {
    /// The day of the newest measurement.
    as_of: &'a str,
    /// The fingerprint of the root.
    root: String,
    #[serde(skip)]
    name: String,
    /// The programs of which every version accepts it.
    accepted: Vec<&'a str>,
    refused: Vec<Opinion<'a>>,
}

impl<'a> Elsewhere<'a> {
    /// Of these programs; none if no known root is the end of the chain. `trusted` are the roots that the
    /// chain was judged by, among which the end is seen.
    pub(super) fn new(
        table: &'a Table,
        programs: &Choice<'_>,
        chain: &Chain,
        candidates: &[Candidate],
        trusted: &[CertificateDer<'static>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Self> {
        let read = |der: &CertificateDer<'static>| InspectedRoot::from_der(der.clone()).ok();
        let own = read(&chain.end_entity.der).filter(is_self_issued);
        let is_own = own.is_some();
        let ends = candidates.iter();
        let ends = ends.filter(|end| end.verifies && !end.is_intermediate);
        let mut ends: Vec<&Candidate> = ends.collect();
        let is_over = |end: &&Candidate| end.root.certificate.not_after() < now;
        ends.sort_by_key(|end| (!end.is_valid, is_over(end)));
        let end = ends
            .first()
            .and_then(|end| read(end.root.root.certificate()));
        let root = own.or(end)?;

        let sha256 = root.certificate.sha256();
        let others = trusted.iter().filter_map(read);
        let others = others.filter(|other| other.certificate.sha256() != sha256);
        let roots: Vec<InspectedRoot> = others.chain([root]).collect();
        let (number, root) = roots.iter().enumerate().next_back()?;
        let of_file = RootsOfFile::new(&roots, now);
        let mut shapes = of_file.of_key(number);
        if is_own {
            shapes.extend(of_file.of_server(number));
        } else {
            shapes.extend(of_file.of_ca(number));
            shapes.extend(below(root, chain, name));
        }
        let opinions = shapes
            .iter()
            .flat_map(|shape| table.of_root(shape, programs));
        let refused: Vec<Opinion<'a>> = opinions.collect();

        let is_asked = |program: &&Program| programs.verifiers.contains(program.id.as_str());
        let asked = table.verifiers.iter().filter(is_asked);
        let mut accepted: Vec<&str> = asked.map(|program| program.name.as_str()).collect();
        accepted.dedup();
        let is_known = |name: &str| {
            let mut versions = (table.verifiers.iter())
                .filter(is_asked)
                .filter(|version| version.name == name);
            versions.all(|version| {
                let of_chain = table.shapes.iter();
                let mut of_chain = of_chain.filter(|shape| shapes.contains(&shape.id.as_str()));
                of_chain.all(|shape| shape.verdict(version) == Some(Verdict::Accepted))
            })
        };
        accepted.retain(|name| is_known(name));
        Some(Self {
            as_of: &table.as_of,
            root: hex(&root.certificate.sha256()),
            name: shorten(root.certificate.subject(), LONGEST_NAME).into_owned(),
            accepted,
            refused,
        })
    }

    /// What is below the root is not in the table, so that nothing is said to be accepted that is refused for it.
    pub(super) fn show(&self, out: &mut dyn Write, is_accepted: bool) -> io::Result<()> {
        writeln!(
            out,
            "\nBy measurements until {}, and not by a run, of the root \"{}\":",
            self.as_of, self.name
        )?;
        let accepted = joined(&self.accepted);
        match self.accepted.len() {
            0 => {}
            _ if !is_accepted => {
                writeln!(out, "nothing is known against it in {accepted}")?;
            }
            1 => writeln!(out, "{accepted} accepts it")?,
            _ => writeln!(out, "{accepted} accept it")?,
        }
        for opinion in &self.refused {
            writeln!(out, "{opinion}")?;
        }
        Ok(())
    }
}

/// The shapes that the root has together with what is below it.
fn below(root: &InspectedRoot, chain: &Chain, name: &ServerName<'_>) -> Vec<&'static str> {
    let Some(ca) = root.x509() else {
        return Vec::new();
    };
    let path_length = ca.basic_constraints().ok().flatten();
    let path_length = path_length.and_then(|basic| basic.value.path_len_constraint);
    let path = chain.path();
    let is_too_long = path_length.is_some_and(|most| path.len() - 1 > most as usize);

    let constraints = root.root.limits().shown_name_constraints();
    let limits_names = constraints.is_some_and(|limits| limits.contains("permitted-dns="));
    let is_address = matches!(name, ServerName::IpAddress(_));

    let issued = path.last();
    let has_no_ids = extension(root.root.certificate(), SUBJECT_KEY_IDENTIFIER).is_none()
        && issued.is_some_and(|issued| extension(&issued.der, AUTHORITY_KEY_IDENTIFIER).is_none());
    let signature = issued.and_then(|issued| signature_algorithm(&issued.der));
    let is_pss = signature.is_some_and(|id| {
        id.starts_with(RSASSA_PSS) && PSS_OF_WEBPKI.iter().all(|known| known.as_ref() != id)
    });
    let shapes = [
        (is_pss, "rsassa-pss-signature"),
        (is_too_long, "path-length"),
        (limits_names && is_address, "constraints-address"),
        (has_no_ids, "no-key-identifiers"),
    ];
    let shapes = shapes.into_iter().filter(|(is, _)| *is);
    shapes.map(|(_, shape)| shape).collect()
}

/// RFC 4055, and those of its parameters that webpki knows.
const RSASSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const PSS_OF_WEBPKI: [AlgorithmIdentifier; 3] = [
    alg_id::RSA_PSS_SHA256,
    alg_id::RSA_PSS_SHA384,
    alg_id::RSA_PSS_SHA512,
];
/// id-ce-authorityKeyIdentifier (2.5.29.35)
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
