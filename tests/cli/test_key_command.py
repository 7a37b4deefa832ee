"""``routilux key new``."""

from __future__ import annotations

import pytest

from routilux.api.keyring import Keyring, read_key_file
from routilux.cli.errors import DONE, USAGE
from tests.cli.programs import call


def test_a_key_is_shown_once_with_its_line(tmp_path, capsys):
    done = call(capsys, "key", "new", "--name", "ops", "--scope", "read+payloads")
    assert (done.code, done.err) == (DONE, "")
    first, key, where, line = done.out.splitlines()
    assert first == "Key 'ops', scope read+payloads. It is shown this once:"
    assert where == "Its line for ROUTILUX_API_KEYS_FILE:"
    path = tmp_path / "keys"
    path.write_text(line)
    path.chmod(0o600)
    found = Keyring(read_key_file(path)[0]).find(key.strip().encode())
    assert (found.name, found.scope.value) == ("ops", "read+payloads")
    assert key.strip() not in line


def test_keys_are_added_to_a_file(tmp_path, capsys):
    path = tmp_path / "keys"
    made = [
        call(capsys, "key", "new", "--name", name, "--file", path, "--json").document
        for name in ("one", "two")
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    keys, is_open = read_key_file(path)
    assert not is_open
    assert [key.name for key in keys] == ["one", "two"]
    for document in made:
        assert Keyring(keys).find(document["key"].encode()).name == document["name"]
        assert document["scope"] == "control"
        assert document["line"] in path.read_text()
        assert document["key"] not in path.read_text()
    again = call(capsys, "key", "new", "--name", "two", "--file", path)
    assert again.code == USAGE
    assert "there is a key 'two' already" in again.error


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--name", "a b"], "a name is 1 to 64 letters"),
        (["--scope", "all"], "'control', 'read', 'read+payloads'"),
        (["--file", "/no/such/folder/keys"], "cannot be written, No such file"),
        (["--file", "/"], "/: it cannot be read, Is a directory"),
    ],
)
def test_what_cannot_be_made(words, says, capsys):
    done = call(capsys, "key", "new", *words)
    assert (done.code, done.out) == (USAGE, "")
    assert says in done.error


def test_key_alone_says_what_is_missing(capsys):
    assert "Missing command" in call(capsys, "key").error
