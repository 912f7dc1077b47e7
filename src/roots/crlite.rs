//! Policies that ask CRLite data.

use crate::roots::builder::RootsBuilder;
use crate::source::crlite::policy::{Crlite, CrliteReader};

impl RootsBuilder {
    /// Refuses end-entity certificates that CRLite data says are revoked, in clients and in servers that verify
    /// clients.
    ///
    /// A chain that is accepted otherwise is looked up by the key that signed its end-entity certificate, the serial
    /// number, and the logs and times of its signed certificate timestamps. If one filter says that it is revoked, it
    /// is refused: [`Refusal::is_revoked_by_crlite`](crate::Refusal::is_revoked_by_crlite). If no filter covers it, it
    /// is accepted: private CAs, certificates without timestamps, and those that are younger than the data. The
    /// [report](crate::Report::crlite) counts them.
    ///
    /// `build` fails if the data is absent, unless [`if_present`](Crlite::if_present) allows it, and if it is damaged.
    /// [`LiveRoots`](crate::LiveRoots) read it again at each refresh; then an error keeps the last data. New data
    /// begins a generation, since a session that is resumed is not verified. A second call replaces the first.
    pub fn crlite(mut self, crlite: Crlite) -> Self {
        let reader = CrliteReader::new(crlite);
        self.crlite = Some(Box::new(move |surroundings, sha256| {
            reader.read(&surroundings.variables, sha256)
        }));
        self
    }
}
