"""Jobs that are not done when a server stops: paused, and saved in a folder."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from routilux.cli.errors import CommandError
from routilux.clock import NANOSECONDS
from routilux.errors import JobFinished, RoutiluxError
from routilux.job_state import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from routilux import JobState, Runtime

SUFFIX = ".json"
REASON = "The server stops"

logger = logging.getLogger("routilux.api")


@dataclass
class Saved:
    """What came of it: jobs that were saved, and those that could not be."""

    jobs: int = 0
    lost: int = 0


def prepare_folder(folder: Path) -> int:
    """Make a folder for snapshots if there is none, and count those in it.

    Raises:
        CommandError: it cannot be made or written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = sum(is_snapshot(path) for path in folder.iterdir())
    except OSError as error:
        raise _unusable(folder, str(error.strerror or error)) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, "nothing may be written there")
    return found


def is_snapshot(path: Path) -> bool:
    """Whether a file is a snapshot, by its name. What is still being written begins with a dot."""
    return path.suffix == SUFFIX and not path.name.startswith(".")


def path_of(folder: Path, job_id: str) -> Path:
    """The file of a job. An id is its author's choice, and need not be a file name."""
    name = quote(job_id, safe=" ")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    return folder / f"{name}{SUFFIX}"


def save_jobs(runtime: Runtime, folder: Path, timeout: float) -> Saved:
    """Pause the jobs of a runtime and save each in a file. They stay paused.

    Logic that runs gets `timeout` seconds in all to come to its end, or to stand still in an emit;
    what stands runs again from its start when the job is restored. A job that cannot be saved is
    told in the log.

    Args:
        runtime: whose jobs.
        folder: where to.
        timeout: seconds.
    """
    clock = runtime.clock
    deadline_ns = clock.monotonic_ns() + int(timeout * NANOSECONDS)
    saved = Saved()
    seen: set[str] = set()
    while jobs := [job for job in runtime.list_jobs() if job.job_id not in seen]:
        for job in jobs:  # all at once: none is fed any more while another is waited for
            _pause(job)
        for job in jobs:
            seen.add(job.job_id)
            left_ns = deadline_ns - clock.monotonic_ns()
            _save(job, folder, max(0, left_ns) / NANOSECONDS, saved)
    return saved


def _pause(job: JobState) -> None:
    try:
        job.pause(REASON)
    except JobFinished:
        return


def _save(job: JobState, folder: Path, timeout: float, saved: Saved) -> None:
    try:
        job.pause(REASON, wait=timeout)
        text = json.dumps(job.snapshot("rerun"), allow_nan=False)
        path = path_of(folder, job.job_id)
        write_whole(path, text)
    except JobFinished:
        return
    except (RoutiluxError, ValueError, TypeError, OSError) as error:
        saved.lost += 1
        logger.error(
            "Job %s of flow '%s' could not be saved and is lost: %s",
            job.job_id,
            job.flow_id,
            error,
        )
    else:
        saved.jobs += 1
        logger.info("Job %s of flow '%s' is saved in %s", job.job_id, job.flow_id, path)


def _unusable(folder: Path, why: str) -> CommandError:
    return CommandError(
        f"snapshots cannot be saved in {folder}, {why}: set ROUTILUX_SNAPSHOT_FOLDER to a folder "
        "that this user may write to"
    )
