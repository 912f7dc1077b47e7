//! Where the roots of a command come from.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use embedded_roots::inspect::RootProgram;
use embedded_roots::{Roots, mozilla};
use embedded_roots_bundle::{self as bundle, MAX_FILE_SIZE, ParsedBundle, PrivateKeys, parse};
use memchr::{memchr, memmem};
use rustls_pki_types::UnixTime;
use serde::{Serialize, Serializer};

use crate::day::parse_day;
use crate::finder::marked::MarkedAnchor;
use crate::finder::progress::Progress;
use crate::finder::union::{self, Union};
use crate::finder::unpack;
use crate::history::History;
use crate::input::Input;
use crate::outcome::Result;
use crate::programs::ProgramRoots;
use crate::root::{InspectedRoot, policy};

/// What an argument of the command line names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A file, or standard input for `-`.
    File(PathBuf),
    /// `mozilla@YYYY-MM-DD`, the list as it was on that day. It may be none.
    MozillaOn(String),
    /// `mozilla`, the list that this program was built with.
    Mozilla,
    /// `system`, the operating system's store.
    System,
    /// `chrome` or `microsoft`, the list of another program.
    Program(RootProgram),
}

impl From<&str> for Source {
    fn from(argument: &str) -> Self {
        match argument {
            "mozilla" => Self::Mozilla,
            "chrome" => Self::Program(RootProgram::Chrome),
            "microsoft" => Self::Program(RootProgram::Microsoft),
            "system" => Self::System,
            _ => match argument.strip_prefix("mozilla@") {
                Some(day) => Self::MozillaOn(day.to_owned()),
                None => Self::File(argument.into()),
            },
        }
    }
}

/// The argument, not escaped.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mozilla => f.write_str("mozilla"),
            Self::MozillaOn(day) => write!(f, "mozilla@{day}"),
            Self::Program(program) => program.fmt(f),
            Self::System => f.write_str("system"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One side of a comparison.
pub(crate) struct Side {
    pub(crate) roots: Vec<InspectedRoot>,
    /// Private roots of a program, without certificates.
    pub(crate) anchors: Vec<MarkedAnchor>,
    /// Not if a scan has found the roots, which does not show the limits that a program sets, nor if they
    /// are of the history, which has certificates alone, or of Chrome, whose limits are of another kind.
    pub(crate) limits_are_known: bool,
}

/// What a scan has found.
impl From<Union> for Side {
    fn from(Union { roots, anchors }: Union) -> Self {
        Self {
            roots,
            anchors,
            limits_are_known: false,
        }
    }
}

impl Side {
    /// Whether it has a root with this subject and this key.
    pub(crate) fn has(&self, identity: (&[u8], &[u8])) -> bool {
        let mut roots = self.roots.iter();
        let mut anchors = self.anchors.iter();
        roots.any(|root| root.identity() == identity)
            || anchors.any(|anchor| anchor.identity() == identity)
    }
}

impl Source {
    /// The policy that trusts these roots, with their limits.
    pub(crate) fn policy(&self, history: &History) -> Result<Roots> {
        let builder = Roots::builder();
        let builder = match self {
            Self::Mozilla => builder.bundle(&mozilla::BUNDLE),
            Self::MozillaOn(_) | Self::Program(_) => {
                return policy(&self.compilable(history, None)?);
            }
            Self::System => return Ok(Roots::system()?),
            Self::File(path) => builder.pem_file(path),
        };
        Ok(builder.build()?)
    }

    /// The roots. A file has to compile, once it is PEM.
    pub(crate) fn compilable(
        &self,
        history: &History,
        password: Option<&Path>,
    ) -> Result<Vec<InspectedRoot>> {
        match self {
            Self::Mozilla => {
                roots_from_pem("mozilla", embedded_roots_mozilla::ANNOTATED_PEM.as_bytes())
            }
            Self::MozillaOn(day) => on(day, history),
            Self::Program(program) => {
                let list = ProgramRoots::load(*program, history)?;
                Ok(list.roots.into_iter().map(|listed| listed.root).collect())
            }
            Self::System => trusted(&Roots::system()?).collect(),
            Self::File(path) => roots_from_file(path, password),
        }
    }

    /// Like [`compilable`](Self::compilable), and also what a scan finds in a directory, or in a file that is no
    /// text.
    pub(crate) fn side(&self, history: &History, progress: &dyn Progress) -> Result<Side> {
        if let Self::File(path) = self {
            let name = || bundle::escape(&path.display().to_string());
            if is_for_scan(path).map_err(|why| format!("{}: {why}", name()))? {
                return Ok(union::roots(path, history, progress)?.into());
            }
        }
        Ok(Side {
            roots: self.compilable(history, None)?,
            anchors: Vec::new(),
            limits_are_known: !matches!(
                self,
                Self::MozillaOn(_) | Self::Program(RootProgram::Chrome)
            ),
        })
    }

    /// Warnings about roots of this source: the validity of a certificate is not shown where it cannot
    /// be read.
    pub(crate) fn warnings(&self, roots: &[InspectedRoot]) -> Vec<String> {
        let warnings = roots.iter().filter_map(|root| {
            let why = root.unreadable_validity()?;
            let name = bundle::escape(&self.to_string());
            let (place, subject) = (root.place.after_name(), root.certificate.subject());
            Some(format!("{name}{place}: {subject}: {why}"))
        });
        warnings.collect()
    }

    /// A remark, where one of the sources is the list of a day that the history does not reach.
    pub(crate) fn beyond_history(sources: &[&Self], history: &History) -> Option<String> {
        let is_beyond =
            |source: &&Self| matches!(source, Self::MozillaOn(day) if is_after(day, history));
        let is_beyond = sources.iter().any(is_beyond);
        is_beyond.then(|| format!("Mozilla's list is known up to {}", history.as_of))
    }
}

/// Whether this is a directory, or a file in which no PEM begins before what no text has: a NUL, or the
/// magic number of an archive. So a PEM file that is broken further on is not taken for a program,
/// nor is a program that quotes PEM taken for a PEM file.
fn is_for_scan(path: &Path) -> io::Result<bool> {
    if path == Path::new("-") {
        return Ok(false);
    }
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(metadata.is_dir());
    }
    let mut head = Vec::new();
    // No PEM file is longer.
    File::open(path)?
        .take(MAX_FILE_SIZE)
        .read_to_end(&mut head)?;
    let text = memchr(0, &head).and_then(|nul| head.get(..nul));
    let has_pem = memmem::find(text.unwrap_or(&head), b"-----BEGIN ").is_some();
    Ok(!has_pem || unpack::is_archive(&head))
}

