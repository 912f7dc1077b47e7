//! The layers of container images, and which of their files a container sees.
//!
//! A layer is a tar archive with files, and with marks for what it deletes of the layers below (OCI image specification,
//! "Representing Changes"). Which archives are the layers of an image, and in which order, is in its manifest: `Layers` of
//! `manifest.json` (`docker save`), or `layers` of a blob (OCI layouts). The archives may come in any order, so what is
//! needed of each is kept until the end.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::digest::sha256;
use serde::{Deserialize, Serialize};

use super::location::Location;

/// What is known of archives that may be layers, and of images.
#[derive(Default)]
pub(crate) struct Layers {
    /// By the names of the archive.
    archives: BTreeMap<Vec<String>, Changes>,
    /// The names of the archives of each image, the lowest first.
    images: Vec<Vec<Vec<String>>>,
    /// Something was not kept, since it was too much.
    is_incomplete: bool,
    /// How many digests are kept.
    count: usize,
}

/// What an archive changes if it is a layer, by digests of paths.
#[derive(Default)]
struct Changes {
    /// What it has that is no directory.
    files: HashSet<u64>,
    deleted: HashSet<u64>,
    /// Directories of which nothing is left that is in layers below.
    emptied: HashSet<u64>,
}

/// The layer for which a container does not see a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Concealment {
    pub(crate) layer: String,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum How {
    Deleted,
    Replaced,
}

impl How {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Replaced => "replaced",
        }
    }
}

impl Layers {
    /// Notes an entry of an archive, which is no directory.
    pub(crate) fn entry(&mut self, archive: &Location, entry: &Location) {
        let Some(path) = entry.path.last().filter(|_| may_be_layer(archive)) else {
            return;
        };
        if self.count >= MOST_ENTRIES {
            self.is_incomplete = true;
            return;
        }
        self.count += 1;
        let parts: Vec<&str> = parts(path).collect();
        let changes = self.archives.entry(archive.path.clone()).or_default();
        let Some((name, directory)) = parts.split_last() else {
            return;
        };
        if *name == OPAQUE {
            changes.emptied.insert(digest(directory));
        } else if let Some(deleted) = name.strip_prefix(WHITEOUT) {
            let path = [directory, &[deleted]].concat();
            changes.deleted.insert(digest(&path));
        } else {
            changes.files.insert(digest(&parts));
        }
    }

    /// Notes the images of a manifest, if this is one.
    pub(crate) fn manifest(&mut self, place: &Location, content: &[u8]) {
        if let Ok(images) = serde_json::from_slice::<Vec<DockerImage>>(content) {
            for image in images {
                let layers = image.layers.iter();
                let layers = layers.map(|layer| beside(place, layer));
                self.image(layers.collect());
            }
        } else if let Ok(manifest) = serde_json::from_slice::<OciManifest>(content) {
            let digests = manifest.layers.iter();
            let names = digests.filter_map(|layer| layer.digest.strip_prefix("sha256:"));
            self.image(names.map(|name| beside(place, name)).collect());
        }
    }

    /// Notes an image with these layers, the lowest first.
    pub(crate) fn image(&mut self, layers: Vec<Vec<String>>) {
        if self.count + layers.len() >= MOST_ENTRIES {
            self.is_incomplete = true;
            return;
        }
        self.count += layers.len();
        if !self.images.contains(&layers) {
            self.images.push(layers);
        }
    }

    /// Adds what another scan has noted.
    pub(crate) fn add(&mut self, next: Self) {
        let Self {
            archives,
            images,
            is_incomplete,
            count,
        } = next;
        self.is_incomplete |= is_incomplete || self.count + count > MOST_ENTRIES;
        if self.count + count <= MOST_ENTRIES {
            for (name, changes) in archives {
                let Changes {
                    files,
                    deleted,
                    emptied,
                } = changes;
                let kept = self.archives.entry(name).or_default();
                kept.files.extend(files);
                kept.deleted.extend(deleted);
                kept.emptied.extend(emptied);
            }
            self.images.extend(images);
            self.count += count;
        }
    }

    /// Forgets the archives in this file that are no layers: its manifests are known now.
    pub(crate) fn settle(&mut self) {
        let layers: HashSet<&Vec<String>> = self.images.iter().flatten().collect();
        // Files of an OCI layout have their manifest in another file.
        let is_needed = |name: &Vec<String>| name.len() == 1 || layers.contains(name);
        self.archives.retain(|name, _| is_needed(name));
        let kept = self.archives.values().map(Changes::count).sum::<usize>();
        self.count = kept + self.images.iter().map(Vec::len).sum::<usize>();
    }

