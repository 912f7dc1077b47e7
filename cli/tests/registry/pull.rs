//! What is read of a registry, and how the program makes itself known to it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use embedded_roots_testing::authority;
use embedded_roots_testing::folder::Folder;
use serde_json::{Value, json};

use crate::image::{Content, digest, layer};
use crate::program::{ProgramOutput, program, scan, scan_with};
use crate::server::{Reply, Server};

/// A root of Mozilla's list.
pub(crate) fn pem() -> String {
    let pem = embedded_roots::mozilla::pem();
    let end = "-----END CERTIFICATE-----\n";
    pem[..pem.find(end).unwrap() + end.len()].to_owned()
}

pub(crate) fn two_layers() -> Content {
    let unknown = authority::root("a root of nobody").pem();
    Content::image(&[
        layer(&[("srv/a.txt", "nothing"), ("etc/ssl/cert.pem", &*pem())]),
        layer(&[("srv/own.pem", unknown)]),
    ])
}

fn serve(content: Content) -> Server {
    Server::plain(move |request| content.reply(request))
}

#[test]
fn an_image_is_scanned_layer_by_layer_like_its_layout() {
    let folder = Folder::new("layers");
    let content = two_layers();
    let layout = content.write_layout(&folder);
    let (layers, tag) = ([content.layer(0), content.layer(1)], content.tag.clone());
    let server = serve(content);
    for version in [":1".to_owned(), format!("@{tag}"), format!(":2@{tag}")] {
        let source = format!("registry:{}/a/b{version}", server.address);
        let ran = scan(&folder, &[&source]);
        assert_eq!((ran.status, ran.errors()), (0, vec![]), "{}", ran.err);
        let expected = [
            [layers[0].as_str(), "etc/ssl/cert.pem"],
            [&layers[1], "srv/own.pem"],
        ];
        assert_eq!(ran.places(), expected);
        let shown = format!("{source}!{}!etc/ssl/cert.pem", layers[0]);
        assert_eq!(ran.report["places"][0]["place"], shown);
        assert_eq!(
            found(&ran),
            found(&scan(&folder, &[layout.to_str().unwrap()]))
        );
        // The manifest, the config, and the files of the layers.
        assert_eq!(ran.report["searched"], 5);
    }
}

