"""Where the time of a flow's routines goes, and which of them holds the flow up, in words.

The same order of questions as in `routilux.engine.bottleneck`, asked of a flow's figures instead of
one job's state. What it needs is rates, so it speaks of the last minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.monitoring.instruments import FLOW, ROUTINE, STATUS
from routilux_otel.registry import BLOCK_REASON
from tools.dashboards import limits
from tools.dashboards.promql import equal, labels, level, rate, total, worst
from tools.dashboards.registry import label_name
from tools.dashboards.scope import ONE_FLOW, ONE_FLOWS_ROUTINE

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY = "routilux.routine.busy.time"
_BLOCKED = "routilux.routine.blocked.time"
_JOBS = total(level("routilux.job.count", *ONE_FLOW), FLOW)

# Why a routine with work does not run, where the cause is not another routine.
_OTHER_CAUSES = {
    "breakpoint": "a breakpoint holds its items",
    "retry": "it waits to run again after an error",
    "worker": "no worker is free for it",
}


def busy() -> str:
    """Seconds that each routine runs, in a second."""
    return total(rate(_BUSY, *ONE_FLOWS_ROUTINE), FLOW, ROUTINE)


def blocked(*by: str) -> str:
    """Seconds that each routine has work but waits, in a second; 0 for one that never had to."""
    waited = total(rate(_BLOCKED, *ONE_FLOWS_ROUTINE), FLOW, ROUTINE, *by)
    never = f"0 * {busy()}"
    return waited if by else f"({waited} or {never})"


def share(seconds: str) -> str:
    """Seconds in a second as a share of the time of the flow's live jobs."""
    return f"{seconds} / on {labels([FLOW])} group_left () {_JOBS}"


def idle() -> str:
    """The rest of the time, as a share."""
    return f"clamp_min(1 - {share(f'({busy()} + {blocked()})')}, 0)"


def _said(expression: str, sentence: str) -> str:
    """Put a sentence about the routine on each value, as the label `verdict`; $1 is its id."""
    return f'label_replace({expression}, "verdict", "{sentence}", "{label_name(ROUTINE)}", "(.*)")'


def _held_up(reason: str) -> str:
    """The routines that wait for this reason for a good part of their time."""
    seconds = total(rate(_BLOCKED, *ONE_FLOW, equal(BLOCK_REASON, reason)), FLOW, ROUTINE)
    return f"{share(seconds)} > {limits.HELD_UP_SHARE}"


def _verdicts() -> Iterator[str]:
    fullness = worst(level("routilux.slot.queue.utilization", *ONE_FLOW), ROUTINE)
    waits = f"({_held_up('full')})"
    paused = total(level("routilux.job.count", *ONE_FLOW, equal(STATUS, "paused")))
    running = total(level("routilux.job.count", *ONE_FLOW, equal(STATUS, "running")))
    yield _said(
        f"(({paused} > 0) unless on() ({running} > 0))",
        "Every live job is paused: nothing moves before it is resumed",
    )
    yield _said(
        f"topk(1, ({fullness} unless on {labels([ROUTINE])} {waits}) and on() {waits})",
        "$1 is the bottleneck: others wait for room in front of it",
    )
    yield _said(
        f"topk(1, {fullness} > {limits.NEARLY_FULL})",
        "$1 is the bottleneck: it is nearly full, though nobody has to wait yet",
    )
    for reason, words in _OTHER_CAUSES.items():
        yield _said(f"topk(1, {_held_up(reason)})", f"$1 has work but waits: {words}")
    yield _said("vector(0)", "No routine holds the flow up")


BOTTLENECK = " or on() ".join(_verdicts())
