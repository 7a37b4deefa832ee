"""What Routilux emits beside the observable instruments: histograms, spans, events, attributes.

Together with `routilux.monitoring.instruments` this is the whole registry. The reference page is
made from it, and a test holds what is emitted against it, in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from routilux.monitoring.instruments import BLOCK_REASON as BLOCK_REASON
from routilux.monitoring.instruments import BREAKPOINT_ACTION as BREAKPOINT_ACTION
from routilux.monitoring.instruments import BREAKPOINT_KIND as BREAKPOINT_KIND
from routilux.monitoring.instruments import ERROR_TYPE as ERROR_TYPE
from routilux.monitoring.instruments import FLOW as FLOW
from routilux.monitoring.instruments import JOB as JOB
from routilux.monitoring.instruments import ROUTINE as ROUTINE
from routilux.monitoring.instruments import SLOT as SLOT
from routilux.monitoring.instruments import STATUS as STATUS

Type = Literal["string", "int", "double", "boolean", "string[]", "int[]"]

ACTIVATION = "routilux.activation.id"
ATTEMPT = "routilux.activation.attempt"
OUTCOME = "routilux.activation.outcome"
ITEMS = "routilux.item.count"
ITEM_IDS = "routilux.item.ids"
REASON = "routilux.reason"
IDENTITY = "routilux.identity"
RETRY_ATTEMPT = "routilux.enqueue.attempt"
RETRY_DELAY = "routilux.enqueue.delay"
SIZE = "routilux.slot.queue.unconsumed"
LIMIT = "routilux.slot.queue.limit"
HOLD_REASON = "routilux.hold.reason"
BREAKPOINT = "routilux.breakpoint.id"
BREAKPOINT_HITS = "routilux.breakpoint.hit_count"
BREAKPOINT_PLACE = "routilux.breakpoint.place"
MESSAGE = "routilux.tracepoint.message"
EVENT = "routilux.event.name"
OMITTED = "routilux.event.omitted"
SNAPSHOT_SLOTS = "routilux.snapshot.slots"
SNAPSHOT_SIZES = "routilux.snapshot.sizes"
SNAPSHOT_LIMITS = "routilux.snapshot.limits"
SNAPSHOT_UNCONSUMED = "routilux.snapshot.unconsumed"
SNAPSHOT_HELD = "routilux.snapshot.held"
SNAPSHOT_TOTAL_SLOTS = "routilux.snapshot.total_slots"
SNAPSHOT_TOTAL_UNCONSUMED = "routilux.snapshot.total_unconsumed"
SNAPSHOT_TOTAL_HELD = "routilux.snapshot.total_held"
SNAPSHOT_TRUNCATED = "routilux.snapshot.truncated"
RUNNING = "routilux.activations.running"
STANDING = "routilux.activations.standing"
WARNINGS = "routilux.resume.warnings"
PAUSED_SECONDS = "routilux.job.paused_seconds"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of spans, span events or log records: its name, type and meaning."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A kind of span. Its name is `prefix`, a space, and the id of a flow or routine.

    Attributes:
        may: attributes that are there only sometimes.
    """

    prefix: str
    kind: Literal["INTERNAL", "CONSUMER"]
    meaning: str
    attributes: tuple[str, ...]
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRow:
    """A kind of span event."""

    name: str
    meaning: str
    attributes: tuple[str, ...]
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistogramRow:
    """A histogram; in seconds."""

    name: str
    meaning: str
    attributes: tuple[str, ...]
    unit: str = "s"


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(JOB, "string", "The job. On no metric but the two job counters."),
    Attribute(FLOW, "string", "The flow that the job runs."),
    Attribute(ROUTINE, "string", "The routine; of a slot, that which takes from it."),
    Attribute(SLOT, "string", "The slot."),
    Attribute(STATUS, "string", "Status of the job: running, paused, completed, failed, ..."),
    Attribute(ERROR_TYPE, "string", "Why something failed; only on failures."),
    Attribute(ACTIVATION, "string", "The activation, unique in its job."),
    Attribute(ATTEMPT, "int", "Which attempt it is: 1, and one more for each retry."),
    Attribute(
        OUTCOME,
        "string",
        "How the activation ended: skipped, failed, ...; on no span of one that completed.",
    ),
    Attribute(ITEMS, "int", "How many items."),
    Attribute(ITEM_IDS, "string[]", "The items, by id."),
    Attribute(REASON, "string", "Why, as whoever asked for it has said."),
    Attribute(IDENTITY, "string", "Who asked for it; over HTTP the name of the key."),
    Attribute(
        BLOCK_REASON,
        "string",
        "Why a producer waited or a lane was blocked: full, paused, breakpoint, retry, worker.",
    ),
    Attribute(RETRY_ATTEMPT, "int", "Which wait for room it is, from 1."),
    Attribute(RETRY_DELAY, "double", "Seconds of the wait at most; 0: until there is room."),
    Attribute(SIZE, "int", "Items that wait in the slot."),
    Attribute(LIMIT, "int", "Items that may wait in the slot."),
    Attribute(HOLD_REASON, "string", "Why items are held: paused or breakpoint."),
    Attribute(BREAKPOINT, "string", "The breakpoint; empty for a step."),
    Attribute(BREAKPOINT_KIND, "string", "Where it stops: routine, slot, event, connection, step."),
    Attribute(BREAKPOINT_ACTION, "string", "What it does: pause_job, hold_item, log."),
    Attribute(BREAKPOINT_HITS, "int", "Its hits so far, this one included."),
    Attribute(BREAKPOINT_PLACE, "string", "The slot or event; the routine for its logic."),
    Attribute(MESSAGE, "string", "What a tracepoint says; only where payloads are captured."),
    Attribute(EVENT, "string", "The name of events that were left out."),
    Attribute(OMITTED, "int", "How many of them were left out."),
    Attribute(SNAPSHOT_SLOTS, "string[]", "The fullest slots as routine.slot, at most 50."),
    Attribute(SNAPSHOT_SIZES, "int[]", "Their sizes, consumed items that can be seen included."),
    Attribute(SNAPSHOT_LIMITS, "int[]", "Their limits."),
    Attribute(SNAPSHOT_UNCONSUMED, "int[]", "Items that wait in them."),
    Attribute(SNAPSHOT_HELD, "int[]", "Items held beside them."),
    Attribute(SNAPSHOT_TOTAL_SLOTS, "int", "Slots of the job."),
    Attribute(SNAPSHOT_TOTAL_UNCONSUMED, "int", "Items that wait in all of them."),
    Attribute(SNAPSHOT_TOTAL_HELD, "int", "Items held beside all of them."),
    Attribute(SNAPSHOT_TRUNCATED, "boolean", "Whether there are more slots than are listed."),
    Attribute(RUNNING, "string[]", "Routines whose logic runs."),
    Attribute(STANDING, "string[]", "Routines whose logic stands still."),
    Attribute(WARNINGS, "string[]", "What full slots will do now, a line each."),
    Attribute(PAUSED_SECONDS, "double", "How long the gate was closed."),
)

