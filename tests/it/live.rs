//! Roots that change while connections are made, over TLS 1.2 and 1.3.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use embedded_roots::{LiveRoots, Refusal, Roots};
use embedded_roots_testing::authority::{self, Authority, Identity, client, root, server};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::handshake::Pair;
use embedded_roots_testing::server::config;
use rcgen::CertifiedIssuer;
use rustls::crypto::ring;
use rustls::server::ServerSessionMemoryCache;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, ServerConfig, SupportedProtocolVersion};

use crate::server::serve_http;

/// A file of roots that is replaced, and live roots over it.
pub(crate) struct Rotation {
    folder: Folder,
    pub(crate) live: LiveRoots,
}

impl Rotation {
    pub(crate) fn new(name: &str, pem: &str) -> Self {
        let folder = Folder::new(name);
        let path = folder.file("roots.pem", pem);
        let live = Roots::builder().pem_file(path).build_live().unwrap();
        Self { folder, live }
    }

    /// Replaces the file as a whole, and refreshes: whether trust has changed.
    pub(crate) fn to(&self, pem: &str) -> bool {
        self.write(pem);
        self.live.refresh().unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.join("roots.pem")
    }

    fn write(&self, pem: &str) {
        let next = self.folder.file("next.pem", pem);
        fs::rename(next, self.path()).unwrap();
    }
}

const NAME: &str = "a.example";

fn server_config(ca: &Authority, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let mut config = config(server(ca, NAME), &[version]);
    // Small, so that filling it up is not taken for a leak of the client.
    config.session_storage = ServerSessionMemoryCache::new(32);
    Arc::new(config)
}

