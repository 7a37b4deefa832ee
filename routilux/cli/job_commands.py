"""The commands that talk to a server about its jobs, and their options."""

from enum import Enum
from typing import Annotated

import typer

from routilux.cli.errors import EXIT_CODES
from routilux.cli.options import (
    JobId,
    Json,
    KeyFile,
    Limit,
    Reason,
    SomeJobId,
    Url,
    Wait,
)
from routilux.cli.remote import looking, snapshots, steering, stepping
from routilux.cli.remote import top as top_command
from routilux.cli.remote.address import find_server
from routilux.cli.remote.client import Client
from routilux.cli.remote.steering import Holder
from routilux.cli.remote.stepping import Mode
from routilux.status import ExecutionStatus

PANEL = "Jobs of a server"
# The answer takes as long, and a rate needs a moment; the server allows no longer one.
WINDOW_S, LONGEST_WINDOW_S = 0.25, 10.0

jobs = typer.Typer()


class ItemState(str, Enum):
    """Where an item of a slot stands."""

    CONSUMED = "consumed"
    WAITING = "waiting"
    HELD = "held"


def client_of(url: str | None, key_file: str | None) -> Client:
    """A client of the server that is meant."""
    return Client(find_server(url, key_file))


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def ps(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Finished jobs, too.")] = False,
    flow: Annotated[
        str | None,
        typer.Option(metavar="FLOW", help="Only jobs of this flow."),
    ] = None,
    status: Annotated[
        ExecutionStatus | None,
        typer.Option(help="Only jobs in this state."),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """List the jobs of a server."""
    with client_of(url, key_file) as client:
        return looking.list_jobs(
            client,
            everything=everything,
            flow_id=flow,
            status=status.value if status is not None else None,
            as_json=as_json,
        )


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def top(
    job: SomeJobId = None, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> int:
    """Watch a job: its slots, rates and bottleneck, with keys to pause, resume and step."""
    return top_command.top(find_server(url, key_file), job, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def status(job: JobId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> int:
    """Say how a job stands."""
    with client_of(url, key_file) as client:
        return looking.show_status(client, job, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def why(
    job: JobId,
    window: Annotated[
        float,
        typer.Option(min=0, max=LONGEST_WINDOW_S, help="Seconds to watch the slots for rates."),
    ] = WINDOW_S,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Say why nothing moves: who waits for whom, and which routine all wait for."""
    with client_of(url, key_file) as client:
        return looking.explain(client, job, window, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def peek(
    job: JobId,
    slot: Annotated[str, typer.Argument(metavar="ROUTINE.SLOT", help="The slot.")],
    state: Annotated[
        ItemState | None,
        typer.Option(help="Only items in this state."),
    ] = None,
    limit: Limit = 20,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Look into a slot, and consume nothing."""
    only = state.value if state is not None else None
    with client_of(url, key_file) as client:
        return looking.peek(client, job, slot, state=only, limit=limit, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def pause(
    job: JobId,
    reason: Reason = "",
    wait: Wait = steering.WAIT_S,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Pause a job, and wait until none of its logic runs."""
    with client_of(url, key_file) as client:
        return steering.pause(client, job, reason, wait, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def resume(
    job: JobId,
    reason: Reason = "",
    only: Annotated[
        Holder | None,
        typer.Option(help="Lift only what this one holds."),
    ] = None,
    item: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Let only this item go that stands at a breakpoint."),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Let a job go on, from its pause and from its breakpoints; say what still holds it."""
    with client_of(url, key_file) as client:
        return steering.resume(client, job, reason, only, item, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def cancel(
    job: JobId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """End a job for good."""
    with client_of(url, key_file) as client:
        return steering.cancel(client, job, reason, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def step(
    job: JobId,
    mode: Annotated[
        Mode,
        typer.Argument(
            help="over: one activation; into: the next delivery; out: all that it feeds."
        ),
    ] = Mode.OVER,
    wait: Wait = stepping.WAIT_S,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Let a job that stands take one step, and say where it stands then."""
    with client_of(url, key_file) as client:
        return stepping.step(client, job, mode, wait, as_json=as_json)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def snapshot(
    job: JobId,
    rerun: Annotated[
        bool,
        typer.Option(
            "--rerun",
            help="Save what stands in emit, too; it runs again from its start.",
        ),
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,  # noqa: ARG001 - a snapshot is JSON in any case
) -> int:
    """Print a paused job as one JSON document, with its items as they are."""
    with client_of(url, key_file) as client:
        return snapshots.snapshot(client, job, rerun=rerun)


@jobs.command(epilog=EXIT_CODES, rich_help_panel=PANEL)
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A snapshot; - reads the input.")],
    flow: Annotated[
        str | None,
        typer.Option(metavar="FLOW", help="The flow to go on with. Else the snapshot's own."),
    ] = None,
    start_paused: Annotated[
        bool, typer.Option("--start-paused", help="Wait for a resume.")
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Go on with a job from its snapshot, under its id."""
    with client_of(url, key_file) as client:
        return snapshots.restore(client, file, flow, start_paused=start_paused, as_json=as_json)
