//! Prints why the default roots refuse the chain in `0.der`, `1.der` and so on.

use embedded_roots::rustls::client::danger::ServerCertVerifier as _;
use embedded_roots::rustls::pki_types::{CertificateDer, ServerName, UnixTime};

fn main() {
    let chain = (0..).map_while(|nth| std::fs::read(format!("{nth}.der")).ok());
    let chain: Vec<_> = chain.map(CertificateDer::from).collect();
    let name = ServerName::try_from("a.example").unwrap();
    let verifier = embedded_roots::verifier().unwrap();
    let error = verifier
        .verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now())
        .unwrap_err();
    let refusal = embedded_roots::Refusal::of(&error).unwrap();
    assert!(refusal.is_outside_constraints());
    print!("{refusal}");
}
