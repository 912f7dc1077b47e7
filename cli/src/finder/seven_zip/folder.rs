//! What is unpacked as one, by one coder or several.

use std::cell::RefCell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use deflate64::Deflate64Decoder;
use flate2::read::DeflateDecoder;
use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::bcj2::Bcj2Reader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader};

use super::fields::{Fields, damaged};
use crate::finder::limits::{BZIP2_MEMORY, Counter, LZMA_MEMORY};
use crate::finder::{xz, zstd};

/// Coders, and how they hang together.
pub(crate) struct Folder {
    coders: Vec<Coder>,
    /// Which input has which output.
    bonds: Vec<(usize, usize)>,
    /// The inputs that are packed streams, and where those are.
    inputs: Vec<usize>,
    pub(super) packed: Vec<(u64, u64)>,
    /// The sizes of the outputs.
    pub(super) sizes: Vec<u64>,
    pub(super) crc: Option<u32>,
    /// How many files are left, and how many bytes.
    pub(super) count: u64,
    pub(super) left: u64,
    pub(super) is_one: bool,
}

struct Coder {
    method: Method,
    properties: Vec<u8>,
    inputs: usize,
}

#[derive(Clone, Copy)]
enum Method {
    Copy,
    Lzma,
    Lzma2,
    Delta,
    Bcj2,
    /// The jumps in programs are packed better.
    X86,
    PowerPc,
    Ia64,
    Arm,
    ArmThumb,
    Arm64,
    Sparc,
    RiscV,
    Deflate,
    Deflate64,
    Bzip2,
    Zstd,
    /// With what it is called.
    Other(&'static str),
}

impl Method {
    fn from_id(id: &[u8]) -> Self {
        match id {
            [0] => Self::Copy,
            [3, 1, 1] => Self::Lzma,
            [0x21] => Self::Lzma2,
            [3] => Self::Delta,
            [4] | [3, 3, 1, 3] => Self::X86,
            [5] | [3, 3, 2, 5] => Self::PowerPc,
            [6] | [3, 3, 4, 1] => Self::Ia64,
            [7] | [3, 3, 5, 1] => Self::Arm,
            [8] | [3, 3, 7, 1] => Self::ArmThumb,
            [9] | [3, 3, 8, 5] => Self::Sparc,
            [10] => Self::Arm64,
            [11] => Self::RiscV,
            [3, 3, 1, 0x1b] => Self::Bcj2,
            [4, 1, 8] => Self::Deflate,
            [4, 1, 9] => Self::Deflate64,
            [4, 2, 2] => Self::Bzip2,
            [4, 0xf7, 0x11, 1] => Self::Zstd,
            [3, 4, 1] => Self::Other("PPMd"),
            [6, 0xf1, 7, 1] => Self::Other("encryption"),
            _ => Self::Other("another method"),
        }
    }

