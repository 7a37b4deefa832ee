"""The layers of the project, from the left to the right: imports only point left.

A module belongs to the entry that names it, or else to the longest entry that is a package above
it. Modules of one layer may import one another as long as no circle comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its name, its modules and packages, and what it may use beside Python itself."""

    name: str
    modules: tuple[str, ...]
    third_party: tuple[str, ...] = ()


def _routilux(names: str) -> tuple[str, ...]:
    return tuple(f"routilux.{name}" for name in names.split())


# The engine ends with `testing`: up to there nothing but the standard library, except that
# flow files need PyYAML. `routilux` itself is only the short list of public names.
LAYERS: tuple[Layer, ...] = (
    Layer("basics", _routilux("errors status clock ids barging_lock secret_keys stored json_view")),
    Layer("conditions", _routilux("conditions"), ("cel_expr_python",)),
    Layer(
        "slots and events",
        _routilux(
            "settings segment item_queue parcel slot_reader slot_intake slot_metrics slot "
            "event connection"
        ),
    ),
    Layer(
        "routines",
        _routilux(
            "activation routine_config routine activation_policies error_handler function_routine"
        ),
    ),
    Layer("flows", _routilux("flow")),
    Layer("flow files", _routilux("flow_text flowfile"), ("yaml",)),
    Layer(
        "jobs",
        _routilux("debugger job_state job hooks flow_registry stores evicted output_handlers"),
    ),
    Layer("engine", _routilux("engine runtime unfinished job_executor flow.job_state_management")),
    Layer("observers", _routilux("monitoring testing")),
    Layer("public names", ("routilux",)),
    Layer("telemetry", ("routilux_otel",), ("opentelemetry",)),
    Layer(
        "HTTP",
        _routilux("api"),
        ("fastapi", "h11", "pydantic", "pydantic_settings", "starlette", "uvicorn", "yaml"),
    ),
    Layer("programs", _routilux("demo cli"), ("rich", "typer", "uvicorn", "yaml")),
)

# Packages that name no modules below them: these have an entry for each.
BARE = frozenset({"routilux"})


def find_layer(module: str, layers: tuple[Layer, ...] = LAYERS) -> int | None:
    """Return the index of the layer that `module` belongs to, or None if it is in none."""
    places = {entry: index for index, layer in enumerate(layers) for entry in layer.modules}
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        entry = ".".join(parts[:length])
        if entry in places and (entry == module or entry not in BARE):
            return places[entry]
    return None
