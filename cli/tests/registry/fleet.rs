//! `examples/fleet`: the Job, with its pods as processes, and the queries over what they find.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use embedded_roots::Roots;
use embedded_roots_testing::authority;
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::program::Program;
use serde_json::{Value, json};

use crate::debian::serve;
use crate::image::{Content, layer};
use crate::program::{assert_agrees, program};
use crate::pull::pem;

const AAA: &str = "Subject: CN=AAA Certificate Services";
const DST: &str = "Subject: CN=DST Root CA X3";

/// The root of an old list with this subject, as annotated PEM.
fn root(docker: &Folder, subject: &str) -> String {
    let mut list = program(docker);
    list.args(["list", "mozilla@2020-07-01", "--pem"]);
    let list = String::from_utf8(list.output().unwrap().stdout).unwrap();
    let mut blocks = list.split_inclusive("-----END CERTIFICATE-----\n");
    blocks
        .find(|block| block.contains(subject))
        .unwrap()
        .to_owned()
}

/// Pushes an image with this tag, by the API.
fn push(host: &str, name: &str, tag: &str, content: &Content) {
    let agent = Roots::embedded().unwrap().ureq_agent();
    let base = format!("http://{host}/v2/{name}");
    for (digest, blob) in &content.blobs {
        let begun = agent
            .post(format!("{base}/blobs/uploads/"))
            .send_empty()
            .unwrap();
        let location = begun.headers()["Location"].to_str().unwrap();
        let separator = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{separator}digest={digest}");
        agent.put(url).send(&blob[..]).unwrap();
    }
    let (kind, manifest) = &content.manifests[&content.tag];
    let put = agent.put(format!("{base}/manifests/{tag}"));
    put.header("Content-Type", *kind)
        .send(&manifest[..])
        .unwrap();
}

fn fleet(what: &str, file: &str, folder: &Path) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(here.join("tests/registry/fleet.py"))
        .args([what.into(), here.join("../examples/fleet").join(file)])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the pods of a day at once, and returns their statuses.
fn run(folder: &Folder, args: &[&str], day: &str) -> Vec<i32> {
    const PODS: usize = 8;

    let start = |number: usize| -> Child {
        let args = args.iter().map(|arg| {
            let shard = format!("{number}/{PODS}");
            let arg = arg.replace("$(JOB_COMPLETION_INDEX)/100", &shard);
            let arg = arg.replace("2026-11-29", day);
            arg.replace("/fleet", folder.path().to_str().unwrap())
        });
        let mut command = program(folder);
        command.args(args).args(["--today", day]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let pods: Vec<Child> = (0..PODS).map(start).collect();
    let status = |mut pod: Child| pod.wait().unwrap().code().unwrap();
    pods.into_iter().map(status).collect()
}

fn results(folder: &Folder, day: &str) -> Vec<PathBuf> {
    let parts = fs::read_dir(folder.join("results").join(day)).unwrap();
    let files = parts.flat_map(|part| fs::read_dir(part.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
#[ignore = "needs docker-registry, and python3 with duckdb and kubernetes-validate"]
fn fleet_of_images() {
    let folder = Folder::new("fleet");
    let job = fleet("job", "job.yaml", folder.path());
    let args = job["args"].as_array().unwrap().iter();
    let args: Vec<&str> = args.map(|arg| arg.as_str().unwrap()).collect();
    // Each part has a pod.
    let shard = format!("--shard=$(JOB_COMPLETION_INDEX)/{}", job["completions"]);
    assert!(args.contains(&&*shard), "{args:?}");

    let registry = Program::new("registry", &authority::self_signed_server("localhost"));
    let registry = serve(registry, "", "");
    let host = format!("127.0.0.1:{}", registry.port());
    let base = layer(&[("etc/ssl/old.pem", root(&folder, AAA) + &pem())]);
    let new_base = layer(&[("etc/ssl/new.pem", pem())]);
    let own = |name: &str| layer(&[("srv/name", name)]);
    let old = |name: &str| Content::image(&[base.clone(), own(name)]);
    let new = |name: &str| Content::image(&[new_base.clone(), own(name)]);
    for name in ["payments/api", "payments/fraud", "payments/web", "tools/x"] {
        push(&host, name, "1", &old(name));
    }
    let removed = layer(&[("srv/dst.pem", root(&folder, DST))]);
    push(
        &host,
        "search/index",
        "1",
        &Content::image(&[new_base.clone(), removed]),
    );
    let deleting = layer(&[("etc/ssl/.wh.old.pem", "")]);
    let cleaned = Content::image(&[base.clone(), deleting]);
    push(&host, "search/clean", "1", &cleaned);
    let unread = layer(&[("srv/disk.7z", b"7z\xbc\xaf\x27\x1c\0\x04")]);
    push(&host, "search/disk", "1", &Content::image(&[unread]));
    let names = [
        "payments/api",
        "payments/fraud",
        "payments/web",
        "search/clean",
        "search/disk",
        "search/gone",
        "search/index",
        "tools/x",
    ];
    let source = |name: &str| format!("registry:{host}/{name}:1");
    folder.file("images.txt", names.map(source).join("\n"));
    let teams = include_str!("../../../examples/fleet/teams.csv");
    folder.file("teams.csv", teams.replace("registry.example", &host));

    for day in ["2026-11-22", "2026-11-29"] {
        if day == "2026-11-29" {
            push(&host, "payments/web", "1", &new("payments/web"));
        }
        // One image is not there.
        let statuses = run(&folder, &args, day);
        let mut failed = statuses.iter().filter(|status| **status != 0);
        assert_eq!(
            (failed.next(), failed.next()),
            (Some(&2), None),
            "{statuses:?}"
        );
        let files = results(&folder, day);
        assert_eq!(files.len(), names.len());
        for file in files {
            let text = fs::read(file).unwrap();
            assert_agrees(&serde_json::from_slice(&text).unwrap());
        }
    }

    let answers = fleet("queries", "README.md", folder.path());
    let aaa =
        "CN=AAA Certificate Services, O=Comodo CA Limited, L=Salford, ST=Greater Manchester, C=GB";
    let (first, last) = ("2026-11-22", "2026-11-29");
    let compromised = ["payments/api", "payments/fraud", "tools/x"];
    let compromised = compromised.map(|name| json!([source(name), aaa, "2026-10-18", first]));
    let base = old("payments/api").layer(0);
    let place = format!("{}!{base}!etc/ssl/old.pem", source("payments/api"));
    let expected = json!([
        compromised,
        [
            ["(nobody)", "1", "1"],
            ["payments", "2", "1"],
            ["risk", "1", "1"],
            ["search", "4", "0"]
        ],
        [[base, "3", place]],
        [[source("payments/web"), last]],
        [
            [
                "2022-05-18",
                "CN=DST Root CA X3, O=Digital Signature Trust Co.",
                "1"
            ],
            ["2025-04-26", aaa, "3"]
        ],
        [
            [source("search/disk"), "0", "1", "7z"],
            [
                source("search/gone"),
                "1",
                "0",
                "404 Not Found: MANIFEST_UNKNOWN: manifest unknown"
            ],
        ],
    ]);
    assert_eq!(answers, expected, "{answers:#}");
}
