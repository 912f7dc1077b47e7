//! `check`: would a file compile, and what is doubtful in it?

use std::path::PathBuf;

use clap::Args;
use embedded_roots::mozilla;
use embedded_roots_bundle::{
    self as bundle, DistrustedKey, ParsedBundle, PrivateKeys, counted, iso_day, parse_each,
    read_file,
};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use crate::history::History;
use crate::outcome::{Outcome, Result};
use crate::output::{ERROR, GOOD, Output, WARNING};
use crate::root::InspectedRoot;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The PEM file
    file: PathBuf,
    /// Warn of certificates that expire within this many days
    #[arg(long, default_value_t = 30)]
    days: u32,
}

#[derive(Serialize)]
struct Check<'a> {
    command: &'static str,
    file: String,
    history_as_of: &'a str,
    roots: usize,
    /// A build with this file fails with the first of them.
    errors: Vec<String>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Warning {
    /// The line of the certificate's BEGIN.
    line: usize,
    subject: String,
    #[serde(flatten)]
    doubt: Doubt,
}

#[derive(Serialize)]
struct Doubt {
    /// One of `compromised`, `expired`, `expires`, `weak-key`, `weak-signature`, `removed`, `version`,
    /// `no-basic-constraints`, `duplicate-key`, `limit-not-applied`, `limit-escaped`.
    kind: &'static str,
    text: String,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let name = bundle::escape(&arguments.file.display().to_string());
    let pem = read_file(&arguments.file).map_err(|why| format!("{name}: {why}"))?;
    let mut errors = Vec::new();
    let mut roots = Vec::new();
    for root in parse_each(&name, &pem, PrivateKeys::Refuse) {
        match root {
            Ok(root) => roots.push(InspectedRoot::new(root)?),
            Err(why) => errors.push(why.to_string()),
        }
    }
    let parsed: Vec<bundle::Root> = roots.iter().map(|root| root.root.clone()).collect();
    // As a build does.
    if let Err(why) = DistrustedKey::check(history.distrusted_keys(), &name, &parsed) {
        errors.push(why.to_string());
    }
    if let Err(why) = ParsedBundle::new(parsed) {
        errors.push(format!("{name}: {why}"));
    }
    let warnings = warnings(&roots, &history, output.now(), arguments.days);
    let checked = Check {
        command: "check",
        file: name,
        history_as_of: &history.as_of,
        roots: roots.len(),
        errors,
        warnings,
    };
    output.write(&checked, |out| {
        for error in &checked.errors {
            writeln!(out, "{ERROR}error:{ERROR:#} {error}")?;
        }
        for Warning {
            line,
            subject,
            doubt,
        } in &checked.warnings
        {
            let file = &checked.file;
            let text = &doubt.text;
            writeln!(
                out,
                "{WARNING}warning:{WARNING:#} {file}, line {line}: {subject}: {text}"
            )?;
        }
        let summary = [
            counted(checked.roots, "root"),
            counted(checked.errors.len(), "error"),
            counted(checked.warnings.len(), "warning"),
        ];
        let clean = checked.errors.is_empty() && checked.warnings.is_empty();
        let style = if clean { GOOD } else { anstyle::Style::new() };
        writeln!(out, "{style}{}{style:#}", summary.join(", "))
    })?;
    if !checked.errors.is_empty() {
        return Err(format!("{} does not compile", checked.file).into());
    }
    Ok(if checked.warnings.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

fn warnings(roots: &[InspectedRoot], history: &History, now: UnixTime, days: u32) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (nth, root) in roots.iter().enumerate() {
        let earlier = roots.get(..nth).unwrap_or_default();
        let mut doubts = doubts(root, earlier, history, now, days);
        doubts.extend(escape_of_limits(root, roots));
        warnings.extend(doubts.into_iter().map(|doubt| Warning {
            line: root.root.line(),
            subject: root.certificate.subject().to_owned(),
            doubt,
        }));
    }
    warnings
}

fn doubts(
    root: &InspectedRoot,
    earlier: &[InspectedRoot],
    history: &History,
    now: UnixTime,
    days: u32,
) -> Vec<Doubt> {
    let certificate = &root.certificate;
    let mut doubts = Vec::new();
    let mut doubt = |kind, text: String| doubts.push(Doubt { kind, text });

    if let Some(compromise) = history.compromise(certificate) {
        doubt(
            "compromised",
            format!("is compromised: {}", compromise.why()),
        );
    }
    let until = certificate.not_after();
    let soon = u64::from(days) * 86_400;
    if until.as_secs() < now.as_secs() {
        doubt("expired", format!("expired on {}", iso_day(until)));
    } else if until.as_secs() <= now.as_secs().saturating_add(soon) {
        let left = (until.as_secs() - now.as_secs()) / 86_400;
        let left = counted(left, "day");
        doubt(
            "expires",
            format!("expires on {}, in {left}", iso_day(until)),
        );
    }
    let key = certificate.key();
    if key.algorithm() == "RSA" && key.bits().is_some_and(|bits| bits < 2048) {
        doubt("weak-key", format!("{key} is a weak key"));
    }
    let signature = certificate.signature_algorithm();
    let lower = signature.to_lowercase();
    if ["sha1", "sha-1", "md5", "md2"]
        .iter()
        .any(|weak| lower.contains(weak))
    {
        // A root's own signature proves nothing, but shows its age.
        doubt("weak-signature", format!("is signed with {signature}"));
    }
    if let Some(standing) = history.removed(certificate) {
        let when = standing.gone_and_why();
        doubt("removed", format!("Mozilla removed it before {when}"));
    }
    if certificate.version() < 3 {
        doubt(
            "version",
            format!("is an X.509 version {} certificate", certificate.version()),
        );
    } else if certificate.is_ca().is_none() {
        doubt(
            "no-basic-constraints",
            "has no basic constraints".to_owned(),
        );
    }
    let same_key =
        |other: &&InspectedRoot| other.certificate.spki_sha256() == certificate.spki_sha256();
    if let Some(other) = earlier.iter().find(same_key) {
        let line = other.root.line();
        doubt(
            "duplicate-key",
            format!("has the key of the certificate in line {line}"),
        );
    }
    if let Some(limits) = limits_not_said(root) {
        let text = format!("Mozilla trusts it within limits that this file does not say: {limits}");
        doubt("limit-not-applied", text);
    }
    doubts
}

/// The limits of Mozilla's list that a copy of its root does not have.
fn limits_not_said(root: &InspectedRoot) -> Option<String> {
    let mut anchors = mozilla::BUNDLE.anchors().iter();
    let listed = anchors.find(|anchor| {
        let listed = anchor.trust_anchor();
        root.identity() == (&listed.subject, &listed.subject_public_key_info)
    })?;
    let lost = listed.limits().lost_by(root.root.limits());
    (!lost.is_empty()).then(|| lost.to_string())
}

/// An intermediate of a limited root, which is trusted as a root without these limits: a root is where a chain ends. The
/// issuer is known by its name.
fn escape_of_limits(root: &InspectedRoot, roots: &[InspectedRoot]) -> Option<Doubt> {
    let issuer = bundle::issuer(root.root.certificate())?;
    let own = root.root.trust_anchor();
    let of_file = roots
        .iter()
        .map(|root| (root.root.trust_anchor(), root.root.limits()));
    let of_mozilla = mozilla::BUNDLE.anchors().iter();
    let of_mozilla = of_mozilla.map(|anchor| (anchor.trust_anchor(), anchor.limits()));
    let mut issuers = of_mozilla.chain(of_file).filter(|(anchor, _)| {
        anchor.subject != own.subject && bundle::DistinguishedName::new(&anchor.subject) == issuer
    });
    let escaped = issuers.find_map(|(_, limits)| {
        let escaped = limits.lost_by(root.root.limits());
        (!escaped.is_empty()).then(|| escaped.to_string())
    })?;
    let text = format!(
        "is an intermediate of \"{issuer}\", and as a root it is trusted without the limits of that root: {escaped}"
    );
    let kind = "limit-escaped";
    Some(Doubt { kind, text })
}
