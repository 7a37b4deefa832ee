"""The configuration files, read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "collector"
VARIABLE = re.compile(r"\$\{env:(\w+)(?::-([^}]*))?\}")


def text(name: str) -> str:
    """A file of the folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def read(name: str) -> Any:
    """A YAML file of the folder."""
    return yaml.safe_load(text(name))


def variables(name: str) -> dict[str, set[str]]:
    """The variables that a collector's configuration reads, each with its defaults."""
    found: dict[str, set[str]] = {}
    for variable, default in VARIABLE.findall(text(name)):
        found.setdefault(variable, set()).add(default)
    return found


def resolved(name: str) -> Any:
    """A collector's configuration with the defaults of all variables."""
    return yaml.safe_load(VARIABLE.sub(lambda found: found[2] or "", text(name)))
