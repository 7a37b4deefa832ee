"""Runs the hostile corpus in a process of its own; prints one line of JSON for each condition.

A condition that kills the process is the one after the last line.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from routilux.conditions import Condition, ConditionError, ItemView, compile_condition
from tests.conditions.hostile_conditions import CEL_CONDITIONS
from tests.conditions.hostile_items import sized_items
from tests.conditions.hostile_predicates import PREDICATES

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 0.1  # seconds
TRIES = 5  # the best counts: other processes use this machine, too


def allowed() -> float:
    """How long one may take, in seconds; a tracer (coverage) makes all of Python slower."""
    return LIMIT if sys.gettrace() is None else 20 * LIMIT


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest time of up to `TRIES` calls, in seconds, and what the last one returned."""
    best = float("inf")
    for _ in range(TRIES):
        started = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - started)
        if best < allowed():
            break
    return best, result


def compiled(source: Any) -> Condition | ConditionError | None:
    """The condition, or why there is none."""
    try:
        return compile_condition(source)
    except ConditionError as error:
        return error


class Seen:
    """An item that was looked at once, and how long that took."""

    def __init__(self, item: Any) -> None:
        self.seconds, self.view = timed(lambda: self._look(item))

    def _look(self, item: Any) -> ItemView:
        view = ItemView(item, {})
        view.value("data")
        return view


def run(source: Any, items: dict[str, Seen]) -> dict[str, Any]:
    """Compile one condition and ask it about each item; looking at the item counts, too."""
    seconds, condition = timed(lambda: compiled(source))
    report: dict[str, Any] = {"compile": seconds, "matches": {}}
    if isinstance(condition, ConditionError):
        return report | {"refused": condition.message}
    if condition is not None:
        for name, item in items.items():
            seconds, verdict = timed(lambda it=item: condition.matches(it.view))
            report["matches"][name] = (item.seconds + seconds, verdict.matched, verdict.error)
    return report


def main() -> None:
    """Run all of them."""
    items = {name: Seen(item) for name, item in sized_items().items()}
    gc.freeze()  # what is collected is not what is measured
    for source in [*CEL_CONDITIONS, *PREDICATES]:
        sys.stdout.write(json.dumps(run(source, items)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