fn connect(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> Result<HandshakeKind, rustls::Error> {
    Pair::new(client, server, NAME).finish()
}

#[track_caller]
fn assert_refused(verdict: Result<HandshakeKind, rustls::Error>) {
    let refused = verdict.unwrap_err();
    let refusal = Refusal::of(&refused).expect("a verdict on the chain");
    assert!(refusal.is_unknown_issuer(), "{refusal}");
}

#[test]
fn removed_ca_is_not_trusted_for_new_connections() {
    use HandshakeKind::{Full, Resumed};

    for version in [&TLS12, &TLS13] {
        let (ca, other) = (root("CA"), root("Other"));
        let both = ca.pem() + &other.pem();
        let rotation = Rotation::new("removed", &both);
        let live = &rotation.live;
        let server = server_config(&ca, version);

        let before = live.client_config();
        assert_eq!(connect(&before, &server), Ok(Full));
        assert_eq!(connect(&live.client_config(), &server), Ok(Resumed));
        // The same roots, in another order and with a comment.
        assert!(!rotation.to(&("# rotated\n".to_owned() + &other.pem() + &ca.pem())));
        assert_eq!(live.generation(), 1);
        assert!(Arc::ptr_eq(&before, &live.client_config()));
        assert_eq!(connect(&live.client_config(), &server), Ok(Resumed));

        let following = live.following_config();
        assert!(Arc::ptr_eq(&following, &live.following_config()));
        for _ in 0..2 {
            assert_eq!(connect(&following, &server), Ok(Full));
        }

        assert!(rotation.to(&other.pem()));
        assert_eq!(live.generation(), 2);
        // There is a session in the cache that could be resumed.
        assert_eq!(connect(&before, &server), Ok(Resumed));
        assert_refused(connect(&live.client_config(), &server));
        assert_refused(connect(&following, &server));
        // Another config gets that cache.
        let mut config = ClientConfig::clone(&live.client_config());
        config.resumption = before.resumption.clone();
        assert_refused(connect(&Arc::new(config), &server));
        assert_eq!(connect(&before, &server), Ok(Resumed));

        // The CA is back, with a cache of its own.
        assert!(rotation.to(&both));
        assert_eq!(live.generation(), 3);
        for kind in [Full, Resumed] {
            assert_eq!(connect(&live.client_config(), &server), Ok(kind));
        }
        assert_eq!(connect(&following, &server), Ok(Full));
    }
}

/// The connection is older than the refresh, and the server sends the ticket after it.
#[test]
fn a_late_ticket_belongs_to_the_generation_of_its_connection() {
    for version in [&TLS12, &TLS13] {
        let (ca, other) = (root("CA"), root("Other"));
        let rotation = Rotation::new("ticket", &ca.pem());
        let server = server_config(&ca, version);
        let (before, following) = (
            rotation.live.client_config(),
            rotation.live.following_config(),
        );
        for config in [&before, &following] {
            rotation.to(&ca.pem());
            let mut pair = Pair::new(config, &server, NAME);
            // The server's chain arrives, and is verified. What the client answers is kept back.
            pair.tell_server().unwrap();
            pair.tell_client().unwrap();
            assert!(pair.client.peer_certificates().is_some());
            assert!(rotation.to(&other.pem()));
            assert_eq!(pair.finish(), Ok(HandshakeKind::Full));

            assert_refused(connect(&rotation.live.client_config(), &server));
            assert_refused(connect(&following, &server));
        }
        // The ticket did arrive.
        assert_eq!(connect(&before, &server), Ok(HandshakeKind::Resumed));
    }
}

#[test]
fn an_added_ca_is_trusted() {
    for version in [&TLS12, &TLS13] {
        let (ca, new) = (root("CA"), root("New"));
        let rotation = Rotation::new("added", &ca.pem());
        let server = server_config(&new, version);
        let configs = || {
            [
                rotation.live.client_config(),
                rotation.live.following_config(),
            ]
        };
        for config in configs() {
            assert_refused(connect(&config, &server));
        }
        assert!(rotation.to(&(ca.pem() + &new.pem())));
        for config in configs() {
            assert_eq!(connect(&config, &server), Ok(HandshakeKind::Full));
        }
    }
}

/// A server with a config for each generation, as the documentation of `client_cert_verifier` has it.
struct Server {
    live: LiveRoots,
    identity: Arc<SingleCertAndKey>,
    made: Mutex<Option<(u64, Arc<ServerConfig>)>>,
}

impl Server {
    fn config(&self, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.live.generation();
        if let Some((of, config)) = &*made
            && *of == generation
        {
            return Arc::clone(config);
        }
        let provider = Arc::clone(self.live.client_config().crypto_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(self.live.client_cert_verifier())
            .with_cert_resolver(Arc::clone(&self.identity) as _);
        let config = Arc::new(config);
        *made = Some((generation, Arc::clone(&config)));
        config
    }
}

fn certified(Identity { chain, key }: Identity) -> CertifiedKey {
    CertifiedKey::new(chain, ring::sign::any_supported_type(&key).unwrap())
}

#[test]
fn a_server_asks_clients_for_certificates_of_the_generation() {
    use HandshakeKind::{Full, Resumed};

    for version in [&TLS12, &TLS13] {
        let (servers, ca, other) = (root("Servers"), root("CA"), root("Other"));
        let rotation = Rotation::new("clients", &(ca.pem() + &other.pem()));
        let known = server(&servers, NAME);
        let server = Server {
            live: rotation.live.clone(),
            identity: Arc::new(SingleCertAndKey::from(certified(known))),
            made: Mutex::default(),
        };
        let roots = Roots::builder().pem(servers.pem()).build().unwrap();
        let client = |ca| {
            let Identity { chain, key } = client(ca, "a client");
            let builder = roots.client_config_builder();
            Arc::new(builder.with_client_auth_cert(chain, key).unwrap())
        };
        let (removed, stays) = (client(&ca), client(&other));
        for config in [&removed, &stays] {
            assert_eq!(connect(config, &server.config(version)), Ok(Full));
            assert_eq!(connect(config, &server.config(version)), Ok(Resumed));
        }
        let before = server.config(version);
        assert!(!rotation.to(&(other.pem() + &ca.pem())));
        assert!(Arc::ptr_eq(&before, &server.config(version)));

        assert!(rotation.to(&other.pem()));
        assert_eq!(connect(&removed, &before), Ok(Resumed));
        let refused = connect(&removed, &server.config(version)).unwrap_err();
        let refusal = Refusal::of(&refused).unwrap();
        assert!(refusal.is_unknown_issuer(), "{refusal}");
        assert_eq!(connect(&stays, &server.config(version)), Ok(Full));
        assert_eq!(connect(&stays, &server.config(version)), Ok(Resumed));
    }
}

/// They are those of the generation that is current when they are asked for, and stay so.
#[test]
fn verifiers_belong_to_their_generation() {
    let (ca, other) = (root("CA"), root("Other"));
    let rotation = Rotation::new("verifiers", &ca.pem());
    let live = &rotation.live;
    let (before, clients_before) = (live.verifier(), live.optional_client_cert_verifier());
    assert!(Arc::ptr_eq(&before, &live.current().verifier()));
    assert!(!clients_before.client_auth_mandatory());
    assert!(live.client_cert_verifier().client_auth_mandatory());
    assert!(rotation.to(&other.pem()));
    assert!(!Arc::ptr_eq(&before, &live.verifier()));
    let subjects = |verifier: &dyn rustls::server::danger::ClientCertVerifier| {
        format!("{:?}", verifier.root_hint_subjects())
    };
    let after = live.optional_client_cert_verifier();
    assert_ne!(subjects(&*clients_before), subjects(&*after));
}

#[test]
fn a_thread_refreshes_until_its_guard_is_dropped() {
    let (one, other) = (root("One").pem(), root("Other").pem());
    let rotation = Rotation::new("interval", &one);
    let live = &rotation.live;
    let zero = live.refresh_every(Duration::ZERO).unwrap_err();
    assert!(zero.is_invalid_input(), "{zero}");
    // An interval that no clock can show is not an error, and never refreshes.
    let never = live.refresh_every(Duration::MAX).unwrap();

    let mut changes = live.changes();
    assert!(changes.wait_timeout(Duration::ZERO).is_none());
    let guard = live.refresh_every(Duration::from_millis(5)).unwrap();
    rotation.write(&other);
    let roots = changes.next().unwrap();
    assert_eq!(roots.anchors()[0].subject(), "CN=Other");
    assert!(changes.wait_timeout(Duration::from_millis(30)).is_none());

    // A failure does not end the thread.
    rotation.write("");
    wait_until(|| live.report().failed_refresh().is_some());
    rotation.write(&one);
    assert!(changes.wait_timeout(Duration::from_secs(60)).is_some());
    assert!(live.report().failed_refresh().is_none());

    drop(guard);
    // One that is under way may still end.
    thread::sleep(Duration::from_millis(100));
    let generation = live.generation();
    rotation.write(&other);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(live.generation(), generation);
    drop(never);
}

fn wait_until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end);
        thread::sleep(Duration::from_millis(1));
    }
}

