//! HTTP clients of live roots: new connections, and what becomes of old ones.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use embedded_roots::{LiveRoots, Refusal};
use embedded_roots_testing::authority::{Identity, root, server};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SupportedProtocolVersion};

use crate::echo::{Done, assert_unknown_issuer, serve as serve_many};
use crate::live::Rotation;
use crate::server::serve_http_noting;

type Kinds = Arc<Mutex<Vec<HandshakeKind>>>;

/// Answers one request of each connection, and notes the kind of its handshake.
fn serve(identity: Identity, version: &'static SupportedProtocolVersion) -> (SocketAddr, Kinds) {
    let kinds = Kinds::default();
    let noted = Arc::clone(&kinds);
    let address = serve_http_noting(identity, version, move |kind| {
        noted.lock().unwrap().push(kind);
    });
    (address, kinds)
}

/// The error's text is that of the refusal, or the response was good.
type Outcome = Result<(), String>;

fn outcome<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Outcome {
    result.map(drop).map_err(|error| {
        let refusal = Refusal::of(&error).unwrap_or_else(|| panic!("{error:?}"));
        assert!(refusal.is_unknown_issuer(), "{refusal}");
        refusal.to_string()
    })
}

/// Removes the CA of a server between requests of a client, and adds it again.
fn rotates(
    name: &str,
    resumes: bool,
    client: impl Fn(&Rotation) -> Box<dyn FnMut(&str) -> Outcome>,
) {
    use HandshakeKind::{Full, Resumed};

    for version in [&TLS12, &TLS13] {
        let (ca, other) = (root("CA"), root("Other"));
        let both = ca.pem() + &other.pem();
        let (address, kinds) = serve(server(&ca, "localhost"), version);
        let url = format!("https://localhost:{}/", address.port());
        let rotation = Rotation::new(name, &both);
        let mut ask = client(&rotation);
        ask(&url).unwrap();
        assert!(!rotation.to(&(other.pem() + &ca.pem())));
        ask(&url).unwrap();
        let second = if resumes { Resumed } else { Full };
        assert_eq!(*kinds.lock().unwrap(), [Full, second], "{version:?}");

        assert!(rotation.to(&other.pem()));
        let refused = ask(&url).unwrap_err();
        assert!(refused.contains("CN=CA"), "{refused}");
        assert!(rotation.to(&both));
        ask(&url).unwrap();
        assert_eq!(kinds.lock().unwrap()[2..], [Full], "{version:?}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn hyper_resumes_within_a_generation() {
    rotates("live-hyper", true, |rotation| {
        let client = rotation.live.hyper_client::<Empty<Bytes>>();
        let runtime = runtime();
        Box::new(move |url| outcome(runtime.block_on(client.get(url.parse().unwrap()))))
    });
}

#[test]
fn reqwest_follows() {
    rotates("live-reqwest", false, |rotation| {
        let client = rotation.live.reqwest_client().unwrap();
        let runtime = runtime();
        Box::new(move |url| outcome(runtime.block_on(client.get(url).send())))
    });
}

#[test]
fn reqwest_blocking_follows() {
    rotates("live-blocking", false, |rotation| {
        let client = rotation.live.reqwest_blocking_client();
        let client = client.unwrap();
        Box::new(move |url| outcome(client.get(url).send()))
    });
}

#[test]
fn ureq_follows() {
    rotates("live-ureq", false, |rotation| {
        let agent = rotation.live.ureq_agent();
        Box::new(move |url| outcome(agent.get(url).call()))
    });
}

/// The recipe of docs/policy.md: connections that nobody uses are closed.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_end_by_their_timeout() -> Done {
    let (ca, other) = (root("CA"), root("Other"));
    let port = serve_many(Some(server(&ca, "localhost"))).await.port();
    let url = format!("https://localhost:{port}/");
    let rotation = Rotation::new("live-idle", &ca.pem());
    let live = &rotation.live;

    let idle = Duration::from_secs(1);
    let hyper = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle)
        .build::<_, Empty<Bytes>>(live.hyper_connector());
    let reqwest = live
        .reqwest_client_builder()
        .pool_idle_timeout(idle)
        .build()?;
    hyper.get(url.parse()?).await?;
    reqwest.get(&url).send().await?;
    assert!(rotation.to(&other.pem()));
    // In use, they stay: verified when they were made.
    hyper.get(url.parse()?).await?;
    reqwest.get(&url).send().await?;

    tokio::time::sleep(3 * idle).await;
    assert_unknown_issuer(&hyper.get(url.parse()?).await.unwrap_err());
    assert_unknown_issuer(&reqwest.get(&url).send().await.unwrap_err());
    Ok(())
}

/// The recipe of docs/policy.md: a client that is made anew has no old connections.
#[tokio::test(flavor = "multi_thread")]
async fn new_client_has_no_old_connections() -> Done {
    let (ca, other) = (root("CA"), root("Other"));
    let port = serve_many(Some(server(&ca, "localhost"))).await.port();
    let url = format!("https://localhost:{port}/");
    let rotation = Rotation::new("live-anew", &ca.pem());

    let make = |live: &LiveRoots| live.reqwest_client_builder().build();
    let changes = rotation.live.changes();
    let client = Arc::new(RwLock::new(make(&rotation.live)?));
    let (live, renewed) = (rotation.live.clone(), Arc::clone(&client));
    thread::spawn(move || {
        for _ in changes {
            *renewed.write().unwrap() = make(&live).unwrap();
        }
    });
    let ask = || {
        let client = client.read().unwrap().clone();
        client.get(&url).send()
    };
    ask().await?;
    assert!(rotation.to(&other.pem()));
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        // Until the thread has run.
        match ask().await {
            Ok(_) => assert!(Instant::now() < end),
            Err(refused) => {
                assert_unknown_issuer(&refused);
                return Ok(());
            }
        }
    }
}
