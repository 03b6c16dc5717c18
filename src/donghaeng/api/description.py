"""The description of the API by OpenAPI 3.1, with the decisions, whose routes the framework does not know."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from donghaeng.access.scopes import SCOPES
from donghaeng.api import shapes
from donghaeng.api.access import needs_of_routes
from donghaeng.api.problems import KINDS, MEDIA_TYPE
from donghaeng.api.served import Served

_REFERENCE = "#/components/schemas/{model}"
_SHAPES: tuple[type[BaseModel], ...] = (
    *(shapes.DecideRequest, shapes.Decided, shapes.BatchRequest, shapes.BatchAnswer, shapes.ProblemDocument),
)
#: What each route may answer beside what it is for.
_OF_DECISIONS = (400, 404, 408, 413, 415, 422, 500, 503)
_OF_READING = (404, 500)
_OF_KEYS = (400, 401, 403, 429, 503)
_OF_BODIES = (408, 409, 413, 422)


def describe(title: str, version: str, routes: list[BaseRoute], served: Served, prefix: str) -> dict[str, Any]:
    """Give the OpenAPI document.

    Args:
        title: title of the API.
        version: version of the API.
        routes: the routes of the framework.
        served: what is served, for examples.
        prefix: what every path begins with.
    """
    document = get_openapi(title=title, version=version, openapi_version="3.1.0", routes=routes)
    _, definitions = models_json_schema([(one, "validation") for one in _SHAPES], ref_template=_REFERENCE)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= definitions["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):  # not our shape of an error
        schemas.pop(name, None)
    wanted = needs_of_routes(routes)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            takes = operation["responses"].pop("422", None) is not None
            _add_problems(operation, _OF_READING)
            if needed := wanted[method.upper(), path]:
                _add_problems(operation, _OF_KEYS)
                # Schemes in one object are needed together, and one of the objects suffices.
                alternatives = sorted(needed[0]) if len(needed) == 1 else []
                operation["security"] = [{"key": [scope]} for scope in alternatives] or [{"key": []}]
                document["components"]["securitySchemes"] = {"key": _KEY}
                if takes:
                    _add_problems(operation, _OF_BODIES)
    parameters = _parameters(served)
    path = f"{prefix}/decide/{{owner}}/{{pack}}/{{table}}"
    document["paths"][path] = {"post": _one(parameters)}
    document["paths"][f"{path}/batch"] = {"post": _many(parameters)}
    return document


_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of `donghaeng keys create`. Scopes: "
    + "; ".join(f"`{scope}`, {purpose}" for scope, purpose in SCOPES.items()),
}


def _one(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    about = (
        "Decide one case. An answer `undetermined` names the facts that are still needed. Nothing of a request is "
        "logged or kept."
    )
    return _operation("decide", about, parameters, shapes.DecideRequest, shapes.Decided)


def _many(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    about = "Decide many cases. A case with faults gets a problem in its place; the others are decided."
    return _operation("decide_batch", about, parameters, shapes.BatchRequest, shapes.BatchAnswer)


def _operation(
    name: str, about: str, parameters: list[dict[str, Any]], asked: type[BaseModel], answered: type[BaseModel]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": about.partition(". ")[0].rstrip("."),
        "description": about,
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _reference(asked)}}},
        "responses": {
            "200": {"description": "Decided", "content": {"application/json": {"schema": _reference(answered)}}}
        },
    }
    _add_problems(operation, _OF_DECISIONS)
    return operation


def _add_problems(operation: dict[str, Any], statuses: tuple[int, ...]) -> None:
    content = {MEDIA_TYPE: {"schema": _reference(shapes.ProblemDocument)}}
    for status in statuses:
        titles = " or ".join(title for code, title in KINDS.values() if code == status)
        operation["responses"][str(status)] = {"description": titles, "content": content}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _parameters(served: Served) -> list[dict[str, Any]]:
    first = next((pack for pack in served.packs.values() if pack.rules), None)
    owner, pack = first.id.split("/") if first else ("owner", "pack")
    table = next(iter(first.rules.tables), "table") if first and first.rules else "table"
    about = {"owner": "First part of the id of the pack", "pack": "Second part", "table": "Id of the table"}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": about[name],
            "schema": {"type": "string"},
            "example": example,
        }
        for name, example in (("owner", owner), ("pack", pack), ("table", table))
    ]
