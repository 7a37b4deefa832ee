"""``routilux serve``: the HTTP face, with the flows of a folder."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from routilux import Runtime
from routilux.cli.errors import DONE
from routilux.cli.face import http_face
from routilux.cli.flow_files import load_flows
from routilux.cli.interrupts import Interrupts
from routilux.cli.output import print_document, print_lines
from routilux.cli.telemetry import telemetry
from routilux.monitoring.flow_registry import FlowRegistry

if TYPE_CHECKING:
    from collections.abc import Sequence

SHUTDOWN_S = 1.0  # what still runs by then is cancelled


def serve(folder: str | None, allow: Sequence[str], *, host: str, port: int, as_json: bool) -> int:
    """Serve until Ctrl-C, which is how a server ends in good order. Blocks; returns the exit code.

    Raises:
        CommandError: the folder or one of its flows is wrong, `host` is not loopback, or the port
            is taken.
    """
    flows = load_flows(folder, allow) if folder is not None else {}
    for flow in flows.values():
        FlowRegistry.get_instance().register(flow)
    with Interrupts() as interrupts, ExitStack() as stack:
        stack.enter_context(telemetry(interrupts))
        runtime = Runtime()
        stack.callback(runtime.shutdown, wait=True, timeout=SHUTDOWN_S)
        url = stack.enter_context(http_face(runtime, host, port))
        if as_json:
            print_document({"address": url, "flows": list(flows)})
        else:
            told = ", ".join(flows) or "none; name a folder with --flows"
            print_lines([f"Serving on {url}, Ctrl-C ends it", f"Flows: {told}"])
        interrupts.wait()
    return DONE
