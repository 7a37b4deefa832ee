"""The application. ``python -m uvicorn routilux.api.main:app`` serves the process's own jobs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from routilux.api import problems
from routilux.api.audit import Audit
from routilux.api.bodies import Bodies
from routilux.api.context import Context
from routilux.api.events.document import document as document_streams
from routilux.api.guard import Guard, HostGuard
from routilux.api.links import link_jobs
from routilux.api.routes import (
    breakpoints,
    commands,
    dead_letters,
    debug,
    diagnosis,
    events,
    health,
    items,
    metrics,
    queues,
    snapshots,
)
from routilux.api.routes import flows as flow_routes
from routilux.api.routes import jobs as job_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.api.context import TelemetryProbe
    from routilux.api.settings import ApiSettings
    from routilux.flow_registry import FlowRegistry
    from routilux.runtime import Runtime
    from routilux.stores import JobStore

ROUTERS = (
    health.router,
    flow_routes.router,
    queues.router,
    job_routes.router,
    commands.router,
    snapshots.router,
    items.router,
    dead_letters.router,
    breakpoints.router,
    debug.router,
    diagnosis.router,
    events.router,
)
DESCRIPTION = """Flows, jobs and their queues. Errors are `application/problem+json`; `detail` says
what to do. Commands may be sent twice: a state that holds already is no error, and with an
`Idempotency-Key` the second request gets the answer of the first. Where keys are set, each request
but those for health needs one, as `X-API-Key` or `Authorization: Bearer`."""
# What pages of the configured origins may send and read, beside what browsers always allow.
CORS_REQUEST_HEADERS = (
    "Authorization", "Idempotency-Key", "Last-Event-ID", "X-API-Key", "traceparent", "tracestate"
)  # fmt: skip
CORS_ANSWER_HEADERS = ("Location", "Retry-After", "traceparent")


class _Application(FastAPI):
    """Documents the errors that are answered (FastAPI would add a shape of its own), and links."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; it is made once."""
        is_made = bool(self.openapi_schema)
        document = super().openapi()
        if not is_made:
            problems.document(document)
            link_jobs(document)
            document_streams(document)
        return document


def create_app(
    runtime: Runtime | None = None,
    flows: FlowRegistry | None = None,
    jobs: JobStore | None = None,
    settings: ApiSettings | None = None,
    *,
    telemetry_state: TelemetryProbe | None = None,
    instrument: Callable[[FastAPI], None] | None = None,
) -> FastAPI:
    """Make an application.

    Args:
        runtime: what starts jobs; None means the process-wide runtime, made when first needed.
        flows: where flows are found; None means the runtime's, or the process-wide registry.
        jobs: where jobs are found; None means the runtime's, or the process-wide store.
        settings: keys and limits; None means those of the environment.
        telemetry_state: says how the program's telemetry is, as a dict with ``state``, for
            ``/api/health/ready``, which needs no key; None: there is none.
        instrument: the program's instrumentation: is given the application when it is complete,
            as ``routilux_otel.instrument_app``.

    Returns:
        The application. Without a key it answers on loopback only. It does not shut the runtime
        down.

    Raises:
        SettingsError, KeyFileError: a setting or the file of keys is wrong.
    """
    app = _Application(
        title="Routilux", version=_version(), description=DESCRIPTION, redoc_url=None
    )
    context = Context(runtime, flows, jobs, settings, telemetry_state)
    app.state.context = context
    problems.install(app)
    _add_middleware(app, context)
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    app.include_router(metrics.router)
    if instrument is not None:
        instrument(app)
    return app


def _add_middleware(app: FastAPI, context: Context) -> None:
    """Put what every request passes around the paths. The last that is added comes first."""
    settings = context.settings
    keyring = settings.read_keys()
    app.add_middleware(Bodies, settings.body_limit, settings.body_timeout)
    app.add_middleware(
        Guard,
        keyring,
        context.life,
        origins=settings.cors_origins,
        payloads=settings.payloads,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_ANSWER_HEADERS,
        )
    names = (*settings.allowed_hosts, settings.host.lower())
    app.add_middleware(HostGuard, names, has_keys=bool(keyring))
    app.add_middleware(Audit)


def _version() -> str:
    try:
        return version("routilux")
    except PackageNotFoundError:  # a source tree that is not installed
        return "0"


def __getattr__(name: str) -> FastAPI:
    """``app``, the application of the process-wide runtime, registry and store.

    It is made when it is first asked for: an import reads no settings and no keys.
    """
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()["app"] = create_app()
    return made
