"""What the dashboard of a flow says in words, worked out by Prometheus from made-up figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.stack.test_alert_rules import promtool
from tools.dashboards.bottleneck import BOTTLENECK, blocked, busy, idle, share
from tools.dashboards.queries import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FLOW = 'routilux_flow_id="f"'
JOBS = 2
FOR_ROOM = "others wait for room in front of it"
NEARLY_FULL = "it is nearly full, though nobody has to wait yet"


@dataclass(frozen=True)
class Figures:
    """A flow with two live jobs.

    Attributes:
        full: how full the fullest slot of each routine is.
        blocked: by routine and reason, seconds in a minute.
        busy: by routine, seconds in a minute.
        status: of its jobs; of the other one there are none.
    """

    full: Mapping[str, float]
    blocked: Mapping[tuple[str, str], int] = field(default_factory=dict)
    busy: Mapping[str, int] = field(default_factory=dict)
    status: str = "running"

    def series(self) -> list[dict[str, str]]:
        """As promtool's tests want them."""
        found = {
            f'routilux_job_count{{{FLOW}, routilux_job_status="{each}"}}': (
                f"{JOBS if each == self.status else 0}x20"
            )
            for each in ("running", "paused")
        }
        for routine, share_of_limit in self.full.items():
            name = "routilux_slot_queue_utilization_ratio"
            found[f"{name}{{{_of(routine)}}}"] = f"{share_of_limit}x20"
        for (routine, reason), seconds in self.blocked.items():
            name = "routilux_routine_blocked_time_seconds_total"
            labels = f'{_of(routine)}, routilux_block_reason="{reason}"'
            found[f"{name}{{{labels}}}"] = f"0+{seconds}x20"
        for routine, seconds in self.busy.items():
            name = "routilux_routine_busy_time_seconds_total"
            found[f"{name}{{{_of(routine)}}}"] = f"0+{seconds}x20"
        return [{"series": name, "values": values} for name, values in found.items()]


def _of(routine: str) -> str:
    return f'{FLOW}, routilux_routine_id="{routine}"'


def ask(folder: Path, figures: Figures, expression: str, samples: list[dict[str, Any]]) -> str:
    """Have an expression worked out at minute 15; what is not as expected, or nothing."""
    filled = Asked("", expression).filled({"flow": "f", "routine": ".*", "slot": ".*"})
    test = {"expr": filled, "eval_time": "15m", "exp_samples": samples}
    file = folder / "test.yaml"
    tests = [{"interval": "1m", "input_series": figures.series(), "promql_expr_test": [test]}]
    text = yaml.safe_dump({"tests": tests, "fuzzy_compare": True})  # thirds and the like
    file.write_text(text, encoding="utf-8")
    done = promtool("test", "rules", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr


QUIET = {"walk": 0.1, "parse": 0.2, "count": 0.3}
CASES = {
    "a producer waits": (
        Figures({"walk": 0, "parse": 1, "count": 0.2}, {("walk", "full"): 100}),
        "parse",
        f"parse is the bottleneck: {FOR_ROOM}",
        1,
    ),
    "two wait, one for the other": (
        Figures(
            {"walk": 0, "read": 1, "parse": 0.99, "count": 0.2},
            {("walk", "full"): 100, ("read", "full"): 90},
        ),
        "parse",
        f"parse is the bottleneck: {FOR_ROOM}",
        0.99,
    ),
    "nobody waits yet": (
        Figures({"walk": 0, "parse": 0.95, "count": 0.2}, {("walk", "full"): 3}),
        "parse",
        f"parse is the bottleneck: {NEARLY_FULL}",
        0.95,
    ),
    "no worker": (
        Figures(QUIET, {("count", "worker"): 60, ("walk", "worker"): 30}),
        "count",
        "count has work but waits: no worker is free for it",
        0.5,
    ),
    "an error comes back": (
        Figures(QUIET, {("count", "retry"): 60, ("walk", "worker"): 90}),
        "count",
        "count has work but waits: it waits to run again after an error",
        0.5,
    ),
    "a breakpoint": (
        Figures(QUIET, {("count", "breakpoint"): 120, ("walk", "full"): 0}),
        "count",
        "count has work but waits: a breakpoint holds its items",
        1,
    ),
    "nothing": (Figures(QUIET, {("walk", "full"): 2}), None, "No routine holds the flow up", 0),
    "paused": (
        Figures({"parse": 1}, {("walk", "paused"): 120}, status="paused"),
        None,
        "Every live job is paused: nothing moves before it is resumed",
        2,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bottleneck_is_named(case: str, tmp_path: Path) -> None:
    figures, routine, words, value = CASES[case]
    about = f'routilux_routine_id="{routine}", ' if routine else ""
    by_flow = f"{FLOW}, " if case in {"no worker", "an error comes back", "a breakpoint"} else ""
    labels = f'{{{by_flow}{about}verdict="{words}"}}'
    assert ask(tmp_path, figures, BOTTLENECK, [{"labels": labels, "value": value}]) == ""


def test_another_sentence_would_be_noticed(tmp_path: Path) -> None:
    figures, _, words, value = CASES["nothing"]
    labels = f'{{verdict="{words}!"}}'
    assert words in ask(tmp_path, figures, BOTTLENECK, [{"labels": labels, "value": value}])


SPLIT = Figures(
    QUIET,
    {("parse", "full"): 24, ("parse", "worker"): 6},
    busy={"walk": 12, "parse": 60, "count": 0},
)


@pytest.mark.parametrize(
    ("expression", "shares"),
    [
        (share(busy()), {"walk": 0.1, "parse": 0.5, "count": 0}),
        # Of a routine that never had to wait there is no series.
        (share(blocked()), {"walk": 0, "parse": 0.25, "count": 0}),
        (idle(), {"walk": 0.9, "parse": 0.25, "count": 1}),
    ],
    ids=["busy", "blocked", "idle"],
)
def test_busy_blocked_and_idle_are_the_whole_time(
    expression: str, shares: Mapping[str, float], tmp_path: Path
) -> None:
    samples = [{"labels": f"{{{_of(name)}}}", "value": each} for name, each in shares.items()]
    assert ask(tmp_path, SPLIT, f"round({expression}, 0.0001)", samples) == ""
