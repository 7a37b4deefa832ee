"""Keys: who may look, who may see payloads, who may change something.

Only digests are kept, so that a key can be in no log line, no error and no dump of an object.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DIGEST = "sha256:"
KEY_BYTES = 32  # random ones: 256 bits cannot be guessed, so a digest of them needs no salt
KEY = re.compile(rb"[!-~]{16,512}")  # what a header carries unchanged, and nobody types by chance
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
WRITTEN_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
MAKE_ONE = "make one with `routilux key new`"


class Scope(str, Enum):
    """What a key is good for."""

    CONTROL = "control"
    READ = "read"
    READ_PAYLOADS = "read+payloads"


class KeyFileError(ValueError):
    """A file of keys is wrong; names the file and the line, and never what stands in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without the key itself."""

    name: str
    scope: Scope
    digest: bytes = field(repr=False)

    @property
    def may_change(self) -> bool:
        """Whether commands are allowed."""
        return self.scope is Scope.CONTROL

    @property
    def sees_payloads(self) -> bool:
        """Whether items and states may be seen."""
        return self.scope is not Scope.READ


class Keyring:
    """The keys that are accepted; with none, no key is asked for."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.keys = tuple(keys)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def find(self, presented: bytes) -> Key | None:
        """The key that somebody has sent, or None. Takes as long for a wrong one as for a right."""
        digest = digest_of(presented)
        found = None
        for key in self.keys:  # all of them: how long it takes must not tell which one is near
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def digest_of(key: bytes) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key).digest()


def make_key(name: str, scope: Scope, key: str) -> Key:
    """A key from its text.

    Raises:
        ValueError: it is too short, or has characters that a header cannot carry.
    """
    raw = key.encode()
    if KEY.fullmatch(raw) is None:
        raise ValueError("a key is 16 to 512 visible ASCII characters without spaces: " + MAKE_ONE)
    return Key(name, scope, digest_of(raw))


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(KEY_BYTES)


def key_line(name: str, scope: Scope, key: str) -> str:
    """The line of a key in a file of keys, which cannot be turned back into the key.

    Raises:
        ValueError: the name is none.
    """
    _check_name(name)
    return f"{name} {scope.value} {DIGEST}{make_key(name, scope, key).digest.hex()}"


def read_key_file(path: Path) -> tuple[list[Key], bool]:
    """The keys of a file: ``NAME SCOPE KEY`` on each line, KEY may be ``sha256:HEX``.

    Empty lines and lines that begin with ``#`` are left out.

    Returns:
        The keys, and whether others on this machine can read one of them.

    Raises:
        KeyFileError: it cannot be read, has no keys, a line is wrong, or anybody may write to it.
    """
    text, mode = _read(path)
    if mode & stat.S_IWOTH:
        raise KeyFileError(
            f"{path}: anybody on this machine may add a key to it: run chmod 600 on it"
        )
    keys: dict[str, Key] = {}
    plain = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            key = _parse(words)
            _check_new(key, keys)
        except ValueError as error:
            raise KeyFileError(f"{path}:{number}: {error}") from None
        keys[key.name] = key
        plain = plain or not words[2].startswith(DIGEST)
    if not keys:
        raise KeyFileError(f"{path}: there is no key in it: {MAKE_ONE}")
    return list(keys.values()), plain and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def append_key(path: Path, line: str) -> None:
    """Add the line of a key to a file, which only its owner can read if it is made here.

    Raises:
        KeyFileError: the file is wrong as it is, or the name is taken.
        OSError: it cannot be written.
    """
    known, gap = "", ""
    if path.exists():
        known, _mode = _read(path)
        gap = "\n" if known and not known.endswith("\n") else ""
    name = line.split()[0]
    if any(each.split()[:1] == [name] for each in known.splitlines()):
        raise KeyFileError(f"{path}: there is a key '{name}' already: choose another --name")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{gap}{line}\n")


def _read(path: Path) -> tuple[str, int]:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(), os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise KeyFileError(f"{path}: it cannot be read, {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"{path}: it is no text in UTF-8") from None


def _parse(words: list[str]) -> Key:
    if len(words) != 3:
        raise ValueError("write NAME SCOPE KEY, with spaces between them")
    name, scope, key = words
    _check_name(name)
    if scope not in list(Scope):
        known = ", ".join(each.value for each in Scope)
        raise ValueError(f"the second word is the scope, one of {known}")
    if not key.startswith(DIGEST):
        return make_key(name, Scope(scope), key)
    found = WRITTEN_DIGEST.fullmatch(key)
    if found is None:
        raise ValueError(f"after {DIGEST} stand 64 digits and letters a to f")
    return Key(name, Scope(scope), bytes.fromhex(found[1]))


def _check_name(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise ValueError("a name is 1 to 64 letters, digits, dots, dashes and underscores")


def _check_new(key: Key, known: dict[str, Key]) -> None:
    if key.name in known:
        raise ValueError("another line has this name already: give each key its own")
    if any(hmac.compare_digest(key.digest, each.digest) for each in known.values()):
        raise ValueError("another line has this key already: give each its own")
