"""What gRPC makes of the shapes and files of a folder."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

sys.path.append(str(Path(__file__).parent.parent))
from folder import answered_by_servers, files, is_address, shapes, verdict

PROGRAM = "grpc-1.85"


def serve(chain, key):
    server = grpc.server(ThreadPoolExecutor(1))
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), chain.read_bytes())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    return server, port


def ask(roots, host, port):
    """Calls what no server has; returns why it is not even asked, or nothing."""
    options = [("grpc.ssl_target_name_override", host), ("grpc.enable_retries", 0)]
    credentials = grpc.ssl_channel_credentials(roots.read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        try:
            channel.unary_unary("/service/method")(b"", timeout=10)
        except grpc.RpcError as why:
            return "" if why.code() == grpc.StatusCode.UNIMPLEMENTED else why.details()


def verify(shape):
    server, port = serve(shape / "chain.pem", shape / "leaf.key")
    why = ask(shape / "roots.pem", (shape / "host").read_text(), port)
    server.stop(0)
    if why:
        raise ValueError(why)


folder = Path(sys.argv[1])
print("version", grpc.__version__, sep="\t")
for shape in shapes(folder):
    # It is told a name, and never an address.
    if not is_address((shape / "host").read_text()):
        verdict(PROGRAM, shape, verify)
if (folder / "servers").exists():
    servers = folder / "servers"
    running = [serve(servers / name, servers / "key.pem") for name in ("1.pem", "2.pem")]
    for file in files(folder):
        said = [ask(file, "server.example.com", port) for _, port in running]
        answered_by_servers(PROGRAM, file, [why == "" for why in said], "")
