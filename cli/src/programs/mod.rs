//! The lists of other root programs, as compiled in.

pub(crate) mod record;

use embedded_roots::Roots;
use embedded_roots::inspect::{End, EndKind, RootProgram};
use embedded_roots_bundle::digest::sha256_from_hex;
use embedded_roots_bundle::{self as bundle, Annotation, parse_rfc3339};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use self::record::{ListedRoot, ProgramList};
use crate::history::History;
use crate::outcome::Result;
use crate::root::{InspectedRoot, as_text, policy};

/// What is known of public lists: Mozilla's, as it was and is, and those of other programs.
pub(crate) struct PublicLists<'a> {
    pub(crate) history: &'a History,
    pub(crate) programs: Vec<ProgramRoots>,
}

impl<'a> PublicLists<'a> {
    /// What is compiled in.
    pub(crate) fn load(history: &'a History) -> Result<Self> {
        let programs = ProgramRoots::load_all(history)?;
        Ok(Self { history, programs })
    }

    /// For each list of a program, the root in it.
    pub(crate) fn listed<'b>(
        &'b self,
        root: &'b InspectedRoot,
    ) -> impl Iterator<Item = (&'b ProgramRoots, Option<&'b ProgramRoot>)> {
        let programs = self.programs.iter();
        programs.map(|list| (list, list.of(root.identity())))
    }
}

/// The roots that a program trusts for servers.
#[derive(Serialize)]
pub(crate) struct ProgramRoots {
    #[serde(serialize_with = "as_text")]
    pub(crate) program: RootProgram,
    /// The release of the list.
    pub(crate) release: String,
    #[serde(skip)]
    pub(crate) roots: Vec<ProgramRoot>,
}

/// A root of a program, with its dates as limits.
pub(crate) struct ProgramRoot {
    pub(crate) root: InspectedRoot,
    /// It is an intermediate, whose own dates are enforced.
    pub(crate) is_intermediate: bool,
    /// Since when it is not trusted any longer.
    pub(crate) disallowed: Option<UnixTime>,
}

const PROGRAMS: [RootProgram; 2] = [RootProgram::Chrome, RootProgram::Microsoft];

impl ProgramRoots {
    /// What is compiled in.
    pub(crate) fn load(program: RootProgram, history: &History) -> Result<Self> {
        let list = match program {
            RootProgram::Chrome => include_str!("../../data/chrome.toml"),
            RootProgram::Microsoft => include_str!("../../data/microsoft.toml"),
            other => return Err(format!("there is no list of {other}").into()),
        };
        Self::read(program, list, history)
    }

    /// The lists of all programs.
    pub(crate) fn load_all(history: &History) -> Result<Vec<Self>> {
        let programs = PROGRAMS.into_iter();
        programs
            .map(|program| Self::load(program, history))
            .collect()
    }

    /// A list in the format of those that are compiled in.
    pub(crate) fn read(program: RootProgram, list: &str, history: &History) -> Result<Self> {
        let list: ProgramList = toml::from_str(list)?;
        let roots = list.root.iter();
        let roots = roots.map(|listed| {
            ProgramRoot::read(listed, history).map_err(|why| format!("{}: {why}", listed.name))
        });
        Ok(Self {
            program,
            release: list.release,
            roots: roots.collect::<std::result::Result<_, _>>()?,
        })
    }

    /// The policy that trusts these roots, up to the dates that are limits here.
    pub(crate) fn policy(&self) -> Result<Roots> {
        policy(self.roots.iter().map(|listed| &listed.root))
    }

    /// The root with this subject and this key.
    pub(crate) fn of(&self, identity: (&[u8], &[u8])) -> Option<&ProgramRoot> {
        let mut roots = self.roots.iter();
        roots.find(|listed| listed.root.identity() == identity)
    }
}

impl ProgramRoot {
    fn read(listed: &ListedRoot, history: &History) -> Result<Self> {
        let time = |text: &Option<String>| {
            let text = text.as_ref();
            let time =
                text.map(|text| parse_rfc3339(text).ok_or_else(|| format!("{text} is not a time")));
            time.transpose()
        };
        // Microsoft's date is what the limit of this project is.
        let annotation = match &listed.not_before {
            Some(time) => format!("distrust-after={time}").parse()?,
            None => Annotation::default(),
        };
        let certificate = listed.certificate(|sha256| {
            let known = history.of_certificate(&sha256_from_hex(sha256)?);
            known.map(|known| known.der.clone())
        })?;
        let root = bundle::Root::new(certificate, annotation, 0)?;
        Ok(Self {
            root: InspectedRoot {
                sct_not_after: time(&listed.sct_not_after)?,
                ..InspectedRoot::new(root)?
            },
            is_intermediate: listed.intermediate,
            disallowed: time(&listed.disallowed)?,
        })
    }

    /// Like [`ProgramRoots::policy`], of this root alone.
    pub(crate) fn policy(&self) -> Result<Roots> {
        policy([&self.root])
    }

    /// When its program trusts it less, or no longer.
    pub(crate) fn ends(&self) -> impl Iterator<Item = End> {
        let ends = [
            (EndKind::ChromeSctNotAfter, self.root.sct_not_after),
            (EndKind::MicrosoftNotBefore, self.root.root.distrust_after()),
            (EndKind::MicrosoftDisallowed, self.disallowed),
        ];
        let ends = ends.into_iter();
        ends.filter_map(|(kind, time)| time.map(|time| End { time, kind }))
    }
}

