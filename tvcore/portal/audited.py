"""A call of the web API with its lines in the audit around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvcore.audit import Entry, Outcome
from tvcore.errors import TiledVizError
from tvcore.portal import metrics
from tvcore.portal.auditing import about, named
from tvcore.portal.auth import Login
from tvcore.portal.core import Portal
from tvcore.portal.route import ApiError, Call, Route
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError


def entry_of(
    portal: Portal, route: Route, login: Login, environ: Mapping[str, Any], path: Mapping[str, Any], body: Any
) -> Entry:
    """Return what a call of *route* is in the audit."""
    tiles, what = named(path, body, route.kept)
    return Entry(portal.auditor.by(login, environ), route.audit, tiles=tiles, what=what, **about(login, path))


def handled(portal: Portal, route: Route, call: Call) -> Any:
    """Return what *route* answers to *call*, which is written down if the route says so. Raises what its handler does.

    What needs the right to operate is written down before it is done, or is not done.
    """
    assert route.handle is not None
    if not route.audit:
        return route.handle(call)
    entry = entry_of(portal, route, call.login, call.headers, call.path, call.body)
    if route.right == "operate":
        try:
            portal.auditor.begin(entry)
        except TiledVizError as error:
            raise ApiError(503, str(error)) from error
    try:
        value = route.handle(call)
    except BaseException as error:
        _ended(portal, route, call, entry, *_came_out(error))
        raise
    wrong = _wrong(value)
    _ended(portal, route, call, entry, "failed" if wrong else "done", wrong[0] if wrong else "", len(wrong))
    return value


def _wrong(value: Any) -> list[str]:
    """Return what went wrong in tiles, of what is answered for each."""
    results = value.get("results") if isinstance(value, dict) else None
    return [each["error"] for each in results if each.get("error")] if isinstance(results, list) else []


def _ended(
    portal: Portal, route: Route, call: Call, entry: Entry, outcome: Outcome, error: str, failed: int = 0
) -> None:
    who = portal.auditor.by(call.login, call.headers)  # a login knows who it is only now
    place = about(call.login, call.path)
    entry.by, entry.session = who, entry.session or place["session"]
    entry.project = place["project"] if entry.project is None else entry.project
    entry.what |= call.noted
    if route.audit == "login":
        metrics.logged_in(outcome)
    # Whoever may do nothing else could fill the audit with refusals, and so push out of it what counts.
    if outcome == "refused" and (route.access == "open" or route.right != "operate"):
        portal.auditor.refused(entry, error)
    else:
        portal.auditor.end(entry, outcome, error, failed)


def _came_out(error: BaseException) -> tuple[Outcome, str]:
    if isinstance(error, ApiError):
        return ("refused" if error.status < 500 else "failed"), str(error)
    if isinstance(error, CallRefusedError):
        return ("refused" if error.usage else "failed"), str(error)
    if isinstance(error, WorkerLostError):
        return "broken off", str(error)
    if isinstance(error, TiledVizError) and not isinstance(error, CallFailedError):
        return "failed", str(error)
    return "failed", "an error inside the portal"


def turned_away(
    portal: Portal, route: Route, login: Login, environ: Mapping[str, Any], path: Mapping[str, Any], why: str
) -> None:
    """Write down that *login* has not the right to call *route*."""
    metrics.refused()
    if route.audit:
        portal.auditor.refused(entry_of(portal, route, login, environ, path, None), why)
