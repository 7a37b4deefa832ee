"""What an import costs: no optional package for the engine, and little time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.imports import find_sources
from tools.layers import LAYERS, find_layer

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = [
    "cel_expr_python",
    "fastapi",
    "opentelemetry",
    "pydantic",
    "rich",
    "starlette",
    "typer",
    "uvicorn",
    "yaml",
]
PUBLIC_NAMES = next(index for index, layer in enumerate(LAYERS) if layer.name == "public names")

# Imports every module named on the command line while the optional packages cannot be found,
# and prints what else than the standard library got loaded.
IMPORT_WITHOUT = """
import importlib, json, sys

class Impossible:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in OPTIONAL:
            raise ModuleNotFoundError(f"{name} is made impossible to import", name=name)

OPTIONAL = set(json.loads(sys.argv[1]))
sys.meta_path.insert(0, Impossible())
before = set(sys.modules)
for module in json.loads(sys.argv[2]):
    importlib.import_module(module)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(tops - set(sys.stdlib_module_names))))
"""


def bare_environment() -> dict[str, str]:
    """Return the environment without what changes how children run: coverage, byte code, paths."""
    kept = os.environ.items()
    return {name: value for name, value in kept if not name.startswith(("COV", "PYTHON"))}


def engine_modules() -> list[str]:
    """Return every module from the basics to the public names that needs no third-party package."""
    chosen = []
    for module in find_sources(ROOT, ["routilux"]):
        index = find_layer(module)
        if index is not None and index <= PUBLIC_NAMES and not LAYERS[index].third_party:
            chosen.append(module)
    return chosen


def run(code: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, with `settings` in its environment."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**bare_environment(), **settings},
    )


def test_the_engine_imports_where_no_optional_package_can_be():
    modules = engine_modules()
    assert {"routilux", "routilux.slot", "routilux.runtime", "routilux.testing"} <= set(modules)
    done = run(IMPORT_WITHOUT, json.dumps(OPTIONAL), json.dumps(modules))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["routilux"]


def test_the_finder_of_this_test_does_make_an_import_impossible():
    done = run(IMPORT_WITHOUT, json.dumps(OPTIONAL), json.dumps(["routilux.flowfile"]))
    assert done.returncode != 0
    assert "yaml is made impossible to import" in done.stderr


def test_importing_routilux_adds_less_than_100_ms(tmp_path):
    def seconds(code: str) -> float:
        started = time.perf_counter()
        assert run(code, PYTHONPYCACHEPREFIX=str(tmp_path)).returncode == 0
        return time.perf_counter() - started

    seconds("import routilux")  # the first one writes the byte code, as an installation does
    # The least of each: what else the machine does only ever adds to them.
    bare = loaded = added = float("inf")
    for turn in range(40):
        bare, loaded = min(bare, seconds("pass")), min(loaded, seconds("import routilux"))
        added = loaded - bare
        if turn >= 8 and added < 0.1:
            break
    assert added < 0.1, f"import routilux adds {added * 1000:.0f} ms to a bare interpreter"


@pytest.mark.parametrize("package", ["routilux", "routilux_otel"])
def test_a_package_says_that_it_is_typed(package):
    assert (ROOT / package / "py.typed").read_bytes() == b""
