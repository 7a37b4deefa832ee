"""``routilux demo``: the census of Python files."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from routilux import Runtime
from routilux.cli.errors import DONE, FAILED, CommandError
from routilux.cli.face import face_settings, http_face
from routilux.cli.interrupts import Interrupts
from routilux.cli.live import LINE_EVERY_S, TABLE_EVERY_S, live_table, show_line
from routilux.cli.output import (
    be_silent,
    is_live,
    page_width,
    print_document,
    print_lines,
    print_note,
)
from routilux.cli.telemetry import telemetry
from routilux.demo import Census, report_lines
from routilux.monitoring.flow_registry import FlowRegistry

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from routilux.demo import Reading, Report

# Parsing is work for the processor, and Python runs one thread at a time: more threads gain
# nothing. Several, so that walking and reading can go on while a file is parsed.
THREADS = 4
SHUTDOWN_S = 0.3  # the census has ended by then, or could not be stopped in time


def take_census(
    path: str | None, *, as_json: bool, serve: bool, port: int, start_paused: bool
) -> int:
    """Run the census and show it. Blocks; returns the exit code.

    Raises:
        CommandError: `path` is no folder, the port is taken, or nobody could resume.
    """
    if start_paused and not serve:
        raise CommandError(
            "--start-paused needs --serve: the job starts with POST /api/jobs/{job_id}/resume"
        )
    settings = face_settings(port=port) if serve else None
    be_silent()
    with Interrupts() as interrupts, ExitStack() as stack:
        running = stack.enter_context(telemetry(interrupts))
        runtime = Runtime(THREADS)
        stack.callback(runtime.shutdown, wait=True, timeout=SHUTDOWN_S)
        census = _make(runtime, path)
        FlowRegistry.get_instance().register(census.flow)
        url = None
        if settings is not None:
            url = stack.enter_context(http_face(runtime, settings, running)).url
            print_note(f"serving on {url}")
        report = _run(census, interrupts.event, as_json=as_json, start_paused=start_paused)
        _print_report(report, url, as_json=as_json)
        if interrupts.event.is_set():
            return interrupts.exit_code
        if url is not None:
            print_note(f"the job has ended; still serving on {url}, Ctrl-C ends it")
            interrupts.wait()
    return DONE if report.accounted_for else FAILED


def _make(runtime: Runtime, path: str | None) -> Census:
    try:
        return Census(runtime, path)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _run(
    census: Census, interrupted: threading.Event, *, as_json: bool, start_paused: bool
) -> Report:
    with ExitStack() as stack:
        show: Callable[[Reading], None] = show_line
        every_s = LINE_EVERY_S
        if as_json:
            show = _show_nothing
        elif is_live(sys.stdout):
            show, every_s = stack.enter_context(live_table(census.root)), TABLE_EVERY_S
        return census.run(show, every_s=every_s, interrupted=interrupted, start_paused=start_paused)


def _show_nothing(reading: Reading) -> None:
    """Show nothing: the output is one document."""


def _print_report(report: Report, url: str | None, *, as_json: bool) -> None:
    if as_json:
        address = {} if url is None else {"address": url}
        print_document({**report.to_dict(), **address})
    else:
        print_lines(report_lines(report, page_width()))
