"""The routes by which owners, and the portal's administrators, read who did what."""

from __future__ import annotations

from typing import Any

from tvcore.portal import audit_messages as messages
from tvcore.portal.route import Call, Route

READ_SECONDS = 30.0


def of_project(call: Call) -> Any:
    """Return a page of a project's audit."""
    return _page(call, [call.path["project"]])


def of_portal(call: Call) -> Any:
    """Return a page of all of it."""
    return _page(call, None)


def _page(call: Call, projects: list[int] | None) -> Any:
    return call.portal.do("read_audit", READ_SECONDS, projects=projects, **call.query.model_dump())


AUDIT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/projects/{project}/audit", "Who had what done in a project", of_project, messages.AuditPage,
        query=messages.AuditParameters, about="project", right="own",
    ),
    Route(
        "GET", "/audit", "Who had what done, in all projects and outside of them", of_portal, messages.AuditPage,
        query=messages.AuditParameters, about="portal",
    ),
)  # fmt: skip