/// A panic in a predicate of the policy ends one refresh.
#[test]
fn a_thread_survives_a_predicate_that_panics() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    let policy = Roots::builder().pem(root("CA").pem()).retain(|_| {
        CALLS.fetch_add(1, Ordering::SeqCst);
        assert!(!PANICS.load(Ordering::SeqCst), "as the test wants");
        true
    });
    let live = policy.build_live().unwrap();
    PANICS.store(true, Ordering::SeqCst);
    let _guard = live.refresh_every(Duration::from_millis(5)).unwrap();
    wait_until(|| CALLS.load(Ordering::SeqCst) > 3);
    wait_until(|| live.report().failed_refresh().is_some());
    assert!(live.report().to_string().contains("a refresh panicked"));
    PANICS.store(false, Ordering::SeqCst);
    assert!(!live.refresh().unwrap());
    assert_eq!(live.generation(), 1);
}

/// Several changes before a thread looks are one, and a waiting thread is woken by one.
#[test]
fn changes_returns_the_latest_generation() {
    let (one, other) = (root("One").pem(), root("Other").pem());
    let rotation = Rotation::new("changes", &one);
    let mut early = rotation.live.changes();
    let waiting = rotation.live.changes();
    let woken = thread::spawn(move || {
        let mut waiting = waiting;
        waiting.next().unwrap().anchors()[0].subject()
    });
    for pem in [&other, &one, &other] {
        assert!(rotation.to(pem));
    }
    assert!(woken.join().unwrap().starts_with("CN="));
    let roots = early.wait_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(roots.anchors()[0].subject(), "CN=Other");
    assert!(early.wait_timeout(Duration::ZERO).is_none());
    assert!(
        rotation
            .live
            .changes()
            .wait_timeout(Duration::ZERO)
            .is_none()
    );
}

/// Runs the test `name` of this file in a process of its own, unless this is that process.
pub(crate) fn in_a_process_of_its_own(module: &str, name: &str) -> bool {
    const ALONE: &str = "EMBEDDED_ROOTS_TEST_IS_ALONE";

    if env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            &format!("{module}::{name}"),
            "--exact",
            "--nocapture",
            "--include-ignored",
        ])
        .env(ALONE, "1")
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut output)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
    print!("{output}");
    false
}

