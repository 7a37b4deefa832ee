"""The dashboards as the repository has them."""

from __future__ import annotations

import json
from typing import Any

from tools.dashboards.rendering import FOLDER

DOCUMENTS: dict[str, dict[str, Any]] = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
}
