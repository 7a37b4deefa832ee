"""Write the OpenAPI document of the HTTP face: ``python -m tools.openapi``."""

from __future__ import annotations

import json
from pathlib import Path

from routilux.api.main import create_app

PATH = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def render() -> str:
    """The document as the repository has it."""
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write it."""
    PATH.write_text(render(), encoding="utf-8")
    print(f"Wrote docs/{PATH.name}")


if __name__ == "__main__":
    main()
