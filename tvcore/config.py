"""Where settings come from: the site's file, the person's own over it, the command line over both."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tvcore.errors import TiledVizError, UsageError
from tvcore.settings import FILES_ONLY, JobSettings, Settings

__all__ = ["Config", "JobSettings", "Settings", "load", "own_file", "problems", "site_file", "split_settings"]

SITE_FILE = "/etc/tiledviz/config.toml"
FILE_BYTES = 1 << 20
DEFAULT = "default"
COMMAND_LINE = "--set"

Layer = dict[str, dict[str, object]]  # table → key → value


@dataclass(frozen=True)
class Config:
    """The settings that hold, and where each comes from."""

    settings: Settings
    _origins: Mapping[str, str]

    def origin(self, key: str) -> str:
        """Return where the setting *key* (``job.nodes``) comes from: ``default``, a file's path, or ``--set``."""
        _check_known(key)
        return self._origins.get(key, DEFAULT)

    def show(self) -> list[dict[str, Any]]:
        """Return a dictionary per setting: its ``key``, ``value``, ``source`` and ``description``."""
        return [
            {
                "key": key,
                "value": self._value(key),
                "source": self.origin(key),
                "description": field.description,
            }
            for key, field in _fields().items()
        ]

    def _value(self, key: str) -> Any:
        value = self.settings.model_dump(mode="json")
        for name in key.split("."):
            value = value[name]
        return value


def site_file() -> Path | None:
    """Return the site's file: ``$TILEDVIZ_SITE_CONFIG``, else /etc/tiledviz/config.toml; None where that is empty."""
    named = os.environ.get("TILEDVIZ_SITE_CONFIG", SITE_FILE)
    return Path(named).absolute() if named else None


def own_file() -> Path:
    """Return the person's own file, in ``$XDG_CONFIG_HOME/tiledviz``."""
    return Path(platformdirs.user_config_dir("tiledviz")) / "config.toml"


def load(overrides: Mapping[str, object] | None = None) -> Config:
    """Return the settings: defaults, under the site's file, under the person's own, under *overrides*.

    *overrides* go by dotted keys (``job.nodes``); texts among them are read as the setting's type. Raises UsageError
    for an unknown key or a value that cannot be, TiledVizError for a file that cannot be used; both in one line that
    says where.
    """
    merged: Layer = {}
    origins: dict[str, str] = {}
    site, own = site_file(), own_file()
    for path, mine in ((site, False), (own, True)):
        if path is not None and (text := _read(path, mine)) is not None:
            _merge(merged, origins, _parse(path, text), str(path))
    _merge(merged, origins, _from_command_line(overrides or {}), COMMAND_LINE)
    return Config(Settings.model_validate(merged), origins)


