//! The unpacked image, run under chroot as the image's user, and tested through a browser.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use embedded_roots_testing::authority::root;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

use crate::app::App;
use crate::github::GitHub;

const USER: &str = "65532:65532";

#[tokio::test]
#[ignore = "needs root, port 443, buildah, Chromium and its driver; .ci/run installs and runs them"]
async fn the_image_is_what_a_person_expects() {
    let authority = root("CA of the test");
    let github = GitHub::tls("127.0.0.1:443", &authority);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let ca = folder.join("ca.pem");
    fs::write(&ca, authority.pem()).unwrap();

    let trusting = start(&unpacked("custom", &ca, &folder));
    let browser = Browser::start(&folder).await;
    let page = Page {
        client: &browser.client,
        port: trusting.port,
    };

    page.show("").await;
    page.screenshot(&folder, "welcome").await;
    page.enter("example", "things").await;
    let expected = [
        "carla-with-a-rather-long-name",
        "ann",
        "dora",
        "emil",
        "bob",
    ];
    assert_eq!(page.logins().await, expected);
    assert_eq!(
        page.pictures().await,
        [100; 5],
        "each picture is loaded, and as large as it should be"
    );
    assert_eq!(
        page.client
            .active_element()
            .await
            .unwrap()
            .tag_name()
            .await
            .unwrap(),
        "body"
    );
    page.screenshot(&folder, "contributors").await;
    assert_eq!(github.count(), 1);
    let token = "\r\nauthorization: bearer token-of-the-test\r\n";
    assert!(github.requests.lock().unwrap()[0].contains(token));

    for (owner, text) in [
        ("missing", "GitHub knows no public repository of this name."),
        (
            "forbidden",
            "GitHub's rate limit is used up until Fri, 01 Jan 2100 00:00:00 GMT.",
        ),
        ("failing", "GitHub answered 500 Internal Server Error."),
        ("invalid", "GitHub's answer is not a list of contributors."),
        ("large", "GitHub's answer is larger than 8 MiB."),
        ("silent", "GitHub did not answer within 10 seconds."),
    ] {
        page.enter(owner, "x").await;
        assert_eq!(page.sentence().await, text);
    }
    page.screenshot(&folder, "error").await;

    // GitHub is still computing, and the page reloads itself.
    page.enter("eventually", "x").await;
    assert!(page.sentence().await.contains("still counting"));
    page.client
        .wait()
        .at_most(Duration::from_secs(10))
        .for_element(Locator::Css(".login"))
        .await
        .unwrap();
    assert_eq!(page.logins().await, ["octocat"]);

    page.enter("hostile", "x").await;
    assert_eq!(page.logins().await[0], "<script>alert(1)</script>");
    assert!(page.client.get_alert_text().await.is_err(), "a script ran");

    // The server also refuses what the form's own validation would not send.
    page.show("?owner=-a&repo=b").await;
    assert!(
        page.sentence()
            .await
            .starts_with("The owner is not a GitHub name")
    );

    page.narrow_and_dark().await;
    page.enter("example", "things").await;
    assert!(
        page.fits().await,
        "a narrow window does not scroll sideways"
    );
    page.screenshot(&folder, "narrow-and-dark").await;

    // The same app with Mozilla's roots does not trust this GitHub, and says why.
    let doubting = start(&unpacked("mozilla", &ca, &folder));
    let page = Page {
        client: &browser.client,
        port: doubting.port,
    };
    page.show("?owner=example&repo=things").await;
    let sentence = page.sentence().await;
    let start =
        "The server that answered for GitHub is not trusted: the issuer \"CN=CA of the test";
    assert!(sentence.starts_with(start), "{sentence}");
    assert!(
        sentence.contains("is not trusted by bundle mozilla ("),
        "{sentence}"
    );
    page.screenshot(&folder, "refused").await;
    browser.end().await;
}

/// Builds the image with this bundle, unpacks it, and adds the two files that engines provide.
fn unpacked(bundle: &str, ca: &Path, folder: &Path) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = Command::new(env!("CARGO"))
        .args(["xtask", "image", bundle])
        .env("EMBEDDED_ROOTS_FILE", ca)
        .current_dir(&workspace)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let sizes = String::from_utf8(built.stdout).unwrap();
    println!("{bundle}: {sizes}");
    for number in sizes.split(' ').filter_map(|word| word.parse::<u64>().ok()) {
        assert!(number <= 3_000_000, "{sizes}");
    }

    let archive = workspace.join(format!("target/image/contributors-{bundle}.tar"));
    let image = Image::read(&archive);
    assert_eq!(image.config["config"]["User"], USER);
    assert_eq!(
        image.config["config"]["Entrypoint"],
        json!(["/contributors"])
    );
    assert!(
        image.config["config"]["Env"]
            .to_string()
            .contains("PORT=80")
    );
    assert_eq!(image.layers.len(), 1);

    let root = folder.join(format!("root-{bundle}"));
    fs::create_dir_all(root.join("etc")).unwrap();
    tar::Archive::new(Cursor::new(&image.layers[0]))
        .unpack(&root)
        .unwrap();
    let files: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        files.len(),
        2,
        "the program, and etc of this test: {files:?}"
    );
    fs::write(
        root.join("etc/hosts"),
        "127.0.0.1 localhost api.github.com\n",
    )
    .unwrap();
    fs::write(root.join("etc/resolv.conf"), "").unwrap();
    root
}

