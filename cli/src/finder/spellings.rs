//! Each known root in what text is written in: how many spellings there are stands in the README.

use std::fmt::Write as _;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::contents::Form;
use super::limits::Counter;
use super::search::Search;
use crate::history::History;

type Write = dyn Fn(&[u8]) -> String;

/// How a certificate is written.
struct Spelling {
    name: String,
    write: Rc<Write>,
    encoding: Encoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    LittleEndian,
    BigEndian,
    /// With a mark of the order of bytes at the beginning of the file.
    Marked,
}

impl Spelling {
    fn file(&self, ders: &[&[u8]]) -> Vec<u8> {
        let texts = ders.iter().map(|der| (self.write)(der));
        let text = texts.collect::<Vec<_>>().join("\n\n");
        match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::LittleEndian => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::BigEndian => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Marked => {
                let text = format!("\u{feff}{text}");
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
        }
    }
}

#[test]
fn every_known_root_is_found_in_each_spelling() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    let spellings = spellings();
    let mut missing = Vec::new();
    for spelling in &spellings {
        let mut lost = Vec::new();
        for known in history.all() {
            let text = spelling.file(&[&known.der]);
            let (found, result) = search.read(&mut &*text, &Counter::new(u64::MAX));
            result.unwrap();
            let root = found.roots.get(&known.certificate.sha256());
            let is_found = root.is_some_and(|root| {
                root.is_exact && !root.forms.contains(&Form::Key) && root.forms.len() == 1
            });
            if !is_found || found.roots.len() != 1 || !found.unknown.is_empty() {
                lost.push(known.certificate.subject().to_owned());
            }
        }
        if let Some(first) = lost.first() {
            missing.push(format!("{}: {} such as {first}", spelling.name, lost.len()));
        }
    }
    assert!(
        missing.is_empty(),
        "{} of {}:\n{}",
        missing.len(),
        spellings.len(),
        missing.join("\n")
    );
    let told = format!(
        "All {} certificates are found in each of {} spellings",
        history.all().len(),
        spellings.len()
    );
    let readme = include_str!("../../README.md").split_whitespace();
    let readme = readme.collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&told), "{told}");
}

/// Texts that are longer than what is decoded at once: each certificate is found as a whole, and nothing besides, except in
/// UTF-16 that quotes another text.
#[test]
fn many_roots_are_found_in_a_file_of_each_spelling() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    let all = history.all().iter().step_by(3);
    let ders: Vec<&[u8]> = all.map(|known| &*known.der).collect();
    let list: String = ders.iter().map(|der| pem(der)).collect();
    let in_one = [
        ("a list of PEM in base64", STANDARD.encode(list)),
        (
            "DER one after another in base64",
            STANDARD.encode(ders.concat()),
        ),
        ("the same in hexadecimal digits", hex(&ders.concat())),
    ];
    let in_one = in_one.map(|(name, text)| (name.to_owned(), text.into_bytes(), true));
    let of_each = spellings().into_iter().map(|spelling| {
        let text = spelling.file(&ders);
        (spelling.name, text, spelling.encoding == Encoding::Utf8)
    });
    let mut missing = Vec::new();
    for (name, text, has_whole) in of_each.chain(in_one) {
        let (found, result) = search.read(&mut &*text, &Counter::new(u64::MAX));
        result.unwrap();
        let keys = found.roots.values();
        let keys = keys.filter(|root| root.forms.contains(&Form::Key)).count();
        if found.roots.len() != ders.len() || has_whole && keys > 0 {
            missing.push(format!(
                "{name}: {}, {keys} as keys alone",
                found.roots.len()
            ));
        }
    }
    assert!(
        missing.is_empty(),
        "of {}:\n{}",
        ders.len(),
        missing.join("\n")
    );
}

