"""Where the server is, and which key it gets."""

from __future__ import annotations

import pytest

from routilux.cli.errors import CommandError
from routilux.cli.remote.address import find_server

KEY = "planted-key-of-a-test"

pytestmark = pytest.mark.usefixtures("bare")


@pytest.mark.parametrize(
    ("url", "host", "port", "shown"),
    [
        (None, "127.0.0.1", 20555, "http://127.0.0.1:20555"),
        ("http://localhost:8000/", "localhost", 8000, "http://localhost:8000"),
        ("http://[::1]:8000", "::1", 8000, "http://[::1]:8000"),
        ("https://jobs.example", "jobs.example", 443, "https://jobs.example:443"),
        ("https://a.example:1/x/y/", "a.example", 1, "https://a.example:1/x/y"),
    ],
)
def test_addresses(url, host, port, shown):
    server = find_server(url, None)
    assert (server.host, server.port, server.url) == (host, port, shown)


def test_the_option_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("ROUTILUX_URL", "http://127.0.0.1:1")
    assert find_server(None, None).port == 1
    assert find_server("http://127.0.0.1:2", None).port == 2


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:8000", "--url is no address: write it as http://HOST:PORT"),
        ("ftp://127.0.0.1", "is no address"),
        ("http://", "is no address"),
        ("http://127.0.0.1:0", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("http://127.0.0.1:port", "is no address"),
        ("http://[::1", "is no address"),
        ("http://a b", "is no address"),
        ("http://a\r\nX: y", "is no address"),
        ("http://jobs.exämple", "is no address"),
        ("http://planted:secret@127.0.0.1", "has a name or a password in it"),
        ("http://127.0.0.1/?key=planted", "has a '?' or '#' in it"),
    ],
)
def test_what_is_no_address_is_told_without_it(url, says):
    with pytest.raises(CommandError, match=r"^--url ") as caught:
        find_server(url, None)
    assert says in str(caught.value)
    assert "planted" not in str(caught.value)
    assert caught.value.exit_code == 2


def key_file(tmp_path, text, mode=0o600):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_key_comes_from_the_environment_or_a_file(monkeypatch, tmp_path, capsys):
    assert find_server(None, None).key is None
    path = key_file(tmp_path, f"# mine\n\n {KEY}-of-a-file \n")
    monkeypatch.setenv("ROUTILUX_KEY_FILE", path)
    assert find_server(None, None).key == f"{KEY}-of-a-file"
    monkeypatch.setenv("ROUTILUX_API_KEY", KEY)
    assert find_server(None, None).key == KEY
    assert find_server(None, path).key == f"{KEY}-of-a-file"
    assert KEY not in repr(find_server(None, None))
    assert capsys.readouterr() == ("", "")


def test_a_key_that_others_can_read_is_told(tmp_path, capsys):
    path = key_file(tmp_path, KEY, 0o644)
    assert find_server(None, path).key == KEY
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"can read the key in {path}: run chmod 600 on it")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must have one line with the key"),
        (f"{KEY}\n{KEY}", "must have one line with the key"),
        (f"ops control {KEY}", "the server's own file of keys"),
        ("planted", "a key is 16 to 512 visible ASCII characters"),
        ("planted-\x00-in-the-middle", "a key is 16 to 512 visible ASCII characters"),
    ],
)
def test_a_file_without_one_key(text, says, tmp_path):
    with pytest.raises(CommandError) as caught:
        find_server(None, key_file(tmp_path, text))
    assert says in str(caught.value)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("path", ["/no/such/file", "/", "a\0b"])
def test_a_key_file_that_cannot_be_read(path):
    with pytest.raises(CommandError, match="the key file "):
        find_server(None, path)


def test_a_key_in_the_environment_that_is_none(monkeypatch):
    monkeypatch.setenv("ROUTILUX_API_KEY", "planted\r\nX: y")
    with pytest.raises(CommandError, match=r"^ROUTILUX_API_KEY: a key is 16") as caught:
        find_server(None, None)
    assert "planted" not in str(caught.value)


def test_a_key_goes_over_no_open_line_unless_somebody_wants_it(monkeypatch):
    monkeypatch.setenv("ROUTILUX_API_KEY", KEY)
    for url in ("http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "https://a.example"):
        assert find_server(url, None).key == KEY
    for url in ("http://a.example", "http://192.0.2.1:1", "http://localhost.a.example"):
        with pytest.raises(CommandError, match="over plain http, where others can read it"):
            find_server(url, None)
        monkeypatch.setenv("ROUTILUX_PLAIN_HTTP", "1")
        assert find_server(url, None).key == KEY
        monkeypatch.delenv("ROUTILUX_PLAIN_HTTP")
    monkeypatch.delenv("ROUTILUX_API_KEY")
    assert find_server("http://a.example", None).key is None