#[test]
fn live_roots_can_be_the_default() {
    if !in_a_process_of_its_own("live", "live_roots_can_be_the_default") {
        return;
    }
    let (ca, other) = (root("CA"), root("Other"));
    let rotation = Rotation::new("default", &ca.pem());
    rotation.live.install_default().unwrap();
    let again = rotation.live.install_default().unwrap_err();
    assert!(again.is_already_installed());

    let server = server_config(&ca, &TLS13);
    let config = || embedded_roots::client_config().unwrap();
    let before = config();
    assert!(Arc::ptr_eq(&before, &config()));
    assert!(Arc::ptr_eq(&before, &rotation.live.client_config()));
    assert_eq!(connect(&before, &server), Ok(HandshakeKind::Full));
    assert_eq!(connect(&config(), &server), Ok(HandshakeKind::Resumed));
    assert!(!rotation.to(&ca.pem()));
    assert!(Arc::ptr_eq(&before, &config()));

    let agent = embedded_roots::ureq::agent().unwrap();
    assert!(rotation.to(&other.pem()));
    assert!(Arc::ptr_eq(&config(), &rotation.live.client_config()));
    assert_refused(connect(&config(), &server));
    let current = rotation.live.current();
    assert!(Arc::ptr_eq(
        &embedded_roots::root_store().unwrap(),
        &current.root_store()
    ));
    assert!(Arc::ptr_eq(
        &embedded_roots::verifier().unwrap(),
        &current.verifier()
    ));
    let subjects = |roots: Roots| roots.anchors()[0].subject();
    assert_eq!(subjects(embedded_roots::roots().unwrap()), "CN=Other");

    // A client of the free functions follows.
    let address = serve_http(authority::server(&other, "localhost"), &TLS13);
    let url = format!("https://localhost:{}/", address.port());
    assert_eq!(agent.get(&url).call().unwrap().status(), 200);
    assert!(rotation.to(&ca.pem()));
    let refused = agent.get(&url).call().unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
}

#[test]
fn the_report_can_be_serialized() {
    let rotation = Rotation::new("serialized", &root("CA").pem());
    let value = || serde_json::to_value(rotation.live.report()).unwrap();
    assert_eq!(value()["generation"], 1);
    assert_eq!(value()["sources"][0]["roots"], 1);
    assert!(value()["refreshed"].as_str().unwrap().starts_with("20"));
    assert!(value()["failed_refresh"].is_null());
    rotation.write("");
    let error = rotation.live.refresh().unwrap_err();
    let failed = &value()["failed_refresh"];
    assert_eq!(failed["error"], format!("{error:?}"));
    assert_eq!(failed["since"], failed["latest"]);
    assert!(
        failed["since"].as_str().unwrap().starts_with("20"),
        "{failed}"
    );
}

/// Generations and limits that do not apply are logged, and warnings once for each error, outside of locks: the logger
/// uses the roots.
#[test]
fn a_failing_refresh_is_logged_when_its_error_changes() {
    static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static LIVE: Mutex<Option<LiveRoots>> = Mutex::new(None);

    struct Logger;

    impl log::Log for Logger {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.level() <= log::Level::Info
        }
        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) && record.target().starts_with("embedded_roots") {
                let logged = format!("{} {}", record.level(), record.args());
                LOGGED.lock().unwrap().push(logged);
                let live = LIVE.lock().unwrap().clone();
                drop(live.map(|live| (live.report(), live.client_config())));
            }
        }
        fn flush(&self) {}
    }

    if !in_a_process_of_its_own("live", "a_failing_refresh_is_logged_when_its_error_changes") {
        return;
    }
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let pem = root("CA").pem();
    let rotation = Rotation::new("logged", &pem);
    *LIVE.lock().unwrap() = Some(rotation.live.clone());
    let logged = || std::mem::take(&mut *LOGGED.lock().unwrap());
    let lines = logged();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "INFO generation 1 of live roots");
    assert!(lines[1].ends_with("roots.pem: 1 root"), "{lines:?}");

    rotation.write("");
    for _ in 0..3 {
        rotation.live.refresh().unwrap_err();
    }
    let lines = logged();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("WARN the roots stay as they were: "),
        "{lines:?}"
    );
    assert!(lines[0].contains("no certificate"), "{lines:?}");

    fs::remove_file(rotation.path()).unwrap();
    for _ in 0..3 {
        rotation.live.refresh().unwrap_err();
    }
    let lines = logged();
    assert!(
        lines.len() == 1 && lines[0].contains("cannot be read"),
        "{lines:?}"
    );

    assert!(!rotation.to(&pem));
    let lines = logged();
    assert!(
        lines.len() == 1 && lines[0].starts_with("INFO the roots can be refreshed again"),
        "{lines:?}"
    );
    assert!(!rotation.to(&pem));
    assert!(logged().is_empty());

    assert!(rotation.to(&(pem + &root("Other").pem())));
    let lines = logged();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "INFO generation 2 of live roots");
    assert!(
        lines[1].starts_with("INFO file ") && lines[1].ends_with("roots.pem: 2 roots"),
        "{lines:?}"
    );

    // A distribution's bundle has Mozilla's roots without their limits.
    let bundle = embedded_roots::mozilla::annotated_pem();
    let bundle = bundle.lines().filter(|line| !line.starts_with('#'));
    let path = rotation
        .folder
        .file("bundle.pem", bundle.collect::<Vec<_>>().join("\n"));
    let builder = || Roots::builder().bundle(&embedded_roots::mozilla::BUNDLE);
    builder().optional_pem_file(&path).build().unwrap();
    let lines = logged();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "INFO file ",
        "bundle.pem: trusted without the limits that root programs set",
        "\"CN=Izenpe.com, O=IZENPE S.A., C=ES\" distrust-after=2026-04-15T23:59:59Z, ",
        " permitted-dns=.tr",
    ] {
        assert!(lines[0].contains(part), "{lines:?}");
    }
    builder().build().unwrap();
    assert!(logged().is_empty());
}

