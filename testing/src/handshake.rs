//! A handshake in memory, without a socket.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, Connection, Error, HandshakeKind, ServerConfig,
    ServerConnection,
};

/// A client and a server, and what they have to say to each other.
#[derive(Debug)]
pub struct Pair {
    /// The client.
    pub client: Connection,
    server: Connection,
}

impl Pair {
    /// The client expects a server of this name.
    pub fn new(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> Self {
        let name = name.to_owned().try_into().unwrap();
        Self {
            client: ClientConnection::new(Arc::clone(client), name)
                .unwrap()
                .into(),
            server: ServerConnection::new(Arc::clone(server)).unwrap().into(),
        }
    }

    /// Passes on what the client has written, and returns whether that was anything. The error is the server's.
    pub fn tell_server(&mut self) -> Result<bool, Error> {
        carry(&mut self.client, &mut self.server)
    }

    /// Passes on what the server has written, and returns whether that was anything. The error is the client's.
    pub fn tell_client(&mut self) -> Result<bool, Error> {
        carry(&mut self.server, &mut self.client)
    }

    /// Until both have nothing more to say: the handshake, and tickets.
    pub fn finish(mut self) -> Result<HandshakeKind, Error> {
        while self.tell_server()? | self.tell_client()? {}
        Ok(self.client.handshake_kind().unwrap())
    }
}

fn carry(from: &mut Connection, to: &mut Connection) -> Result<bool, Error> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets()?;
    }
    Ok(!wire.is_empty())
}
