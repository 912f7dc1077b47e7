//! Registries that do not answer what they should.

use std::sync::Mutex;

use embedded_roots_testing::folder::Folder;
use serde_json::json;

use crate::image::{Content, digest_of, layer};
use crate::program::{ProgramOutput, scan};
use crate::pull::{pem, two_layers};
use crate::server::{Reply, Request, Server};

/// Scans an image whose registry answers like this.
fn scan_of(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (String, ProgramOutput) {
    let server = Server::plain(answer);
    let folder = Folder::new("hostile");
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &[&source]);
    (source, ran)
}

#[test]
fn content_with_another_digest_is_an_error() {
    let content = two_layers();
    let (whole, digest) = (content.blobs[&content.layer(0)].clone(), content.layer(0));
    let other = layer(&[("other.pem", pem())]);
    let longer = [whole.clone(), b"\0".to_vec()].concat();
    // The operating system of a gzip header, which says nothing of the content.
    let mut changed = whole.clone();
    changed[9] ^= 1;
    for (blob, expected) in [
        (
            Reply::new(changed),
            "is not what was asked for: it has the digest sha256:",
        ),
        (Reply::new(other), "bytes"),
        (Reply::new(longer), "has more than the "),
        (Reply::new(&whole[..whole.len() - 1]), "ends after "),
        (Reply::new(""), "ends after 0 of "),
        (Reply::new(whole).endless(), "has more than the "),
        (Reply::new(vec![0; 4096]).endless(), "has more than the "),
    ] {
        let blob = Mutex::new(Some(blob));
        let (content, digest) = (content.clone(), digest.clone());
        let path = format!("/v2/a/b/blobs/{digest}");
        let (source, ran) = scan_of(move |request| {
            if request.path == path {
                return blob.lock().unwrap().take().unwrap();
            }
            content.reply(request)
        });
        assert_eq!(ran.status, 2, "{expected}: {}", ran.report);
        let place = format!("{source}!{digest}");
        let errors = ran.errors();
        let is_told = errors
            .iter()
            .any(|(found, why)| *found == place && why.contains(expected));
        assert!(is_told, "{expected}: {errors:?}");
        // The other layer is read.
        assert!(ran.places().iter().any(|place| place[1] == "srv/own.pem"));
    }
}

#[test]
fn manifests_and_configs_are_judged_by_their_digests() {
    let content = two_layers();
    let folder = Folder::new("manifest");
    let other = Content::image(&[layer(&[("a", "b")])]);
    let text = other.manifests[&other.tag].1.clone();
    let server = Server::plain(move |_| Reply::new(text.clone()));
    let source = format!("registry:{}/a/b@{}", server.address, content.tag);
    let ran = scan(&folder, &[&source]);
    let why = format!("is not what was asked for: it has the digest {}", other.tag);
    assert_eq!((ran.status, ran.errors()), (2, vec![(&*source, &*why)]));

    let config = digest_of(&content.manifest()["config"]);
    let path = format!("/v2/a/b/blobs/{config}");
    let size = content.blobs[&config].len();
    let (source, ran) = scan_of(move |request| {
        if request.path == path {
            return Reply::new(vec![b' '; size]);
        }
        content.reply(request)
    });
    let place = format!("{source}!{config}");
    assert_eq!((ran.status, ran.errors()[0].0), (2, &*place));
    assert_eq!(ran.places().len(), 2);
}

