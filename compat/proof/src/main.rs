//! Connects with one client after the other and prints whether it accepts the server. There is no
//! line about roots in this program: Cargo.toml has three.
//!
//! Arguments: the host, and its ports for HTTPS, SMTP, Redis and PostgreSQL.

use std::env;
use std::error::Error;

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use sqlx::{Connection as _, PgConnection};
use ureq::tls::{RootCerts, TlsConfig};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [host, https, smtp, redis, postgres] = &arguments[..] else {
        return Err("expected a host and four ports".into());
    };
    let address = format!("https://{host}:{https}/version");

    // The default features of reqwest bring aws-lc-rs, and it needs no provider to be installed.
    print("reqwest", with_reqwest(&address).await);
    // Others take the default of the process. With two providers in the program, it has to say
    // which.
    let installed = rustls::crypto::ring::default_provider().install_default();
    assert!(installed.is_ok(), "a client installed a provider");
    print("kube", with_kube(&format!("https://{host}:{https}")).await);
    print("aws-smithy-http-client", with_aws(&address).await);
    print("lettre", with_lettre(host, smtp.parse()?));
    print("redis", with_redis(&format!("rediss://{host}:{redis}/")));
    let url = format!("postgres://user@{host}:{postgres}/db?sslmode=verify-full");
    print("sqlx", with_sqlx(&url).await);
    print("ureq", with_ureq(&address));
    print(
        "ureq, platform verifier",
        with_ureq_and_platform_verifier(&address),
    );
    Ok(())
}

async fn with_reqwest(address: &str) -> Outcome {
    reqwest::get(address).await?.error_for_status()?;
    Ok(())
}

async fn with_kube(address: &str) -> Outcome {
    let client = kube::Client::try_from(kube::Config::new(address.parse()?))?;
    client.apiserver_version().await?;
    Ok(())
}

async fn with_aws(address: &str) -> Outcome {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let connector = Connector::builder().tls_provider(ring).build();
    connector.call(HttpRequest::get(address)?).await?;
    Ok(())
}

fn with_lettre(host: &str, port: u16) -> Outcome {
    let transport = lettre::SmtpTransport::relay(host)?.port(port).build();
    if transport.test_connection()? {
        Ok(())
    } else {
        Err("no answer to NOOP".into())
    }
}

fn with_redis(url: &str) -> Outcome {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let pong: String = redis::cmd("PING").query(&mut connection)?;
    if pong == "PONG" {
        Ok(())
    } else {
        Err(pong.into())
    }
}

async fn with_sqlx(url: &str) -> Outcome {
    PgConnection::connect(url).await?;
    Ok(())
}

fn with_ureq(address: &str) -> Outcome {
    ureq::get(address).call()?;
    Ok(())
}

fn with_ureq_and_platform_verifier(address: &str) -> Outcome {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    let config = ureq::Agent::config_builder().tls_config(tls.build());
    config.build().new_agent().get(address).call()?;
    Ok(())
}

fn print(client: &str, outcome: Outcome) {
    match outcome {
        Ok(()) => println!("{client}: accepted"),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            println!("{client}: refused: {}", text.replace('\n', " "));
        }
    }
}
