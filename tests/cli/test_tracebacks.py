"""Where the code of a routine has raised."""

from __future__ import annotations

import logging
import threading

import pytest

from routilux.cli import tracebacks as module
from routilux.cli.tracebacks import raised_by, tracebacks

LOGGER = logging.getLogger("routilux.job")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("Logic error in routine 'b': KeyError: 'a': b", "KeyError: 'a': b"),
        ("Activation policy error in routine 'b': KeyError", "KeyError"),
        ("Flow 'x' has no entry: give a routine", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_what_was_raised_is_found_in_the_error(error, raised):
    assert raised_by(error) == raised


def fail(message: str) -> None:
    try:
        raise KeyError(message)
    except KeyError as error:
        LOGGER.error("it failed: %s", message, exc_info=error)


def test_a_traceback_that_comes_late_is_waited_for(monkeypatch, capsys):
    monkeypatch.setenv("ROUTILUX_TRACEBACK", "1")
    with tracebacks() as shown:
        assert shown is not None
        LOGGER.error("without a traceback")
        thread = threading.Thread(target=fail, args=["the key"])
        thread.start()
        assert shown.wait_for("the key")
        thread.join()
    err = capsys.readouterr().err
    assert err.startswith("it failed: the key\nTraceback")
    assert err.endswith("KeyError: 'the key'\n")


def test_one_that_never_comes_is_not_waited_for_long(monkeypatch):
    monkeypatch.setenv("ROUTILUX_TRACEBACK", "1")
    monkeypatch.setattr(module, "LATEST_S", 0.01)
    with tracebacks() as shown:
        assert shown is not None
        assert not shown.wait_for("the key")


def test_nothing_is_printed_unasked(monkeypatch, capsys):
    monkeypatch.delenv("ROUTILUX_TRACEBACK", raising=False)
    with tracebacks() as shown:
        assert shown is None
        fail("the key")
    assert "Traceback" not in capsys.readouterr().err
    assert LOGGER.handlers == []
