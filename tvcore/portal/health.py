"""Whether the portal is up, and what it counts: for who watches it, people or programs."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Mapping
from typing import Any

from tvcore import __version__, config
from tvcore.errors import TiledVizError
from tvcore.portal import metrics
from tvcore.portal.core import Portal
from tvcore.portal.health_messages import Health, Ready
from tvcore.portal.route import ApiError, Call, Route
from tvcore.portal.whence import PEER
from tvcore.secret_file import secret_in

COUNT_SECONDS = 5.0
TOKEN_LEAST = 32  # characters
SETTING = "portal.metrics_token_file"
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")


def health(call: Call) -> Any:
    """Say that the portal is up."""
    return {"status": "ok", "version": __version__}


def ready(call: Call) -> Any:
    """Say whether the portal can do its work."""
    if wrong := call.portal.readiness.wrong():
        raise ApiError(503, f"not ready: no answer from the {' and the '.join(wrong)}")
    return {"status": "ready"}


def read_metrics(call: Call) -> Any:
    """Return what is counted, to whom it is for."""
    if not _may_read(call.portal, call.headers):
        raise ApiError(401, "metrics are for this machine's own user by the unix socket, or need a token")
    return metrics.exposition(_collected(call.portal))


def _may_read(portal: Portal, environ: Mapping[str, Any]) -> bool:
    """Return whether *environ* is of somebody whom metrics are for.

    Behind a proxy the socket proves nothing: everybody's calls come from there.
    """
    given = bearer_of(environ)
    if given is None:
        return portal.hosts.public is None and _by_own_socket(environ)
    file = config.load().settings.portal.metrics_token_file
    if not file:
        return False
    kept = secret_in(file, SETTING).strip()  # as of a header
    if len(kept) < TOKEN_LEAST:
        raise TiledVizError(f"{SETTING}: the token in {file} needs {TOKEN_LEAST} characters: write a longer one")
    return hmac.compare_digest(given.encode(errors="surrogateescape"), kept.encode(errors="surrogateescape"))


def bearer_of(environ: Mapping[str, Any]) -> str | None:
    """Return the token of any shape in WSGI *environ* (RFC 6750, section 2.1), None where there is none."""
    kind, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def _by_own_socket(environ: Mapping[str, Any]) -> bool:
    return environ.get(PEER) in (0, os.getuid()) and not any(name in environ for name in _FORWARDED)


def _collected(portal: Portal) -> metrics.Collected:
    try:
        before = time.monotonic()
        counts = portal.quick.call("store_counts", COUNT_SECONDS)
        metrics.store_took(time.monotonic() - before)
    except TiledVizError:
        counts = None
    people = len({login.who.id for login in portal.sockets.logins()})
    return metrics.Collected(counts, portal.pools(), people)


HEALTH_ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", "Whether the portal is up", health, Health, access="open"),
    Route("GET", "/health/ready", "Whether the portal can do its work", ready, Ready, access="open"),
    Route(
        "GET", "/metrics", "What the portal counts, in Prometheus' text format", read_metrics, access="open",
        media=metrics.MEDIA,
    ),
)  # fmt: skip
