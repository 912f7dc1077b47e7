//! `check`: would a file compile, and what is doubtful in it?

mod browsers;
pub(crate) mod elsewhere;
mod report;
mod sarif;

use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use embedded_roots::mozilla;
use embedded_roots_bundle::{
    self as bundle, DistrustedKey, ParsedBundle, PrivateKeys, Provider, counted, iso_day,
};
use rustls_pki_types::UnixTime;

use crate::check::elsewhere::OtherPrograms;
use crate::check::report::{Check, Doubt, Warning};
use crate::history::History;
use crate::input::Input;
use crate::interop;
use crate::interop::certificate::{RootsOfFile, is_of_server};
use crate::interop::table::Table;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::place::Place;
use crate::programs::PublicLists;
use crate::root::InspectedRoot;
use crate::sarif::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The PEM file, or another form that `list` reads; `-` for standard input
    file: PathBuf,
    /// The file whose first line is the password of a key store
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Warn of certificates that expire within this many days, and of dates that browsers have for a public root
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Report what these programs refuse or lose, by measurement: `all`, or names such as `openssl`,
    /// `python` and `java`
    #[arg(long = "for", value_name = "NAME", value_delimiter = ',')]
    programs: Vec<String>,
    /// Write another format, for CI systems
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let input = Input::read(&arguments.file, arguments.password_file.as_deref())?;
    let mut errors = Vec::new();
    let mut roots = Vec::new();
    for root in input.roots(PrivateKeys::Refuse) {
        match root {
            Ok(root) => roots.push(root),
            Err(why) => errors.push(why),
        }
    }
    let parsed: Vec<bundle::Root> = roots.iter().map(|root| root.root.clone()).collect();
    // As a build does.
    if let Err(why) = DistrustedKey::check(history.distrusted_keys(), &input.name, &parsed) {
        errors.push(input.shown(&why));
    }
    if let Err(why) = ParsedBundle::new(parsed) {
        errors.push(format!("{}: {why}", input.name));
    }
    let table = Table::load()?;
    // Those that do not compile, too.
    let certificates: Vec<InspectedRoot> = input.certificates().collect();
    let others = OtherPrograms {
        table: &table,
        files: interop::file::shapes(input.form, input.text()),
        roots: &certificates,
        shapes: RootsOfFile::new(&certificates, output.now()),
    };
    let mut warnings: Vec<Warning<Doubt>> = form_of(&input).into_iter().collect();
    let (now, soon) = (output.now(), after(output.now(), arguments.days));
    warnings.extend(self::warnings(&roots, &history, now, soon));
    warnings.extend(distrusted(&input, &roots));
    let lists = PublicLists::load(&history)?;
    warnings.extend(browsers::warnings(&lists, &roots, soon));
    warnings.extend(others.doubts());
    let programs = others.opinions(&table.chosen(&arguments.programs)?);
    let checked = Check {
        command: "check",
        file: input.name,
        history_as_of: &history.as_of,
        roots: roots.len(),
        errors,
        warnings,
        programs,
    };
    match arguments.format {
        Some(Format::Sarif) => output.write_json(&sarif::log(&checked))?,
        None => output.write(&checked, |out| checked.show(out))?,
    }
    if !checked.errors.is_empty() {
        return Err(format!("{} does not compile", checked.file).into());
    }
    Ok(Outcome::from_findings(!checked.is_clean()))
}

fn warnings(
    roots: &[InspectedRoot],
    history: &History,
    now: UnixTime,
    soon: UnixTime,
) -> Vec<Warning<Doubt>> {
    let mut warnings = Vec::new();
    for (nth, root) in roots.iter().enumerate() {
        let earlier = roots.get(..nth).unwrap_or_default();
        let mut doubts = doubts(root, earlier, history, now, soon);
        doubts.extend(escape_of_limits(root, roots));
        warnings.extend(doubts.into_iter().map(|doubt| Warning::new(root, doubt)));
    }
    warnings
}

/// A build takes PEM alone.
fn form_of(input: &Input) -> Option<Warning<Doubt>> {
    let form = input.form?;
    let text = format!(
        "is {form}, which a build does not read: convert it with `embedded-roots list --pem`"
    );
    let doubt = Doubt { kind: "form", text };
    Some(Warning::of_file(Place::Unknown, doubt))
}

/// Certificates below a comment which says that they are distrusted, as make-ca writes it.
fn distrusted(input: &Input, roots: &[InspectedRoot]) -> Vec<Warning<Doubt>> {
    const COMMENT: &str = "explicitly distrust";

    let mut warnings = Vec::new();
    let mut is_commented = false;
    for (number, line) in input.lines() {
        if !line.starts_with(b"-----BEGIN ") {
            let text = String::from_utf8_lossy(line).to_lowercase();
            is_commented |= text.contains(COMMENT);
        } else if mem::take(&mut is_commented) {
            let text = "a comment above it says that it is explicitly distrusted".to_owned();
            let kind = "distrusted";
            let root = roots.iter().find(|root| root.root.line() == number);
            warnings.extend(root.map(|root| Warning::new(root, Doubt { kind, text })));
        }
    }
    warnings
}

fn doubts(
    root: &InspectedRoot,
    earlier: &[InspectedRoot],
    history: &History,
    now: UnixTime,
    soon: UnixTime,
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
    if let Some(why) = root.unreadable_validity() {
        doubt("validity", why.to_owned());
    } else if until < now {
        doubt("expired", format!("expired on {}", iso_day(until)));
    } else if until <= soon {
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
    if let Some(why) = unusable(&root.root) {
        doubt("unusable", why);
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
    if certificate.is_ca() == Some(true) && is_of_server(root) {
        let text = "has the names of a server, and rustls refuses a server with the certificate of a CA: if it is a \
                    server's own, pin it (`RootsBuilder::pinned_certificate`)";
        doubt("server", text.to_owned());
    }
    let same_key =
        |other: &&InspectedRoot| other.certificate.spki_sha256() == certificate.spki_sha256();
    if let Some(other) = earlier.iter().find(same_key) {
        let place = match other.place {
            Place::Line(line) => format!("the certificate in line {line}"),
            place => place.to_string(),
        };
        doubt("duplicate-key", format!("has the key of {place}"));
    }
    if let Some(limits) = limits_not_said(root) {
        let text = format!("Mozilla limits it, and this file does not: {limits}");
        doubt("limit-not-applied", text);
    }
    doubts
}

/// So many days later.
fn after(time: UnixTime, days: u32) -> UnixTime {
    let seconds = u64::from(days) * 86_400;
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_add(seconds)))
}

/// Why rustls verifies nothing by a root, or with one of its providers.
fn unusable(root: &bundle::Root) -> Option<String> {
    let why = root.unusable(Provider::Ring)?;
    let by_another = root.unusable(Provider::AwsLcRs).is_none();
    let but = if by_another { "; aws-lc-rs can" } else { "" };
    Some(format!("{why}{but}"))
}

/// The limits of Mozilla's list that a copy of its root does not have.
fn limits_not_said(root: &InspectedRoot) -> Option<String> {
    let lost = root.in_mozilla()?.limits().lost_by(root.root.limits());
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
