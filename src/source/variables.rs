//! Environment variables, as a value that tests can replace.

use std::env;
use std::ffi::OsString;

/// Where variables are looked up. It is a value, so that tests can inject their own.
#[derive(Clone, Debug, Default)]
pub(crate) enum Variables {
    #[default]
    OfTheProcess,
    #[cfg(test)]
    Given(SharedValues),
}

/// Shared, so that a test can change them later.
#[cfg(test)]
pub(crate) type SharedValues = std::sync::Arc<std::sync::Mutex<Vec<(&'static str, OsString)>>>;

#[cfg(test)]
impl From<Vec<(&'static str, OsString)>> for Variables {
    fn from(values: Vec<(&'static str, OsString)>) -> Self {
        Self::Given(SharedValues::new(values.into()))
    }
}

impl Variables {
    /// The value of a variable; one that is empty counts as unset.
    pub(crate) fn value(&self, name: &str) -> Option<OsString> {
        let value = match self {
            Self::OfTheProcess => env::var_os(name),
            #[cfg(test)]
            Self::Given(values) => {
                let values = values.lock().unwrap();
                let mut values = values.iter();
                values
                    .find(|(other, _)| *other == name)
                    .map(|(_, value)| value.clone())
            }
        };
        value.filter(|value| !value.is_empty())
    }
}
