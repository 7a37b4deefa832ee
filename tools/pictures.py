"""Pictures of a terminal for the documentation: ``python -m tools.pictures``.

They are drawn by the very code of the commands, of a job that really runs: a slow parser behind a
full slot. Their figures differ a little each time, so they are made by hand when something changes.
"""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from routilux import Flow, Runtime
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.cli.remote.address import Server as Address
from routilux.cli.remote.client import Client
from routilux.cli.remote.looking import why_lines
from routilux.cli.remote.top_view import draw, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDTH = 92
WINDOW_S = 2.0
SLOW_S = 0.004


def census(over: threading.Event) -> Flow:
    """Return a flow of which one routine is slow."""
    flow = Flow("census")

    @flow.source
    def walk() -> Iterator[str]:
        while not over.is_set():
            yield "module.py"

    @flow.step(after=walk, max_queue_length=200, overflow="block")
    def read(path: str) -> str:
        return path

    @flow.step(after=read, max_queue_length=40, overflow="block")
    def parse(text: str) -> str:
        over.wait(SLOW_S)
        return text

    @flow.step(after=parse, max_queue_length=100, overflow="block")
    def count(tree: str) -> None:
        """Count it."""

    return flow


def picture(name: str, title: str, *parts: RenderableType) -> None:
    """Write one."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for part in parts:
        console.print(part)
    FOLDER.mkdir(exist_ok=True)
    drawn = console.export_svg(title=title, code_format=_without_fonts(CONSOLE_SVG_FORMAT))
    (FOLDER / name).write_text(drawn, "utf-8")
    print(f"Wrote docs/pictures/{name}")


def _without_fonts(form: str) -> str:
    """The form of a picture that loads no font from elsewhere."""
    return re.sub(r"@font-face \{\{.*?\}\}|<!--.*?-->", "", form, flags=re.DOTALL)


def main() -> None:
    """Draw both. Takes some seconds."""
    over = threading.Event()
    with Runtime(4) as runtime, Server(create_app(runtime), port=0) as server:
        job = runtime.exec(census(over))
        client = Client(Address("http", "127.0.0.1", server.port))
        reading = take(client, job.job_id, WINDOW_S)
        picture("top.svg", "routilux top", draw(reading, width=WIDTH, keys=True))
        job.pause("look")
        lines = why_lines(reading.diagnosis)
        picture("why.svg", "routilux why", *(Text(line) for line in lines))
        over.set()
        job.cancel()


if __name__ == "__main__":
    main()
