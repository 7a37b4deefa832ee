"""``python -m tools.backends.stack``, which is ``make stack``, as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.stack.asking import ask_text, until
from tools.backends.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT_S = 50


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The running process, and the addresses that it printed."""
    relative = os.path.relpath(tmp_path, ROOT)  # as people give it
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.backends.stack", "--free-ports", "--folder", relative],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    text = ""
    while "Ctrl-C" not in text:
        line = process.stdout.readline()
        assert line, process.communicate()
        text += line
    yield process, dict(re.findall(r"^   (\w+) +(http\S+)", text, re.MULTILINE))
    if process.poll() is None:
        process.terminate()
        process.communicate(timeout=LIMIT_S)


def listens(address: str) -> bool:
    """Whether anybody answers there."""
    try:
        ask_text(address)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_prints_where_they_are_and_stops_them_all(running, number):
    process, addresses = running
    assert set(addresses) == {"OTLP", "Prometheus", "Jaeger"}
    assert all(listens(address) for address in addresses.values())
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, err) == (0, "")
    assert "stopped" in out
    assert not any(listens(address) for address in addresses.values())


def test_an_impatient_second_signal_leaves_nothing_behind(running):
    process, addresses = running
    servers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    until(lambda: not servers[-1].is_running() or servers[-1].status() == psutil.STATUS_ZOMBIE)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert not any(listens(address) for address in addresses.values())
    assert not any(server.is_running() for server in servers)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the servers outlive it")
def test_a_kill_of_it_ends_the_servers(running):
    process, addresses = running
    process.kill()
    process.communicate(timeout=LIMIT_S)
    until(lambda: not any(listens(address) for address in addresses.values()))


def test_a_second_one_in_its_folder_is_not_started(running, tmp_path):
    process, addresses = running
    targets = (tmp_path / "prometheus" / "targets" / "jaeger.yaml").read_text()
    second = subprocess.run(
        [sys.executable, "-m", "tools.backends.stack", "--free-ports", "--folder", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith(
        f"Not started: process {process.pid} uses {tmp_path.resolve()}. Stop "
    )
    assert second.stderr.count("\n") == 1
    assert (tmp_path / "prometheus" / "targets" / "jaeger.yaml").read_text() == targets
    assert all(listens(address) for address in addresses.values())


def test_it_says_which_one_ended_by_itself(running, tmp_path):
    process, addresses = running
    (jaeger,) = [
        child for child in psutil.Process(process.pid).children() if child.name() == "all-in-one"
    ]
    jaeger.kill()
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert err == (
        f"jaeger has ended by itself: see {tmp_path.resolve()}/jaeger/jaeger.log\n"
        "The others were stopped as well. The traces are gone: Jaeger keeps them in memory.\n"
    )
    assert not any(listens(address) for address in addresses.values())
