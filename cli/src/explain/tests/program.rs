//! What the lists of other programs say of chains, up to their dates.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots::inspect::RootProgram;
use embedded_roots_bundle::der::{OCTET_STRING, encode};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{parse_rfc3339, rfc3339};
use embedded_roots_testing::authority::{
    Authority, Identity, ca_params, intermediate, intermediate_of, intermediate_with, key, root,
    root_with, server, server_with,
};
use rcgen::{
    CertifiedIssuer, CustomExtension, GeneralSubtree, KeyPair, NameConstraints, date_time_ymd,
};
use rustls_pki_types::{ServerName, UnixTime};

use crate::explain::chain::Chain;
use crate::explain::elsewhere::Elsewhere;
use crate::explain::policy::{Policy, candidates, policies};
use crate::explain::reason::Reason;
use crate::explain::verdict::{Case, Verdict};
use crate::history::History;
use crate::interop::table::Table;
use crate::programs::ProgramRoots;
use crate::source::Source;

const HOST: &str = "localhost";
const NOW: &str = "2026-11-29T12:00:00Z";
/// Of SCTs, in these tests.
const LIMIT: &str = "2026-09-30T23:59:59Z";

/// The policy of a list with these roots, each with its fields.
fn list(program: RootProgram, roots: &[(&Authority, &str)]) -> Policy {
    let roots = roots.iter().map(|(ca, fields)| {
        let (sha256, der) = (hex(&sha256(ca.der())), STANDARD.encode(ca.der()));
        format!(
            "[[root]]\nname = \"n\"\nsha256 = \"{sha256}\"\ncertificate = \"{der}\"\n{fields}\n"
        )
    });
    let roots: String = roots.collect();
    let list = format!("package = \"p 1\"\nrelease = \"r\"\nlicence = \"l\"\n{roots}");
    let history = History::load().unwrap();
    Policy::of_program(ProgramRoots::read(program, &list, &history).unwrap()).unwrap()
}

fn chrome(roots: &[(&Authority, &str)]) -> Policy {
    list(RootProgram::Chrome, roots)
}

fn microsoft(roots: &[(&Authority, &str)]) -> Policy {
    list(RootProgram::Microsoft, roots)
}

/// The verdict of the first of these policies on a chain, at that time.
fn verdict_at(now: UnixTime, policies: &[Policy], history: &History, sent: &Identity) -> Verdict {
    let chain = Chain::read(sent.chain.clone(), history).unwrap();
    let config = Source::Mozilla.policy(history).unwrap().client_config();
    let provider = config.crypto_provider();
    let case = Case {
        candidates: &candidates(&chain, policies, history, provider, now),
        chain: &chain,
        name: &ServerName::try_from(HOST).unwrap(),
        now,
    };
    case.judge(&policies[0])
}

fn verdict(policy: Policy, sent: &Identity) -> Verdict {
    verdict_at(time(NOW), &[policy], &History::load().unwrap(), sent)
}

#[track_caller]
fn accepted(verdict: &Verdict, sentence: &str) {
    let expected = (Some(true), None, sentence);
    let Verdict {
        accepted, reason, ..
    } = verdict;
    assert_eq!((*accepted, *reason, verdict.sentence.as_str()), expected);
}

#[track_caller]
fn refused(verdict: &Verdict, why: Reason, sentence: &str) {
    let expected = (Some(false), Some(why), sentence);
    let Verdict {
        accepted, reason, ..
    } = verdict;
    assert_eq!((*accepted, *reason, verdict.sentence.as_str()), expected);
}

#[track_caller]
fn unknown(verdict: &Verdict, sentence: &str) {
    assert_eq!((verdict.accepted, verdict.reason), (None, None));
    assert_eq!(verdict.sentence, sentence);
}

fn time(text: &str) -> UnixTime {
    parse_rfc3339(text).unwrap()
}

/// That many seconds after it.
fn after(text: &str, seconds: i64) -> UnixTime {
    let seconds = time(text).as_secs().checked_add_signed(seconds).unwrap();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// In milliseconds, that many after the limit.
fn from_limit(milliseconds: i64) -> u64 {
    let limit = time(LIMIT).as_secs() * 1000;
    limit.checked_add_signed(milliseconds).unwrap()
}

/// An SCT as it is in a list, with another version than 1 where that is told.
fn sct(version: u8, milliseconds: u64) -> Vec<u8> {
    // No extensions, and a signature of three octets: nobody verifies it.
    let end = [0, 0, 4, 3, 0, 3, 7, 7, 7];
    let sct = [&[version][..], &[7; 32], &milliseconds.to_be_bytes(), &end].concat();
    with_length(&sct)
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length, bytes].concat()
}

