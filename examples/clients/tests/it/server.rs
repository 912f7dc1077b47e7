//! Real servers, each in a temporary folder of its own, with a certificate for localhost.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::authority::Authority;

/// Debian's user `nobody` and group `nogroup`: some servers refuse to run as root.
const NOBODY: u32 = 65534;

/// A server on loopback; it is killed and its folder removed on drop.
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: Folder,
    child: Option<Child>,
}

/// With `certificate.pem` and `key.pem` at first.
struct Folder(PathBuf);

impl Server {
    /// Starts what `command` returns, and waits until it listens.
    fn start(name: &str, ca: &Authority, command: impl FnOnce(&Self) -> Command) -> Self {
        let port = free_port();
        let folder = env::temp_dir().join(format!("embedded-roots-clients-{name}-{port}"));
        fs::create_dir(&folder).unwrap();
        let folder = Folder(folder);
        let mut server = Self {
            port,
            folder,
            child: None,
        };
        if is_root() {
            chown(&server.folder.0, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let [certificate, key] = ca.server_pem();
        server.file("certificate.pem", &certificate);
        server.file("key.pem", &key);

        let child = command(&server).spawn().unwrap();
        let child = server.child.insert(child);
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = child.try_wait().unwrap();
            let waited = start.elapsed() > Duration::from_secs(20);
            assert!(ended.is_none() && !waited, "{name}: {ended:?}");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// A file that only the server may read, as some want their keys.
    fn file(&self, name: &str, content: &str) {
        let path = self.folder.0.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A program that runs in the folder, and not as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder.0);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub(crate) fn nginx(ca: &Authority, upstream: u16) -> Self {
        Self::start("nginx", ca, |server| {
            let port = server.port;
            // Its folders are the machine's otherwise.
            let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let folders = folders
                .map(|name| format!("{name}_temp_path temporary;\n"))
                .concat();
            server.file(
                "nginx.conf",
                &format!(
                    "daemon off; master_process off; pid nginx.pid; events {{}}
                http {{ access_log off; {folders} server {{
                    listen 127.0.0.1:{port} ssl http2;
                    ssl_certificate certificate.pem;
                    ssl_certificate_key key.pem;
                    location / {{ return 200 hello; }}
                    location /version {{ return 200 '{KUBERNETES}'; }}
                    location /grpc. {{ grpc_pass grpc://127.0.0.1:{upstream}; }}
                    location /socket {{
                        proxy_pass http://127.0.0.1:{upstream};
                        proxy_http_version 1.1;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection upgrade;
                    }}
                }} }}"
                ),
            );
            let mut nginx = server.command("nginx");
            nginx
                .arg("-p")
                .arg(&server.folder.0)
                .args(["-c", "nginx.conf", "-e", "nginx.log"]);
            nginx
        })
    }

    pub(crate) fn redis(ca: &Authority) -> Self {
        Self::start("redis", ca, |server| {
            let mut redis = server.command("redis-server");
            redis.args(["--bind", "127.0.0.1", "--port", "0", "--save", ""]);
            redis.args([
                "--tls-port",
                &server.port.to_string(),
                "--tls-auth-clients",
                "no",
            ]);
            redis.args([
                "--tls-cert-file",
                "certificate.pem",
                "--tls-key-file",
                "key.pem",
            ]);
            redis
        })
    }

    pub(crate) fn postgres(ca: &Authority) -> Self {
        let mut versions = fs::read_dir("/usr/lib/postgresql").unwrap();
        let programs = versions.next().unwrap().unwrap().path().join("bin");
        let program = |name| programs.join(name).into_os_string().into_string().unwrap();
        let server = Self::start("postgres", ca, |server| {
            let mut initdb = server.command(&program("initdb"));
            initdb.args([
                "--pgdata=data",
                "--username=user",
                "--auth=trust",
                "--no-sync",
            ]);
            assert!(initdb.status().unwrap().success());
            server.file(
                "data/postgresql.conf",
                &format!(
                    "listen_addresses = '127.0.0.1'
                port = {}
                unix_socket_directories = ''
                fsync = off
                ssl = on
                ssl_cert_file = '../certificate.pem'
                ssl_key_file = '../key.pem'\n",
                    server.port
                ),
            );
            let mut postgres = server.command(&program("postgres"));
            postgres.args(["-D", "data"]);
            postgres
        });
        // It listens before it is ready.
        let mut ready = server.command(&program("pg_isready"));
        ready.args(["--host=127.0.0.1", &format!("--port={}", server.port)]);
        while !ready.status().unwrap().success() {
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn mosquitto(ca: &Authority) -> Self {
        Self::start("mosquitto", ca, |server| {
            server.file("mosquitto.conf", &format!(
                "listener {} 127.0.0.1\nallow_anonymous true\ncertfile certificate.pem\nkeyfile key.pem\n",
                server.port
            ));
            let mut mosquitto = server.command("mosquitto");
            mosquitto.args(["-c", "mosquitto.conf"]);
            mosquitto
        })
    }

    pub(crate) fn nats(ca: &Authority) -> Self {
        Self::start("nats", ca, |server| {
            let mut nats = server.command("nats-server");
            nats.args(["-a", "127.0.0.1", "-p", &server.port.to_string()]);
            nats.args([
                "--tls",
                "--tlscert",
                "certificate.pem",
                "--tlskey",
                "key.pem",
            ]);
            nats
        })
    }

    pub(crate) fn slapd(ca: &Authority) -> Self {
        Self::start("slapd", ca, |server| {
            server.file(
                "slapd.conf",
                "TLSCertificateFile certificate.pem\nTLSCertificateKeyFile key.pem\n",
            );
            let mut slapd = server.command("slapd");
            slapd.args(["-d", "0", "-f", "slapd.conf"]);
            slapd.args(["-h", &format!("ldaps://127.0.0.1:{}/", server.port)]);
            slapd
        })
    }

    pub(crate) fn exim(ca: &Authority) -> Self {
        Self::start("exim", ca, |server| {
            let folder = server.folder.0.display();
            // Not a log in the folder: a process that outlives the daemon would create it anew.
            let config = format!(
                "primary_hostname = localhost
                local_interfaces = 127.0.0.1
                daemon_smtp_ports = {}
                spool_directory = {folder}/spool
                log_file_path = syslog
                pid_file_path = {folder}/exim.pid
                tls_advertise_hosts = *
                tls_certificate = {folder}/certificate.pem
                tls_privatekey = {folder}/key.pem
                exim_user = {NOBODY}
                exim_group = {NOBODY}
                keep_environment =\n",
                server.port
            );
            // Only root may start the daemon, with a file of root's; it then becomes `exim_user`.
            let file = server.folder.0.join("exim.conf");
            fs::write(&file, config).unwrap();
            let mut exim = server.command("exim4");
            exim.uid(0).gid(0).arg("-C").arg(file).arg("-bdf");
            exim
        })
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

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the API server of Kubernetes answers to the question for its version.
const KUBERNETES: &str = r#"{"major":"1","minor":"36","gitVersion":"v1.36.0","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
