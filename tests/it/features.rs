//! The features in Cargo.toml and the table in README.md are the same.

#[test]
fn the_readme_tells_of_every_feature() {
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
