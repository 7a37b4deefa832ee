"""Arguments and options that several commands have."""

from typing import Annotated

import typer

from routilux.cli.remote.completing import job_ids
from routilux.cli.remote.steering import MOST_WAIT_S

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Where the server is. Else ROUTILUX_URL, or this machine."
    ),
]
KeyFile = Annotated[
    str | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="A file with the key. Else ROUTILUX_API_KEY, or ROUTILUX_KEY_FILE.",
    ),
]
JobId = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        help="A job's id, the beginning of one, or 'last'.",
        autocompletion=job_ids,
    ),
]
SomeJobId = Annotated[
    str | None,
    typer.Argument(
        metavar="JOB",
        help="A job's id, the beginning of one, or 'last'. Without it: the only live job.",
        autocompletion=job_ids,
    ),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; the job's log tells it.")]
Wait = Annotated[
    float, typer.Option(min=0, max=MOST_WAIT_S, help="Seconds to wait for it at most.")
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]
