//! The program of ../proof: clients as they are published, in an empty root directory.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use drop_in_tests::plain;
use embedded_roots_testing::server::{Tls, config, listen};
use rustls::{ALL_VERSIONS, ServerConfig, ServerConnection, StreamOwned};

use crate::empty_root::{RUSTFLAGS, TARGET, command, succeeded, target};

mod empty_root;

const HOST: &str = "server.example";

/// Each client, and how it explains that it refuses the CA: those that take rustls' own verifier name
/// no bundle.
const CLIENTS: [(&str, &str); 8] = [
    ("reqwest", BUNDLE),
    ("kube", WEBPKI),
    ("aws-smithy-http-client", WEBPKI),
    ("lettre", WEBPKI),
    ("redis", WEBPKI),
    ("sqlx", WEBPKI),
    ("ureq", WEBPKI),
    ("ureq, platform verifier", BUNDLE),
];
const BUNDLE: &str = "\"CN=Plain CA\" is not trusted by bundle mozilla";
const WEBPKI: &str = "invalid peer certificate: UnknownIssuer";

#[test]
#[ignore = "needs root, for chroot, and minutes for the build of all clients; .ci/run runs it"]
fn clients_are_accepted_under_custom_and_refuse_under_mozilla() {
    let config = Arc::new(config(plain().issue(HOST, 2026), ALL_VERSIONS));
    let servers: [Answer; 4] = [https, smtp, redis, postgres];
    let ports = servers.map(|answer| serve(Arc::clone(&config), answer).to_string());

    let accepted = printed_in_an_empty_root(&["--features", "custom"], &ports);
    let expected = CLIENTS.map(|(client, _)| format!("{client}: accepted\n"));
    assert_eq!(accepted, expected.concat());

    let refused = printed_in_an_empty_root(&[], &ports);
    let lines: Vec<_> = refused.lines().collect();
    assert_eq!(lines.len(), CLIENTS.len(), "{refused}");
    for (line, (client, why)) in lines.into_iter().zip(CLIENTS) {
        assert!(line.starts_with(&format!("{client}: refused: ")), "{line}");
        assert!(line.contains(why), "{line}");
    }
}

#[test]
#[ignore = "downloads the clients; .ci/run runs it"]
fn the_program_has_no_original() {
    const NAMES: [&str; 3] = [
        "rustls-native-certs",
        "rustls-platform-verifier",
        "webpki-roots",
    ];

    let output = cargo(&[
        "tree",
        "--edges=normal,build",
        "--prefix=none",
        "--format={p}",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    let of_names = |line: &&str| NAMES.contains(&line.split(' ').next().unwrap());
    let found: BTreeSet<_> = lines.filter(of_names).map(str::to_owned).collect();
    let folder = package("..").canonicalize().unwrap();
    let drop_in = |name, version| format!("{name} v{version} ({})", folder.join(name).display());
    let expected = [
        drop_in("rustls-native-certs", "0.8.5"),
        drop_in("rustls-platform-verifier", "0.7.1"),
        // Has no roots, and reexports those of version 1; sqlx has it.
        "webpki-roots v0.26.11".to_owned(),
        drop_in("webpki-roots", "1.0.10"),
    ];
    assert_eq!(found, BTreeSet::from(expected));

    let output = cargo(&["tree", "--package=webpki-roots@0.26.11", "--prefix=none"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let below = text.lines().nth(1).unwrap();
    assert_eq!(below, drop_in("webpki-roots", "1.0.10"));
}

/// Builds the program with these arguments, and runs it in an empty root directory.
fn printed_in_an_empty_root(arguments: &[&str], ports: &[String]) -> String {
    cargo(&[&["build", "--target", TARGET], arguments].concat());
    let (_empty, mut command) = command("proof", HOST);
    let output = command.arg(HOST).args(ports).output().unwrap();
    String::from_utf8(succeeded(output).stdout).unwrap()
}

fn cargo(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--color=never"])
        .current_dir(package("../proof"))
        .env("CARGO_TARGET_DIR", target())
        .env("EMBEDDED_ROOTS_FILE", package("data/roots.pem"))
        .env("RUSTFLAGS", RUSTFLAGS)
        .output();
    succeeded(output.unwrap())
}

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

type Answer = fn(TcpStream, ServerConnection) -> io::Result<()>;

/// Serves until the test ends; returns the port.
fn serve(config: Arc<ServerConfig>, answer: Answer) -> u16 {
    let address = listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        answer(stream, connection)
    });
    address.port()
}

/// Answers every request as a Kubernetes server answers `/version`.
fn https(stream: TcpStream, connection: ServerConnection) -> io::Result<()> {
    const BODY: &str = r#"{"major": "1", "minor": "35", "gitVersion": "v1.35.0", "gitCommit": "",
        "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}"#;

    let mut tls = BufReader::new(StreamOwned::new(connection, stream));
    while line(&mut tls)? != "\r\n" {}
    let length = BODY.len();
    let head = format!("content-type: application/json\r\ncontent-length: {length}");
    let tls = tls.get_mut();
    write!(
        tls,
        "HTTP/1.1 200 OK\r\n{head}\r\nconnection: close\r\n\r\n{BODY}"
    )?;
    tls.conn.send_close_notify();
    tls.flush()
}

/// TLS from the first byte on (RFC 8314).
fn smtp(stream: TcpStream, connection: ServerConnection) -> io::Result<()> {
    let mut tls = BufReader::new(StreamOwned::new(connection, stream));
    write!(tls.get_mut(), "220 {HOST} ESMTP\r\n")?;
    loop {
        let answer = match &*line(&mut tls)? {
            "QUIT\r\n" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        tls.get_mut().write_all(answer.as_bytes())?;
    }
}

/// Commands are arrays of strings, and each string has a line for its length.
fn redis(stream: TcpStream, connection: ServerConnection) -> io::Result<()> {
    let mut tls = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        let count = line(&mut tls)?;
        let count = count.trim_end().trim_start_matches('*');
        let mut command = Vec::new();
        for _ in 0..count.parse().map_err(io::Error::other)? {
            line(&mut tls)?;
            command.push(line(&mut tls)?);
        }
        let is_ping = command.first().is_some_and(|name| name == "PING\r\n");
        let answer = if is_ping { "+PONG\r\n" } else { "+OK\r\n" };
        tls.get_mut().write_all(answer.as_bytes())?;
    }
}

/// An `SSLRequest`, and after the handshake a start without a password.
fn postgres(mut stream: TcpStream, connection: ServerConnection) -> io::Result<()> {
    const AUTHENTICATION_OK: &[u8] = b"R\0\0\0\x08\0\0\0\0";
    const READY_FOR_QUERY: &[u8] = b"Z\0\0\0\x05I";

    stream.read_exact(&mut [0; 8])?;
    stream.write_all(b"S")?;
    let mut tls = StreamOwned::new(connection, stream);
    let mut length = [0; 4];
    tls.read_exact(&mut length)?;
    let rest = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
    io::copy(&mut (&mut tls).take(rest), &mut io::sink())?;
    tls.write_all(&[AUTHENTICATION_OK, READY_FOR_QUERY].concat())?;
    // Until the client hangs up.
    io::copy(&mut tls, &mut io::sink()).map(drop)
}

fn line(tls: &mut BufReader<Tls>) -> io::Result<String> {
    let mut line = String::new();
    if tls.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}
