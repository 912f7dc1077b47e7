//! The folders of a crate are layers: a file imports only from its own folder and from lower ones.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers of one crate.
pub(crate) struct Tower {
    /// Below the folder of this package.
    pub(crate) src: &'static str,
    /// From bottom to top. Modules on the same line may not import each other.
    layers: &'static [&'static [&'static str]],
    /// Fewer imports would mean that most are not seen.
    pub(crate) fewest_imports: usize,
}

pub(crate) const TOWERS: [Tower; 3] = [LIBRARY, BUNDLE, PROGRAM];

/// From the data up to the clients.
const LIBRARY: Tower = Tower {
    src: "src",
    layers: &[
        &["error", "logging"],
        &["bundle", "inspect"],
        &["source"],
        &["trust"],
        &["verify"],
        &["config"],
        &["roots"],
        &["connect"],
    ],
    fewest_imports: 50,
};

/// From bytes up to the source code of bundles.
const BUNDLE: Tower = Tower {
    src: "crates/bundle/src",
    layers: &[
        &["escape", "file", "count", "sort"],
        &["digest"],
        &["pipe", "variable", "x509"],
        &["error"],
        &["limits"],
        &["root"],
        &["bundle"],
        &["distrust"],
        &["anchor_list"],
        &["pem"],
        &["emit"],
        &["pin"],
    ],
    fewest_imports: 40,
};

/// From what is known of roots up to the commands.
const PROGRAM: Tower = Tower {
    src: "cli/src",
    layers: &[
        &["day", "markup", "outcome", "place", "record"],
        &["compromise", "signature"],
        &["history"],
        &["root"],
        &["input", "interop", "programs"],
        &["finder"],
        &["source"],
        &["registry"],
        &["output", "progress", "sarif"],
        &["check", "diff", "explain", "forecast", "list", "scan"],
    ],
    fewest_imports: 50,
};

/// A test-only module: every layer may import it, and it imports none of them.
const TEST_HELPERS: &str = "world";

impl Tower {
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.src)
    }

    fn layer(&self, module: &str) -> usize {
        let has = |layer: &&[&str]| layer.contains(&module);
        let layer = self.layers.iter().position(has);
        layer.unwrap_or_else(|| {
            let src = self.src;
            panic!("{src}/{module} is in no layer: add it to tests/it/layers.rs")
        })
    }

    /// The imports of a file that go up, go sideways, or use the re-exports of lib.rs.
    fn violations(&self, module: &str, text: &str) -> Vec<String> {
        let wrong = |line: &&str| {
            named(line).any(|named| {
                let is_module = named.starts_with(|char: char| char.is_ascii_lowercase());
                let is_below = || named == module || self.layer(named) < self.layer(module);
                named != TEST_HELPERS && !(is_module && is_below())
            })
        };
        text.lines().filter(wrong).map(str::to_owned).collect()
    }
}

pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What a line of code names right after `crate::`; empty for a `crate::{...}` group. `$crate::` is
/// for the users of a macro, and imports nothing.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    let paths = code.match_indices("crate::");
    let paths = paths.filter(|(at, _)| !code[..*at].ends_with('$'));
    paths.map(|(at, start)| {
        let path = &code[at + start.len()..];
        let end = path.find(|char: char| !char.is_alphanumeric() && char != '_');
        path.split_at(end.unwrap_or(path.len())).0
    })
}

/// The text of a file, where its parent module is the crate, with that name.
fn with_parent_named(inside: &Path, text: String) -> String {
    let is_of_crate = match inside.iter().count() {
        1 => true,
        2 => inside.ends_with("mod.rs"),
        _ => false,
    };
    if is_of_crate {
        // What is indented may be in a module inside the file.
        text.replace("\nuse super::", "\nuse crate::")
    } else {
        text
    }
}

#[test]
fn imports_go_down() {
    for tower in TOWERS {
        let src = tower.folder();
        let mut found = Vec::new();
        files(&src, &mut found);
        let mut checked = 0;
        for file in found {
            let inside = file.strip_prefix(&src).unwrap();
            let first = inside.iter().next().unwrap().to_str().unwrap();
            let module = first.strip_suffix(".rs").unwrap_or(first);
            let text = fs::read_to_string(&file).unwrap();
            match module {
                "lib" => continue,
                // The root of another crate, and the helpers of the library's tests.
                "main" | TEST_HELPERS => {
                    assert!(!text.contains("crate::"), "{}", file.display());
                    continue;
                }
                _ => {}
            }
            let text = with_parent_named(inside, text);
            let violations = tower.violations(module, &text);
            assert_eq!(violations, [""; 0], "{}", file.display());
            checked += text.matches("use crate::").count();
            // With `super::super`, a child module could import from outside its folder.
            assert!(!text.contains("super::super"), "{}", file.display());
        }
        let src = tower.src;
        assert!(checked > tower.fewest_imports, "{src}: {checked} imports");
    }
}

#[test]
fn imports_that_go_up_are_detected() {
    for (module, line) in [
        ("source", "use crate::trust::report::Report;"),
        ("trust", "let roots: crate::roots::Roots;"),
        ("error", "use crate::logging;"),
        // The re-exports of lib.rs are for users of the crate.
        ("verify", "use crate::{Anchor, Error};"),
        ("verify", "use crate::Anchor;"),
    ] {
        assert_eq!(LIBRARY.violations(module, line), [line], "{module}");
    }
    for (file, module) in [("source/mod.rs", "source"), ("error.rs", "error")] {
        let text = with_parent_named(Path::new(file), "\nuse super::roots::Roots;".to_owned());
        assert_eq!(LIBRARY.violations(module, &text).len(), 1, "{file}");
    }
    let text = with_parent_named(Path::new("source/files.rs"), "\nuse super::x;".to_owned());
    assert_eq!(text, "\nuse super::x;");
    for (module, line) in [
        ("trust", "use crate::source::Source;"),
        ("trust", "use crate::trust::set::TrustSet;"),
        ("trust", "use crate::world::World;"),
        ("trust", "// as crate::roots does"),
        ("bundle", "($($path:tt)*) => { $crate::roots!($($path)*) };"),
    ] {
        assert!(
            LIBRARY.violations(module, line).is_empty(),
            "{module}: {line}"
        );
    }
}
