"""Sending one thing at a time, with a pause between, for workloads that measure latency."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Two milliseconds between items: each finds the stages idle, as a slow stream of requests does.
INTERVAL_S = 0.002
# First calls fill caches and start threads; they are sent, and left out of the samples.
WARM_UP = 20


def paced(n: int, send: Callable[[], object]) -> None:
    """Call ``send`` ``n`` times after the warm-up, two milliseconds apart; blocks meanwhile."""
    for _ in range(n + WARM_UP):
        send()
        time.sleep(INTERVAL_S)