/// Also of a text that is damaged, of which what is left is decoded from somewhere within.
#[test]
fn text_after_a_nul_is_searched_like_a_file() {
    let history = History::load().unwrap();
    let mut search = Search::new(&history, &()).unwrap();
    let known = history.all().first().unwrap();
    let mut others = Vec::new();
    for spelling in spellings() {
        if spelling.encoding != Encoding::Utf8 {
            continue;
        }
        let whole = spelling.file(&[&known.der]);
        let half = whole.len() / 2;
        // The end of the first half again, and the second one without its beginning.
        let damaged = [&whole[..half + half / 2], &whole[half..]].concat();
        let cut = [&whole[..half / 2], &whole[half..]].concat();
        for text in [whole, damaged, cut] {
            let found = [&b""[..], &[0; 3_000]].map(|before| {
                let text = [before, &text].concat();
                let (found, result) = search.read(&mut &*text, &Counter::new(u64::MAX));
                result.unwrap();
                let roots = found.roots.iter();
                let forms: Vec<_> = roots
                    .map(|(sha256, root)| (*sha256, root.forms.clone()))
                    .collect();
                (forms, found.unknown.len())
            });
            if found[0] != found[1] {
                others.push(spelling.name.clone());
            }
        }
    }
    assert!(
        others.is_empty(),
        "{}:\n{}",
        others.len(),
        others.join("\n")
    );
}

fn spellings() -> Vec<Spelling> {
    let mut all = Vec::new();
    let mut add = |name: String, write: Rc<Write>| {
        all.push(Spelling {
            name,
            write,
            encoding: Encoding::Utf8,
        });
    };
    for (name, write) in TEXTS {
        add((*name).to_owned(), Rc::new(*write));
    }
    for (name, joint) in JOINTS {
        let text = move |der: &[u8]| pem(der).trim_end().replace('\n', joint);
        add(format!("PEM, {name}"), Rc::new(text));
    }
    for mark in MARKS {
        let text = move |der: &[u8]| behind(mark, &pem(der));
        add(format!("PEM behind {mark:?}"), Rc::new(text));
        // Without a block, other marks are digits of base64.
        if mark.contains(|mark: char| !"+/-".contains(mark)) {
            let text = move |der: &[u8]| behind(mark, &lines(&STANDARD.encode(der), 76, "\n"));
            add(format!("base64 behind {mark:?}"), Rc::new(text));
        }
        let text = move |der: &[u8]| behind(mark, &lines(&hex(der), 64, "\n"));
        add(format!("hexadecimal behind {mark:?}"), Rc::new(text));
    }
    for (columns, width) in [("64", 64), ("76", 76), ("no", usize::MAX)] {
        for before in ["", "#", "#\n"] {
            let text = move |der: &[u8]| {
                let text = format!("{before}{}", pem(der));
                lines(&STANDARD.encode(text), width, "\n    ")
            };
            add(
                format!("base64 of PEM, {columns} columns, behind {before:?}"),
                Rc::new(text),
            );
        }
    }
    for (name, number, widths) in NUMBERS {
        for width in *widths {
            let text = move |der: &[u8]| numbers(der, *number, *width);
            add(format!("{name}, {width} in a line"), Rc::new(text));
        }
    }
    let mut encoded = Vec::new();
    for Spelling { name, write, .. } in &all {
        // Latin-1 is what UTF-8 is read as. Without a mark, the most usual forms are known.
        let is_usual = TEXTS.iter().any(|text| text.0 == name)
            && (name.contains("PEM") || name.contains("base64"));
        let encodings: &[Encoding] = if name.contains("Latin-1") {
            &[]
        } else if is_usual {
            &[
                Encoding::LittleEndian,
                Encoding::BigEndian,
                Encoding::Marked,
            ]
        } else {
            &[Encoding::Marked]
        };
        for encoding in encodings {
            let order = match encoding {
                Encoding::LittleEndian => "little-endian",
                Encoding::BigEndian => "big-endian",
                _ => "with a mark",
            };
            encoded.push(Spelling {
                name: format!("UTF-16, {order}: {name}"),
                write: Rc::clone(write),
                encoding: *encoding,
            });
        }
    }
    all.extend(encoded);
    all
}