    fn inputs(self) -> usize {
        match self {
            Self::Bcj2 => 4,
            _ => 1,
        }
    }
}

/// The most coders of a folder, and inputs of a coder, as for 7-Zip.
const MOST: u64 = 32;

impl Folder {
    pub(super) fn read(fields: &mut Fields<'_>) -> io::Result<Self> {
        let few = |number: u64| {
            let number = Some(number).filter(|number| *number <= MOST);
            let number = number.and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(damaged)
        };
        let count = few(fields.number()?)?;
        if count == 0 {
            return Err(damaged());
        }
        let mut coders = Vec::new();
        for _ in 0..count {
            let flags = fields.byte()?;
            let id = fields.take(usize::from(flags & 0xf))?;
            let mut method = Method::from_id(id);
            let mut inputs = 1;
            if flags & 0x10 != 0 {
                inputs = few(fields.number()?)?;
                // No coder has several outputs today.
                fields.expect(1)?;
            }
            let properties = if flags & 0x20 == 0 {
                &[]
            } else {
                let length = usize::try_from(fields.number()?).map_err(|_| damaged())?;
                fields.take(length)?
            };
            if inputs != method.inputs() {
                method = Method::Other("another method");
            }
            coders.push(Coder {
                method,
                // The longest are those of LZMA.
                properties: properties.iter().copied().take(5).collect(),
                inputs,
            });
        }
        let inputs: usize = coders.iter().map(|coder| coder.inputs).sum();
        let mut bonds = Vec::new();
        for _ in 1..coders.len() {
            bonds.push((few(fields.number()?)?, few(fields.number()?)?));
        }
        let packed = inputs.checked_sub(bonds.len()).ok_or_else(damaged)?;
        let is_bound = |input: usize| bonds.iter().any(|bond| bond.0 == input);
        let inputs = if packed == 1 {
            (0..inputs).filter(|input| !is_bound(*input)).collect()
        } else {
            let inputs = (0..packed).map(|_| few(fields.number()?));
            inputs.collect::<io::Result<Vec<_>>>()?
        };
        Ok(Self {
            coders,
            bonds,
            inputs,
            packed: Vec::new(),
            sizes: Vec::new(),
            crc: None,
            count: 0,
            left: 0,
            is_one: false,
        })
    }

    pub(super) fn outputs(&self) -> u64 {
        self.coders.len() as u64
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The length of what comes out.
    pub(crate) fn size(&self) -> u64 {
        let size = self.last().and_then(|last| self.sizes.get(last));
        size.copied().unwrap_or(0)
    }

    /// The bytes that are packed.
    pub(crate) fn packed_size(&self) -> u64 {
        let sizes = self.packed.iter().map(|(_, size)| *size);
        sizes.fold(0, u64::saturating_add)
    }

    /// By what it is packed, if that is not read.
    pub(crate) fn other_method(&self) -> Option<&'static str> {
        self.coders.iter().find_map(|coder| match coder.method {
            Method::Other(name) => Some(name),
            _ => None,
        })
    }

    /// The bytes of memory that its coders need, except Zstandard.
    pub(crate) fn memory(&self) -> u64 {
        let coders = self.coders.iter().zip(&self.sizes);
        let memory = coders.map(|(coder, size)| match coder.method {
            Method::Lzma | Method::Lzma2 => LZMA_MEMORY + u64::from(coder.dictionary(*size)),
            Method::Bzip2 => BZIP2_MEMORY,
            _ => 0,
        });
        memory.sum()
    }

    /// The coder whose output is that of all.
    fn last(&self) -> Option<usize> {
        let is_bound = |output: usize| self.bonds.iter().any(|bond| bond.1 == output);
        (0..self.coders.len()).find(|output| !is_bound(*output))
    }
}

impl Coder {
    /// No more is kept than comes out.
    fn dictionary(&self, size: u64) -> u32 {
        let said = match (self.method, &self.properties[..]) {
            (Method::Lzma, [_, dictionary @ ..]) => {
                let dictionary = dictionary.first_chunk().copied();
                dictionary.map_or(u32::MAX, u32::from_le_bytes)
            }
            (_, [property, ..]) => {
                let said = xz::dictionary(*property).unwrap_or(u64::MAX);
                u32::try_from(said).unwrap_or(u32::MAX)
            }
            _ => u32::MAX,
        };
        said.min(u32::try_from(size).unwrap_or(u32::MAX))
    }
}

/// Unpacks a folder.
pub(crate) struct Decoder<F> {
    file: Rc<RefCell<F>>,
    memory: Counter,
}

impl<'f, F: Read + Seek + 'f> Decoder<F> {
    pub(crate) fn new(file: F, memory: Counter) -> Self {
        Self {
            file: Rc::new(RefCell::new(file)),
            memory,
        }
    }

    pub(crate) fn decode(&self, folder: &Folder) -> io::Result<Box<dyn Read + 'f>> {
        let mut is_used = vec![false; folder.coders.len()];
        let last = folder.last().ok_or_else(damaged)?;
        self.output(folder, last, &mut is_used)
    }

