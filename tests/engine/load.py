"""A flow under load, and a check that nothing in it is lost, doubled or reordered.

Each sender numbers its items, and all of them take one way through the flow. So at the end of the
flow the numbers of each sender must come as 0, 1, 2, ...: a gap is a loss, what comes again is a
double.
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from routilux import Flow, Routine
from routilux.activation_policies import batch_size_policy
from routilux.errors import JobFinished
from tests.engine.graphs import check_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux import JobState

PRODUCERS = 8
POSTERS = 2  # threads outside of the job
SENDERS = 16  # an item is ``number * SENDERS + sender``
LONG_S = 3000.0  # of real time: each test has a time limit, which comes first
PORTIONS = (1, 2, 7, 64, 500)  # items that a producer emits in one go


def emit(routine: Routine, items: list[int], *, in_one: bool) -> None:
    """Emit items, with one call or with one for each."""
    if in_one:
        routine.emit_many("out", items)
        return
    for item in items:
        routine.emit_item("out", item)


class Producer(Routine):
    """Emits its numbers in random portions, all in one activation.

    A `gentle` one emits one number in an activation, and gives itself the next to go on with.
    """

    def __init__(self, sender: int, count: int, seed: int, *, gentle: bool) -> None:
        super().__init__()
        self.sender, self.count, self.seed, self.gentle = sender, count, seed, gentle
        self.define_slot("turn", 1, overflow="block")
        self.define_event("out")
        self.define_event("again")

    def logic(self, turn: list[int]) -> None:
        (start,) = turn
        if self.gentle:
            self.emit_item("out", start * SENDERS + self.sender)
            if start + 1 < self.count:
                self.emit_item("again", start + 1)
            return
        dice = random.Random(f"{self.seed} {self.sender}")
        while start < self.count:
            stop = min(self.count, start + dice.choice(PORTIONS))
            items = [number * SENDERS + self.sender for number in range(start, stop)]
            emit(self, items, in_one=dice.random() < 0.5)
            start = stop


class Hop(Routine):
    """Passes items on; a `gentle` one does so one by one."""

    def __init__(self, length: int, *, gentle: bool) -> None:
        super().__init__()
        self.set_activation_policy(batch_size_policy(1) if gentle else None)
        self.define_slot("in", length, overflow="block", pause_enqueue_timeout=LONG_S)
        self.define_event("out")

    def logic(self, items: list[int], job_state: JobState) -> None:
        assert not job_state.status.finished
        emit(self, items, in_one=len(items) % 2 == 0)


class Tally(Routine):
    """The end of the flow: knows which number of each sender must come next."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.define_slot("in", length, overflow="block")
        self.next = [0] * SENDERS
        self.seen = 0
        self.changed = threading.Condition()

    def logic(self, items: list[int], job_state: JobState) -> None:
        assert not job_state.status.finished
        for item in items:
            number, sender = divmod(item, SENDERS)
            assert number == self.next[sender], f"sender {sender}: {number}, not {self.next}"
            self.next[sender] = number + 1
        with self.changed:
            self.seen += len(items)
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Block until so many items were seen."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.seen >= count, LONG_S)


