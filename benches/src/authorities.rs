//! Large numbers of certificate authorities.

use embedded_roots_testing::authority::{Authority, ca_params, key, root_with};

/// This many roots, which share a key but have distinct names.
pub fn roots(count: u32) -> impl Iterator<Item = rcgen::Certificate> {
    let key = key();
    (0..count).map(move |nth| {
        let params = ca_params(&format!("Example Root CA {nth}"));
        params.self_signed(&key).unwrap()
    })
}

/// A root that may issue below these DNS names alone.
pub fn root_with_permitted(names: &[String]) -> Authority {
    let names = names.iter().cloned();
    let constraints = rcgen::NameConstraints {
        permitted_subtrees: names.map(rcgen::GeneralSubtree::DnsName).collect(),
        excluded_subtrees: Vec::new(),
    };
    root_with("CA", |params| params.name_constraints = Some(constraints))
}