def problems(overrides: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what ``load`` says against each of *overrides*: its key, and the line."""
    found = []
    for key, value in overrides.items():
        try:
            _from_command_line({key: value})
        except UsageError as error:
            found.append((key, str(error)))
    return found


def split_settings(
    given: Mapping[str, object], case_fields: Collection[str]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what of *given* is for the case, which has the parameters *case_fields*, and what is for ``load``.

    A bare name is the case's parameter of that name, else the job's setting (``nodes`` for ``job.nodes``); a dotted
    one is always a setting. Raises UsageError for one that is neither.
    """
    case: dict[str, object] = {}
    overrides: dict[str, object] = {}
    for name, value in given.items():
        if "." not in name and name in case_fields:
            case[name] = value
            continue
        key = name if "." in name else f"job.{name}"
        if key not in _fields():
            settings = list(JobSettings.model_fields)
            nearest = _nearest(name, [*case_fields, *settings, *_fields()])
            raise UsageError(
                f"the case has no parameter {_short(name)}, and there is no such setting{nearest} (parameters:"
                f" {', '.join(case_fields) or 'none'}; settings: {', '.join(settings)}; more: `tiledviz config show`)"
            )
        if key in overrides:
            raise UsageError(f"--set {key} is given twice, once as {key.removeprefix('job.')}: keep one")
        overrides[key] = value
    return case, overrides


# ------------------------------------------------------------------------ layers


def _fields() -> dict[str, FieldInfo]:
    """Return every setting by its dotted key."""
    return dict(_below(Settings))


def _below(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield each setting of *model* and of the tables in it, by its key behind *before*."""
    for name, field in model.model_fields.items():
        if (table := _model(field)) is not None:
            yield from _below(table, f"{before}{name}.")
        else:
            yield before + name, field


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """Return the table that *field* is; None: it is a setting."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _merge(merged: dict[str, Any], origins: dict[str, str], layer: Mapping[str, Any], source: str) -> None:
    tables = [("", merged, layer)]
    while tables:
        before, into, values = tables.pop()
        for name, value in values.items():
            if isinstance(value, dict):
                tables.append((f"{before}{name}.", into.setdefault(name, {}), value))
            else:
                into[name] = value
                origins[before + name] = source


def _from_command_line(overrides: Mapping[str, object]) -> Layer:
    layer: Layer = {}
    for key, value in overrides.items():
        field = _check_known(key)
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(FILES_ONLY):
            raise UsageError(f"{key} comes from a file only: write it into {own_file()}")
        table, _, name = key.partition(".")
        # An empty text takes back what a file says.
        layer.setdefault(table, {})[name] = field.get_default() if value == "" else value
    try:
        Settings.model_validate(layer)
    except ValidationError as error:
        table, name = (str(part) for part in error.errors()[0]["loc"][:2])
        raise UsageError(f"--set {table}.{name}={_short(layer[table][name])}: {_message(error)}") from None
    return layer


def _check_known(key: str) -> FieldInfo:
    """Return the setting *key*. Raises UsageError that names the nearest, when there is none of this name."""
    fields = _fields()
    if key not in fields:
        raise UsageError(f"there is no setting {_short(key)}{_nearest(key, fields)}; `tiledviz config show` lists all")
    return fields[key]


# ------------------------------------------------------------------------- files


def _read(path: Path, mine: bool) -> str | None:
    """Return the text of the file *path*, None where there is none.

    Raises TiledVizError for one that others may have written: such a file decides what runs in the person's name.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:  # no FIFO waits
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise TiledVizError(f"{path} is not a file: remove it")
            if mine and found.st_uid != os.getuid():
                raise TiledVizError(f"{path} does not belong to you: its settings are not used; remove it, or own it")
            if found.st_mode & stat.S_IWOTH:
                raise TiledVizError(f"everybody may write to {path}: `chmod o-w {path}`, and look at what is in it")
            data = file.read(FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if not mine and "TILEDVIZ_SITE_CONFIG" in os.environ:
            raise TiledVizError(f"there is no file {path}, which TILEDVIZ_SITE_CONFIG names") from None
        return None
    except (OSError, ValueError) as error:
        raise TiledVizError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from error
    if len(data) > FILE_BYTES:
        raise TiledVizError(f"{path} is larger than {FILE_BYTES >> 20} MiB: it cannot be a file of settings")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8") from error


def _parse(path: Path, text: str) -> Layer:
    """Return the settings in *text*, a TOML document, as they stand there but checked. Raises UsageError."""
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        what, _, where = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", where)
        number = int(line[1]) if line else text.count("\n") + 1
        raise UsageError(f"{path}, line {number}: {what}") from error
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply to be a file of settings") from error
    try:
        Settings.model_validate(document)
    except ValidationError as error:
        raise UsageError(_file_error(path, text, document, error)) from None
    return document


def _file_error(path: Path, text: str, document: dict[str, Any], error: ValidationError) -> str:
    first = error.errors()[0]
    tables, key, model = _place(first["loc"])
    table = ".".join(tables)
    if not tables:
        nearest = _nearest(key, [*Settings.model_fields, *(name.partition(".")[2] for name in _fields()), *_fields()])
        known = ", ".join(Settings.model_fields)
        return f"{path}, line {_line(text, key)}: there is no table {_short(key)}{nearest} (tables: {known})"
    if not key:
        where = f"{path}, line {_line(text, *tables)}"
        if first["type"] == "value_error":
            return f"{where}: [{table}] {_message(error)}"
        return f"{where}: {table} is a table: write [{table}], and its keys below"
    where = f"{path}, line {_line(text, *tables, key)}: [{table}]"
    if first["type"] == "extra_forbidden":
        keys = model.model_fields
        return f"{where} has no key {_short(key)}{_nearest(key, keys)} (keys: {', '.join(keys)})"
    value: Any = document
    for name in (*tables, key):
        value = value[name]
    # What should not stand in a file at all is not to stand in a log either.
    said = "" if (table, key) == ("store", "url") else f" = {_short(value)}"
    return f"{where} {key}{said}: {_message(error)}"


def _place(where: Iterable[str | int]) -> tuple[list[str], str, type[BaseModel]]:
    """Return the tables, the key in them (empty: it is about the table) and the innermost table of an error's place."""
    tables: list[str] = []
    model: type[BaseModel] = Settings
    for part in map(str, where):
        field = model.model_fields.get(part)
        if field is None or (below := _model(field)) is None:
            return tables, part, model
        tables.append(part)
        model = below
    return tables, "", model


def _line(text: str, *wanted: str) -> int:
    """Return the number of the line of *text* that sets *wanted*, a table or a table and its key.

    That is as near as reading line by line can tell: the table's first line, if the key is not found.
    """
    table: tuple[str, ...] = ()
    nearest = 1
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[+([^\]]*)\]", line):
            here = table = _dotted(header[1])
        elif name := re.match(r"([^=#]*)=", line):
            here = table + _dotted(name[1])
        else:
            continue
        if here[: len(wanted)] == wanted:
            return number
        if nearest == 1 and here[:1] == wanted[:1]:
            nearest = number
    return nearest


def _dotted(key: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in key.split("."))


# ------------------------------------------------------------------------- words


def _message(error: ValidationError) -> str:
    message = error.errors()[0]["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return " ".join(message.replace("should be", "must be").split())


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name[:60], list(known), n=1)
    return f": did you mean {found[0]}?" if found else ""