class Load:
    """Eight producers and two posting threads, two layers of shared hops, and the tally.

    Args:
        seed: decides lengths, ways, portions and pauses.
        counts: items of each producer and then of each poster.
        lengths: what the lengths of slots are chosen from.
        narrow: the lengths of one way through the flow, which is that of the first two producers
            and of the posters; None: as the others.
        gentle: activations are so short that none stands in `emit` for long, and snapshots can be
            taken; see `Producer` and `Hop`.
    """

    def __init__(
        self,
        seed: int,
        counts: Sequence[int],
        lengths: Sequence[int],
        narrow: Sequence[int] | None = None,
        *,
        gentle: bool = False,
    ) -> None:
        print(f"seed {seed}")  # noqa: T201 - to run it again
        self.seed, self.counts, self.gentle = seed, list(counts), gentle
        self.total = sum(counts)
        self.dice = dice = random.Random(seed)
        self.flow = Flow("load")
        self.tally = Tally(dice.choice(lengths))
        self.flow.add_routine(self.tally, "tally")
        self.expected = {"tally": self.total}
        self.next_hop: dict[str, str] = {}
        for name in ("b0", "b1", "a0", "a1", "a2"):
            length = dice.choice(narrow if narrow and name.endswith("0") else lengths)
            self.flow.add_routine(Hop(length, gentle=gentle), name)
            self.expected[name] = 0
            target = "tally" if name in ("b0", "b1") else f"b{min(1, int(name[1]))}"
            self.next_hop[name] = target
            self.flow.connect(name, "out", target, "in")
        self.entries = [self._way(sender) for sender in range(PRODUCERS + POSTERS)]
        self.job: JobState | None = None
        self.over = False
        self.changed = threading.Condition()

    def _way(self, sender: int) -> str:
        entry = "a0" if sender < 2 or sender >= PRODUCERS else self.dice.choice(("a1", "a2"))
        self.expected[entry] += self.counts[sender]
        self.expected[self.next_hop[entry]] += self.counts[sender]
        if sender < PRODUCERS:
            producer = Producer(sender, self.counts[sender], self.seed, gentle=self.gentle)
            self.flow.add_routine(producer, f"p{sender}")
            self.flow.connect(f"p{sender}", "out", entry, "in")
            self.flow.connect(f"p{sender}", "again", f"p{sender}", "turn")
        return entry

    def start(self, job: JobState) -> list[threading.Thread]:
        """Let producers and posters begin. The job's input is open. Returns the posters."""
        self.go_on_with(job)
        for sender in range(PRODUCERS):
            job.post(f"p{sender}", "turn", 0)
        posters = [
            threading.Thread(target=self._post, args=(PRODUCERS + index,), daemon=True)
            for index in range(POSTERS)
        ]
        for poster in posters:
            poster.start()
        return posters

    def go_on_with(self, job: JobState) -> None:
        """The job to post to from now on."""
        with self.changed:
            self.job = job
            self.changed.notify_all()

    def _post(self, sender: int) -> None:
        for number in range(self.counts[sender]):
            while not self._accepted(number * SENDERS + sender, self.entries[sender]):
                pass

    def _accepted(self, item: int, entry: str) -> bool:
        """Post an item; False: that job has ended, and there is another."""
        job = self.job
        assert job is not None
        try:
            job.post(entry, "in", item)
        except JobFinished:
            with self.changed:
                assert self.changed.wait_for(lambda: self.job is not job or self.over, LONG_S)
            assert not self.over
            return False
        return True

    def pause(self) -> None:
        """Close the gate, look twice, and leave it closed."""
        job = self.job
        assert job is not None
        # A policy that is being asked counts as running logic, and may still take items.
        waits = self.gentle or self.dice.random() < 0.5
        point = job.pause("load", wait=waits)
        assert point["still"] or not waits
        before = _moved(job)
        check_sums(job)
        assert job.diagnose().status == "paused"
        assert _moved(job) == before, "something entered or left a slot of a paused job"

    def next_stop(self, portion: int) -> bool:
        """Wait until some more items, `portion` at most, were seen. False: it is the end."""
        stop = self.tally.seen + self.dice.randrange(portion)
        if stop >= self.total:
            return False
        self.tally.wait_for(stop)
        return True

    def finish(self, posters: list[threading.Thread]) -> None:
        """Wait for the end, and check it."""
        job = self.job
        assert job is not None
        for poster in posters:
            poster.join(LONG_S)
        job.close()
        assert job.wait(LONG_S)
        self.over = True
        with self.changed:
            self.changed.notify_all()
        assert (job.status.value, job.error, job.dead_letter_count) == ("completed", None, 0)
        assert self.tally.next[: len(self.counts)] == self.counts
        assert self.tally.seen == self.total
        check_sums(job)
        for name, count in self.expected.items():
            read = job.slot(name, "in").metrics()
            assert (read.offered, read.consumed, read.held) == (count, count, 0), name


def _moved(job: JobState) -> list[tuple[int, int]]:
    return [
        (read.unconsumed, read.consumed)
        for read in (slot.metrics() for slot in job.live.slots)  # type: ignore[attr-defined]
    ]
