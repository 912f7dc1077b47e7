//! Manifests of images, and indexes of manifests: what is needed of them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::digest::Digest;
use super::platform::Platform;
use crate::outcome::Result;

/// The types that are asked for: those of OCI and of Docker.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

pub(super) enum Document {
    Index(Vec<Descriptor>),
    Image(Manifest),
}

pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Descriptor {
    /// As the manifest says it: [`Descriptor::digest`] judges it.
    pub(super) digest: String,
    pub(super) size: u64,
    pub(super) platform: Option<Platform>,
    #[serde(rename = "mediaType")]
    media_type: Option<String>,
    /// Where the content is, if it is not in the registry (layers of Windows).
    pub(super) urls: Option<Vec<IgnoredAny>>,
}

impl Document {
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let written: RawManifest = serde_json::from_slice(json)
            .map_err(|why| format!("its manifest cannot be read: {why}"))?;
        match written {
            // Programs that read one part, and others that read the other, would see two images (CVE-2021-41190).
            RawManifest {
                manifests: Some(_),
                layers: Some(_),
                ..
            } => Err("its manifest is both an index and an image".into()),
            RawManifest {
                manifests: Some(manifests),
                ..
            } => Ok(Self::Index(bounded(manifests)?)),
            RawManifest {
                layers: Some(layers),
                config: Some(config),
                ..
            } => Ok(Self::Image(Manifest {
                config,
                layers: bounded(layers)?,
            })),
            RawManifest {
                fs_layers: Some(_), ..
            } => Err("its manifest is of Docker's schema 1, which is not read".into()),
            _ => Err("its manifest is neither an index nor an image".into()),
        }
    }
}

impl Descriptor {
    /// The first image of those for a platform, that with the usual variant before others.
    pub(super) fn best<'d>(wanted: &Platform, descriptors: &'d [Self]) -> Option<&'d Self> {
        let platform = |descriptor: &&Self| {
            let platform = descriptor.platform.as_ref();
            platform.is_some_and(|platform| wanted.is(platform))
        };
        let is_usual = |descriptor: &&Self| {
            let platform = descriptor.platform.as_ref();
            platform.is_some_and(|platform| platform.variant() == wanted.variant())
        };
        let usual = descriptors.iter().filter(platform).find(is_usual);
        usual.or_else(|| descriptors.iter().find(platform))
    }

    /// Whether nobody reads it without a key, by the image specification of ocicrypt.
    pub(super) fn is_encrypted(&self) -> bool {
        let media_type = self.media_type.as_deref();
        media_type.is_some_and(|media_type| media_type.ends_with("+encrypted"))
    }

    pub(super) fn digest(&self) -> Result<Digest> {
        Digest::parse(&self.digest)
    }
}

/// More layers, or more platforms, than images have. Docker has at most 127 layers.
const MOST: usize = 1000;

#[derive(Deserialize)]
struct RawManifest {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    #[serde(rename = "fsLayers")]
    fs_layers: Option<IgnoredAny>,
}

fn bounded(descriptors: Vec<Descriptor>) -> Result<Vec<Descriptor>> {
    if descriptors.len() > MOST {
        return Err(format!("its manifest names more than {MOST} parts").into());
    }
    Ok(descriptors)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(json: &Value) -> Result<Document> {
        Document::parse(json.to_string().as_bytes())
    }

    #[test]
    fn manifests_are_indexes_or_images() {
        let part = json!({ "mediaType": "x", "digest": "sha256:00", "size": 1, "annotations": {} });
        let image = json!({ "schemaVersion": 2, "config": part, "layers": [part, part] });
        let Document::Image(manifest) = parse(&image).unwrap() else {
            panic!("not an image");
        };
        assert_eq!((manifest.config.size, manifest.layers.len()), (1, 2));
        // It is judged where it is used.
        assert!(manifest.config.digest().is_err());
        let index = json!({ "manifests": [part] });
        assert!(matches!(parse(&index), Ok(Document::Index(all)) if all.len() == 1));

        let both = json!({ "manifests": [], "config": part, "layers": [] });
        let schema_1 = json!({ "schemaVersion": 1, "fsLayers": [] });
        let many = json!({ "manifests": vec![part; MOST + 1] });
        for (json, part) in [
            (both, "both an index and an image"),
            (schema_1, "schema 1"),
            (json!({}), "neither"),
            (json!([]), "cannot be read"),
            (json!({ "layers": [] }), "neither"),
            (many, "more than 1000"),
        ] {
            let why = parse(&json).err().unwrap().to_string();
            assert!(why.contains(part), "{json}: {why}");
        }
    }

    #[test]
    fn the_usual_variant_comes_first() {
        let descriptor = |nth: usize, os, architecture, variant| {
            let platform = json!({ "os": os, "architecture": architecture, "variant": variant });
            let digest = format!("sha256:{nth:064}");
            serde_json::from_value::<Descriptor>(
                json!({ "digest": digest, "size": 1, "platform": platform }),
            )
            .unwrap()
        };
        let all = [
            descriptor(0, "unknown", "unknown", ""),
            descriptor(1, "linux", "arm", "v6"),
            descriptor(2, "linux", "arm", "v7"),
            descriptor(3, "linux", "arm64", "v8"),
            descriptor(4, "linux", "amd64", ""),
        ];
        for (text, nth) in [
            ("linux/arm", Some(2)),
            ("linux/arm/v6", Some(1)),
            ("linux/arm/v5", None),
            ("linux/arm64", Some(3)),
            ("linux/arm64/v8", Some(3)),
            ("linux/amd64", Some(4)),
            ("windows/amd64", None),
        ] {
            let wanted = Platform::parse(text).unwrap();
            let best = Descriptor::best(&wanted, &all);
            let digest = best.map(|best| best.digest.as_str());
            let expected = nth.map(|nth: usize| all[nth].digest.as_str());
            assert_eq!(digest, expected, "{text}");
        }
    }
}
