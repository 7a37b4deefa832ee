"""The checker of import layers: the tree as it stands, and trees with one fault each."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.check_layers import check, main
from tools.layers import LAYERS, find_layer

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that writes modules (dotted name -> text) and checks them."""

    def write(modules: dict[str, str]) -> list[str]:
        for package in ("routilux", "routilux_otel"):
            (tmp_path / package).mkdir()
        for module, text in modules.items():
            path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(tmp_path)

    return write


def test_this_project_keeps_its_layers():
    assert check(ROOT) == []


def test_no_entry_stands_in_two_layers():
    entries = [entry for layer in LAYERS for entry in layer.modules]
    assert sorted(set(entries)) == sorted(entries)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("routilux", "public names"),
        ("routilux.errors", "basics"),
        ("routilux.flow", "flows"),
        ("routilux.flow.builder", "flows"),
        ("routilux.flow.job_state_management", "engine"),
        ("routilux.engine.pool", "engine"),
        ("routilux_otel.gauges", "telemetry"),
        ("routilux.cli.main", "programs"),
    ],
)
def test_the_longest_entry_decides(module, name):
    index = find_layer(module)
    assert index is not None
    assert LAYERS[index].name == name


def test_a_module_that_nothing_names_is_in_no_layer(tree):
    assert find_layer("routilux.unheard_of") is None
    assert tree({"routilux.unheard_of": ""}) == [
        "routilux/unheard_of.py: routilux.unheard_of is in no layer: name it in tools/layers.py"
    ]


def test_imports_that_point_left_are_fine(tree):
    assert not tree(
        {
            "routilux.errors": "import threading\n",
            "routilux.slot": "from routilux.errors import SlotQueueFullError\n",
            "routilux.engine.pool": "from routilux import slot\nfrom . import timer\n",
            "routilux.engine.timer": "import heapq\n",
            "routilux_otel.gauges": "import routilux.slot\nfrom opentelemetry import metrics\n",
            "routilux.cli.main": "import typer\nfrom ..engine.pool import Pool\n",
        }
    )


@pytest.mark.parametrize(
    "line",
    [
        "import routilux.engine.pool",
        "from routilux.engine import pool",
        "from routilux.engine.pool import Pool",
        "from .engine import pool",
        "from .engine.pool import Pool",
        "pool = importlib.import_module('routilux.engine.pool')",
        "__import__('routilux.engine.pool')",
    ],
)
def test_an_import_to_the_right_is_named_with_its_line(tree, line):
    faults = tree({"routilux.engine.pool": "", "routilux.slot": f"import os\n\n{line}\n"})
    assert faults == [
        "routilux/slot.py:3 imports routilux.engine.pool (engine), "
        "which is to the right of routilux.slot (slots and events)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    import routilux.runtime\n",
        "class A:\n    import routilux.runtime\n",
        "try:\n    import routilux.runtime\nexcept ImportError:\n    pass\n",
        "try:\n    pass\nexcept ImportError:\n    import routilux.runtime\n",
        "match 1:\n    case 1:\n        import routilux.runtime\n",
        "with a:\n    import routilux.runtime\n",
    ],
)
def test_an_import_inside_a_block_counts(tree, text):
    faults = tree({"routilux.runtime": "", "routilux.slot": text})
    assert len(faults) == 1
    assert "imports routilux.runtime (engine)" in faults[0]


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_only_annotations_need_is_left_out(tree, test):
    text = f"if {test}:\n    import routilux.runtime\n    import fastapi\n"
    assert not tree({"routilux.runtime": "", "routilux.slot": text})


def test_the_other_branch_of_type_checking_counts(tree):
    text = "if TYPE_CHECKING:\n    import os\nelse:\n    import routilux.runtime\n"
    faults = tree({"routilux.runtime": "", "routilux.slot": text})
    assert [fault.split(" ")[0] for fault in faults] == ["routilux/slot.py:4"]


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("routilux.slot", "yaml"),
        ("routilux.flow.builder", "yaml"),
        ("routilux.engine.pool", "opentelemetry.trace"),
        ("routilux.testing.clock", "hypothesis"),
        ("routilux.flowfile", "rich"),
        ("routilux_otel.gauges", "fastapi"),
        ("routilux.api.main", "opentelemetry"),
    ],
)
def test_a_package_that_the_layer_may_not_use_is_named(tree, module, package):
    faults = tree({module: f"import {package}\n"})
    assert len(faults) == 1
    assert f":1 imports {package}; the layer " in faults[0]


def test_flow_files_may_use_yaml(tree):
    assert not tree({"routilux.flowfile": "import yaml\n"})


def test_a_circle_within_one_layer_is_shown_in_the_order_of_its_imports(tree):
    faults = tree(
        {
            "routilux.engine.a": "from routilux.engine import b\n",
            "routilux.engine.b": "def f():\n    from routilux.engine.c import x\n",
            "routilux.engine.c": "import routilux.engine.a\n",
        }
    )
    assert len(faults) == 1
    circle = faults[0].removeprefix("a circle of imports: ").split(" imports ")
    following = {"a": "b", "b": "c", "c": "a"}
    names = [module[-1] for module in circle]
    assert len(names) == 4
    assert all(following[name] == after for name, after in pairwise(names))


def test_a_package_that_imports_from_its_own_init_is_a_circle(tree):
    faults = tree(
        {
            "routilux.flow.__init__": "from routilux.flow.flow import Flow\n",
            "routilux.flow.flow": "from routilux.flow import Flow\n",
        }
    )
    assert [fault.partition(":")[0] for fault in faults] == ["a circle of imports"]


def test_the_command_prints_the_faults_and_exits_with_one(tree, tmp_path, capsys):
    tree({"routilux.slot": "import yaml\n"})
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("routilux/slot.py:1 imports yaml")


def test_the_command_says_nothing_when_all_is_well(tree, tmp_path, capsys):
    tree({"routilux.slot": "import os\n"})
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_a_missing_package_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no package routilux in"):
        check(tmp_path)
