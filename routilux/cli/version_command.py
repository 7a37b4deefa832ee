"""``routilux version``."""

from __future__ import annotations

import platform
from importlib.metadata import version
from importlib.util import find_spec

from routilux.cli.errors import DONE
from routilux.cli.output import print_document, print_lines

# What shows that an extra is there.
EXTRAS = {"api": "fastapi", "cli": "typer", "otel": "opentelemetry"}


def show_version(*, as_json: bool) -> int:
    """Print the version, Python's, and which extras are installed. Returns the exit code."""
    installed = [extra for extra, module in EXTRAS.items() if find_spec(module) is not None]
    if as_json:
        facts = {"version": version("routilux"), "python": platform.python_version()}
        print_document({**facts, "extras": installed})
    else:
        extras = ", ".join(installed) or "none"
        print_lines(
            [f"routilux {version('routilux')}, Python {platform.python_version()}, extras {extras}"]
        )
    return DONE
