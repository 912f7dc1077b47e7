//! Certificates of any form, also of those that no CA would issue.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use embedded_roots_bundle::der::encode;
use rustls_pki_types::UnixTime;

use crate::der::{
    bit_string, boolean, constructed, integer, named_bits, octet_string, oid, primitive, sequence,
    set, time,
};
use crate::key::{Key, Kind, Scheme};

pub(crate) const HOST: &str = "server.example.com";

/// Makes certificates with keys that are in a folder.
pub(crate) struct Maker {
    folder: PathBuf,
    keys: RefCell<BTreeMap<String, Rc<Key>>>,
    serial: Cell<u32>,
    now: u64,
}

impl Maker {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            keys: RefCell::default(),
            serial: Cell::new(0),
            now: UnixTime::now().as_secs(),
        }
    }

    pub(crate) fn key(&self, name: &str, kind: Kind) -> Rc<Key> {
        let mut keys = self.keys.borrow_mut();
        let key = keys.entry(name.to_owned());
        key.or_insert_with(|| Rc::new(Key::new(&self.folder, name, kind)))
            .clone()
    }

    /// The key of all servers.
    pub(crate) fn server_key(&self) -> Rc<Key> {
        self.key("server", Kind::P256)
    }

    /// A time that is so many days from now.
    pub(crate) fn day(&self, days: i64) -> Vec<u8> {
        let seconds = self.now.saturating_add_signed(days * 86_400);
        time(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }

    /// The certificate of a server that has signed itself.
    pub(crate) fn own_certificate(&self, extensions: &[Extension]) -> Vec<u8> {
        let key = self.server_key();
        let name = common_name(HOST);
        let body = Body {
            serial: self.serial(),
            issuer: &name,
            subject: &name,
            validity: [self.day(-9), self.day(60)],
            key: &key,
            extensions: Some(extensions),
        };
        body.signed(&key, key.scheme(), false)
    }

    fn serial(&self) -> Vec<u8> {
        self.serial.set(self.serial.get() + 1);
        // Ten octets of which the first is positive.
        [&[0x5a; 6][..], &self.serial.get().to_be_bytes()].concat()
    }
}

/// A CA: a plain root that is changed step by step.
#[derive(Clone)]
pub(crate) struct Authority<'a> {
    maker: &'a Maker,
    pub(crate) key: Rc<Key>,
    pub(crate) name: Vec<u8>,
    issuer: Option<Box<Self>>,
    days: (i64, i64),
    end: Option<Vec<u8>>,
    version_1: bool,
    serial: Option<Vec<u8>>,
    own_scheme: Option<Scheme>,
    damaged: bool,
    extensions: Vec<Extension>,
    server_names: Vec<Vec<u8>>,
    names_its_key: bool,
}

impl<'a> Authority<'a> {
    /// A root whose name and key have this name.
    pub(crate) fn new(maker: &'a Maker, name: &str, kind: Kind) -> Self {
        let key = maker.key(name, kind);
        Self {
            maker,
            name: common_name(&format!("Example Root {name}")),
            issuer: None,
            days: (-5 * 365, 10 * 365),
            end: None,
            version_1: false,
            serial: None,
            own_scheme: None,
            damaged: false,
            extensions: authority_extensions(&key),
            server_names: vec![primitive(2, HOST.as_bytes())],
            names_its_key: true,
            key,
        }
    }

