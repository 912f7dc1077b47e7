"""What the programs of NSS make of the shapes and files of a folder."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
from folder import files, line, shapes

PROGRAM = "nss-3.87"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return done.returncode, (done.stdout + done.stderr).strip()


class Database:
    """An empty database of certificates in a temporary folder."""

    def __init__(self, folder):
        self.folder = f"sql:{folder}"
        run("certutil", "-N", "-d", self.folder, "--empty-password")

    def add(self, name, file, *options):
        """Trusts what is in the file; returns what certutil says if it fails."""
        command = ["certutil", "-A", "-d", self.folder, "-n", name, "-t", "C,,", "-i", file]
        code, said = run(*command, *options)
        return said if code else ""

    def count(self):
        _, said = run("certutil", "-L", "-d", self.folder)
        return said.count("C,,")


def split(pem, folder, name):
    """One file for each certificate."""
    blocks = re.findall(r"-----BEGIN.*?-----END[^\n]*\n", pem.read_text(), re.DOTALL)
    paths = [Path(folder) / f"{name}-{nth}.pem" for nth in range(len(blocks))]
    for path, block in zip(paths, blocks):
        path.write_text(block)
    return paths


def verify(shape):
    with tempfile.TemporaryDirectory() as folder:
        database = Database(folder)
        for root in split(shape / "roots.pem", folder, "root"):
            database.add(root.name, root, "-a")
        chain = split(shape / "chain.pem", folder, "chain")
        for program, options in ((PROGRAM, []), (f"{PROGRAM}-pkix", ["-pp"])):
            # For a server; `-a` is for all files behind it.
            code, said = run("vfychain", *options, "-d", database.folder, "-u", "1", "-a", *chain)
            why = re.search(r"ERROR.*", said, re.DOTALL)
            words = (why[0] if why else said) if code else ""
            line(program, shape, "refused" if code else "accepted", words)


def read(program, file, *options):
    with tempfile.TemporaryDirectory() as folder:
        database = Database(folder)
        words = database.add("root", file, *options)
        line(program, file, database.count(), words)


_, package = run("dpkg-query", "--show", "--showformat=${Version}", "libnss3-tools")
print("version", re.sub(r"^\d+:|-.*$", "", package), sep="\t")
for shape in shapes(sys.argv[1]):
    verify(shape)
for file in files(sys.argv[1]):
    read(f"{PROGRAM}-ascii", file, "-a")
    read(PROGRAM, file)