type Text = fn(&[u8]) -> String;
type Number = fn(u8) -> String;

const TEXTS: &[(&str, Text)] = &[
    ("PEM", pem),
    ("PEM without columns", |der| block(der, usize::MAX)),
    ("PEM in 76 columns", |der| block(der, 76)),
    ("PEM in 70 columns", |der| block(der, 70)),
    ("PEM of OpenSSL", |der| {
        pem(der).replace("CERTIFICATE", "TRUSTED CERTIFICATE")
    }),
    ("PEM in JSON that may stand in HTML", |der| {
        let text = pem(der)
            .replace('\n', "\\n")
            .replace('+', "\\u002b")
            .replace('/', "\\/");
        text.replace('=', "\\u003d")
    }),
    ("PEM in references by number", |der| {
        references(&pem(der), |byte| format!("&#{byte};"))
    }),
    ("PEM in hexadecimal references", |der| {
        references(&pem(der), |byte| format!("&#x{byte:X};"))
    }),
    ("PEM in references, escaped", |der| {
        references(&pem(der), |byte| format!("&amp;#x{byte:x};"))
    }),
    ("PEM in references by name", |der| {
        let text = pem(der).replace('\n', "&NewLine;").replace('+', "&plus;");
        text.replace('/', "&sol;").replace('=', "&equals;")
    }),
    ("PEM in a URL", |der| {
        percent(&pem(der), |byte| format!("%{byte:02X}"))
    }),
    ("PEM in a URL in a URL", |der| {
        percent(&pem(der), |byte| format!("%25{byte:02x}"))
    }),
    ("PEM in a form", |der| {
        percent(&pem(der), |byte| {
            if byte == b' ' {
                "+".to_owned()
            } else {
                format!("%{byte:02X}")
            }
        })
    }),
    ("PEM, quoted-printable", |der| {
        pem(der).replace('=', "=3D").replace('\n', "=0A")
    }),
    ("PEM, quoted-printable, soft line breaks", |der| {
        quoted_printable(&pem(der), 73)
    }),
    ("PEM without columns, quoted-printable", |der| {
        quoted_printable(&block(der, usize::MAX), 75)
    }),
    ("PEM, quoted-printable, CRLF", |der| {
        quoted_printable(&pem(der), 61).replace('\n', "\r\n")
    }),
    ("base64 without columns", |der| STANDARD.encode(der)),
    ("base64 in 64 columns", |der| {
        lines(&STANDARD.encode(der), 64, "\n")
    }),
    ("base64 in 75 columns", |der| {
        lines(&STANDARD.encode(der), 75, "\n")
    }),
    ("base64 in 76 columns, CRLF", |der| {
        lines(&STANDARD.encode(der), 76, "\r\n")
    }),
    ("base64 in a property list", |der| {
        format!(
            "<data>\n\t\t{}\n\t\t</data>",
            lines(&STANDARD.encode(der), 60, "\n\t\t")
        )
    }),
    ("base64 in SAML", |der| {
        format!(
            "<ds:X509Certificate>{}</ds:X509Certificate>",
            STANDARD.encode(der)
        )
    }),
    ("base64 in lines in SAML", |der| {
        format!(
            "<ds:X509Certificate>\n{}\n</ds:X509Certificate>",
            lines(&STANDARD.encode(der), 76, "\n")
        )
    }),
    ("base64 in JWKS", |der| {
        format!("{{\"x5c\":[\"{}\",\"MIIB\"]}}", STANDARD.encode(der))
    }),
    ("base64 in JSON, escaped", |der| {
        format!(
            "\"{}\"",
            lines(&STANDARD.encode(der), 76, "\\r\\n").replace('/', "\\/")
        )
    }),
    ("base64 in a URL", |der| {
        format!(
            "cert={}&a=b",
            percent(&STANDARD.encode(der), |byte| format!("%{byte:02X}"))
        )
    }),
    ("base64 in string literals", |der| {
        format!("\"{}\";", lines(&STANDARD.encode(der), 76, "\"\n    \""))
    }),
    ("base64 in string literals, added", |der| {
        format!("'{}'", lines(&STANDARD.encode(der), 64, "' +\n  '"))
    }),
    ("base64url without columns", |der| {
        URL_SAFE_NO_PAD.encode(der)
    }),
    ("base64url in JSON", |der| {
        format!("[\"{}\", \"MIIB\"]", URL_SAFE_NO_PAD.encode(der))
    }),
    ("base64url in lines", |der| {
        lines(&URL_SAFE_NO_PAD.encode(der), 76, "\n")
    }),
    ("base64 of PEM in JSON", |der| {
        STANDARD.encode(format!("{{\"ca\": \"{}\"}}", pem(der).replace('\n', "\\n")))
    }),
    ("PEM in YAML, folded", |der| {
        pem(der).replace('\n', "\n\n      ")
    }),
    ("PEM in YAML, quoted", |der| {
        format!("\"{}\"", pem(der).replace('\n', "\\n\\\n  \\"))
    }),
    ("literal with hexadecimal escapes", |der| {
        literal(der, |_| false, |byte| format!("\\x{byte:02x}"))
    }),
    ("literal of Python", |der| {
        let is_plain =
            |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !b"\\'".contains(&byte);
        let text = literal(der, is_plain, |byte| match byte {
            b'\n' => "\\n".to_owned(),
            b'\r' => "\\r".to_owned(),
            b'\t' => "\\t".to_owned(),
            b'\\' | b'\'' => format!("\\{}", char::from(byte)),
            byte => format!("\\x{byte:02x}"),
        });
        format!("x = b'{text}'")
    }),
    ("literal with octal escapes", |der| {
        literal(der, |_| false, |byte| format!("\\{byte:03o}"))
    }),
    ("literal of an assembler", |der| {
        let mut text = String::from("\t.ascii\t\"");
        for (nth, byte) in der.iter().enumerate() {
            match byte {
                b'"' | b'\\' => write!(text, "\\{}", char::from(*byte)).unwrap(),
                b' '..=b'~' => text.push(char::from(*byte)),
                byte if der.get(nth + 1).is_some_and(u8::is_ascii_digit) => {
                    write!(text, "\\{byte:03o}").unwrap();
                }
                byte => write!(text, "\\{byte:o}").unwrap(),
            }
            if nth % 48 == 47 {
                text += "\"\n\t.ascii\t\"";
            }
        }
        text + "\"\n"
    }),
    ("literals in C, hexadecimal", |der| {
        let lines = der
            .chunks(16)
            .map(|line| literal(line, |_| false, |byte| format!("\\x{byte:02X}")));
        format!(
            "static const char x[] =\n    \"{}\";",
            lines.collect::<Vec<_>>().join("\"\n    \"")
        )
    }),
    ("literals in C, octal", |der| {
        let lines = der
            .chunks(12)
            .map(|line| literal(line, |_| false, |byte| format!("\\{byte:03o}")));
        format!(
            "static const char x[] =\n    \"{}\";",
            lines.collect::<Vec<_>>().join("\"\n    \"")
        )
    }),
    ("literal in JSON, escaped", |der| {
        let is_plain =
            |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !b"\\\"".contains(&byte);
        format!(
            "\"{}\"",
            literal(der, is_plain, |byte| format!("\\u{byte:04x}"))
        )
    }),
    ("literal in JSON, Latin-1", |der| {
        let text: String = der.iter().map(|byte| char::from(*byte)).collect();
        serde_json::to_string(&text).unwrap()
    }),
    ("dump in hexadecimal", |der| {
        let mut text = String::new();
        for (nth, line) in der.chunks(16).enumerate() {
            let shown: String = line
                .iter()
                .map(|byte| {
                    if byte.is_ascii_graphic() {
                        char::from(*byte)
                    } else {
                        '.'
                    }
                })
                .collect();
            writeln!(
                text,
                "{:08x}  {}  |{shown}|",
                nth * 16,
                numbers(line, |byte| format!("{byte:02x} "), 16)
            )
            .unwrap();
        }
        text
    }),
    ("registry in hexadecimal", |der| {
        format!(
            "\"Blob\"=hex:{}",
            numbers(der, |byte| format!("{byte:02x},"), 25).replace('\n', "\\\r\n  ")
        )
    }),
    ("array of bytes in Java, hexadecimal", |der| {
        numbers(
            der,
            |byte| {
                if byte < 0x80 {
                    format!("0x{byte:02x}, ")
                } else {
                    format!("(byte) 0x{byte:02x}, ")
                }
            },
            8,
        )
    }),
    ("array of bytes in Java, decimal", |der| {
        numbers(der, |byte| format!("{}, ", i8::from_ne_bytes([byte])), 16)
    }),
];

