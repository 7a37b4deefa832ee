"""A whole job beside a model of it: any order of steps, commands, posts and restores."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routilux.errors import JobFinished, JobNotStill, SlotQueueFullError
from routilux.status import ExecutionStatus
from routilux.testing import RecordingHook, StepRuntime
from tests.engine.graphs import Graph, Item, Record, build, check_order, check_sums, graphs
from tests.engine.parts import AGES_S
from tests.engine.snapshots import through_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux import JobState

Where = tuple[str, str]  # routine and slot


class ItemCodec:
    """Writes items into snapshots."""

    def encode(self, value: Any) -> Any:
        if isinstance(value, Item):
            return list(value)
        raise TypeError(value)

    def decode(self, data: Any) -> Item:
        return Item(*data)


class JobMachine(RuleBasedStateMachine):
    """A job on a `StepRuntime`, and what we know of it: whom it told what, and what is ours."""

    @initialize(
        graph=graphs(), seed=st.integers(0, 1 << 16), workers=st.sampled_from([1, 1, 2]),
        paused=st.booleans(), keep_open=st.booleans(),
    )  # fmt: skip
    def start(self, graph: Graph, seed: int, workers: int, paused: bool, keep_open: bool) -> None:
        self.graph, self.workers = graph, workers
        self.record = Record()
        self.flow = build(graph, self.record)
        self.inputs = [(node.name, f"in{i}") for node in graph.nodes for i in range(node.slots)]
        self.posted: dict[Where, list[Item]] = defaultdict(list)
        self.discarded: dict[Where, list[Item]] = defaultdict(list)
        self.redelivered: dict[Where, list[Item]] = defaultdict(list)
        self.told: Counter[Where] = Counter()
        self.posts = 0
        self.closed = not keep_open
        self.runtime = self.new_runtime(seed)
        self.job = self.runtime.exec(self.flow, keep_open=keep_open, start_paused=paused)
        self.remember()

    def new_runtime(self, seed: int) -> StepRuntime:
        runtime = StepRuntime(seed, self.workers)
        self.hook = RecordingHook()
        runtime.hooks.add(self.hook)
        return runtime

    @property
    def live(self) -> bool:
        return not self.job.status.finished

    @property
    def is_paused(self) -> bool:
        return self.job.status is ExecutionStatus.PAUSED

    # -- the runtime does something ----------------------------------------------------------------

    @rule(count=st.integers(1, 6))
    def steps(self, count: int) -> None:
        for _ in range(count):
            self.runtime.run_one()
            self.look()

    @rule(seconds=st.sampled_from([0.001, 0.004, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.runtime.advance(seconds)

    # -- commands ----------------------------------------------------------------------------------

    @precondition(lambda self: self.live)
    @rule(wait=st.booleans())
    def pause(self, wait: bool) -> None:
        was_paused = self.is_paused
        point = self.job.pause(wait=wait)
        assert self.is_paused
        assert not (wait and point["running"]), point
        if not was_paused:
            self.remember()

    @precondition(lambda self: self.live and self.is_paused)
    @rule()
    def resume(self) -> None:
        assert self.job.resume().changed

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 7), hops=st.integers(0, 2))
    def post(self, which: int, hops: int) -> None:
        where = self.inputs[which % len(self.inputs)]
        item = Item("post", self.posts, hops)
        self.posts += 1
        try:
            self.job.post(*where, item, timeout=0.01)
        except SlotQueueFullError:
            self.told[where] += 1
        except JobFinished:
            assert self.closed
            assert not self.live
        else:
            self.posted[where].append(item)

    @precondition(lambda self: self.live)
    @rule(every=st.integers(1, 3))
    def redeliver(self, every: int) -> None:
        before = self.job.dead_letters.list()
        asked = [letter.id for letter in before][::every]
        answer = self.job.dead_letters.redeliver(asked)
        left = {letter.id for letter in self.job.dead_letters}
        gone = [letter for letter in before if letter.id not in left]
        assert (answer.count, answer.missing) == (len(gone), ())
        assert {letter.id for letter in gone} <= set(asked)
        for letter in gone:
            self.redelivered[letter.routine_id, letter.slot_name].append(letter.data)

    @precondition(lambda self: self.live)
    @rule(every=st.integers(1, 3))
    def discard(self, every: int) -> None:
        letters = self.job.dead_letters.list()[::every]
        assert self.job.dead_letters.discard([letter.id for letter in letters]) == len(letters)
        for letter in letters:
            self.discarded[letter.routine_id, letter.slot_name].append(letter.data)

    @precondition(lambda self: self.live and not self.closed)
    @rule()
    def close(self) -> None:
        assert self.job.close()
        self.closed = True

    @precondition(lambda self: self.live)
    @rule(seed=st.integers(0, 1 << 16), pause_first=st.booleans())
    def save_and_restore(self, seed: int, pause_first: bool) -> None:
        if pause_first and not self.is_paused:
            self.pause(wait=True)
        try:
            saved = through_json(self.job.snapshot(codec=ItemCodec()))
        except JobNotStill:
            assert not self.is_paused or self.job.counts().active_tasks_count
            return
        assert self.is_paused
        before, letters = self.readings(), self.job.dead_letters.list()
        assert self.job.cancel()
        assert self.job.wait()
        self.runtime.shutdown()
        self.runtime = self.new_runtime(seed)
        self.job = self.runtime.restore(saved, self.flow, codec=ItemCodec(), start_paused=True)
        assert self.is_paused
        assert (self.readings(), self.job.dead_letters.list()) == (before, letters)
        self.remember()

    @precondition(lambda self: self.live and self.posts > 4)
    @rule()
    def cancel(self) -> None:
        assert self.job.cancel()
        assert not self.job.cancel()

    @precondition(lambda self: not self.live)
    @rule()
    def commands_after_the_end(self) -> None:
        late: list[Callable[[], object]] = [
            self.job.pause, self.job.resume, self.job.dead_letters.redeliver, self.job.snapshot,
            lambda: self.job.post(*self.inputs[0], Item("post", -1, 0)),
        ]  # fmt: skip
        for command in late:
            with pytest.raises(JobFinished):
                command()
        assert self.job.close() is False

    # -- what holds after every rule ---------------------------------------------------------------

    def readings(self) -> list[tuple[Any, ...]]:
        """What neither a pause nor a restore changes, unless somebody emits."""
        return [
            (
                read.offered,
                read.consumed,
                read.unconsumed,
                read.held,
                read.refused_by,
                read.retries,
                read.returned_to_caller,
            )
            for read in (slot.metrics() for slot in self.job.live.slots)
        ]

    def moved(self) -> tuple[list[tuple[int, int]], int]:
        """What changes when something enters or leaves a slot, or an activation starts."""
        reads = [slot.metrics() for slot in self.job.live.slots]
        started = len(self.hook.named("activation_started"))
        return [(read.consumed, read.unconsumed) for read in reads], started

    def remember(self) -> None:
        self.still = self.moved()

    @invariant()
    def look(self) -> None:
        job = self.job
        check_sums(job)
        if self.is_paused:
            assert self.moved() == self.still, "a paused job moved"
        if job.status is ExecutionStatus.COMPLETED:
            counts = job.counts()
            assert self.closed
            assert counts.queue_size == counts.unconsumed == counts.held == counts.waiting == 0
        for where in self.inputs:
            assert job.slot(*where).metrics().returned_to_caller == self.told[where]

    # -- the end -----------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "job"):
            return
        with self.runtime:
            if self.is_paused:
                self.job.resume()
            if self.live:
                self.job.close()
                self.closed = True
            assert self.job.wait(AGES_S), self.job.counts()
            self.look()
            self.check_outcome(self.job)
            for where in self.inputs:
                self.check_slot(self.job, where)
        assert self.runtime.pool.free == self.workers

    def check_outcome(self, job: JobState) -> None:
        if job.status is ExecutionStatus.FAILED:
            assert job.error_type == "StalledError", job.error
            assert self.graph.has_joins_or_cycles
            assert any(node.overflow == "block" for node in self.graph.nodes)

    def check_slot(self, job: JobState, where: Where) -> None:
        """Every item ended in exactly one way."""
        slot, id_ = job.slot(*where), job.job_id
        seen = self.record.seen[id_, where[0], where[1]]
        letters = [letter.data for letter in job.dead_letters.list(None, *where)]
        # Logic that the job's end interrupts may have seen its items already.
        interrupted = {each.data for each in job.dead_letters.list("interrupted", *where)}
        done = [item for item in seen if item not in interrupted]
        left = slot.peek_all_new() + [
            point.data for point in slot.points() if point.enqueued_at is None
        ]
        ended = Counter([*done, *letters, *self.discarded[where], *left])
        senders = ["source"] * (where in self.graph.source_targets)
        senders += [node.name for node in self.graph.nodes for to in node.targets if to == where]
        emitted = Counter(item for each in senders for item in self.record.emitted[id_, each])
        emitted.update(self.posted[where])
        assert max(ended.values(), default=1) == 1, "an item came twice"
        assert not ended - emitted, "an item from nowhere"
        if job.status is ExecutionStatus.COMPLETED:
            assert not emitted - ended, "an item was lost"
            offers = emitted.total() + len(self.redelivered[where]) + self.told[where]
            assert slot.metrics().offered == offers
        if self.lanes(where[0]) == 1:
            again = set(self.redelivered[where])
            check_order([item for item in seen if item not in again], self.graph)

    def lanes(self, name: str) -> int:
        return next(node.concurrency for node in self.graph.nodes if node.name == name)


TestJobMachine = JobMachine.TestCase
TestJobMachine.settings = settings(max_examples=250, stateful_step_count=40)