#[test]
fn roots_of_an_image_have_a_forecast() {
    let folder = Folder::new("forecast");
    let server = serve(two_layers());
    let source = format!("registry:{}/a/b:1", server.address);
    let output = program(&folder)
        .args(["forecast", "--json", &source])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let forecast: Value = serde_json::from_slice(&output.stdout).unwrap();
    let subjects = forecast["roots"].as_array().unwrap().iter();
    let subjects: Vec<&str> = subjects
        .map(|root| root["root"]["subject"].as_str().unwrap())
        .collect();
    assert_eq!(subjects.len(), 2);
    assert!(
        subjects
            .iter()
            .any(|subject| subject.contains("a root of nobody")),
        "{subjects:?}"
    );
    let missing = format!("registry:{}/a/b:none", server.address);
    let output = program(&folder)
        .args(["forecast", &missing])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn layers_that_are_in_a_cache_are_not_requested() {
    let folder = Folder::new("layers-cache");
    let server = serve(two_layers());
    let source = format!("registry:{}/a/b:1", server.address);
    let cache = folder.path().join("cache");
    let arguments = [source.as_str(), "--cache", cache.to_str().unwrap()];
    let expected = scan(&folder, &[&source]).report;
    let blobs = |server: &Server| {
        let requests = server.requests().into_iter();
        requests
            .filter(|request| request.path.contains("/blobs/"))
            .count()
    };
    // The config, and two layers.
    assert_eq!(blobs(&server), 3);
    for count in [6, 7] {
        let ran = scan(&folder, &arguments);
        assert_eq!(ran.report, expected);
        assert_eq!(blobs(&server), count);
    }
}

/// The layers and files with what is in them.
pub(crate) fn found(ran: &ProgramOutput) -> BTreeSet<String> {
    let places = ran.report["places"].as_array().unwrap().iter();
    let of_layer = |place: &serde_json::Value| {
        let path: Vec<_> = place["path"].as_array().unwrap().iter().rev().collect();
        let layer = path[1].as_str().unwrap();
        let layer = layer.rsplit([':', '/']).next().unwrap();
        format!(
            "{layer} {} {} {}",
            path[0], place["roots"], place["unknown"]
        )
    };
    places.map(of_layer).collect()
}

#[test]
fn a_layer_that_occurs_twice_is_read_once() {
    let one = layer(&[("cert.pem", pem())]);
    let server = serve(Content::image(&[one.clone(), one]));
    let folder = Folder::new("twice");
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.places().len()), (0, 1));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn platforms_are_chosen() {
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let layers = ["own", "riscv", "windows"].map(|name| layer(&[(name, pem())]));
    let [for_own, for_riscv, for_windows] = layers.clone();
    let server = serve(Content::index(&[
        ("linux", "riscv64", for_riscv),
        ("linux", own, for_own),
        ("windows", own, for_windows),
    ]));
    let folder = Folder::new("platforms");
    let source = format!("registry:{}/a/b:1", server.address);
    let digests = layers.map(|layer| digest(&layer));
    let [for_own, for_riscv, for_windows] = digests.each_ref().map(String::as_str);
    let place = |layer, name| vec![vec![layer, name]];
    let of_platform = |platform| scan(&folder, &["--platform", platform, &source]);
    let ran = scan(&folder, &[&source]);
    assert_eq!((ran.status, ran.places()), (0, place(for_own, "own")));
    let ran = of_platform("linux/riscv64");
    assert_eq!((ran.status, ran.places()), (0, place(for_riscv, "riscv")));
    let ran = of_platform("all");
    let own = format!("linux/{own}");
    let windows = own.replace("linux", "windows");
    let all = [
        ["linux/riscv64", for_riscv, "riscv"],
        [&own, for_own, "own"],
        [&windows, for_windows, "windows"],
    ];
    assert_eq!(
        (ran.status, ran.places().as_slice()),
        (0, &all.map(Vec::from)[..])
    );
    let ran = of_platform("plan9/arm");
    let why = format!("has no image for plan9/arm, but for: linux/riscv64, {own}, {windows}");
    assert_eq!((ran.status, ran.errors()), (2, vec![(&*source, &*why)]));
}

#[test]
fn image_of_another_platform_is_an_error() {
    let server = serve(two_layers());
    let folder = Folder::new("platform");
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &["--platform", "linux/amd64", &source]);
    assert_eq!((ran.status, ran.places().len()), (0, 2));
    let ran = scan(&folder, &["--platform", "linux/arm64", &source]);
    let why = "has no image for linux/arm64, but one for linux/amd64";
    assert_eq!((ran.status, ran.errors()), (2, vec![(&*source, why)]));
}

#[test]
fn foreign_layers_are_reported() {
    let mut content = two_layers();
    let missing = content.layer(1);
    content.blobs.remove(&missing);
    let mut manifest = content.manifest();
    manifest["layers"][1]["urls"] = json!(["https://example.com/layer"]);
    content.set_manifest(&manifest);
    let server = serve(content);
    let folder = Folder::new("elsewhere");
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &[&source]);
    assert_eq!((ran.status, ran.errors()), (0, vec![]));
    assert_eq!(ran.places().len(), 1);
    let unread = &ran.report["unread"][0];
    assert_eq!(unread["place"], format!("{source}!{missing}"));
    assert!(
        unread["form"]
            .as_str()
            .unwrap()
            .starts_with("a layer that is not in the registry")
    );
    assert_eq!(scan(&folder, &["--strict", &source]).status, 2);
}

#[test]
fn files_that_upper_layers_delete_are_marked() {
    let base = layer(&[("etc/cert.pem", pem())]);
    let deleting = layer(&[("etc/.wh.cert.pem", "")]);
    let mut content = Content::image(&[base.clone(), deleting.clone()]);
    let (one, above) = (content.tag.clone(), content.layer(1));
    // The same layer in another image, which a container of that sees.
    let images = [
        content.add_image("linux", "amd64", &[base.clone(), deleting]),
        content.add_image("linux", "riscv64", &[base]),
    ];
    content.set_index(&json!({ "manifests": images }));
    let server = serve(content);
    let folder = Folder::new("deleted");
    let source = format!("registry:{}/a/b@{one}", server.address);
    let ran = scan(&folder, &[&source]);
    let hidden = json!({ "layer": format!("{source}!{above}"), "how": "deleted" });
    assert_eq!(ran.report["places"][0]["hidden_by"], hidden);
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &["--platform", "all", &source]);
    assert_eq!(ran.places().len(), 1);
    assert_eq!(ran.report["places"][0]["hidden_by"], json!(null));
}