    /// Why the containers of no image see the place; `None` if one does, if the place is in no layer, or if not all of
    /// them are known.
    pub(crate) fn hidden_by(&self, place: &Location) -> Option<Concealment> {
        // The image that shows it may be one that is not known.
        if self.is_incomplete {
            return None;
        }
        let of_image = |image: &Vec<Vec<String>>| {
            let is_in = |layer: &Vec<String>| {
                layer.len() < place.path.len() && place.path.starts_with(layer)
            };
            let number = image.iter().rposition(is_in)?;
            let layer = image.get(number)?;
            let path = place.path.get(layer.len())?;
            let mut above = image.get(number + 1..).unwrap_or_default().iter();
            Some(above.find_map(|above| {
                Some(Concealment {
                    layer: above.join("!"),
                    how: self.archives.get(above)?.hides(path)?,
                })
            }))
        };
        let mut of_images = self.images.iter().filter_map(of_image);
        let first = of_images.next()??;
        of_images.all(|hidden| hidden.is_some()).then_some(first)
    }

    /// What is known of archives in this place, for places that are not known yet. None if there was too much, or
    /// something of other places.
    pub(crate) fn below(&self, place: &Location) -> Option<StoredLayers> {
        let below =
            |name: &Vec<String>| name.strip_prefix(place.path.as_slice()).map(<[_]>::to_vec);
        let archives = self.archives.iter().map(|(name, changes)| {
            let Changes {
                files,
                deleted,
                emptied,
            } = changes;
            Some((below(name)?, [files, deleted, emptied].map(stored)))
        });
        let images = self.images.iter();
        let images = images.map(|image| image.iter().map(below).collect());
        if self.is_incomplete {
            return None;
        }
        Some(StoredLayers {
            archives: archives.collect::<Option<_>>()?,
            images: images.collect::<Option<_>>()?,
        })
    }

    /// What was known, of a place. None if it is damaged.
    pub(crate) fn from_stored(stored: StoredLayers, place: &Location) -> Option<Self> {
        let in_place = |name: Vec<String>| [place.path.as_slice(), &name].concat();
        let mut layers = Self::default();
        for (archive, [files, deleted, emptied]) in stored.archives {
            let changes = Changes {
                files: digests(&files)?,
                deleted: digests(&deleted)?,
                emptied: digests(&emptied)?,
            };
            layers.count += changes.count();
            layers.archives.insert(in_place(archive), changes);
        }
        for image in stored.images {
            layers.image(image.into_iter().map(in_place).collect());
        }
        Some(layers)
    }

    /// Whether there were too many entries or images, so that everything counts as seen.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }
}

impl Changes {
    fn count(&self) -> usize {
        self.files.len() + self.deleted.len() + self.emptied.len()
    }

    fn hides(&self, path: &str) -> Option<How> {
        let parts: Vec<&str> = parts(path).collect();
        let mut result = None;
        for length in (0..=parts.len()).rev() {
            let path = digest(parts.get(..length)?);
            let is_whole = length == parts.len();
            if self.files.contains(&path) {
                return Some(How::Replaced);
            }
            if self.deleted.contains(&path) || !is_whole && self.emptied.contains(&path) {
                result = Some(How::Deleted);
            }
        }
        result
    }
}

/// What is known of archives in a file, wherever that lies.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLayers {
    /// Their names, with digests in base64 of what they have, delete and empty.
    archives: Vec<(Vec<String>, [String; 3])>,
    images: Vec<Vec<Vec<String>>>,
}

fn stored(digests: &HashSet<u64>) -> String {
    let mut digests: Vec<u64> = digests.iter().copied().collect();
    digests.sort_unstable();
    let bytes: Vec<u8> = digests.into_iter().flat_map(u64::to_le_bytes).collect();
    STANDARD.encode(bytes)
}

fn digests(stored: &str) -> Option<HashSet<u64>> {
    let bytes = STANDARD.decode(stored).ok()?;
    let digests = bytes.chunks(8).map(|digest| digest.try_into().ok());
    digests
        .map(|digest| digest.map(u64::from_le_bytes))
        .collect()
}

/// What of the name of a place matters: whether it may be a layer, and a manifest.
pub(crate) fn hints(place: &Location) -> [bool; 2] {
    [may_be_layer(place), may_be_manifest(place, b"{")]
}

/// Whether this is a name that layers have: that of an archive in an archive, or of a file of a layout.
fn may_be_layer(archive: &Location) -> bool {
    let is_of_layout =
        |name: &String| name.contains("blobs/sha256/") || name.ends_with("layer.tar");
    archive.path.len() > 1 || archive.path.first().is_some_and(is_of_layout)
}

/// Whether a file with this name and this beginning may be a manifest.
pub(crate) fn may_be_manifest(place: &Location, head: &[u8]) -> bool {
    let is_json =
        head.trim_ascii_start().starts_with(b"{") || head.trim_ascii_start().starts_with(b"[");
    let is_named =
        |name: &String| name.ends_with("manifest.json") || name.contains("blobs/sha256/");
    is_json && place.path.last().is_some_and(is_named)
}

/// The names of what has this path from the directory of a place on.
fn beside(place: &Location, path: &str) -> Vec<String> {
    let mut names = place.path.clone();
    if let Some(last) = names.last_mut() {
        let directory = last.rfind('/').map_or(0, |slash| slash + 1);
        last.truncate(directory);
        last.push_str(path);
    }
    names
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
}

