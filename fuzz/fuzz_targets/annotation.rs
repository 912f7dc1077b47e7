//! An annotation is read or refused, means what it says, and never gets lost.

#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use embedded_roots_bundle::{Annotation, PrivateKeys, Root, certificate_to_pem, parse};
use embedded_roots_fuzz::certificate::Template;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let annotation = text.parse::<Annotation>();
    in_pem(text, annotation.as_ref().ok());
    let Ok(annotation) = annotation else {
        return;
    };

    // Written and read back, and written once more.
    let shown = annotation.to_string();
    assert!(
        shown
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
    );
    assert_eq!(shown.parse().as_ref(), Ok(&annotation), "{shown}");

    // The order of the pairs does not matter.
    let backwards: Vec<_> = text.split_ascii_whitespace().rev().collect();
    assert_eq!(backwards.join(" ").parse().as_ref(), Ok(&annotation));

    // It says something, and the anchor has all of it.
    assert!(!annotation.is_empty());
    let root = root(annotation.clone());
    assert_eq!(root.distrust_after(), annotation.distrust_after());
    assert_eq!(
        root.limits().to_string().parse::<Annotation>(),
        in_both_families(&shown).parse()
    );
});

/// An anchor excludes the addresses of IPv4 where IPv6 maps them, too, and the other way round.
fn in_both_families(annotation: &str) -> String {
    let mut pairs: Vec<_> = annotation.split(' ').map(str::to_owned).collect();
    for pair in &mut pairs {
        let Some(subnets) = pair.strip_prefix("excluded-ip=") else {
            continue;
        };
        let twins: Vec<_> = subnets.split(',').filter_map(twin).collect();
        for twin in twins {
            pair.push(',');
            pair.push_str(&twin);
        }
    }
    pairs.join(" ")
}

fn twin(subnet: &str) -> Option<String> {
    let (address, prefix) = subnet.split_once('/')?;
    let prefix: u8 = prefix.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) => Some(format!("::ffff:{address}/{}", prefix + 96)),
        IpAddr::V6(address) => {
            let prefix = prefix.checked_sub(96)?;
            Some(format!("{}/{prefix}", address.to_ipv4_mapped()?))
        }
    }
}

fn root(annotation: Annotation) -> Root {
    Root::new(Template::root(0).certificate(&[]), annotation, 0).unwrap()
}

static PEM: LazyLock<String> =
    LazyLock::new(|| certificate_to_pem(&Template::root(0).certificate(&[])));

/// A line of this text above a certificate, and a line for each pair.
fn in_pem(text: &str, annotation: Option<&Annotation>) {
    if text.contains(['\n', '\r']) {
        return;
    }
    let lines = text
        .split_ascii_whitespace()
        .map(|pair| format!("# embedded-roots: {pair}\n"));
    for above in [format!("# embedded-roots:{text}\n"), lines.collect()] {
        // Text of blanks alone gives no pairs, and so no lines.
        if above.is_empty() {
            continue;
        }
        let roots = parse("", (above + &PEM).as_bytes(), PrivateKeys::Refuse);
        let roots = roots.as_ref().map(Vec::as_slice);
        match (roots, annotation) {
            (Ok([root]), Some(annotation)) => assert_eq!(root.annotation(), annotation),
            (Err(_), None) => {}
            (read, expected) => panic!("{read:?} where {expected:?}"),
        }
    }
}
