//! What other programs make of the chain, by measurement.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::slice;

use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::shorten;
use rustls_pki_types::{ServerName, UnixTime};
use serde::Serialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

use crate::explain::chain::Chain;
use crate::explain::policy::Candidate;
use crate::explain::verdict::LONGEST_NAME;
use crate::interop::certificate::{RootsOfFile, has_key_identifier, is_self_issued};
use crate::interop::table::{Program, Table, Verdict};
use crate::interop::{Opinion, joined};
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
    /// Of the programs with these ids; none if no known root is the end of the chain.
    pub(super) fn new(
        table: &'a Table,
        ids: &BTreeSet<&str>,
        chain: &Chain,
        candidates: &[Candidate],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Self> {
        let own = InspectedRoot::from_der(chain.end_entity.der.clone()).ok();
        let own = own.filter(is_self_issued);
        let mut ends = candidates.iter().filter(|candidate| candidate.verifies);
        let root = own.as_ref().or_else(|| ends.next().map(|end| &end.root))?;

        let mut shapes = RootsOfFile::new(slice::from_ref(root), now).shapes(0);
        shapes.extend(below(root, chain, name));
        let opinions = shapes.iter().flat_map(|shape| table.of_root(shape, ids));
        let refused: Vec<Opinion<'a>> = opinions.collect();

        let is_asked = |program: &&Program| ids.contains(program.id.as_str());
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

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "\nBy measurements until {}, and not by a run, of the root \"{}\":",
            self.as_of, self.name
        )?;
        match &self.accepted[..] {
            [] => {}
            [one] => writeln!(out, "{one} accepts it")?,
            several => writeln!(out, "{} accept it", joined(several))?,
        }
        for opinion in &self.refused {
            writeln!(out, "{opinion}")?;
        }
        Ok(())
    }
}

/// The shapes that the root has together with what is below it.
fn below(root: &InspectedRoot, chain: &Chain, name: &ServerName<'_>) -> Vec<&'static str> {
    let Ok((_, ca)) = X509Certificate::from_der(root.root.certificate()) else {
        return Vec::new();
    };
    let path_length = ca.basic_constraints().ok().flatten();
    let path_length = path_length.and_then(|basic| basic.value.path_len_constraint);
    let path = chain.path();
    let is_too_long = path_length.is_some_and(|most| path.len() - 1 > most as usize);

    let constraints = root.root.limits().shown_name_constraints();
    let limits_names = constraints.is_some_and(|limits| limits.contains("permitted-dns="));
    let is_address = matches!(name, ServerName::IpAddress(_));

    let has_no_ids = !has_key_identifier(root.root.certificate())
        && path.last().is_some_and(|issued| {
            let issued = X509Certificate::from_der(&issued.der);
            issued.is_ok_and(|(_, issued)| !names_key_of_issuer(&issued))
        });
    let shapes = [
        (is_too_long, "path-length"),
        (limits_names && is_address, "constraints-address"),
        (has_no_ids, "no-key-identifiers"),
    ];
    let shapes = shapes.into_iter().filter(|(is, _)| *is);
    shapes.map(|(_, shape)| shape).collect()
}

fn names_key_of_issuer(certificate: &X509Certificate<'_>) -> bool {
    let mut extensions = certificate.extensions().iter();
    extensions.any(|extension| {
        matches!(
            extension.parsed_extension(),
            ParsedExtension::AuthorityKeyIdentifier(_)
        )
    })
}
