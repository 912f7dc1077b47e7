//! The HTTP server: its routes, the headers of every answer, and graceful shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use askama::Template as _;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Duration, sleep, timeout};

use crate::github::{Failure, GitHub};
use crate::page::Page;
use crate::repository::Repository;

/// Allows our own styles, GitHub's pictures and forms to this server; nothing else, and no scripts.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src https://avatars.githubusercontent.com data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// How long requests may go on after the signal to stop: first those that wait for GitHub, then
/// the rest of every answer.
const GRACE: [Duration; 2] = [Duration::from_millis(600), Duration::from_millis(300)];

/// Serves until `stop` is done, and then finishes the requests in flight within [`GRACE`].
pub(crate) async fn serve(listener: TcpListener, github: GitHub, stop: impl Future<Output = ()>) {
    let github = Arc::new(github);
    let (stopping, is_stopping) = watch::channel(false);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(why) => {
                    // Mostly for want of file descriptors, which ending connections free again.
                    tracing::warn!("a connection was not accepted: {why}");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (github, is_stopping) = (Arc::clone(&github), is_stopping.clone());
        let service = service_fn(move |request| {
            let (github, is_stopping) = (Arc::clone(&github), is_stopping.clone());
            async move { Ok::<_, Infallible>(answer(&request, &github, is_stopping).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(10))
            .max_buf_size(16 * 1024)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // An error of one client's connection does not concern the server.
            let _ = connection.await;
        });
    }
    drop(listener);
    let end = timeout(GRACE[0] + GRACE[1], graceful.shutdown());
    let warning = async {
        sleep(GRACE[0]).await;
        // This fails if no request is left to be told.
        let _ = stopping.send(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = end => {}
        () = warning => {}
    }
}

async fn answer(
    request: &Request<Incoming>,
    github: &GitHub,
    is_stopping: watch::Receiver<bool>,
) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match request.uri().path() {
        "/" => {
            contributors(
                request.uri().query().unwrap_or_default(),
                github,
                is_stopping,
            )
            .await
        }
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/style.css" => {
            let mut style = response(StatusCode::OK, "text/css; charset=utf-8", STYLE);
            let a_day = HeaderValue::from_static("max-age=86400");
            style.headers_mut().insert(CACHE_CONTROL, a_day);
            style
        }
        _ => plain(StatusCode::NOT_FOUND, "not found\n"),
    }
}

const STYLE: &str = include_str!("../static/style.css");

async fn contributors(
    query: &str,
    github: &GitHub,
    mut is_stopping: watch::Receiver<bool>,
) -> Response<Full<Bytes>> {
    let value = |key: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (owner, repo) = (value("owner"), value("repo"));
    if owner.trim().is_empty() && repo.trim().is_empty() {
        return page(StatusCode::OK, &Page::welcome());
    }
    let repository = match Repository::new(&owner, &repo) {
        Ok(repository) => repository,
        Err(why) => {
            let refused = Page::refused(&owner, &repo, why.to_string());
            return page(StatusCode::BAD_REQUEST, &refused);
        }
    };
    let asked = tokio::select! {
        asked = github.contributors(&repository) => asked,
        _ = is_stopping.wait_for(|stopping| *stopping) => Err(Failure::ShuttingDown),
    };
    match asked {
        Ok(contributors) => {
            tracing::info!("{repository}: {} contributors", contributors.len());
            page(
                StatusCode::OK,
                &Page::contributors(&repository, &contributors),
            )
        }
        Err(failure) => {
            tracing::warn!("{repository}: {failure}");
            let tried = value("tried").parse().unwrap_or(0);
            page(
                failure.status(),
                &Page::failure(&repository, &failure, tried),
            )
        }
    }
}

fn page(status: StatusCode, page: &Page<'_>) -> Response<Full<Bytes>> {
    match page.render() {
        Ok(html) => {
            let mut response = response(status, "text/html; charset=utf-8", html);
            response
                .headers_mut()
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(why) => {
            tracing::error!("the page cannot be rendered: {why}");
            plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page cannot be rendered\n",
            )
        }
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text)
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