/// RFC 6962, section 3.3.
fn sct_list(scts: &[Vec<u8>]) -> Vec<u8> {
    encode(OCTET_STRING, &with_length(&scts.concat()))
}

/// With an extension of SCTs that has this value.
fn server_with_scts(ca: &Authority, value: Vec<u8>) -> Identity {
    server_with(ca, HOST, |params| {
        let id = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        let extension = CustomExtension::from_oid_content(&id, value);
        params.custom_extensions.push(extension);
    })
}

/// By Chrome, whose root has the limit.
fn verdict_on_scts(value: Vec<u8>) -> Verdict {
    let ca = root("CA");
    let policy = chrome(&[(&ca, &format!("sct-not-after = \"{LIMIT}\""))]);
    verdict(policy, &server_with_scts(&ca, value))
}

const RULES_OF_CHROME: &str = "this program knows its list and dates, but not its rules for Certificate Transparency and \
                               for paths";
const RULES_OF_MICROSOFT: &str =
    "this program knows its list and dates, but not its rules for paths";

#[test]
fn root_without_dates_is_accepted_with_what_is_not_known() {
    let ca = root("CA");
    let sent = server(&ca, HOST);
    let ends = "the chain ends in its root \"CA\"";
    let by_chrome = verdict(chrome(&[(&ca, "")]), &sent);
    accepted(&by_chrome, &format!("{ends}; {RULES_OF_CHROME}"));
    assert_eq!(
        (by_chrome.policy.to_string().as_str(), by_chrome.roots),
        ("chrome", 1)
    );
    let by_microsoft = verdict(microsoft(&[(&ca, "")]), &sent);
    accepted(&by_microsoft, &format!("{ends}; {RULES_OF_MICROSOFT}"));
}

#[test]
fn one_sct_has_to_be_from_the_limit_or_before() {
    let v1 = |milliseconds| sct(0, from_limit(milliseconds));
    for (scts, first) in [
        (vec![v1(0)], LIMIT),
        (vec![v1(-1000)], "2026-09-30T23:59:58Z"),
        (vec![v1(86_400_000), v1(0)], LIMIT),
        (vec![v1(-1000), v1(86_400_000)], "2026-09-30T23:59:58Z"),
    ] {
        let sentence = format!(
            "the chain ends in its root \"CA\", and the certificate has an SCT from {first}; {RULES_OF_CHROME}"
        );
        accepted(&verdict_on_scts(sct_list(&scts)), &sentence);
    }
    for (scts, first) in [
        (vec![v1(1000)], "2026-10-01T00:00:00Z"),
        // SCTs have milliseconds.
        (vec![v1(1)], "2026-10-01T00:00:00Z"),
        (vec![v1(86_400_000), v1(2000)], "2026-10-01T00:00:01Z"),
        // The year is some 584 million.
        (vec![v1(1000), sct(0, u64::MAX)], "2026-10-01T00:00:00Z"),
    ] {
        let sentence = format!(
            "its root \"CA\" is for certificates with an SCT from {LIMIT} or before, and the first of this one is from \
             {first}"
        );
        refused(
            &verdict_on_scts(sct_list(&scts)),
            Reason::Distrusted,
            &sentence,
        );
    }
    let alone = verdict_on_scts(sct_list(&[sct(0, u64::MAX)]));
    assert_eq!(alone.accepted, Some(false));
}

#[test]
fn without_scts_in_the_certificate_there_is_no_verdict() {
    let ca = root("CA");
    let policy = chrome(&[(&ca, &format!("sct-not-after = \"{LIMIT}\""))]);
    let sentence = format!(
        "its root \"CA\" is for certificates with an SCT from {LIMIT} or before, and this certificate contains none"
    );
    unknown(&verdict(policy, &server(&ca, HOST)), &sentence);
}

