"""Keys and files of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.api import keyring
from routilux.api.keyring import (
    Key,
    KeyFileError,
    Keyring,
    Scope,
    append_key,
    key_line,
    make_key,
    new_key,
    read_key_file,
)

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "one-" + "k" * 20, "two-" + "k" * 20


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_key_that_was_sent_is_found() -> None:
    ring = Keyring([make_key("a", Scope.CONTROL, ONE), make_key("b", Scope.READ, TWO)])
    found = ring.find(TWO.encode())
    assert found is not None
    assert (found.name, found.may_change, found.sees_payloads) == ("b", False, False)
    for wrong in (b"", b"x" * 24, ONE[:-1].encode(), ONE.encode() + b"k", b"\xff\xfe"):
        assert ring.find(wrong) is None
    assert bool(ring)
    assert not Keyring()


def test_all_keys_are_compared_whatever_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    ring = Keyring([make_key(str(i), Scope.READ, f"{i}{ONE}") for i in range(5)])
    monkeypatch.setattr(keyring.hmac, "compare_digest", compare)
    for sent in (f"0{ONE}", f"4{ONE}", "wrong", ""):
        compared.clear()
        ring.find(sent.encode())
        assert compared == [key.digest for key in ring.keys]


def test_a_key_shows_itself_nowhere() -> None:
    key = make_key("a", Scope.CONTROL, ONE)
    for told in (repr(key), str(key), repr(Keyring([key]))):
        assert ONE not in told
        assert key.digest.hex() not in told
        assert repr(key.digest) not in told


@pytest.mark.parametrize("bad", ["", "short", "k" * 15, "k" * 513, "k" * 20 + " ", "k\u00e4" * 9])
def test_what_is_no_key(bad: str) -> None:
    with pytest.raises(ValueError, match="make one with `routilux key new`") as raised:
        make_key("a", Scope.READ, bad)
    assert not bad or bad not in str(raised.value)


def test_new_keys_are_all_different_and_good() -> None:
    made = {new_key() for _ in range(50)}
    assert len(made) == 50
    for key in made:
        assert len(key) >= 43
        make_key("a", Scope.READ, key)


def test_a_file_of_keys(tmp_path: Path) -> None:
    lines = [
        "# who may what",
        "",
        f"ops control {ONE}",
        f"   board\tread   {TWO}",
        key_line("look", Scope.READ_PAYLOADS, "look" * 8),
    ]
    keys, is_open = read_key_file(write(tmp_path / "keys", "\n".join(lines)))
    assert [(key.name, key.scope.value) for key in keys] == [
        ("ops", "control"), ("board", "read"), ("look", "read+payloads")
    ]  # fmt: skip
    assert not is_open
    ring = Keyring(keys)
    for name, sent in (("ops", ONE), ("board", TWO), ("look", "look" * 8)):
        found = ring.find(sent.encode())
        assert isinstance(found, Key)
        assert found.name == name


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ops control", "write NAME SCOPE KEY"),
        (f"ops control {TWO} x", "write NAME SCOPE KEY"),
        (f"o/s control {TWO}", "a name is 1 to 64 letters"),
        (f"ops admin {TWO}", "one of control, read, read+payloads"),
        ("ops control secret-short", "a key is 16 to 512"),
        ("ops control sha256:secret-short", "64 digits and letters a to f"),
        (f"first read {TWO}", "has this name already"),
        (f"ops read {ONE}", "has this key already"),
    ],
)
def test_a_bad_line_is_named_and_not_shown(line: str, says: str, tmp_path: Path) -> None:
    path = write(tmp_path / "keys", f"# keys\nfirst control {ONE}\n{line}\n")
    line = line.replace("secret-short", "short-key")
    path = write(path, path.read_text().replace("secret-short", "short-key"))
    with pytest.raises(KeyFileError) as raised:
        read_key_file(path)
    assert str(raised.value).startswith(f"{path}:3: ")
    assert says in str(raised.value)
    for secret in (ONE, TWO, "short-key"):
        assert secret not in str(raised.value)


def test_a_file_that_is_no_file_of_keys(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="there is no key in it"):
        read_key_file(write(tmp_path / "empty", "# nothing\n"))
    with pytest.raises(KeyFileError, match="No such file"):
        read_key_file(tmp_path / "missing")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(KeyFileError, match="no text in UTF-8"):
        read_key_file(binary)


def test_who_else_may_read_or_write_the_file(tmp_path: Path) -> None:
    plain, digest = f"a read {ONE}\n", key_line("a", Scope.READ, ONE) + "\n"
    for text, mode, is_open in (
        (plain, 0o600, False), (plain, 0o640, True), (plain, 0o604, True), (digest, 0o644, False)
    ):  # fmt: skip
        assert read_key_file(write(tmp_path / "keys", text, mode))[1] is is_open
    with pytest.raises(KeyFileError, match="anybody on this machine may add a key"):
        read_key_file(write(tmp_path / "keys", digest, 0o602))


def test_keys_are_added_to_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    append_key(path, key_line("one", Scope.CONTROL, ONE))
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(path.read_text().rstrip("\n"))
    append_key(path, key_line("two", Scope.READ, TWO))
    with pytest.raises(KeyFileError, match="a key 'two' already"):
        append_key(path, key_line("two", Scope.READ, "x" * 20))
    assert [key.name for key in read_key_file(path)[0]] == ["one", "two"]
    assert ONE not in path.read_text()