#[test]
fn errors_of_the_registry_are_shown() {
    let message = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"not here"},{"code":"X"}]}"#;
    for (reply, expected) in [
        (
            Reply::status(404).body(message),
            "404 Not Found: NAME_UNKNOWN: not here",
        ),
        (Reply::status(404).body("<html>"), "404 Not Found"),
        (Reply::status(500), "500 Internal Server Error"),
        (
            Reply::status(401),
            "401 Unauthorized (no credentials for 127.0.0.1:",
        ),
        (
            Reply::status(403).body(message),
            "403 Forbidden: NAME_UNKNOWN: not here (no ",
        ),
        (Reply::status(204), "204 No Content"),
        (Reply::status(404).body("[").endless(), "404 Not Found"),
        (
            Reply::status(401).with("WWW-Authenticate", "Negotiate"),
            "401 Unauthorized (no ",
        ),
        (
            Reply::status(401).with("WWW-Authenticate", "Bearer service=x"),
            "token: its server is not named",
        ),
        (
            Reply::status(401).with(
                "WWW-Authenticate",
                "Bearer realm=\"http://192.0.2.1/token\"",
            ),
            "token: sends requests to 192.0.2.1, without encryption",
        ),
        (
            Reply::status(401).with("WWW-Authenticate", "Bearer realm=\"file:///etc/passwd\""),
            "token: \"file:///etc/passwd\" is not an address of http or https",
        ),
    ] {
        let reply = Mutex::new(Some(reply));
        let (source, ran) = scan_of(move |_| {
            let reply = reply.lock().unwrap().take();
            reply.unwrap_or_else(|| Reply::status(599))
        });
        let errors = ran.errors();
        assert_eq!((ran.status, errors.len(), errors[0].0), (2, 1, &*source));
        assert!(
            errors[0].1.starts_with(expected),
            "{expected}: {}",
            errors[0].1
        );
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn manifests_without_end_or_sense_are_errors() {
    let index = |digests: &[&str]| {
        let platform = json!({ "os": "linux", "architecture": "amd64" });
        let manifests = digests.iter();
        let manifests =
            manifests.map(|digest| json!({ "digest": digest, "size": 1, "platform": platform }));
        json!({ "manifests": manifests.collect::<Vec<_>>() }).to_string()
    };
    let layers = |digest: &str, size: u64| {
        let config = json!({ "digest": "sha256:00", "size": 1 });
        let layer = json!({ "digest": digest, "size": size });
        json!({ "config": config, "layers": [layer] }).to_string()
    };
    let zeros = format!("sha256:{}", "0".repeat(64));
    for (reply, expected) in [
        (
            Reply::new("[".repeat(4096)).endless(),
            "has more than 4194304 bytes",
        ),
        (
            Reply::new("[".repeat(1 << 20)),
            "its manifest cannot be read: ",
        ),
        (
            Reply::new("{}"),
            "its manifest is neither an index nor an image",
        ),
        (
            Reply::new(index(&[])),
            "has no image for linux/amd64, but for: ",
        ),
        (
            Reply::new(index(&["sha256:../../x"])),
            "\"sha256:../../x\" is not a digest",
        ),
        (
            Reply::new(layers("../../../x", 1)),
            "\"../../../x\" is not a digest",
        ),
        (
            Reply::new(layers(&zeros, u64::MAX)),
            "the layers have more than 68719476736 bytes",
        ),
    ] {
        let reply = Mutex::new(Some(reply));
        let (_, ran) = scan_of(move |_| {
            let reply = reply.lock().unwrap().take();
            reply.unwrap_or_else(|| Reply::status(404))
        });
        let errors = ran.errors();
        assert_eq!(ran.status, 2);
        let is_told = errors.iter().any(|(_, why)| why.starts_with(expected));
        assert!(is_told, "{expected}: {errors:?}");
    }
}

#[test]
fn indexes_in_indexes_have_a_limit() {
    let mut content = two_layers();
    for _ in 0..4 {
        let descriptor = json!({ "digest": content.tag, "size": 1 });
        let index = json!({ "manifests": [descriptor] });
        content.set_index(&index);
    }
    let (source, ran) = scan_of(move |request| content.reply(request));
    let why = "more than 3 indexes in indexes";
    assert_eq!((ran.status, ran.errors()), (2, vec![(&*source, why)]));
}

/// A registry with Basic credentials that redirects blobs to `target`, and what it answers there.
fn redirecting(
    content: Content,
    target: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    location: impl Fn(&str, &Request) -> String + Send + Sync + 'static,
) -> (ProgramOutput, Vec<Request>) {
    let other = Server::plain(target);
    let other_address = other.address.to_string();
    let registry = Server::plain(move |request| {
        if request.authorization() != Some("Basic dXNlcjpwYXNzd29yZA==") {
            return Reply::status(401).with("WWW-Authenticate", "Basic realm=x");
        }
        if request.path.contains("/blobs/") {
            return Reply::status(307).with("Location", &location(&other_address, request));
        }
        content.reply(request)
    });
    let folder = Folder::new("redirect");
    let auth = json!({ "auth": "dXNlcjpwYXNzd29yZA==" });
    // For both servers, so that nothing but the redirect keeps them back.
    let auths = json!({ "auths": {
        registry.address.to_string(): auth, other.address.to_string(): auth
    } });
    folder.file("config.json", auths.to_string());
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", registry.address)]);
    (ran, other.requests())
}

#[test]
fn redirects_carry_no_credentials_to_other_hosts() {
    let content = two_layers();
    let blobs = content.blobs.clone();
    let (ran, requests) = redirecting(
        content,
        move |request| Reply::new(blobs[request.path.strip_prefix("/store/").unwrap()].clone()),
        |other, request| {
            let digest = request.path.rsplit('/').next().unwrap();
            format!("http://{other}/store/{digest}")
        },
    );
    assert_eq!(
        (ran.status, ran.errors(), ran.places().len()),
        (0, vec![], 2)
    );
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.authorization(), None, "{request:?}");
    }
}

#[test]
fn challenges_of_other_hosts_are_not_answered() {
    let (ran, requests) = redirecting(
        two_layers(),
        |_| Reply::status(401).with("WWW-Authenticate", "Basic realm=x"),
        |other, _| format!("http://{other}/"),
    );
    // The config and two layers, each once.
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.authorization().is_none())
    );
    assert_eq!(ran.errors().len(), 3);
    assert!(
        ran.errors()
            .iter()
            .all(|(_, why)| why.starts_with("401 Unauthorized"))
    );
}

#[test]
fn redirects_have_a_limit_and_a_direction() {
    for (location, expected) in [
        ("/v2/a/b/blobs/x", "redirects more than 5 times"),
        (
            "http://192.0.2.1/",
            "sends requests to 192.0.2.1, without encryption",
        ),
        (
            "//192.0.2.1/",
            "\"//192.0.2.1/\" is not an address of http or https",
        ),
        (
            "file:///etc/passwd",
            "\"file:///etc/passwd\" is not an address of http or https",
        ),
    ] {
        let (ran, requests) = redirecting(
            two_layers(),
            |_| Reply::status(404),
            |_, _| location.to_owned(),
        );
        assert!(requests.is_empty());
        assert_eq!(ran.errors().len(), 3, "{location}");
        for (_, why) in ran.errors() {
            assert_eq!(why, expected);
        }
    }
}
