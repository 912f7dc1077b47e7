//! `explain`: what a server sends, and why it is trusted or not.

mod chain;
mod completion;
mod connection;
mod elsewhere;
mod policy;
mod program;
mod reason;
mod sct;
mod starttls;
mod stream;
#[cfg(test)]
mod tests;
mod url;
mod verdict;

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anstyle::Style;
use clap::Args;
use embedded_roots::rustls::{self, CertificateError, ClientConfig};
use embedded_roots::{Refusal, Roots};
use embedded_roots_bundle::{counted, escape, iso_day, shorten};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::Serialize;

use crate::explain::chain::{Chain, LONGEST_NAME, SentCertificate};
use crate::explain::completion::{Completion, KnownIntermediates, fetch_command};
use crate::explain::connection::{Server, within};
use crate::explain::elsewhere::Elsewhere;
use crate::explain::policy::{Candidate, Policy, PolicyName, candidates, joined, policies};
use crate::explain::reason::Reason;
use crate::explain::starttls::StartTls;
use crate::explain::url::server_of;
use crate::explain::verdict::{Case, Verdict, with_advice};
use crate::history::{History, Standing};
use crate::interop::table::Table;
use crate::outcome::{Outcome, Result};
use crate::output::{
    ERROR, GOOD, Output, is_narrow, stacked, start_of_sha256, table, table_with_remarks,
};
use crate::root::Facts;
use crate::source::Source;

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// The server, or an https URL of it; without a port, 443, or that of the protocol of `--starttls`
    #[arg(value_name = "HOST[:PORT]")]
    server: String,
    /// Judge by these roots too, and exit by their verdict: a PEM file, `mozilla`,
    /// `mozilla@YYYY-MM-DD`, `chrome`, `microsoft` or `system`
    #[arg(long, value_name = "SOURCE")]
    roots: Option<Source>,
    /// Begin in the clear, in this protocol
    #[arg(long, value_name = "PROTOCOL")]
    starttls: Option<StartTls>,
    /// Connect to this address instead of the server's own
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<String>,
    /// Ask for this name, and verify it, instead of the server's own
    #[arg(long)]
    name: Option<String>,
    /// Certificates (PEM) that the server may have forgotten to send
    #[arg(long, value_name = "FILE")]
    intermediates: Option<PathBuf>,
    /// Write the certificates that complete the chain into this new file (PEM)
    #[arg(long, value_name = "FILE")]
    write_intermediate: Option<PathBuf>,
    /// Tell what these programs make of the root that the chain ends in, by measurement: `all`, or names
    /// such as `openssl`, `python` and `java`
    #[arg(long = "for", value_name = "NAME", value_delimiter = ',')]
    programs: Vec<String>,
    /// Give up after this time, in all
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

#[derive(Serialize)]
struct Explanation<'a> {
    command: &'static str,
    server: String,
    name: String,
    /// Where the connection went.
    address: String,
    starttls: Option<StartTls>,
    history_as_of: &'a str,
    /// As the server sent it, the end-entity certificate first.
    chain: Vec<SentFacts<'a>>,
    /// Why others cannot be read.
    unreadable: &'a [String],
    /// The known roots with the name of an issuer in the chain.
    roots: Vec<CandidateFacts<'a>>,
    /// The first is that of the exit status.
    verdicts: Vec<Verdict>,
    /// The known certificates with which the first verdict would be another; empty if there are none.
    completion: Vec<CompletionFacts<'a>>,
    /// Why one of `embedded` and `system` refuses what the other accepts.
    difference: Option<String>,
    /// A handshake under the roots that accept the chain; none if they refuse it.
    handshake: Option<Handshake>,
    /// What the programs of `--for` make of it, by measurement; none if they are not asked about, or the chain ends in no
    /// known root.
    elsewhere: Option<Elsewhere<'a>>,
    #[serde(skip)]
    is_asked_elsewhere: bool,
}

#[derive(Serialize)]
struct SentFacts<'a> {
    certificate: Facts<'a>,
    names: &'a [String],
    /// Where its issuer's certificate is said to be; not fetched.
    ca_issuers: &'a [String],
}

#[derive(Serialize)]
struct CandidateFacts<'a> {
    root: Facts<'a>,
    trusted_by: &'a [PolicyName],
    removed: Option<&'a Standing>,
    /// Whether signatures lead from the end-entity certificate to it, whatever else is wrong.
    verifies: bool,
}

