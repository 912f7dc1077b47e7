//! Images of a Java runtime's modules, as `jlink` writes them: `lib/modules`.

use std::io::{self, Read};

use super::bytes::{array_at, big_endian, read_up_to};
use super::limits::Counter;

/// The index, with which an image begins.
pub(crate) struct Index {
    order: Order,
    bytes: Vec<u8>,
    /// Where its attributes and its names begin.
    attributes: usize,
    names: usize,
    /// By their place, each place once.
    pub(crate) resources: Vec<Resource>,
}

pub(crate) struct Resource {
    /// From the end of the index.
    pub(crate) start: u64,
    /// As it is kept.
    pub(crate) size: u64,
    is_compressed: bool,
    /// Where its attributes are.
    attributes: usize,
}

/// Whether a file that begins like this is an image.
pub(crate) fn is_image(head: &[u8]) -> bool {
    order(head).is_some() && head.get(4..8).is_some_and(|version| version != [0; 4])
}

/// How octets become a number, which is as on the machine for which an image is.
type Order = fn([u8; 4]) -> u32;

/// What is before a resource that is compressed.
pub(crate) const PACKED_HEADER: u64 = 29;
const HEADER: usize = 28;
const MAGIC: u32 = 0xcafe_dada;
const PACKED_MAGIC: u32 = 0xcafe_fafa;
/// The attributes of a resource: the kind is in five bits of the first octet.
const MODULE: u8 = 1;
const PARENT: u8 = 2;
const BASE: u8 = 3;
const EXTENSION: u8 = 4;
const OFFSET: u8 = 5;
const COMPRESSED: u8 = 6;
const UNCOMPRESSED: u8 = 7;

/// That of an image which begins like this; none if it is no image.
fn order(head: &[u8]) -> Option<Order> {
    let orders: [Order; 2] = [u32::from_le_bytes, u32::from_be_bytes];
    let magic = array_at(head, 0)?;
    orders.into_iter().find(|order| order(magic) == MAGIC)
}

impl Index {
    /// As long as it finds `memory`, which whoever takes the index gives back.
    ///
    /// # Errors
    ///
    /// If it is damaged, or longer than that.
    pub(crate) fn read(reader: &mut dyn Read, memory: &Counter) -> io::Result<Self> {
        let mut bytes = read_up_to(reader, HEADER as u64)?;
        let order = order(&bytes).ok_or_else(damaged)?;
        let number = |at| array_at(&bytes, at).map(order).ok_or_else(damaged);
        let (count, attributes, names) = (number(16)?, number(20)?, number(24)?);
        // A table of hashes and one of places, of four octets each.
        let tables = 8 * u64::from(count);
        let rest = tables + u64::from(attributes) + u64::from(names);
        let of_resources = u64::from(count) * size_of::<Resource>() as u64;
        if !memory.take(rest + of_resources) {
            return Err(io::Error::other("its index is too large"));
        }
        if reader.take(rest).read_to_end(&mut bytes)? as u64 != rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let places = HEADER + size(count) * 4;
        let mut index = Self {
            order,
            bytes,
            attributes: places + size(count) * 4,
            names: places + size(count) * 4 + size(attributes),
            resources: Vec::new(),
        };
        for nth in 0..size(count) {
            let attributes = array_at(&index.bytes, places + 4 * nth).map(order);
            let resource = index.resource(size(attributes.ok_or_else(damaged)?));
            index
                .resources
                .extend(resource.filter(|resource| resource.size > 0));
        }
        index
            .resources
            .sort_by_key(|resource| (resource.start, resource.size));
        index
            .resources
            .dedup_by_key(|resource| (resource.start, resource.size));
        Ok(index)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.resources.iter().any(|resource| resource.is_compressed)
    }

    /// `/java.base/java/lang/Object.class`, without the first of these.
    pub(crate) fn name(&self, resource: &Resource) -> Vec<u8> {
        let part = |kind| {
            let at = self.attribute(resource.attributes, kind)?;
            Some(self.text(usize::try_from(at).ok()?)).filter(|part| !part.is_empty())
        };
        let parents = [part(MODULE), part(PARENT), part(BASE)];
        let parents: Vec<&[u8]> = parents.into_iter().flatten().collect();
        let mut name = parents.join(&b'/');
        if let Some(extension) = part(EXTENSION) {
            name.push(b'.');
            name.extend_from_slice(extension);
        }
        name
    }

    /// How a resource that begins like this is packed, by name; none if it is not, or no longer.
    pub(crate) fn packing(&self, head: &[u8]) -> Option<&[u8]> {
        let number = |at| array_at(head, at).map(self.order);
        let is_packed = head.len() as u64 == PACKED_HEADER && number(0) == Some(PACKED_MAGIC);
        is_packed.then(|| self.text(number(20).map_or(0, size)))
    }

    fn resource(&self, place: usize) -> Option<Resource> {
        let attributes = self.attributes.checked_add(place)?;
        let value = |kind| self.attribute(attributes, kind).unwrap_or_default();
        let compressed = value(COMPRESSED);
        let is_compressed = compressed > 0;
        Some(Resource {
            start: value(OFFSET),
            size: if is_compressed {
                compressed
            } else {
                value(UNCOMPRESSED)
            },
            is_compressed,
            attributes,
        })
    }

    /// One of the attributes that begin here.
    fn attribute(&self, mut at: usize, wanted: u8) -> Option<u64> {
        // Each kind once, and the end.
        for _ in 0..8 {
            let first = self.bytes.get(at)?;
            let (kind, length) = (first >> 3, usize::from(first & 7) + 1);
            let value = self.bytes.get(at + 1..)?.get(..length)?;
            if kind == 0 {
                return None;
            }
            if kind == wanted {
                return Some(big_endian(value));
            }
            at += 1 + length;
        }
        None
    }

    /// The name at this place, up to the NUL, and no longer than a path.
    fn text(&self, place: usize) -> &[u8] {
        let start = self.names.saturating_add(place);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let rest = rest.get(..4096).unwrap_or(rest);
        let end = rest.iter().position(|byte| *byte == 0);
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }
}

fn damaged() -> io::Error {
    io::Error::other("the index of this image is damaged")
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
