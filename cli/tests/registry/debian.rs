//! The registry that Debian has, with an image that buildah makes.

use std::fs;
use std::process::{Command, Stdio};

use embedded_roots_testing::authority;
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::program::Program;
use serde_json::json;

use crate::program::scan;
use crate::pull::{found, pem};

/// Starts Debian's registry, with these parts of its config.
pub(crate) fn serve(program: Program, http: &str, auth: &str) -> Program {
    let (port, folder) = (program.port(), program.folder().display());
    let config = format!(
        "version: 0.1\n\
         log: {{ level: error }}\n\
         storage: {{ filesystem: {{ rootdirectory: {folder}/data }} }}\n\
         http: {{ addr: \"127.0.0.1:{port}\"{http} }}\n\
         {auth}\n"
    );
    program.file("config.yml", &config);
    let mut command = program.command("docker-registry");
    command.args(["serve", "config.yml"]);
    program.start(command)
}

/// Pushed over TLS with a password, pulled, and compared with an OCI layout of the same image.
#[test]
#[ignore = "needs root, buildah, docker-registry and htpasswd"]
fn docker_registry() {
    let folder = Folder::new("docker-registry");
    fs::create_dir(folder.join("context")).unwrap();
    folder.file("context/cert.pem", pem());
    let own = authority::root("a root of nobody");
    folder.file("context/own.pem", own.pem());
    folder.file(
        "context/Dockerfile",
        "FROM scratch\nCOPY cert.pem /etc/ssl/\nCOPY own.pem /srv/\n",
    );
    // Storage of its own, so that nothing stays behind.
    let buildah = |arguments: &[&str]| {
        let mut buildah = Command::new("buildah");
        buildah
            .args(["--root", "storage", "--runroot", "run"])
            .args(["--storage-driver", "vfs"])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::null());
        assert!(buildah.status().unwrap().success(), "{buildah:?}");
    };
    buildah(&[
        "bud",
        "--quiet",
        "--isolation",
        "chroot",
        "--layers",
        "--tag",
        "roots",
        "context",
    ]);
    buildah(&["push", "--quiet", "roots", "oci:layout:roots"]);
    let layout = folder.join("layout");
    let layout = layout.to_str().unwrap();
    let expected = found(&scan(&folder, &[layout]));
    assert_eq!(expected.len(), 2);

    let root = authority::root("of the registry");
    let identity = authority::server(&root, "localhost");
    let ca = folder.file("certs/ca.crt", root.pem());
    let tls = ", tls: { certificate: chain.pem, key: key.pem }";
    let auth = "auth: { htpasswd: { realm: x, path: htpasswd } }";
    let passwords = Command::new("htpasswd")
        .args(["-Bbn", "user", "password"])
        .output()
        .unwrap();
    let passwords = String::from_utf8(passwords.stdout).unwrap();
    for (tls, auth) in [("", ""), ("", auth), (tls, ""), (tls, auth)] {
        let registry = Program::new("registry", &identity);
        registry.file("htpasswd", &passwords);
        let registry = serve(registry, tls, auth);
        let host = format!("localhost:{}", registry.port());
        let name = format!("docker://{host}/a/b:1");
        let mut push = vec!["push", "--quiet", "--cert-dir", "certs"];
        if tls.is_empty() {
            push.push("--tls-verify=false");
        }
        if !auth.is_empty() {
            push.extend(["--creds", "user:password"]);
        }
        push.extend(["roots", &name]);
        buildah(&push);

        let source = format!("registry:{host}/a/b:1");
        let arguments = ["--roots", ca.to_str().unwrap(), &source];
        if !auth.is_empty() {
            folder.file("config.json", "{}");
            let ran = scan(&folder, &arguments);
            let why = ran.errors()[0].1;
            assert!(why.starts_with("401 Unauthorized: UNAUTHORIZED: "), "{why}");
        }
        // As `docker login` writes it.
        let auths = json!({ "auths": { host.as_str(): { "auth": "dXNlcjpwYXNzd29yZA==" } } });
        folder.file("config.json", auths.to_string());
        let ran = scan(&folder, &arguments);
        assert_eq!((ran.status, ran.errors()), (0, vec![]), "{tls} {auth}");
        assert_eq!(found(&ran), expected);
        if !tls.is_empty() {
            let ran = scan(&folder, &[&source]);
            assert_eq!((ran.status, ran.places().len()), (2, 0));
        }
        let source = format!("registry:{host}/a/b:2");
        let ran = scan(&folder, &["--roots", ca.to_str().unwrap(), &source]);
        let why = ran.errors()[0].1;
        assert!(
            why.starts_with("404 Not Found: MANIFEST_UNKNOWN: "),
            "{why}"
        );
    }
}
