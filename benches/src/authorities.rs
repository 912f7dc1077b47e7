//! Large numbers of certificate authorities.

/// This many roots, which share a key but have distinct names.
pub fn roots(count: u32) -> impl Iterator<Item = rcgen::Certificate> {
    let key = rcgen::KeyPair::generate().unwrap();
    (0..count).map(move |nth| {
        let mut params = rcgen::CertificateParams::default();
        let name = format!("Example Root CA {nth}");
        let names = &mut params.distinguished_name;
        names.push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).unwrap()
    })
}

/// A root that may issue below these DNS names alone.
pub fn root_with_permitted(names: &[String]) -> rcgen::Certificate {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let names = names.iter().cloned();
    params.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: names.map(rcgen::GeneralSubtree::DnsName).collect(),
        excluded_subtrees: Vec::new(),
    });
    params
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap()
}
