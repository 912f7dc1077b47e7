//! What `explain` shows, for people and as JSON.

use std::io::{self, Write};
use std::net::SocketAddr;

use anstyle::Style;
use embedded_roots_bundle::{counted, iso_day, shorten};
use serde::Serialize;

use crate::compromise::Compromise;
use crate::explain::chain::{Chain, LONGEST_NAME};
use crate::explain::completion::{MissingCertificate, fetch_command};
use crate::explain::elsewhere::Elsewhere;
use crate::explain::handshake::Handshake;
use crate::explain::policy::{Candidate, joined};
use crate::explain::reason::Reason;
use crate::explain::starttls::StartTls;
use crate::explain::verdict::Verdict;
use crate::history::Standing;
use crate::output::{ERROR, GOOD, is_narrow, stacked, start_of_sha256, table, table_with_remarks};
use crate::source::Source;

#[derive(Serialize)]
pub(super) struct Explanation<'a> {
    pub(super) command: &'static str,
    pub(super) server: String,
    pub(super) name: String,
    /// Where the connection went.
    pub(super) address: SocketAddr,
    pub(super) starttls: Option<StartTls>,
    pub(super) history_as_of: String,
    /// As the server sent it, the end-entity certificate first.
    pub(super) chain: Chain,
    /// Why others cannot be read.
    pub(super) unreadable: Vec<String>,
    /// The known roots with the name of an issuer in the chain.
    #[serde(rename = "roots")]
    pub(super) candidates: Vec<Candidate>,
    /// The first is that of the exit status.
    pub(super) verdicts: Vec<Verdict>,
    /// The known certificates with which the first verdict would be another; empty if there are none.
    pub(super) completion: Vec<MissingCertificate>,
    /// Why one of `embedded` and `system` refuses what the other accepts.
    pub(super) difference: Option<String>,
    /// A handshake under the roots that accept the chain; none if they refuse it.
    pub(super) handshake: Option<Handshake>,
    /// What the programs of `--for` make of it, by measurement; none if they are not asked about, or the chain ends in no
    /// known root.
    pub(super) elsewhere: Option<Elsewhere<'a>>,
    #[serde(skip)]
    pub(super) is_asked_elsewhere: bool,
}

impl Explanation<'_> {
    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self {
            server,
            name,
            address,
            chain,
            ..
        } = self;
        let count = counted(chain.sent().count(), "certificate");
        writeln!(
            out,
            "{server} ({address}) was asked for {name}, and sent {count}:"
        )?;
        writeln!(out, "{}", chain_table(chain).trim_fmt())?;
        for sent in chain.all() {
            if let Some(compromise) = sent.facts.compromised() {
                let (number, why) = (sent.number, compromise.why());
                writeln!(
                    out,
                    "{ERROR}compromised{ERROR:#}: certificate {number}: {why}"
                )?;
            }
        }
        for why in &self.unreadable {
            writeln!(out, "{why}")?;
        }

        if self.candidates.is_empty() {
            writeln!(
                out,
                "\nNo known root has the name of an issuer in this chain."
            )?;
        } else {
            writeln!(
                out,
                "\nKnown roots with the name of an issuer in this chain:"
            )?;
            writeln!(out, "{}", candidate_table(&self.candidates).trim_fmt())?;
        }

        writeln!(out)?;
        for verdict in &self.verdicts {
            let (style, word) = match verdict.accepted {
                Some(true) => (GOOD, "accepted"),
                Some(false) => (ERROR, "refused"),
                None => (Style::new(), "no verdict"),
            };
            let Verdict {
                policy, sentence, ..
            } = verdict;
            writeln!(out, "{style}{word}{style:#} by {policy}: {sentence}")?;
        }
        if let Some(difference) = &self.difference {
            writeln!(out, "{difference}")?;
        }
        for MissingCertificate { facts, origin, .. } in &self.completion {
            let subject = shorten(facts.subject(), LONGEST_NAME);
            writeln!(
                out,
                "the chain is complete with the certificate \"{subject}\" of {origin}: the server should send it"
            )?;
        }
        let lacks_issuer = |verdict: &Verdict| {
            matches!(
                verdict.reason,
                Some(Reason::Incomplete | Reason::UnknownRoot)
            )
        };
        if self.verdicts.iter().any(lacks_issuer) {
            show_places(out, chain)?;
        }
        if let Some(handshake) = &self.handshake {
            let succeeded = if handshake.succeeded {
                "succeeded"
            } else {
                "failed"
            };
            writeln!(out, "handshake {succeeded}: {}", handshake.sentence)?;
        }
        match &self.elsewhere {
            Some(elsewhere) => {
                let verdict = self.verdicts.first();
                let is_accepted = verdict.is_some_and(|verdict| verdict.accepted == Some(true));
                elsewhere.show(out, is_accepted)
            }
            None if self.is_asked_elsewhere => writeln!(
                out,
                "\nThe chain does not end in a known root, so nothing is known about other programs."
            ),
            None => Ok(()),
        }
    }
}

