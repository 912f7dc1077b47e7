//! Goes through the images of a reference, and scans what they are made of.

mod challenge;
mod client;
mod credentials;
mod digest;
mod manifest;
mod platform;
mod reference;
mod transport;

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read as _};

use clap::Args;
use serde::Deserialize;

use self::client::{Client, Repository};
use self::credentials::Credentials;
use self::digest::{Digest, DigestReader};
use self::manifest::{Descriptor, Document, Manifest};
use self::platform::{Platform, PlatformChoice};
use self::reference::{Host, Reference, Version};
use self::transport::Transport;
use crate::finder::location::Location;
use crate::finder::unpack::Scan;
use crate::history::History;
use crate::outcome::Result;
use crate::registry::{PREFIX, ScannedImage};
use crate::source::Source;

#[derive(Args)]
#[command(next_help_heading = "Options for images of registries")]
pub(crate) struct RegistryOptions {
    /// Scan the images for OS/ARCH[/VARIANT], or `all` [default: Linux on the processor of this machine]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<PlatformChoice>,
    /// Verify registries with the roots of a file, or of `system` [default: embedded]
    #[arg(long, value_name = "SOURCE", value_parser = |text: &str| Ok::<_, String>(Source::from(text)))]
    roots: Option<Source>,
    /// Speak to this registry without encryption, as to loopback, if it has no TLS; can be repeated
    #[arg(long, value_name = "HOST[:PORT]", value_parser = |text: &str| Host::parse(text).map_err(|why| why.to_string()))]
    insecure_http: Vec<Host>,
}

/// Registries, with the connections to them.
pub(crate) struct Registries<'a> {
    options: &'a RegistryOptions,
    history: &'a History,
    /// Made for the first image.
    client: Option<Client>,
}

impl<'a> Registries<'a> {
    pub(crate) fn new(options: &'a RegistryOptions, history: &'a History) -> Self {
        Self {
            options,
            history,
            client: None,
        }
    }

    /// Scans an image, by a name that begins with [`PREFIX`]. The scan has what was found and what failed.
    pub(crate) fn scan(&mut self, source: &str, scan: &mut Scan<'_>) -> Vec<ScannedImage> {
        let place = Location::file(source.to_owned());
        let mut scanned = Vec::new();
        scan.begin();
        if let Err(why) = self.reference(source, &place, scan, &mut scanned) {
            scan.failed(&place, &why);
        }
        scanned
    }

    fn reference(
        &mut self,
        source: &str,
        place: &Location,
        scan: &mut Scan<'_>,
        scanned: &mut Vec<ScannedImage>,
    ) -> Result<()> {
        let text = source.strip_prefix(PREFIX).unwrap_or(source);
        let reference = Reference::parse(text)?;
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(connect(self.options, self.history)?),
        };
        let mut walk = Walk {
            client,
            repository: Repository {
                host: &reference.host,
                name: &reference.name,
            },
            choice: self
                .options
                .platform
                .as_ref()
                .unwrap_or(&PlatformChoice::Default),
            scan,
            scanned,
            seen: HashSet::new(),
            layers: HashMap::new(),
            left: MOST_OF_LAYERS,
        };
        walk.version(place, &reference.version, None, 0)
    }
}

fn connect(options: &RegistryOptions, history: &History) -> Result<Client> {
    let source = options.roots.as_ref().unwrap_or(&Source::Mozilla);
    let transport = Transport::new(&source.policy(history)?, options.insecure_http.clone());
    Ok(Client::new(transport, Credentials::load()?))
}

/// The way through one reference.
struct Walk<'w, 'h> {
    client: &'w mut Client,
    repository: Repository<'w>,
    choice: &'w PlatformChoice,
    scan: &'w mut Scan<'h>,
    scanned: &'w mut Vec<ScannedImage>,
    /// The manifests that have been scanned.
    seen: HashSet<Digest>,
    /// The layers that have been scanned, with their names: several images may have the same one.
    layers: HashMap<Digest, Vec<String>>,
    /// The bytes of layers that may still be asked for.
    left: u64,
}

/// An index may name indexes.
const DEPTH: usize = 3;

/// As much as may come out of one file that is packed.
const MOST_OF_LAYERS: u64 = 64 << 30;

/// A config has the history of an image, and its environment.
const MOST_OF_CONFIG: u64 = 8 << 20;

impl Walk<'_, '_> {
    /// An error is that of the place.
    fn version(
        &mut self,
        place: &Location,
        version: &Version,
        platform: Option<&Platform>,
        depth: usize,
    ) -> Result<()> {
        let (json, digest) = self.client.manifest(self.repository, version)?;
        if !self.seen.insert(digest.clone()) {
            return Ok(());
        }
        // Annotations can have anything.
        let name = place.entry(digest.to_string().as_bytes());
        self.scan.blob(&name, &mut Cursor::new(&json));
        match Document::parse(&json)? {
            Document::Index(_) if depth >= DEPTH => {
                Err(format!("more than {DEPTH} indexes in indexes").into())
            }
            Document::Index(images) => self.index(place, &images, depth),
            Document::Image(manifest) => self.image(place, &digest, &manifest, platform),
        }
    }

