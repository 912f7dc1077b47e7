//! The chains that a server can send, and the sentence for each.

use embedded_roots_testing::authority::{
    Authority, Identity, intermediate, intermediate_of, intermediate_with, key, root, root_of,
    root_with, self_signed_server, server, server_with,
};
use embedded_roots_testing::folder::Folder;
use rcgen::{BasicConstraints, GeneralSubtree, IsCa, NameConstraints, SanType, date_time_ymd};

use crate::authority::{
    HOST, SECP256K1_ROOT, ca_issuers, ed25519_root, under_public_key, with_another_key,
};
use crate::program::{Explain, ExplainOutput};
use crate::server::Server;

/// Judged by this root, where the operating system has another one.
fn explained(roots: &str, identity: &Identity) -> ExplainOutput {
    let system = root("Another CA").pem();
    Explain::new(roots, &system).run(Server::new(identity).port)
}

/// That it is refused, with this sentence by the roots that were named.
fn refused(explained: &ExplainOutput, sentence: &str) {
    let expected = format!("refused by roots.pem: {sentence}");
    assert_eq!(explained.verdict("roots.pem"), expected);
    assert_eq!(explained.status, 1);
    assert!(
        !explained.output.contains("handshake"),
        "{}",
        explained.output
    );
}

fn two() -> (Authority, Authority) {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    (ca, between)
}

#[test]
fn a_good_chain_is_accepted() {
    let (ca, between) = two();
    let identity = server(&between, HOST).with(&between);
    let explained = explained(&ca.pem(), &identity);
    let accepted = "accepted by roots.pem: the chain ends in its root \"CA\"";
    assert_eq!(explained.verdict("roots.pem"), accepted);
    let refused =
        "the chain ends in the root \"CA\", which is not in its list; trusted by roots.pem";
    for policy in ["embedded", "system"] {
        let expected = format!("refused by {policy}: {refused}");
        assert_eq!(explained.verdict(policy), expected);
    }
    assert!(explained.output.contains("sent 2 certificates:"));
    assert!(explained.has_line("handshake succeeded: TLSv1_3, TLS13_AES_256_GCM_SHA384"));
    assert_eq!(explained.status, 0, "{}", explained.errors);
}

#[test]
fn missing_intermediate_is_named() {
    let (ca, between) = two();
    let place = "http://ca.example/between.der";
    let identity = server_with(&between, HOST, |params| {
        params.custom_extensions.push(ca_issuers(place));
    });
    let explained = explained(&ca.pem(), &identity);
    refused(
        &explained,
        "the server did not send the certificate of \"Between\": send that intermediate, or, if \"Between\" is a private \
         root, add it",
    );
    let line = format!("by the last certificate sent, the missing one is at {place} (not fetched)");
    assert!(explained.has_line(&line), "{}", explained.output);
}

#[test]
fn place_of_the_missing_certificate_is_that_of_the_last_one_sent() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let below = intermediate_with("Below", &between, |params| {
        params
            .custom_extensions
            .push(ca_issuers("http://ca.example/between.der"));
    });
    let leaf = || {
        server_with(&below, HOST, |params| {
            params
                .custom_extensions
                .push(ca_issuers("http://ca.example/below.der"));
        })
    };
    let said = |place: &str| format!("the missing one is at {place} (not fetched)");
    let below_is_missing = said("http://ca.example/below.der");
    let between_is_missing = said("http://ca.example/between.der");

    let alone = explained(&ca.pem(), &leaf()).output;
    assert!(alone.contains(&below_is_missing), "{alone}");
    assert!(!alone.contains(&between_is_missing), "{alone}");
    let both = explained(&ca.pem(), &leaf().with(&below)).output;
    assert!(both.contains(&between_is_missing), "{both}");
    assert!(!both.contains(&below_is_missing), "{both}");
    let complete = leaf().with(&below).with(&between).with(&ca);
    let complete = explained(&root("Another CA").pem(), &complete).output;
    assert!(!complete.contains("the missing one is at"), "{complete}");
}

#[test]
fn place_that_a_shell_could_read_is_not_shown() {
    let (ca, between) = two();
    let place = "http://ca.example/$(echo)";
    let identity = server_with(&between, HOST, |params| {
        params.custom_extensions.push(ca_issuers(place));
    });
    let output = explained(&ca.pem(), &identity).output;
    assert!(!output.contains("echo"), "{output}");
    assert!(
        output.contains("says where the missing one is, but that address is not shown"),
        "{output}"
    );
    assert!(!output.contains("to fetch it"), "{output}");
}

