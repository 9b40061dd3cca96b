"""What the portal's worker processes do about projects, sessions and invitations (``tvcore.portal.calls``)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec

from tvcore.errors import TiledVizError
from tvcore.people import display_walls, projects, sessions
from tvcore.people import invitations as inviting
from tvcore.people.by import By, NoneSuchError, NotAllowedError, by_of, shell
from tvcore.portal.opened import opened_store
from tvcore.portal.roles import Grant, grant_of
from tvcore.store import Store

P = ParamSpec("P")

_STATUS: Mapping[type[TiledVizError], int] = {
    NotAllowedError: 403,
    NoneSuchError: 404,
    inviting.LookalikeError: 409,
}


def _refused(error: TiledVizError) -> dict[str, Any]:
    return {"refused": {"status": _STATUS[type(error)], "error": str(error)}}


def _by(function: Callable[Concatenate[Store, By, P], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return *function* as a worker's: who asks comes as JSON, and what is refused is an answer."""

    @functools.wraps(function)
    def call(by: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        try:
            return function(opened_store(), by_of(by), **arguments)  # type: ignore[call-arg]
        except tuple(_STATUS) as error:
            return _refused(error)

    return call


def _grants(said: Mapping[str, Mapping[str, Any]]) -> dict[str, Grant]:
    found = {name: grant_of(each) for name, each in said.items()}
    return {name: grant for name, grant in found.items() if grant is not None}


def list_projects(grants: dict[str, Any]) -> Any:
    """Return the projects that somebody has *grants* in, by their ids."""
    of = {int(number): grant for number, grant in _grants(grants).items()}
    return {"projects": projects.projects(opened_store(), of), "shell": shell()}


def list_sessions(grants: dict[str, Any], members: list[int], query: str, archived: sessions.Archived) -> Any:
    """Return the sessions that somebody has *grants* in, by their keys, who is of the projects *members*."""
    return sessions.sessions(opened_store(), _grants(grants), members, query, archived)


def list_invitations(session: str) -> Any:
    """Return the invitations to *session*."""
    return inviting.invitations(opened_store(), session)


def accept_invitation(secret: str, name: str, here: list[int]) -> Any:
    """Return the id of a new ``guest`` beside those who are *here*, None: the secret is good for nobody."""
    try:
        return {"guest": inviting.accept_invitation(opened_store(), secret, name, here)}
    except inviting.LookalikeError as error:
        return _refused(error)


PROJECT_FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (list_projects, list_sessions, list_invitations, accept_invitation)
} | {
    function.__name__: _by(function)
    for function in (
        projects.new_project, projects.rename_project, projects.delete_project, projects.members, projects.add_member,
        projects.set_role, projects.set_operate, projects.remove_member, projects.transfer, sessions.session,
        sessions.new_session, sessions.rename_session, sessions.copy_session, sessions.archive_session,
        sessions.show_job, sessions.hide_job, sessions.delete_session, inviting.new_invitation,
        inviting.revoke_invitation, display_walls.new_display_wall, display_walls.display_walls,
        display_walls.remove_display_wall,
    )
}  # fmt: skip
