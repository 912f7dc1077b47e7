//! opentelemetry-otlp, over HTTP.

use std::error::Error;

use embedded_roots::Roots;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};

/// An exporter of spans to this URL. Call it outside of async code.
pub fn exporter(roots: &Roots, url: &str) -> Result<SpanExporter, Box<dyn Error>> {
    let exporter = SpanExporter::builder().with_http().with_endpoint(url);
    Ok(exporter
        .with_http_client(roots.reqwest_blocking_client()?)
        .build()?)
}