    pub(crate) fn maker(&self) -> &'a Maker {
        self.maker
    }

    /// An issuing CA below this one.
    pub(crate) fn issuing(&self, name: &str) -> Self {
        let mut below = Self::new(self.maker, &format!("{name}-issuing"), Kind::P256);
        below.extensions.push(authority_key_identifier(&self.key));
        below.days = (-365, 3 * 365);
        below.issuer = Some(Box::new(self.clone()));
        below
    }

    /// A CA of the same name with another key.
    pub(crate) fn other_key(&self, name: &str) -> Self {
        let key = self.maker.key(&format!("{name}-other"), Kind::P256);
        Self {
            extensions: authority_extensions(&key),
            key,
            ..self.clone()
        }
    }

    pub(crate) fn named(self, name: Vec<u8>) -> Self {
        Self { name, ..self }
    }

    /// Valid from then, in days.
    pub(crate) fn from(mut self, day: i64) -> Self {
        self.days.0 = day;
        self
    }

    /// Valid until then, in days.
    pub(crate) fn until(mut self, day: i64) -> Self {
        self.days.1 = day;
        self
    }

    /// Without an end, as RFC 5280, section 4.1.2.5, writes it.
    pub(crate) fn for_ever(mut self) -> Self {
        let end = UnixTime::since_unix_epoch(Duration::from_secs(253_402_300_799));
        self.end = Some(time(end));
        self
    }

    pub(crate) fn version_1(mut self) -> Self {
        self.version_1 = true;
        self.extensions.clear();
        self
    }

    /// With a serial number of these octets.
    pub(crate) fn serial(mut self, octets: &[u8]) -> Self {
        self.serial = Some(octets.to_vec());
        self
    }

    /// Signs itself with this algorithm, and others with that of its key.
    pub(crate) fn signed(mut self, scheme: Scheme) -> Self {
        self.own_scheme = Some(scheme);
        self
    }

    /// Whose own signature is not valid.
    pub(crate) fn damaged(mut self) -> Self {
        self.damaged = true;
        self
    }

    /// With an extension, in place of one that is there.
    pub(crate) fn with(self, extension: Extension) -> Self {
        let mut with = self.without(extension.oid);
        with.extensions.push(extension);
        with
    }

    pub(crate) fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|extension| extension.oid != oid);
        self
    }

    /// The certificates that it issues do not name its key.
    pub(crate) fn silent_of_its_key(mut self) -> Self {
        self.names_its_key = false;
        self
    }

    /// The server below it has an address and no name.
    pub(crate) fn for_address(mut self, address: IpAddr) -> Self {
        self.server_names = vec![primitive(7, &octets_of(address))];
        self
    }

    /// Its certificate, DER.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        let issuer = self.issuer.as_deref().unwrap_or(self);
        let scheme = self.own_scheme.unwrap_or_else(|| issuer.key.scheme());
        let (serial, end) = (self.serial.clone(), self.end.clone());
        let end = end.unwrap_or_else(|| self.maker.day(self.days.1));
        let body = Body {
            serial: serial.unwrap_or_else(|| self.maker.serial()),
            issuer: &issuer.name,
            subject: &self.name,
            validity: [self.maker.day(self.days.0), end],
            key: &self.key,
            extensions: (!self.version_1).then_some(&*self.extensions),
        };
        body.signed(&issuer.key, scheme, self.damaged)
    }

    /// The certificate of a server that it issues, DER.
    pub(crate) fn server(&self) -> Vec<u8> {
        let key = self.maker.server_key();
        let mut extensions = vec![
            basic_constraints(false),
            key_usage(DIGITAL_SIGNATURE),
            extended_key_usage(SERVER_AUTH),
            subject_key_identifier(&key),
            subject_alternative_names(self.server_names.clone()),
        ];
        if self.names_its_key {
            extensions.push(authority_key_identifier(&self.key));
        }
        let body = Body {
            serial: self.maker.serial(),
            issuer: &self.name,
            subject: &common_name(HOST),
            validity: [self.maker.day(-2), self.maker.day(60)],
            key: &key,
            extensions: Some(&extensions),
        };
        body.signed(&self.key, self.key.scheme(), false)
    }

    /// An empty revocation list, DER.
    pub(crate) fn revocation_list(&self) -> Vec<u8> {
        let scheme = self.key.scheme();
        let number = Extension::new("2.5.29.20", &integer(&[1]));
        let body = sequence([
            integer(&[1]),
            scheme.algorithm(),
            self.name.clone(),
            self.maker.day(-1),
            self.maker.day(30),
            constructed(0, [sequence([number.encoded()])]),
        ]);
        signed(&body, &self.key, scheme, false)
    }
}

/// What a certificate says.
struct Body<'a> {
    serial: Vec<u8>,
    issuer: &'a [u8],
    subject: &'a [u8],
    validity: [Vec<u8>; 2],
    key: &'a Key,
    /// Without them, it is of version 1.
    extensions: Option<&'a [Extension]>,
}

impl Body<'_> {
    fn signed(self, key: &Key, scheme: Scheme, damaged: bool) -> Vec<u8> {
        let mut parts = vec![
            integer(&self.serial),
            scheme.algorithm(),
            self.issuer.to_vec(),
            sequence(self.validity),
            self.subject.to_vec(),
            self.key.public.clone(),
        ];
        if let Some(extensions) = self.extensions {
            parts.insert(0, constructed(0, [integer(&[2])]));
            let extensions = extensions.iter().map(Extension::encoded);
            parts.push(constructed(3, [sequence(extensions)]));
        }
        signed(&sequence(parts), key, scheme, damaged)
    }
}

/// What is to be signed, with its signature.
fn signed(body: &[u8], key: &Key, scheme: Scheme, damaged: bool) -> Vec<u8> {
    let mut signature = key.sign(body, scheme);
    if damaged {
        *signature.last_mut().unwrap() ^= 1;
    }
    sequence([body.to_vec(), scheme.algorithm(), bit_string(&signature)])
}

#[derive(Clone)]
pub(crate) struct Extension {
    oid: &'static str,
    critical: bool,
    value: Vec<u8>,
}

impl Extension {
    /// An extension that is not critical.
    pub(crate) fn new(oid: &'static str, value: &[u8]) -> Self {
        Self {
            oid,
            critical: false,
            value: value.to_vec(),
        }
    }

