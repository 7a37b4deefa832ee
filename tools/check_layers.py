"""Checks that imports point left, form no circle, and stay within what a layer may use.

`python -m tools.check_layers [ROOT]` prints one line for each fault and exits with 1 if there is
one. The table is in `tools/layers.py`.
"""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from tools.imports import Import, SourceFile, find_sources, read_imports
from tools.layers import LAYERS, find_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKAGES = ("routilux", "routilux_otel")
_Graph = dict[str, list[Import]]


def check(root: Path) -> list[str]:
    """Return the faults of the packages in `root`, one line each; none means that all is well.

    Raises FileNotFoundError if a package is missing, and SyntaxError if a file does not parse.
    """
    sources = find_sources(root, PACKAGES)
    graph = {module: read_imports(source, sources) for module, source in sources.items()}
    faults = []
    for module, source in sources.items():
        place = source.path.relative_to(root).as_posix()
        if find_layer(module) is None:
            faults.append(f"{place}: {module} is in no layer: name it in tools/layers.py")
        else:
            faults += [f"{place}:{line} {what}" for line, what in _faults(module, graph[module])]
    return faults + list(_cycles(graph, sources))


def _faults(module: str, imports: Sequence[Import]) -> Iterator[tuple[int, str]]:
    """Yield the line and the words for each import that `module` may not make."""
    own = find_layer(module)
    if own is None:
        return
    for one in imports:
        top = one.target.partition(".")[0]
        if top in PACKAGES:
            other = find_layer(one.target)
            if other is not None and other > own:
                yield (
                    one.line,
                    f"imports {one.target} ({LAYERS[other].name}), "
                    f"which is to the right of {module} ({LAYERS[own].name})",
                )
        elif top not in sys.stdlib_module_names and top not in LAYERS[own].third_party:
            allowed = ", ".join(LAYERS[own].third_party) or "the standard library only"
            yield (
                one.line,
                f"imports {one.target}; the layer {LAYERS[own].name} may use {allowed}",
            )


def _cycles(graph: _Graph, sources: Mapping[str, SourceFile]) -> Iterator[str]:
    """Yield a line for a circle of imports, if there is one; mended, the next one shows."""
    edges = {
        module: {one.target for one in imports if one.target in sources}
        for module, imports in graph.items()
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        # The error lists each module before the one that imports it.
        yield "a circle of imports: " + " imports ".join(reversed(error.args[1]))


def main(arguments: Sequence[str]) -> int:
    """Check the tree in the folder that is the first argument, or in this one."""
    faults = check(Path(arguments[0] if arguments else "."))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
