//! Real servers, with a certificate for localhost.

use embedded_roots_testing::program::Program;

use crate::authority::Authority;

/// nginx with HTTP/2, before a server of other protocols on this port.
pub(crate) fn nginx(ca: &Authority, upstream: u16) -> Program {
    Program::nginx(&ca.server(), |port| {
        format!(
            "server {{
                listen 127.0.0.1:{port} ssl http2;
                location / {{ return 200 hello; }}
                location /version {{ return 200 '{KUBERNETES}'; }}
                location /grpc. {{ grpc_pass grpc://127.0.0.1:{upstream}; }}
                location /socket {{
                    proxy_pass http://127.0.0.1:{upstream};
                    proxy_http_version 1.1;
                    proxy_set_header Upgrade $http_upgrade;
                    proxy_set_header Connection upgrade;
                }}
            }}"
        )
    })
}

pub(crate) fn redis(ca: &Authority) -> Program {
    let program = Program::new("redis", &ca.server());
    let mut redis = program.command("redis-server");
    redis.args(["--bind", "127.0.0.1", "--port", "0", "--save", ""]);
    redis.args(["--tls-port", &program.port().to_string()]);
    redis.args(["--tls-auth-clients", "no"]);
    redis.args(["--tls-cert-file", "chain.pem"]);
    redis.args(["--tls-key-file", "key.pem"]);
    program.start(redis)
}

pub(crate) fn mosquitto(ca: &Authority) -> Program {
    let program = Program::new("mosquitto", &ca.server());
    let config = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\ncertfile chain.pem\nkeyfile key.pem\n",
        program.port()
    );
    program.file("mosquitto.conf", &config);
    let mut mosquitto = program.command("mosquitto");
    mosquitto.args(["-c", "mosquitto.conf"]);
    program.start(mosquitto)
}

pub(crate) fn nats(ca: &Authority) -> Program {
    let program = Program::new("nats", &ca.server());
    let mut nats = program.command("nats-server");
    nats.args(["-a", "127.0.0.1", "-p", &program.port().to_string()]);
    nats.args(["--tls", "--tlscert", "chain.pem", "--tlskey", "key.pem"]);
    program.start(nats)
}

pub(crate) fn slapd(ca: &Authority) -> Program {
    let program = Program::new("slapd", &ca.server());
    let config = "TLSCertificateFile chain.pem\nTLSCertificateKeyFile key.pem\n";
    program.file("slapd.conf", config);
    let mut slapd = program.command("slapd");
    slapd.args(["-d", "0", "-f", "slapd.conf"]);
    slapd.args(["-h", &format!("ldaps://127.0.0.1:{}/", program.port())]);
    program.start(slapd)
}

/// What the API server of Kubernetes answers to the question for its version.
const KUBERNETES: &str = r#"{"major":"1","minor":"36","gitVersion":"v1.36.0","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;
