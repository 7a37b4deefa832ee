"""Who sends: the resource that all figures carry."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from opentelemetry.sdk.resources import Resource

SERVICE = "routilux"


def make_resource(service_name: str | None = None, service_version: str | None = None) -> Resource:
    """The resource: what the ``OTEL_*`` variables say, else the arguments, else our own.

    Args:
        service_name: None means ``routilux``.
        service_version: None means the version of Routilux, if the name is ours, too.
    """
    said = Resource.create()  # with an instance id of the process
    own = {"service.name": service_name or SERVICE}
    shown = service_version or (None if service_name else _version())
    if shown:
        own["service.version"] = shown
    unnamed = str(said.attributes.get("service.name", "")).startswith("unknown_service")
    kept = {
        key: value
        for key, value in said.attributes.items()
        if not (unnamed and key == "service.name")
    }
    return Resource({**own, **kept}, said.schema_url)


def _version() -> str | None:
    try:
        return version("routilux")
    except PackageNotFoundError:  # a source tree that is not installed
        return None
