//! Without the feature `registry`.

use std::marker::PhantomData;

use clap::Args;

use crate::finder::location::Location;
use crate::finder::unpack::Scan;
use crate::history::History;
use crate::registry::ScannedImage;

#[derive(Args)]
pub(crate) struct RegistryOptions {}

pub(crate) struct Registries<'a>(PhantomData<&'a History>);

impl<'a> Registries<'a> {
    pub(crate) fn new(_: &'a RegistryOptions, _: &'a History) -> Self {
        Self(PhantomData)
    }

    #[allow(clippy::unused_self, reason = "the enabled one has connections")]
    pub(crate) fn scan(&mut self, source: &str, scan: &mut Scan<'_>) -> Vec<ScannedImage> {
        let why = "this program was built without the feature `registry`";
        scan.failed(&Location::file(source.to_owned()), &why);
        Vec::new()
    }
}