/// An OCI archive, which is also what `docker save` writes.
struct Image {
    config: serde_json::Value,
    layers: Vec<Vec<u8>>,
}

impl Image {
    fn read(archive: &Path) -> Self {
        let bytes = fs::read(archive).unwrap();
        let blob = |path: &str| -> Vec<u8> {
            let mut archive = tar::Archive::new(Cursor::new(&bytes));
            let mut entries = archive.entries().unwrap().map(|entry| entry.unwrap());
            let mut entry = entries
                .find(|entry| entry.path().unwrap() == Path::new(path))
                .unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            content
        };
        let by_digest = |descriptor: &serde_json::Value| {
            blob(&format!(
                "blobs/{}",
                descriptor["digest"].as_str().unwrap().replace(':', "/")
            ))
        };
        let json = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).unwrap() };
        let manifest = json(&by_digest(&json(&blob("index.json"))["manifests"][0]));
        let layers = manifest["layers"].as_array().unwrap().iter().map(|layer| {
            let packed = by_digest(layer);
            if !packed.starts_with(&[0x1f, 0x8b]) {
                return packed;
            }
            let mut content = Vec::new();
            flate2::read::GzDecoder::new(&*packed)
                .read_to_end(&mut content)
                .unwrap();
            content
        });
        Self {
            config: json(&by_digest(&manifest["config"])),
            layers: layers.collect(),
        }
    }
}

/// Starts the program of an unpacked image as the image's user.
fn start(root: &Path) -> App {
    let mut command = Command::new("chroot");
    command
        .arg(format!("--userspec={USER}"))
        .arg(root)
        .arg("/contributors");
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("GITHUB_TOKEN", "token-of-the-test");
    App::start(command)
}

struct Browser {
    driver: Child,
    client: Client,
}

impl Browser {
    async fn start(folder: &Path) -> Self {
        let driver = Command::new("chromedriver")
            .arg("--port=9516")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let profile = folder.join("profile");
        let profile = format!("--user-data-dir={}", profile.display());
        let options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1280,900", profile,
            // The test serves the pictures, under its own CA.
            "--host-resolver-rules=MAP avatars.githubusercontent.com 127.0.0.1",
            "--ignore-certificate-errors",
        ]});
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        let mut tries = 0;
        let client = loop {
            match builder.connect("http://127.0.0.1:9516").await {
                Ok(client) => break client,
                Err(why) if tries == 50 => panic!("{why}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        Self { driver, client }
    }

    async fn end(mut self) {
        self.client.clone().close().await.unwrap();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

struct Page<'a> {
    client: &'a Client,
    port: u16,
}

impl Page<'_> {
    async fn show(&self, query: &str) {
        self.client
            .goto(&format!("http://localhost:{}/{query}", self.port))
            .await
            .unwrap();
    }

    /// Fills in the form as a user would, and submits it.
    async fn enter(&self, owner: &str, repo: &str) {
        for (label, text) in [("Owner", owner), ("Repository", repo)] {
            // Find the field by its label, as a screen reader does.
            let label = format!("//input[@id = //label[. = '{label}']/@for]");
            let input = self.client.find(Locator::XPath(&label)).await.unwrap();
            input.clear().await.unwrap();
            input.send_keys(text).await.unwrap();
        }
        self.client
            .find(Locator::Css("button"))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        let address = format!("owner={owner}&repo={repo}");
        for _ in 0..200 {
            if self
                .client
                .current_url()
                .await
                .unwrap()
                .as_str()
                .contains(&address)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the form was not sent");
    }

    async fn logins(&self) -> Vec<String> {
        let mut logins = Vec::new();
        for login in self.client.find_all(Locator::Css(".login")).await.unwrap() {
            logins.push(login.text().await.unwrap());
        }
        logins
    }

    /// The rendered widths of the pictures; 0 for one that was not loaded.
    async fn pictures(&self) -> Vec<u64> {
        let script = "const done = arguments[0];
            const images = [...document.images];
            Promise.all(images.map(image => image.decode().then(() => image.width, () => 0))).then(done);";
        let widths = self.client.execute_async(script, Vec::new()).await.unwrap();
        serde_json::from_value(widths).unwrap()
    }

    async fn sentence(&self) -> String {
        let alert = self
            .client
            .find(Locator::Css("[role=alert]"))
            .await
            .unwrap();
        alert.text().await.unwrap()
    }

    async fn fits(&self) -> bool {
        let script = "return document.documentElement.scrollWidth <= window.innerWidth";
        self.client.execute(script, Vec::new()).await.unwrap() == json!(true)
    }

    async fn narrow_and_dark(&self) {
        self.client.set_window_size(420, 900).await.unwrap();
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.client
            .issue_cmd(Cdp("Emulation.setEmulatedMedia", media))
            .await
            .unwrap();
    }

    async fn screenshot(&self, folder: &Path, name: &str) {
        let png = self.client.screenshot().await.unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }
}

/// A Chromium-specific command to the driver.
#[derive(Debug)]
struct Cdp(&'static str, serde_json::Value);

impl fantoccini::wd::WebDriverCompatibleCommand for Cdp {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.0, "params": self.1});
        (http::Method::POST, Some(body.to_string()))
    }
}
