"""``routilux top``: on a terminal with keys, and elsewhere once."""

from __future__ import annotations

import os
import pty
import signal
import termios
import threading

import pytest
from rich.console import Console

from routilux import Flow, Routine
from routilux.cli.errors import DONE, FAILED, INTERRUPTED, NOT_FOUND, UNREACHABLE, USAGE
from routilux.cli.remote.keyboard import END, Keyboard
from routilux.cli.remote.top_view import KEYS, Reading, draw
from tests.cli.programs import call, on_terminal


class Gated(Routine):
    """Takes items one by one, each when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = threading.Semaphore(0)
        self.define_slot("in", max_queue_length=8, overflow="block")

    def logic(self, items) -> None:
        for _ in items:
            self.turn.acquire(timeout=30)


@pytest.fixture
def gated(running):
    flow = Flow("gated")
    routine = Gated()
    flow.add_routine(routine, "gated")
    running.runtime.flows.register(flow)
    yield routine
    routine.turn.release(1_000)


@pytest.fixture
def job(running, gated):
    """A job whose routine waits for the test, with three items in its slot."""
    made = running.start("gated", entry_routine_id="gated", keep_open=True)
    while not made.counts().running:
        pass
    for number in range(3):
        made.post("gated", "in", {"n": number})
    return made


def on_screen(running, *words, **settings):
    return on_terminal("top", *words, ROUTILUX_URL=running.url, **settings)


# -- with keys -------------------------------------------------------------------------------------


def test_keys_pause_resume_and_quit(running, job):
    screen = on_screen(running)
    screen.read_until(KEYS.encode())
    assert f"Job {job.job_id[:8]} of flow 'gated': running".encode() in screen.seen
    assert b"3/8" in screen.seen
    screen.press(b"p")
    screen.read_until(b"held by the operator")
    assert job.status.value == "paused"
    screen.press(b"x")  # means nothing
    screen.press(b"r")
    screen.read_until(b"resumed, the operator's hold lifted")
    assert job.status.value == "running"
    screen.press(b"q")
    assert screen.end() == DONE
    assert screen.seen.rstrip().endswith(b"\x1b[?25h")  # the cursor is back
    assert screen.seen.rpartition(b"Job ")[2].count(b"gated.in") == 1  # the last table stays
    assert KEYS.encode() not in screen.seen.rpartition(b"Job ")[2]


def test_keys_step(running):
    job = running.start(keep_open=True, start_paused=True)
    job.breakpoints.add("slot", "sink", slot_name="in", one_shot=True)
    job.resume()
    while not job.debug.hits:
        pass
    screen = on_screen(running)
    screen.read_until(b'item sink.in#0 from source.out: {"i": 0}')
    screen.press(b"i")
    screen.read_until(b'item sink.in#1 from source.out: {"i": 1}')
    screen.press(b"s")
    screen.read_until(b"step over")
    screen.press(b"o")
    screen.read_until(b"step out")
    screen.press(b"q")
    assert screen.end() == DONE
    assert job.debug.step_count == 3


def test_a_key_that_the_state_forbids_is_a_note(running, job):
    screen = on_screen(running)
    screen.read_until(KEYS.encode())
    screen.press(b"s")
    screen.read_until(f"Job '{job.job_id}' is running: ".encode())
    screen.press(b"q")
    assert screen.end() == DONE


@pytest.mark.parametrize(("ending", "code"), [("close", DONE), ("cancel", FAILED)])
def test_it_ends_with_the_job(ending, code, running, job, gated):
    screen = on_screen(running, "last")
    screen.read_until(KEYS.encode())
    getattr(job, ending)()
    gated.turn.release(1_000)
    assert screen.end() == code
    assert job.status.value.encode() in screen.seen.rpartition(b"Job ")[2]


def test_ctrl_c_is_code_130(running, job):
    screen = on_screen(running)
    screen.read_until(KEYS.encode())
    screen.press(b"\x03")
    assert screen.end() == INTERRUPTED


def test_the_terminal_is_as_before_whatever_ends_it(running, job):
    for ending in ("q", "signal", "gone"):
        screen = on_screen(running)
        before = termios.tcgetattr(screen.master)
        screen.read_until(KEYS.encode())
        assert not termios.tcgetattr(screen.master)[3] & termios.ICANON
        if ending == "q":
            screen.press(b"q")
        elif ending == "signal":
            screen.process.send_signal(signal.SIGTERM)
        else:
            running.server.stop()
        screen.process.wait(40)
        assert termios.tcgetattr(screen.master) == before
        assert screen.end() == {"q": DONE, "signal": 143, "gone": UNREACHABLE}[ending]
    assert b"routilux: error: no server at " in screen.seen


def test_keys_still_come_after_it_was_stopped_and_goes_on(running, job):
    screen = on_screen(running)
    shell = termios.tcgetattr(screen.master)
    screen.read_until(KEYS.encode())
    screen.process.send_signal(signal.SIGSTOP)
    os.waitpid(screen.process.pid, os.WUNTRACED)
    termios.tcsetattr(screen.master, termios.TCSANOW, shell)  # as a shell does
    screen.process.send_signal(signal.SIGCONT)
    while termios.tcgetattr(screen.master)[3] & termios.ICANON:
        assert screen.process.poll() is None
    screen.press(b"q")
    assert screen.end() == DONE


def test_without_colours(running, job):
    screen = on_screen(running, NO_COLOR="1")
    screen.read_until(KEYS.encode())
    screen.press(b"q")
    assert screen.end() == DONE
    for colour in (b"\x1b[3", b"\x1b[1m", b"\x1b[2m"):
        assert colour not in screen.seen


# -- once ------------------------------------------------------------------------------------------


def test_a_dumb_terminal_gets_one_reading(running, job):
    screen = on_screen(running, TERM="dumb")
    assert screen.end() == DONE
    assert b"\x1b" not in screen.seen
    assert screen.seen.count(b"gated.in") == 1


def test_without_a_terminal_there_is_one_reading(running, job, capsys):
    done = call(capsys, "top")
    assert (done.code, done.err) == (DONE, "")
    assert done.out.startswith(f"Job {job.job_id[:8]} of flow 'gated': running")
    assert "gated.in" in done.out
    assert "quit" not in done.out
    document = call(capsys, "top", job.job_id, "--json").document
    assert document["job"]["job_id"] == document["diagnosis"]["job_id"] == job.job_id
    assert document["debug"]["status"] == "running"
    job.cancel()
    assert call(capsys, "top", "last").code == FAILED


def test_without_a_name_it_is_the_only_live_job(running, job, capsys):
    other = running.start(keep_open=True)
    done = call(capsys, "top")
    assert (done.code, done.out) == (USAGE, "")
    assert done.error.startswith("several jobs are live, name one: ")
    assert job.job_id in done.error
    assert other.job_id in done.error
    job.cancel()
    other.cancel()
    done = call(capsys, "top")
    assert done.code == NOT_FOUND
    assert done.error == "no job is live: `routilux ps --all` lists the finished ones"


# -- what is shown ---------------------------------------------------------------------------------


def reading(slots=3, **job):
    facts = {
        "job_id": "12345678-9",
        "flow_id": "flow",
        "status": "running",
        "run_seconds": 12.0,
        "dead_letter_count": 2,
        "error": None,
        "counts": {"held": 4},
    }
    diagnosis = {
        "summary": "The bottleneck is routine1.",
        "bottleneck": "routine1",
        "routines": [{"routine_id": f"routine{i}", "state": "busy"} for i in range(slots)],
        "slots": [
            {
                "routine_id": f"routine{i}",
                "slot_name": "items",
                "unconsumed": i,
                "limit": 100,
                "offered_per_second": 12.3,
                "consumed_per_second": 4.56,
                "seconds_until_full": 90.0,
            }
            for i in range(slots)
        ],
    }
    return Reading({**facts, **job}, diagnosis, {"holds": [], "hits": []})


def lines(found, width, height=None):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(draw(found, width=width, height=height, keys=height is not None))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_the_figures_are_whole_in_every_width(width):
    shown = lines(reading(), width)
    assert max(map(len, shown)) <= width
    rows = [line.split() for line in shown if "/100" in line]
    for number, row in enumerate(rows):
        start = row.index(f"{number}/100")
        assert row[start + 1 : start + 5] == ["12", "4.6", "1.5", "min"]
    assert len(rows) == 3
    assert shown[0].startswith("Job 12345678 of flow 'flow': running, 12 s")


def test_a_low_terminal_shows_the_fullest_slots():
    shown = lines(reading(slots=40), 80, 20)
    assert len(shown) <= 20
    rows = [line for line in shown if "/100" in line]
    assert rows[0].startswith("routine30.items")
    assert rows[-1].startswith("routine39.items")
    assert "and 30 slots that are emptier" in shown


def test_strange_names_are_shown_as_they_are():
    found = reading(flow_id="[bold]\x1b[31m", error="[red]no", status="failed")
    assert r"of flow '[bold]\x1b[31m': failed" in lines(found, 80)[0]
    assert lines(found, 80)[1] == "error: [red]no"


def test_the_end_of_the_input_is_a_key():
    master, slave = pty.openpty()
    with os.fdopen(slave) as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", terminal)
        with Keyboard() as keyboard:
            assert keyboard.is_there
            assert keyboard.read(0) is None
            os.write(master, b"a\x04")
            assert [keyboard.read(30), keyboard.read(30)] == ["a", END]
    os.close(master)
