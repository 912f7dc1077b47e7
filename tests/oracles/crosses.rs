//! Several certificates of one name: of one key by different issuers, and of different keys.

use embedded_roots_testing::authority::{
    Authority, ca_params, intermediate, intermediate_of, key, root, server, server_with,
};
use rcgen::{CertifiedIssuer, KeyPair};

use crate::case::Case;
use crate::case::Verdict::{Accepted, Refused};

const NAME: &str = "a.example";

pub(crate) fn cases() -> Vec<Case> {
    [crosses(), namesakes()].into_iter().flatten().collect()
}

/// An intermediate that two roots have certified, and a root that another has.
fn crosses() -> Vec<Case> {
    let (one, two) = (root("CA one"), root("CA two"));
    let shared = key().serialize_pem();
    let (by_one, by_two) = (
        intermediate_of("Between", &shared, &one),
        intermediate_of("Between", &shared, &two),
    );
    let brief = {
        let mut params = ca_params("Between");
        params.not_after = rcgen::date_time_ymd(2025, 1, 1);
        CertifiedIssuer::signed_by(params, KeyPair::from_pem(&shared).unwrap(), &one).unwrap()
    };
    let young = root("Young CA");
    let cross = intermediate_of("Young CA", &young.key().serialize_pem(), &one);
    let leaf = || server(&by_one, NAME);
    let below = || server(&young, NAME);
    let mut cases = Vec::new();
    let mut add = |what: &str, trusted: &[&Authority], chain, verdict| {
        cases.push(Case::new(
            format!("cross-signed {what}"),
            trusted,
            chain,
            NAME,
            verdict,
        ));
    };
    add(
        "under the first",
        &[&one],
        leaf().with(&by_one).with(&by_two),
        Accepted,
    );
    add(
        "under the second",
        &[&two],
        leaf().with(&by_one).with(&by_two),
        Accepted,
    );
    add(
        "in the other order",
        &[&two],
        leaf().with(&by_two).with(&by_one),
        Accepted,
    );
    add("under both", &[&one, &two], leaf().with(&by_one), Accepted);
    add("by another alone", &[&two], leaf().with(&by_one), Refused);
    add(
        "expired, then valid",
        &[&one, &two],
        leaf().with(&brief).with(&by_two),
        Accepted,
    );
    add(
        "valid, then expired",
        &[&one, &two],
        leaf().with(&by_two).with(&brief),
        Accepted,
    );
    add("expired alone", &[&one, &two], leaf().with(&brief), Refused);
    add(
        "root under the old one",
        &[&one],
        below().with(&cross),
        Accepted,
    );
    add(
        "root under itself",
        &[&young],
        below().with(&cross),
        Accepted,
    );
    add(
        "root under itself, sent",
        &[&young],
        below().with(&cross).with(&young),
        Accepted,
    );
    add(
        "root sent under the old one",
        &[&one],
        below().with(&young).with(&cross),
        Accepted,
    );
    add(
        "root without its cross",
        &[&one],
        below().with(&young),
        Refused,
    );
    add("root of nobody", &[&two], below().with(&cross), Refused);
    cases
}

/// Roots and intermediates of the same name, and of different keys.
fn namesakes() -> Vec<Case> {
    let (one, two) = (root("CA"), root("CA"));
    let other = root("Other CA");
    let (right, wrong) = (
        intermediate("Between", &other),
        intermediate("Between", &other),
    );
    let below_one = intermediate("Below", &one);
    let mut cases = Vec::new();
    let mut add = |what: &str, trusted: &[&Authority], chain, verdict| {
        cases.push(Case::new(
            format!("namesakes: {what}"),
            trusted,
            chain,
            NAME,
            verdict,
        ));
    };
    add(
        "the first root of two",
        &[&one, &two],
        server(&one, NAME),
        Accepted,
    );
    add(
        "the second root of two",
        &[&one, &two],
        server(&two, NAME),
        Accepted,
    );
    add("the wrong root", &[&two], server(&one, NAME), Refused);
    add(
        "the wrong root, the right one sent",
        &[&two],
        server(&one, NAME).with(&one),
        Refused,
    );
    add(
        "two roots above an intermediate",
        &[&two, &one],
        server(&below_one, NAME).with(&below_one),
        Accepted,
    );
    add(
        "the wrong root above an intermediate",
        &[&two],
        server(&below_one, NAME).with(&below_one),
        Refused,
    );
    add(
        "right intermediate, then wrong",
        &[&other],
        server(&right, NAME).with(&right).with(&wrong),
        Accepted,
    );
    add(
        "wrong intermediate, then right",
        &[&other],
        server(&right, NAME).with(&wrong).with(&right),
        Accepted,
    );
    add(
        "the wrong intermediate alone",
        &[&other],
        server(&right, NAME).with(&wrong),
        Refused,
    );
    // As most CAs issue them: with the identifier of the issuer's key.
    for (which, ca) in [("first", &one), ("second", &two)] {
        let identified = server_with(ca, NAME, |params| {
            params.use_authority_key_identifier_extension = true;
        });
        add(
            &format!("the {which} root, by its key's identifier"),
            &[&one, &two],
            identified,
            Accepted,
        );
    }
    cases
}
