//! `scan --cache`: the same report, with and without results of earlier scans.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::archive::{gzip, tar, zip};
use crate::command::{Folder, json, run, run_with_input};

/// A layer that is large enough to be kept, with a root and more.
fn layer(nth: usize) -> Vec<u8> {
    let pem = run(&["list", "mozilla@2022-01-01", "--pem"]).out;
    let blocks = pem.split_inclusive("-----END CERTIFICATE-----\n");
    let block = blocks.skip(nth).step_by(50).next().unwrap();
    let noise: Vec<u8> = (0..60_000_u32)
        .flat_map(|number| number.wrapping_mul(0x9e37_79b1).to_le_bytes())
        .collect();
    tar(&[
        ("etc/root.pem", block.as_bytes()),
        ("usr/noise", &noise),
        ("usr/a.jar", &zip("b.pem", block.as_bytes())),
        ("broken.gz", b"\x1f\x8b\x08\0\0\0\0\0"),
        ("a.rar", b"Rar!\x1a\x07\x01\0"),
    ])
}

/// An image whose layers have these numbers.
fn image(folder: &Folder, name: &str, layers: &[usize]) -> String {
    let layers: Vec<(String, Vec<u8>)> = layers
        .iter()
        .map(|nth| (format!("blobs/sha256/{nth}"), gzip(&layer(*nth))))
        .collect();
    let layers: Vec<(&str, &[u8])> = layers
        .iter()
        .map(|(name, layer)| (name.as_str(), layer.as_slice()))
        .collect();
    folder.file(name, tar(&layers))
}

/// The results that are kept.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            todo.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn scan(file: &str, cache: &Path) -> (Value, String) {
    let arguments = ["scan", file, "--cache", cache.to_str().unwrap()];
    let (status, value) = json(&arguments);
    assert_eq!(status, 2, "each layer has a damaged file");
    (value, run(&arguments).err)
}

#[test]
fn second_image_adds_only_its_own_layers_to_the_cache() {
    let folder = Folder::new("cache-images");
    let first = image(&folder, "first.tar", &[1, 2, 3]);
    let second = image(&folder, "second.tar", &[1, 2, 3, 4]);
    let cache = folder.path().join("cache");
    let (_, expected) = json(&["scan", &first]);
    assert_eq!(expected["places"].as_array().unwrap().len(), 6);
    assert_eq!(expected["errors"].as_array().unwrap().len(), 3);
    assert_eq!(expected["unread"].as_array().unwrap().len(), 3);
    for _ in 0..2 {
        let (value, err) = scan(&first, &cache);
        assert_eq!(value, expected);
        assert_eq!(err, run(&["scan", &first]).err);
        assert_eq!(kept(&cache).len(), 3);
    }
    assert_eq!(scan(&second, &cache).0, json(&["scan", &second]).1);
    assert_eq!(kept(&cache).len(), 4);
}

#[test]
fn cached_layer_is_found_by_its_bytes() {
    let folder = Folder::new("cache-places");
    let cache = folder.path().join("cache");
    let (layer, packed) = (layer(1), gzip(&layer(1)));
    let alone = folder.file("layer.tar.gz", &packed);
    let copy = folder.file("copy", &packed);
    let saved = folder.file("saved.tar", tar(&[("a/layer.tar", &layer)]));
    let java = folder.file("large.jar", zip("layer", &layer));
    // In an image it is one archive deeper.
    for (file, results) in [(&alone, 1), (&copy, 1), (&saved, 2), (&java, 3)] {
        for _ in 0..2 {
            assert_eq!(scan(file, &cache).0, json(&["scan", file]).1, "{file}");
            assert_eq!(kept(&cache).len(), results, "{file}");
        }
    }
    // From standard input, as from a file.
    let image = fs::read(image(&folder, "image.tar", &[1, 2])).unwrap();
    let arguments = ["scan", "--json", "-"];
    let expected = run_with_input(&arguments, &image);
    let arguments = [&arguments[..], &["--cache", cache.to_str().unwrap()]].concat();
    for _ in 0..2 {
        let ran = run_with_input(&arguments, &image);
        assert_eq!(
            (ran.out, ran.err),
            (expected.out.clone(), expected.err.clone())
        );
        assert_eq!(kept(&cache).len(), 5);
    }
}

#[test]
fn changed_cache_results_are_reported_and_not_used() {
    let folder = Folder::new("cache-damaged");
    let cache = folder.path().join("cache");
    let image = image(&folder, "image.tar", &[1, 2]);
    let (expected, _) = scan(&image, &cache);
    let files = kept(&cache);
    let [one, other] = [&files[0], &files[1]];
    let content = fs::read(one).unwrap();
    let of_other = fs::read(other).unwrap();
    let mut changed: Vec<Vec<u8>> = vec![
        Vec::new(),
        content[..content.len() - 1].to_vec(),
        content[..65].to_vec(),
        [&content[..], b" "].concat(),
        // That of another file.
        of_other,
        b"{}".to_vec(),
        vec![0xff; 100],
    ];
    for at in (0..content.len()).step_by(content.len() / 20) {
        let mut content = content.clone();
        content[at] ^= 1;
        changed.push(content);
    }
    for content in changed {
        fs::write(one, content).unwrap();
        let arguments = ["scan", &image, "--cache", cache.to_str().unwrap()];
        let ran = run(&[&arguments[..], &["--json"]].concat());
        let value: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(value, expected);
        let warning = format!("{}: not used: ", one.display());
        assert!(ran.err.contains(&warning), "{}", ran.err);
    }
    // It has been replaced.
    assert_eq!(fs::read(one).unwrap(), content);
    assert!(!scan(&image, &cache).1.contains("not used"));
}

#[test]
fn results_that_lacked_memory_are_not_cached() {
    let folder = Folder::new("cache-memory");
    let cache = folder.path().join("cache");
    // The beginning of xz, with a dictionary of 128 MiB.
    let begin = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x1e\0\0\0";
    let frame = [begin.as_slice(), &vec![0; 100_000]].concat();
    let image = folder.file(
        "image.tar",
        tar(&[("layer", &frame), ("other", &gzip(&layer(1)))]),
    );
    let (value, _) = scan(&image, &cache);
    let errors = value["errors"].to_string();
    assert!(errors.contains("bytes of memory"), "{errors}");
    assert_eq!(kept(&cache).len(), 1);
    // With other limits there may be other results.
    let more = [
        "scan",
        &image,
        "--memory",
        "80",
        "--cache",
        cache.to_str().unwrap(),
    ];
    assert_eq!(run(&more).status, 2);
    assert_eq!(kept(&cache).len(), 2);
}

#[test]
fn unwritable_cache_folder_is_reported() {
    let folder = Folder::new("cache-folder");
    let file = folder.file("file", "");
    let ran = run(&["scan", &file, "--cache", &format!("{file}/cache")]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("/cache"), "{}", ran.err);
}
