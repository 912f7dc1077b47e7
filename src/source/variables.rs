//! Environment variables, as a value that tests can replace.

use std::env;
use std::ffi::OsString;

/// Where variables are looked up. It is a value, so that tests can inject their own.
#[derive(Clone, Debug, Default)]
pub(crate) enum Variables {
    #[default]
    OfTheProcess,
    #[cfg(test)]
    Given(Vec<(&'static str, OsString)>),
}

impl Variables {
    /// The value of a variable; one that is empty counts as unset.
    pub(crate) fn value(&self, name: &str) -> Option<OsString> {
        let value = match self {
            Self::OfTheProcess => env::var_os(name),
            #[cfg(test)]
            Self::Given(values) => {
                let mut values = values.iter();
                values
                    .find(|(other, _)| *other == name)
                    .map(|(_, value)| value.clone())
            }
        };
        value.filter(|value| !value.is_empty())
    }
}
