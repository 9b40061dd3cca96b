"""The description of the web API (OpenAPI 3.1), made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tvcore import __version__
from tvcore.portal.messages import ErrorAnswer

if TYPE_CHECKING:
    from tvcore.portal.routes import Route

_REF = "#/components/schemas/{model}"


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of *routes*."""
    routes = list(routes)
    models = {model for route in routes for model in (route.answer, route.body) if model is not None} | {ErrorAnswer}
    inputs = [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)]
    _, schemas = models_json_schema(inputs, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(_prefixed(route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "TiledViz", "version": __version__, "description": "A wall of live tiles."},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "tiledviz_PORT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-TiledViz-Key"},
                "ticket": {"type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol"},
            },
        },
    }


def _prefixed(path: str) -> str:
    from tvcore.portal.routes import PREFIX

    return PREFIX + path


def _operation(route: Route) -> dict[str, Any]:
    # Cookie and key together: one object is "and", a list of them would be "or" (section 4.8.30).
    needed = {"open": (), "login": ("cookie", "key"), "ticket": ("cookie", "ticket")}[route.access]
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method} {route.path}").strip("_").lower(),
        "summary": route.summary,
        "security": [{name: [] for name in needed}] if needed else [],
        "parameters": _path_parameters(route.path) + _query_parameters(route.query),
        "responses": _responses(route),
    }
    if needed:
        operation["description"] = f"Needs the right `{route.right}`."
        operation["x-right"] = route.right
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    error = {"description": "One line that says why not", "content": _content(ErrorAnswer)}
    if route.answer is None:
        return {"101": {"description": "The stream begins"}, "default": error}
    return {"200": {"description": route.summary, "content": _content(route.answer, route.many)}, "default": error}


def _content(model: type[BaseModel], many: bool = False) -> dict[str, Any]:
    one = {"$ref": _REF.format(model=model.__name__)}
    return {"application/json": {"schema": {"type": "array", "items": one} if many else one}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    from tvcore.portal.routes import PATH_PARAMETERS

    found = []
    for name in re.findall(r"{(\w+)}", path):
        pattern, kind = PATH_PARAMETERS[name]
        schema = {"type": "integer", "minimum": 0} if kind is int else {"type": "string", "pattern": f"^{pattern}$"}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": inner}
        for name, inner in schema["properties"].items()
    ]