    /// What comes out of a coder: each is used once, so that this ends.
    fn output(
        &self,
        folder: &Folder,
        number: usize,
        is_used: &mut [bool],
    ) -> io::Result<Box<dyn Read + 'f>> {
        let used = is_used.get_mut(number).ok_or_else(damaged)?;
        if std::mem::replace(used, true) {
            return Err(damaged());
        }
        let coder = folder.coders.get(number).ok_or_else(damaged)?;
        let size = folder.sizes.get(number).copied().ok_or_else(damaged)?;
        let before = folder.coders.iter().take(number);
        let first: usize = before.map(|coder| coder.inputs).sum();
        let mut inputs = Vec::new();
        for input in first..first + coder.inputs {
            inputs.push(self.input(folder, input, is_used)?);
        }
        let property = coder.properties.first().copied();
        let property = || property.ok_or_else(damaged);
        if let Method::Bcj2 = coder.method {
            return Ok(Box::new(Bcj2Reader::new(inputs, size)));
        }
        let input = inputs.pop().ok_or_else(damaged)?;
        let dictionary = coder.dictionary(size);
        let decoder: Box<dyn Read + 'f> = match coder.method {
            Method::Copy => input,
            Method::Lzma => Box::new(LzmaReader::new_with_props(
                input,
                size,
                property()?,
                dictionary,
                None,
            )?),
            Method::Lzma2 => Box::new(Lzma2Reader::new(input, dictionary, None)),
            Method::Delta => Box::new(DeltaReader::new(input, usize::from(property()?) + 1)),
            Method::X86 => Box::new(BcjReader::new_x86(input, 0)),
            Method::PowerPc => Box::new(BcjReader::new_ppc(input, 0)),
            Method::Ia64 => Box::new(BcjReader::new_ia64(input, 0)),
            Method::Arm => Box::new(BcjReader::new_arm(input, 0)),
            Method::ArmThumb => Box::new(BcjReader::new_arm_thumb(input, 0)),
            Method::Arm64 => Box::new(BcjReader::new_arm64(input, 0)),
            Method::Sparc => Box::new(BcjReader::new_sparc(input, 0)),
            Method::RiscV => Box::new(BcjReader::new_riscv(input, 0)),
            Method::Deflate => Box::new(DeflateDecoder::new(input)),
            Method::Deflate64 => Box::new(Deflate64Decoder::new(input)),
            Method::Bzip2 => Box::new(MultiBzDecoder::new(input)),
            Method::Zstd => {
                let memory = self.memory.clone();
                Box::new(zstd::Frames::new(BufReader::new(input), memory))
            }
            Method::Bcj2 | Method::Other(_) => return Err(damaged()),
        };
        // It may have no end of its own.
        Ok(Box::new(decoder.take(size)))
    }

    fn input(
        &self,
        folder: &Folder,
        input: usize,
        is_used: &mut [bool],
    ) -> io::Result<Box<dyn Read + 'f>> {
        let mut bonds = folder.bonds.iter();
        if let Some((_, output)) = bonds.find(|bond| bond.0 == input) {
            return self.output(folder, *output, is_used);
        }
        let packed = folder.inputs.iter().position(|packed| *packed == input);
        let packed = packed.and_then(|packed| folder.packed.get(packed));
        let (place, left) = packed.copied().ok_or_else(damaged)?;
        let file = self.file.clone();
        // LZMA reads it byte by byte.
        Ok(Box::new(BufReader::new(PackedStream { file, place, left })))
    }
}

/// A part of a file from which others read at the same time.
struct PackedStream<F> {
    file: Rc<RefCell<F>>,
    place: u64,
    left: u64,
}

impl<F: Read + Seek> Read for PackedStream<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(self.place))?;
        let count = (&mut *file).take(self.left).read(buffer)?;
        self.place += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
