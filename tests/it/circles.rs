//! Files inside a folder form no circle of imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::layers::{TOWERS, files};
use crate::tokens::{Token, tokens};

/// The names on the way from the crate root to a module.
type Place<'a> = Vec<&'a str>;

/// The modules that are files, each with its text; lib.rs, whose re-exports are for users of the crate,
/// is none.
type Files<'a> = BTreeMap<Place<'a>, &'a str>;

#[test]
fn no_circle_inside_a_folder() {
    for tower in TOWERS {
        let src = tower.folder();
        let mut paths = Vec::new();
        files(&src, &mut paths);
        let texts: Vec<(String, String)> = paths
            .iter()
            .map(|path| {
                let inside = path.strip_prefix(&src).unwrap().to_str().unwrap();
                let inside = inside.replace(std::path::MAIN_SEPARATOR, "/");
                (inside, fs::read_to_string(path).unwrap())
            })
            .collect();
        let files = modules(&texts);
        let imports: usize = files.keys().map(|file| imports(file, &files).len()).sum();
        let src = tower.src;
        assert!(imports > tower.fewest_imports, "{src}: {imports} imports");

        assert_eq!(circles(&files), [[""; 0]; 0], "{src}");
    }
}

/// Of a file at this path in src/.
fn modules(texts: &[(String, String)]) -> Files<'_> {
    let mut files = Files::new();
    for (path, text) in texts {
        let path = path.strip_suffix(".rs").unwrap();
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path != "lib" {
            files.insert(path.split('/').collect(), text);
        }
    }
    files
}

/// The groups of modules of which each imports every other one, directly or not.
fn circles<'a>(files: &Files<'a>) -> Vec<Vec<String>> {
    let direct: BTreeMap<&Place<'a>, BTreeSet<Place<'a>>> = files
        .keys()
        .map(|file| (file, imports(file, files)))
        .collect();
    let reached: BTreeMap<&Place<'a>, BTreeSet<&Place<'a>>> = direct
        .keys()
        .map(|file| {
            let mut reached = BTreeSet::new();
            let mut next: Vec<_> = direct[file].iter().collect();
            while let Some(module) = next.pop() {
                if reached.insert(module) {
                    next.extend(&direct[module]);
                }
            }
            (*file, reached)
        })
        .collect();
    let mut circles = BTreeSet::new();
    for (file, reach) in &reached {
        let circle: Vec<_> = reach
            .iter()
            .filter(|other| reached[**other].contains(file))
            .map(|other| other.join("::"))
            .collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// The other files from which this one imports, by `use` or by a path in its code.
fn imports<'a>(file: &Place<'a>, files: &Files<'a>) -> BTreeSet<Place<'a>> {
    let tokens = tokens(files[file]);
    let mut found = BTreeSet::new();
    let mut place = file.clone();
    // The depths of braces at which the inline modules around this token began.
    let mut inline = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let before = at.checked_sub(1).map(|before| tokens[before]);
        let mut paths = Vec::new();
        match (token, &tokens[at + 1..]) {
            (Token::Name("mod"), [Token::Name(name), Token::Mark('{'), ..]) => {
                place.push(name);
                inline.push(depth);
                depth += 1;
                at += 3;
            }
            (Token::Name("use"), rest) if !rest.starts_with(&[Token::Mark('<')]) => {
                at = tree(&tokens, at + 1, &[], &mut paths);
            }
            (Token::Name(name), _) => {
                let mut path = vec![*name];
                at += 1;
                while let [Token::Separator, Token::Name(name), ..] = tokens[at..] {
                    path.push(name);
                    at += 2;
                }
                let begins = before != Some(Token::Separator) && before != Some(Token::Mark('$'));
                if begins && path.len() > 1 {
                    paths.push(path);
                }
            }
            (Token::Mark(mark), _) => {
                match mark {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if inline.last() == Some(&depth) {
                    inline.pop();
                    place.pop();
                }
                at += 1;
            }
            (Token::Separator | Token::Literal(_), _) => at += 1,
        }
        found.extend(paths.iter().filter_map(|path| named(path, &place, files)));
    }
    found.remove(file);
    found
}

/// Adds the paths of the `use` tree at this token. Returns where its end is: `;`, `,` or `}`.
fn tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &[&'a str],
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens[at] {
            Token::Name("as") => at += 2,
            Token::Name(name) => {
                path.push(name);
                at += 1;
            }
            // An external crate: no module has this name.
            Token::Separator if path.is_empty() => {
                path.push("");
                at += 1;
            }
            Token::Mark('{') => {
                while tokens[at] != Token::Mark('}') {
                    at = tree(tokens, at + 1, &path, paths);
                }
                return at + 1;
            }
            Token::Mark(';' | ',' | '}') => {
                paths.push(path);
                return at;
            }
            Token::Separator | Token::Literal(_) | Token::Mark(_) => at += 1,
        }
    }
}

/// The file that a path in the module `place` leads into; `None` for the crate root, for other crates and for
/// names that a `use` has brought.
fn named<'a>(path: &[&'a str], place: &[&'a str], files: &Files<'a>) -> Option<Place<'a>> {
    let mut module = place.to_vec();
    match *path.first()? {
        "crate" => module.clear(),
        "self" | "super" => {}
        name => {
            let child = [place, &[name]].concat();
            files.contains_key(&child).then_some(())?;
        }
    }
    for name in path {
        match *name {
            "crate" | "self" => {}
            "super" => _ = module.pop()?,
            name => module.push(name),
        }
    }
    // What is inside of a file is an item, or an inline module.
    while !module.is_empty() && !files.contains_key(&module) {
        module.pop();
    }
    (!module.is_empty()).then_some(module)
}

