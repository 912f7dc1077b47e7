//! Keys as bare numbers, in files.

use super::contents::Form;
use super::limits::Counter;
use super::material::number;
use super::search::Search;
use crate::history::{History, HistoryEntry};
use crate::root::InspectedRoot;

fn content(known: &HistoryEntry) -> Vec<u8> {
    let root = InspectedRoot::from_der(known.der.clone()).unwrap().root;
    root.trust_anchor().subject_public_key_info.to_vec()
}

#[test]
fn bare_keys_are_found_wherever_they_are() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    for (nth, known) in history.all().iter().enumerate() {
        let content = content(known);
        let (big, _) = number(&content).unwrap();
        let little: Vec<u8> = big.iter().rev().copied().collect();
        let text = |byte: &u8| format!("0x{byte:02x}, ").into_bytes();
        let begin = b"static const unsigned char TA0_DN[] = { 0x06, 0x03, 0x55, 0x04, 0x06, };\n\
            static const unsigned char TA0_RSA_N[] = {\n";
        let source = [&begin[..], &big.iter().flat_map(text).collect::<Vec<u8>>()].concat();
        for (form, number) in [
            ("big-endian", big),
            ("little-endian", &little),
            ("C", &source),
        ] {
            let mut data = vec![b'.'; nth];
            data.extend_from_slice(number);
            data.push(0);
            let (found, _) = search.read(&mut &*data, &Counter::new(u64::MAX));
            let root = found.roots.values().next();
            let root = root.unwrap_or_else(|| panic!("{form} {nth} {}", known.certificate));
            assert_eq!(root.forms.iter().collect::<Vec<_>>(), [&Form::Key]);
            assert_eq!(
                root.root.certificate.spki_sha256(),
                known.certificate.spki_sha256()
            );
            if form == "C" {
                continue;
            }
            // Without one byte, it is another number.
            data.remove(nth + number.len() / 2);
            let (found, _) = search.read(&mut &*data, &Counter::new(u64::MAX));
            assert!(found.roots.is_empty(), "{}", known.certificate);
        }
    }
}

#[test]
fn the_exponent_is_a_part_of_a_key() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    let mut rsa = history.all().iter().map(content);
    let rsa = rsa
        .find(|content| content.ends_with(&[2, 3, 1, 0, 1]))
        .unwrap();
    let (modulus, _) = number(&rsa).unwrap();
    for (exponent, count) in [
        (&[2, 3, 1, 0, 1][..], 1),
        (&[2, 3, 1, 0, 3], 0),
        (&[0, 3], 1),
    ] {
        let data = [modulus, exponent].concat();
        let (found, _) = search.read(&mut &*data, &Counter::new(u64::MAX));
        assert_eq!(found.roots.len(), count, "{exponent:?}");
    }
}
