//! What a list of another program says of a chain, beyond its roots: its dates. Its rules for Certificate Transparency and
//! for paths are in no list.

use embedded_roots::Roots;
use embedded_roots::inspect::RootProgram;
use embedded_roots_bundle::{iso_day, rfc3339};
use rustls_pki_types::UnixTime;

use crate::explain::chain::quoted;
use crate::explain::policy::Candidate;
use crate::explain::reason::Reason;
use crate::explain::sct::EmbeddedScts;
use crate::programs::{ProgramRoot, ProgramRoots};

/// Whether the program accepts a chain that ends in its roots, as far as is known.
pub(super) struct ProgramVerdict {
    /// None if it depends on what is not known.
    pub(super) accepted: Option<bool>,
    pub(super) reason: Option<Reason>,
    pub(super) sentence: String,
}

impl ProgramVerdict {
    /// The chain is valid with the list as a whole, `ends` are the roots of it that signatures lead to, and `accepts` says
    /// whether it is valid with others. The SCTs are those of the end-entity certificate.
    pub(super) fn new<'a>(
        list: &ProgramRoots,
        ends: impl Iterator<Item = &'a Candidate>,
        scts: &EmbeddedScts,
        now: UnixTime,
        accepts: impl Fn(&Roots) -> bool,
    ) -> Self {
        let listed = ends.filter_map(|end| list.of(end.root.identity()));
        // With the limits of this root alone: it may be another one for which the list as a whole accepts the chain.
        let is_end = |listed: &&ProgramRoot| {
            let alone = listed.policy();
            alone.is_ok_and(|alone| accepts(&alone))
        };
        let opinions = listed.filter(is_end);
        let opinions = opinions.map(|listed| Self::by_root(list.program, listed, scts, now));
        // It is enough that one root is good.
        let best = opinions.min_by_key(|opinion| match opinion.accepted {
            Some(true) => 0,
            None => 1,
            Some(false) => 2,
        });
        best.unwrap_or_else(|| {
            let sentence = "the chain ends in one of its roots, whose dates are not known";
            Self::unknown(sentence.to_owned())
        })
    }

    fn by_root(
        program: RootProgram,
        listed: &ProgramRoot,
        scts: &EmbeddedScts,
        now: UnixTime,
    ) -> Self {
        let certificate = &listed.root.certificate;
        let name = quoted(&listed.root.short_name());
        if listed.is_intermediate && now > certificate.not_after() {
            let day = iso_day(certificate.not_after());
            let sentence = format!("its intermediate {name} expired on {day}");
            return Self::refused(Reason::Expired, sentence);
        }
        if listed.is_intermediate && now < certificate.not_before() {
            let start = rfc3339(certificate.not_before());
            let sentence = format!("its intermediate {name} is not valid before {start}");
            return Self::refused(Reason::NotYetValid, sentence);
        }
        if let Some(since) = listed.disallowed.filter(|since| *since <= now) {
            let since = rfc3339(since);
            let sentence = format!("it has not trusted the root {name} since {since}");
            return Self::refused(Reason::Distrusted, sentence);
        }
        let what = if listed.is_intermediate {
            "intermediate"
        } else {
            "root"
        };
        let ends_in = format!("the chain ends in its {what} {name}");
        let Some(limit) = listed.root.sct_not_after else {
            return Self::accepted(program, &ends_in);
        };
        let limit_shown = rfc3339(limit);
        let wanted = format!(
            "its {what} {name} is for certificates with an SCT from {limit_shown} or before"
        );
        match scts.times.iter().min() {
            Some(first) if *first <= limit => {
                let first = rfc3339(*first);
                let ends_in = format!("{ends_in}, and the certificate has an SCT from {first}");
                Self::accepted(program, &ends_in)
            }
            _ if scts.has_unreadable => Self::unknown(format!(
                "{wanted}, and not all SCTs of this one can be read"
            )),
            // A log can also promise to log the certificate itself, which the server then sends apart; but that is made when
            // there are these SCTs in it, so that it is younger.
            Some(first) => {
                let first = rfc3339(*first);
                let sentence = format!("{wanted}, and the first of this one is from {first}");
                Self::refused(Reason::Distrusted, sentence)
            }
            None => Self::unknown(format!("{wanted}, and this certificate contains none")),
        }
    }

    fn accepted(program: RootProgram, ends_in: &str) -> Self {
        let rules = match program {
            RootProgram::Chrome => "for Certificate Transparency and for paths",
            _ => "for paths",
        };
        Self {
            accepted: Some(true),
            reason: None,
            sentence: format!(
                "{ends_in}; this program knows its list and dates, but not its rules {rules}"
            ),
        }
    }

    fn refused(reason: Reason, sentence: String) -> Self {
        Self {
            accepted: Some(false),
            reason: Some(reason),
            sentence,
        }
    }

    fn unknown(sentence: String) -> Self {
        Self {
            accepted: None,
            reason: None,
            sentence,
        }
    }
}
