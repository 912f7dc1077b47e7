//! nginx, OpenSSL's `s_server`, PostgreSQL and Exim.
#![cfg(unix)]

use embedded_roots_testing::authority::{
    Authority, Identity, intermediate, root, self_signed_server, server, server_with,
};
use embedded_roots_testing::program::Program;
use rcgen::date_time_ymd;

use crate::authority::HOST;
use crate::program::Explain;

/// A chain, the annotation of its root, and what is said of it.
struct Expectation {
    name: &'static str,
    identity: Identity,
    annotation: &'static str,
    verdict: &'static str,
}

/// Every kind of chain under this root.
fn chains(ca: &Authority) -> Vec<Expectation> {
    let between = intermediate("Between", ca);
    let expired = server_with(&between, HOST, |params| {
        params.not_after = date_time_ymd(2021, 2, 3);
    });
    let other_name = server_with(&between, HOST, |params| {
        let name = "www.example.org".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    let chain = |name, identity, annotation, verdict| Expectation {
        name,
        identity,
        annotation,
        verdict,
    };
    vec![
        chain(
            "good",
            server(&between, HOST).with(&between),
            "",
            "accepted by roots.pem: the chain ends in its root \"CA\"",
        ),
        chain(
            "incomplete",
            server(&between, HOST),
            "",
            "refused by roots.pem: the server did not send the certificate of \"Between\": send that \
             intermediate, or, if \"Between\" is a private root, add it",
        ),
        chain(
            "expired",
            expired.with(&between),
            "",
            "refused by roots.pem: the certificate expired on 2021-02-03",
        ),
        chain(
            "wrong name",
            other_name.with(&between),
            "",
            "refused by roots.pem: the certificate is for \"www.example.org\", and not for \
             \"localhost\"",
        ),
        chain(
            "distrusted",
            server(&between, HOST).with(&between),
            "# embedded-roots: distrust-after=2019-12-31T23:59:59Z\n",
            "refused by roots.pem: the root \"CN=CA\" is distrusted for certificates that start to be \
             valid after 2019-12-31T23:59:59Z, and this one starts on 2020-01-01",
        ),
        chain(
            "name-constrained",
            server(&between, HOST).with(&between),
            "# embedded-roots: permitted-dns=.tr\n",
            "refused by roots.pem: the certificate is for \"localhost\", which is outside the name \
             constraints of the root \"CN=CA\" (its own or imposed): permitted-dns=.tr",
        ),
        chain(
            "self-signed",
            self_signed_server(HOST),
            "",
            "refused by roots.pem: the certificate \"a server\" is self-signed, and not a known root; if you know that it is the \
             server's own, pin it (`RootsBuilder::pinned_certificate`)",
        ),
    ]
}

fn each_chain(start: impl Fn(&Identity) -> Program, args: &[&str]) {
    let ca = root("CA");
    let other = root("Another CA").pem();
    for Expectation {
        name,
        identity,
        annotation,
        verdict,
    } in chains(&ca)
    {
        let program = start(&identity);
        let roots = format!("{annotation}{}", ca.pem());
        let explained = Explain::new(&roots, &other).args(args).run(program.port());
        assert_eq!(explained.verdict("roots.pem"), verdict, "{name}");
        let accepted = verdict.starts_with("accepted");
        assert_eq!(explained.status, i32::from(!accepted), "{name}");
        let handshake = explained.output.contains("handshake succeeded: TLSv1_");
        assert_eq!(handshake, accepted, "{name}: {}", explained.output);
    }
}

#[test]
#[ignore = "needs nginx; .ci/run installs and runs it"]
fn nginx() {
    each_chain(
        |identity| {
            Program::nginx(identity, |port| {
                format!("server {{ listen 127.0.0.1:{port} ssl; }}")
            })
        },
        &[],
    );
}

#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn s_server() {
    each_chain(|identity| Program::s_server(identity, &["-quiet"]), &[]);
}

#[test]
#[ignore = "needs PostgreSQL; .ci/run installs and runs it"]
fn postgres() {
    each_chain(Program::postgres, &["--starttls", "postgres"]);
}

#[test]
#[ignore = "needs Exim, and root, who alone may start it"]
fn exim() {
    each_chain(Program::exim, &["--starttls", "smtp"]);
}
