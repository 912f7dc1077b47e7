//! NATS and MQTT.

use clients::{async_nats_client, rumqttc_client};
use rumqttc::{Event, MqttOptions, Packet};

use crate::authority::{Done, authorities, explained, refusing};
use crate::server;

#[tokio::test]
#[ignore = "needs nats-server"]
async fn async_nats() -> Done {
    let (ca, other) = authorities();
    let server = server::nats(&ca);
    let address = format!("localhost:{}", server.port());

    let client = async_nats_client::connect(&ca.roots(), &address).await?;
    client.flush().await?;

    for (roots, reason) in refusing(&ca, &other) {
        let refused = async_nats_client::connect(&roots, &address).await;
        explained(&refused.err().unwrap(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs mosquitto"]
async fn rumqttc() -> Done {
    let (ca, other) = authorities();
    let server = server::mosquitto(&ca);
    let options = MqttOptions::new("a client", "localhost", server.port());

    let (_client, mut events) = rumqttc_client::client(&ca.roots(), options.clone());
    assert!(matches!(
        events.poll().await?,
        Event::Incoming(Packet::ConnAck(_))
    ));

    for (roots, reason) in refusing(&ca, &other) {
        let (_client, mut events) = rumqttc_client::client(&roots, options.clone());
        explained(&events.poll().await.unwrap_err(), reason);
    }
    Ok(())
}
