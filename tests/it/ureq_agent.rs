//! ureq against servers and proxies on loopback.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{Authority, Identity, annotated, root, server};
use embedded_roots_testing::server::{config, listen, read_request, serve};
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ServerConnection, StreamOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Error, Proxy, Timeout};

use crate::echo::{Done, assert_unknown_issuer};
use crate::scratch::Package;
use crate::server::serve_http;

fn trusting(pem: impl AsRef<[u8]>) -> Roots {
    Roots::builder().pem(pem).build().unwrap()
}

fn agent_with(roots: &Roots, config: Config) -> Agent {
    Agent::with_parts(config, roots.ureq_connector(), DefaultResolver::default())
}

/// Answers each request of a connection with `answer`; counts the connections.
fn serve_many(
    identity: Option<Identity>,
    answer: &'static [u8],
) -> (SocketAddr, &'static AtomicUsize) {
    let config = identity.map(|identity| Arc::new(config(identity, ALL_VERSIONS)));
    let count: &AtomicUsize = Box::leak(Box::default());
    let address = listen(move |stream| {
        count.fetch_add(1, Ordering::Relaxed);
        match &config {
            None => answer_all(stream, answer),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                answer_all(StreamOwned::new(connection, stream), answer)
            }
        }
    });
    (address, count)
}

