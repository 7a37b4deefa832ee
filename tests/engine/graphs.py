"""Random flows, and a record of what happened in them.

An item is ``Item(sender, number, hops)``: who emitted it, the count of its items by its sender, and
how often it may still be passed on, so that loops come to an end.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, Routine
from routilux.activation_policies import (
    all_slots_ready_policy,
    batch_size_policy,
    immediate_policy,
    time_interval_policy,
)

if TYPE_CHECKING:
    from routilux import JobState

LETTERS = ("logic_error", "interrupted")  # reasons of dead letters whose items were consumed


class Item(NamedTuple):
    """What travels through a random flow."""

    sender: str
    number: int
    hops: int


@dataclass
class Node:
    """How one routine of a random flow is made."""

    name: str
    slots: int = 1
    length: int = 1
    overflow: str = "block"
    policy: str = "none"
    errors: str = "none"
    concurrency: int = 1
    targets: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Graph:
    """A random flow: a source and nodes."""

    items: int
    nodes: list[Node]
    source_targets: list[tuple[str, str]]
    hops: int

    @property
    def has_joins_or_cycles(self) -> bool:
        order = [node.name for node in self.nodes]
        back = any(
            order.index(target) <= order.index(node.name)
            for node in self.nodes
            for target, _ in node.targets
        )
        return back or any(node.slots > 1 for node in self.nodes)


class Record:
    """What was emitted and seen, by job. Each append is one step of the interpreter."""

    def __init__(self) -> None:
        self.emitted: dict[tuple[str, str], list[Item]] = defaultdict(list)  # (job, sender)
        self.seen: dict[tuple[str, str, str], list[Item]] = defaultdict(list)  # (job, node, slot)


class Passer(Routine):
    """Passes each item on as one of its own, and fails when told to."""

    def __init__(self, node: Node, record: Record) -> None:
        super().__init__()
        self.node, self.record = node, record
        self.numbers: dict[str, itertools.count[int]] = defaultdict(itertools.count)
        self.lock = threading.Lock()
        for index in range(node.slots):
            self.define_slot(
                f"in{index}", node.length, overflow=node.overflow, enqueue_retry_delay=0.001
            )
        self.define_event("out")
        self.concurrency = node.concurrency
        self.set_activation_policy(_policy(node))
        self.set_error_handler(_handler(node))
        self.set_logic(self.run)
        self.failed_before: set[tuple[str, Item]] = set()

    def run(self, *lists: list[Item], job_state: JobState) -> None:
        job = job_state.job_id
        items = [item for each in lists for item in each]
        if self.fails(job, items):
            raise ValueError("this batch")
        for name, each in zip(self.slots, lists, strict=True):
            self.record.seen[job, self.node.name, name].extend(each)
        for item in items:
            if item.hops > 0 and self.node.targets:
                self.send(job, item.hops - 1)

    def fails(self, job: str, items: list[Item]) -> bool:
        """An item whose number is 3 modulo 5 fails: for good, or once when it is retried."""
        bad = {(job, item) for item in items if item.number % 5 == 3}
        if self.node.errors == "none" or not bad:
            return False
        if self.node.errors == "retry":
            again = bad <= self.failed_before
            self.failed_before |= bad
            return not again
        return True

    def send(self, job: str, hops: int) -> None:
        with self.lock:
            item = Item(self.node.name, next(self.numbers[job]), hops)
            self.record.emitted[job, self.node.name].append(item)
        self.emit_item("out", item)


class Source(Routine):
    """Emits so many items."""

    def __init__(self, graph: Graph, record: Record) -> None:
        super().__init__()
        self.graph, self.record = graph, record
        self.define_event("out")

    def logic(self, *, job_state: JobState) -> None:
        for number in range(self.graph.items):
            item = Item("source", number, self.graph.hops)
            self.record.emitted[job_state.job_id, "source"].append(item)
            self.emit_item("out", item)


def _policy(node: Node) -> Any:
    return {
        "none": lambda: None,
        "immediate": immediate_policy,
        "batch": lambda: batch_size_policy(min(2, node.length)),
        "join": all_slots_ready_policy,
        "interval": lambda: time_interval_policy(0.005),
    }[node.policy]()


def _handler(node: Node) -> ErrorHandler | None:
    if node.errors == "none":
        return None
    return ErrorHandler(node.errors, max_retries=100, retry_delay=0.002, retry_backoff=1.0)


def build(graph: Graph, record: Record) -> Flow:
    """The flow of a graph; what happens in it goes into `record`."""
    flow = Flow("random")
    flow.add_routine(Source(graph, record), "source")
    for node in graph.nodes:
        flow.add_routine(Passer(node, record), node.name)
    edges = [("source", target) for target in graph.source_targets]
    edges += [(node.name, target) for node in graph.nodes for target in node.targets]
    for sender, (target, slot) in edges:
        flow.connect(sender, "out", target, slot)
    return flow


# -- strategies ------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn, *, plain: bool = False) -> Graph:
    """A random graph; a `plain` one has neither joins nor cycles, and only slots that block."""
    count = draw(st.integers(1, 4))
    nodes = [_node(draw, f"n{index}", plain=plain) for index in range(count)]
    inputs = [(node.name, f"in{index}") for node in nodes for index in range(node.slots)]
    for position, node in enumerate(nodes):
        later = [each for each in inputs if int(each[0][1:]) > position]
        choice = later if plain or draw(st.integers(0, 3)) else inputs
        if choice:
            node.targets = draw(st.lists(st.sampled_from(choice), max_size=2, unique=True))
    reachable = draw(st.lists(st.sampled_from(inputs), min_size=1, max_size=3, unique=True))
    return Graph(draw(st.integers(0, 12)), nodes, reachable, hops=draw(st.integers(0, 4)))


def _node(draw: st.DrawFn, name: str, *, plain: bool) -> Node:
    length = draw(st.integers(1, 4))
    if plain:
        return Node(name, length=1, policy=draw(st.sampled_from(["none", "immediate", "interval"])))
    slots = draw(st.sampled_from([1, 1, 1, 2]))
    policies = ["none", "immediate", "batch", "interval", "join"]
    return Node(
        name,
        slots,
        length,
        draw(st.sampled_from(["block", "block", "retry", "reject", "drop_oldest"])),
        draw(st.sampled_from(policies)),
        draw(st.sampled_from(["none", "none", "continue", "skip", "retry"])),
        draw(st.sampled_from([1, 1, 1, 2])),
    )


# -- what must hold --------------------------------------------------------------------------------


def check_sums(job: JobState) -> None:
    """Promise 2's sum, and the bounds, for every slot."""
    for slot in job.live.slots:  # type: ignore[attr-defined]
        read = slot.metrics()
        assert read.offered == read.consumed + read.unconsumed + read.held + read.refused, slot
        assert 0 <= read.unconsumed <= read.max_length, slot
        assert 0 <= read.held <= read.max_length, slot