#[test]
fn an_intermediate_whose_private_key_is_public() {
    let ca = root("CA");
    let identity = under_public_key("EM DV TLS CA - G3B", &ca);
    let explained = explained(&ca.pem(), &identity);
    let sentence = "the certificate \"CN=EM DV TLS CA - G3B\" is refused: its key is distrusted since 2026-10-18: \
                    CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382; the server needs a certificate from \
                    another CA";
    refused(&explained, sentence);
    // Whatever the roots.
    for policy in ["embedded", "system", "chrome", "microsoft"] {
        let expected = format!("refused by {policy}: {sentence}");
        assert_eq!(explained.verdict(policy), expected);
    }
    let line = "compromised: certificate 2: its private key is public since 2026-10-18 (CVE-2026-111943, \
                GHSA-6q48-6c7w-9gw2, RUSTSEC-2026-0382)";
    assert!(explained.has_line(line), "{}", explained.output);

    let explain = Explain::new(&ca.pem(), &ca.pem());
    let (status, value) = explain.json(Server::new(&identity).port);
    assert_eq!(status, 1);
    assert_eq!(value["verdicts"][0]["reason"], "distrusted-certificate");
    let chain = value["chain"].as_array().unwrap().iter();
    let compromised = chain.map(|sent| !sent["certificate"]["compromised"].is_null());
    assert_eq!(compromised.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn expired() {
    let (ca, between) = two();
    let identity = server_with(&between, HOST, |params| {
        params.not_after = date_time_ymd(2021, 2, 3);
    });
    let explained = explained(&ca.pem(), &identity.with(&between));
    refused(&explained, "the certificate expired on 2021-02-03");
}

#[test]
fn an_intermediate_has_expired() {
    let ca = root("CA");
    let between = intermediate_with("Between", &ca, |params| {
        params.not_after = date_time_ymd(2021, 2, 3);
    });
    let explained = explained(&ca.pem(), &server(&between, HOST).with(&between));
    let sentence = "the certificate of the CA \"Between\" expired on 2021-02-03";
    refused(&explained, sentence);
    // Which says nothing against its signature.
    assert!(explained.output.contains("ends in it"));
}

#[test]
fn not_valid_yet() {
    let ca = root("CA");
    let identity = server_with(&ca, HOST, |params| {
        params.not_before = date_time_ymd(4000, 2, 3);
    });
    let explained = explained(&ca.pem(), &identity);
    let sentence = "the certificate is not valid before 4000-02-03T00:00:00Z";
    refused(&explained, sentence);
}

#[test]
fn as_of_another_day() {
    let ca = root("CA");
    let identity = server_with(&ca, HOST, |params| {
        params.not_after = date_time_ymd(2021, 2, 3);
    });
    let server = Server::new(&identity);
    let explain = Explain::new(&ca.pem(), &ca.pem()).args(&["--today", "2021-02-01"]);
    let explained = explain.run(server.port);
    assert_eq!(explained.status, 0, "{}", explained.output);
    assert_eq!(server.seen(2).len(), 2);
}

#[test]
fn wrong_name() {
    let ca = root("CA");
    let server = Server::new(&server(&ca, HOST));
    let explain = Explain::new(&ca.pem(), &root("Another CA").pem());
    let explained = explain
        .args(&["--name", "www.example.org"])
        .run(server.port);
    let sentence = "the certificate is for \"localhost\", and not for \"www.example.org\"";
    refused(&explained, sentence);

    let explain = Explain::new(&ca.pem(), &root("Another CA").pem());
    let explained = explain.args(&["--name", "127.0.0.1"]).run(server.port);
    let sentence = "the certificate is for \"localhost\", and not for \"127.0.0.1\"";
    refused(&explained, sentence);
}

#[test]
fn distrusted_by_date() {
    let ca = root("CA");
    let date = "2019-12-31T23:59:59Z";
    let roots = format!("# embedded-roots: distrust-after={date}\n{}", ca.pem());
    let explained = explained(&roots, &server(&ca, HOST));
    refused(
        &explained,
        "the root \"CN=CA\" is distrusted for certificates that start to be valid after \
         2019-12-31T23:59:59Z, and this one starts on 2020-01-01",
    );
    assert!(
        explained
            .output
            .contains("distrust-after=2019-12-31T23:59:59Z")
    );
}

#[test]
fn outside_name_constraints() {
    let ca = root("CA");
    let roots = format!("# embedded-roots: permitted-dns=.tr\n{}", ca.pem());
    let explained = explained(&roots, &server(&ca, HOST));
    refused(
        &explained,
        "the certificate is for \"localhost\", which is outside the name constraints of the root \
         \"CN=CA\" (its own or imposed): permitted-dns=.tr",
    );
}

#[test]
fn self_signed_certificate() {
    let explained = explained(&root("CA").pem(), &self_signed_server(HOST));
    let sentence = "the certificate \"a server\" is self-signed, and not a known root; if you know that it is the server's \
         own, pin it (`RootsBuilder::pinned_certificate`)";
    refused(&explained, sentence);
    let none = "No known root has the name of an issuer in this chain.";
    assert!(explained.has_line(none), "{}", explained.output);
}

#[test]
fn a_private_root() {
    let (ca, between) = two();
    let identity = server(&between, HOST).with(&between);
    let roots = root("Another CA").pem();
    refused(
        &explained(&roots, &identity),
        "the chain ends in the issuer \"CA\", which is not a known root and was not sent: send that \
         intermediate, or, if \"CA\" is a private root, add it",
    );
    refused(
        &explained(&roots, &identity.with(&ca)),
        "the chain ends in \"CA\", which is not a known root: if it is a private root, add it",
    );
}

#[test]
fn intermediates_that_issued_each_other() {
    let key = key().serialize_pem();
    let (one, other) = (root_of("One", &key, |_| {}), root("Other"));
    let identity = server(&one, HOST)
        .with(&intermediate_of("One", &key, &other))
        .with(&intermediate("Other", &one));
    refused(
        &explained(&root("CA").pem(), &identity),
        "the certificates of the issuers were sent, but lead to no known root: they issued each other, \
         or are too many",
    );
}

#[test]
fn unreadable_certificate_does_not_hide_the_chain() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let mut identity = server(&between, HOST);
    identity.chain.push(vec![0x30, 3, 2, 1, 1].into());
    let identity = identity.with(&between);
    let explained = explained(&ca.pem(), &identity);
    assert!(
        explained.output.contains("and sent 3 certificates:"),
        "{}",
        explained.output
    );
    assert!(
        explained
            .output
            .contains("\ncertificate 2 cannot be read: "),
        "{}",
        explained.output
    );
    assert!(
        explained.output.contains("\n3  CN=Between"),
        "{}",
        explained.output
    );
    let verdict = "accepted by roots.pem: the chain ends in its root \"CA\"";
    assert_eq!(explained.verdict("roots.pem"), verdict);
}

/// What is said of the root "CA" whose key is another than that of the chain.
const ANOTHER_KEY: &str = "a signature was not made with the key of the named issuer, in a chain that leads to \
    \"CN=CA\"; if another CA has this name, add its certificate; if a CA has a new key, update its root";

#[test]
fn a_root_of_the_same_name_and_another_key() {
    let explained = explained(&root("CA").pem(), &server(&root("CA"), HOST));
    refused(&explained, ANOTHER_KEY);
    let embedded =
        "refused by embedded: the chain names the root \"CA\", but does not verify with it";
    assert_eq!(explained.verdict("embedded"), embedded);
    assert!(explained.output.contains("does not verify with it"));
}

#[test]
fn a_root_of_the_same_name_and_another_type_of_key() {
    let ca = root("CA");
    let explained = explained(&ed25519_root("CA").pem(), &server(&ca, HOST));
    refused(&explained, ANOTHER_KEY);
    assert!(explained.output.contains("does not verify with it"));

    let port = Server::new(&server(&ca, HOST)).port;
    let roots = ed25519_root("CA").pem();
    let (status, value) = Explain::new(&roots, &roots).json(port);
    assert_eq!(status, 1);
    assert_eq!(value["verdicts"][0]["reason"], "bad-signature");
}

#[test]
fn a_root_with_a_key_that_rustls_does_not_accept() {
    let identity = server(&root("CA"), HOST);
    refused(
        &explained(SECP256K1_ROOT, &identity),
        "the certificate \"CN=a server\" is signed with ECDSA with SHA-256 by a key of the type secp256k1, which \
         the crypto provider cannot verify",
    );
    let port = Server::new(&identity).port;
    let (_, value) = Explain::new(SECP256K1_ROOT, SECP256K1_ROOT).json(port);
    assert_eq!(value["verdicts"][0]["reason"], "unsupported-algorithm");
}

#[test]
fn outside_name_constraints_of_an_intermediate() {
    let ca = root("CA");
    let between = intermediate_with("Between", &ca, |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let identity = server(&between, HOST).with(&between);
    let elsewhere =
        "the chain ends in the root \"CA\", which is not in its list; trusted by roots.pem";
    // Of the system, the second has one of the same name.
    for system in [root("Another CA"), root("CA"), ed25519_root("CA")] {
        let port = Server::new(&identity).port;
        let explained = Explain::new(&ca.pem(), &system.pem()).run(port);
        refused(
            &explained,
            "the certificate is for \"localhost\", which is outside the name constraints of the intermediate \
             \"CN=Between\": permitted-dns=example.org",
        );
        for policy in ["embedded", "system"] {
            let expected = format!("refused by {policy}: {elsewhere}");
            assert_eq!(explained.verdict(policy), expected);
        }
        let (status, value) = Explain::new(&ca.pem(), &system.pem()).json(port);
        assert_eq!(status, 1);
        assert_eq!(value["roots"][0]["trusted_by"][0], "roots.pem");
        assert_eq!(value["roots"][0]["verifies"], true);
        assert_eq!(value["verdicts"][1]["reason"], "other-root");
    }
}

#[test]
fn an_issuer_that_is_no_ca_has_signed_nevertheless() {
    let ca = root("CA");
    let between = intermediate_with("Between", &ca, |params| {
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
    });
    let explained = explained(&ca.pem(), &server(&between, HOST).with(&between));
    let sentence = "a certificate that is not a CA's has issued another";
    refused(&explained, sentence);
    assert!(explained.output.contains("ends in it"));
}

#[test]
fn a_forged_intermediate_does_not_lead_to_the_root() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let identity = server(&intermediate("Between", &ca), HOST).with(&between);
    let explained = explained(&ca.pem(), &identity);
    refused(&explained, ANOTHER_KEY);
    assert!(explained.output.contains("does not verify with it"));
}

#[test]
fn the_second_connection_is_sent_another_chain() {
    let ca = root("CA");
    let first = server(&ca, HOST);
    let other_name = server_with(&ca, HOST, |params| {
        params.subject_alt_names = vec![SanType::DnsName("other.example".try_into().unwrap())];
    });
    let roots = ca.pem();
    let port = Server::in_turn(&[&first, &other_name]).port;
    let explained = Explain::new(&roots, &roots).run(port);
    let line = "handshake failed: the server sent another chain on the second connection, which is refused: \
                the certificate is for \"other.example\", and not for \"localhost\"";
    assert!(explained.has_line(line), "{}", explained.output);
    assert_eq!(explained.status, 1);

    let port = Server::in_turn(&[&first, &self_signed_server(HOST)]).port;
    let explained = Explain::new(&roots, &roots).run(port);
    let line = "handshake failed: the server sent another chain on the second connection, which is refused: \
                the certificate \"a server\" is self-signed, and not a known root; if you know that it is the server's \
         own, pin it (`RootsBuilder::pinned_certificate`)";
    assert!(explained.has_line(line), "{}", explained.output);
    assert_eq!(explained.status, 1);

    let port = Server::in_turn(&[&first, &with_another_key(server(&ca, HOST))]).port;
    let explained = Explain::new(&roots, &roots).run(port);
    let line = "handshake failed: the server sent another chain on the second connection, which is refused: \
                the server does not have the key of its certificate";
    assert!(explained.has_line(line), "{}", explained.output);
    assert_eq!(explained.status, 1);

    // Nor is it a secret where that one is good, too.
    let port = Server::in_turn(&[&first, &server(&ca, HOST)]).port;
    let explained = Explain::new(&roots, &roots).run(port);
    let line = "handshake succeeded: TLSv1_3, TLS13_AES_256_GCM_SHA384; the server sent another \
                chain on the second connection";
    assert!(explained.has_line(line), "{}", explained.output);
    assert_eq!(explained.status, 0);
}

#[test]
fn a_chain_that_allows_too_many_paths() {
    let ca = root("CA");
    let namesakes: Vec<_> = (0..21).map(|_| intermediate("Between", &ca)).collect();
    let identity = namesakes
        .iter()
        .fold(server(&namesakes[0], HOST), Identity::with);
    let explained = explained(&ca.pem(), &identity);
    refused(
        &explained,
        "the certificates sent allow too many paths to a root: more than 440 pairs of a certificate and a \
         possible issuer would be tried; send the certificates of one path",
    );
    let (status, value) = Explain::new(&ca.pem(), &ca.pem()).json(Server::new(&identity).port);
    assert_eq!(value["verdicts"][0]["reason"], "too-complex");
    assert_eq!(status, 1);
}

#[test]
fn a_name_that_is_not_ascii() {
    let roots = root("CA").pem();
    let explain = Explain::new(&roots, &roots).args(&["--name", "m\u{fc}nchen.example"]);
    // It does not get as far as a connection.
    let explained = explain.run(1);
    let why = "\"m\u{fc}nchen.example\" is neither a DNS name nor an IP address: a name that is not \
               ASCII is given in its ASCII form (xn--...)";
    assert!(explained.errors.contains(why), "{}", explained.errors);
    assert_eq!(explained.status, 2);
}

#[test]
fn a_certificate_for_clients() {
    let ca = root("CA");
    let identity = server_with(&ca, HOST, |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let sentence =
        "the certificate \"CN=a server\" is not for servers: its extended key usage is clientAuth";
    refused(&explained(&ca.pem(), &identity), sentence);
}

#[test]
fn a_root_of_the_same_name_in_other_letters() {
    let explained = explained(&root("My CA").pem(), &server(&root("my ca"), HOST));
    let start = "the issuer \"CN=my ca\" is not trusted by";
    let verdict = explained.verdict("roots.pem");
    assert!(verdict.contains(start), "{verdict}");
    assert!(verdict.contains("there is a certificate of \"CN=My CA\", but that name differs"));
}

#[test]
fn a_critical_extension_that_is_not_supported() {
    let ca = root("CA");
    let identity = server_with(&ca, HOST, |params| {
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 2, 840, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions = vec![extension];
    });
    let port = Server::new(&identity).port;
    let (_, value) = Explain::new(&ca.pem(), &ca.pem()).json(port);
    assert_eq!(value["verdicts"][0]["reason"], "unsupported-extension");
}

#[test]
fn text_of_a_server_stays_on_its_line() {
    let ca = root("C\x1b[31mA\nrefused by embedded");
    let explained = explained(&root("CA").pem(), &server(&ca, HOST).with(&ca));
    assert!(!explained.output.contains('\x1b'));
    let sentence = "the chain ends in \"C\\u{1b}[31mA\\nrefused by embedded\", which is not a known root: \
                    if it is a private root, add it";
    refused(&explained, sentence);
}

#[test]
fn difference_between_embedded_and_system_is_explained() {
    let ca = root("CA");
    let server = Server::new(&server(&ca, HOST));
    let explained = Explain::new(&ca.pem(), &ca.pem()).run(server.port);
    let line = "system accepts what embedded refuses: the chain ends in the root \"CA\", which is not \
                in its list; trusted by roots.pem, system";
    assert!(explained.has_line(line), "{}", explained.output);
}

#[test]
fn unverified_server_receives_no_data() {
    let ca = root("CA");
    for start in [Server::new, Server::tls12] {
        let refused = start(&server(&ca, HOST));
        let roots = root("Another CA").pem();
        assert_eq!(Explain::new(&roots, &roots).run(refused.port).status, 1);
        let seen = refused.seen(1);
        assert_eq!(seen.len(), 1, "one connection, for the chain");
        assert!(!seen[0].handshake && seen[0].said.is_empty(), "{seen:?}");

        // Nor is anything said to one that is.
        let accepted = start(&server(&ca, HOST));
        assert_eq!(Explain::new(&ca.pem(), &roots).run(accepted.port).status, 0);
        let seen = accepted.seen(2);
        assert_eq!(seen.len(), 2);
        assert!(!seen[0].handshake && seen[1].handshake, "{seen:?}");
        assert!(seen.iter().all(|seen| seen.said.is_empty()), "{seen:?}");
    }
    // On the wire, where TLS 1.2 shows what a record is: handshake and alerts, no application data.
    let refused = Server::tls12(&server(&ca, HOST));
    let roots = root("Another CA").pem();
    assert_eq!(Explain::new(&roots, &roots).run(refused.port).status, 1);
    let records = &refused.seen(1)[0].records;
    assert!(
        records.contains(&22) && records.contains(&21),
        "{records:?}"
    );
    assert!(
        records.iter().all(|kind| matches!(kind, 21 | 22)),
        "{records:?}"
    );
}

/// As it is copied from a browser. What follows the server, such as a token, is not shown.
#[test]
fn server_of_an_https_url_is_explained() {
    let (ca, between) = two();
    let port = Server::new(&server(&between, HOST).with(&between)).port;
    let explain = || Explain::new(&ca.pem(), &ca.pem());
    let explained = explain()
        .of_url("https://", "/path?token=secret#part")
        .run(port);
    assert_eq!(explained.status, 0, "{}", explained.errors);
    let shown = format!("{}{}", explained.output, explained.errors);
    assert!(shown.contains(&format!("localhost:{port}")), "{shown}");
    assert!(
        !shown.contains("secret") && !shown.contains("https:"),
        "{shown}"
    );
    for before in ["https://user:secret@", "http://", "postgres://user:secret@"] {
        let refused = explain().of_url(before, "/").run(port);
        assert_eq!(refused.status, 2, "{}", refused.output);
        assert!(!refused.errors.contains("secret"), "{}", refused.errors);
    }
}

/// By the list of another program, whose private keys no test has.
#[test]
fn list_of_another_program_gives_the_exit_status() {
    let ca = root("CA");
    let port = Server::new(&server(&ca, HOST)).port;
    for program in ["chrome", "microsoft"] {
        let explain = || Explain::new(&ca.pem(), &ca.pem()).with_roots(program);
        let explained = explain().run(port);
        let sentence =
            "the chain ends in the root \"CA\", which is not in its list; trusted by system";
        let expected = format!("refused by {program}: {sentence}");
        assert_eq!(explained.verdict(program), expected);
        assert_eq!(explained.status, 1, "{}", explained.errors);
        let (status, value) = explain().json(port);
        assert_eq!(status, 1);
        let verdicts = value["verdicts"].as_array().unwrap();
        assert_eq!(verdicts.len(), 4);
        assert_eq!(verdicts[0]["policy"], program);
        assert_eq!(verdicts[0]["reason"], "other-root");
        assert!(verdicts[0]["roots"].as_u64() > Some(100));
    }
}

#[test]
fn chain_is_shown_without_a_verdict() {
    let ca = root("CA");
    let port = Server::new(&server(&ca, HOST)).port;
    // An operating system without roots.
    let explain = || Explain::new(&ca.pem(), "").with_roots("system");
    let explained = explain().run(port);
    let verdict = explained.verdict("system");
    let why = verdict.strip_prefix("no verdict by system: ").unwrap();
    let error = format!("error: localhost:{port}: no verdict by system: {why}\n");
    assert_eq!(explained.errors, error);
    assert_eq!(explained.status, 2);
    assert!(
        explained.output.contains("sent 1 certificate:"),
        "{}",
        explained.output
    );
    let (status, value) = explain().json(port);
    assert_eq!(status, 2);
    assert_eq!(value["verdicts"][0]["accepted"], serde_json::Value::Null);
    assert_eq!(value["handshake"], serde_json::Value::Null);
}

#[test]
fn json() {
    let (ca, between) = two();
    let port = Server::new(&server(&between, HOST).with(&between)).port;
    let (status, value) = Explain::new(&ca.pem(), &root("Another CA").pem()).json(port);
    assert_eq!(status, 0);
    assert_eq!(value["command"], "explain");
    assert_eq!(value["name"], "localhost");
    assert_eq!(value["address"], format!("127.0.0.1:{port}"));
    assert_eq!(value["chain"][0]["names"][0], "localhost");
    assert_eq!(value["chain"][1]["certificate"]["subject"], "CN=Between");
    assert_eq!(value["roots"][0]["root"]["subject"], "CN=CA");
    assert_eq!(value["roots"][0]["verifies"], true);
    assert_eq!(value["roots"][0]["trusted_by"][0], "roots.pem");
    assert_eq!(value["verdicts"][0]["policy"], "roots.pem");
    assert_eq!(value["verdicts"][0]["accepted"], true);
    assert_eq!(value["verdicts"][1]["policy"], "embedded");
    assert_eq!(value["verdicts"][1]["reason"], "other-root");
    assert_eq!(value["handshake"]["succeeded"], true);

    let port = Server::new(&self_signed_server(HOST)).port;
    let (status, value) = Explain::new(&ca.pem(), &ca.pem()).json(port);
    assert_eq!(status, 1);
    assert_eq!(value["verdicts"][0]["reason"], "self-signed");
    assert!(value["handshake"].is_null());
}

#[test]
fn a_file_with_the_name_of_a_policy_is_not_that_policy() {
    let ca = root("CA");
    let explain = || Explain::new(&ca.pem(), &ca.pem()).roots_named("embedded");
    let server = Server::new(&server(&ca, HOST));
    let explained = explain().run(server.port);
    assert_eq!(explained.status, 0, "{}", explained.output);
    let accepted = "accepted by ./embedded: the chain ends in its root \"CA\"";
    assert!(explained.has_line(accepted), "{}", explained.output);
    let refused = "refused by embedded: the chain ends in the root \"CA\", which is not in its list; trusted by \
                   ./embedded, system";
    assert!(explained.has_line(refused), "{}", explained.output);

    let (_, value) = explain().json(server.port);
    let policies = value["verdicts"].as_array().unwrap().iter();
    let policies: Vec<_> = policies.map(|verdict| &verdict["policy"]).collect();
    let expected = ["./embedded", "embedded", "system", "chrome", "microsoft"];
    assert_eq!(policies, expected);
    let trusted_by = &value["roots"][0]["trusted_by"];
    assert_eq!(*trusted_by, serde_json::json!(["./embedded", "system"]));
    let difference = value["difference"].as_str().unwrap();
    assert!(difference.starts_with("system accepts what embedded refuses: "));
}

#[test]
fn a_common_name_with_a_comma_is_shown_whole() {
    let ca = root("Example, Inc.");
    let accepted = explained(&ca.pem(), &server(&ca, HOST));
    let line = "accepted by roots.pem: the chain ends in its root \"Example, Inc.\"";
    assert!(accepted.has_line(line), "{}", accepted.output);

    let explained = explained(&root("CA").pem(), &server(&ca, HOST));
    refused(
        &explained,
        "the server did not send the certificate of \"Example, Inc.\": send that intermediate, or, if \"Example, Inc.\" is \
         a private root, add it",
    );
}

#[test]
fn missing_intermediate_is_named_and_written() {
    let folder = Folder::new("explain-intermediate");
    let ca = root("CA");
    let (between, below) = {
        let between = intermediate("Between", &ca);
        let below = intermediate("Below", &between);
        (between, below)
    };
    let unrelated = intermediate("Unrelated", &ca);
    let forged = intermediate("Below", &root("CA"));
    let known = [&unrelated, &forged, &between, &below]
        .map(rcgen::CertifiedIssuer::pem)
        .concat();
    let known = folder.file("known.pem", known);
    let written = folder.join("missing.pem");
    let identity = server(&below, HOST);
    let port = Server::new(&identity).port;
    let arguments = |write: bool| {
        let mut arguments = vec!["--intermediates", known.to_str().unwrap()];
        if write {
            arguments.extend(["--write-intermediate", written.to_str().unwrap()]);
        }
        Explain::new(&ca.pem(), &ca.pem()).args(&arguments)
    };
    let explained = arguments(true).run(port);
    assert_eq!(explained.status, 1, "{}", explained.errors);
    for name in ["Between", "Below"] {
        let sentence = format!(
            "the chain is complete with the certificate \"CN={name}\" of {}: the server should send it",
            known.display()
        );
        assert!(explained.output.contains(&sentence), "{}", explained.output);
    }
    let complete = explained
        .output
        .matches("the chain is complete with")
        .count();
    assert_eq!(complete, 2, "{}", explained.output);
    let pem = std::fs::read_to_string(&written).unwrap();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 2);

    // A file that is there is not replaced.
    let again = arguments(true).run(port);
    assert!(
        again.errors.contains("missing.pem cannot be written"),
        "{}",
        again.errors
    );
    assert_eq!(again.status, 2);
    let (status, value) = arguments(false).json(port);
    assert_eq!(
        (status, value["completion"].as_array().unwrap().len()),
        (1, 2)
    );
    assert_eq!(value["completion"][0]["certificate"]["subject"], "CN=Below");

    // What was written completes the chain, and nothing is missing then.
    let whole = Server::new(&server(&below, HOST).with(&below).with(&between)).port;
    std::fs::remove_file(&written).unwrap();
    let explained = arguments(true).run(whole);
    assert!(
        explained
            .errors
            .contains("the missing certificate is not known: nothing was written")
    );
    assert!(!written.exists() && explained.status == 2);
}

#[test]
fn chain_that_nothing_known_completes_is_incomplete() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let (_, value) =
        Explain::new(&ca.pem(), &ca.pem()).json(Server::new(&server(&between, HOST)).port);
    assert_eq!(value["completion"].as_array().unwrap().len(), 0);
    assert_eq!(value["verdicts"][0]["reason"], "incomplete");
}

