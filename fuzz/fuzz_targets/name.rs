//! A name that is shown stays on its line, and shows all that it has.

#![no_main]

use embedded_roots_bundle::DistinguishedName;
use embedded_roots_fuzz::certificate::{SEQUENCE, der};
use libfuzzer_sys::fuzz_target;
use unicode_bidi::{BidiClass, bidi_class};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

fuzz_target!(|data: &[u8]| {
    check(data);
    // Arbitrary bytes are seldom a name, so they are each kind of string in one, too.
    for tag in [UTF8, PRINTABLE, TELETEX, IA5, BMP] {
        let value = der(tag, &[data]);
        let attribute = der(SEQUENCE, &[&[6, 3, 0x55, 4, 3], &value]);
        check(&der(0x31, &[&attribute]));
    }
});

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const BMP: u8 = 0x1e;

fn check(content: &[u8]) {
    let name = DistinguishedName::new(content);
    assert_eq!(name.as_der(), content);
    let shown = name.to_string();
    for char in shown.chars() {
        let code = u32::from(char);
        assert!(!is_control(char), "control U+{code:04X} in {shown:?}");
        assert!(!is_invisible(char), "invisible U+{code:04X} in {shown:?}");
        assert!(!is_bidi(char), "bidi U+{code:04X} in {shown:?}");
    }
    // No `=` but those between a type and its value, so that no name reads as an annotation.
    let unescaped = shown.replace("\\\\", "").replace("\\=", "");
    for assigned in unescaped.split('=').rev().skip(1) {
        let key = assigned.rsplit([' ', '+']).next().unwrap_or_default();
        let is_type = |char: char| char.is_ascii_alphanumeric() || char == '.';
        assert!(key.chars().all(is_type), "{key:?} in {shown:?}");
    }
}

/// Controls, and what ends a line or a paragraph.
fn is_control(char: char) -> bool {
    let category = char.general_category();
    matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// What has no ink of its own: formats, blanks other than the space, marks that go on what is before
/// them, and what fonts leave out (`Default_Ignorable_Code_Point` of DerivedCoreProperties.txt).
fn is_invisible(char: char) -> bool {
    let category = char.general_category();
    let is_blank = category == GeneralCategory::SpaceSeparator && char != ' ';
    is_blank
        || matches!(
            category,
            GeneralCategory::Format
                | GeneralCategory::NonspacingMark
                | GeneralCategory::EnclosingMark
                | GeneralCategory::PrivateUse
        )
        || matches!(
            char,
            '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// What is written from right to left, or turns what is beside it.
fn is_bidi(char: char) -> bool {
    use BidiClass::{AL, AN, FSI, LRE, LRI, LRO, PDF, PDI, R, RLE, RLI, RLO};
    matches!(
        bidi_class(char),
        R | AL | AN | LRE | LRO | RLE | RLO | PDF | LRI | RLI | FSI | PDI
    )
}