fn answer_all(mut stream: impl Read + Write, answer: &[u8]) -> io::Result<()> {
    loop {
        read_request(&mut stream)?;
        stream.write_all(answer)?;
        stream.flush()?;
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

#[test]
fn https_and_http_are_answered() -> Done {
    let ca = root("CA");
    let roots = trusting(ca.pem());
    let (https, _) = serve_many(Some(server(&ca, "localhost")), OK);
    let (by_address, _) = serve_many(Some(server(&ca, "127.0.0.1")), OK);
    let (http, _) = serve_many(None, OK);
    for agent in [roots.ureq_agent(), agent_with(&roots, Config::default())] {
        for uri in [
            format!("https://localhost:{}/", https.port()),
            format!("https://{by_address}/"),
            format!("http://{http}/"),
        ] {
            let mut response = agent.get(&uri).call()?;
            assert_eq!(response.body_mut().read_to_string()?, "hello", "{uri}");
        }
    }
    for version in [&TLS12, &TLS13] {
        let address = serve_http(server(&ca, "localhost"), version);
        let uri = format!("https://localhost:{}/", address.port());
        assert!(roots.ureq_agent().get(&uri).call()?.status().is_success());
    }
    Ok(())
}

#[test]
fn the_default_roots_do_not_know_another_ca() -> Done {
    let (https, _) = serve_many(Some(server(&root("CA"), "localhost")), OK);
    let (http, _) = serve_many(None, OK);
    let with_connector = Agent::with_parts(
        Config::default(),
        embedded_roots::ureq::connector()?,
        DefaultResolver::default(),
    );
    for agent in [embedded_roots::ureq::agent()?, with_connector] {
        let uri = format!("https://localhost:{}/", https.port());
        let error = agent.get(&uri).call().unwrap_err();
        assert_unknown_issuer(&error);
        assert!(matches!(error, Error::Io(_)), "{error:?}");
        assert_unknown_issuer(&error.into_io());
        assert_eq!(agent.get(format!("http://{http}/")).call()?.status(), 200);
    }
    Ok(())
}

/// How an agent refuses a server for `localhost` of `ca`, which it trusts within a limit.
fn refusal_within(limit: &str, ca: &Authority) -> Refusal {
    let (address, _) = serve_many(Some(server(ca, "localhost")), OK);
    let uri = format!("https://localhost:{}/", address.port());
    let agent = trusting(annotated(limit, ca)).ureq_agent();
    let error = agent.get(&uri).call().unwrap_err();
    Refusal::of(&error).unwrap().clone()
}

#[test]
fn limits_are_enforced_and_explained() {
    let ca = root("Corp CA");
    let refusal = refusal_within("distrust-after=2019-01-01T00:00:00Z", &ca);
    assert!(refusal.is_distrusted(), "{refusal}");
    let refusal = refusal_within("permitted-dns=.corp.example", &ca);
    assert!(refusal.is_outside_constraints(), "{refusal}");
    assert_eq!(
        (refusal.root(), refusal.presented_name()),
        (Some("CN=Corp CA"), Some("localhost"))
    );
    let other = Error::Other(embedded_roots::rustls::Error::from(refusal).into());
    assert!(Refusal::of(&other).unwrap().is_outside_constraints());
    for other in [Error::HostNotFound, Error::Io(io::Error::other("another"))] {
        assert!(Refusal::of(&other).is_none());
    }
}

#[test]
fn another_name_is_refused() {
    let ca = root("CA");
    let (address, _) = serve_many(Some(server(&ca, "a.example")), OK);
    let agent = trusting(ca.pem()).ureq_agent();
    for host in ["localhost", "127.0.0.1"] {
        let uri = format!("https://{host}:{}/", address.port());
        let error = agent.get(&uri).call().unwrap_err();
        let text = error.to_string();
        assert!(text.contains("not valid for name"), "{text}");
    }
}

#[test]
fn https_only_is_obeyed() {
    let ca = root("CA");
    let config = Agent::config_builder().https_only(true).build();
    let agent = agent_with(&trusting(ca.pem()), config);
    let (http, _) = serve_many(None, OK);
    let error = agent.get(format!("http://{http}/")).call().unwrap_err();
    assert!(matches!(error, Error::RequireHttpsOnly(_)), "{error}");
    let (https, _) = serve_many(Some(server(&ca, "localhost")), OK);
    let uri = format!("https://localhost:{}/", https.port());
    assert_eq!(agent.get(&uri).call().unwrap().status(), 200);
}

#[test]
fn timeouts_cover_the_handshake_and_the_answer() {
    let ca = root("CA");
    let limit = Some(Duration::from_millis(300));
    // A server that accepts connections and says nothing, and one that does not answer requests.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (mute, _) = serve_many(Some(server(&ca, "localhost")), b"");
    let agent = |config| agent_with(&trusting(ca.pem()), config);
    let builder = Agent::config_builder;
    for (port, agent, expected) in [
        (
            silent.local_addr().unwrap().port(),
            agent(builder().timeout_connect(limit).build()),
            Timeout::Connect,
        ),
        (
            mute.port(),
            agent(builder().timeout_recv_response(limit).build()),
            Timeout::RecvResponse,
        ),
        (
            mute.port(),
            agent(builder().timeout_global(limit).build()),
            Timeout::Global,
        ),
    ] {
        let start = Instant::now();
        let error = agent
            .get(format!("https://localhost:{port}/"))
            .call()
            .unwrap_err();
        assert!(
            matches!(error, Error::Timeout(reason) if reason == expected),
            "{error:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

/// Answers each request with these records at once, and with the end of TLS, but not of TCP, if
/// `closes`; returns the address and the number of connections.
fn serve_records(
    identity: Identity,
    records: Vec<Vec<u8>>,
    closes: bool,
) -> (SocketAddr, &'static AtomicUsize) {
    let count: &AtomicUsize = Box::leak(Box::default());
    let address = serve(config(identity, ALL_VERSIONS), move |tls| {
        count.fetch_add(1, Ordering::Relaxed);
        while read_request(tls).is_ok() {
            for record in &records {
                tls.conn.writer().write_all(record)?;
            }
            if closes {
                tls.conn.send_close_notify();
            }
            tls.flush()?;
        }
        Ok(())
    });
    (address, count)
}

#[test]
fn connection_is_reused_unless_data_is_left_in_it() -> Done {
    let ca = root("CA");
    let builder = Agent::config_builder;
    let ok = || OK.to_vec();
    let excess = b"HTTP/1.1 200 OK\r\n";
    let long = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n".as_slice(),
        &[b'a'; 5000],
    ];
    for (what, config, records, closes, connections) in [
        ("nothing", builder(), vec![ok()], false, 1),
        ("the end of TLS", builder(), vec![ok()], true, 3),
        ("in ureq", builder(), vec![[OK, excess].concat()], false, 3),
        // The answer fills ureq's buffer, so the rest stays in that of rustls.
        (
            "in rustls",
            builder().input_buffer_size(OK.len()),
            vec![[OK, excess].concat()],
            false,
            3,
        ),
        // rustls takes less at once than the socket has.
        (
            "below rustls",
            builder(),
            vec![long.concat(), vec![b'b'; 16_000]],
            false,
            3,
        ),
    ] {
        let agent = agent_with(&trusting(ca.pem()), config.build());
        let (address, count) = serve_records(server(&ca, "localhost"), records, closes);
        for _ in 0..3 {
            let uri = format!("https://localhost:{}/", address.port());
            let mut response = agent.get(&uri).call()?;
            let text = response.body_mut().read_to_string()?;
            assert!(text == "hello" || text == "a".repeat(5000), "{what}");
        }
        assert_eq!(count.load(Ordering::Relaxed), connections, "{what}");
    }
    Ok(())
}

/// A proxy, which counts the connections that it has made for clients.
#[derive(Clone)]
enum Kind {
    Connect,
    ConnectOverTls(TlsAcceptor),
    Socks5,
}

async fn proxy(kind: Kind) -> (SocketAddr, &'static AtomicUsize) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.await.unwrap();
    let address = listener.local_addr().unwrap();
    let count: &AtomicUsize = Box::leak(Box::default());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kind = kind.clone();
            tokio::spawn(async move {
                match kind {
                    Kind::Connect => connect(stream, count).await,
                    Kind::Socks5 => socks5(stream, count).await,
                    Kind::ConnectOverTls(acceptor) => {
                        connect(acceptor.accept(stream).await?, count).await
                    }
                }
            });
        }
    });
    (address, count)
}

/// Answers `CONNECT localhost:PORT`.
async fn connect(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    count: &AtomicUsize,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let port = head.strip_prefix("CONNECT localhost:");
    let port = port.and_then(|rest| rest.split(' ').next()).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    tunnel(client, port.parse().unwrap(), count).await
}

/// Answers CONNECT for a domain name, without authentication (RFC 1928).
async fn socks5(mut client: tokio::net::TcpStream, count: &AtomicUsize) -> io::Result<()> {
    let (_version, methods) = (client.read_u8().await?, client.read_u8().await?);
    client.read_exact(&mut vec![0; methods.into()]).await?;
    client.write_all(&[5, 0]).await?;
    client.read_exact(&mut [0; 4]).await?;
    let length = client.read_u8().await?;
    client.read_exact(&mut vec![0; length.into()]).await?;
    let port = client.read_u16().await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tunnel(client, port, count).await
}

async fn tunnel(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    port: u16,
    count: &AtomicUsize,
) -> io::Result<()> {
    count.fetch_add(1, Ordering::Relaxed);
    let mut server = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

#[test]
fn proxies_carry_both_schemes_and_widen_nothing() -> Done {
    let runtime = Runtime::new()?;
    let (ca, stranger) = (root("Proxied CA"), root("CA"));
    let roots = trusting(ca.pem());
    let over_tls = |ca| {
        Kind::ConnectOverTls(TlsAcceptor::from(Arc::new(config(
            server(ca, "localhost"),
            ALL_VERSIONS,
        ))))
    };
    let port_of = |ca| serve_many(Some(server(ca, "localhost")), OK).0.port();
    let accepted = format!("https://localhost:{}/", port_of(&ca));
    let refused = format!("https://localhost:{}/", port_of(&stranger));
    let http = format!("http://localhost:{}/", serve_many(None, OK).0.port());
    for (scheme, kind) in [
        ("http", Kind::Connect),
        ("https", over_tls(&ca)),
        ("socks5h", Kind::Socks5),
    ] {
        let (address, count) = runtime.block_on(proxy(kind));
        let proxy = Proxy::new(&format!("{scheme}://localhost:{}", address.port()))?;
        let config = Agent::config_builder().proxy(Some(proxy)).build();
        let agent = agent_with(&roots, config);
        assert_eq!(agent.get(&accepted).call()?.status(), 200, "{scheme}");
        assert_eq!(agent.get(&http).call()?.status(), 200, "{scheme}");
        assert_unknown_issuer(&agent.get(&refused).call().unwrap_err());
        assert_eq!(count.load(Ordering::Relaxed), 3, "{scheme}");
    }
    // The proxy's own certificate is verified, too.
    let (address, count) = runtime.block_on(proxy(over_tls(&stranger)));
    let proxy = Proxy::new(&format!("https://localhost:{}", address.port()))?;
    let agent = agent_with(&roots, Agent::config_builder().proxy(Some(proxy)).build());
    for uri in [&accepted, &http] {
        assert_unknown_issuer(&agent.get(uri).call().unwrap_err());
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
    Ok(())
}

#[test]
fn feature_ureq_adds_no_other_roots_and_no_provider() {
    // Each is a name and its version.
    let tree = |features: &[&str]| {
        let package = Package::with_features("ureq-tree", features);
        let output = package.cargo(&["tree", "--edges", "normal", "--prefix", "none"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let crates = text.lines().map(|line| line.split(" (").next().unwrap());
        crates.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let with = tree(&["mozilla", "ring", "tls12", "ureq"]);
    let without = tree(&["mozilla", "ring", "tls12"]);
    assert!(without.len() > 10, "{without:?}");
    let added = with.difference(&without);
    let added: Vec<_> = added.filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "base64",
        "bytes",
        "http",
        "httparse",
        "itoa",
        "log",
        "percent-encoding",
        "ureq",
        "ureq-proto",
        "utf8-zero",
    ];
    assert_eq!(added, expected);
}

/// Another package of the build can enable ureq's own TLS. Its settings do not weaken ours.
#[test]
fn the_tls_config_of_ureq_has_no_effect() {
    let dependencies = "embedded-roots = { path = \"{checkout}\", default-features = false, \
                        features = [\"mozilla\", \"ring\", \"tls12\", \"ureq\"] }\n\
                        ureq = { version = \"3\", default-features = false, \
                        features = [\"rustls-no-provider\"] }";
    let ca = root("CA");
    let (address, _) = serve_many(Some(server(&ca, "localhost")), OK);
    let uri = format!("https://localhost:{}/", address.port());
    let package = Package::new("ureq-tls-config", dependencies)
        .main(include_str!("../programs/foreign_tls_config.rs"));
    package.file("own.pem", root("Own CA").pem());
    let package = package.env("ARGUMENTS", format!("{uri}\n{}", ca.pem()));
    assert_eq!(package.run(), "true\n".repeat(8));
}
