"""Where things are: the configuration files, and the folder of what was built."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTOR = ROOT / "collector"
RULES = ROOT / "dashboards" / "rules"
VARIABLE = "ROUTILUX_BACKENDS"


def built() -> Path:
    """The folder of the built programs: `.backends`, or what ``ROUTILUX_BACKENDS`` names."""
    return Path(os.environ.get(VARIABLE, "").strip() or ROOT / ".backends").absolute()