/// Of a path. Nobody can find another path with the same digest for a given one.
fn digest(parts: &[&str]) -> u64 {
    let digest = sha256(parts.join("/").as_bytes());
    digest.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

#[derive(Deserialize)]
struct DockerImage {
    #[serde(rename = "Layers")]
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct OciManifest {
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
/// The entries of a dozen large images: 16 MiB.
const MOST_ENTRIES: usize = 1 << 20;
/// The longest manifest.
pub(crate) const MAX_MANIFEST: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(names: &[&str]) -> Location {
        let (file, entries) = names.split_first().unwrap();
        let file = Location::file((*file).to_owned());
        entries
            .iter()
            .fold(file, |place, name| place.entry(name.as_bytes()))
    }

    /// An image with three layers, and what hides this path of the lowest one.
    fn hidden(path: &str, second: &[&str], third: &[&str]) -> Option<(String, How)> {
        let mut layers = Layers::default();
        layers.manifest(
            &place(&["image.tar", "manifest.json"]),
            br#"[{"Config":"c.json","RepoTags":["a:b"],"Layers":["1/layer.tar","2/layer.tar","3/layer.tar"]}]"#,
        );
        let all = [
            ("1/layer.tar", &[path][..]),
            ("2/layer.tar", second),
            ("3/layer.tar", third),
        ];
        for (name, entries) in all {
            let archive = place(&["image.tar", name]);
            for entry in entries {
                layers.entry(&archive, &archive.entry(entry.as_bytes()));
            }
        }
        layers.settle();
        let place = place(&["image.tar", "1/layer.tar", path, "roots.pem"]);
        let hidden = layers.hidden_by(&place)?;
        Some((hidden.layer, hidden.how))
    }

    #[test]
    fn upper_layers_hide_what_they_delete_and_replace() {
        let second = |how| Some(("image.tar!2/layer.tar".to_owned(), how));
        let third = |how| Some(("image.tar!3/layer.tar".to_owned(), how));
        let path = "etc/ssl/app.jar";
        assert_eq!(hidden(path, &["etc/ssl/other.jar"], &["etc/ssl.jar"]), None);
        assert_eq!(
            hidden(path, &["./etc/ssl/app.jar"], &[]),
            second(How::Replaced)
        );
        assert_eq!(
            hidden(path, &["etc/ssl/.wh.app.jar"], &[]),
            second(How::Deleted)
        );
        // What the second layer deletes is not there in the third.
        assert_eq!(
            hidden(path, &["etc/ssl/.wh.app.jar"], &[path]),
            second(How::Deleted)
        );
        assert_eq!(hidden(path, &[], &["etc/.wh.ssl"]), third(How::Deleted));
        assert_eq!(
            hidden(path, &[], &["etc/ssl/.wh..wh..opq"]),
            third(How::Deleted)
        );
        assert_eq!(hidden(path, &[], &[".wh..wh..opq"]), third(How::Deleted));
        assert_eq!(hidden(path, &[], &["etc/ssl/app.jar/.wh..wh..opq"]), None);
        // A file in the place of a directory.
        assert_eq!(hidden(path, &["etc/ssl"], &[]), second(How::Replaced));
    }

    #[test]
    fn file_visible_in_one_image_is_not_hidden() {
        let mut layers = Layers::default();
        let blobs = "layout/blobs/sha256";
        let place = |name: &str| Location::file(format!("{blobs}/{name}"));
        for manifest in ["one", "two"] {
            let upper = if manifest == "one" { "bb" } else { "cc" };
            let content = format!(
                r#"{{"schemaVersion":2,"layers":[{{"digest":"sha256:aa"}},{{"digest":"sha256:{upper}"}}]}}"#
            );
            layers.manifest(&place(manifest), content.as_bytes());
        }
        layers.entry(&place("bb"), &place("bb").entry(b"etc/.wh.cert.pem"));
        let found = place("aa").entry(b"etc/cert.pem");
        assert_eq!(layers.hidden_by(&found), None);
        layers.entry(&place("cc"), &place("cc").entry(b"etc/cert.pem"));
        assert_eq!(
            layers.hidden_by(&found).unwrap().layer,
            format!("{blobs}/bb")
        );
        // In no layer.
        assert_eq!(
            layers.hidden_by(&Location::file("etc/cert.pem".to_owned())),
            None
        );
    }

    #[test]
    fn archives_without_a_manifest_are_forgotten() {
        let mut layers = Layers::default();
        let archive = place(&["a.tar", "b.tar"]);
        layers.entry(&archive, &archive.entry(b"etc/cert.pem"));
        layers.settle();
        assert_eq!((layers.archives.len(), layers.count), (0, 0));
        layers.manifest(&archive, b"{\"layers\":[1]}");
        layers.manifest(&archive, b"[");
        assert_eq!(layers.images.len(), 0);
    }
}
