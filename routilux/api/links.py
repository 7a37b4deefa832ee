"""Links in the OpenAPI document: where the id leads that an answer has."""

from __future__ import annotations

from typing import Any


def link_jobs(openapi: dict[str, Any]) -> None:
    """Link each answer that tells of a new job with all that can be asked about it."""
    paths = openapi["paths"]
    about_jobs = [
        operation["operationId"]
        for path, methods in paths.items()
        if "{job_id}" in path
        for operation in methods.values()
    ]
    links = {
        name: {"operationId": name, "parameters": {"job_id": "$response.body#/job_id"}}
        for name in about_jobs
    }
    for methods in paths.values():
        for operation in methods.values():
            if "201" in operation["responses"] and "Location" in _headers(operation):
                operation["responses"]["201"]["links"] = links


def _headers(operation: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = operation["responses"]["201"].get("headers", {})
    return headers