#[test]
fn unreadable_scts_give_no_verdict() {
    let sentence = format!(
        "its root \"CA\" is for certificates with an SCT from {LIMIT} or before, and not all SCTs of this one can be read"
    );
    let early = sct(0, from_limit(-1000));
    let late = sct(0, from_limit(1000));
    let content = with_length(&[early.clone(), late.clone()].concat());
    for length in 0..content.len() {
        let list = encode(OCTET_STRING, &content[..length]);
        unknown(&verdict_on_scts(list), &sentence);
    }
    let more = [&early[2..], &[0]].concat();
    let less = &early[2..early.len() - 1];
    for list in [
        sct_list(&[]),
        // Of a version that Chrome does not know, too short, and too long
        sct_list(&[sct(1, from_limit(-1000))]),
        sct_list(&[with_length(less)]),
        sct_list(&[with_length(&more)]),
        sct_list(&[with_length(&[])]),
        // Beside one that is too late
        sct_list(&[late.clone(), with_length(less)]),
        sct_list(&[late.clone(), sct(1, from_limit(-1000))]),
        sct_list(&[late, vec![0]]),
        // What is after the list
        encode(OCTET_STRING, &[&content[..], &[0]].concat()),
    ] {
        unknown(&verdict_on_scts(list), &sentence);
    }
    // What is no OCTET STRING is malformed, whatever the roots.
    for value in [Vec::new(), encode(0x30, &content), vec![0x04]] {
        let verdict = verdict_on_scts(value);
        assert_eq!(verdict.reason, Some(Reason::Malformed));
    }
    // One that is early enough is enough.
    let both = verdict_on_scts(sct_list(&[early.clone(), with_length(less)]));
    assert_eq!(both.accepted, Some(true));
}

#[test]
fn dates_of_an_intermediate_are_enforced_and_those_of_a_root_are_not() {
    let ca = root("CA");
    let between = intermediate_with("Between", &ca, |params| {
        params.not_before = date_time_ymd(2026, 3, 1);
        params.not_after = date_time_ymd(2026, 11, 1);
    });
    let sent = server(&between, HOST);
    let history = History::load().unwrap();
    let of = |fields, now: UnixTime| {
        let policies = [chrome(&[(&between, fields)])];
        verdict_at(now, &policies, &history, &sent)
    };
    let intermediate = "intermediate = true";
    let (start, end) = ("2026-03-01T00:00:00Z", "2026-11-01T00:00:00Z");
    for now in [time(start), time(end)] {
        let sentence = format!("the chain ends in its intermediate \"Between\"; {RULES_OF_CHROME}");
        accepted(&of(intermediate, now), &sentence);
    }
    let sentence = "its intermediate \"Between\" expired on 2026-11-01";
    refused(&of(intermediate, after(end, 1)), Reason::Expired, sentence);
    let sentence = format!("its intermediate \"Between\" is not valid before {start}");
    let early = of(intermediate, after(start, -1));
    refused(&early, Reason::NotYetValid, &sentence);
    for now in [after(start, -1), after(end, 1)] {
        let sentence = format!("the chain ends in its root \"Between\"; {RULES_OF_CHROME}");
        accepted(&of("", now), &sentence);
    }
}

#[test]
fn expired_intermediate_does_not_matter_beside_its_root() {
    let ca = root("CA");
    let pem = key().serialize_pem();
    let mut params = ca_params("Between");
    params.not_after = date_time_ymd(2026, 11, 1);
    let key = KeyPair::from_pem(&pem).unwrap();
    let expired = CertifiedIssuer::signed_by(params, key, &ca).unwrap();
    // The server sends a new certificate of its key.
    let renewed = intermediate_of("Between", &pem, &ca);
    let sent = server(&renewed, HOST).with(&renewed);
    let policy = chrome(&[(&expired, "intermediate = true"), (&ca, "")]);
    let sentence = format!("the chain ends in its root \"CA\"; {RULES_OF_CHROME}");
    accepted(&verdict(policy, &sent), &sentence);
}

#[test]
fn microsoft_refuses_what_starts_after_its_date() {
    let ca = root("CA");
    let start = "2026-09-15T00:00:00Z";
    let sent = server_with(&ca, HOST, |params| {
        params.not_before = date_time_ymd(2026, 9, 15);
    });
    let of = |date: UnixTime| {
        let field = format!("not-before = \"{}\"", rfc3339(date));
        verdict(microsoft(&[(&ca, &field)]), &sent)
    };
    for seconds in [0, 1] {
        let sentence = format!("the chain ends in its root \"CA\"; {RULES_OF_MICROSOFT}");
        accepted(&of(after(start, seconds)), &sentence);
    }
    let sentence = "the root \"CN=CA\" is distrusted for certificates that start to be valid after 2026-09-14T23:59:59Z, and \
                    this one starts on 2026-09-15";
    refused(&of(after(start, -1)), Reason::Distrusted, sentence);
}