/// 32 threads connect while the roots change 10,000 times between two CAs.
#[test]
#[ignore = "takes half a minute; .ci/run has it"]
fn threads_see_a_generation_that_was_current() {
    const THREADS: usize = 32;

    if !in_a_process_of_its_own("live", "threads_see_a_generation_that_was_current") {
        return;
    }
    let authorities = [root("One"), root("Other")];
    let pems = authorities.each_ref().map(CertifiedIssuer::pem);
    let servers: Vec<_> = [&TLS12, &TLS13]
        .into_iter()
        .flat_map(|version| authorities.each_ref().map(|ca| server_config(ca, version)))
        .collect();
    let rotation = Rotation::new("threads", &pems[0]);
    let (decided, all) = (AtomicUsize::new(0), AtomicUsize::new(0));

    // Generation 1 trusts the first CA, generation 2 the other, and so on.
    let trusts = |generation: u64, server: usize| generation % 2 != server as u64 % 2;
    let connects = |done: &AtomicBool| {
        let mut nth = 0;
        while !done.load(Ordering::Relaxed) {
            nth += 1;
            let server = nth % servers.len();
            let live = &rotation.live;
            let before = live.generation();
            let config = if nth / servers.len() % 2 == 0 {
                live.client_config()
            } else {
                live.following_config()
            };
            let verdict = connect(&config, &servers[server]);
            let after = live.generation();
            if let Err(refused) = &verdict {
                assert!(
                    Refusal::of(refused).unwrap().is_unknown_issuer(),
                    "{refused}"
                );
            }
            if before == after {
                assert_eq!(
                    verdict.is_ok(),
                    trusts(before, server),
                    "{before} {verdict:?}"
                );
                decided.fetch_add(1, Ordering::Relaxed);
            }
            all.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(20));
        }
    };
    let refreshes = |count: usize| {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|| connects(&done)))
                .collect();
            for _ in 0..count {
                let next = usize::from(rotation.live.generation() % 2 == 1);
                assert!(rotation.to(&pems[next]));
                // An unchanged refresh now and then.
                assert!(next == 0 || !rotation.live.refresh().unwrap());
            }
            // Until buffers and caches have grown to their size.
            wait_until(|| all.load(Ordering::Relaxed) > 100 * THREADS);
            done.store(true, Ordering::Relaxed);
            for thread in threads {
                thread.join().unwrap();
            }
        });
    };
    refreshes(100);
    let before = resident();
    refreshes(9_900);
    let after = resident();
    assert_eq!(rotation.live.generation(), 10_001);
    let (decided, all) = (decided.into_inner(), all.into_inner());
    println!(
        "{all} connections, {decided} within one generation; resident {before} KiB after 100 refreshes, {after} KiB after 10,000"
    );
    assert!(decided > 1_000, "{decided} of {all}");
    assert!(after <= before + 2048, "{before} KiB, then {after} KiB");
}

/// The resident memory of this process, in KiB.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
