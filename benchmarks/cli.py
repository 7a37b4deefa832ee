"""The command line: ``python -m benchmarks [--list] [--only NAME ...] [--quick] ...``.

Exit code 0 when every figure was measured, also if one misses what it must reach (the table says
so); with ``--strict`` a miss is 1 as well.  1 when a figure could not be measured, 2 for wrong
arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.driver import run_figures
from benchmarks.figures import FIGURES
from benchmarks.table import document, listing, report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.model import Figure, Outcome

ROUNDS = 5  # the median of fewer pairs still moves with the machine
QUICK_ROUNDS = 2
RESULTS = Path(__file__).resolve().parent / "results"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    result = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = result.add_argument
    add("--list", action="store_true", help="name the figures and how they are measured")
    add("--only", action="append", default=[], metavar="NAME", help="only these (* and ? match)")
    add("--all", action="store_true", help="also the ways without Routilux, for orientation")
    add("--rounds", type=int, default=ROUNDS, help=f"rounds of each figure ({ROUNDS})")
    add("--quick", action="store_true", help=f"only {QUICK_ROUNDS} rounds")
    add("--scale", type=float, default=1.0, help="all sizes times this: to try, not to quote")
    add("--json", type=Path, metavar="PATH", help="where the JSON goes (benchmarks/results/)")
    add("--strict", action="store_true", help="exit with 1 when a figure misses")
    return result


def choose(names: Sequence[str], everything: bool) -> list[Figure]:
    """Return the figures that are asked for; raises ValueError for a name that none has."""
    if not names:
        return [figure for figure in FIGURES if everything or not figure.extra]
    for name in names:
        if not any(fnmatchcase(figure.name, name) for figure in FIGURES):
            raise ValueError(f"no figure is named {name!r}: see python -m benchmarks --list")
    return [figure for figure in FIGURES if any(fnmatchcase(figure.name, name) for name in names)]


def exit_code(outcomes: Sequence[Outcome], strict: bool) -> int:
    """Return the exit code of a run."""
    bad = {"error", "miss"} if strict else {"error"}
    return int(any(outcome.verdict in bad for outcome in outcomes))


def write(path: Path, data: object) -> None:
    """Write the run as JSON, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")


def main(argv: Sequence[str]) -> int:
    """Measure what the arguments ask for and print the table; returns the exit code."""
    command = parser()
    arguments = command.parse_args(argv)
    try:
        figures = choose(arguments.only, arguments.all)
    except ValueError as error:
        command.error(str(error))
    if arguments.list:
        print(listing(figures if arguments.only else FIGURES))
        return 0
    rounds = QUICK_ROUNDS if arguments.quick else arguments.rounds
    if rounds < 1 or arguments.scale <= 0:
        command.error("--rounds must be at least 1 and --scale above 0")
    now = datetime.now(UTC)
    outcomes = run_figures(figures, rounds, arguments.scale, progress)
    path = arguments.json or RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    write(path, document(outcomes, now, rounds, arguments.scale))
    print(report(outcomes))
    print(f"{rounds} rounds, Python {sys.version.split()[0]}, {os.cpu_count()} CPUs; {path}")
    return exit_code(outcomes, arguments.strict)


def progress(text: str) -> None:
    """Say what is being measured, apart from the table."""
    print(text, file=sys.stderr, flush=True)