pub(super) fn difference(verdicts: &[Verdict]) -> Option<String> {
    let of = |source| verdicts.iter().find(|verdict| verdict.policy.0 == source);
    let (embedded, system) = of(Source::Mozilla).zip(of(Source::System))?;
    let (accepts, refuses) = match (embedded.accepted?, system.accepted?) {
        (true, false) => (embedded, system),
        (false, true) => (system, embedded),
        _ => return None,
    };
    let (accepts, why) = (&accepts.policy, &refuses.sentence);
    Some(format!(
        "{accepts} accepts what {} refuses: {why}",
        refuses.policy
    ))
}

/// Where the missing certificate is said to be, and how to fetch it.
fn show_places(out: &mut dyn Write, chain: &Chain) -> io::Result<()> {
    let Some(last) = chain.without_issuer() else {
        return Ok(());
    };
    for place in last.ca_issuers.iter().take(MOST_PLACES) {
        // The server is not authenticated, and may send any text for people to paste.
        if let Some(command) = fetch_command(place) {
            writeln!(
                out,
                "by the last certificate sent, the missing one is at {place} (not fetched)"
            )?;
            writeln!(out, "to fetch it: {command}")?;
        } else {
            writeln!(
                out,
                "the last certificate sent says where the missing one is, but that address is not shown: it is not http, is too long, \
                 or has characters that a shell would interpret"
            )?;
        }
    }
    Ok(())
}

/// More than certificates of public CAs have.
const MOST_PLACES: usize = 3;

fn chain_table(chain: &Chain) -> comfy_table::Table {
    let narrow = is_narrow();
    let mut table = if narrow {
        table(&["", "subject", "key", "valid", "SHA-256"])
    } else {
        table(&["", "subject", "issuer", "key", "valid", "SHA-256"])
    };
    for sent in chain.all() {
        let certificate = &sent.certificate;
        let nth = format!("{}", sent.number);
        let subject = shorten(certificate.subject(), LONGEST_NAME).into_owned();
        let issuer = shorten(certificate.issuer(), LONGEST_NAME).into_owned();
        let key = certificate.key().to_string();
        let (from, until) = (
            iso_day(certificate.not_before()),
            iso_day(certificate.not_after()),
        );
        let sha256 = start_of_sha256(certificate.sha256());
        if narrow {
            let names = stacked(subject, [format!("issued by {issuer}")]);
            table.add_row([nth, names, key, format!("{from}\n{until}"), sha256]);
        } else {
            let valid = format!("{from} to {until}");
            table.add_row([nth, subject, issuer, key, valid, sha256]);
        }
    }
    keep_whole(&mut table, if narrow { &[2, 3, 4] } else { &[3, 5] });
    table
}

fn candidate_table(candidates: &[Candidate]) -> comfy_table::Table {
    let rows = candidates.iter().map(|candidate| {
        let limits = candidate.root.shown_limits();
        let removed = candidate.removed.as_ref().map(Standing::gone_and_why);
        let removed = removed.map(|when| format!("left Mozilla's list by {when}"));
        let compromised = candidate.facts.compromised().map(Compromise::remark);
        let chain = if candidate.verifies {
            "ends in it"
        } else {
            "does not verify with it"
        };
        let certificate = &candidate.root.certificate;
        let cells = [
            start_of_sha256(certificate.sha256()),
            chain.to_owned(),
            joined(&candidate.trusted_by),
        ];
        let remarks = limits.into_iter().chain(compromised).chain(removed);
        let remarks = remarks.collect();
        (
            shorten(certificate.subject(), LONGEST_NAME).into_owned(),
            cells,
            remarks,
        )
    });
    let header = ["root", "SHA-256", "chain", "trusted by"];
    let mut table = table_with_remarks(&header, rows, is_narrow());
    keep_whole(&mut table, &[1]);
    table
}

/// Columns that are not broken where the terminal is narrow.
fn keep_whole(table: &mut comfy_table::Table, columns: &[usize]) {
    for nth in columns {
        if let Some(column) = table.column_mut(*nth) {
            column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
        }
    }
}