#[test]
fn root_is_trusted_until_it_is_disallowed() {
    let ca = root("CA");
    let sent = server(&ca, HOST);
    let of = |since: UnixTime| {
        let field = format!("disallowed = \"{}\"", rfc3339(since));
        verdict(microsoft(&[(&ca, &field)]), &sent)
    };
    assert_eq!(of(after(NOW, 1)).accepted, Some(true));
    for seconds in [-1, 0] {
        let since = after(NOW, seconds);
        let since_shown = rfc3339(since);
        let sentence = format!("it has not trusted the root \"CA\" since {since_shown}");
        refused(&of(since), Reason::Distrusted, &sentence);
    }
}

/// Two roots, and a chain that leads to both.
fn of_two_roots() -> ([Authority; 2], Identity) {
    let key = key().serialize_pem();
    let roots = [root("One"), root("Other")];
    let [one, other] = roots
        .each_ref()
        .map(|ca| intermediate_of("Between", &key, ca));
    let sent = server(&one, HOST).with(&one).with(&other);
    (roots, sent)
}

#[test]
fn one_good_root_of_two_is_enough() {
    let ([one, other], sent) = of_two_roots();
    let sct = format!("sct-not-after = \"{LIMIT}\"");
    let (early, past) = (
        "not-before = \"2000-01-01T00:00:00Z\"",
        "disallowed = \"2026-01-01T00:00:00Z\"",
    );
    let sentence = |rules| format!("the chain ends in its root \"Other\"; {rules}");
    for bad in [early, past] {
        for roots in [[(&one, bad), (&other, "")], [(&other, ""), (&one, bad)]] {
            accepted(
                &verdict(microsoft(&roots), &sent),
                &sentence(RULES_OF_MICROSOFT),
            );
        }
    }
    for roots in [[(&one, &*sct), (&other, "")], [(&other, ""), (&one, &*sct)]] {
        accepted(&verdict(chrome(&roots), &sent), &sentence(RULES_OF_CHROME));
    }
    // Neither is good, each for a reason of its own.
    for roots in [
        [(&one, early), (&other, past)],
        [(&other, past), (&one, early)],
    ] {
        let verdict = verdict(microsoft(&roots), &sent);
        let since = "it has not trusted the root \"Other\" since 2026-01-01T00:00:00Z";
        refused(&verdict, Reason::Distrusted, since);
    }
    // What is not known may be good.
    for roots in [
        [(&one, past), (&other, &*sct)],
        [(&other, &*sct), (&one, past)],
    ] {
        assert_eq!(verdict(chrome(&roots), &sent).accepted, None);
    }
}

#[test]
fn root_that_the_list_lacks() {
    let ca = root("CA");
    let sent = server(&ca, HOST);
    let history = History::load().unwrap();
    let policies = [
        chrome(&[(&root("Another CA"), "")]),
        microsoft(&[(&ca, "")]),
    ];
    let sentence =
        "the chain ends in the root \"CA\", which is not in its list; trusted by microsoft";
    let verdict = verdict_at(time(NOW), &policies, &history, &sent);
    refused(&verdict, Reason::OtherRoot, sentence);
}

/// Another program decides by itself.
#[test]
fn root_that_mozilla_removed_is_not_refused_for_that_by_another_program() {
    let ca = root("Gone");
    let sent = server(&ca, HOST);
    let days = "# first: 2016-01-01\n# last: 2018-02-03\n# gone: 2018-03-04\n";
    let pem = ca.pem().replace("\r\n", "\n");
    let email = "source = ''\nlicence = ''\nas_of = ''\nroots = []";
    let history = History::read(&format!("# a header\n\n{days}{pem}"), "", email).unwrap();
    let lacks = [chrome(&[(&root("Another CA"), "")])];
    let sentence = "the chain ends in the root \"Gone\", which is not in its list; it left Mozilla's list by 2018-03-04";
    let verdict = |policies: &[Policy]| verdict_at(time(NOW), policies, &history, &sent);
    refused(&verdict(&lacks), Reason::OtherRoot, sentence);
    assert_eq!(verdict(&[chrome(&[(&ca, "")])]).accepted, Some(true));
}

