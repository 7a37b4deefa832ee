"""Links in the OpenAPI document: where the ids lead that an answer has."""

from __future__ import annotations

from typing import Any

JOB, BREAKPOINT = "job_id", "breakpoint_id"


def link_jobs(openapi: dict[str, Any]) -> None:
    """Link each answer that tells of a new job, or of a new breakpoint, with what can be asked."""
    paths = openapi["paths"]
    about_jobs = _links(paths, JOB)
    for methods in paths.values():
        for operation in methods.values():
            if "201" in operation["responses"] and "Location" in _headers(operation):
                operation["responses"]["201"]["links"] = about_jobs
            elif operation["operationId"] == "createBreakpoint":
                operation["responses"]["201"]["links"] = _links(paths, JOB, BREAKPOINT)


def _links(paths: dict[str, Any], *names: str) -> dict[str, Any]:
    """A link to each operation with all of these names in its path."""
    parameters = {name: f"$response.body#/{name}" for name in names}
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"], "parameters": parameters
        }
        for path, methods in paths.items()
        if all(f"{{{name}}}" in path for name in names)
        for operation in methods.values()
    }  # fmt: skip


def _headers(operation: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = operation["responses"]["201"].get("headers", {})
    return headers
