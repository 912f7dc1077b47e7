//! A progress bar on standard error, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::finder::progress::Progress;
use crate::outcome::Result;

pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new() -> Result<Self> {
        let style = "{spinner} {binary_bytes} ({binary_bytes_per_sec}) {wide_msg}";
        let style = ProgressStyle::with_template(style)?;
        Ok(Self(ProgressBar::new_spinner().with_style(style)))
    }

    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn place(&self, name: &str) {
        self.0.set_message(embedded_roots_bundle::escape(name));
    }

    fn bytes(&self, count: u64) {
        self.0.inc(count);
    }
}