#[derive(Serialize)]
struct CompletionFacts<'a> {
    certificate: Facts<'a>,
    /// Where it was found.
    origin: &'a str,
}

#[derive(Serialize)]
struct Handshake {
    succeeded: bool,
    /// Its TLS version and cipher suite, or why it failed.
    sentence: String,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let table = Table::load()?;
    let programs = table.chosen(&arguments.programs)?;
    let start = Instant::now();
    let timeout = Duration::from_secs(arguments.timeout);
    let mut asked = arguments.clone();
    server_of(&arguments.server)?.clone_into(&mut asked.server);
    let shown = escape(&asked.server);
    let late = format!("{shown}: no verdict in time (`--timeout`)");
    let now = output.now();
    // The network has less time, so that what it gave is shown even if the rest does not come.
    let reserve = (timeout / 10).min(MOST_RESERVE);
    let deadline = start + timeout.saturating_sub(reserve);
    let found = within(start + timeout, &late, move || find(&asked, deadline, now))?;
    let Evidence {
        name,
        address,
        history,
        chain,
        candidates,
        verdicts,
        completion,
        handshake,
        trusted,
        outcome,
    } = found;
    let server_name = ServerName::try_from(name.clone())?;
    let elsewhere = if programs.verifiers.is_empty() {
        None
    } else {
        Elsewhere::new(
            &table,
            &programs,
            &chain,
            &candidates,
            &trusted,
            &server_name,
            now,
        )
    };
    let explained = Explanation {
        command: "explain",
        server: shown,
        name,
        address: address.to_string(),
        starttls: arguments.starttls,
        history_as_of: &history.as_of,
        chain: (chain.all())
            .map(|sent| SentFacts::from_sent(sent, &history))
            .collect(),
        unreadable: &chain.unreadable,
        roots: (candidates.iter())
            .map(|candidate| CandidateFacts::from_candidate(candidate, &history))
            .collect(),
        completion: (completion
            .iter()
            .flat_map(|completion| &completion.certificates))
        .map(|(sent, origin)| CompletionFacts {
            certificate: Facts::from_certificate(&sent.certificate, &history),
            origin,
        })
        .collect(),
        difference: difference(&verdicts),
        verdicts,
        handshake,
        elsewhere,
        is_asked_elsewhere: !programs.verifiers.is_empty(),
    };
    output.write(&explained, |out| show(out, &explained, &chain, &candidates))?;
    if let Some(path) = &arguments.write_intermediate {
        let completion = completion
            .ok_or("no known certificate is missing from the chain, so none is written")?;
        completion.write(path)?;
    }
    outcome
}

/// What is explained.
struct Evidence {
    name: String,
    address: SocketAddr,
    history: History,
    chain: Chain,
    candidates: Vec<Candidate>,
    verdicts: Vec<Verdict>,
    completion: Option<Completion>,
    handshake: Option<Handshake>,
    /// The roots of the first policy.
    trusted: Vec<CertificateDer<'static>>,
    outcome: Result<Outcome>,
}

/// All that takes time. The connections end at the deadline.
fn find(arguments: &Arguments, deadline: Instant, now: UnixTime) -> Result<Evidence> {
    let history = History::load()?;
    let policies = policies(arguments.roots.as_ref(), &history)?;
    let intermediates = KnownIntermediates::read(arguments.intermediates.as_deref(), &history)?;
    let server = server(arguments, deadline)?;
    let shown = escape(&arguments.server);
    let at_server = |why| format!("{shown}: {}", escape(&format!("{why}")));

    let config = config(&policy::embedded()?);
    let provider = Arc::clone(config.crypto_provider());
    let answer = server.chain(config).map_err(at_server)?;
    let chain = Chain::read(answer.chain).map_err(at_server)?;
    let known = |chain: &Chain| candidates(chain, &policies, &history, &provider, now);
    let candidates = known(&chain);
    let case = Case {
        chain: &chain,
        name: &server.name,
        candidates: &candidates,
        now,
    };
    let verdicts: Vec<Verdict> = policies.iter().map(|policy| case.judge(policy)).collect();

    let asked = policies.first().zip(verdicts.first());
    let (policy, verdict) = asked.ok_or("there is no policy")?;
    let (handshake, outcome) = if verdict.accepted == Some(true) {
        // A verdict on what the second connection is sent.
        let judge = |sent| -> Result<Verdict> {
            let chain = Chain::read(sent)?;
            let case = Case {
                candidates: &known(&chain),
                chain: &chain,
                ..case
            };
            Ok(case.judge(policy))
        };
        handshake(&server, policy, &case, judge)
    } else if verdict.accepted.is_none() {
        let why = format!("no verdict by {}: {}", policy.name, verdict.sentence);
        (None, Err(why.into()))
    } else {
        (None, Ok(Outcome::Findings))
    };
    let completion = match &policy.roots {
        Ok(roots) if verdict.accepted == Some(false) => {
            intermediates.complete(&chain, &server.name, roots, now)
        }
        _ => None,
    };
    let outcome = outcome.map_err(|why| at_server(why).into());
    Ok(Evidence {
        name: server.name.to_str().into_owned(),
        address: answer.address,
        history,
        chain,
        candidates,
        verdicts,
        completion,
        handshake,
        trusted: policy.certificates().cloned().collect(),
        outcome,
    })
}

