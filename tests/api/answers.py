"""What all answers have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response

MEMBERS = {"type", "title", "status", "detail", "instance"}


def problem(response: Response, status: int, *words: str) -> dict[str, Any]:
    """Check that an answer is a problem with this status and these words in its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) >= MEMBERS
    assert body["status"] == status
    assert body["instance"].isascii()
    assert unquote(body["instance"]) == response.request.url.path
    for word in words:
        assert word in body["detail"]
    return body


def create(client: TestClient, **body: Any) -> dict[str, Any]:
    """Start a job of ``flow``."""
    response = client.post("/api/jobs", json={"flow_id": "flow", **body})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def good(response: Response) -> dict[str, Any]:
    """The body of a 200."""
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body
