"""The routes for projects, their members, and the sessions in them."""

from __future__ import annotations

from typing import Any

from tvcore.people.by import By
from tvcore.portal import project_messages as messages
from tvcore.portal.account_routes import in_page
from tvcore.portal.asking import CHANGE_SECONDS, READ_SECONDS, answered, ask, change, grant_plain, project_of
from tvcore.portal.core import Portal
from tvcore.portal.messages import Nothing
from tvcore.portal.roles import OWNER
from tvcore.portal.route import Call, Route

# ------------------------------------------------------------------- projects


def list_projects(call: Call) -> Any:
    """List those that who calls is a member of."""
    grants = {str(number): grant_plain(each.grant) for number, each in call.login.access.projects.items()}
    return call.portal.do("list_projects", READ_SECONDS, grants=grants)


def new_project(call: Call) -> Any:
    """Make one."""
    by = By(call.login.who.id, OWNER).plain()
    found = answered(call.portal.do("new_project", CHANGE_SECONDS, by=by, name=call.body.name))
    call.portal.access_changed()
    return found


def rename_project(call: Call) -> Any:
    """Call one otherwise."""
    return change(call, "rename_project", number=call.path["project"], name=call.body.name)


def delete_project(call: Call) -> Any:
    """Delete one with all that is in it."""
    return change(call, "delete_project", number=call.path["project"])


def members(call: Call) -> Any:
    """List its members."""
    return ask(call, "members", number=call.path["project"])


def add_member(call: Call) -> Any:
    """Have somebody be one."""
    return change(call, "add_member", number=call.path["project"], name=call.body.name, role=call.body.role)


def _of_member(call: Call, name: str, /, **arguments: Any) -> Any:
    if (person := call.path["person"]) == call.login.who.id:
        in_page(call)
    return change(call, name, number=call.path["project"], person=person, **arguments)


def set_role(call: Call) -> Any:
    """Say what one is."""
    return _of_member(call, "set_role", role=call.body.role)


def set_operate(call: Call) -> Any:
    """Let one operate, or not any more."""
    return _of_member(call, "set_operate", operate=call.body.operate)


def remove_member(call: Call) -> Any:
    """Have one be none any more."""
    return _of_member(call, "remove_member")


def leave(call: Call) -> Any:
    """Have who calls be none any more."""
    return change(call, "remove_member", number=call.path["project"], person=in_page(call))


def transfer(call: Call) -> Any:
    """Hand it over."""
    giver, taker = call.login.who.id, call.body.person
    return change(call, "transfer", number=call.path["project"], giver=giver, taker=taker)


# ------------------------------------------------------------------- sessions


def list_sessions(call: Call) -> Any:
    """List those that who calls may be in, with who is there."""
    access = call.login.access
    found = call.portal.do(
        "list_sessions", READ_SECONDS, members=list(access.projects), query=call.query.q, archived=call.query.archived,
        grants={key: grant_plain(each.grant) for key, each in access.sessions.items()},
    )  # fmt: skip
    return {"sessions": [_with_people(call, each) for each in found]}


