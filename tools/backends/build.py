"""Building what is missing, once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.backends.places import built
from tools.backends.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.backends.recipes import Recipe


def missing(recipes: Sequence[Recipe] = RECIPES) -> list[str]:
    """The names of what is not built, or not as the files now say."""
    return [recipe.name for recipe in recipes if not recipe.is_built]


def build(recipe: Recipe) -> None:
    """Build one back end. Its folder appears when all is in it, and older ones of it go.

    Raises:
        BuildError: it cannot be built.
    """
    home = built()
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=home) as name:
        work = Path(name)
        (work / "bin").mkdir()
        recipe.build(work)
        _move(work / "bin", recipe)
    for old in home.glob(f"{recipe.name}-*"):
        if old != recipe.folder:
            shutil.rmtree(old)


def _move(programs: Path, recipe: Recipe) -> None:
    """Put the programs where they belong; what is half there from before is replaced."""
    if recipe.folder.exists():
        shutil.rmtree(recipe.folder)
    recipe.folder.mkdir()
    programs.rename(recipe.folder / "bin")