/// What other programs make of it is told by the root, and does not change the verdict.
#[test]
fn other_programs_are_reported_by_measurement() {
    let ca = root_with("CA without a path", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages.clear();
    });
    let system = root("Another CA").pem();
    let told = |identity: &Identity, programs: &str| {
        let explain = Explain::new(&ca.pem(), &system).args(&["--for", programs]);
        explain.run(Server::new(identity).port)
    };
    let below = server(&ca, HOST);
    let explained = told(&below, "python,go");
    assert_eq!(explained.status, 0, "{}", explained.errors);
    let start = "By measurements until ";
    let has = |line: &str| assert!(explained.has_line(line), "{line}: {}", explained.output);
    assert!(explained.output.contains(start), "{}", explained.output);
    assert!(
        explained
            .output
            .contains(", and not by a run, of the root \"CN=CA without a path\":")
    );
    has("Go accepts it");
    has(
        "Python 3.13 and later refuse it: no key usage (\"CA cert does not include key usage extension\")",
    );

    // A path that is too long.
    let between = intermediate("Between", &ca);
    let longer = told(&server(&between, HOST).with(&between), "go,java");
    let output = &longer.output;
    assert!(
        output.contains("Go refuses it: an intermediate below a path length of 0"),
        "{output}"
    );
    assert!(output.contains("Java accepts it"), "{output}");

    // No known root.
    let unknown = told(&server(&root("Nobody"), HOST), "go").output;
    assert!(!unknown.contains(start), "{unknown}");
}

