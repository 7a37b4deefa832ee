"""``python -m tools.backends``: build the back ends that are missing; ``--check``: only look."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tools.backends.build import build, missing
from tools.backends.go import BuildError
from tools.backends.places import built
from tools.backends.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.backends.recipes import Recipe

MEGABYTE = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when all back ends are there at the end."""
    if "--check" in arguments:
        return _check()
    for recipe in RECIPES:
        if not recipe.is_built:
            try:
                _build(recipe)
            except BuildError as error:
                print(f"{recipe.name} {recipe.version}: {error}", file=sys.stderr)
                return 1
        for name in recipe.programs:
            path = recipe.program(name)
            print(f"   {path} ({path.stat().st_size / MEGABYTE:.0f} MB)")
    return 0


def _check() -> int:
    absent = missing()
    if absent:
        print(
            f"Not built, or not as they are now: {', '.join(absent)}. "
            f"`make backends` builds them into {built()}, once.",
            file=sys.stderr,
        )
    return 1 if absent else 0


def _build(recipe: Recipe) -> None:
    print(f"== backends: {recipe.name} {recipe.version}, which takes minutes", flush=True)
    begun = time.monotonic()
    build(recipe)
    print(f"   built in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
