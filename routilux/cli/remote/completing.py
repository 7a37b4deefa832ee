"""What a shell offers for a job, if a server answers soon."""

from __future__ import annotations

from routilux.cli.errors import CommandError
from routilux.cli.remote.address import find_server
from routilux.cli.remote.client import Client
from routilux.demo.layout import printable

SOON_S = 1.0  # somebody waits at a prompt


def job_ids(incomplete: str) -> list[tuple[str, str]]:
    """The ids of jobs that begin so, each with its flow and state; none if nobody answers."""
    try:
        with Client(find_server(None, None), SOON_S) as client:
            jobs = list(client.pages("jobs", "jobs"))
    except CommandError:
        return []
    return [
        (job["job_id"], printable(f"{job['status']}, flow {job['flow_id']}"))
        for job in jobs
        if job["job_id"].startswith(incomplete)
    ]
