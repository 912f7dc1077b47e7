//! nginx, OpenSSL's `s_server`, PostgreSQL and Exim.
#![cfg(unix)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::date_time_ymd;

use crate::authority::{Authority, Identity, intermediate, root, self_signed, server, server_with};
use crate::program::{Explain, Folder};

/// Debian's user `nobody` and group `nogroup`: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

/// A server in a folder of its own; it is killed on drop.
struct Real {
    port: u16,
    // Before the folder, in which it writes.
    child: Option<Child>,
    folder: Folder,
}

impl Real {
    /// With `chain.pem`, `leaf.pem`, `others.pem` and `key.pem`.
    fn new(identity: &Identity) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let real = Self {
            port: listener.local_addr().unwrap().port(),
            child: None,
            folder: Folder::new(),
        };
        if is_root() {
            chown(real.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let end = "-----END CERTIFICATE-----\n";
        let (leaf, others) = identity
            .pem
            .replace("\r\n", "\n")
            .split_once(end)
            .map_or_else(
                || panic!("{}", identity.pem),
                |(leaf, others)| (format!("{leaf}{end}"), others.to_owned()),
            );
        real.file("chain.pem", &identity.pem);
        real.file("leaf.pem", &leaf);
        real.file("others.pem", &others);
        real.file("key.pem", &identity.key_pem());
        real
    }

    /// A file that only the server may read, as PostgreSQL wants its key.
    fn file(&self, name: &str, content: &str) {
        let path = self.folder.file(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A program that runs in the folder, and not as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn start(mut self, mut command: Command) -> Self {
        let child = self.child.insert(command.spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = child.try_wait().unwrap();
            let waited = start.elapsed() > Duration::from_secs(30);
            assert!(ended.is_none() && !waited, "{command:?}: {ended:?}");
            thread::sleep(Duration::from_millis(20));
        }
        self
    }

    fn nginx(identity: &Identity) -> Self {
        let real = Self::new(identity);
        // Its folders are the machine's otherwise.
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders = folders.map(|name| format!("{name}_temp_path temporary;\n"));
        real.file(
            "nginx.conf",
            &format!(
                "daemon off; master_process off; pid nginx.pid; events {{}}
                http {{ access_log off; {} server {{
                    listen 127.0.0.1:{} ssl;
                    ssl_certificate chain.pem;
                    ssl_certificate_key key.pem;
                }} }}",
                folders.concat(),
                real.port
            ),
        );
        let mut nginx = real.command("nginx");
        nginx.arg("-p").arg(real.folder.path());
        nginx.args(["-c", "nginx.conf", "-e", "nginx.log"]);
        real.start(nginx)
    }

    fn s_server(identity: &Identity) -> Self {
        let real = Self::new(identity);
        let mut openssl = real.command("openssl");
        let port = format!("127.0.0.1:{}", real.port);
        openssl.args(["s_server", "-quiet", "-accept", &port]);
        openssl.args([
            "-cert",
            "leaf.pem",
            "-key",
            "key.pem",
            "-no-CAfile",
            "-no-CApath",
        ]);
        if identity.chain.len() > 1 {
            openssl.args(["-cert_chain", "others.pem"]);
        }
        real.start(openssl)
    }

    fn postgres(identity: &Identity) -> Self {
        let real = Self::new(identity);
        let mut versions = fs::read_dir("/usr/lib/postgresql").unwrap();
        let programs = versions.next().unwrap().unwrap().path().join("bin");
        let program = |name| programs.join(name).into_os_string().into_string().unwrap();
        let mut initdb = real.command(&program("initdb"));
        initdb.args([
            "--pgdata=data",
            "--username=user",
            "--auth=trust",
            "--no-sync",
        ]);
        assert!(initdb.status().unwrap().success());
        real.file(
            "data/postgresql.conf",
            &format!(
                "listen_addresses = '127.0.0.1'
                port = {}
                unix_socket_directories = ''
                fsync = off
                ssl = on
                ssl_cert_file = '../chain.pem'
                ssl_key_file = '../key.pem'\n",
                real.port
            ),
        );
        let mut postgres = real.command(&program("postgres"));
        postgres.args(["-D", "data"]);
        real.start(postgres)
    }

    fn exim(identity: &Identity) -> Self {
        let real = Self::new(identity);
        let folder = real.folder.path().display();
        // Not a log in the folder: a process that outlives the daemon would create it anew.
        let config = format!(
            "primary_hostname = localhost
            local_interfaces = 127.0.0.1
            daemon_smtp_ports = {}
            spool_directory = {folder}/spool
            log_file_path = syslog
            pid_file_path = {folder}/exim.pid
            tls_advertise_hosts = *
            tls_certificate = {folder}/chain.pem
            tls_privatekey = {folder}/key.pem
            exim_user = {NOBODY}
            exim_group = {NOBODY}
            keep_environment =\n",
            real.port
        );
        // Only root may start the daemon, with a file of root's; it then becomes `exim_user`.
        let file = real.folder.file("exim.conf", &config);
        let mut exim = real.command("exim4");
        exim.uid(0).gid(0).arg("-C").arg(file).arg("-bdf");
        real.start(exim)
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A chain, the annotation of its root, and what is said of it.
struct Expected {
    name: &'static str,
    identity: Identity,
    annotation: &'static str,
    verdict: &'static str,
}

/// Every kind of chain under this root.
fn chains(ca: &Authority) -> Vec<Expected> {
    let between = intermediate("Between", ca);
    let expired = server_with(&between, |params| {
        params.not_after = date_time_ymd(2021, 2, 3);
    });
    let other_name = server_with(&between, |params| {
        let name = "www.example.org".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    let chain = |name, identity, annotation, verdict| Expected {
        name,
        identity,
        annotation,
        verdict,
    };
    vec![
        chain(
            "good",
            server(&between).with(&between),
            "",
            "accepted by roots.pem: the chain ends in its root \"CA\"",
        ),
        chain(
            "incomplete",
            server(&between),
            "",
            "refused by roots.pem: the server does not send the certificate of \"Between\", which has \
             issued its own and is no known root: it forgets its intermediate, unless that is a private \
             root",
        ),
        chain(
            "expired",
            expired.with(&between),
            "",
            "refused by roots.pem: the certificate expired on 2021-02-03",
        ),
        chain(
            "wrong name",
            other_name.with(&between),
            "",
            "refused by roots.pem: the certificate is for \"www.example.org\", and not for \
             \"localhost\"",
        ),
        chain(
            "distrusted",
            server(&between).with(&between),
            "# embedded-roots: distrust-after=2019-12-31T23:59:59Z\n",
            "refused by roots.pem: the root \"CN=CA\" is distrusted for certificates that start to be \
             valid after 2019-12-31T23:59:59Z, and this one starts on 2020-01-01",
        ),
        chain(
            "name-constrained",
            server(&between).with(&between),
            "# embedded-roots: permitted-dns=.tr\n",
            "refused by roots.pem: the certificate is for \"localhost\", which is outside the name \
             constraints of the root \"CN=CA\", its own or imposed by the bundle: permitted-dns=.tr",
        ),
        chain(
            "self-signed",
            self_signed(),
            "",
            "refused by roots.pem: the certificate \"a server\" is self-signed, and no known root",
        ),
    ]
}

fn each_chain(start: impl Fn(&Identity) -> Real, args: &[&str]) {
    let ca = root("CA");
    let other = root("Another CA").pem();
    for Expected {
        name,
        identity,
        annotation,
        verdict,
    } in chains(&ca)
    {
        let real = start(&identity);
        let roots = format!("{annotation}{}", ca.pem());
        let explained = Explain::new(&roots, &other).args(args).run(real.port);
        assert_eq!(explained.verdict("roots.pem"), verdict, "{name}");
        let accepted = verdict.starts_with("accepted");
        assert_eq!(explained.status, i32::from(!accepted), "{name}");
        let handshake = explained.output.contains("handshake succeeded: TLSv1_");
        assert_eq!(handshake, accepted, "{name}: {}", explained.output);
    }
}

#[test]
#[ignore = "needs nginx; .ci/run installs and runs it"]
fn nginx() {
    each_chain(Real::nginx, &[]);
}

#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn s_server() {
    each_chain(Real::s_server, &[]);
}

#[test]
#[ignore = "needs PostgreSQL; .ci/run installs and runs it"]
fn postgres() {
    each_chain(Real::postgres, &["--starttls", "postgres"]);
}

#[test]
#[ignore = "needs Exim, and root, who alone may start it"]
fn exim() {
    each_chain(Real::exim, &["--starttls", "smtp"]);
}