#[test]
fn layers_of_the_cache_are_not_read_again() {
    let base = layer(&[("etc/ssl/cert.pem", pem())]);
    let one = Content::image(&[base.clone(), layer(&[("one.pem", pem())])]);
    let mut content = Content::image(&[base, layer(&[("other.pem", pem())])]);
    let (other, upper) = (content.tag.clone(), content.layer(1));
    content.manifests.extend(one.manifests);
    content.blobs.extend(one.blobs);
    content.tag = one.tag;
    let damaged = Arc::new(AtomicBool::new(true));
    let is_damaged = Arc::clone(&damaged);
    let server = Server::plain(move |request| {
        if is_damaged.load(Ordering::Relaxed) && request.path.ends_with(&upper) {
            return Reply::new("damaged");
        }
        content.reply(request)
    });
    let folder = Folder::new("cached");
    let cache = folder.join("cache");
    let name = format!("registry:{}/a/b", server.address);
    let scan_of = |version: &str| {
        let before = server.requests().len();
        let source = format!("{name}{version}");
        let ran = scan(&folder, &["--cache", cache.to_str().unwrap(), &source]);
        let plain = server.requests().len() - before;
        if ran.status == 0 {
            assert_eq!(ran.report, scan(&folder, &[&source]).report);
        }
        (ran.status, ran.places().len(), plain)
    };
    // The manifest, the config, and the layers.
    assert_eq!(scan_of(":1"), (0, 2, 4));
    // Only what is damaged is asked for, and its result is not kept.
    assert_eq!(scan_of(&format!("@{other}")).0, 2);
    damaged.store(false, Ordering::Relaxed);
    assert_eq!(scan_of(&format!("@{other}")), (0, 2, 3));
    assert_eq!(scan_of(&format!("@{other}")), (0, 2, 2));
}

#[test]
fn encrypted_layers_are_reported() {
    let mut content = two_layers();
    let mut manifest = content.manifest();
    manifest["layers"][1]["mediaType"] =
        json!("application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
    let encrypted = content.layer(1);
    content.set_manifest(&manifest);
    let server = serve(content);
    let folder = Folder::new("encrypted");
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &["--strict", &source]);
    assert_eq!(
        (ran.status, ran.errors(), ran.places().len()),
        (2, vec![], 1)
    );
    let unread = &ran.report["unread"][0];
    assert_eq!(unread["place"], format!("{source}!{encrypted}"));
    assert_eq!(unread["form"], "an encrypted layer");
}

const AUTHS: &str = r#"{ "auths": { "HOST": { "auth": "dXNlcjpwYXNzd29yZA==" } } }"#;
const BASIC: &str = "Basic dXNlcjpwYXNzd29yZA==";

