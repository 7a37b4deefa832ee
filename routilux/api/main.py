"""The application. ``python -m uvicorn routilux.api.main:app`` serves the process's own jobs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from routilux.api import problems
from routilux.api.context import Context
from routilux.api.guard import Guard
from routilux.api.routes import commands, health, queues
from routilux.api.routes import flows as flow_routes
from routilux.api.routes import jobs as job_routes

if TYPE_CHECKING:
    from routilux.flow_registry import FlowRegistry
    from routilux.runtime import Runtime
    from routilux.stores import JobStore

DESCRIPTION = """Flows, jobs and their queues. Errors are `application/problem+json`; `detail` says
what to do. Commands may be sent twice: a state that holds already is no error, and with an
`Idempotency-Key` the second request gets the answer of the first."""


class _Application(FastAPI):
    """Documents the errors that are answered: FastAPI would add a shape of its own."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; it is made once."""
        is_made = bool(self.openapi_schema)
        document = super().openapi()
        if not is_made:
            problems.document(document)
        return document


def create_app(
    runtime: Runtime | None = None,
    flows: FlowRegistry | None = None,
    jobs: JobStore | None = None,
) -> FastAPI:
    """Make an application.

    Args:
        runtime: what starts jobs; None means the process-wide runtime, made when first needed.
        flows: where flows are found; None means the runtime's, or the process-wide registry.
        jobs: where jobs are found; None means the runtime's, or the process-wide store.

    Returns:
        The application. It answers on loopback only, and does not shut the runtime down.
    """
    app = _Application(
        title="Routilux", version=_version(), description=DESCRIPTION, redoc_url=None
    )
    app.state.context = Context(runtime, flows, jobs)
    problems.install(app)
    app.add_middleware(Guard)
    for routes in (health, flow_routes, job_routes, commands, queues):
        app.include_router(routes.router, prefix="/api")
    return app


def _version() -> str:
    try:
        return version("routilux")
    except PackageNotFoundError:  # a source tree that is not installed
        return "0"


app = create_app()
"""The application of the process-wide runtime, registry and store."""
