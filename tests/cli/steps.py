"""Routines that the flow files of these tests name."""

from __future__ import annotations

import sys
from typing import Any

from routilux import Routine
from routilux.activation import checkpoint

HERE = __name__


class Numbers(Routine):
    """Emits the numbers below ``count``."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("number")

    def logic(self) -> None:
        for value in range(self.get_config("count", 3)):
            self.emit("number", value=value)


class Picky(Routine):
    """Takes numbers; what is divisible by three is a dead letter."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("numbers")

    def logic(self, numbers: list[dict[str, Any]]) -> None:
        for number in numbers:
            if number["value"] % 3 == 0:
                self.fail(number, ValueError(f"{number['value']} is divisible\nby three"))


class Breaks(Routine):
    """Takes numbers and raises."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("numbers")

    def logic(self, numbers: list[dict[str, Any]]) -> None:
        raise RuntimeError("out of order")


class Endless(Routine):
    """Says that it has begun, and never ends by itself."""

    def logic(self) -> None:
        sys.stderr.write("begun\n")
        sys.stderr.flush()
        while True:
            checkpoint()
