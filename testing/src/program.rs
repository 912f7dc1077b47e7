//! Servers of other projects on loopback, each in a temporary folder of its own.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::authority::{Identity, pem};
use crate::folder::Folder;
use crate::server::free_ports;

/// Debian's user `nobody` and group `nogroup`: some servers refuse to run as root.
const NOBODY: u32 = 65534;

/// A server program, which is killed on drop; then its folder is removed.
#[derive(Debug)]
pub struct Program {
    port: u16,
    // Before the folder, in which it writes.
    child: Option<Child>,
    folder: Folder,
}

impl Program {
    /// A program that is still to be started, with `chain.pem`, `leaf.pem`, `others.pem` and `key.pem` in its folder.
    pub fn new(name: &str, identity: &Identity) -> Self {
        let [port] = free_ports();
        let folder = Folder::new(name);
        let program = Self {
            port,
            child: None,
            folder,
        };
        if is_root() {
            chown(program.folder(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let chain = identity.chain_pem();
        let leaf = pem("CERTIFICATE", &identity.chain[0]);
        program.file("chain.pem", &chain);
        program.file("leaf.pem", &leaf);
        program.file("others.pem", chain.strip_prefix(&leaf).unwrap());
        program.file("key.pem", &identity.key_pem());
        program
    }

    /// The port on loopback that is for this program.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that only the server may read, as some want their keys.
    pub fn file(&self, name: &str, content: &str) {
        let path = self.folder.file(name, content);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A command that runs in the folder, silently, and not as root.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Starts the program with this command, and waits until it listens.
    #[must_use]
    pub fn start(mut self, mut command: Command) -> Self {
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

    /// nginx with these `server` blocks, of which one listens on the port that they are made for.
    pub fn nginx(identity: &Identity, servers: impl FnOnce(u16) -> String) -> Self {
        let program = Self::new("nginx", identity);
        // Its folders are the machine's otherwise.
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders = folders.map(|name| format!("{name}_temp_path temporary;\n"));
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; events {{}}
            http {{
                access_log off;
                {}
                ssl_certificate chain.pem;
                ssl_certificate_key key.pem;
                {}
            }}",
            folders.concat(),
            servers(program.port)
        );
        program.file("nginx.conf", &config);
        let mut nginx = program.command("nginx");
        nginx.arg("-p").arg(program.folder());
        nginx.args(["-c", "nginx.conf", "-e", "nginx.log"]);
        program.start(nginx)
    }

    /// OpenSSL's `s_server`, with these arguments, too.
    pub fn s_server(identity: &Identity, arguments: &[&str]) -> Self {
        let program = Self::new("s_server", identity);
        let mut openssl = program.command("openssl");
        let address = format!("127.0.0.1:{}", program.port);
        openssl.args(["s_server", "-accept", &address, "-no-CAfile", "-no-CApath"]);
        openssl.args(["-cert", "leaf.pem", "-key", "key.pem"]);
        if identity.chain.len() > 1 {
            openssl.args(["-cert_chain", "others.pem"]);
        }
        openssl.args(arguments);
        program.start(openssl)
    }

    /// `PostgreSQL`, with an empty database of the user `user`.
    pub fn postgres(identity: &Identity) -> Self {
        let mut versions = fs::read_dir("/usr/lib/postgresql").unwrap();
        let programs = versions.next().unwrap().unwrap().path().join("bin");
        let path = |name| programs.join(name).into_os_string().into_string().unwrap();
        let program = Self::new("postgres", identity);
        let mut initdb = program.command(&path("initdb"));
        initdb.args(["--pgdata=data", "--username=user", "--auth=trust"]);
        assert!(initdb.arg("--no-sync").status().unwrap().success());
        let config = format!(
            "listen_addresses = '127.0.0.1'
            port = {}
            unix_socket_directories = ''
            fsync = off
            ssl = on
            ssl_cert_file = '../chain.pem'
            ssl_key_file = '../key.pem'\n",
            program.port
        );
        program.file("data/postgresql.conf", &config);
        let mut postgres = program.command(&path("postgres"));
        postgres.args(["-D", "data"]);
        let program = program.start(postgres);
        // It listens before it is ready.
        let mut ready = program.command(&path("pg_isready"));
        ready.args(["--host=127.0.0.1", &format!("--port={}", program.port)]);
        while !ready.status().unwrap().success() {
            thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// Exim, which only root can start.
    pub fn exim(identity: &Identity) -> Self {
        let program = Self::new("exim", identity);
        let folder = program.folder().display();
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
            program.port
        );
        // Root's file, which the daemon wants; it becomes `exim_user` later.
        let file = program.folder.file("exim.conf", config);
        let mut exim = program.command("exim4");
        exim.uid(0).gid(0).arg("-C").arg(file).arg("-bdf");
        program.start(exim)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}
