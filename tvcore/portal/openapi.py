"""The description of the web API (OpenAPI 3.1), made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tvcore import __version__
from tvcore.portal.messages import ErrorAnswer
from tvcore.portal.route import PATH_PARAMETERS, PREFIX, Route

_REF = "#/components/schemas/{model}"


# Every answer that is no success, with why; each route has those that it can give.
_ERRORS = {
    400: "The request cannot be read, is for another name than this portal's, or has something wrong in it",
    401: "This needs a login, or an API token, that is good",
    403: "Who calls may not do this, or the call comes from a page that the portal did not serve",
    404: "There is no such thing, or it is not for who calls",
    408: "The request took too long to come",
    409: "As things are, this cannot be done",
    411: "A body needs a Content-Length",
    413: "The body is too large",
    415: "The body must be application/json",
    426: "This is a WebSocket (RFC 6455)",
    429: "Too many calls: try again after as many seconds as Retry-After says",
    431: "The headers are too large",
    503: "Another part of the portal does not answer now: try again",
}
_ALWAYS = (400, 403, 408, 411, 413, 429, 431, 503)


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of *routes*."""
    routes = list(routes)
    models = {model for route in routes for model in (route.answer, route.body) if model is not None} | {ErrorAnswer}
    inputs = [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)]
    named, schemas = models_json_schema(inputs, ref_template=_REF)  # type: ignore[arg-type]
    for (model, _), schema in named.items():  # of two with one name pydantic calls neither by that alone
        given = schemas["$defs"][schema["$ref"].rpartition("/")[2]]
        there = schemas["$defs"].setdefault(model.__name__, given)
        assert there.get("properties") == given.get("properties"), f"there are two different {model.__name__}"
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "TiledViz", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "responses": {str(status): _error(status) for status in _ERRORS},
            "parameters": {"session": _SESSION},
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "tiledviz_PORT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-TiledViz-Key"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "an API token: `tiledviz token new`"},
                "ticket": {"type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol"},
            },
        },
    }


_ABOUT = (
    "A wall of live tiles. A page shows its cookie and its key, a program an API token; what changes something is "
    "POST with application/json. Whoever asks too often is answered 429."
)
_SESSION = {
    "name": "X-TiledViz-Session", "in": "header", "required": False,
    "description": "the key of the session that this is about; without it, the first that who calls is in",
    "schema": {"type": "string", "pattern": f"^{PATH_PARAMETERS['session'][0]}$"},
}  # fmt: skip


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method} {route.path}").strip("_").lower(),
        "summary": route.summary,
        "security": _security(route),
        "parameters": _path_parameters(route.path) + _query_parameters(route.query),
        "responses": _responses(route),
    }
    if route.access != "open":
        operation["description"] = _needs(route)
        operation["x-need"] = asdict(route.need)
    if route.access == "login" and route.about == "session" and "{session}" not in route.path:
        operation["parameters"].append({"$ref": "#/components/parameters/session"})
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
        operation["x-body-max"] = route.body_max
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    # What is in one object is "and", what is in the list is "or" (section 4.8.30).
    ways: dict[str, list[dict[str, list[str]]]] = {
        "open": [],
        "login": [{"cookie": [], "key": []}, {"bearer": []}],
        "ticket": [{"cookie": [], "ticket": []}],
    }
    return ways[route.access]


def _needs(route: Route) -> str:
    need = route.need
    if need.about == "portal":
        return "For the portal's administrators."
    if need.about == "person":
        return "For whoever is logged in." if need.guests else "For whoever is logged in and is no guest."
    more = ", also of who was invited to chosen tiles" if need.chosen else ""
    return f"Needs the right `{need.right}` in the {need.about}{more}."


def _responses(route: Route) -> dict[str, Any]:
    errors = set(_ALWAYS)
    if route.access != "open":
        errors.add(401)
    if route.about in ("session", "project") or "{" in route.path:
        errors.add(404)
    if route.body is not None or route.access == "open":
        errors |= {401, 404, 409, 415}
    if route.access == "ticket":
        errors.add(426)
    else:
        errors.add(409)
    found = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(errors)}
    return _success(route) | found


def _success(route: Route) -> dict[str, Any]:
    if route.media:
        content: dict[str, Any] = {route.media: {"schema": {"type": "string", "format": "binary"}}}
        return {"200": {"description": route.summary, "content": content}}
    if route.answer is None:
        return {"101": {"description": "The stream begins"}}
    return {"200": {"description": route.summary, "content": _content(route.answer, route.many)}}


def _error(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {"description": _ERRORS[status], "content": _content(ErrorAnswer)}
    if status == 429:
        said["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}}}
    return said


def _content(model: type[BaseModel], many: bool = False) -> dict[str, Any]:
    one = {"$ref": _REF.format(model=model.__name__)}
    return {"application/json": {"schema": {"type": "array", "items": one} if many else one}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
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
