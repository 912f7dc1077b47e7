//! STARTTLS, against small servers that speak enough of each protocol.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use embedded_roots_testing::authority::{root, server};

use crate::authority::HOST;
use crate::program::{Explain, ExplainOutput};
use crate::server::Server;

/// What the client of this protocol gets to see, from a server with a good chain.
fn explained(
    protocol: &str,
    clear: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> ExplainOutput {
    let ca = root("CA");
    let server = Server::after(&server(&ca, HOST), clear);
    let explain = Explain::new(&ca.pem(), &ca.pem());
    explain
        .args(&["--starttls", protocol, "--timeout", "30"])
        .run(server.port)
}

fn accepted(explained: &ExplainOutput) {
    let expected = "accepted by roots.pem: the chain ends in its root \"CA\"";
    assert_eq!(explained.verdict("roots.pem"), expected);
    assert_eq!(explained.status, 0);
}

fn failed(explained: &ExplainOutput, why: &str) {
    assert!(
        explained.errors.trim_end().ends_with(why),
        "{}",
        explained.errors
    );
    assert_eq!(explained.status, 2);
    assert_eq!(explained.output, "");
}

/// Says the greeting, and an answer to each line.
fn dialogue(stream: &mut TcpStream, greeting: &str, answers: &[(&str, &str)]) -> io::Result<()> {
    stream.write_all(greeting.as_bytes())?;
    for (expected, answer) in answers {
        // Byte by byte: what follows the last line is TLS.
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            line.extend(byte);
        }
        let line = String::from_utf8(line).unwrap();
        assert!(line.starts_with(expected), "{line}");
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

#[test]
fn smtp() {
    accepted(&explained("smtp", |stream| {
        dialogue(
            stream,
            "220-mail.example\r\n220 ESMTP\r\n",
            &[
                (
                    "EHLO [127.0.0.1]\r\n",
                    "250-mail.example\r\n250-SIZE 1000\r\n250-starttls\r\n250 HELP\r\n",
                ),
                ("STARTTLS\r\n", "220 go ahead\r\n"),
            ],
        )
    }));
}

#[test]
fn imap() {
    accepted(&explained("imap", |stream| {
        let answer = "* CAPABILITY IMAP4rev2\r\na1 ok begin\r\n";
        dialogue(stream, "* OK ready\r\n", &[("a1 STARTTLS\r\n", answer)])
    }));
}

/// An `SSLRequest`, as in the documentation of PostgreSQL.
fn ssl_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = [0; 8];
    stream.read_exact(&mut request)?;
    assert_eq!(request, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    Ok(())
}

#[test]
fn postgres() {
    accepted(&explained("postgres", |stream| {
        ssl_request(stream)?;
        stream.write_all(b"S")
    }));
}

#[test]
fn long_answer_is_shortened() {
    let explained = explained("smtp", |stream| {
        dialogue(stream, &format!("554 {}\r\n", "x".repeat(200)), &[])
    });
    let start = format!("the server answers \"554 {}...\"", "x".repeat(96));
    failed(&explained, &start);
}

#[test]
fn a_server_without_starttls() {
    let explained_smtp = explained("smtp", |stream| {
        dialogue(stream, "220 hello\r\n", &[("EHLO", "250 mail.example\r\n")])
    });
    failed(&explained_smtp, "the server does not offer STARTTLS");

    let explained_imap = explained("imap", |stream| {
        let no = [("a1 STARTTLS", "a1 NO \x1b[31mnot here\r\n")];
        dialogue(stream, "* OK ready\r\n", &no)
    });
    failed(
        &explained_imap,
        "the server answers \"a1 NO \\u{1b}[31mnot here\"",
    );

    let preauth = explained("imap", |stream| {
        dialogue(stream, "* PREAUTH hello\r\n", &[])
    });
    failed(&preauth, "the server answers \"* PREAUTH hello\"");

    let explained_postgres = explained("postgres", |stream| {
        ssl_request(stream)?;
        stream.write_all(b"N")
    });
    failed(&explained_postgres, "the server does not offer TLS");
}

/// What an attacker on the way adds in the clear must not be taken for what the server says under TLS.
#[test]
fn data_after_the_starttls_answer_is_an_error() {
    let why = "the server sent more after its answer, before TLS: someone on the way may have injected it";
    let explained_smtp = explained("smtp", |stream| {
        let answers = [
            ("EHLO", "250 STARTTLS\r\n"),
            ("STARTTLS", "220 go ahead\r\n250 injected\r\n"),
        ];
        dialogue(stream, "220 hello\r\n", &answers[..1])?;
        dialogue(stream, "", &answers[1..])
    });
    failed(&explained_smtp, why);

    let explained_imap = explained("imap", |stream| {
        let answer = "a1 OK begin\r\n* injected\r\n";
        dialogue(stream, "* OK ready\r\n", &[("a1 STARTTLS", answer)])
    });
    failed(&explained_imap, why);

    let explained_postgres = explained("postgres", |stream| {
        ssl_request(stream)?;
        stream.write_all(b"SE")
    });
    failed(&explained_postgres, why);
}

/// What comes later is not buffered, and TLS refuses it.
#[test]
fn plain_text_injected_after_starttls_fails_the_handshake() {
    let explained = explained("smtp", |stream| {
        let answers = [
            ("EHLO", "250 STARTTLS\r\n"),
            ("STARTTLS", "220 go ahead\r\n"),
        ];
        dialogue(stream, "220 hello\r\n", &answers)?;
        let mut hello = BufReader::new(stream);
        hello.fill_buf()?;
        hello.into_inner().write_all(b"250 injected\r\n")
    });
    assert!(
        explained.errors.contains("no TLS handshake"),
        "{}",
        explained.errors
    );
    assert_eq!(explained.status, 2);
}
