//! Prints whether the server is refused under each TLS config of ureq's, in the agent and in the request.

use embedded_roots::{Refusal, Roots};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::DefaultResolver;

fn main() {
    let mut arguments = std::env::var("ARGUMENTS").unwrap();
    let pem = arguments.split_off(arguments.find('-').unwrap());
    let own = std::fs::read("own.pem").unwrap();
    let roots = Roots::builder().pem(own).build().unwrap();
    let added = RootCerts::from(vec![Certificate::from_pem(pem.as_bytes()).unwrap()]);
    for tls in [
        TlsConfig::builder().build(),
        TlsConfig::builder().disable_verification(true).build(),
        TlsConfig::builder().root_certs(added).build(),
        TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .build(),
    ] {
        let config = Agent::config_builder().tls_config(tls.clone()).build();
        let agent = Agent::with_parts(config, roots.ureq_connector(), DefaultResolver::default());
        let of_agent = agent.get(arguments.trim()).call().unwrap_err();
        let agent = roots.ureq_agent();
        let request = agent.get(arguments.trim()).config().tls_config(tls).build();
        for error in [of_agent, request.call().unwrap_err()] {
            println!(
                "{}",
                Refusal::of(&error).is_some_and(|refusal| refusal.is_unknown_issuer())
            );
        }
    }
}
