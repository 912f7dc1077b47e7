//! rustls does not verify a resumed session again, so a session must not outlive a change of trust.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{root, server};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, StreamOwned};

use crate::server::serve_http;

fn request(
    config: Arc<ClientConfig>,
    address: SocketAddr,
) -> Result<HandshakeKind, std::io::Error> {
    let connection = ClientConnection::new(config, "a.example".try_into().unwrap()).unwrap();
    let mut tls = StreamOwned::new(connection, TcpStream::connect(address)?);
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
    tls.read_to_end(&mut Vec::new())?;
    Ok(tls.conn.handshake_kind().unwrap())
}

#[test]
fn session_is_not_resumed_under_other_roots() {
    for version in [&TLS12, &TLS13] {
        let (ca, other) = (root("CA"), root("Other"));
        let address = serve_http(server(&ca, "a.example"), version);
        let roots = |pem: &str| Roots::builder().pem(pem).build().unwrap();

        let before = roots(&(ca.pem() + &other.pem()));
        assert_eq!(
            request(before.client_config(), address).unwrap(),
            HandshakeKind::Full
        );
        // The server's tickets work: a config of the same roots resumes.
        assert_eq!(
            request(before.client_config(), address).unwrap(),
            HandshakeKind::Resumed
        );

        // Another `Roots` value starts without sessions, whether its CA is removed or unchanged.
        let after = roots(&other.pem());
        let same = roots(&(ca.pem() + &other.pem()));
        assert_eq!(
            request(same.client_config(), address).unwrap(),
            HandshakeKind::Full
        );
        let refused = request(after.client_config(), address).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());

        // Even a config that is given the old session store does not resume.
        let mut config = after.client_config_builder().with_no_client_auth();
        config.resumption = before.client_config().resumption.clone();
        let refused = request(Arc::new(config), address).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
        assert_eq!(
            request(before.client_config(), address).unwrap(),
            HandshakeKind::Resumed
        );
    }
}
