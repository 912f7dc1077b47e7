//! HTTPS, gRPC and WebSockets, against nginx.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use clients::{
    aws_client, curl_client, hyper_client, kube_client, native_tls_client, openssl_client,
    opentelemetry_otlp_client, reqwest_blocking_client, reqwest_client, tokio_rustls_client,
    tokio_tungstenite_client, tonic_client, ureq_client,
};
use embedded_roots::rustls::crypto::ring;
use embedded_roots::rustls::version::{TLS12, TLS13};
use embedded_roots::rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use embedded_roots_testing::authority::Identity;
use embedded_roots_testing::program::Program;
use embedded_roots_testing::server as loopback;
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::authority::{Authority, Done, authorities, explained, refused, refusing};
use crate::server;

/// nginx for clients that need nothing behind it, its URL, its CA and another.
fn nginx() -> (Program, String, Authority, Authority) {
    let (ca, other) = authorities();
    let server = server::nginx(&ca, 1);
    let url = format!("https://localhost:{}/", server.port());
    (server, url, ca, other)
}

/// The same in front of a server behind `upstream`.
fn nginx_before(upstream: &TcpListener) -> (Program, Authority, Authority) {
    let (ca, other) = authorities();
    let server = server::nginx(&ca, upstream.local_addr().unwrap().port());
    (server, ca, other)
}

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

