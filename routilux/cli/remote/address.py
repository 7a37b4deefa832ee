"""Where the server is, and which key it gets."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from routilux.api.hosts import is_loopback
from routilux.api.keyring import Scope, make_key
from routilux.cli.errors import CommandError
from routilux.cli.face import PORT
from routilux.cli.output import print_note
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from urllib.parse import SplitResult

URL = "ROUTILUX_URL"
KEY = "ROUTILUX_API_KEY"
KEY_FILE = "ROUTILUX_KEY_FILE"
PLAIN_HTTP = "ROUTILUX_PLAIN_HTTP"  # set it to 1 to send a key where others may read it
DEFAULT_URL = f"http://127.0.0.1:{PORT}"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server answers.

    Attributes:
        scheme: ``http`` or ``https``.
        host, port: as a socket takes them.
        prefix: what comes before ``/api`` in its paths, without a slash at the end; often "".
        key: what is sent with each request, or None. Never shown.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    key: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address as a person writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


def find_server(url: str | None, key_file: str | None) -> Server:
    """The server that is meant. Options go before the environment.

    Args:
        url: what ``--url`` says; None: ``ROUTILUX_URL``, or this machine's default port.
        key_file: what ``--key-file`` says; None: ``ROUTILUX_API_KEY``, or ``ROUTILUX_KEY_FILE``.

    Raises:
        CommandError: the address or the key is none, or the key would go over an open line.
    """
    given = url if url is not None else os.environ.get(URL) or DEFAULT_URL
    where = "--url" if url is not None else URL
    parts = _split(given, where)
    key = _find_key(key_file)
    host = parts.hostname or ""
    if key is not None and parts.scheme == "http":
        _check_line(host)
    port = parts.port if parts.port is not None else PORTS[parts.scheme]
    return Server(parts.scheme, host, port, parts.path.rstrip("/"), key)


def _split(url: str, where: str) -> SplitResult:
    """The parts of an address. What is wrong is told without it: it may have a password in it."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port != 0
    except ValueError:
        port_is_one = False
    good = port_is_one and url.isascii() and url.isprintable() and " " not in url
    if not good or parts.scheme not in PORTS or not parts.hostname:
        raise CommandError(f"{where} is no address: write it as http://HOST:PORT or https://HOST")
    if "@" in parts.netloc:
        raise CommandError(
            f"{where} has a name or a password in it: leave it out, and set {KEY} or {KEY_FILE}"
        )
    if parts.query or parts.fragment:
        raise CommandError(f"{where} has a '?' or '#' in it: write it as http://HOST:PORT")
    return parts


def _find_key(key_file: str | None) -> str | None:
    """The key to send, or None."""
    if key_file is not None:
        return _read_key(key_file)
    if key := os.environ.get(KEY):
        return _checked(key, KEY)
    if key_file := os.environ.get(KEY_FILE):
        return _read_key(key_file)
    return None


def _read_key(path: str) -> str:
    shown = printable(path)
    try:
        with Path(path).open(encoding="utf-8") as file:
            text, mode = file.read(), os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise CommandError(
            f"the key file {shown} cannot be read, {error.strerror or error}"
        ) from None
    except ValueError:  # also one with NUL in its name
        raise CommandError(f"the key file {shown} is no text in UTF-8") from None
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1 or len(keys[0].split()) != 1:
        raise CommandError(
            f"the key file {shown} must have one line with the key and nothing else: the lines "
            "of the server's own file of keys are for the server"
        )
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        print_note(f"others on this machine can read the key in {shown}: run chmod 600 on it")
    return _checked(keys[0], f"the key file {shown}")


def _checked(key: str, where: str) -> str:
    try:
        make_key("", Scope.READ, key)
    except ValueError as error:
        raise CommandError(f"{where}: {error}") from None
    return key


def _check_line(host: str) -> None:
    """Refuse to send a key over a line that others may listen to, unless somebody wants it."""
    if is_loopback(host) or os.environ.get(PLAIN_HTTP) == "1":
        return
    raise CommandError(
        f"the key would go to {host} over plain http, where others can read it: use https or a "
        f"tunnel to 127.0.0.1, or set {PLAIN_HTTP}=1 where the network is your own"
    )
