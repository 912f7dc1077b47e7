"""What curl makes of the shapes and files of a folder."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
from folder import answered_by_servers, files, shapes, verdict
from server import Server

PROGRAM = "curl-7.88"


def ask(roots, host, port):
    """What curl says against a server on this port; nothing if it trusts the server."""
    url = f"https://{host}:{port}/"
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10"]
    command += ["--cacert", roots, "--connect-to", f"{host}:{port}:127.0.0.1:{port}", url]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr.strip()


def verify(shape):
    server = Server(shape / "chain.pem", shape / "leaf.key")
    why = ask(shape / "roots.pem", (shape / "host").read_text(), server.port)
    server.close()
    if why:
        raise ValueError(why)


folder = Path(sys.argv[1])
said = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout
print("version", re.match(r"curl (\S+)", said)[1], sep="\t")
for shape in shapes(folder):
    verdict(PROGRAM, shape, verify)
if (folder / "servers").exists():
    servers = folder / "servers"
    ports = [Server(servers / name, servers / "key.pem").port for name in ("1.pem", "2.pem")]
    for file in files(folder):
        said = [ask(file, "server.example.com", port) for port in ports]
        unread = [why for why in said if "error setting certificate" in why]
        answered_by_servers(PROGRAM, file, [why == "" for why in said], "".join(unread[:1]))
