"""What a launch form asks the server: what is wrong with its values, what script comes of them, all but the launch.

The values are the texts that one typed, or JSON; what is said of them is word for word what ``--set`` says.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tvcore import config, offers, paths
from tvcore.batch import offered, schedulers, script
from tvcore.batch.plan import Plan, TilePlan
from tvcore.cases import catalog
from tvcore.cases.hookspecs import Report
from tvcore.errors import TiledVizError, UsageError
from tvcore.planning import plan_case, silent

PREPARED_MAX = 50  # scripts that are kept; older ones are removed
MOST_TILES = 0xFFFF
MADE_BY_PREPARING = (
    "this case first makes what its members need: “Prepare only” does so and shows the script, as does"
    " `tiledviz launch {case} --prepare-only`"
)


def check_form(case: str, given: Mapping[str, object], tiles: object = None, preview: bool = True) -> dict[str, Any]:
    """Return all that is wrong with what is *given*, and with *preview* the script that would be submitted.

    ``problems`` and ``warnings`` are lists of ``key`` (as in *given*; ``--tiles``; empty: of the whole) and ``text``. A
    warning is about what the site does not have: the job may be launched all the same. ``preview`` is empty where
    there are problems, or where ``note`` says why. Nothing is prepared, and no batch system asked. Raises UsageError
    for a case that there is not, or a file of settings that is wrong, TiledVizError for a case that is broken.
    """
    about = catalog.describe(case)
    for_case, for_job, found = _sorted_out(given, list(about.parameters.get("properties", {})))
    found += [(problem.key, problem.text) for problem in catalog.problems(case, for_case)]
    in_settings = config.problems(for_job)
    found += in_settings
    count = None
    try:
        count = count_of(tiles)
    except UsageError as error:
        found.append(("--tiles", str(error)))
    warned: list[tuple[str, str]] = []
    if not in_settings:
        settings = config.load(for_job).settings
        try:
            schedulers.check(settings.scheduler.backend)
            away = offers.why_not(settings.scheduler.backend)
            warned += [("scheduler.backend", away)] if away else []
        except TiledVizError as error:
            found.append(("scheduler.backend", str(error)))
        there = offers.known(settings.scheduler.backend)
        warned += offered.warnings(settings.job, there) if there else []
    text, note = "", ""
    if preview and not found:
        if "case_prepare" in about.hooks:
            note = MADE_BY_PREPARING.format(case=case)
        else:
            try:
                plan, planned = plan_case(case, given, count)
                text = script.render(plan, planned.job)
            except TiledVizError as error:
                found.append(("", str(error)))
    return {"problems": _plain(found), "warnings": _plain(warned), "preview": text, "note": note}


def count_of(tiles: object) -> int | None:
    """Return how many *tiles* are meant: a number, the text of one, or None or an empty text for all.

    Raises UsageError with the words that ``--tiles`` has.
    """
    if tiles is None or (isinstance(tiles, str) and not tiles.strip()):
        return None
    try:
        if isinstance(tiles, bool | float):
            raise ValueError
        count = int(tiles)  # type: ignore[call-overload]
    except (ValueError, TypeError):
        raise UsageError(f"Invalid value for '--tiles': {tiles!r:.100} is not a valid integer.") from None
    if count < 1:
        raise UsageError(f"--tiles {count}: a wall needs at least one tile")
    if count > MOST_TILES:
        raise UsageError(f"--tiles {count}: a job has at most {MOST_TILES} tiles")
    return int(count)


def prepare_only(
    case: str,
    given: Mapping[str, object],
    tiles: int | None = None,
    report: Report = silent,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Do all that a launch does but for submitting: what members need is made, images are looked for.

    Returns the ``script`` and the ``path`` where it lies; ``submit``, what to type to submit it, empty where there is
    no batch system; and ``commands``: of each tile ``tile`` (its number), ``title``, ``node``, ``image``, ``command``
    (what to type to run it by hand), and ``program`` (its program as words of a shell, empty if it is none).
    """
    plan, settings = plan_case(case, given, tiles, report=report, cancelled=cancelled)
    text = script.render(plan, settings.job)
    given = as_kept(given, plan.parameters)
    scheduler = schedulers.default(settings.scheduler.backend)
    path = _keep(case, text)
    return {
        "script": text,
        "path": str(path),
        "submit": f"sbatch {shlex.quote(str(path))}" if scheduler.name == "slurm" else "",
        "commands": [
            {
                "tile": tile.index,
                "title": tile.title,
                "node": tile.node,
                "image": tile.image or "",
                "command": _by_hand(plan, tile, given),
                "program": _program(tile),
            }
            for tile in plan.tiles
        ],
    }


def as_kept(given: Mapping[str, object], parameters: Mapping[str, Any]) -> dict[str, object]:
    """Return *given* with the texts that the case made of it, its *parameters*: paths are then those of any folder."""
    return {key: taken if isinstance(taken := parameters.get(key), str) else given[key] for key in given}


def _sorted_out(
    given: Mapping[str, object], names: list[str]
) -> tuple[dict[str, object], dict[str, object], list[tuple[str, str]]]:
    """Return what of *given* is for the case and for its job, as ``split_settings`` has it, and what is wrong."""
    for_case: dict[str, object] = {}
    for_job: dict[str, object] = {}
    as_given: dict[str, object] = {}  # what for_job has, by the keys that it was given by
    found = []
    for key, value in given.items():
        try:
            mine, jobs = config.split_settings({key: value}, names)
            config.split_settings(as_given | {key: value}, names)  # it may say again what was said
        except UsageError as error:
            found.append((key, str(error)))
            continue
        for_case |= mine
        for_job |= jobs
        as_given |= {key: value} if jobs else {}
    return for_case, for_job, found


def _plain(found: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": key, "text": text} for key, text in found]


def _keep(case: str, text: str) -> Path:
    """Write a script into the state folder, and forget the oldest that lie there."""
    folder = paths.secure_folder(paths.state_dir() / "prepared")
    old: list[tuple[float, Path]] = []
    for path in folder.glob("*.sh"):
        with contextlib.suppress(FileNotFoundError):  # another removes old ones too
            old.append((path.stat().st_mtime, path))
    for _, path in sorted(old)[: max(0, len(old) - PREPARED_MAX + 1)]:
        path.unlink(missing_ok=True)
    path = folder / f"{case}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.sh"
    paths.write_atomic(path, text)
    return path


def _by_hand(plan: Plan, tile: TilePlan, given: Mapping[str, object]) -> str:
    words = ["tiledviz", "try", plan.case, "--member", str(tile.index)]
    for key, value in given.items():
        words += ["--set", f"{key}={_typed(value)}"]
    return shlex.join(words)


def _typed(value: object) -> str:
    """Return *value* as one types it after ``--set KEY=``."""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "")
    return str(value)


def _program(tile: TilePlan) -> str:
    if not tile.command:
        return ""
    settings = [f"{name}={value}" for name, value in tile.environment.items()]
    return shlex.join([*(["env", *settings] if settings else []), *tile.command])
