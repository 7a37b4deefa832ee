"""Where the program ``routilux`` begins."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_missing = ""
try:
    from routilux.cli.app import run_app
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] == "routilux":
        raise  # not an extra that is missing, but something of our own
    _missing = error.name

USAGE = 2  # as `routilux.cli.errors`, which may be out of reach here


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after ``routilux``; None means those of this process.

    Returns:
        The exit code, see `routilux.cli.errors`.
    """
    if _missing:
        what = f"the command line needs the package '{_missing}'"
        print(f"routilux: error: {what}: run pip install 'routilux[cli]'", file=sys.stderr)
        return USAGE
    return run_app(arguments)


if __name__ == "__main__":
    sys.exit(main())
