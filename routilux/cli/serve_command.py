"""``routilux serve``: the HTTP face, with the flows of a folder, until a signal ends it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from routilux import Runtime
from routilux.cli.errors import DONE, EXIT_CODES, FAILED, SIGNAL, CommandError
from routilux.cli.extras import load
from routilux.cli.face import PURPOSE, face_settings, http_face
from routilux.cli.flow_files import load_flows
from routilux.cli.interrupts import Interrupts
from routilux.cli.logs import server_log
from routilux.cli.output import print_document, print_lines
from routilux.cli.saving import prepare_folder, save_jobs
from routilux.cli.telemetry import HELP, telemetry
from routilux.clock import NANOSECONDS
from routilux.monitoring.flow_registry import FlowRegistry
from routilux.stores import JobStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routilux.api.life import Life
    from routilux.api.settings import ApiSettings

SHUTDOWN_S = 1.0  # after its own time, what still runs gets so long to notice that it is cancelled


def serve(
    folder: str | None,
    allow: Sequence[str],
    *,
    host: str | None,
    port: int | None,
    as_json: bool,
) -> int:
    """Serve until Ctrl-C or SIGTERM, and stop in good order. Blocks; returns the exit code.

    A second signal ends the process at once.

    Raises:
        CommandError: a setting, the folder or one of its flows is wrong, others could reach the
            address and no key is set, or the address cannot be served on.
    """
    settings = face_settings(host=host, port=port)
    flows = load_flows(folder, allow) if folder is not None else {}
    found = prepare_folder(settings.snapshot_folder) if settings.snapshot_folder else None
    for flow in flows.values():
        FlowRegistry.get_instance().register(flow)
    with Interrupts(second=_leave) as interrupts, ExitStack() as stack:
        stack.enter_context(server_log(error_texts=settings.log_error_texts))
        running = stack.enter_context(telemetry(interrupts, logged=True))
        runtime = Runtime(jobs=_store(settings))
        stack.callback(runtime.shutdown, wait=True, timeout=SHUTDOWN_S)
        face = stack.enter_context(http_face(runtime, settings, running))
        if as_json:
            print_document({"address": face.url, "flows": list(flows), "snapshots": found})
        else:
            print_lines(_lines(face.url, flows, settings, found))
        interrupts.wait()
        return _stop(runtime, face.life, settings)


def settings_text() -> str:
    """The exit codes, and each setting with its environment variable."""
    try:
        told = load("routilux.api.settings", "api", PURPOSE).settings_help()
    except CommandError as error:
        return f"{EXIT_CODES}\n\nSettings: {escape(str(error))}\n\n{HELP}"
    listed = "\n".join(f"{name}: {text}" for name, text in told)
    return f"{EXIT_CODES}\n\nSettings, by environment variable:\n{listed}\n\n{HELP}"


def _store(settings: ApiSettings) -> JobStore:
    return JobStore(settings.finished_jobs, finished_age=settings.finished_job_age)


def _lines(
    url: str, flows: dict[str, Any], settings: ApiSettings, found: int | None
) -> Iterator[str]:
    yield f"Serving on {url}, Ctrl-C ends it"
    yield f"Flows: {', '.join(flows) or 'none; name a folder with --flows'}"
    if found is not None:
        hint = "; `routilux restore FILE` goes on with one" if found else ""
        yield f"Snapshots in {settings.snapshot_folder}: {found}{hint}"


def _stop(runtime: Runtime, life: Life, settings: ApiSettings) -> int:
    """Stop in good order; the server goes on to answer whoever looks. Returns the exit code."""
    clock = runtime.clock
    deadline_ns = clock.monotonic_ns() + int(settings.stop_timeout * NANOSECONDS)
    life.stop()
    # A command that is under way could start a job that nobody saves, or resume a saved one.
    life.wait_for_commands(settings.stop_timeout)
    left_s = round(max(0, deadline_ns - clock.monotonic_ns()) / NANOSECONDS, 3)
    if settings.snapshot_folder is None:
        runtime.shutdown(wait=True, timeout=left_s)
        return DONE
    saved = save_jobs(runtime, settings.snapshot_folder, left_s)
    return FAILED if saved.lost else DONE


def _leave(number: int) -> None:
    """End the process at once, whatever it is doing."""
    os._exit(SIGNAL + number)
