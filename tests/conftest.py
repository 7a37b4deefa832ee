"""Settings for the whole suite: how often threads switch, and how Hypothesis searches."""

from __future__ import annotations

import _thread
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

# A busy machine is no failure: deadline=None, and slow data generation is no failure either.
# A failing example is printed as a blob, so that it can be run again anywhere.
_RELAXED = settings(
    deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.register_profile("ci", _RELAXED, max_examples=100)
settings.register_profile("quick", _RELAXED, max_examples=20)
settings.register_profile("thorough", _RELAXED, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--switch-interval SECONDS` and `--without PACKAGE`."""
    parser.addoption(
        "--switch-interval",
        type=float,
        default=None,
        metavar="SECONDS",
        help="how long a thread runs before another may take over (1e-6 makes races likely)",
    )
    parser.addoption(
        "--without",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="a package that cannot be imported in this run, as if it were not installed",
    )


class _NotInstalled:
    """Makes packages impossible to import."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = frozenset(packages)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"{name} is not installed in this run", name=name)


def pytest_configure(config: pytest.Config) -> None:
    """Hide the packages that this run does without, and make sure that they are hidden."""
    hidden = config.getoption("--without")
    if hidden:
        sys.meta_path.insert(0, _NotInstalled(hidden))  # type: ignore[arg-type]
    there = {name for name in sys.modules if name.partition(".")[0] in hidden}
    if there:
        raise RuntimeError(f"--without: imported already: {', '.join(sorted(there))}")


def pytest_report_header(config: pytest.Config) -> str:
    """Say how often threads switch, and what it takes to repeat the run."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci")
    chosen = config.getoption("--switch-interval") or sys.getswitchinterval()
    return f"switch interval: {chosen:g} s, hypothesis profile: {profile}"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let threads switch as often as asked for."""
    chosen = session.config.getoption("--switch-interval")
    if chosen is not None:
        sys.setswitchinterval(chosen)


def _measured(start: Any) -> Any:
    """Let coverage see the workers too: it follows only threads that `threading` starts."""

    def start_new_thread(function: Any, args: Any, *rest: Any) -> int:
        def run(*arguments: Any, **named: Any) -> None:
            sys.settrace(threading.gettrace())
            function(*arguments, **named)

        thread: int = start(run, args, *rest)
        return thread

    return start_new_thread


if threading.gettrace() is not None:
    _thread.start_new_thread = _measured(_thread.start_new_thread)