SNAPSHOT = (
    SNAPSHOT_SLOTS, SNAPSHOT_SIZES, SNAPSHOT_LIMITS, SNAPSHOT_UNCONSUMED, SNAPSHOT_HELD,
    SNAPSHOT_TOTAL_SLOTS, SNAPSHOT_TOTAL_UNCONSUMED, SNAPSHOT_TOTAL_HELD, SNAPSHOT_TRUNCATED,
)  # fmt: skip

SPANS: tuple[SpanRow, ...] = (
    SpanRow(
        "job", "INTERNAL",
        "A job from its start to its end. It ends at a pause; another one, linked to it, begins at "
        "the resume.",
        (JOB, FLOW, STATUS), (ERROR_TYPE,),
    ),
    SpanRow(
        "process", "CONSUMER",
        "One activation of a routine, a child of the job, linked to those that emitted its items.",
        (JOB, FLOW, ROUTINE, ACTIVATION, ITEMS), (ATTEMPT, OUTCOME, ERROR_TYPE),
    ),
    SpanRow(
        "pause", "INTERNAL",
        "The gate of a job was closed, with its slots as they were then. It has no length.",
        (JOB, FLOW, REASON, RUNNING, STANDING, *SNAPSHOT), (IDENTITY,),
    ),
    SpanRow(
        "resume", "INTERNAL",
        "The gate of a job was opened, with what will hurt. Linked to the pause. It has no length.",
        (JOB, FLOW, REASON, RUNNING, STANDING, PAUSED_SECONDS, WARNINGS, *SNAPSHOT), (IDENTITY,),
    ),
)  # fmt: skip

