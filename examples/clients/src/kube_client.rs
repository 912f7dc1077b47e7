//! kube: Kubernetes.

use embedded_roots::Roots;
use kube::client::ConfigExt as _;
use kube::{Client, Config, Result};
use tower::{BoxError, ServiceBuilder};

/// A client that authenticates as `config` says.
pub fn client(roots: &Roots, config: Config) -> Result<Client> {
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .map_err(BoxError::from)
        .service(roots.hyper_client());
    Ok(Client::new(service, config.default_namespace))
}
