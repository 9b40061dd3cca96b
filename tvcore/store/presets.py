"""Sets of parameters that are kept under a name, and those that cases were launched with of late."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import TiledVizError, UsageError
from tvcore.store.access import first_project
from tvcore.store.models import PresetRow, SessionRow, TileRow, TileSetRow

PRESETS_MAX = 1000
LOOKED_AT = 200  # launches, the last ones, of which those that differ are the recent ones


class PresetTakenError(TiledVizError):
    """There is a set of parameters of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a set of parameters {name} already: choose another name, or replace it")


@dataclass(frozen=True)
class Preset:
    """What a case is launched with: its *parameters*, *settings* by dotted key, and *tiles*, None for all.

    *name* is empty of one that nobody saved; *saved* is when it was saved, or launched, in seconds since the epoch.
    """

    name: str
    case: str
    title: str
    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]
    tiles: int | None
    saved: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


class Presets:
    """The sets of parameters of a *project*, by its id; None: of the first one."""

    def __init__(
        self, writing: sessionmaker[Session], reading: sessionmaker[Session], project: int | None = None
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._project = project

    def of(self, project: int | None) -> Presets:
        """Return those of *project*; None: of the first one."""
        return Presets(self._writing, self._reading, project)

    def _of(self, db: Session) -> int:
        return self._project or first_project(db)

    def saved(self) -> list[Preset]:
        """Return those that were saved, by name."""
        with self._reading() as db:
            # Sorted here: a database sorts by its own language.
            found = sorted(db.scalars(_in(self._of(db))), key=lambda row: row.name)
            return [_preset(row) for row in found]

    def read(self, name: str) -> Preset:
        """Return the one called *name*. Raises UsageError when there is none."""
        with self._reading() as db:
            return _preset(_find(db, self._of(db), name))

    def save(self, preset: Preset, replace: bool) -> None:
        """Keep *preset*. Raises PresetTakenError when its name is taken and *replace* is false."""
        try:
            with self._writing.begin() as db:
                project = self._of(db)
                row = db.scalar(_in(project).where(PresetRow.name == preset.name).with_for_update())
                if row is not None and not replace:
                    raise PresetTakenError(preset.name)
                if row is None:
                    if (db.scalar(select(func.count()).where(PresetRow.project_id == project)) or 0) >= PRESETS_MAX:
                        raise UsageError(f"there are {PRESETS_MAX} sets of parameters, which is all: remove some")
                    row = PresetRow(project_id=project, name=preset.name)
                    db.add(row)
                row.case, row.tiles, row.saved = preset.case, preset.tiles, preset.saved
                row.parameters, row.settings = dict(preset.parameters), dict(preset.settings)
        except IntegrityError:  # somebody was quicker
            raise PresetTakenError(preset.name) from None

    def rename(self, name: str, to: str) -> None:
        """Call the set *name* *to*. Raises PresetTakenError when there is another of that name."""
        try:
            with self._writing.begin() as db:
                _find(db, self._of(db), name).name = to
        except IntegrityError:
            raise PresetTakenError(to) from None

    def remove(self, name: str) -> None:
        """Forget the set *name*."""
        with self._writing.begin() as db:
            db.execute(delete(PresetRow).where(PresetRow.id == _find(db, self._of(db), name).id))

    def recent(self, most: int) -> list[Preset]:
        """Return what was launched of late and is still known, the last first, each but once; at most *most*."""
        last = (
            select(TileSetRow, func.max(TileRow.index))
            .join(SessionRow, SessionRow.id == TileSetRow.session_id)
            .outerjoin(TileRow, TileRow.set_id == TileSetRow.id)
            .group_by(TileSetRow.id)
            .order_by(TileSetRow.created.desc(), TileSetRow.id.desc())
            .limit(LOOKED_AT)
        )
        found: dict[str, Preset] = {}
        with self._reading() as db:
            for run, index in db.execute(last.where(SessionRow.project_id == self._of(db))):
                tiles = None if index is None else index + 1
                key = json.dumps([run.case, run.parameters, run.settings, tiles], sort_keys=True)
                launched = Preset("", run.case, run.title, run.parameters, run.settings, tiles, run.created)
                found.setdefault(key, launched)
        return list(found.values())[:most]


def new(name: str, case: str, parameters: Mapping[str, Any], settings: Mapping[str, Any], tiles: int | None) -> Preset:
    """Return a set of parameters as of now."""
    return Preset(name, case, "", parameters, settings, tiles, time.time())


def _preset(row: PresetRow) -> Preset:
    return Preset(row.name, row.case, "", row.parameters, row.settings, row.tiles, row.saved)


def _in(project: int) -> Select[PresetRow]:
    return select(PresetRow).where(PresetRow.project_id == project)


def _find(db: Session, project: int, name: str) -> PresetRow:
    row = db.scalar(_in(project).where(PresetRow.name == name))
    if row is None:
        raise UsageError(f"there is no set of parameters {name}: `tiledviz presets list` lists those there are")
    return row