def check_end(graph: Graph, record: Record, job: JobState) -> None:
    """Every item is accounted for exactly once, and the order was kept."""
    check_sums(job)
    fed = defaultdict(list)
    for target in graph.source_targets:
        fed[target].append("source")
    for node in graph.nodes:
        for target in node.targets:
            fed[target].append(node.name)
    for node in graph.nodes:
        for index in range(node.slots):
            name = f"in{index}"
            _check_slot(record, job, node.name, name, fed[node.name, name])
            if node.concurrency == 1:
                check_order(record.seen[job.job_id, node.name, name], graph)


def _check_slot(
    record: Record, job: JobState, node: str, slot_name: str, senders: list[str]
) -> None:
    slot = job.slot(node, slot_name)
    read = slot.metrics()
    seen = record.seen[job.job_id, node, slot_name]
    letters = job.dead_letters.list(routine_id=node, slot_name=slot_name)
    # Logic that the job's end interrupts may have seen its items already.
    interrupted = {letter.data for letter in letters if letter.reason == "interrupted"}
    seen = [item for item in seen if item not in interrupted]
    failed = [letter.data for letter in letters if letter.reason in LETTERS]
    refused = [letter.data for letter in letters if letter.reason not in LETTERS]
    left = slot.peek_all_new() + [
        point.data for point in slot.points() if point.enqueued_at is None
    ]
    assert read.consumed == len(seen) + len(failed)
    assert read.refused == len(refused)
    assert read.unconsumed + read.held == len(left)
    accounted = Counter([*seen, *failed, *refused, *left])
    emitted = Counter(item for sender in senders for item in record.emitted[job.job_id, sender])
    assert max(accounted.values(), default=1) == 1
    lost = emitted - accounted
    if job.status.value == "completed":
        assert not lost
    assert not accounted - emitted


def check_order(seen: list[Item], graph: Graph) -> None:
    """Items of one producer with one lane come in the order in which it emitted them."""
    several = {node.name for node in graph.nodes if node.concurrency > 1}
    last: dict[str, int] = {}
    for item in seen:
        if item.sender not in several:
            assert last.get(item.sender, -1) < item.number, seen
            last[item.sender] = item.number