fn answer(mut stream: impl Read + Write) -> std::io::Result<String> {
    stream.write_all(REQUEST)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn tokio_rustls() -> Done {
    let (server, _, ca, other) = nginx();
    let mut stream = tokio_rustls_client::connect(&ca.roots(), "localhost", server.port()).await?;
    stream.write_all(REQUEST).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.ends_with("hello"), "{answer}");

    for (roots, reason) in refusing(&ca, &other) {
        let refused = tokio_rustls_client::connect(&roots, "localhost", server.port()).await;
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn reqwest() -> Done {
    let (_server, url, ca, other) = nginx();
    let response = reqwest_client::client(&ca.roots())?
        .get(&url)
        .send()
        .await?;
    assert_eq!(response.text().await?, "hello");

    for (roots, reason) in refusing(&ca, &other) {
        let refused = reqwest_client::client(&roots)?.get(&url).send().await;
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

/// Its own settings have no effect, so these are in the config.
#[tokio::test]
async fn reqwest_with_configs() -> Done {
    let (ca, other) = authorities();
    let serve = |versions: &[&'static SupportedProtocolVersion], asks_for_certificate: bool| {
        let Identity { chain, key } = ca.server();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_protocol_versions(versions).unwrap();
        let config = if asks_for_certificate {
            config.with_client_cert_verifier(ca.roots().client_cert_verifier())
        } else {
            config.with_no_client_auth()
        };
        let config = config.with_single_cert(chain, key).unwrap();
        let address = loopback::serve(config, |tls| {
            loopback::read_request(tls)?;
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
            tls.conn.send_close_notify();
            Ok(())
        });
        format!("https://localhost:{}/", address.port())
    };
    let get = |config: ClientConfig, url: String| async move {
        let client = reqwest_client::client_with_config(config).unwrap();
        client
            .get(url)
            .send()
            .await
            .map(|response| response.status().as_u16())
    };

    let roots = ca.roots();
    let mutual = || {
        let Identity { chain, key } = ca.client();
        reqwest_client::mutual_tls(&roots, chain, key)
    };
    let asks = serve(&[&TLS13], true);
    assert_eq!(get(mutual()?, asks.clone()).await?, 200);
    reqwest_client::client(&roots)?
        .get(asks)
        .send()
        .await
        .unwrap_err();

    let tls13 = || reqwest_client::tls13_alone(&roots);
    assert_eq!(get(tls13()?, serve(&[&TLS13], false)).await?, 200);
    get(tls13()?, serve(&[&TLS12], false)).await.unwrap_err();

    for (roots, reason) in refusing(&ca, &other) {
        let refused = get(
            reqwest_client::tls13_alone(&roots)?,
            serve(&[&TLS13], false),
        )
        .await;
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn reqwest_blocking() -> Done {
    let (_server, url, ca, other) = nginx();
    let response = reqwest_blocking_client::client(&ca.roots())?
        .get(&url)
        .send()?;
    assert_eq!(response.text()?, "hello");

    for (roots, reason) in refusing(&ca, &other) {
        let refused = reqwest_blocking_client::client(&roots)?.get(&url).send();
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn ureq() -> Done {
    let (_server, url, ca, other) = nginx();
    let mut response = ureq_client::agent(&ca.roots()).get(&url).call()?;
    assert_eq!(response.body_mut().read_to_string()?, "hello");

    for (roots, reason) in refusing(&ca, &other) {
        let refused = ureq_client::agent(&roots).get(&url).call();
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn hyper() -> Done {
    let (_server, url, ca, other) = nginx();
    let response = hyper_client::client(&ca.roots()).get(url.parse()?).await?;
    assert_eq!(response.status(), 200);

    for (roots, reason) in refusing(&ca, &other) {
        let refused = hyper_client::client(&roots).get(url.parse()?).await;
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn tokio_tungstenite() -> Done {
    let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (server, ca, other) = nginx_before(&upstream);
    let url = format!("wss://localhost:{}/socket", server.port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = upstream.accept().await {
            tokio_tungstenite::accept_async(stream).await.unwrap();
        }
    });
    tokio_tungstenite_client::connect(&ca.roots(), &url).await?;
    // Without this client's own TLS.
    let stream = tokio_rustls_client::connect(&ca.roots(), "localhost", server.port()).await?;
    tokio_tungstenite::client_async(&url, stream).await?;

    for (roots, reason) in refusing(&ca, &other) {
        let refused = tokio_tungstenite_client::connect(&roots, &url).await;
        explained(&refused.err().unwrap(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn tonic() -> Done {
    let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (server, ca, other) = nginx_before(&upstream);
    let url = format!("https://localhost:{}", server.port());
    let (_reporter, health) = tonic_health::server::health_reporter();
    let grpc = tonic::transport::Server::builder().add_service(health);
    tokio::spawn(grpc.serve_with_incoming(TcpIncoming::from(upstream)));

    let channel = tonic_client::connect(&ca.roots(), url.clone()).await?;
    let request = HealthCheckRequest::default();
    let response = HealthClient::new(channel)
        .check(request)
        .await?
        .into_inner();
    assert_eq!(response.status().as_str_name(), "SERVING");

    for (roots, reason) in refusing(&ca, &other) {
        let refused = tonic_client::connect(&roots, url.clone()).await;
        explained(&refused.unwrap_err(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn kube() -> Done {
    let (_server, url, ca, other) = nginx();
    let config = kube::Config::new(url.parse()?);
    let client = kube_client::client(&ca.roots(), config.clone())?;
    assert_eq!(client.apiserver_version().await?.minor, "36");

    for (roots, reason) in refusing(&ca, &other) {
        let client = kube_client::client(&roots, config.clone())?;
        explained(&client.apiserver_version().await.unwrap_err(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn aws() -> Done {
    let (_server, url, ca, other) = nginx();
    let settings = HttpConnectorSettings::default();
    let components = RuntimeComponentsBuilder::for_tests()
        .with_time_source(Some(SystemTimeSource::new()))
        .with_sleep_impl(Some(TokioSleep::new()))
        .build()?;
    let request = || HttpRequest::get(&url);

    let client = aws_client::http_client(&ca.public_roots().pem()?)?;
    let connector = client.http_connector(&settings, &components);
    assert_eq!(connector.call(request()?).await?.status().as_u16(), 200);

    let client = aws_client::http_client(&ca.left_out_beside(&other).pem()?)?;
    let connector = client.http_connector(&settings, &components);
    refused(
        &connector.call(request()?).await.unwrap_err(),
        "UnknownIssuer",
    );
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn opentelemetry_otlp() -> Done {
    let (_server, url, ca, other) = nginx();
    let exporter = opentelemetry_otlp_client::exporter(&ca.roots(), &url)?;
    futures_executor::block_on(exporter.export(Vec::new()))?;

    for (roots, _) in refusing(&ca, &other) {
        let exporter = opentelemetry_otlp_client::exporter(&roots, &url)?;
        let result = futures_executor::block_on(exporter.export(Vec::new()));
        // It tells no more than this, except in its log.
        refused(&result.unwrap_err(), "network error");
    }
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn openssl() -> Done {
    let (server, _, ca, other) = nginx();
    let tcp = || TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()));

    let connector = openssl_client::connector(&ca.public_roots().certificates()?)?;
    let answer = answer(connector.connect("localhost", tcp()?)?)?;
    assert!(answer.ends_with("hello"), "{answer}");

    let connector = openssl_client::connector(&ca.left_out_beside(&other).certificates()?)?;
    let error = connector.connect("localhost", tcp()?).unwrap_err();
    refused(&error, "unable to get local issuer certificate");
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn native_tls() -> Done {
    let (server, _, ca, other) = nginx();
    let tcp = || TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()));

    let connector = native_tls_client::connector(&ca.public_roots().certificates()?)?;
    let answer = answer(connector.connect("localhost", tcp()?)?)?;
    assert!(answer.ends_with("hello"), "{answer}");

    let connector = native_tls_client::connector(&ca.left_out_beside(&other).certificates()?)?;
    let error = connector.connect("localhost", tcp()?).unwrap_err();
    refused(&error, "unable to get local issuer certificate");
    Ok(())
}

#[test]
#[ignore = "needs nginx"]
fn curl() -> Done {
    let (_server, url, ca, other) = nginx();
    let mut easy = curl_client::handle(&ca.public_roots().pem()?)?;
    easy.url(&url)?;
    easy.perform()?;
    assert_eq!(easy.response_code()?, 200);

    let mut easy = curl_client::handle(&ca.left_out_beside(&other).pem()?)?;
    easy.url(&url)?;
    refused(
        &easy.perform().unwrap_err(),
        "unable to get local issuer certificate",
    );
    Ok(())
}
