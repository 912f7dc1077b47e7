//! Shows who contributed to a GitHub repository: the program of Kelsey Hightower's "Building Docker
//! Images for Static Go Binaries", in Rust.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `PORT` | where to listen, on all interfaces; 8080 if unset |
//! | `GITHUB_TOKEN` | sent to the API, for a higher rate limit |
//! | `GITHUB_API_URL` | instead of `https://api.github.com` |

mod github;
mod page;
mod repository;
mod server;

use std::env;
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::github::GitHub;

// One thread is enough: requests mostly wait for GitHub, and the rest takes microseconds.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_target(false)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    // The kernel has no default signal actions for PID 1: without these, only SIGKILL would end it.
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;

    let api = set("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
    let github = GitHub::new(&api, set("GITHUB_TOKEN").as_deref())?;
    let port = set("PORT").map_or(Ok(8080), |port| port.parse());
    let port: u16 = port.map_err(|why| format!("PORT: {why}"))?;
    let listener = listen(port)
        .await
        .map_err(|why| format!("port {port}: {why}"))?;
    let roots = embedded_roots::roots()?;
    tracing::info!("trusting {}", roots.report());
    tracing::info!(
        "listening on http://{}, asking {api}",
        listener.local_addr()?
    );

    let stop = async {
        let signal = tokio::select! {
            _ = terminated.recv() => "SIGTERM",
            _ = interrupted.recv() => "SIGINT",
        };
        tracing::info!("stopping: {signal}");
    };
    server::serve(listener, github, stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// The value of a variable. An empty variable counts as unset.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Listens on all interfaces: IPv6, which includes IPv4, or IPv4 alone if there is no IPv6.
async fn listen(port: u16) -> std::io::Result<TcpListener> {
    let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match TcpListener::bind(all).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
    }
}