    fn index(&mut self, place: &Location, images: &[Descriptor], depth: usize) -> Result<()> {
        let wanted = match self.choice {
            PlatformChoice::All => {
                for image in images {
                    let name = image.platform.as_ref().map(Platform::to_string);
                    let name = name.unwrap_or_else(|| image.digest.clone());
                    let place = place.entry(name.as_bytes());
                    if let Err(why) = self.described(&place, image, depth) {
                        self.scan.failed(&place, &why);
                    }
                }
                return Ok(());
            }
            PlatformChoice::Default => Platform::of_this_machine(),
            PlatformChoice::One(text) => Platform::parse(text).ok_or("is not a platform")?,
        };
        // One image that says no platform leaves no choice.
        let image = match images {
            [image] if image.platform.is_none() => Some(image),
            images => Descriptor::best(&wanted, images),
        };
        let image = image.ok_or_else(|| {
            let platforms = images.iter().filter_map(|image| image.platform.as_ref());
            let platforms: Vec<String> = platforms.map(Platform::to_string).collect();
            format!(
                "has no image for {wanted}, but for: {}",
                platforms.join(", ")
            )
        })?;
        self.described(place, image, depth)
    }

    fn described(&mut self, place: &Location, image: &Descriptor, depth: usize) -> Result<()> {
        let version = Version::Digest(image.digest()?);
        self.version(place, &version, image.platform.as_ref(), depth + 1)
    }

    fn image(
        &mut self,
        place: &Location,
        digest: &Digest,
        manifest: &Manifest,
        platform: Option<&Platform>,
    ) -> Result<()> {
        let own = self.config(place, &manifest.config);
        let platform = platform.or(own.as_ref()).map(Platform::to_string);
        self.scanned.push(ScannedImage {
            digest: digest.to_string(),
            platform,
        });
        if let (PlatformChoice::One(wanted), Some(own)) = (self.choice, own) {
            let is_wanted = Platform::parse(wanted).is_some_and(|wanted| wanted.is(&own));
            if !is_wanted {
                return Err(format!("has no image for {wanted}, but one for {own}").into());
            }
        }
        let mut layers = Vec::new();
        for layer in &manifest.layers {
            let place = place.entry(layer.digest.as_bytes());
            // Where it is in the report, which may be below another platform.
            let first = layer
                .digest()
                .ok()
                .and_then(|digest| self.layers.get(&digest));
            layers.push(first.unwrap_or(&place.path).clone());
            if let Err(why) = self.layer(&place, layer) {
                self.scan.failed(&place, &why);
            }
        }
        self.scan.image_of_layers(layers);
        Ok(())
    }

    /// Scans the config, and returns the platform that it says.
    fn config(&mut self, place: &Location, config: &Descriptor) -> Option<Platform> {
        let place = place.entry(config.digest.as_bytes());
        match self.read_config(config) {
            Ok(json) => {
                self.scan.blob(&place, &mut Cursor::new(&json));
                // That of an artifact says none, and is no JSON perhaps.
                Platform::deserialize(&mut serde_json::Deserializer::from_slice(&json)).ok()
            }
            Err(why) => {
                self.scan.failed(&place, &why);
                None
            }
        }
    }

    fn read_config(&mut self, config: &Descriptor) -> Result<Vec<u8>> {
        let size = config.size;
        if size > MOST_OF_CONFIG {
            return Err(format!("has more than {MOST_OF_CONFIG} bytes").into());
        }
        let mut blob = self.client.blob(self.repository, &config.digest()?, size)?;
        let mut json = Vec::new();
        blob.read_to_end(&mut json)?;
        blob.end()?;
        Ok(json)
    }

    fn layer(&mut self, place: &Location, layer: &Descriptor) -> Result<()> {
        let digest = layer.digest()?;
        if self.layers.contains_key(&digest) {
            return Ok(());
        }
        self.layers.insert(digest.clone(), place.path.clone());
        if layer.is_encrypted() {
            self.scan.unread(place, "an encrypted layer");
            return Ok(());
        }
        self.left = self
            .left
            .checked_sub(layer.size)
            .ok_or_else(|| format!("the layers have more than {MOST_OF_LAYERS} bytes"))?;
        // Who says which layers the image has says it by their digests.
        let sha256 = digest.sha256();
        if sha256.is_some_and(|sha256| self.scan.is_known_layer(place, sha256)) {
            return Ok(());
        }
        let blob = self.client.blob(self.repository, &digest, layer.size);
        let blob = match blob {
            // As a rule, it has none of them.
            Err(why) if layer.urls.as_ref().is_some_and(|urls| !urls.is_empty()) => {
                let form = format!("a layer that is not in the registry, which says: {why}");
                self.scan.unread(place, &form);
                return Ok(());
            }
            blob => blob?,
        };
        self.scan
            .layer_of_registry(place, blob, sha256, DigestReader::end)
    }
}
