"""``routilux top``: a job as it moves, and keys to steer it."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from routilux.cli.errors import DONE, FAILED, CommandError
from routilux.cli.interrupts import Interrupts
from routilux.cli.output import is_live, print_document, print_lines
from routilux.cli.remote.client import Client
from routilux.cli.remote.finding import find_job, only_live_job
from routilux.cli.remote.keyboard import END, Keyboard
from routilux.cli.remote.slots import drawn, plain_console
from routilux.cli.remote.steering import lift, resumed_words
from routilux.cli.remote.stepping import Mode, command
from routilux.cli.remote.top_view import Reading, draw, take
from routilux.cli.slot_table import is_ascii_only
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from routilux.cli.remote.address import Server

WINDOW_S = 0.5  # the server watches the slots for so long; twice a second the figures change
KEY_S = 0.1  # so long is waited for a key before new figures are looked for
QUIT = frozenset({"q", "Q", END})
STEPS = {"s": Mode.OVER, "i": Mode.INTO, "o": Mode.OUT}


def top(server: Server, word: str | None, *, as_json: bool) -> int:
    """Show a job until it ends or somebody quits; without a terminal, once. Blocks.

    Args:
        server: where it is.
        word: the job; None: the only live one.
        as_json: print one reading as a document.

    Returns:
        The exit code: 1 if the job has failed or was cancelled.

    Raises:
        CommandError: there is no such job, or the server is gone.
    """
    with Client(server) as client:
        job = only_live_job(client) if word is None else find_job(client, word)
        if as_json or not is_live(sys.stdout):
            reading = take(client, job["job_id"], WINDOW_S)
            _print(reading, as_json=as_json)
            return _code(reading)
        return _Screen(server, client, job["job_id"]).show()


def _print(reading: Reading, *, as_json: bool) -> None:
    if as_json:
        names = {"job": reading.job, "diagnosis": reading.diagnosis, "debug": reading.session}
        print_document(names)
        return
    console = plain_console()
    ascii_only = is_ascii_only(console)
    print_lines(drawn(console, draw(reading, width=console.width, ascii_only=ascii_only)))


def _code(reading: Reading) -> int:
    return FAILED if reading.job["status"] in ("failed", "cancelled") else DONE


class _Readings(threading.Thread):
    """Reads a job over and over, so that the one who draws always has an ear for keys."""

    def __init__(self, server: Server, job_id: str) -> None:
        super().__init__(name="routilux-top", daemon=True)
        self._server = server
        self._job_id = job_id
        self.found: queue.SimpleQueue[Reading | CommandError] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def run(self) -> None:
        with Client(self._server) as client:
            while not self.stopped.is_set():
                try:
                    reading = take(client, self._job_id, WINDOW_S)
                except CommandError as error:
                    self.found.put(error)
                    return
                self.found.put(reading)
                if reading.has_ended:
                    return


class _Screen:
    """A table on the terminal that is drawn anew with each reading and each key."""

    def __init__(self, server: Server, client: Client, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._readings = _Readings(server, job_id)
        self._reading: Reading | None = None
        self._note = ""
        self._console = Console()
        self._ascii_only = is_ascii_only(self._console)

    def show(self) -> int:
        """Draw until the end; what was drawn last stays. Returns the exit code."""
        self._readings.start()
        try:
            with (
                Interrupts() as interrupts,
                Keyboard() as keyboard,
                Live(console=self._console, auto_refresh=False) as live,
            ):
                self._loop(live, keyboard, interrupts)
                self._draw(live, keys=False)
        finally:
            self._readings.stopped.set()
        if interrupts.event.is_set():
            return interrupts.exit_code
        return DONE if self._reading is None else _code(self._reading)

    def _loop(self, live: Live, keyboard: Keyboard, interrupts: Interrupts) -> None:
        while not interrupts.event.is_set():
            key = keyboard.read(KEY_S) if keyboard.is_there else None
            if key in QUIT:
                return
            noted = key is not None and self._press(key)
            if self._news(waits=not keyboard.is_there) or noted:
                self._draw(live, keys=keyboard.is_there)
            if self._reading is not None and self._reading.has_ended:
                return

    def _news(self, *, waits: bool) -> bool:
        """Take the newest reading; whether there was one."""
        found = False
        while True:
            try:
                news = self._readings.found.get(waits and not found, KEY_S)
            except queue.Empty:
                return found
            if isinstance(news, CommandError):
                raise news
            self._reading, found = news, True

    def _press(self, key: str) -> bool:
        """Do what a key asks for; whether it means anything."""
        try:
            note = self._do(key)
        except CommandError as error:  # the table goes on; the reader ends it if nothing answers
            note = str(error)
        if note is not None:
            self._note = printable(note)
        return note is not None

    def _do(self, key: str) -> str | None:
        if key == "p":
            answer = self._client.post("jobs", self._job_id, "pause")
            return "paused" if answer["changed"] else "was paused already"
        if key == "r":
            return resumed_words(lift(self._client, self._job_id))
        mode = STEPS.get(key)
        if mode is None:
            return None
        command(self._client, self._job_id, mode)
        return f"step {mode.value}"

    def _draw(self, live: Live, *, keys: bool) -> None:
        if self._reading is None:
            return
        made = draw(
            self._reading,
            width=self._console.width,
            height=self._console.height if keys else None,
            note=self._note,
            keys=keys,
            ascii_only=self._ascii_only,
        )
        live.update(made, refresh=True)
