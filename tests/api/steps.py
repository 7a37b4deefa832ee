"""Routines of the flows that a real server process serves."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from routilux import Routine
from routilux.activation_policies import batch_size_policy

HERE = __name__
PAUSE_S = 0.001  # per item, as a call over a network would take


class Numbers(Routine):
    """Emits the numbers below ``count``."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger")
        self.define_event("number")

    def logic(self, trigger: list[dict[str, Any]]) -> None:
        self.emit_many("number", [{"value": value} for value in range(trigger[0]["count"])])


class Adder(Routine):
    """Adds numbers up, ten in an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("numbers")
        self.set_activation_policy(batch_size_policy(10))

    def logic(self, numbers: list[dict[str, Any]]) -> None:
        for number in numbers:
            threading.Event().wait(PAUSE_S)
            self.state["sum"] = self.state.get("sum", 0) + number["value"]
            self.state["count"] = self.state.get("count", 0) + 1


class Gated(Routine):
    """Runs until somebody writes to a named pipe."""

    def logic(self) -> None:
        Path(self.get_config("pipe")).read_bytes()
