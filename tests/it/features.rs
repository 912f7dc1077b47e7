//! Cargo.toml and README.md agree on the features and on the repository's address.

#[test]
fn readme_lists_every_feature() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, features) = manifest.split_once("\n[features]\n").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let assignments = features.lines().filter(|line| !line.starts_with('#'));
    let mut declared: Vec<_> = assignments
        .filter_map(|line| line.split_once(" = "))
        .collect();
    let default = declared.remove(0);
    assert_eq!(default.0, "default");

    let (_, table) = include_str!("../../README.md")
        .split_once("## Crate features\n")
        .unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let documented: Vec<_> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
    let names: Vec<_> = declared.iter().map(|(name, _)| *name).collect();
    assert_eq!(documented, names);

    for row in rows {
        let is_default = default.1.contains(&row[1].replace('`', "\""));
        assert_eq!(row[2], if is_default { "yes" } else { "" }, "{}", row[1]);
    }
}

/// Both Cargo.toml and the links at the foot of README.md name the repository's address.
#[test]
fn links_of_the_readme_are_absolute_and_agree_with_the_manifest() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, repository) = manifest.split_once("\nrepository = \"").unwrap();
    let (repository, _) = repository.split_once('"').unwrap();
    let readme = include_str!("../../README.md");
    assert!(!readme.contains("](."), "a relative link");
    let pages = [
        readme,
        include_str!("../../docs/clients.md"),
        include_str!("../../docs/figures.md"),
        include_str!("../../docs/reqwest.md"),
        include_str!("../../docs/security.md"),
    ];
    let links: Vec<_> = pages
        .iter()
        .flat_map(|page| page.lines())
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: "))
        .map(|(_, address)| address)
        .collect();
    assert!(links.len() > 4);
    for link in links {
        let is_known = [repository, "https://docs.rs/"];
        assert!(
            is_known.iter().any(|start| link.starts_with(start)),
            "{link}"
        );
        let Some(path) = link.strip_prefix(repository) else {
            continue;
        };
        // /blob/main/PATH
        let path = path.splitn(4, '/').last().unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert!(path.exists(), "{link}");
    }
    for page in [
        include_str!("../../SECURITY.md"),
        include_str!("../../RELEASING.md"),
    ] {
        assert!(page.contains(repository));
    }
    // Only rustdoc hides such doctest lines; crates.io and GitHub show them.
    let hidden = readme.lines().filter(|line| line.starts_with("# #["));
    assert_eq!(hidden.count(), 0);
}