#[test]
fn certificate_of_a_server_that_is_its_own_issuer_is_looked_up_itself() {
    let system = root("Another CA").pem();
    let identity = self_signed_server(HOST);
    let explain = Explain::new(&system, &system).args(&["--for", "all"]);
    let (_, value) = explain.json(Server::new(&identity).port);
    let refused = value["elsewhere"]["refused"].as_array().unwrap();
    assert!(
        refused
            .iter()
            .any(|opinion| opinion["effect"] == "refuses-server"),
        "{value}"
    );
}

/// What is below the root is not in the table.
#[test]
fn refused_chains_are_not_reported_as_accepted_elsewhere() {
    let ca = root("CA");
    let expired = server_with(&ca, HOST, |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let system = root("Another CA").pem();
    let explain = Explain::new(&ca.pem(), &system).args(&["--for", "go,java"]);
    let explained = explain.run(Server::new(&expired).port);
    assert!(
        !explained.output.contains("accept it"),
        "{}",
        explained.output
    );
    assert!(
        explained.has_line("nothing is known against it in Go and Java"),
        "{}",
        explained.output
    );
}

#[test]
fn issuing_ca_beside_its_root_is_not_alone() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let system = root("Another CA").pem();
    let told = |roots: &str| {
        let explain = Explain::new(roots, &system).args(&["--for", "node"]);
        explain
            .run(Server::new(&server(&between, HOST)).port)
            .output
    };
    let alone = told(&between.pem());
    assert!(
        alone.contains("refuses it: an issuing CA without its root"),
        "{alone}"
    );
    let both = told(&[between.pem(), ca.pem()].concat());
    assert!(both.contains("Node accepts it"), "{both}");
}
