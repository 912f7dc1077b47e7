//! `explain`: what a server sends, and why it is trusted or not.

mod chain;
mod completion;
mod connection;
mod elsewhere;
mod handshake;
mod policy;
mod program;
mod reason;
mod report;
mod sct;
mod starttls;
mod stream;
#[cfg(test)]
mod tests;
mod url;
mod verdict;

use std::mem;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use embedded_roots_bundle::escape;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::explain::chain::Chain;
use crate::explain::completion::KnownIntermediates;
use crate::explain::connection::{Server, within};
use crate::explain::elsewhere::Elsewhere;
use crate::explain::handshake::{config, handshake};
use crate::explain::policy::{candidates, policies};
use crate::explain::report::{Explanation, difference};
use crate::explain::starttls::StartTls;
use crate::explain::url::server_of;
use crate::explain::verdict::{Case, Verdict};
use crate::history::History;
use crate::interop::table::Table;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
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
    /// Report how these programs judge the root that the chain ends in, by measurement: `all`, or names
    /// such as `openssl`, `python` and `java`
    #[arg(long = "for", value_name = "NAME", value_delimiter = ',')]
    programs: Vec<String>,
    /// Give up after this time, in all
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
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
        mut explanation,
        name,
        trusted,
        outcome,
    } = found;
    if !programs.verifiers.is_empty() {
        let Explanation {
            chain, candidates, ..
        } = &explanation;
        let elsewhere = Elsewhere::new(&table, &programs, chain, candidates, &trusted, &name, now);
        explanation.is_asked_elsewhere = true;
        explanation.elsewhere = elsewhere;
    }
    output.write(&explanation, |out| explanation.show(out))?;
    if let Some(path) = &arguments.write_intermediate {
        completion::write(&explanation.completion, path)?;
    }
    outcome
}

/// What is explained, and what else is known of it.
struct Evidence {
    explanation: Explanation<'static>,
    /// The name that was verified.
    name: ServerName<'static>,
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

    let config = config(&Source::Mozilla.policy(&history)?);
    let provider = Arc::clone(config.crypto_provider());
    let answer = server.chain(config).map_err(at_server)?;
    let mut chain = Chain::read(answer.chain, &history).map_err(at_server)?;
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
    let (mut seen, mut completion) = (None, Vec::new());
    let outcome = match (&policy.roots, verdict.accepted) {
        (Ok(roots), Some(true)) => {
            // A verdict on what the second connection is sent.
            let judge = |sent| -> Result<Verdict> {
                let chain = Chain::read(sent, &history)?;
                let case = Case {
                    candidates: &known(&chain),
                    chain: &chain,
                    ..case
                };
                Ok(case.judge(policy))
            };
            let (handshake, outcome) = handshake(&server, roots, &case, judge);
            seen = Some(handshake);
            outcome
        }
        (Ok(roots), Some(false)) => {
            completion = intermediates.complete(&case, roots, &history);
            Ok(Outcome::Findings)
        }
        _ => {
            let why = format!("no verdict by {}: {}", policy.name, verdict.sentence);
            Err(why.into())
        }
    };
    let outcome = outcome.map_err(|why| at_server(why).into());
    Ok(Evidence {
        trusted: policy.certificates().cloned().collect(),
        outcome,
        explanation: Explanation {
            command: "explain",
            server: shown,
            name: server.name.to_str().into_owned(),
            address: answer.address,
            starttls: arguments.starttls,
            history_as_of: history.as_of,
            unreadable: mem::take(&mut chain.unreadable),
            chain,
            difference: difference(&verdicts),
            candidates,
            verdicts,
            completion,
            handshake: seen,
            elsewhere: None,
            is_asked_elsewhere: false,
        },
        name: server.name,
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
    let port = valid.ok_or_else(|| format!("\"{}\" is not HOST or HOST:PORT", escape(text)))?;
    Ok((host.to_owned(), port))
}
