"""``routilux snapshot`` and ``restore``: a paused job as a file, and back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, CommandError
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.finding import find_job
from routilux.cli.remote.wording import paragraph
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from routilux.cli.remote.client import Client

SNAPSHOT_S = 60.0  # a job with many items takes its time
STANDARD_INPUT = "-"


def snapshot(client: Client, word: str, *, rerun: bool) -> int:
    """Print a paused job as one JSON document. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    body = {"in_flight": "rerun"} if rerun else {}
    print_lines([client.text("POST", "jobs", job_id, "snapshot", body=body, waits_s=SNAPSHOT_S)])
    return DONE


def restore(
    client: Client, path: str, flow_id: str | None, *, start_paused: bool, as_json: bool
) -> int:
    """Go on with the job of a snapshot, under its id. Returns the exit code."""
    body: dict[str, Any] = {"snapshot": _read(path), "start_paused": start_paused}
    if flow_id is not None:
        body["flow_id"] = flow_id
    job = client.post("jobs", "restore", body=body, waits_s=SNAPSHOT_S)
    if as_json:
        print_document(job)
    else:
        told = f"Job {job['job_id']} of flow '{job['flow_id']}' restored: {job['status']}"
        print_lines(paragraph(told))
    return DONE


def _read(path: str) -> dict[str, Any]:
    shown = "the standard input" if path == STANDARD_INPUT else printable(path)
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.read()
        else:
            text = Path(path).read_text(encoding="utf-8")
        found = json.loads(text)
    except OSError as error:
        raise CommandError(f"{shown} cannot be read, {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{shown} is no snapshot: it is no JSON, {error}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{shown} is no snapshot: `routilux snapshot JOB > FILE` makes one")
    return found