/// A registry that wants a token, of a server that wants this header or form.
fn with_tokens(
    is_known: impl Fn(&crate::server::Request) -> bool + Send + Sync + 'static,
) -> Server {
    let content = two_layers();
    Server::plain(move |request| {
        if request.path.starts_with("/token") {
            let is_known = is_known(request);
            return if is_known {
                Reply::new(r#"{ "token": "secret", "expires_in": 300 }"#)
            } else {
                Reply::status(401)
            };
        }
        if request.authorization() == Some("Bearer secret") {
            return content.reply(request);
        }
        let realm = format!("http://{}/token?x=y", request.headers["host"]);
        let challenge =
            format!(r#"Bearer realm="{realm}",service="a service",scope="repository:a/b:*""#);
        Reply::status(401).with("WWW-Authenticate", &challenge)
    })
}

#[test]
fn a_token_is_fetched_once_with_credentials() {
    let server = with_tokens(|request| request.authorization() == Some(BASIC));
    let folder = Folder::new("token");
    let source = format!("registry:{}/a/b:1", server.address);
    let ran = scan(&folder, &[&source]);
    assert_eq!(ran.errors(), [(&*source, "token: 401 Unauthorized")]);

    folder.file(
        "config.json",
        AUTHS.replace("HOST", &server.address.to_string()),
    );
    let before = server.requests().len();
    let ran = scan(&folder, &[&source]);
    assert_eq!(
        (ran.status, ran.errors(), ran.places().len()),
        (0, vec![], 2)
    );
    let requests = &server.requests()[before..];
    let paths: Vec<&str> = requests
        .iter()
        .map(|request| request.path.as_str())
        .collect();
    assert_eq!(
        paths[..3],
        [
            "/v2/a/b/manifests/1",
            "/token?x=y&scope=repository%3Aa%2Fb%3Apull&service=a%20service",
            "/v2/a/b/manifests/1"
        ]
    );
    // The config and two layers.
    assert_eq!(paths.len(), 6);
    // The password is for the server of tokens, and the token for the registry.
    for request in requests {
        let is_token = request.path.starts_with("/token");
        let is_basic = request.authorization() == Some(BASIC);
        assert_eq!(is_token, is_basic, "{request:?}");
    }
}

#[test]
fn a_token_needs_no_credentials_if_it_is_for_all() {
    let server = with_tokens(|request| request.authorization().is_none());
    let folder = Folder::new("anonymous");
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.places().len()), (0, 2), "{}", ran.report);
}

#[test]
fn an_identity_token_is_exchanged() {
    let server = with_tokens(|request| {
        let mut parts = request.body.split('&');
        request.method == "POST"
            && request.authorization().is_none()
            && parts.any(|part| part == "refresh_token=a%2Bb")
            && request.body.contains("scope=repository%3Aa%2Fb%3Apull&")
    });
    let folder = Folder::new("identity");
    let auths =
        r#"{ "auths": { "HOST": { "auth": "dXNlcjpwYXNzd29yZA==", "identitytoken": "a+b" } } }"#;
    folder.file(
        "config.json",
        auths.replace("HOST", &server.address.to_string()),
    );
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.places().len()), (0, 2), "{}", ran.report);
}

#[test]
fn an_expired_token_is_replaced() {
    let content = two_layers();
    let issued = AtomicUsize::new(0);
    let used = AtomicUsize::new(0);
    let server = Server::plain(move |request| {
        if request.path.starts_with("/token") {
            let nth = issued.fetch_add(1, Ordering::Relaxed);
            return Reply::new(format!(r#"{{ "access_token": "{nth}" }}"#));
        }
        // Each is for two requests.
        let newest = issued.load(Ordering::Relaxed).wrapping_sub(1);
        let is_valid = request.authorization() == Some(&format!("Bearer {newest}"));
        if is_valid && used.load(Ordering::Relaxed) / 2 == newest {
            used.fetch_add(1, Ordering::Relaxed);
            return content.reply(request);
        }
        let realm = format!(r#"Bearer realm="http://{}/token""#, request.headers["host"]);
        Reply::status(401).with("WWW-Authenticate", &realm)
    });
    let folder = Folder::new("expired");
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.errors()), (0, vec![]));
    let requests = server.requests();
    let tokens = requests
        .iter()
        .filter(|request| request.path.starts_with("/token"));
    assert_eq!(tokens.count(), 2);
}

fn with_basic() -> Server {
    let content = two_layers();
    Server::plain(move |request| match request.authorization() {
        Some(BASIC) => content.reply(request),
        _ => Reply::status(401).with("WWW-Authenticate", "Basic realm=x"),
    })
}

#[test]
fn basic_credentials_are_sent_when_they_are_asked_for() {
    let server = with_basic();
    let folder = Folder::new("basic");
    folder.file(
        "config.json",
        AUTHS.replace("HOST", &format!("https://{}/v2/", server.address)),
    );
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.places().len()), (0, 2), "{}", ran.report);
    assert_eq!(server.requests()[0].authorization(), None);
}

