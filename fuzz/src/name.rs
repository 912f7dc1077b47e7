//! Any bytes, as a distinguished name and as text for a message.

use embedded_roots_bundle::{DistinguishedName, escape};

/// What is shown is one line of characters that can be seen, from left to right.
pub fn check(data: &[u8]) {
    assert_harmless(&DistinguishedName::new(data).to_string());
    // Most bytes are no name: here they are a common name in one, and an organization after it.
    for tag in [0x0c, 0x13, 0x14, 0x16, 0x1e] {
        let data = &data[..data.len().min(100)];
        let name = [attribute(3, tag, data), attribute(10, 0x0c, b"Example")].concat();
        let shown = DistinguishedName::new(&name).to_string();
        assert_harmless(&shown);
        assert!(shown.starts_with("O=Example, CN="), "{shown}");
    }
    assert_harmless(&escape(&String::from_utf8_lossy(data)));
}

fn attribute(kind: u8, tag: u8, value: &[u8]) -> Vec<u8> {
    let element = |tag: u8, value: &[u8]| {
        let length = u8::try_from(value.len()).unwrap();
        let length = if length < 0x80 {
            vec![length]
        } else {
            vec![0x81, length]
        };
        [&[tag], &length[..], value].concat()
    };
    let pair = [element(6, &[0x55, 4, kind]), element(tag, value)].concat();
    element(0x31, &element(0x30, &pair))
}

fn assert_harmless(shown: &str) {
    for char in shown.chars() {
        let harmful = char.is_control()
            || (char.is_whitespace() && char != ' ')
            || matches!(u32::from(char),
                // soft hyphen, combining marks, Hangul fillers, zero widths and bidi controls
                0xad | 0x300..=0x36f | 0x115f | 0x1160 | 0x61c | 0x180e | 0x200b..=0x200f
                | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xffa0 | 0x2800 | 0xfeff
                | 0xfff9..=0xfffb | 0xe0000..=0xe0fff
                // Hebrew, Arabic and their like; private use
                | 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefe | 0x10800..=0x10fff
                | 0x1e800..=0x1efff | 0xe000..=0xf8ff);
        assert!(!harmful, "{:x} in {shown:?}", u32::from(char));
    }
}