/// What is left for the verdicts when the time of the network is over.
const MOST_RESERVE: Duration = Duration::from_secs(1);

fn server(arguments: &Arguments, deadline: Instant) -> Result<Server> {
    let default = arguments.starttls.map_or(443, StartTls::port);
    let (named, port) = host_and_port(&arguments.server, default)?;
    let (host, port) = match &arguments.connect {
        Some(address) => host_and_port(address, port)?,
        None => (named.clone(), port),
    };
    let name = arguments.name.clone().unwrap_or(named);
    let invalid = |_| {
        let hint = if name.is_ascii() {
            ""
        } else {
            ": a name that is not ASCII is given in its ASCII form (xn--...)"
        };
        let name = escape(&name);
        format!("\"{name}\" is neither a DNS name nor an IP address{hint}")
    };
    Ok(Server {
        host,
        port,
        name: ServerName::try_from(name.clone()).map_err(invalid)?,
        starttls: arguments.starttls,
        deadline,
    })
}

/// Reads `HOST`, `HOST:PORT`, an IPv6 address, or `[IPv6]:PORT`.
fn host_and_port(text: &str, default: u16) -> Result<(String, u16)> {
    let bracketed = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, port.strip_prefix(':').or(Some(""))),
        None if text.parse::<IpAddr>().is_ok() => (text, None),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Ok(default), str::parse);
    let valid = port
        .ok()
        .filter(|_| !host.is_empty() && !host.contains('/'));
    let port = valid.ok_or_else(|| format!("\"{}\" is no HOST or HOST:PORT", escape(text)))?;
    Ok((host.to_owned(), port))
}

fn config(roots: &Roots) -> ClientConfig {
    roots.client_config_builder().with_no_client_auth()
}

/// Whether a handshake succeeds that verifies under this policy, which accepts the chain.
fn handshake(
    server: &Server,
    policy: &Policy,
    case: &Case<'_>,
    judge: impl FnOnce(Vec<CertificateDer<'static>>) -> Result<Verdict>,
) -> (Option<Handshake>, Result<Outcome>) {
    let Ok(roots) = &policy.roots else {
        return (None, Ok(Outcome::Findings));
    };
    let (sent, ended) = server.handshake(config(roots), roots.verifier(), case.now);
    let is_other = !sent.is_empty() && !sent.iter().eq(case.chain.sent());
    let other = "the second connection was sent another chain";
    let (sentence, outcome) = match ended {
        Ok(sentence) if is_other => (format!("{sentence}; {other}"), Ok(Outcome::Clean)),
        Ok(sentence) => (sentence, Ok(Outcome::Clean)),
        Err(why) => match invalid_certificate(&*why) {
            Some(invalid) => {
                let sentence = if is_other {
                    let why = refusal(judge(sent), invalid);
                    format!("{other}, which is refused: {why}")
                } else {
                    of_signature(invalid)
                };
                (sentence, Ok(Outcome::Findings))
            }
            None => (
                escape(&why.to_string()),
                Err(format!("no handshake: {why}").into()),
            ),
        },
    };
    let succeeded = matches!(outcome, Ok(Outcome::Clean));
    let handshake = Handshake {
        succeeded,
        sentence,
    };
    (Some(handshake), outcome)
}

/// Why a chain, or the handshake with it, is refused.
fn refusal(verdict: Result<Verdict>, invalid: &CertificateError) -> String {
    match verdict {
        Ok(verdict) if verdict.accepted == Some(true) => of_signature(invalid),
        Ok(verdict) => verdict.sentence,
        Err(why) => escape(&why.to_string()),
    }
}

/// The chain is accepted, so this is the signature of the handshake.
fn of_signature(invalid: &CertificateError) -> String {
    match invalid {
        CertificateError::BadSignature => {
            "the server does not have the key of its certificate".to_owned()
        }
        _ => match Refusal::of(&rustls::Error::from(invalid.clone())) {
            Some(refusal) => with_advice(&refusal),
            None => format!(
                "the signature of the handshake is not valid ({})",
                escape(&invalid.to_string())
            ),
        },
    }
}

fn invalid_certificate<'a>(
    why: &'a (dyn std::error::Error + 'static),
) -> Option<&'a CertificateError> {
    match why.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(invalid) => Some(invalid),
        _ => None,
    }
}