def _with_people(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    """Return what was *found* of a session with who looks at it now: for members of its project."""
    there = _people(call.portal, found["key"]) if found["project"] in call.login.access.projects else []
    return found | {"people": there}


def _people(portal: Portal, session: str) -> list[str]:
    who = {login.who.id: login.who.display for login in portal.sockets.logins() if login.session == session}
    return sorted(who.values())


def session(call: Call) -> Any:
    """Return one, with what it shows."""
    return _with_people(call, ask(call, "session", key=call.path["session"]))


def new_session(call: Call) -> Any:
    """Make one."""
    return _with_people(call, change(call, "new_session", project=call.path["project"], title=call.body.title))


def _of_session(call: Call, name: str, /, **arguments: Any) -> Any:
    found = change(call, name, key=call.path["session"], **arguments)
    call.portal.monitor.hint()
    return _with_people(call, found)


def rename_session(call: Call) -> Any:
    """Call one otherwise."""
    return _of_session(call, "rename_session", title=call.body.title)


def copy_session(call: Call) -> Any:
    """Make another that shows the same."""
    project_of(call)
    return _of_session(call, "copy_session", title=call.body.title)


def archive_session(call: Call) -> Any:
    """Put one away, or have it back."""
    return _of_session(call, "archive_session", archived=call.body.archived)


def show_job(call: Call) -> Any:
    """Have it show another session's tiles too."""
    project_of(call)
    return _of_session(call, "show_job", job=call.body.job)


def hide_job(call: Call) -> Any:
    """Have it show them no more."""
    return _of_session(call, "hide_job", job=call.body.job)


def delete_session(call: Call) -> Any:
    """Delete one."""
    return change(call, "delete_session", key=call.path["session"])


def _project(verb: str, summary: str, handle: Any, body: Any, answer: Any, right: Any = "manage", **more: Any) -> Route:
    return Route(
        "POST", f"/projects/{{project}}/{verb}", summary, handle, answer, body=body, about="project", right=right,
        **more,
    )  # fmt: skip


def _session(verb: str, summary: str, handle: Any, body: Any, **more: Any) -> Route:
    told: dict[str, Any] = {"right": "host", "answer": messages.Session, "audit": f"session {verb}", **more}
    return Route("POST", f"/sessions/{{session}}/{verb}", summary, handle, body=body, **told)


PROJECT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/projects", "The projects that one is a member of", list_projects, messages.Projects, about="person",
    ),
    Route(
        "POST", "/projects", "Make a project: who makes it owns it", new_project, messages.Project,
        body=messages.ProjectName, about="portal", audit="project new", kept=("name",),
    ),
    _project(
        "rename", "Call a project otherwise", rename_project, messages.ProjectName, messages.Project, "own",
        audit="project rename", kept=("name",),
    ),
    _project(
        "delete", "Delete a project with all that is in it", delete_project, Nothing, messages.DeletedProject,
        "own", audit="project delete",
    ),
    Route(
        "GET", "/projects/{project}/members", "Who is in a project, and as what", members, messages.Members,
        about="project", right="read",
    ),
    _project(
        "members", "Have somebody known here be a member", add_member, messages.NewMember, messages.Member,
        audit="member add", kept=("name", "role"),
    ),
    _project(
        "members/{person}/role", "Say what a member is", set_role, messages.MemberRole, messages.Member,
        audit="member role", kept=("role",),
    ),
    _project(
        "members/{person}/operate", "Let a member operate, which is a shell as the portal's Unix user, or not any more",
        set_operate, messages.MemberOperate, messages.Member, "own", audit="member operate", kept=("operate",),
    ),
    _project(
        "members/{person}/remove", "Have a member be none any more", remove_member, Nothing, messages.Left,
        audit="member remove",
    ),
    _project("leave", "Leave a project", leave, Nothing, messages.Left, "see", audit="member leave"),
    _project(
        "transfer", "Hand a project over to another member: who gives it is an admin from then on", transfer,
        messages.Taker, messages.Members, "own", audit="project transfer", kept=("person",),
    ),
    _project(
        "sessions", "Make a session", new_session, messages.SessionTitle, messages.Session, "host",
        audit="session new", kept=("title",),
    ),
    Route(
        "GET", "/sessions", "The sessions that one may be in", list_sessions, messages.Sessions,
        query=messages.SessionQuery, about="person", guests=True,
    ),
    Route(
        "GET", "/sessions/{session}", "A session: what it shows, and what goes with it when it is deleted", session,
        messages.OneSession, right="read",
    ),
    _session("rename", "Call a session otherwise", rename_session, messages.SessionTitle, kept=("title",)),
    _session(
        "copy", "Make a session that shows the same tiles, with what people made of them", copy_session,
        messages.SessionTitle, kept=("title",),
    ),
    _session("archive", "Put a session away, or have it back", archive_session, messages.Archived, kept=("archived",)),
    _session(
        "show", "Show the tiles of another session's job too", show_job, messages.SessionJobName, kept=("job",),
    ),
    _session("hide", "Show them no more", hide_job, messages.SessionJobName, kept=("job",)),
    _session(
        "delete", "Delete a session. 409: a job runs for it alone", delete_session, Nothing,
        answer=messages.DeletedSession, right="manage",
    ),
)  # fmt: skip
