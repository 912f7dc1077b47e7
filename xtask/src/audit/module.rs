//! NSS' module of roots, `libnssckbi.so`, read over PKCS #11.

use std::error::Error;
use std::ffi::c_ulong;
use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType};

use super::server_roots::{Class, NSS, Object};

/// The certificates of the module, and what they are trusted for.
///
/// Runs the code of the module. Fails at a class of objects that it does not know.
pub(super) fn objects(module: &Path) -> Result<Vec<Object>, Box<dyn Error>> {
    let module = Pkcs11::new(module)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let slots = module.get_slots_with_token()?;
    let [slot] = slots[..] else {
        return Err(format!("expected one token, found {}", slots.len()).into());
    };
    let session = module.open_ro_session(slot)?;
    let mut objects = Vec::new();
    for (class, number) in [
        (Class::Certificate, CKO_CERTIFICATE),
        (Class::Trust, CKO_NSS_TRUST),
    ] {
        for handle in session.find_objects(&[of_class(number)])? {
            let attributes = session.get_attributes(handle, &ATTRIBUTES)?;
            objects.push(object(class, attributes));
        }
    }
    let lists = session.find_objects(&[of_class(CKO_NSS_BUILTIN_ROOT_LIST)])?;
    let (all, known) = (
        session.find_objects(&[])?.len(),
        objects.len() + lists.len(),
    );
    if all != known {
        return Err(format!("{all} objects, of which {known} have a known class").into());
    }
    Ok(objects)
}

/// What objects of this class have. cryptoki has a name for the attribute, but none for the classes of
/// NSS, so this gives it both as numbers.
fn of_class(class: c_ulong) -> Attribute {
    let value = class.to_ne_bytes().to_vec();
    Attribute::VendorDefined((AttributeType::VendorDefined(CKA_CLASS), value))
}

fn object(class: Class, attributes: Vec<Attribute>) -> Object {
    let mut object = Object::new(class);
    for attribute in attributes {
        match attribute {
            Attribute::Label(octets) => object.label = label(&octets),
            Attribute::Issuer(octets) => object.issuer = Some(octets),
            Attribute::SerialNumber(octets) => object.serial = Some(octets),
            Attribute::Value(octets) => object.value = Some(octets),
            Attribute::VendorDefined((DISTRUST_AFTER, octets)) => {
                object.distrust_after = Some(octets);
            }
            Attribute::VendorDefined((TRUST_SERVER_AUTH, octets)) => {
                object.server_trust = Some(octets);
            }
            // Only these were asked for.
            _ => {}
        }
    }
    object
}

/// The text ends with a zero byte.
fn label(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    text.trim_end_matches('\0').to_owned()
}

const ATTRIBUTES: [AttributeType; 6] = [
    AttributeType::Label,
    AttributeType::Issuer,
    AttributeType::SerialNumber,
    AttributeType::Value,
    DISTRUST_AFTER,
    TRUST_SERVER_AUTH,
];
/// `CKA_NSS_SERVER_DISTRUST_AFTER`
const DISTRUST_AFTER: AttributeType = AttributeType::VendorDefined(NSS + 35);
/// `CKA_TRUST_SERVER_AUTH`
const TRUST_SERVER_AUTH: AttributeType = AttributeType::VendorDefined(NSS + 0x2008);

const CKA_CLASS: c_ulong = 0;
const CKO_CERTIFICATE: c_ulong = 1;
const CKO_NSS_TRUST: c_ulong = NSS + 3;
const CKO_NSS_BUILTIN_ROOT_LIST: c_ulong = NSS + 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_an_object() {
        let vendor = |kind, octet| {
            Attribute::VendorDefined((AttributeType::VendorDefined(kind), vec![octet]))
        };
        let attributes = vec![
            Attribute::Label(b"Root \xc3\xa9\0".to_vec()),
            Attribute::Issuer(vec![1]),
            Attribute::SerialNumber(vec![2]),
            Attribute::Value(vec![3]),
            vendor(0xce53_4373, 4),
            vendor(0xce53_6358, 5),
        ];
        let expected = Object {
            class: Class::Trust,
            label: "Root \u{e9}".to_owned(),
            issuer: Some(vec![1]),
            serial: Some(vec![2]),
            value: Some(vec![3]),
            distrust_after: Some(vec![4]),
            server_trust: Some(vec![5]),
        };
        assert_eq!(object(Class::Trust, attributes), expected);
        let empty = object(Class::Certificate, Vec::new());
        assert_eq!(empty, Object::new(Class::Certificate));
    }
}
