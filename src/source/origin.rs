//! What a source is, and how much its roots count.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use embedded_roots_bundle::{escape, shown_value};

use crate::bundle::bundle::Bundle;
use crate::bundle::name::BundleName;

/// What a source is. `Display` is its name in reports and refusals.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Bundle(Bundle),
    PemText,
    Certificates,
    Anchors,
    File(PathBuf),
    /// A file that a variable names.
    Variable {
        name: String,
        path: PathBuf,
    },
    /// The operating system's store, and the files and directories that gave roots.
    #[cfg_attr(
        not(feature = "system"),
        expect(dead_code, reason = "the feature constructs it")
    )]
    SystemStore {
        places: Vec<PathBuf>,
    },
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, which replace that store.
    SslCertEnv {
        file: Option<PathBuf>,
        directories: Option<OsString>,
    },
}

/// Whether limits known from elsewhere apply to an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// From a root program or the system: the tightest known limits apply.
    Listed,
    /// Named by the user: used exactly as supplied.
    Given,
}

impl Origin {
    pub(crate) fn standing(&self) -> Standing {
        match self {
            Self::Bundle(bundle) => match bundle.bundle_name() {
                BundleName::Custom | BundleName::Files(_) => Standing::Given,
                BundleName::Mozilla | BundleName::PartOfMozilla | BundleName::WebpkiRoots => {
                    Standing::Listed
                }
            },
            Self::PemText
            | Self::Certificates
            | Self::Anchors
            | Self::File(_)
            | Self::Variable { .. } => Standing::Given,
            // The two variables mostly name the system's own store, so known limits of a root apply
            // to its copies there: a variable must not widen trust.
            Self::SystemStore { .. } | Self::SslCertEnv { .. } => Standing::Listed,
        }
    }

    /// Whether it is the operating system's store, or the user's replacement for it.
    pub(crate) fn is_system(&self) -> bool {
        matches!(self, Self::SystemStore { .. } | Self::SslCertEnv { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(bundle) => write!(f, "bundle {}", bundle.name()),
            Self::PemText => f.write_str("PEM text"),
            Self::Certificates => f.write_str("certificates"),
            Self::Anchors => f.write_str("anchors"),
            Self::File(path) => write!(f, "file {}", shown(path)),
            Self::Variable { name, path } => {
                write!(f, "{}={}", escape(name), shown_of_variable(path))
            }
            Self::SystemStore { places } => {
                f.write_str("system store")?;
                for (nth, place) in places.iter().enumerate() {
                    let before = if nth == 0 { " (" } else { ", " };
                    write!(f, "{before}{}", shown(place))?;
                }
                f.write_str(if places.is_empty() { "" } else { ")" })
            }
            Self::SslCertEnv { file, directories } => {
                if let Some(file) = file {
                    write!(f, "SSL_CERT_FILE={}", shown_of_variable(file))?;
                }
                if file.is_some() && directories.is_some() {
                    f.write_str(", ")?;
                }
                if let Some(directories) = directories {
                    write!(
                        f,
                        "SSL_CERT_DIR={}",
                        shown_of_variable(Path::new(directories))
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// A path for a message.
pub(crate) fn shown(path: &Path) -> String {
    escape(&path.display().to_string())
}

/// A path that a variable names, or one below it, for a message: not more than 80 characters of it.
pub(crate) fn shown_of_variable(path: &Path) -> String {
    shown_value(&path.display().to_string())
}