/// The roots of a file that compiles once it is PEM, all of them.
fn roots_from_file(path: &Path, password: Option<&Path>) -> Result<Vec<InspectedRoot>> {
    let input = Input::read(path, password)?;
    let roots: Vec<InspectedRoot> = input
        .roots(PrivateKeys::Refuse)
        .collect::<std::result::Result<_, String>>()?;
    let parsed = roots.iter().map(|root| root.root.clone()).collect();
    ParsedBundle::new(parsed).map_err(|why| format!("{}: {why}", input.name))?;
    Ok(roots)
}

fn roots_from_pem(name: &str, pem: &[u8]) -> Result<Vec<InspectedRoot>> {
    let roots = parse(name, pem, PrivateKeys::Ignore)?;
    roots.into_iter().map(InspectedRoot::new).collect()
}

/// Whether nothing is known yet of the list on this day. The newest list that is known stands for it.
fn is_after(day: &str, history: &History) -> bool {
    day > history.as_of.as_str()
}

fn on(day: &str, history: &History) -> Result<Vec<InspectedRoot>> {
    let name = format!("mozilla@{}", bundle::escape(day));
    let start = parse_day(day).map_err(|why| format!("{name}: {why}"))?;
    // A clock can be wrong, but not before what is known.
    if is_after(day, history) && start > UnixTime::now() {
        return Err(format!("{name}: that day is in the future").into());
    }
    let roots = history
        .on(day)
        .map(|known| InspectedRoot::from_der(known.der.clone()));
    let roots: Vec<InspectedRoot> = roots.collect::<Result<_>>()?;
    if roots.is_empty() {
        return Err(format!("{name}: the list of that day is not known").into());
    }
    Ok(roots)
}

/// The roots that the library trusts, with their limits, as far as their certificates are known.
pub(crate) fn trusted(roots: &Roots) -> impl Iterator<Item = Result<InspectedRoot>> {
    let roots = roots.anchors_and_certificates();
    roots.map(|(anchor, certificate)| {
        let subject = anchor.subject();
        let certificate = certificate.ok_or_else(|| format!("{subject}: it has no certificate"))?;
        let root = bundle::Root::from_limits(certificate, anchor.limits())?;
        InspectedRoot::new(root).map_err(|why| format!("{subject}: {why}").into())
    })
}
