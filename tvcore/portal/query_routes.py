"""The routes that search the wall and sum it up: ``search_calls`` over HTTP."""

from __future__ import annotations

from typing import Any

from tvcore.portal import query_messages as messages
from tvcore.portal.route import Call, Route


def query(call: Call) -> Any:
    """Return which tiles match, and in what order and groups if that is asked for."""
    asked = call.query
    names = _names(asked.sort)
    sort = [name.removeprefix("-") for name in names]
    down = [name.startswith("-") != asked.descending for name in names]
    return call.portal.search(call.login.session, "query", text=asked.q, sort=sort, descending=down, group=asked.group)


def summary(call: Call) -> Any:
    """Return how the values of a column are spread."""
    asked = call.query
    return call.portal.search(call.login.session, "summary", text=asked.q, column=asked.column, bins=asked.bins)


def nearest(call: Call) -> Any:
    """Return the tiles most like one."""
    asked = call.query
    return call.portal.search(call.login.session, "nearest", tile=asked.tile, k=asked.k, columns=_names(asked.columns))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


QUERY_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/query", "The tiles that a search matches", query, messages.QueryAnswer,
        query=messages.QueryParameters,
    ),
    Route(
        "GET", "/summary", "How the values of a column are spread", summary, messages.SummaryAnswer,
        query=messages.SummaryParameters,
    ),
    Route(
        "GET", "/nearest", "The tiles most like one", nearest, messages.NearestAnswer,
        query=messages.NearestParameters,
    ),
)  # fmt: skip
