"""The routes for tile sets that are kept: read, written, imported, shown."""

from __future__ import annotations

from typing import Any

from tvcore.portal import tileset_messages as messages
from tvcore.portal.asking import project_of
from tvcore.portal.messages import Job, Nothing
from tvcore.portal.roles import Right
from tvcore.portal.route import ApiError, Call, Route

READ_SECONDS = 40.0
CHANGE_SECONDS = 90.0
IMPORT_SECONDS = 300.0  # a large file, or a folder with many pictures
LAUNCH_SECONDS = 600.0
FREEZE_SECONDS = 600.0  # a picture of every tile


def _do(call: Call, name: str, seconds: float = CHANGE_SECONDS, /, **arguments: Any) -> Any:
    return call.portal.do(name, seconds, **arguments)


def _named(call: Call, name: str, seconds: float = CHANGE_SECONDS, /, **arguments: Any) -> Any:
    return _do(call, name, seconds, name=call.path["name"], project=project_of(call), **arguments)


def list_(call: Call) -> Any:
    """List them."""
    return {"tilesets": _do(call, "tilesets", READ_SECONDS, query=call.query.q, project=project_of(call))}


def schema(call: Call) -> Any:
    """Return what a document is to be like."""
    return _do(call, "tileset_schema", READ_SECONDS)


def formats(call: Call) -> Any:
    """List what can be imported."""
    return _do(call, "import_formats", READ_SECONDS)


def read(call: Call) -> Any:
    """Return one: the text that the worker process wrote."""
    return _named(call, "read_tileset", READ_SECONDS).encode()


def write(call: Call) -> Any:
    """Keep what it is now. What is refused is told with what one needs to go on: the revision, or every problem."""
    answer = _named(
        call, "write_tileset", text=call.body, person=call.login.person, operate=call.login.may("operate")
    )  # fmt: skip
    if refused := answer.get("refused"):
        raise ApiError(refused["status"], refused["error"], more=refused["more"])
    call.portal.monitor.hint()
    return answer


def copy(call: Call) -> Any:
    """Copy one."""
    return _named(call, "copy_tileset", to=call.body.to, person=call.login.person)


def rename(call: Call) -> Any:
    """Call one otherwise."""
    return _named(call, "rename_tileset", to=call.body.to)


def remove(call: Call) -> Any:
    """Remove one; a restore has it back."""
    return _named(call, "remove_tileset")


def revisions(call: Call) -> Any:
    """List its revisions."""
    return {"revisions": _named(call, "tileset_revisions", READ_SECONDS)}


def restore(call: Call) -> Any:
    """Make one what it was."""
    answer = _named(call, "restore_tileset", revision=call.body.revision, person=call.login.person)
    call.portal.monitor.hint()
    return answer


def show(call: Call) -> Any:
    """Show one on the wall of the session."""
    wanted = call.body
    project_of(call)
    arguments = {"name": call.path["name"], "settings": wanted.settings, "replace": wanted.replace}
    arguments["session"] = call.login.session
    job = call.portal.do_batch("show_tileset", LAUNCH_SECONDS, **arguments)
    call.portal.monitor.hint()
    return job


def import_(call: Call) -> Any:
    """Import one."""
    about = {"person": call.login.person, "project": project_of(call)}
    return _do(call, "import_tileset", IMPORT_SECONDS, text=call.body, **about)


def from_wall(call: Call) -> Any:
    """Keep tiles of the wall as one."""
    project_of(call)
    wanted, about = call.body, {"person": call.login.person, "session": call.login.session}
    return _do(call, "tileset_from_wall", FREEZE_SECONDS, name=wanted.name, tiles=wanted.tiles, **about)


def _change(
    verb: str, summary: str, handle: Any, body: Any, answer: Any = messages.Named, right: Right = "arrange"
) -> Route:
    return Route(
        "POST",
        f"/tilesets/{{name}}/{verb}",
        summary,
        handle,
        answer,
        body=body,
        right=right,
        audit=f"tileset {verb}",
        kept=("to", "revision"),
    )


TILESET_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/tilesets", "The tile sets that the session's project keeps", list_, messages.KeptSets,
        query=messages.ListParameters, right="read",
    ),
    Route("GET", "/tilesets/schema", "The JSON schema of a tile set", schema, messages.Schema, right="read"),
    Route(
        "GET", "/formats", "The formats that can be imported, those of plugins too", formats, messages.Formats,
        right="read",
    ),
    Route("GET", "/tilesets/{name}", "A tile set", read, messages.KeptDocument, right="read"),
    Route(
        "POST", "/tilesets/{name}", "Keep a tile set as it is now. 403: to name other files and pages than before is "
        "for who may `operate`; 409: `revision` has the one there is; 422: `problems` has row, field and text of all "
        "that is wrong", write, messages.WrittenAnswer,
        body=messages.Written, body_max=messages.BODY_MAX, unread=True, right="arrange", audit="tileset write",
    ),
    Route("GET", "/tilesets/{name}/revisions", "What a tile set was", revisions, messages.Revisions, right="read"),
    _change("copy", "Copy a tile set", copy, messages.To),
    _change("rename", "Call a tile set otherwise", rename, messages.To),
    _change("remove", "Remove a tile set; `restore` has it back", remove, Nothing),
    _change("restore", "Make a tile set what it was", restore, messages.Revision),
    _change("show", "Show a tile set on the wall, by a job", show, messages.Show, Job, "operate"),
    Route(
        "POST", "/tilesets/import", "Import a file or folder of the portal's machine, or the text of a file",
        import_, messages.ImportedSet, body=messages.Import, body_max=messages.BODY_MAX, unread=True, right="operate",
        audit="tileset import",
    ),
    Route(
        "POST", "/tilesets/from-wall", "Keep tiles of the wall as a tile set", from_wall, messages.Named,
        body=messages.FromWall, body_max=messages.LIST_MAX, right="operate", audit="tileset from-wall", kept=("name",),
    ),
)  # fmt: skip