#[cfg(test)]
mod tests {
    use embedded_roots::{Anchor, mozilla};

    use super::*;

    #[test]
    fn compiled_in_lists_are_read() {
        let history = History::load().unwrap();
        let [chrome, microsoft] =
            PROGRAMS.map(|program| ProgramRoots::load(program, &history).unwrap());
        assert!(chrome.roots.len() > 100 && microsoft.roots.len() > 200);
        assert!(chrome.release.starts_with("Chrome Root Store "));
        let kinds = |list: &ProgramRoots, kind| {
            let ends = list.roots.iter().flat_map(ProgramRoot::ends);
            ends.filter(|end| end.kind == kind).count()
        };
        assert!(kinds(&chrome, EndKind::ChromeSctNotAfter) > 40);
        assert_eq!(kinds(&chrome, EndKind::MicrosoftNotBefore), 0);
        assert!(kinds(&microsoft, EndKind::MicrosoftNotBefore) > 40);
        assert_eq!(kinds(&microsoft, EndKind::ChromeSctNotAfter), 0);
        let intermediates = chrome.roots.iter().filter(|root| root.is_intermediate);
        assert!(intermediates.count() > 10);
    }

    #[test]
    fn roots_of_a_list_are_those_of_its_digests() {
        let history = History::load().unwrap();
        for (program, list) in PROGRAMS.into_iter().zip([
            include_str!("../../data/chrome.toml"),
            include_str!("../../data/microsoft.toml"),
        ]) {
            let read = ProgramRoots::load(program, &history).unwrap();
            let list: ProgramList = toml::from_str(list).unwrap();
            assert!(!list.package.is_empty() && !list.licence.is_empty());
            for (listed, read) in list.root.iter().zip(&read.roots) {
                let sha256 = read.root.certificate.sha256();
                assert_eq!(
                    sha256_from_hex(&listed.sha256),
                    Some(sha256),
                    "{}",
                    listed.name
                );
            }
        }
    }

    /// A verdict on a chain looks for a root by subject and key.
    #[test]
    fn certificates_of_a_key_have_the_same_dates_in_a_list() {
        let history = History::load().unwrap();
        let mut renewed = 0;
        for program in PROGRAMS {
            let list = ProgramRoots::load(program, &history).unwrap();
            for listed in &list.roots {
                let first = list.of(listed.root.identity()).unwrap();
                let facts = |listed: &ProgramRoot| {
                    let ends = listed.ends().map(|end| end.to_string());
                    (listed.is_intermediate, ends.collect::<Vec<_>>())
                };
                assert_eq!(facts(first), facts(listed), "{}", listed.root.certificate);
                renewed += usize::from(!std::ptr::eq(first, listed));
            }
        }
        assert!(renewed > 0, "one is there twice");
    }

    #[test]
    fn limits_of_mozilla_are_not_those_of_other_programs() {
        let history = History::load().unwrap();
        let limited = mozilla::BUNDLE.anchors().iter();
        let limited: Vec<_> = limited
            .filter(|anchor| !anchor.limits().is_empty())
            .collect();
        let mut met = 0;
        for program in PROGRAMS {
            let list = ProgramRoots::load(program, &history).unwrap();
            let policy = list.policy().unwrap();
            for anchor in policy.anchors() {
                let identity = bundle::identity(anchor.trust_anchor());
                let listed = list.of(identity).unwrap();
                assert_eq!(anchor.limits(), listed.root.root.limits(), "{program}");
                let of_mozilla = |limited: &&&Anchor| {
                    bundle::identity(limited.trust_anchor()) == identity
                        && limited.limits() != anchor.limits()
                };
                met += limited.iter().filter(of_mozilla).count();
            }
        }
        assert!(met > 0, "one root that both have");
    }

    #[test]
    fn unknown_fields_and_times_are_errors_that_name_them() {
        let history = History::load().unwrap();
        let known = history.all().first().unwrap();
        let sha256 = bundle::digest::hex(&known.certificate.sha256());
        let list = |field: &str| {
            let list = format!(
                "package = \"p 1\"\nrelease = \"r\"\nlicence = \"l\"\n[[root]]\nname = \"n\"\nsha256 = \"{sha256}\"\n{field}"
            );
            ProgramRoots::read(RootProgram::Chrome, &list, &history)
        };
        let read = list("sct-not-after = \"2027-09-14T23:59:59Z\"").unwrap();
        let ends: Vec<String> = read.roots[0].ends().map(|end| end.to_string()).collect();
        assert_eq!(ends, ["2027-09-14 chrome-sct-not-after"]);
        let why = list("sct-all-after = 5").err().unwrap().to_string();
        assert!(why.contains("unknown field `sct-all-after`"), "{why}");
        let why = list("not-before = \"2027\"").err().unwrap().to_string();
        assert!(why.contains("2027"), "{why}");
        let why = list("disallowed = \"soon\"").err().unwrap().to_string();
        assert_eq!(why, "n: soon is not a time");
        let none = ProgramRoots::read(
            RootProgram::Chrome,
            "package = \"\"\nrelease = \"\"\nlicence = \"\"",
            &history,
        );
        assert!(none.unwrap().roots.is_empty());
    }
}
