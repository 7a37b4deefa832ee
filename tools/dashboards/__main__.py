"""Write what `dashboards/` holds: ``python -m tools.dashboards``."""

from __future__ import annotations

from tools.dashboards.rendering import FOLDER, render


def main() -> None:
    """Write it."""
    for name, text in render().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Wrote dashboards/{name}")


if __name__ == "__main__":
    main()
