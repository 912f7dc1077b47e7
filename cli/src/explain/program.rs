//! What a list of another program says of a chain, beyond its roots: its dates. Its rules for Certificate Transparency and
//! for paths are in no list.

use embedded_roots::inspect::RootProgram;
use embedded_roots_bundle::{iso_day, rfc3339};

use crate::explain::policy::Candidate;
use crate::explain::verdict::{Case, Reason, quoted};
use crate::programs::{ProgramRoot, ProgramRoots};

/// Whether the program accepts a chain that ends in its roots, as far as is known.
pub(super) struct ProgramVerdict {
    /// None if it depends on what is not known.
    pub(super) accepted: Option<bool>,
    pub(super) reason: Option<Reason>,
    pub(super) sentence: String,
}

impl ProgramVerdict {
    /// `ends` are the roots of the list that the chain is valid with.
    pub(super) fn new<'a>(
        case: &Case<'_>,
        list: &ProgramRoots,
        ends: impl Iterator<Item = &'a Candidate>,
    ) -> Self {
        let listed = ends.filter_map(|end| Some((end, list.of(end.root.identity())?)));
        let opinions = listed.map(|(end, listed)| Self::by_root(case, list, end, listed));
        // It is enough that one root is good.
        let best = opinions.min_by_key(|opinion| match opinion.accepted {
            Some(true) => 0,
            None => 1,
            Some(false) => 2,
        });
        best.unwrap_or_else(|| {
            let sentence = "the chain ends in one of its roots, of which no dates are known";
            Self::unknown(sentence.to_owned())
        })
    }

    fn by_root(
        case: &Case<'_>,
        list: &ProgramRoots,
        end: &Candidate,
        listed: &ProgramRoot,
    ) -> Self {
        let certificate = &end.root.certificate;
        let name = quoted(&end.root.short_name());
        let valid = certificate.not_before()..=certificate.not_after();
        if listed.is_intermediate && !valid.contains(&case.now) {
            let day = iso_day(certificate.not_after());
            let sentence = format!(
                "the chain ends in its intermediate {name}, which is not valid: it expires on {day}"
            );
            return Self::refused(Reason::Expired, sentence);
        }
        if let Some(since) = listed.disallowed.filter(|since| *since <= case.now) {
            let sentence = format!("it does not trust the root {name} since {}", rfc3339(since));
            return Self::refused(Reason::Distrusted, sentence);
        }
        let ends_in = format!("the chain ends in its root {name}");
        let Some(limit) = listed.root.sct_not_after else {
            return Self::accepted(list.program, &ends_in);
        };
        let wanted = format!(
            "its root {name} is for certificates with an SCT from {} or before",
            rfc3339(limit)
        );
        match case.chain.end_entity.sct_times.iter().min() {
            Some(first) if *first <= limit => {
                let first = rfc3339(*first);
                Self::accepted(
                    list.program,
                    &format!("{ends_in}, and the certificate has an SCT from {first}"),
                )
            }
            Some(first) => {
                let first = rfc3339(*first);
                let sentence = format!("{wanted}, and the first of this one is from {first}");
                Self::refused(Reason::Distrusted, sentence)
            }
            None => Self::unknown(format!("{wanted}, and this one has none in itself")),
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
                "{ends_in}, by its list and dates; its rules {rules} are not known here"
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
