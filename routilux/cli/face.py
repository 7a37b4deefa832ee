"""The HTTP face of a command."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from routilux.cli.errors import CommandError
from routilux.cli.extras import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import Runtime
    from routilux.api.life import Life
    from routilux.api.settings import ApiSettings
    from routilux.cli.telemetry import RunningTelemetry

PORT = 20555
PURPOSE = "the HTTP face"


@dataclass(frozen=True)
class Face:
    """What is served: where it answers, and how it is told that it is about to stop."""

    url: str
    life: Life


def face_settings(**given: Any) -> ApiSettings:
    """The settings of the environment; what is given, and not None, goes first.

    Raises:
        CommandError: a setting is wrong, or the extra is missing.
    """
    module = load("routilux.api.settings", "api", PURPOSE)
    wanted = {name: value for name, value in given.items() if value is not None}
    try:
        return cast("ApiSettings", module.read_settings(**wanted))
    except ValueError as error:
        raise CommandError(str(error)) from None


@contextmanager
def http_face(
    runtime: Runtime | None, settings: ApiSettings, telemetry: RunningTelemetry | None = None
) -> Iterator[Face]:
    """Serve the jobs of a runtime (None: of the process) while it is entered.

    `telemetry` is that of the program; None: there is none.

    Raises:
        CommandError: no key is set and others can reach the address, the address cannot be served
            on, the file of keys is wrong, or the extra is missing.
    """
    server = load("routilux.api.server", "api", PURPOSE).Server
    create_app = load("routilux.api.main", "api", PURPOSE).create_app
    try:
        app = create_app(
            runtime,
            settings=settings,
            telemetry_state=telemetry.state if telemetry is not None else None,
            instrument=telemetry.instrument_app if telemetry is not None else None,
        )
        made = server(app)
    except (ValueError, OverflowError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(
            f"cannot serve on {settings.host} port {settings.port}: {error.strerror or error}; "
            "choose another with --port, 0 takes a free one"
        ) from None
    with made:
        yield Face(made.url, app.state.context.life)
