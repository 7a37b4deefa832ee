"""The figures: what each must reach, what it aims at, and how it is measured."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.model import Experiment, Figure, Spec

POOL = 4  # workers of the judged column; the second column has the runtime's default

# Workload: items at the source, jobs, and what it does.
SIZES = {
    "A": (200_000, 1, "source -> map -> sink"),
    "B": (20_000, 1, "source -> 10 maps -> sink"),
    "C": (2_000, 1, "one item at a time through 3 stages, 2 ms apart"),
    "D": (100, 100, "100 pipelines at once, 100 items each"),
    "D-long": (10_000, 20, "20 pipelines at once, 10,000 items each"),
}


def sized(module: str, workload: str, name: str = "", pool: int = 0) -> Spec:
    """Return the measurement of workload A to D in ``module``, which may call it ``name``."""
    n, jobs, _ = SIZES[workload]
    return Spec(module, name or workload.removesuffix("-long"), n, jobs, pool)


def against_queue(module: str, workload: str, name: str) -> Experiment:
    """Return a workload beside ``queue.Queue`` on threads, and with the default runtime."""
    subject = sized(module, workload, name, POOL)
    reference = sized("baselines.bounded_queue", workload)
    return Experiment(subject, reference, replace(subject, pool=0))


def rate(workload: str, form: str, must: float, aim: float | None) -> Figure:
    """Return a throughput figure: items at the sinks a second, as ratio to the reference.

    ``form`` is how routines emit: ``emit`` item by item, ``many`` in batches, or as a ``step`` in
    the decorator form.
    """
    how = f"{SIZES[workload][2]}; items/s as ratio to queue.Queue on threads"
    name = f"{workload.removesuffix('-long')}-{form}"
    experiment = against_queue("flows.throughput", workload, name)
    return Figure(f"{workload}-{form}", "items_per_s", "x", "higher", must, aim, how, experiment)


def relay(name: str, key: str) -> Figure:
    """Return a figure of workload C, as ratio of latency to the reference."""
    how = f"{SIZES['C'][2]}; post to sink, {key[:3]}, as ratio to queue.Queue on threads"
    return Figure(name, key, "x", "lower", 1.0, 0.6, how, against_queue("flows.relay", "C", "C"))


def engine(module: str, workload: str, n: int, jobs: int = 1, pool: int = POOL) -> Spec:
    """Return a measurement of the engine."""
    return Spec(f"flows.{module}", workload, n, jobs, pool)


def alone(subject: Spec) -> Experiment:
    """Return an experiment without a baseline."""
    return Experiment(subject)


def with_default(subject: Spec) -> Experiment:
    """Return an experiment without a baseline, and with the default runtime beside it."""
    return Experiment(subject, second=replace(subject, pool=0))


RATES = (
    rate("A", "emit", 3.0, 4.0),
    rate("A", "many", 5.0, 7.3),
    rate("A", "step", 2.5, None),
    rate("B", "emit", 4.0, 6.0),
    rate("B", "many", 8.0, 13.0),
    relay("C-p50", "p50_us"),
    relay("C-p99", "p99_us"),
    rate("D", "emit", 3.5, 5.0),
    rate("D", "many", 5.0, 8.0),
    rate("D-long", "emit", 2.5, 4.0),
)

COSTS = (
    Figure(
        "memory",
        "peak_mb",
        "x",
        "lower",
        1.05,
        None,
        "A by emit: peak memory at 2,000,000 items as ratio to 100,000 items",
        Experiment(
            engine("throughput", "A-emit", 2_000_000), engine("throughput", "A-emit", 100_000)
        ),
    ),
    Figure(
        "live-jobs",
        "us_per_item",
        "x",
        "lower",
        1.5,
        1.1,
        "10,000 items to live jobs in turn: cost at 10,000 live jobs as ratio to 10",
        Experiment(
            engine("live_jobs", "in_turn", 10_000, 10_000),
            engine("live_jobs", "in_turn", 10_000, 10),
        ),
    ),
    Figure(
        "gate-test",
        "test_ns",
        "ns",
        "lower",
        100.0,
        None,
        "Slot.is_paused() of a running job's slot less an empty loop: the pause check itself",
        alone(engine("gate", "gate", 10_000)),
    ),
    Figure(
        "gate-bound",
        "enqueue_ns",
        "ns",
        "lower",
        None,
        None,
        "enqueue into a job's slot less enqueue into a slot without job: all that a job adds",
        alone(engine("gate", "gate", 10_000)),
    ),
    Figure(
        "length-one",
        "us_per_item",
        "us",
        "lower",
        100.0,
        20.0,
        "A by emit, slots of length 1 (block), one worker: cost an item",
        alone(engine("short_slots", "length_one", 10_000, pool=1)),
    ),
)


def waiter(kind: str, must_us: float | None, aim_us: float) -> Figure:
    """Return the figure of a producer that waits for a kind of consumer."""
    how = f"slot of length 1, consumer {kind}: room (its logic starts) to emit's return, p99"
    experiment = with_default(engine("waiter", kind, 1_000))
    return Figure(f"waiter-{kind}", "p99_us", "us", "lower", must_us, aim_us, how, experiment)


def pause(name: str, workload: str, what: str, must: float | None, aim: float | None) -> Figure:
    """Return the figure of pausing a kind of busy job."""
    how = f"pause(wait=True) on a busy job of 100 slots {what}, p99"
    experiment = with_default(engine("pausing", workload, 300))
    return Figure(name, "p99_us", "us", "lower", must, aim, how, experiment)


def queue_status(
    name: str, workload: str, what: str, must: float | None, aim: float | None
) -> Figure:
    """Return the figure of asking for the state of 1,000 slots beside a kind of logic."""
    how = (
        f"GET /api/jobs/{{id}}/queues/status, 1,000 slots, loopback, beside logic that {what}, p99"
    )
    experiment = with_default(engine("queue_status", workload, 200))
    return Figure(name, "p99_us", "us", "lower", must, aim, how, experiment)


DELAYS = (
    waiter("sleeping", 2_000.0, 100.0),
    waiter("light", 2_000.0, 100.0),
    waiter("burning", None, 10_000.0),
    pause("pause", "short", "whose items go round in loops (short activations)", 10_000.0, 500.0),
    pause("pause-endless", "endless", "fed by 10 endless sources", None, None),
    Figure(
        "newcomer",
        "p99_us",
        "us",
        "lower",
        50_000.0,
        10_000.0,
        "exec to the first item processed, beside 8 jobs with endless sources, p99",
        with_default(engine("newcomer", "newcomer", 200)),
    ),
    queue_status("queue-status", "waiting", "waits as for I/O", 100_000.0, 10_000.0),
    queue_status("queue-status-burning", "burning", "burns processor time", None, None),
)


def debugger(name: str, workload: str, what: str, n: int, must: float, aim: float) -> Figure:
    """Return a figure of the debugger."""
    experiment = with_default(engine("debugging", workload, n))
    return Figure(name, "p99_us", "us", "lower", must, aim, what, experiment)


DEBUGGING = (
    debugger(
        "resume",
        "resume",
        "resume of a busy job of 100 slots, until the first activation starts, p99",
        300,
        10_000.0,
        1_000.0,
    ),
    debugger(
        "breakpoint-hit",
        "hit",
        "hit of a breakpoint in a busy job of 100 slots, until it holds still, p99",
        300,
        10_000.0,
        1_000.0,
    ),
    Figure(
        "condition",
        "p50_us",
        "us",
        "lower",
        50.0,
        15.0,
        "a CEL condition on the delivery path, with the view of the item, p50",
        alone(engine("debugging", "condition", 10_000)),
    ),
    Figure(
        "breakpoints-elsewhere",
        "items_per_s",
        "x",
        "higher",
        0.95,
        None,
        "A by emit with 1,000 breakpoints on another slot: items/s as ratio to none",
        Experiment(engine("debugging", "far", 2_000_000), engine("debugging", "near", 2_000_000)),
    ),
)

WATCHED = (
    Figure(
        "queue-status-50",
        "p99_us",
        "us",
        "lower",
        100_000.0,
        20_000.0,
        "GET /api/jobs/{id}/queues/status, 100 slots, a paused job, 50 readers at once, p99",
        alone(engine("queue_status", "fifty", 2_000)),
    ),
    Figure(
        "event-streams",
        "items_per_s",
        "x",
        "higher",
        0.85,
        0.92,
        "A by emit, 2,000,000 items, 200 readers of its event stream: items/s as ratio to none",
        Experiment(
            engine("event_streams", "many", 2_000_000), engine("event_streams", "nobody", 2_000_000)
        ),
    ),
)


def beside_telemetry(name: str, subject: Spec, must: float, aim: float, what: str) -> Figure:
    """Return a throughput figure beside telemetry, as ratio to the same without."""
    how = f"{what}: items/s as ratio to no telemetry, five times in turn in one process"
    return Figure(name, "ratio", "x", "higher", must, aim, how, alone(subject))


TELEMETRY = (
    beside_telemetry(
        "A-metrics", engine("telemetry", "A-metrics", 1_000_000), 0.95, 0.99,
        "A by emit, 1,000,000 items, metrics collected every second",
    ),
    beside_telemetry(
        "B-metrics", engine("telemetry", "B-metrics", 200_000), 0.95, 0.99,
        "B by emit, 200,000 items, metrics collected every second",
    ),
    beside_telemetry(
        "D-traced", engine("telemetry", "D-traced", 100, 100), 0.90, 0.97,
        "D by emit, 25 times, metrics and 1 of 100 jobs traced",
    ),
    Figure(
        "activation-span", "p50_us", "x", "lower", 1.3, 1.1,
        "an activation's records, span and context, p50, as ratio to a span of the SDK with 5 "
        "attributes and a link",
        Experiment(
            engine("telemetry", "activation-span", 300), engine("telemetry", "sdk-span", 300)
        ),
    ),
    Figure(
        "collection", "p50_us", "us", "lower", 20_000.0, 8_000.0,
        "one collection at 1,000 slots: the walk and every callback, up to the observations, p50",
        alone(engine("telemetry", "collection", 100)),
    ),
    Figure(
        "finished-jobs", "peak_mb", "x", "lower", 1.05, 1.0,
        "peak memory with 10,000 finished jobs, fully watched, as ratio to 100",
        Experiment(
            engine("telemetry", "finished-jobs", 10, 10_000),
            engine("telemetry", "finished-jobs", 10, 100),
        ),
    ),
)  # fmt: skip


def beside_collector(kind: str, what: str) -> Figure:
    """Return a throughput figure beside a collector in trouble, as ratio to one that is well."""
    subject = engine("exporting", f"A-{kind}", 3_000_000)
    how = f"A by emit, 3,000,000 items, metrics and traces, a collector that {what}: items/s as "
    return Figure(
        f"A-{kind}", "items_per_s", "x", "higher", 0.95, 1.0, f"{how}ratio to a healthy one",
        Experiment(subject, replace(subject, workload="A-healthy")),
    )  # fmt: skip


FAULTS = (
    beside_collector("absent", "is not there"),
    beside_collector("silent", "accepts and never answers"),
    beside_collector("503", "answers 503"),
)


def orientation(module: str, workload: str) -> Figure:
    """Return another way of doing a workload, beside the reference: for orientation."""
    slow_is_high = workload == "C"
    return Figure(
        f"{workload}-{module.replace('_', '-')}",
        "p50_us" if slow_is_high else "items_per_s",
        "x",
        "lower" if slow_is_high else "higher",
        None,
        None,
        f"{SIZES[workload][2]}; without Routilux, as ratio to queue.Queue on threads",
        Experiment(
            sized(f"baselines.{module}", workload), sized("baselines.bounded_queue", workload)
        ),
        extra=True,
    )


ORIENTATION = tuple(
    orientation(module, workload)
    for module in ("simple_queue", "event_loop", "parking", "direct_call")
    for workload in SIZES
)

FIGURES: tuple[Figure, ...] = (
    *RATES, *COSTS, *DELAYS, *DEBUGGING, *WATCHED, *TELEMETRY, *FAULTS, *ORIENTATION,
)  # fmt: skip