    pub(crate) fn critical(mut self, critical: bool) -> Self {
        self.critical = critical;
        self
    }

    fn encoded(&self) -> Vec<u8> {
        let critical = self.critical.then(|| boolean(true));
        let parts = [oid(self.oid)].into_iter().chain(critical);
        sequence(parts.chain([octet_string(&self.value)]))
    }
}

fn authority_extensions(key: &Key) -> Vec<Extension> {
    vec![
        basic_constraints(true),
        key_usage(CERT_SIGN | CRL_SIGN),
        subject_key_identifier(key),
    ]
}

pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
/// What no program knows: below a number for private use.
pub(crate) const UNKNOWN: &str = "1.3.6.1.4.1.99999.1";

pub(crate) const DIGITAL_SIGNATURE: u8 = 0b1000_0000;
pub(crate) const CERT_SIGN: u8 = 0b0000_0100;
pub(crate) const CRL_SIGN: u8 = 0b0000_0010;

pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const ANY_USAGE: &str = "2.5.29.37.0";

/// Critical.
pub(crate) fn basic_constraints(ca: bool) -> Extension {
    let ca = ca.then(|| boolean(true));
    Extension::new(BASIC_CONSTRAINTS, &sequence(ca)).critical(true)
}

/// Critical, of a CA that issues no other CA.
pub(crate) fn path_length_0() -> Extension {
    let value = sequence([boolean(true), integer(&[0])]);
    Extension::new(BASIC_CONSTRAINTS, &value).critical(true)
}

/// Critical.
pub(crate) fn key_usage(bits: u8) -> Extension {
    Extension::new(KEY_USAGE, &named_bits(bits)).critical(true)
}

pub(crate) fn extended_key_usage(usage: &str) -> Extension {
    Extension::new("2.5.29.37", &sequence([oid(usage)]))
}

pub(crate) fn subject_key_identifier(key: &Key) -> Extension {
    Extension::new(SUBJECT_KEY_IDENTIFIER, &octet_string(&key.identifier()))
}

pub(crate) fn authority_key_identifier(key: &Key) -> Extension {
    other_authority_key_identifier(&key.identifier())
}

pub(crate) fn other_authority_key_identifier(identifier: &[u8]) -> Extension {
    Extension::new("2.5.29.35", &sequence([primitive(0, identifier)]))
}

pub(crate) fn subject_alternative_names(names: Vec<Vec<u8>>) -> Extension {
    Extension::new("2.5.29.17", &sequence(names))
}

/// Critical name constraints.
pub(crate) fn constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Extension {
    let list = |number, names: &[Vec<u8>]| {
        let subtrees = names.iter().map(|name| sequence([name.clone()]));
        (!names.is_empty()).then(|| constructed(number, subtrees))
    };
    let lists = [list(0, permitted), list(1, excluded)];
    let value = sequence(lists.into_iter().flatten());
    Extension::new("2.5.29.30", &value).critical(true)
}

/// A DNS name in name constraints.
pub(crate) fn dns(name: &str) -> Vec<u8> {
    primitive(2, name.as_bytes())
}

/// All addresses of a family, in name constraints.
pub(crate) fn all_addresses(unspecified: IpAddr) -> Vec<u8> {
    let address = octets_of(unspecified);
    primitive(7, &[address.clone(), address].concat())
}

/// A directory name in name constraints.
pub(crate) fn directory(name: Vec<u8>) -> Vec<u8> {
    constructed(4, [name])
}

fn octets_of(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// A name of our organization with this common name.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name_in(UTF8_STRING, text.as_bytes())
}

/// Like [`common_name`], with this encoding of all but the country.
pub(crate) fn name_in(tag: u8, common_name: &[u8]) -> Vec<u8> {
    let organization = match tag {
        BMP_STRING => bmp(ORGANIZATION),
        _ => ORGANIZATION.as_bytes().to_vec(),
    };
    name(&[
        (COUNTRY, PRINTABLE_STRING, b"XX"),
        (ORGANIZATION_NAME, tag, &organization),
        (COMMON_NAME, tag, common_name),
    ])
}

/// A name of these attributes: their type, the tag of the string, and its content.
pub(crate) fn name(attributes: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let attributes = attributes.iter();
    sequence(attributes.map(|(kind, tag, text)| set(sequence([oid(kind), encode(*tag, text)]))))
}

/// The content of a `BMPString`.
pub(crate) fn bmp(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

pub(crate) const ORGANIZATION: &str = "Example Trust";
pub(crate) const COMMON_NAME: &str = "2.5.4.3";
pub(crate) const COUNTRY: &str = "2.5.4.6";
pub(crate) const ORGANIZATION_NAME: &str = "2.5.4.10";
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const BMP_STRING: u8 = 0x1e;
