//! Protocols that begin in the clear and then ask for TLS.

use std::io::{Read, Write};
use std::mem;

use clap::ValueEnum;
use embedded_roots_bundle::{escape, shorten};
use serde::Serialize;

use crate::explain::stream::TimedStream;
use crate::outcome::Result;

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StartTls {
    /// RFC 3207
    Smtp,
    /// RFC 9051, section 6.2.1
    Imap,
    /// `SSLRequest`
    Postgres,
}

impl StartTls {
    /// The port where a server listens that is not told otherwise.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Imap => 143,
            Self::Postgres => 5432,
        }
    }

    /// Returns once the server waits for a TLS handshake.
    pub(super) fn start(self, stream: &mut TimedStream) -> Result<()> {
        match self {
            Self::Smtp => smtp(stream),
            Self::Imap => imap(stream),
            Self::Postgres => postgres(stream),
        }
    }
}

fn smtp(stream: &mut TimedStream) -> Result<()> {
    let name = stream.address_literal()?;
    let mut lines = Lines::new(stream);
    lines.reply("220")?;
    lines.send(&format!("EHLO {name}\r\n"))?;
    let extensions = lines.reply("250")?;
    if !extensions.iter().any(|name| name == "STARTTLS") {
        return Err("the server does not offer STARTTLS".into());
    }
    lines.send("STARTTLS\r\n")?;
    lines.reply("220")?;
    lines.end()
}

fn imap(stream: &mut TimedStream) -> Result<()> {
    let mut lines = Lines::new(stream);
    let greeting = lines.line()?;
    // After PREAUTH, STARTTLS is no longer possible.
    if !has_prefix(&greeting, "* OK") {
        return Err(unexpected(&greeting));
    }
    lines.send("a1 STARTTLS\r\n")?;
    loop {
        let line = lines.line()?;
        if has_prefix(&line, "a1 OK") {
            return lines.end();
        }
        if !line.starts_with("* ") {
            return Err(unexpected(&line));
        }
    }
}

fn postgres(stream: &mut TimedStream) -> Result<()> {
    // Its length, and the code of an SSLRequest.
    let request = [8_u32.to_be_bytes(), 80_877_103_u32.to_be_bytes()];
    stream.write_all(request.as_flattened())?;
    // Room for more than the byte that is due: see `Lines::end`.
    let mut answer = [0; 64];
    let read = stream.read(&mut answer)?;
    match answer.get(..read).unwrap_or_default() {
        b"S" => Ok(()),
        b"N" => Err("the server does not offer TLS".into()),
        [] => Err(CLOSED.into()),
        [b'S', ..] => Err(TOO_EARLY.into()),
        other => Err(unexpected(&String::from_utf8_lossy(other))),
    }
}

const CLOSED: &str = "the server closed the connection before TLS";
const TOO_EARLY: &str = "the server sent more after its answer, before TLS: someone on the way may have \
                         injected it";
const LONGEST_LINE: usize = 8 << 10;
const MOST_LINES: usize = 200;
/// The most characters of an unexpected line that are shown.
const MOST_SHOWN: usize = 100;

/// A dialogue in lines.
struct Lines<'a> {
    stream: &'a mut TimedStream,
    buffer: Vec<u8>,
    /// The number of lines that were read.
    read: usize,
}

impl<'a> Lines<'a> {
    fn new(stream: &'a mut TimedStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            read: 0,
        }
    }

    fn send(&mut self, line: &str) -> Result<()> {
        Ok(self.stream.write_all(line.as_bytes())?)
    }

    fn line(&mut self) -> Result<String> {
        self.read += 1;
        if self.read > MOST_LINES {
            return Err("the server sends too many lines".into());
        }
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let line = mem::replace(&mut self.buffer, rest);
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err("the server sends a line that is too long".into());
            }
            let mut chunk = [0; 1024];
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err(CLOSED.into());
            }
            self.buffer.extend(chunk.iter().take(read));
        }
    }

    /// A reply of SMTP with this code, as its lines without the code.
    fn reply(&mut self, code: &str) -> Result<Vec<String>> {
        let mut reply = Vec::new();
        loop {
            let line = self.line()?;
            let text = line.strip_prefix(code).ok_or_else(|| unexpected(&line))?;
            reply.push(text.chars().skip(1).collect::<String>().to_uppercase());
            match text.chars().next() {
                Some('-') => {}
                Some(' ') | None => return Ok(reply),
                Some(_) => return Err(unexpected(&line)),
            }
        }
    }

    /// What came in the clear must not count as said under TLS, so nothing may be left.
    fn end(self) -> Result<()> {
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(TOO_EARLY.into())
        }
    }
}

fn has_prefix(line: &str, prefix: &str) -> bool {
    let start = line.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn unexpected(line: &str) -> Box<dyn std::error::Error + Send + Sync> {
    format!(
        "the server answers \"{}\"",
        escape(&shorten(line, MOST_SHOWN))
    )
    .into()
}
