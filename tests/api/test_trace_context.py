"""The trace that a job is started in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.api.trace_context import read_traceparent, trace_id_of

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (PARENT, PARENT),
        (f" {PARENT} ", PARENT),
        (f"cc-{TRACE}-{SPAN}-01", PARENT),
        (f"01-{TRACE}-{SPAN}-00-what-comes-later", f"00-{TRACE}-{SPAN}-00"),
        (f"{PARENT}-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (PARENT.upper(), None),
        (PARENT[:-1], None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_read(header: str | None, read: str | None) -> None:
    assert read_traceparent(header) == read


def test_the_id_of_the_trace() -> None:
    assert trace_id_of(PARENT) == TRACE
    assert trace_id_of(None) is None


def test_a_job_knows_the_trace_that_it_was_started_in(
    client: TestClient, runtime: StepRuntime
) -> None:
    made = client.post("/api/jobs", json={"flow_id": "flow"}, headers={"traceparent": PARENT})
    assert (made.status_code, made.headers["traceparent"]) == (201, PARENT)
    job_id = made.json()["job_id"]
    assert made.json()["trace_id"] == TRACE
    assert client.get(f"/api/jobs/{job_id}").json()["trace_id"] == TRACE
    job = runtime.jobs.get(job_id)
    assert job is not None
    assert job.traceparent == PARENT


@pytest.mark.parametrize("headers", [{}, {"traceparent": "no trace"}])
def test_without_a_good_one_the_job_starts_all_the_same(
    client: TestClient, headers: dict[str, str]
) -> None:
    made = client.post("/api/jobs", json={"flow_id": "flow"}, headers=headers)
    assert (made.status_code, made.json()["trace_id"]) == (201, None)
    assert "traceparent" not in made.headers
