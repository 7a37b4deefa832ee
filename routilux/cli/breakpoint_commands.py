"""``routilux break`` and its options."""

from typing import Annotated

import typer

from routilux.cli.errors import EXIT_CODES
from routilux.cli.job_commands import client_of
from routilux.cli.options import Everything, JobId, Json, KeyFile, Url
from routilux.cli.remote import breaking
from routilux.cli.remote.breaking import Action, Wish
from routilux.cli.remote.places import Kind

breakpoints = typer.Typer(help="Breakpoints of a job.")

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Breakpoints, or how their ids begin."),
]


@breakpoints.command(epilog=EXIT_CODES)
def add(
    job: JobId,
    kind: Annotated[Kind, typer.Argument(help="What it is set at.")],
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE", help="ROUTINE, ROUTINE.SLOT, ROUTINE.EVENT, or A.EVENT->B.SLOT."
        ),
    ],
    expression: Annotated[
        str | None,
        typer.Option("--if", metavar="EXPR", help="Only items for which this CEL is true."),
    ] = None,
    predicate: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="The condition as a predicate {path, op, value}."),
    ] = None,
    log_message: Annotated[
        str | None,
        typer.Option("--log", metavar="TEXT", help="Report this, and stop nothing."),
    ] = None,
    action: Annotated[
        Action | None,
        typer.Option(help="Pause the job, hold only the item, or report it."),
    ] = None,
    ignore: Annotated[
        int, typer.Option(min=0, help="Let so many items through first that match.")
    ] = 0,
    once: Annotated[bool, typer.Option("--once", help="It goes away with its first hit.")] = False,
    disabled: Annotated[bool, typer.Option("--disabled", help="It waits to be enabled.")] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Set a breakpoint, and print its id."""
    wish = Wish(expression, predicate, log_message, action, ignore, once, disabled)
    with client_of(url, key_file) as client:
        return breaking.add(client, job, kind, place, wish, as_json=as_json)


@breakpoints.command("list", epilog=EXIT_CODES)
def show(job: JobId, url: Url = None, key_file: KeyFile = None, as_json: Json = False) -> int:
    """List the breakpoints of a job, with their hits."""
    with client_of(url, key_file) as client:
        return breaking.show(client, job, as_json=as_json)


@breakpoints.command("rm", epilog=EXIT_CODES)
def remove(
    job: JobId,
    ids: Ids = None,
    everything: Everything = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Remove breakpoints; what they have stopped stays held."""
    with client_of(url, key_file) as client:
        return breaking.remove(client, job, ids or (), everything=everything, as_json=as_json)


@breakpoints.command(epilog=EXIT_CODES)
def enable(
    job: JobId,
    ids: Ids = None,
    everything: Everything = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Enable breakpoints."""
    with client_of(url, key_file) as client:
        return breaking.enable(
            client, job, ids or (), enabled=True, everything=everything, as_json=as_json
        )


@breakpoints.command(epilog=EXIT_CODES)
def disable(
    job: JobId,
    ids: Ids = None,
    everything: Everything = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Disable breakpoints; what they have stopped stays held."""
    with client_of(url, key_file) as client:
        return breaking.enable(
            client, job, ids or (), enabled=False, everything=everything, as_json=as_json
        )