#[track_caller]
fn assert_circles(texts: &[(&str, &str)], expected: &[&[&str]]) {
    let texts: Vec<_> = texts
        .iter()
        .map(|(path, text)| (format!("{path}.rs"), (*text).to_owned()))
        .collect();
    assert_eq!(circles(&modules(&texts)), expected, "{texts:?}");
}

#[test]
fn circles_of_every_length_are_detected() {
    assert_circles(
        &[
            ("a/one", "use crate::a::other::Other;"),
            ("a/other", "use crate::a::one::One;"),
        ],
        &[&["a::one", "a::other"]],
    );
    let four = [
        ("a/1", "use crate::a::two::X;"),
        ("a/two", "use crate::a::three::X;"),
        ("a/three", "use crate::a::four::X;"),
        ("a/four", "use crate::a::1::X;"),
        ("a/beside", "use crate::a::two::X;"),
    ];
    assert_circles(&four, &[&["a::1", "a::four", "a::three", "a::two"]]);
    // Not a circle, without its last step.
    assert_circles(&four[..3], &[]);
    // Two circles are two.
    assert_circles(
        &[
            ("a/1", "use super::two::X;"),
            ("a/two", "use super::1::X; use super::three::X;"),
            ("a/three", "use super::four::X;"),
            ("a/four", "use super::three::X;"),
        ],
        &[&["a::1", "a::two"], &["a::four", "a::three"]],
    );
}

#[test]
fn every_way_to_name_a_module_is_detected() {
    for import in [
        "use crate::a::other::Other;",
        "use crate::a::{other::Other};",
        "use crate::{a::{error, other::{self, Other}}};",
        "pub(crate) use crate::a::other::*;",
        "use super::other::Other as _;",
        "use super::{error::Error, other};",
        "use self::super::other;",
        "fn f() -> crate::a::other::Other {}",
        "fn f() { super::other::f::<u8>() }",
        "mod tests { use super::super::other; }",
        "mod tests { mod deeper { fn f() { super::super::super::other::f(); } } }",
        "mod tests { struct Brace { a: u8 } fn f() { super::super::other::f(); } }",
        "mod tests {} fn f() { super::other::f(); }",
        "const S: &str = \"\\\"//\"; use super::other;",
        "const S: &str = r#\"\"/*\"#; use super::other;",
        "const C: char = '\"'; use super::other;",
        "const C: char = '\\''; use super::other;",
        "fn f<'a>(x: &'a str) { super::other::f() }",
        "/* /* */ */ use super::other;",
    ] {
        let other = ("a/other", "use crate::a::one::One;");
        assert_circles(&[("a/one", import), other], &[&["a::one", "a::other"]]);
    }
    // A parent names its child without `self`.
    for import in [
        "mod child; use child::X;",
        "mod child; fn f() { child::f() }",
        "mod child; use self::child::X;",
        "pub use crate::a::child::X;",
        "mod child; pub use child::*;",
    ] {
        let child = ("a/child", "use super::Parent;");
        assert_circles(&[("a/mod", import), child], &[&["a", "a::child"]]);
        assert_circles(&[("a", import), child], &[&["a", "a::child"]]);
    }
}

#[test]
fn comments_and_strings_are_not_imports() {
    for text in [
        "mod other;",
        "// use crate::a::other::Other;",
        "/// As [`Other`](crate::a::other::Other) does.",
        "/* use crate::a::other::Other; */",
        "const S: &str = \"use crate::a::other::Other;\";",
        "const S: &str = r#\"use \"crate::a::other::Other;\"#;",
        "macro_rules! m { () => { $crate::a::other::f!() } }",
        // An item of this name in another crate, and one inside a type.
        "use other::Other;",
        "use ::other::Other; fn f() { x::other::f(); ::a::other::f() }",
        "use crate::b::other::Other;",
        "fn f() -> impl Sized + use<'a, a::other> {}",
        "mod tests { use super::other; fn f() { self::other::f() } }",
    ] {
        let other = ("a/other", "use crate::a::one::One;");
        assert_circles(&[("a/one", text), other, ("b/other", "")], &[]);
    }
    // Both import a third one, and a test of the parent imports its child.
    assert_circles(
        &[
            ("a/mod", "mod tests; fn f() { error::f() }"),
            ("a/error", ""),
            ("a/one", "use super::error;"),
            ("a/tests", "use super::*; use crate::a::one;"),
        ],
        &[],
    );
}
