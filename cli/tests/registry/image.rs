//! Images as a registry has them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::slice;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::folder::Folder;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::server::{Reply, Request};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A repository: its manifests, and its blobs.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) manifests: BTreeMap<String, (&'static str, Vec<u8>)>,
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) tag: String,
}

impl Content {
    /// One image with these layers.
    pub(crate) fn image(layers: &[Vec<u8>]) -> Self {
        let mut content = Self::default();
        let image = content.add_image("linux", "amd64", layers);
        content.tag = digest_of(&image);
        content
    }

    /// An image for each platform, with one layer.
    pub(crate) fn index(images: &[(&str, &str, Vec<u8>)]) -> Self {
        let mut content = Self::default();
        let manifests: Vec<Value> = images
            .iter()
            .map(|(os, architecture, layer)| {
                content.add_image(os, architecture, slice::from_ref(layer))
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        content.set_index(&index);
        content
    }

    pub(crate) fn add_image(&mut self, os: &str, architecture: &str, layers: &[Vec<u8>]) -> Value {
        let platform = json!({ "os": os, "architecture": architecture });
        let layers: Vec<Value> = (layers.iter())
            .map(|layer| self.add_blob(LAYER, layer.clone()))
            .collect();
        let config = self.add_blob(CONFIG, platform.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers
        });
        let mut descriptor = self.add_manifest(MANIFEST, &manifest);
        descriptor["platform"] = platform;
        descriptor
    }

    /// The tag is of this image now.
    pub(crate) fn set_manifest(&mut self, manifest: &Value) {
        self.tag = digest_of(&self.add_manifest(MANIFEST, manifest));
    }

    /// The tag is of this index now.
    pub(crate) fn set_index(&mut self, index: &Value) {
        self.tag = digest_of(&self.add_manifest(INDEX, index));
    }

    fn add_manifest(&mut self, kind: &'static str, manifest: &Value) -> Value {
        let text = manifest.to_string().into_bytes();
        let digest = digest(&text);
        let size = text.len();
        self.manifests.insert(digest.clone(), (kind, text));
        json!({ "mediaType": kind, "digest": digest, "size": size })
    }

    fn add_blob(&mut self, kind: &str, blob: Vec<u8>) -> Value {
        let digest = digest(&blob);
        let size = blob.len();
        self.blobs.insert(digest.clone(), blob);
        json!({ "mediaType": kind, "digest": digest, "size": size })
    }

    /// The manifest of the tag.
    pub(crate) fn manifest(&self) -> Value {
        serde_json::from_slice(&self.manifests[&self.tag].1).unwrap()
    }

    /// The digest of the nth layer of the image.
    pub(crate) fn layer(&self, nth: usize) -> String {
        digest_of(&self.manifest()["layers"][nth])
    }

    /// What a registry answers that has it as `a/b:1`.
    pub(crate) fn reply(&self, request: &Request) -> Reply {
        let Some(path) = request.path.strip_prefix("/v2/a/b/") else {
            return Reply::status(404);
        };
        if let Some(version) = path.strip_prefix("manifests/") {
            let digest = if version == "1" { &self.tag } else { version };
            if let Some((kind, text)) = self.manifests.get(digest) {
                assert!(request.headers["accept"].contains(kind));
                return Reply::new(text.clone()).with("Content-Type", kind);
            }
        }
        let blob = path.strip_prefix("blobs/");
        match blob.and_then(|digest| self.blobs.get(digest)) {
            Some(blob) => Reply::new(blob.clone()),
            None => Reply::status(404)
                .body(r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        }
    }

    /// Writes an OCI layout.
    pub(crate) fn write_layout(&self, folder: &Folder) -> PathBuf {
        folder.file("oci/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        let (kind, text) = &self.manifests[&self.tag];
        let root = json!({ "mediaType": kind, "digest": self.tag, "size": text.len() });
        let index = json!({ "schemaVersion": 2, "manifests": [root] });
        folder.file("oci/index.json", index.to_string());
        let manifests = self
            .manifests
            .iter()
            .map(|(digest, (_, text))| (digest, text));
        for (digest, text) in manifests.chain(&self.blobs) {
            folder.file(format!("oci/blobs/{}", digest.replace(':', "/")), text);
        }
        folder.join("oci")
    }
}

/// A tar archive of these files, compressed.
pub(crate) fn layer(files: &[(&str, impl AsRef<[u8]>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let content = content.as_ref();
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content).unwrap();
    }
    let mut encoder = archive.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hex(&sha256(content)))
}

/// That of a descriptor.
pub(crate) fn digest_of(descriptor: &Value) -> String {
    descriptor["digest"].as_str().unwrap().to_owned()
}