/// A server that forgets one is told so, although Chrome can do without.
#[test]
fn intermediate_of_a_list_is_no_root_to_others() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let sent = server(&between, HOST);
    let history = History::load().unwrap();
    let mut policies = policies(None, &history).unwrap();
    policies.truncate(1);
    policies.push(chrome(&[(&between, "intermediate = true")]));
    let by_embedded = verdict_at(time(NOW), &policies, &history, &sent);
    let sentence = "the server did not send the certificate of \"Between\": send that intermediate, or, if \"Between\" is a \
                    private root, add it";
    refused(&by_embedded, Reason::Incomplete, sentence);
    policies.swap(0, 1);
    let by_chrome = verdict_at(time(NOW), &policies, &history, &sent);
    assert_eq!(by_chrome.accepted, Some(true));
    // With the root that the embedded list lacks.
    policies.swap(0, 1);
    policies.push(microsoft(&[(&ca, "")]));
    let sent = server(&between, HOST).with(&between);
    let by_embedded = verdict_at(time(NOW), &policies, &history, &sent);
    let sentence =
        "the chain ends in the root \"CA\", which is not in its list; trusted by microsoft";
    refused(&by_embedded, Reason::OtherRoot, sentence);
}

#[test]
fn intermediate_of_a_list_is_a_root_if_another_has_it_as_one() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let history = History::load().unwrap();
    let mut policies = policies(None, &history).unwrap();
    policies.truncate(1);
    policies.push(chrome(&[(&between, "intermediate = true")]));
    policies.push(microsoft(&[(&between, "")]));
    let verdict = verdict_at(time(NOW), &policies, &history, &server(&between, HOST));
    let sentence = "the chain ends in the root \"Between\", which is not in its list; trusted by chrome, microsoft";
    refused(&verdict, Reason::OtherRoot, sentence);
}

/// Also where it comes first, as with `--roots chrome`.
#[test]
fn measurements_are_those_of_a_root_and_not_of_an_intermediate_of_a_list() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let history = History::load().unwrap();
    let table = Table::load().unwrap();
    let programs = table.chosen(&["go".to_owned()]).unwrap();
    let config = Source::Mozilla.policy(&history).unwrap().client_config();
    let measured = |policies: &[Policy], sent: &Identity| {
        let chain = Chain::read(sent.chain.clone(), &history).unwrap();
        let provider = config.crypto_provider();
        let candidates = candidates(&chain, policies, &history, provider, time(NOW));
        let name = ServerName::try_from(HOST).unwrap();
        let found = Elsewhere::new(
            &table,
            &programs,
            &chain,
            &candidates,
            &[],
            &name,
            time(NOW),
        );
        found.map(|found| serde_json::to_value(found).unwrap()["root"].clone())
    };
    let sent = server(&between, HOST).with(&between);
    let of_chrome = || chrome(&[(&between, "intermediate = true")]);
    let with_root = [of_chrome(), microsoft(&[(&ca, "")])];
    let expected = hex(&sha256(ca.der()));
    assert_eq!(measured(&with_root, &sent), Some(expected.into()));
    assert_eq!(measured(&[of_chrome()], &sent), None);
}

#[test]
fn root_of_the_same_name_has_dates_of_its_own() {
    let (ca, namesake) = (root("CA"), root("CA"));
    let past = "disallowed = \"2026-01-01T00:00:00Z\"";
    let policy = microsoft(&[(&namesake, past), (&ca, "")]);
    assert_eq!(verdict(policy, &server(&ca, HOST)).accepted, Some(true));
}

/// Whose names are within its own constraints is up to each root alone.
#[test]
fn constraints_of_a_root_are_its_own() {
    let key = key().serialize_pem();
    let one = root_with("One", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let other = root("Other");
    let [by_one, by_other] = [&one, &other].map(|ca| intermediate_of("Between", &key, ca));
    let sent = server(&by_one, HOST).with(&by_one).with(&by_other);
    let past = "disallowed = \"2026-01-01T00:00:00Z\"";
    let verdict = verdict(microsoft(&[(&one, ""), (&other, past)]), &sent);
    assert_eq!(
        verdict.reason,
        Some(Reason::Distrusted),
        "{}",
        verdict.sentence
    );
}