AT_SLOT = (ROUTINE, SLOT, ITEMS, SIZE, LIMIT)

EVENTS: tuple[EventRow, ...] = (
    EventRow(
        "routilux.slot.enqueue.retry", "A producer begins to wait for room.",
        (*AT_SLOT, RETRY_ATTEMPT, RETRY_DELAY),
    ),
    EventRow(
        "routilux.slot.item.refused", "Items will never reach logic.", (*AT_SLOT, ERROR_TYPE),
    ),
    EventRow("routilux.slot.item.held", "Items are held beside a slot.", (*AT_SLOT, HOLD_REASON)),
    EventRow(
        "routilux.breakpoint.hit", "A breakpoint has stopped items.",
        (BREAKPOINT, BREAKPOINT_KIND, BREAKPOINT_ACTION, BREAKPOINT_HITS, BREAKPOINT_PLACE,
         ROUTINE, ITEM_IDS),
    ),
    EventRow(
        "routilux.tracepoint", "A tracepoint has reported.",
        (BREAKPOINT, BREAKPOINT_KIND, BREAKPOINT_HITS, BREAKPOINT_PLACE, ROUTINE, ITEM_IDS),
        (MESSAGE,),
    ),
    EventRow(
        "routilux.events.omitted", "More than 20 events of one name; the rest was counted.",
        (EVENT, OMITTED),
    ),
)  # fmt: skip

RETRY, REFUSED, HELD, HIT, TRACEPOINT, EVENTS_OMITTED = (row.name for row in EVENTS)

DROPPED = "routilux.telemetry.dropped"
DROPPED_UNIT = "{record}"
DROPPED_MEANING = "Spans, log records and points that telemetry has lost since the process began."
SIGNAL = "routilux.telemetry.signal"
LOSS_REASON = "routilux.telemetry.reason"

HISTOGRAMS: tuple[HistogramRow, ...] = (
    HistogramRow(
        "routilux.slot.enqueue.blocked.duration",
        "Time that a producer waited for room in front of a slot.",
        (FLOW, ROUTINE, SLOT, BLOCK_REASON),
    ),
    HistogramRow(
        "routilux.item.wait.duration",
        "From entering a slot to being taken, of the item of each activation that waited longest.",
        (FLOW, ROUTINE),
    ),
    HistogramRow(
        "routilux.activation.duration",
        "Time of an activation, waits for room included.",
        (FLOW, ROUTINE, OUTCOME),
    ),
    HistogramRow(
        "routilux.job.duration",
        "From the start of a job to its end, pauses included.",
        (FLOW, STATUS),
    ),
    HistogramRow(
        "routilux.job.pause.duration",
        "How long a job's gate was closed; the status is that which the pause ended with.",
        (FLOW, STATUS),
    ),
)

BLOCKED_DURATION, WAIT_DURATION, ACTIVATION_DURATION, JOB_DURATION, PAUSE_DURATION = (
    row.name for row in HISTOGRAMS
)
