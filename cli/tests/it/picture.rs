//! The pictures in README.md and docs/: real output.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, iter};

use embedded_roots_bundle::{PrivateKeys, parse};
use rcgen::date_time_ymd;

use crate::archive::{gzip, tar, zip};
use crate::command::{Folder, ca, run, run_with};

#[test]
fn the_picture_is_what_scan_prints() {
    let folder = Folder::new("picture");
    folder.file("image.tar", image());
    let arguments = ["scan", "--fail-on", "removed", "image.tar"];
    let ran = run_with(&arguments, |command| {
        command
            .current_dir(folder.path())
            .env_remove("NO_COLOR")
            .env("CLICOLOR_FORCE", "1");
    });
    assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{}", ran.out);
    let fresh = svg(&format!(
        "$ embedded-roots {}\n{}",
        arguments.join(" "),
        ran.out
    ));

    compare("scan.svg", &fresh);
}

#[test]
fn the_chart_is_what_forecast_writes() {
    let ran = run(&["forecast", "--format", "svg", "--today", "2026-11-29"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    compare("forecast.svg", &ran.out);
}

fn compare(name: &str, fresh: &str) {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    let written = fs::read_to_string(picture).unwrap_or_default();
    if written != fresh {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, fresh).unwrap();
        let file = file.display();
        panic!(
            "docs/{name} is not what the program writes now. Look at the new one, then: cp {file} docs/{name}"
        );
    }
}

/// An image of two layers: the store of a distribution, and a server with its own roots, in two places.
fn image() -> Vec<u8> {
    let store = run(&["list", "mozilla@2026-09-01", "--pem"]).out;
    let base = tar(&[("etc/ssl/certs/ca-certificates.crt", store.as_bytes())]);
    let app = tar(&[("srv/server", &program()), ("srv/lib/client.jar", &jar())]);
    tar(&[("blobs/base", &gzip(&base)), ("blobs/app", &gzip(&app))])
}

/// What a program with rustls holds of the list of a day: keys, among other bytes.
fn program() -> Vec<u8> {
    let pem = run(&["list", "mozilla@2026-07-01", "--pem"]).out;
    let roots = parse("list", pem.as_bytes(), PrivateKeys::Refuse).unwrap();
    let mut program = b"\x7fELF".to_vec();
    for root in roots {
        program.extend(iter::repeat_n(0, 64));
        program.extend_from_slice(&root.trust_anchor().subject_public_key_info);
    }
    program
}

/// A library that has chosen its own roots: Entrust's, and one of a company.
fn jar() -> Vec<u8> {
    let list = run(&["list", "mozilla@2024-07-01", "--pem"]).out;
    let end = "-----END CERTIFICATE-----\n";
    let blocks = list.split_inclusive(end);
    let entrust = blocks.filter(|block| block.contains("# Subject: CN=Entrust"));
    let own = ca("Example Corp Root", |params| {
        params.not_after = date_time_ymd(2035, 6, 30);
    });
    let roots: String = entrust.chain([&*own]).collect();
    zip("roots.pem", roots.as_bytes())
}

/// The picture of a terminal with this text, where escape sequences set colours.
fn svg(text: &str) -> String {
    const LINE: usize = 20;
    /// Of a character: 13 pixels high, in a font of equal widths.
    const WIDTH: f64 = 7.83;
    const MARGIN: usize = 16;
    const TITLE: usize = 28;

    let lines: Vec<&str> = text.lines().collect();
    let longest = lines
        .iter()
        .map(|line| spans(line).iter().map(|(_, text)| text.len()).sum());
    let longest: usize = longest.max().unwrap();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )]
    let width = 2 * MARGIN + (longest as f64 * WIDTH).ceil() as usize;
    let height = TITLE + LINE * lines.len() + MARGIN;

    let mut svg = format!(
        r##"<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>The output of embedded-roots scan</title>
<rect width="{width}" height="{height}" rx="8" fill="#1e1e2a"/>
<circle cx="18" cy="15" r="5" fill="#ff5f57"/><circle cx="36" cy="15" r="5" fill="#febc2e"/><circle cx="54" cy="15" r="5" fill="#28c840"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" fill="#e4e4ee" xml:space="preserve">
"##
    );
    for (line, nth) in lines.iter().zip(1..) {
        let y = TITLE + LINE * nth - 5;
        let _ = write!(
            svg,
            r#"<text x="{MARGIN}" y="{y}" style="white-space: pre">"#
        );
        for (style, text) in spans(line) {
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let _ = match style {
                Some(style) => write!(svg, "<tspan {style}>{text}</tspan>"),
                None => write!(svg, "{text}"),
            };
        }
        svg += "</text>\n";
    }
    svg + "</g>\n</svg>\n"
}

/// The parts of a line, with the attributes of each.
fn spans(line: &str) -> Vec<(Option<String>, &str)> {
    let mut spans = Vec::new();
    let (mut bold, mut colour) = (false, None);
    let (first, rest) = line.split_once('\u{1b}').unwrap_or((line, ""));
    spans.push((None, first));
    for part in rest.split('\u{1b}').filter(|part| !part.is_empty()) {
        let (codes, text) = part.strip_prefix('[').unwrap().split_once('m').unwrap();
        for code in codes.split(';') {
            match code {
                "0" => (bold, colour) = (false, None),
                "1" => bold = true,
                "31" => colour = Some("#ff6e6e"),
                "32" => colour = Some("#5fd787"),
                "33" => colour = Some("#f1c550"),
                "35" => colour = Some("#e08aff"),
                _ => panic!("an unknown colour: {code}"),
            }
        }
        let colour = colour.map(|colour| format!("fill=\"{colour}\""));
        let bold = bold.then(|| "font-weight=\"bold\"".to_owned());
        let style: Vec<String> = colour.into_iter().chain(bold).collect();
        spans.push((
            Some(style.join(" ")).filter(|style| !style.is_empty()),
            text,
        ));
    }
    spans.retain(|(_, text)| !text.is_empty());
    spans
}
