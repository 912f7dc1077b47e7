use crate::Error;
use crate::files::Variables;
use crate::roots::Source;

pub(crate) const COMPILED_IN: bool = false;

#[derive(Debug, Default)]
pub(crate) struct Store;

pub(crate) fn source(_: &Store, _: &Variables) -> Result<Source, Error> {
    Err(Error::no_system())
}
