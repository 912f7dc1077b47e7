//! The files of the table: PEM with two roots, in all the forms that are met.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_testing::authority::pem;

use crate::certificate::{Authority, Extension, Maker, UNKNOWN};
use crate::der::{integer, null, octet_string, sequence};
use crate::key::{Kind, finish, openssl};

/// The ids of all files.
pub fn file_ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}

/// Writes these files to `files/ID.pem` in the folder, with two servers, one below each root, as `servers/1.pem` and
/// `servers/2.pem` and the key of both as `servers/key.pem`.
pub fn write_files(folder: &Path, wanted: impl Fn(&str) -> bool) {
    let maker = Maker::new(&folder.join("keys"));
    let parts = Parts::new(&maker, &folder.join("keys"));
    let (files, servers) = (folder.join("files"), folder.join("servers"));
    fs::create_dir_all(&files).unwrap();
    fs::create_dir_all(&servers).unwrap();
    for (id, make) in FILES {
        if wanted(id) {
            fs::write(files.join(id).with_extension("pem"), make(&parts)).unwrap();
        }
    }
    for (name, content) in [
        ("1.pem", &parts.server),
        ("2.pem", &parts.server_of_two),
        ("key.pem", &parts.key),
    ] {
        fs::write(servers.join(name), content).unwrap();
    }
}

/// What the files are made of; PEM, if nothing else is said.
struct Parts {
    one: String,
    two: String,
    three: String,
    /// DER.
    der: Vec<u8>,
    /// The first root with a long extension, so that its base64 is longer than 1,024 characters.
    long: Vec<u8>,
    server: String,
    server_of_two: String,
    key: String,
    negative_serial: String,
    unknown_extension: String,
    revocation_list: String,
    both_in_pkcs7: String,
}

impl Parts {
    fn new(maker: &Maker, folder: &Path) -> Self {
        let root = |name| Authority::new(maker, name, Kind::Rsa(2048));
        let [one, two, three] = ["One", "Two", "Three"].map(root);
        let others = |name| Authority::new(maker, name, Kind::P256);
        let unknown = Extension::new(UNKNOWN, &null()).critical(true);
        let filling = Extension::new("1.3.6.1.4.1.99999.2", &octet_string(&[0x20; 768]));
        let der = one.certificate();
        let (one_pem, two_pem) = (certificate_to_pem(&der), two.pem());
        let both = folder.join("both.pem");
        fs::write(&both, format!("{one_pem}{two_pem}")).unwrap();
        let mut crl2pkcs7 = openssl(&["crl2pkcs7", "-nocrl", "-certfile"]);
        Self {
            both_in_pkcs7: text(finish(crl2pkcs7.arg(&both)).stdout),
            one: one_pem,
            two: two_pem,
            three: three.pem(),
            long: one.clone().with(filling).certificate(),
            server: certificate_to_pem(&one.server()),
            server_of_two: certificate_to_pem(&two.server()),
            key: maker.server_key().pem(),
            negative_serial: others("Negative").serial(&[0x9d]).pem(),
            unknown_extension: others("Unknown").with(unknown).pem(),
            revocation_list: pem("X509 CRL", &one.revocation_list()),
            der,
        }
    }

    fn both(&self) -> String {
        format!("{}{}", self.one, self.two)
    }

    /// The two roots with this text between.
    fn between(&self, text: &str) -> Vec<u8> {
        format!("{}{text}{}", self.one, self.two).into()
    }

    /// A comment of the two roots' annotation, and the second root behind it.
    fn annotated(&self, comment: &str) -> Vec<u8> {
        self.between(&format!("{comment}{ANNOTATION}"))
    }

    /// The two roots, each line changed.
    fn lines(&self, change: impl Fn(&str) -> String) -> Vec<u8> {
        self.both().lines().map(change).collect::<String>().into()
    }

    /// The third root with a character in its base64 that base64 has not.
    fn damaged(&self) -> String {
        let mut lines: Vec<_> = self.three.lines().map(str::to_owned).collect();
        lines[3].replace_range(20..24, "@@@@");
        lines.join("\n") + "\n"
    }

    /// The third root without its last lines.
    fn cut(&self) -> String {
        let lines: Vec<_> = self.three.lines().collect();
        lines[..lines.len() - 3].join("\n") + "\n"
    }

    /// The two roots, of which the first is long, in lines of this length.
    fn in_columns(&self, first: &[u8], columns: usize) -> Vec<u8> {
        let second = STANDARD.decode(base64_of(&self.two)).unwrap();
        [first, &second]
            .map(|der| block("CERTIFICATE", der, columns))
            .concat()
            .into()
    }
}

