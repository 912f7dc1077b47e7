"""A server on loopback, for clients that verify while they connect."""

import socket
import ssl
import threading


class Server:
    """Answers each request over HTTP with nothing, until it is closed."""

    def __init__(self, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A server sends what the client is to judge.
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as stream:
                    stream.recv(4096)
                    stream.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")
            except OSError:
                # The client does not trust the server.
                pass

    def close(self):
        # Wakes `accept`, which closing alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
