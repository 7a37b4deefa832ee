"""Errors as ``application/problem+json``, each with a detail that says what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from routilux.api.models.plain import TOO_DEEP
from routilux.api.models.problem import Problem
from routilux.errors import JobFinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI, Request
    from pydantic import ValidationError

logger = logging.getLogger("routilux.api")
# What a client can make sense of who does not know what reads its body here.
PLAINER = {
    "extra_forbidden": "there is no such field here: /docs shows those there are",
    "model_attributes_type": "send one JSON object",
    "model_type": "send one JSON object",
}
SAFE = "/:@!$&'()*+,;="  # in a path these stand for themselves
MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """An answer that is an error. `extra` are members of its own, JSON data."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.extra = extra


def not_found(kind: str, name: str, advice: str) -> ProblemError:
    """A 404 that names what is missing."""
    return ProblemError(404, f"{kind} '{name}' not found: {advice}")


def problem_response(
    status: int, detail: str, instance: str, headers: Mapping[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """An error as a response. `instance` is the path that was asked for, as it reads."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(instance, SAFE),
        **extra,
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that an operation may answer, for its documentation."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def document(openapi: dict[str, Any]) -> None:
    """Put the errors into an OpenAPI document that every operation of its kind may answer.

    What FastAPI adds by itself goes: a 422 of another shape, also where nothing can be invalid.
    """
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            if "application/json" in answers.get("422", {}).get("content", {}):
                del answers["422"]
            statuses = [403]
            if not path.startswith("/api/health/"):  # these need no key
                statuses.append(401)
            if method != "get":
                statuses += [408, 413, 415, 503]
            if "requestBody" in operation:
                statuses.append(400)
            answers.update({str(key): value for key, value in problems(*statuses).items()})
    schemas = openapi["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    path = request.scope["path"]
    return problem_response(error.status, error.detail, path, error.headers, **error.extra)


async def _on_finished(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, JobFinished)
    return problem_response(
        409, str(error), request.scope["path"], job_id=error.job_id, job_status=error.status
    )


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    if isinstance(error.__cause__, RecursionError):  # met while the body was read
        return problem_response(422, f"body: {TOO_DEEP}", path)
    advice = {
        400: "The body could not be read: send one JSON object, as UTF-8",
        404: f"Path '{path}' not found: /docs lists the paths there are",
        405: f"{request.method} is not possible on '{path}': /docs lists what is",
    }
    detail = advice.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request.app, path) or headers.get("Allow", "")
    return problem_response(error.status_code, detail, path, headers)


def _allowed(app: FastAPI, path: str) -> str:
    """What is possible on a path: the framework names the methods of one route alone.

    Of several templates that fit, the one with the fewest parameters is meant.
    """
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    fitting = [each for each in paths if _fits(each, path)]
    meant = min(fitting, key=lambda each: each.count("{"), default=None)
    return ", ".join(method.upper() for method in paths[meant]) if meant is not None else ""


def _fits(template: str, path: str) -> bool:
    return compile_path(template)[0].match(path) is not None


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_told(each) for each in error.errors()]
    return problem_response(422, problem_text(errors), request.scope["path"], errors=errors)


def problem_text(errors: Iterable[Mapping[str, str]]) -> str:
    """What is wrong with a body, in one line; `errors` as `told_errors` gives them."""
    return "; ".join(": ".join(filter(None, (each["where"], each["message"]))) for each in errors)


def told_errors(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong with a part of a body, and where in it."""
    return [_told(each) for each in error.errors()]


def _told(error: Mapping[str, Any]) -> dict[str, str]:
    if error["type"] == "value_error":  # of a check of our own
        return {"where": _place(error["loc"]), "message": str(error["ctx"]["error"])}
    if error["type"] != "json_invalid":
        message = PLAINER.get(error["type"], error["msg"])
        return {"where": _place(error["loc"]), "message": message}
    what, position = error["ctx"]["error"], error["loc"][-1]
    message = f"No JSON, {what} at character {position}: send one JSON object"
    return {"where": "body", "message": message}


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the request: without the innermost names of a choice between types."""
    return ".".join(str(part) for part in location)


async def _on_crash(request: Request, _error: Exception) -> JSONResponse:
    detail = "Something went wrong here: the log of the process has the error"
    return problem_response(500, detail, request.scope["path"])


def install(app: FastAPI) -> None:
    """Let `app` answer all errors as problems."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(JobFinished, _on_finished)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_crash)
