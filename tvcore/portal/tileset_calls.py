"""What the portal's worker processes do with tile sets that are kept (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tvcore.errors import TiledVizError, UsageError
from tvcore.importing import formats
from tvcore.people.by import NotAllowedError
from tvcore.portal.opened import opened_store
from tvcore.portal.tileset_messages import Import, Written
from tvcore.tilesets import library
from tvcore.tilesets.document import TileSet
from tvcore.tilesets.library import ConflictError, ProblemsError

Body = TypeVar("Body", bound=BaseModel)


def tilesets(query: str, project: int) -> Any:
    """Return the sets that are kept."""
    return library.saved(opened_store(), query, project)


def tileset_schema() -> Any:
    """Return the JSON schema of a document."""
    return TileSet.model_json_schema()


def import_formats() -> Any:
    """Return the formats that can be imported, and what is wrong with plugins that cannot say theirs."""
    found, problems = formats.formats()
    return {"formats": found, "problems": problems}


def read_tileset(name: str, project: int) -> str:
    """Return a set as the text of the answer."""
    return json.dumps(library.read_set(opened_store(), name, project=project), allow_nan=False, ensure_ascii=False)


def write_tileset(name: str, text: str, person: str, project: int, operate: bool) -> Any:
    """Keep the document in *text*, a body; or return how it is refused: ``status``, ``error`` and ``more`` of it.

    Only who may *operate* has it show other files and pages than before.
    """
    body = _body(Written, text)
    try:
        return library.write_set(opened_store(), name, body.document, body.revision, person, "", project, operate)
    except NotAllowedError as error:
        return _refused(403, error)
    except ConflictError as error:
        return _refused(409, error, revision=error.revision)
    except ProblemsError as error:
        problems = [{"row": each.row, "field": each.field, "text": each.text} for each in error.problems]
        return _refused(422, error, problems=problems)


def _refused(status: int, error: TiledVizError, **more: Any) -> dict[str, Any]:
    return {"refused": {"status": status, "error": str(error), "more": more}}


def copy_tileset(name: str, to: str, person: str, project: int) -> Any:
    """Copy a set."""
    return library.copy_set(opened_store(), name, to, person, project)


def rename_tileset(name: str, to: str, project: int) -> Any:
    """Call a set otherwise."""
    return library.rename_set(opened_store(), name, to, project)


def remove_tileset(name: str, project: int) -> Any:
    """Remove a set."""
    return library.remove_set(opened_store(), name, project)


def tileset_revisions(name: str, project: int) -> Any:
    """Return what a set was, the last first."""
    return library.revisions(opened_store(), name, project)


def restore_tileset(name: str, revision: int, person: str, project: int) -> Any:
    """Make a set what it was."""
    return library.restore_set(opened_store(), name, revision, person, project)


def show_tileset(name: str, settings: dict[str, Any], replace: str | None, session: str) -> Any:
    """Show a set on the wall of *session*."""
    return library.show_set(opened_store(), name, settings, replace, session)


def import_tileset(text: str, person: str, project: int) -> Any:
    """Import what the body *text* asks for."""
    body = _body(Import, text)
    how = (body.format, body.options, body.name or None, body.title, person, project)
    if (body.path is None) == (body.file is None) or (body.file is None) != (body.text is None):
        raise UsageError("give either `path`, or `file` with its `text`")
    if body.path is not None:
        if not body.path.startswith("/"):
            raise UsageError(f"{body.path[:200]!r} is no absolute path: it begins with /")
        return library.import_set(opened_store(), body.path, *how)
    return library.import_text(opened_store(), str(body.file), str(body.text), *how)


def tileset_from_wall(name: str, tiles: list[int] | None, person: str, session: str) -> Any:
    """Keep tiles of the wall of *session* as a set."""
    return library.from_wall(opened_store(), name, tiles, person, session=session)


def _body(model: type[Body], text: str) -> Body:
    """Return the body in *text*, which was not read yet."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {first['msg']}" if where else first["msg"]) from None


TILESET_FUNCTIONS = {
    function.__name__: function
    for function in (
        tilesets, tileset_schema, import_formats, read_tileset, write_tileset, copy_tileset, rename_tileset,
        remove_tileset, tileset_revisions, restore_tileset, show_tileset, import_tileset, tileset_from_wall,
    )
}  # fmt: skip
