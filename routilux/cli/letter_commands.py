"""``routilux dead-letters`` and its options."""

from typing import Annotated

import typer

from routilux.cli.errors import EXIT_CODES
from routilux.cli.job_commands import client_of
from routilux.cli.options import Everything, JobId, Json, KeyFile, Limit, Reason, Url
from routilux.cli.remote import letters
from routilux.job.dead_letters import REASONS

dead_letters = typer.Typer(help="Items that were refused or failed.")

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Dead letters, such as dl-1."),
]


@dead_letters.command("list", epilog=EXIT_CODES)
def show(
    job: JobId,
    reason: Annotated[
        str | None,
        typer.Option(metavar="REASON", help=f"Only these: {', '.join(REASONS)}."),
    ] = None,
    routine: Annotated[
        str | None,
        typer.Option(metavar="ROUTINE", help="Only those of this routine."),
    ] = None,
    slot: Annotated[
        str | None,
        typer.Option(metavar="SLOT", help="Only those of slots with this name."),
    ] = None,
    limit: Limit = 20,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """List the dead letters of a job, also after its end."""
    filters = {"reason": reason, "routine_id": routine, "slot_name": slot}
    with client_of(url, key_file) as client:
        return letters.show(client, job, filters, limit, as_json=as_json)


@dead_letters.command(epilog=EXIT_CODES)
def redeliver(
    job: JobId,
    ids: Ids = None,
    new_job: Annotated[
        bool, typer.Option("--new-job", help="Into a new job of the same flow.")
    ] = False,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Put dead letters back into their slots, all of them without ids."""
    with client_of(url, key_file) as client:
        return letters.redeliver(client, job, ids or (), reason, new_job=new_job, as_json=as_json)


@dead_letters.command(epilog=EXIT_CODES)
def discard(
    job: JobId,
    ids: Ids = None,
    everything: Everything = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> int:
    """Throw dead letters away, for good."""
    with client_of(url, key_file) as client:
        return letters.discard(client, job, ids or (), everything=everything, as_json=as_json)
