#!/bin/sh
# A date in Chrome's list of roots limits no root by itself: it is one of two alternatives, and for newer Chromes alone.
#
# expected: a root with `sct_not_after_sec` in the Chrome Root Store is limited to certificates with an SCT from before that time,
#   in each Chrome that has this version of the store, and for whoever else takes the list.
# happens: a root is accepted if one of its sets of constraints is met, and all 47 roots with a date have a second set, without
#   one, for older Chromes. Who reads the sets as alternatives, without the version, finds no limit; who takes any date for a
#   limit has 47 limited roots where Chrome 152 with the same store has one.
# versions: chromium-roots 0.1.2 (Chrome Root Store 40, as Chrome 154.0.8037.97 gets it); needs cargo.
# source: the constants of the crate, which are made from the component of Chrome.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
chromium-roots = "=0.1.2"
END
cat >src/main.rs <<'END'
use chromium_roots::{ROOT_STORE_VERSION, RootConstraint, SOURCE_BROWSER_VERSION, TLS_TRUST_ANCHORS};

/// Whether a set of constraints is for this version of Chrome.
fn applies(set: &RootConstraint, version: &[u64]) -> bool {
    let numbers = |text: &str| -> Vec<u64> { text.split('.').map(|part| part.parse().unwrap()).collect() };
    set.min_version.is_none_or(|min| version >= numbers(min).as_slice())
        && set.max_version_exclusive.is_none_or(|max| version < numbers(max).as_slice())
}

fn has_date(set: &RootConstraint) -> bool {
    set.sct_not_after_sec.is_some()
}

fn main() {
    println!("Chrome Root Store {ROOT_STORE_VERSION}, for Chrome {SOURCE_BROWSER_VERSION}");
    let count = |name: &str, is_limited: &dyn Fn(&[RootConstraint]) -> bool| {
        let limited = TLS_TRUST_ANCHORS.iter().filter(|anchor| is_limited(anchor.constraints));
        println!("{name}: {}", limited.count());
    };
    count("roots with a date in one of their sets", &|sets| sets.iter().any(has_date));
    count("roots with a date in each of their sets", &|sets| !sets.is_empty() && sets.iter().all(has_date));
    for version in [138, 152, 154] {
        count(&format!("roots that Chrome {version} limits"), &|sets| {
            let mut sets = sets.iter().filter(|set| applies(set, &[version, 0])).peekable();
            sets.peek().is_some() && sets.all(has_date)
        });
    }
}
END
# The crate asks for a newer compiler than it needs.
cargo run --quiet --ignore-rust-version >output 2>build.log || { cat build.log; exit 2; }
cat output

cat >expected <<'END'
Chrome Root Store 40, for Chrome 154.0.8037.97
roots with a date in one of their sets: 47
roots with a date in each of their sets: 0
roots that Chrome 138 limits: 0
roots that Chrome 152 limits: 1
roots that Chrome 154 limits: 47
END
diff expected output
