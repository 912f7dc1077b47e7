//! hyper and reqwest against nginx and OpenSSL's `s_server`.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{Authority, intermediate, root, server};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::server::free_ports;
use http_body_util::{BodyExt as _, Empty};
use hyper::Version;
use hyper::body::Bytes;

type Done = Result<(), Box<dyn Error>>;

/// A temporary folder with a server's files, and the server; both are removed on drop.
struct Server {
    folder: Folder,
    child: Option<Child>,
}

impl Server {
    /// With `chain.pem`, `leaf.pem`, `between.pem` and `key.pem` of a server under an intermediate of
    /// this authority.
    fn new(name: &str, ca: &Authority) -> Self {
        let folder = Folder::new(name);
        let between = intermediate("Between", ca);
        let identity = self::server(&between, "localhost");
        folder.file("leaf.pem", identity.chain_pem());
        folder.file("between.pem", between.pem());
        folder.file("key.pem", identity.key_pem());
        folder.file("chain.pem", identity.with(&between).chain_pem());
        Self {
            folder,
            child: None,
        }
    }

    fn start(&mut self, command: &mut Command) -> &mut Child {
        let child = command.current_dir(self.folder.path()).stdin(Stdio::null());
        self.child.insert(child.spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What both clients get from there under `roots`: the version of HTTP, and the body.
async fn answers(roots: &Roots, address: &str) -> Result<[(Version, String); 2], Box<dyn Error>> {
    let client = roots.hyper_client::<Empty<Bytes>>();
    let response = client.get(address.parse()?).await?;
    let version = response.version();
    let body = response.into_body().collect().await?.to_bytes();
    let by_hyper = (version, String::from_utf8(body.into())?);

    let response = roots.reqwest_client()?.get(address).send().await?;
    Ok([by_hyper, (response.version(), response.text().await?)])
}

/// That neither client accepts the server under another root.
async fn refused(address: &str, other: &Authority) -> Done {
    let roots = Roots::builder().pem(other.pem()).build()?;
    let hyper = roots.hyper_client::<Empty<Bytes>>();
    let hyper = hyper.get(address.parse()?).await.unwrap_err();
    let reqwest = roots.reqwest_client()?.get(address).send().await;
    let reqwest = reqwest.unwrap_err();
    for error in [&hyper as &dyn Error, &reqwest] {
        let refusal = Refusal::of(error).unwrap_or_else(|| panic!("another reason: {error:?}"));
        assert!(
            refusal.is_unknown_issuer() && refusal.issuer() == Some("CN=CA"),
            "{refusal}"
        );
    }
    Ok(())
}

/// As `listen`, `ssl_protocols` and `$ssl_protocol` of nginx name them, with the version of HTTP.
const LISTENERS: [(&str, &str, Version); 4] = [
    ("ssl", "TLSv1.2", Version::HTTP_11),
    ("ssl", "TLSv1.3", Version::HTTP_11),
    ("ssl http2", "TLSv1.2", Version::HTTP_2),
    ("ssl http2", "TLSv1.3", Version::HTTP_2),
];

#[tokio::test]
#[ignore = "needs nginx; .ci/run installs and runs it"]
async fn nginx_is_accepted_under_its_root_and_refused_under_another() -> Done {
    let (ca, other) = (root("CA"), root("Another CA"));
    let mut server = Server::new("nginx", &ca);
    let ports = free_ports::<{ LISTENERS.len() }>();
    let listeners = LISTENERS
        .iter()
        .zip(&ports)
        .map(|((listen, tls, _), port)| {
            format!(
                "server {{
                listen 127.0.0.1:{port} {listen};
                ssl_protocols {tls};
                ssl_certificate chain.pem;
                ssl_certificate_key key.pem;
                location / {{ return 200 \"$server_protocol over $ssl_protocol\"; }}
            }}\n"
            )
        });
    let listeners: String = listeners.collect();
    // Its folders are the machine's otherwise.
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path temporary;\n"))
        .concat();
    server.folder.file(
        "nginx.conf",
        format!(
            "daemon off; master_process off; pid nginx.pid; events {{}}
            http {{ access_log off; {folders} {listeners} }}"
        ),
    );
    let mut command = Command::new("nginx");
    let folder = server.folder.path().to_owned();
    command
        .arg("-p")
        .arg(&folder)
        .args(["-c", "nginx.conf", "-e", "stderr"]);
    server.start(&mut command);
    ports.iter().copied().for_each(wait_for);

    let roots = Roots::builder().pem(ca.pem()).build()?;
    for ((_, tls, version), port) in LISTENERS.into_iter().zip(ports) {
        let address = format!("https://localhost:{port}/");
        let version = if cfg!(feature = "http2") {
            version
        } else {
            Version::HTTP_11
        };
        let shown = if version == Version::HTTP_2 {
            "HTTP/2.0"
        } else {
            "HTTP/1.1"
        };
        let expected = (version, format!("{shown} over {tls}"));
        assert_eq!(
            answers(&roots, &address).await?,
            [expected.clone(), expected]
        );
        refused(&address, &other).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs openssl; .ci/run runs it"]
async fn s_server_is_accepted_under_its_root_and_refused_under_another() -> Done {
    let (ca, other) = (root("CA"), root("Another CA"));
    let roots = Roots::builder().pem(ca.pem()).build()?;
    for tls in ["-tls1_2", "-tls1_3"] {
        let mut server = Server::new(&format!("s_server{tls}"), &ca);
        // `-HTTP` sends a file as it is.
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
        server.folder.file("answer", answer);
        let mut command = Command::new("openssl");
        command.args(["s_server", "-HTTP", tls, "-accept", "127.0.0.1:0"]);
        command.args(["-cert", "leaf.pem", "-cert_chain", "between.pem"]);
        command.args(["-key", "key.pem"]).stdout(Stdio::piped());
        let child = server.start(&mut command);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let address: SocketAddr = line.strip_prefix("ACCEPT ")?.parse().unwrap();
            Some(address.port())
        });
        // It goes on to print, and would not live without a reader.
        thread::spawn(move || lines.for_each(drop));

        let address = format!("https://localhost:{}/answer", port.unwrap());
        let expected = (Version::HTTP_11, "hello".to_owned());
        assert_eq!(
            answers(&roots, &address).await?,
            [expected.clone(), expected]
        );
        refused(&address, &other).await?;
    }
    Ok(())
}

fn wait_for(port: u16) {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "port {port}");
        thread::sleep(Duration::from_millis(20));
    }
}
