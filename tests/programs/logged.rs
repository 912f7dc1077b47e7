//! Prints what is logged of a refusal.

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }
    fn log(&self, record: &log::Record) {
        if record.target().starts_with("embedded_roots") {
            println!("{} {}", record.level(), record.args());
        }
    }
    fn flush(&self) {}
}

fn main() {
    let verifier = embedded_roots::verifier().unwrap();
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let certificate = CertificateDer::from_slice(include_bytes!("../server.der"));
    let name = "a.example".try_into().unwrap();
    let verdict = verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now());
    assert!(verdict.is_err());
}
