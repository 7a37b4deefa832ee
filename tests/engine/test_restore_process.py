"""Save a job at a random point, and go on with it: here, and in a new process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routilux.runtime import Runtime
from routilux.testing import StepRuntime
from tests.engine import restored_flow
from tests.engine.restored_flow import Shape, check_counts, in_flight, make, write_shape

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.restored_flow import Made

ITEMS = 40
ENDS = ("side", "last")

lengths = st.integers(1, 4)
shapes = st.builds(
    Shape,
    at_once=st.sampled_from([1, 2, 5, 12]),
    lengths=st.tuples(lengths, lengths, st.integers(3, 6)),
    batch=st.integers(1, 3),
    fail_every=st.sampled_from([0, 2, 3, 7]),
    interval=st.sampled_from([0.0, 0.002]),
    lanes=st.sampled_from([1, 1, 2]),
)


class Books:
    """What came out of all the lives of one job, and what may have come twice."""

    def __init__(self) -> None:
        self.received: dict[str, list[int]] = {name: [] for name in ENDS}
        self.rerun: set[int] = set()

    def add(self, received: dict[str, list[int]]) -> None:
        for name in ENDS:
            self.received[name].extend(received[name])

    def add_made(self, made: Made) -> None:
        self.add({"side": made.side.received, "last": made.last.received})

    def check(self) -> None:
        """Each item once; those of an activation that was run again, at least once."""
        for name in ENDS:
            counts = Counter(self.received[name])
            assert set(counts) == set(range(ITEMS)), name
            doubled = {item for item, count in counts.items() if count > 1}
            assert doubled <= self.rerun, name

    def check_order(self) -> None:
        """Items that came once came in their order."""
        for name in ENDS:
            once = [item for item in self.received[name] if item not in self.rerun]
            assert once == sorted(once), name


def start(runtime: Runtime, made: Made) -> Any:
    job = runtime.exec(made.flow, keep_open=True, start_paused=True)
    job.resume()
    for item in range(ITEMS):
        job.post("first", "items", item)
    return job


def save(job: Any, books: Books, made: Made) -> dict[str, Any]:
    """Pause, save, and let this life of the job go."""
    job.pause(wait=True)
    check_counts(job)
    snapshot: dict[str, Any] = json.loads(json.dumps(job.snapshot(in_flight="rerun")))
    books.rerun |= in_flight(snapshot)
    books.add_made(made)
    job.cancel()
    return snapshot


@given(
    shape=shapes,
    seed=st.integers(0, 10**6),
    lives=st.lists(st.integers(0, 60), min_size=1, max_size=4),
)
def test_any_number_of_lives_delivers_each_item(shape: Shape, seed: int, lives: list[int]) -> None:
    books, snapshot = Books(), None
    for life, steps in enumerate(lives):
        made = make(shape)
        with StepRuntime(seed + life, thread_pool_size=2) as runtime:
            job = runtime.restore(snapshot, made.flow) if snapshot else start(runtime, made)
            for _ in range(steps):
                if not runtime.run_one():
                    runtime.advance(0.001)
            snapshot = save(job, books, made)
    made = make(shape)
    with StepRuntime(seed) as runtime:
        job = runtime.restore(snapshot, made.flow)
        job.close()
        assert job.wait()
        assert job.status == "completed"
        assert job.dead_letter_count == 0
        check_counts(job)
        assert job.slot("first", "items").metrics().consumed == ITEMS
    books.add_made(made)
    books.check()
    if shape.lanes == 1:
        books.check_order()


def go_on_elsewhere(snapshot: dict[str, Any], shape: Shape, folder: Path) -> dict[str, Any]:
    """Restore a job in a new process, and tell what it did there."""
    paths = [folder / name for name in ("snapshot.json", "result.json", "shape.json")]
    paths[0].write_text(json.dumps(snapshot), "utf-8")
    write_shape(shape, paths[2])
    command = [sys.executable, restored_flow.__file__, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(paths[1].read_text("utf-8"))
    return answer


# Each example is a process of its own: few, and the many are above.
@settings(max_examples=6)
@given(shape=shapes, seed=st.integers(0, 10**6), steps=st.integers(0, 60))
def test_a_new_process_goes_on(tmp_path_factory: Any, shape: Shape, seed: int, steps: int) -> None:
    books, made = Books(), make(shape)
    with StepRuntime(seed) as runtime:
        job = start(runtime, made)
        for _ in range(steps):
            runtime.run_one()
        snapshot = save(job, books, made)
    answer = go_on_elsewhere(snapshot, shape, tmp_path_factory.mktemp("restored"))
    assert answer["ended"], answer["summary"]
    assert answer["summary"] == "The job is completed."
    assert answer["job_id"] == snapshot["job_id"]
    books.add(answer["received"])
    books.check()


def test_a_job_that_ran_on_real_workers_goes_on_in_a_new_process(tmp_path: Path) -> None:
    shape, books = Shape(lengths=(3, 2, 3), batch=2, fail_every=5), Books()
    made = make(shape)
    with Runtime(3) as runtime:
        job = start(runtime, made)
        snapshot = save(job, books, made)
    answer = go_on_elsewhere(snapshot, shape, tmp_path)
    books.add(answer["received"])
    books.check()
    books.check_order()