/// What stands for a line break.
const JOINTS: &[(&str, &str)] = &[
    ("CRLF", "\r\n"),
    ("CR", "\r"),
    ("indented", "\n      "),
    ("indented by tabs", "\n\t\t"),
    ("a space for a line break", " "),
    ("nothing for a line break", ""),
    ("an empty line after each", "\n\n"),
    ("escaped line breaks", "\\n"),
    ("escaped CRLF", "\\r\\n"),
    ("line breaks escaped twice", "\\\\n"),
    ("line breaks escaped and broken", "\\n\\\n"),
    ("line breaks as code points", "\\u000a"),
    ("line breaks in hexadecimal", "\\x0a"),
    ("literals side by side", "\\n\"\n  \""),
    ("literals added", "\\n\" +\n  \""),
    ("literals added, the sign first", "\\n'\n  + '"),
    ("literals with commas", "\",\n  \""),
    ("literals joined by dots", "\\n' .\n    '"),
    ("literals joined by ampersands", "\" & _\n    \""),
    ("line breaks of HTML", "<br>"),
    ("line breaks of XHTML", "<br />\n"),
    ("line breaks of PowerShell", "`n"),
    ("literals added to a string", "\\n\";\npem += \""),
];

/// What is before each line.
const MARKS: &[&str] = &[
    "# ", "#", "## ", "// ", "//", "/// ", " * ", "> ", ">> ", "> > ", "-- ", "--", "; ", ";",
    ";; ", "REM ", ":: ", "' ", "'", "dnl ", "% ", "%", "! ", "| ", "|", "+", "+ ", "\" ", "C ",
    ".. ", "echo ", "# # ", "\t# ", "  // ",
];