fn difference(verdicts: &[Verdict]) -> Option<String> {
    let of = |name| verdicts.iter().find(|verdict| verdict.policy == name);
    let (embedded, system) = of(PolicyName::Embedded).zip(of(PolicyName::System))?;
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

impl<'a> SentFacts<'a> {
    fn from_sent(sent: &'a SentCertificate, history: &'a History) -> Self {
        Self {
            certificate: Facts::from_certificate(&sent.certificate, history),
            names: &sent.names,
            ca_issuers: &sent.ca_issuers,
        }
    }
}

impl<'a> CandidateFacts<'a> {
    fn from_candidate(candidate: &'a Candidate, history: &'a History) -> Self {
        Self {
            root: candidate.root.facts(history),
            trusted_by: &candidate.trusted_by,
            removed: candidate.removed.as_ref(),
            verifies: candidate.verifies,
        }
    }
}

fn show(
    out: &mut dyn Write,
    explained: &Explanation<'_>,
    chain: &Chain,
    candidates: &[Candidate],
) -> io::Result<()> {
    let Explanation {
        server,
        name,
        address,
        ..
    } = explained;
    let count = counted(chain.sent().count(), "certificate");
    writeln!(
        out,
        "{server} ({address}) was asked for {name}, and sent {count}:"
    )?;
    writeln!(out, "{}", chain_table(chain).trim_fmt())?;
    for (sent, facts) in chain.all().zip(&explained.chain) {
        if let Some(compromise) = facts.certificate.compromised() {
            let (number, why) = (sent.number, compromise.why());
            writeln!(
                out,
                "{ERROR}compromised{ERROR:#}: certificate {number}: {why}"
            )?;
        }
    }
    for why in explained.unreadable {
        writeln!(out, "{why}")?;
    }

    if candidates.is_empty() {
        writeln!(
            out,
            "\nNo known root has the name of an issuer in this chain."
        )?;
    } else {
        writeln!(
            out,
            "\nKnown roots with the name of an issuer in this chain:"
        )?;
        writeln!(out, "{}", candidate_table(candidates).trim_fmt())?;
    }

    writeln!(out)?;
    for verdict in &explained.verdicts {
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
    if let Some(difference) = &explained.difference {
        writeln!(out, "{difference}")?;
    }
    for completion in &explained.completion {
        let CompletionFacts {
            certificate,
            origin,
        } = completion;
        let subject = shorten(certificate.subject(), LONGEST_NAME);
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
    if explained.verdicts.iter().any(lacks_issuer) {
        show_places(out, chain)?;
    }
    if let Some(handshake) = &explained.handshake {
        let succeeded = if handshake.succeeded {
            "succeeded"
        } else {
            "failed"
        };
        writeln!(out, "handshake {succeeded}: {}", handshake.sentence)?;
    }
    match &explained.elsewhere {
        Some(elsewhere) => {
            let verdict = explained.verdicts.first();
            let is_accepted = verdict.is_some_and(|verdict| verdict.accepted == Some(true));
            elsewhere.show(out, is_accepted)
        }
        None if explained.is_asked_elsewhere => writeln!(
            out,
            "\nThe chain ends in no known root, so that nothing is known of other programs."
        ),
        None => Ok(()),
    }
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
                "the missing certificate is said to be at {place} (not fetched)"
            )?;
            writeln!(out, "to fetch it: {command}")?;
        } else {
            writeln!(
                out,
                "the missing certificate is said to be at a place that is not shown: it is not on the web, too long, \
                 or has characters that a shell could read"
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
        let compromised = candidate.compromised.as_ref();
        let compromised = compromised.map(|why| format!("compromised: {}", why.ids()));
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
