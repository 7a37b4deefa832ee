"""Run one measurement in a fresh interpreter and read its line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.child import Reading
    from benchmarks.model import Spec

ROOT = Path(__file__).resolve().parent.parent
# Far above the longest workload; what takes longer hangs, and is an error of that figure.
TIMEOUT_S = 300.0


class MeasurementError(Exception):
    """A measurement ended without a reading; the text says why."""


def measure(spec: Spec, timeout_s: float = TIMEOUT_S) -> Reading:
    """Run ``spec`` in a fresh process and return its reading; blocks until it has ended.

    Raises MeasurementError when the process fails, hangs, or prints no reading.
    """
    command = [sys.executable, *spec.arguments()]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"no answer within {timeout_s:g} s") from error
    return _parse(done)


def _parse(done: subprocess.CompletedProcess[str]) -> Reading:
    lines = done.stdout.strip().splitlines()
    try:
        reading = json.loads(lines[-1]) if lines else None
    except ValueError:
        reading = None
    if isinstance(reading, dict) and "error" in reading:
        raise MeasurementError(str(reading["error"]))
    if done.returncode != 0 or not isinstance(reading, dict):
        complaint = done.stderr.strip().splitlines() or ["it printed nothing"]
        raise MeasurementError(f"exit code {done.returncode}: {complaint[-1]}")
    return reading