/// A number, and how many of them are in a line.
const NUMBERS: &[(&str, Number, &[usize])] = &[
    (
        "hexadecimal",
        |byte| format!("{byte:02x}"),
        &[12, 16, 20, 30, 32, 36, usize::MAX],
    ),
    (
        "HEXADECIMAL",
        |byte| format!("{byte:02X}"),
        &[12, 16, 20, 30, 32, 36, usize::MAX],
    ),
    (
        "numbers with colons",
        |byte| format!("{byte:02x}:"),
        &[15, 16, 18, 20, usize::MAX],
    ),
    (
        "NUMBERS with colons",
        |byte| format!("{byte:02X}:"),
        &[15, 16, 18, 20, usize::MAX],
    ),
    (
        "numbers with spaces",
        |byte| format!("{byte:02x} "),
        &[8, 12, 16, 20, 32, usize::MAX],
    ),
    (
        "NUMBERS with spaces",
        |byte| format!("{byte:02X} "),
        &[8, 12, 16, 20, 32, usize::MAX],
    ),
    (
        "numbers with commas",
        |byte| format!("{byte:02x},"),
        &[16, 25, usize::MAX],
    ),
    (
        "NUMBERS with hyphens",
        |byte| format!("{byte:02X}-"),
        &[16, usize::MAX],
    ),
    (
        "array in C",
        |byte| format!("0x{byte:02x}, "),
        &[8, 10, 12, 13, 15, 16, 20, usize::MAX],
    ),
    (
        "ARRAY in C",
        |byte| format!("0x{byte:02X}, "),
        &[8, 10, 12, 13, 15, 16, 20, usize::MAX],
    ),
    (
        "array in C without spaces",
        |byte| format!("0x{byte:02x},"),
        &[8, 10, 12, 16, 20, usize::MAX],
    ),
    (
        "ARRAY in C without spaces",
        |byte| format!("0x{byte:02X},"),
        &[8, 10, 12, 16, 20, usize::MAX],
    ),
    (
        "array of decimals",
        |byte| format!("{byte}, "),
        &[8, 10, 12, 16, 20, 25, usize::MAX],
    ),
    (
        "array of decimals without spaces",
        |byte| format!("{byte},"),
        &[10, 16, 20, 25, usize::MAX],
    ),
    (
        "array of decimals in Go",
        |byte| format!("{byte} "),
        &[16, usize::MAX],
    ),
    (
        "array of signed decimals",
        |byte| format!("{}, ", i8::from_ne_bytes([byte])),
        &[8, 10, 12, 16, 20, usize::MAX],
    ),
    (
        "array of signed decimals without spaces",
        |byte| format!("{},", i8::from_ne_bytes([byte])),
        &[10, 16, 20, usize::MAX],
    ),
];