impl Authority<'_> {
    fn pem(&self) -> String {
        certificate_to_pem(&self.certificate())
    }
}

/// The id, and what makes the file.
type Row = (&'static str, fn(&Parts) -> Vec<u8>);

/// In the order of the table.
#[rustfmt::skip]
const FILES: [Row; 64] = [
    ("plain", |parts| parts.both().into()),
    ("annotation", |parts| parts.annotated("")),
    ("annotation-and-names", |parts| format!("# CN=Example Root One\n{}\n# CN=Example Root Two\n{ANNOTATION}{}", parts.one, parts.two).into()),
    ("annotation-first", |parts| format!("{ANNOTATION}{}{ANNOTATION}{}", parts.one, parts.two).into()),
    ("long-line", |parts| parts.between(&long_annotation())),
    ("utf-8", |parts| parts.annotated("# Gr\u{f6}\u{df}e: \u{dc}n\u{ef}code, Wurzel \u{2116} 2\n")),
    ("latin-1", |parts| [parts.one.as_bytes(), b"# Gr\xf6\xdfe\n", ANNOTATION.as_bytes(), parts.two.as_bytes()].concat()),
    ("x509-text", |parts| format!("{}{}{}{ANNOTATION}{}", openssl_text(&parts.one), parts.one, openssl_text(&parts.two), parts.two).into()),
    ("begin-in-comment", |parts| parts.annotated("# before each -----BEGIN CERTIFICATE----- line\n")),
    ("hyphens-in-comment", |parts| parts.annotated("# ----- corp -----\n")),
    ("ruler", |parts| format!("-----------------\n{}-----------------\n{}", parts.one, parts.two).into()),
    ("text-after", |parts| (parts.both() + "# end of file\n").into()),
    ("no-last-newline", |parts| text(parts.annotated("")).trim_end().into()),
    ("crlf", |parts| text(parts.annotated("")).replace('\n', "\r\n").into()),
    ("blank-lines-between", |parts| format!("\n\n{}\n\n\n{}\n\n", parts.one, parts.two).into()),
    ("digit-after-end", |parts| parts.between("0 roots follow\n")),
    ("indented-text", |parts| parts.between("\tindented text: x\n")),
    ("end-in-comment", |parts| parts.between("# after -----END CERTIFICATE----- comes the next\n")),
    ("hyphens-in-annotation", |parts| parts.between("# embedded-roots: permitted-dns=xn-----7kcgn5cdbagnnnx.example.com\n")),
    ("hyphens-in-annotation-2", |parts| parts.between("# embedded-roots: permitted-dns=xn--bcher-kva.example.com\n")),
    ("bad-base64", |parts| parts.between(&parts.damaged())),
    ("bad-der", |parts| parts.between(&certificate_to_pem(&sequence([octet_string(b"not a certificate"), integer(&[5])])))),
    ("no-end-line-between", |parts| parts.between(&parts.cut())),
    ("negative-serial", |parts| parts.between(&parts.negative_serial)),
    ("unknown-critical-extension", |parts| parts.between(&parts.unknown_extension)),
    ("no-end-line-last", |parts| (parts.both() + &parts.cut()).into()),
    ("begin-line-last", |parts| (parts.both() + BEGIN + "\n").into()),
    ("server-alone", |parts| parts.server.clone().into()),
    ("server-and-root", |parts| format!("{}{}", parts.server, parts.one).into()),
    ("trusted-certificate", |parts| [trusted(&parts.one, "-addtrust"), trusted(&parts.two, "-addtrust")].concat()),
    ("trusted-certificate-plain", |parts| parts.both().replace("CERTIFICATE", "TRUSTED CERTIFICATE").into()),
    ("trusted-certificate-rejected", |parts| [trusted(&parts.one, "-addreject"), parts.two.clone().into()].concat()),
    ("x509-certificate", |parts| parts.both().replace("CERTIFICATE", "X509 CERTIFICATE").into()),
    ("x509-certificate-second", |parts| (parts.one.clone() + &parts.two.replace("CERTIFICATE", "X509 CERTIFICATE")).into()),
    ("byte-order-mark", |parts| format!("\u{feff}{}", parts.both()).into()),
    ("byte-order-mark-comment", |parts| format!("\u{feff}# roots\n{}", parts.both()).into()),
    ("byte-order-mark-between", |parts| parts.between("\u{feff}")),
    ("utf-16", |parts| format!("\u{feff}{}", parts.both()).encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("cr", |parts| parts.both().replace('\n', "\r").into()),
    ("joined", |parts| format!("{}{}", parts.one.trim_end(), parts.two).into()),
    ("one-line-base64", |parts| parts.in_columns(&parts.long, usize::MAX)),
    ("76-columns", |parts| parts.in_columns(&parts.der, 76)),
    ("500-columns", |parts| parts.in_columns(&parts.long, 500)),
    ("space-after-begin", |parts| parts.both().replace(BEGIN, "-----BEGIN CERTIFICATE----- ").into()),
    ("space-after-end", |parts| parts.both().replace(END, "-----END CERTIFICATE----- ").into()),
    ("space-after-base64", |parts| parts.lines(|line| format!("{line}{}\n", if line.starts_with('-') { "" } else { "  " }))),
    ("indented", |parts| parts.lines(|line| format!("    {line}\n"))),
    ("indented-by-tab", |parts| parts.lines(|line| format!("\t{line}\n"))),
    ("blank-lines-within", |parts| parts.lines(|line| format!("{line}\n\n"))),
    ("indented-second", |parts| (parts.one.clone() + "  " + &parts.two.trim_end().replace('\n', "\n  ") + "\n").into()),
    ("cr-cr-lf", |parts| parts.both().replace('\n', "\r\r\n").into()),
    ("bag-attributes", |parts| format!("{}{}{}{}", bag_attributes("One"), parts.one, bag_attributes("Two"), parts.two).into()),
    ("proc-type", |parts| with_header(parts, "Proc-Type: 4,MIC-CLEAR\nContent-Domain: RFC822")),
    ("header-within", |parts| with_header(parts, "Comment: root one")),
    ("pkcs7", |parts| parts.both_in_pkcs7.clone().into()),
    ("certificate-and-pkcs7", |parts| format!("{}{}", parts.one, parts.both_in_pkcs7).into()),
    ("duplicate", |parts| format!("{}{}", parts.one, parts.both()).into()),
    ("duplicate-later", |parts| format!("{}{}", parts.both(), parts.one).into()),
    ("private-key", |parts| parts.between(&parts.key)),
    ("crl", |parts| parts.between(&parts.revocation_list)),
    ("empty", |_| Vec::new()),
    ("comment-alone", |_| "# no roots here\n".into()),
    ("der", |parts| parts.der.clone()),
    // The curve P-256.
    ("parameters", |parts| parts.between(&pem("EC PARAMETERS", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"))),
];

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const ANNOTATION: &str = "# embedded-roots: distrust-after=2026-04-15T23:59:59Z\n";

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn long_annotation() -> String {
    let names: Vec<_> = (0..160)
        .map(|nth| format!(".d{nth:03}.example.com"))
        .collect();
    format!("# embedded-roots: permitted-dns={}\n", names.join(","))
}

/// What `openssl x509 -text` says of a certificate.
fn openssl_text(pem: &str) -> String {
    text(x509(pem, &["-text", "-noout"]))
}

/// The certificate as OpenSSL's own form with uses, of which one is trusted or rejected.
fn trusted(pem: &str, option: &str) -> Vec<u8> {
    x509(pem, &["-trustout", option, "serverAuth"])
}

fn x509(pem: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = embedded_roots_testing::folder::Folder::new("x509");
    let file = folder.file("root.pem", pem);
    let mut command = openssl(&["x509", "-in"]);
    finish(command.arg(file).args(arguments)).stdout
}

/// As `openssl pkcs12` writes them before a certificate.
fn bag_attributes(name: &str) -> String {
    let name = format!("C = XX, O = Example Trust, CN = Example Root {name}");
    format!(
        "Bag Attributes\n    friendlyName: root\n    localKeyID: 01 02 03 \nsubject={name}\nissuer={name}\n"
    )
}

fn with_header(parts: &Parts, header: &str) -> Vec<u8> {
    let begin = format!("{BEGIN}\n");
    let with = format!("{begin}{header}\n\n");
    parts.both().replace(&begin, &with).into()
}

fn base64_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// A block with lines of this length.
fn block(label: &str, der: &[u8], columns: usize) -> String {
    let base64 = STANDARD.encode(der);
    let mut block = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(columns) {
        let _ = writeln!(block, "{}", String::from_utf8_lossy(line));
    }
    block + &format!("-----END {label}-----\n")
}
