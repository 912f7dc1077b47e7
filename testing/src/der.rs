//! DER (X.690), written without the library, which reads it.

/// An element of this tag.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., third, second, low] = content.len().to_be_bytes();
    let header = match content.len() {
        ..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        0x100..0x1_0000 => vec![tag, 0x82, second, low],
        _ => vec![tag, 0x83, third, second, low],
    };
    [&header, content].concat()
}

/// A SEQUENCE of these elements.
pub fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, &elements.concat())
}
