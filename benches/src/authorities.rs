//! Large numbers of certificate authorities.

use embedded_roots_testing::authority::{
    Authority, ca_params, intermediate_of, key, root_of, root_with,
};
use rcgen::{KeyPair, KeyUsagePurpose, SignatureAlgorithm};

/// A root and an intermediate, with keys of one algorithm.
pub struct Ca {
    pub root: Authority,
    pub intermediate: Authority,
}

impl Ca {
    pub fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let key = || KeyPair::generate_for(algorithm).unwrap().serialize_pem();
        let root = root_of("CA", &key(), |params| {
            params.key_usages.push(KeyUsagePurpose::CrlSign);
        });
        let intermediate = intermediate_of("Between", &key(), &root);
        Self { root, intermediate }
    }
}

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
