//! rumqttc: MQTT.

use embedded_roots::Roots;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, TlsConfiguration, Transport};

/// A client, and the event loop that connects it.
pub fn client(roots: &Roots, mut options: MqttOptions) -> (AsyncClient, EventLoop) {
    let tls = TlsConfiguration::Rustls(roots.client_config());
    options.set_transport(Transport::tls_with_config(tls));
    AsyncClient::new(options, 10)
}
