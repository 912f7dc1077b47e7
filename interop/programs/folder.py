"""The shapes and files of a folder, for programs in Python."""

import re
from pathlib import Path


def shapes(folder):
    return sorted(Path(folder).glob("shapes/*"))


def files(folder):
    return sorted(Path(folder).glob("files/*.pem"))


def is_address(host):
    return host[0].isdigit()


def verdict(program, shape, verify):
    """Prints whether `verify` refuses a shape, by an exception."""
    try:
        verify(shape)
        line(program, shape, "accepted", "")
    except Exception as why:
        line(program, shape, "refused", words(why))


def count(program, file, read):
    """Prints how many roots `read` returns, which may raise an exception."""
    try:
        line(program, file, read(file), "")
    except Exception as why:
        line(program, file, 0, words(why))


def answered_by_servers(program, file, trusted, why):
    """Prints how many of the servers below roots of a file are trusted with it."""
    line(program, file, "all" if all(trusted) else trusted.count(True), why)


def words(why):
    return f"{type(why).__name__}: {why}"


def line(program, path, result, why):
    name = path.name.removesuffix(".pem")
    print(program, name, result, re.sub(r"\s+", " ", why), sep="\t", flush=True)
