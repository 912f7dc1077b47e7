//! Credentials for registries, as Docker keeps them.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;

use super::reference::Host;
use crate::outcome::Result;

/// Without `Debug`, so that none is in a message.
#[derive(PartialEq, Eq)]
pub(super) enum Credential {
    Password {
        user: String,
        password: String,
    },
    /// For a token server, which gives a token for it.
    IdentityToken(String),
    /// For the registry itself.
    RegistryToken(String),
}

/// `config.json` of Docker.
#[derive(Default)]
pub(super) struct Credentials {
    config: Config,
    /// For messages.
    path: Option<PathBuf>,
}

impl Credentials {
    /// Those of `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. None if there is no such file.
    pub(super) fn load() -> Result<Self> {
        let folder = match env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()) {
            Some(folder) => Some(PathBuf::from(folder)),
            None => env::var_os(HOME).map(|home| Path::new(&home).join(".docker")),
        };
        match folder {
            Some(folder) => Self::read(&folder.join("config.json")),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let mut text = Vec::new();
        match File::open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(why) => return Err(format!("{shown}: {why}").into()),
            Ok(file) => file.take(MOST).read_to_end(&mut text)?,
        };
        // The error of serde_json has no part of the text.
        let config = serde_json::from_slice(&text).map_err(|why| format!("{shown}: {why}"))?;
        Ok(Self {
            config,
            path: Some(path.to_owned()),
        })
    }

    /// Where they were looked for.
    pub(super) fn source(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "no config.json of Docker".to_owned(),
        }
    }

    /// As Docker: of the program for this registry, else of the program for all, else of the file.
    pub(super) fn of(&self, host: &Host) -> Result<Option<Credential>> {
        let name = host.credentials();
        let Config {
            auths,
            helpers,
            store,
        } = &self.config;
        let helper = entry(helpers, name).or(store.as_ref());
        let helper = helper.filter(|name| !name.is_empty());
        if let Some(helper) = helper {
            let why = |why| format!("docker-credential-{helper}: {why}");
            return from_helper(helper, name).map_err(|error| why(error).into());
        }
        match entry(auths, name) {
            Some(auth) => auth
                .credential()
                .map_err(|why| format!("{}, {name}: {why}", self.source()).into()),
            None => Ok(None),
        }
    }
}

impl Credential {
    /// The header for a server that takes user and password.
    pub(super) fn basic(&self) -> Option<String> {
        let Self::Password { user, password } = self else {
            return None;
        };
        Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        ))
    }
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Auth {
    /// Base64 of user and password.
    #[serde(default, rename = "auth")]
    both: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default, rename = "identitytoken")]
    identity_token: String,
    #[serde(default, rename = "registrytoken")]
    registry_token: String,
}

impl Auth {
    fn credential(&self) -> Result<Option<Credential>> {
        if !self.registry_token.is_empty() {
            let token = self.registry_token.clone();
            return Ok(Some(Credential::RegistryToken(token)));
        }
        if !self.identity_token.is_empty() {
            let token = self.identity_token.clone();
            return Ok(Some(Credential::IdentityToken(token)));
        }
        let (user, password) = if self.both.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            let auth = self.both.trim_end_matches('=');
            let text = STANDARD_NO_PAD.decode(auth).ok();
            let text = text.and_then(|text| String::from_utf8(text).ok());
            let both = text.as_deref().and_then(|text| text.split_once(':'));
            let (user, password) = both.ok_or("`auth` is not base64 of user and password")?;
            // Old versions of Docker wrote these.
            (user.to_owned(), password.trim_matches('\0').to_owned())
        };
        // An entry that is empty, as for a registry whose credentials a program has.
        Ok((!user.is_empty()).then_some(Credential::Password { user, password }))
    }
}

/// The variable with the user's folder.
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// The most bytes that are read of a file or of a program.
const MOST: u64 = 1 << 20;

/// How long a program may take. It may ask for a password, or a cloud for a token.
const TIME: Duration = Duration::from_secs(60);

/// The name of a user with which a program gives a token.
const TOKEN: &str = "<token>";

/// What such a program says where it has none.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The entry under this name, or else under another with the same host.
fn entry<'a, T>(entries: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    entries.get(name).or_else(|| {
        let mut others = entries.iter();
        let same = others.find(|(key, _)| host_of(key) == host_of(name));
        same.map(|(_, entry)| entry)
    })
}