#[test]
#[cfg(unix)]
fn credentials_come_from_the_program_of_the_registry() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let server = with_basic();
    let folder = Folder::new("helper");
    let host = server.address.to_string();
    let answer = r#"{"ServerURL":"x","Username":"user","Secret":"password"}"#;
    let program = format!(
        "#!/bin/sh\nread host\ncase $1.$host in get.{host}) echo '{answer}' ;; \
         *) echo 'credentials not found in native keychain'; exit 1 ;; esac\n"
    );
    let program = folder.file("docker-credential-of-test", program);
    set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let source = format!("registry:{host}/a/b:1");
    for (config, status) in [
        (r#"{ "credHelpers": { "HOST": "of-test" } }"#, 0),
        (r#"{ "credsStore": "of-test" }"#, 0),
        (r#"{ "credHelpers": { "other": "of-test" } }"#, 2),
        (r#"{ "credsStore": "of-nobody" }"#, 2),
    ] {
        folder.file("config.json", config.replace("HOST", &host));
        let ran = scan_with(&folder, &[&source], |command| {
            command.env("PATH", &path);
        });
        assert_eq!(ran.status, status, "{config}: {}", ran.report);
    }
    // It has none for this name of the same server.
    let source = source.replace("127.0.0.1", "localhost");
    folder.file("config.json", r#"{ "credsStore": "of-test" }"#);
    let ran = scan_with(&folder, &[&source], |command| {
        command.env("PATH", &path);
    });
    let why = ran.errors()[0].1.to_owned();
    assert!(
        why.starts_with("401 Unauthorized (no credentials for localhost:"),
        "{why}"
    );
}

#[test]
fn a_busy_registry_is_asked_again() {
    let content = two_layers();
    let count = AtomicUsize::new(0);
    let server = Server::plain(move |request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::status(429).with("Retry-After", "0"),
        1 => Reply::status(503).with("Retry-After", "0"),
        _ => content.reply(request),
    });
    let folder = Folder::new("busy");
    let ran = scan(&folder, &[&format!("registry:{}/a/b:1", server.address)]);
    assert_eq!((ran.status, ran.places().len()), (0, 2), "{}", ran.report);
}

#[test]
fn a_registry_is_verified_with_the_roots_that_are_named() {
    let root = authority::root("of the registry");
    let content = two_layers();
    let identity = authority::server(&root, "localhost");
    let server = Server::tls(identity, move |request| content.reply(request));
    let folder = Folder::new("tls");
    let file = folder.file("root.pem", root.pem());
    let file = file.to_str().unwrap();
    let source = format!("registry:localhost:{}/a/b:1", server.address.port());
    let ran = scan(&folder, &["--roots", file, &source]);
    assert_eq!(
        (ran.status, ran.errors(), ran.places().len()),
        (0, vec![], 2)
    );
    // Loopback is no excuse for a certificate that is not valid.
    for arguments in [&[&*source][..], &["--roots", "mozilla", &source]] {
        let ran = scan(&folder, arguments);
        let errors = ran.errors();
        assert_eq!((ran.status, errors.len(), errors[0].0), (2, 1, &*source));
        assert!(errors[0].1.contains("of the registry"), "{}", errors[0].1);
    }
    let source = source.replace("localhost", "127.0.0.1");
    let ran = scan(&folder, &["--roots", file, &source]);
    assert_eq!((ran.status, ran.places().len()), (2, 0));
    assert_eq!(server.requests().len(), 4);
}

/// By an address that is not one of loopback, and leads there.
#[test]
#[cfg(target_os = "linux")]
fn plain_http_is_used_only_on_request() {
    let server = serve(two_layers());
    let folder = Folder::new("plain");
    let host = format!("0.0.0.0:{}", server.address.port());
    let source = format!("registry:{host}/a/b:1");
    let direct = |command: &mut std::process::Command| {
        command.env("NO_PROXY", "0.0.0.0");
    };
    let ran = scan_with(&folder, &[&source], direct);
    assert_eq!((ran.status, ran.places().len()), (2, 0));
    assert!(server.requests().is_empty());
    let ran = scan_with(&folder, &["--insecure-http", "0.0.0.0:1", &source], direct);
    assert_eq!((ran.status, ran.places().len()), (2, 0));
    let ran = scan_with(&folder, &["--insecure-http", &host, &source], direct);
    assert_eq!((ran.status, ran.places().len()), (0, 2), "{}", ran.report);
}