fn pem(der: &[u8]) -> String {
    block(der, 64)
}

fn block(der: &[u8], columns: usize) -> String {
    let text = lines(&STANDARD.encode(der), columns, "\n");
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn lines(text: &str, columns: usize, end: &str) -> String {
    let lines = text.as_bytes().chunks(columns);
    let lines = lines.map(|line| str::from_utf8(line).unwrap());
    lines.collect::<Vec<_>>().join(end)
}

fn behind(mark: &str, text: &str) -> String {
    let lines = text.lines().map(|line| format!("{mark}{line}\n"));
    lines.collect()
}

fn hex(der: &[u8]) -> String {
    numbers(der, |byte| format!("{byte:02x}"), usize::MAX)
}

fn numbers(der: &[u8], number: fn(u8) -> String, in_a_line: usize) -> String {
    let lines = der.chunks(in_a_line);
    let lines = lines.map(|line| line.iter().map(|byte| number(*byte)).collect::<String>());
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn references(text: &str, reference: fn(u8) -> String) -> String {
    spelled(text, |byte| b"\n+/=".contains(&byte), reference)
}

fn percent(text: &str, escape: fn(u8) -> String) -> String {
    spelled(
        text,
        |byte| !byte.is_ascii_alphanumeric() && byte != b'-',
        escape,
    )
}

fn spelled(text: &str, is_escaped: fn(u8) -> bool, escape: fn(u8) -> String) -> String {
    let spelled = text.bytes().map(|byte| {
        if is_escaped(byte) {
            escape(byte)
        } else {
            char::from(byte).to_string()
        }
    });
    spelled.collect()
}

fn literal(der: &[u8], is_plain: fn(u8) -> bool, escape: fn(u8) -> String) -> String {
    let bytes = der.iter().map(|byte| {
        if is_plain(*byte) {
            char::from(*byte).to_string()
        } else {
            escape(*byte)
        }
    });
    bytes.collect()
}

fn quoted_printable(text: &str, columns: usize) -> String {
    let text = text.replace('=', "=3D");
    let lines = text.lines().map(|line| {
        let mut broken = String::new();
        let mut column = 0;
        let mut rest = line;
        while !rest.is_empty() {
            let length = if rest.starts_with('=') { 3 } else { 1 };
            if column + length > columns {
                broken += "=\n";
                column = 0;
            }
            let (token, after) = rest.split_at(length);
            broken += token;
            column += length;
            rest = after;
        }
        broken
    });
    lines.collect::<Vec<_>>().join("\n")
}