/// Without a scheme and a path, which older versions of Docker have written.
fn host_of(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    key.split_once('/').map_or(key, |(host, _)| host)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a program, by the protocol of docker-credential-helpers.
fn from_helper(helper: &str, server: &str) -> Result<Option<Credential>> {
    // A name, which is looked for in PATH: not a file of the folder at hand.
    if helper.contains(['/', '\\']) {
        return Err("is not the name of a program".into());
    }
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let answer = answer(&mut child, server);
    if answer.is_err() {
        // It may have ended.
        let _ = child.kill();
    }
    let status = child.wait()?;
    let answer = answer?;
    if !status.success() {
        let text = String::from_utf8_lossy(&answer);
        let text = text.trim();
        if text.contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(format!("{status}: {text}").into());
    }
    let Answer { username, secret } =
        serde_json::from_slice(&answer).map_err(|_| "its answer is not read")?;
    Ok(Some(match username.as_str() {
        TOKEN => Credential::IdentityToken(secret),
        _ => Credential::Password {
            user: username,
            password: secret,
        },
    }))
}

fn answer(child: &mut Child, server: &str) -> Result<Vec<u8>> {
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (mut input, output) = input.zip(output).ok_or("has no pipes")?;
    input.write_all(server.as_bytes())?;
    drop(input);
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut text = Vec::new();
        let read = output.take(MOST).read_to_end(&mut text);
        sender.send(read.map(|_| text))
    })?;
    let answer = receiver.recv_timeout(TIME);
    Ok(answer.map_err(|_| "does not answer")??)
}

#[cfg(test)]
mod tests {
    use embedded_roots_testing::folder::Folder;

    use super::*;

    fn of(config: &str, host: &str) -> std::result::Result<Option<String>, String> {
        let folder = Folder::new("credentials");
        let file = folder.file("config.json", config);
        let host = Host::parse(host).unwrap();
        let credentials = Credentials::read(&file).map_err(|why| why.to_string())?;
        let credential = credentials.of(&host).map_err(|why| why.to_string())?;
        Ok(credential.map(|credential| match credential {
            Credential::Password { user, password } => format!("{user}:{password}"),
            Credential::IdentityToken(token) => format!("identity {token}"),
            Credential::RegistryToken(token) => format!("registry {token}"),
        }))
    }

    #[test]
    fn credentials_of_the_file_are_those_of_docker() {
        // "user:pass:word"
        let config = r#"{
            "auths": {
                "a.example": { "auth": "dXNlcjpwYXNzOndvcmQ=" },
                "b.example:5000": { "username": "b", "password": "c" },
                "https://index.docker.io/v1/": { "auth": "dXNlcjpwYXNzOndvcmQ" },
                "https://old.example/v1/": { "username": "old", "password": "" },
                "identity.example": { "auth": "dXNlcjpwYXNzOndvcmQ=", "identitytoken": "i" },
                "registry.example": { "registrytoken": "r" },
                "empty.example": {},
                "bad.example": { "auth": "?" }
            },
            "HttpHeaders": { "User-Agent": "Docker" }
        }"#;
        for (host, expected) in [
            ("a.example", Some("user:pass:word")),
            ("b.example:5000", Some("b:c")),
            ("docker.io", Some("user:pass:word")),
            ("old.example", Some("old:")),
            ("identity.example", Some("identity i")),
            ("registry.example", Some("registry r")),
            ("empty.example", None),
            ("b.example", None),
            ("a.example:5000", None),
            ("other.example", None),
        ] {
            assert_eq!(of(config, host).unwrap().as_deref(), expected, "{host}");
        }
        let why = of(config, "bad.example").unwrap_err();
        assert!(
            why.ends_with("bad.example: `auth` is not base64 of user and password"),
            "{why}"
        );
        assert!(
            of("{", "a.example")
                .unwrap_err()
                .contains("config.json: EOF")
        );
        assert_eq!(of("{}", "a.example"), Ok(None));
        let missing = Credentials::read(Path::new("/nowhere/config.json")).unwrap();
        assert!(
            missing
                .of(&Host::parse("a.example").unwrap())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn credential_helper_names_are_checked() {
        let config = r#"{ "credsStore": "../../bin/sh" }"#;
        let why = of(config, "a.example").unwrap_err();
        assert!(why.ends_with("is not the name of a program"), "{why}");
        let config = r#"{ "credHelpers": { "a.example": "of-embedded-roots-that-is-not-there" } }"#;
        assert!(of(config, "a.example").is_err());
        assert_eq!(of(config, "b.example"), Ok(None));
    }
}
