"""What plugins add to TiledViz: found from outside (``offers``, ``find``), and itself where it runs (``value``).

Which plugins add something, and what, is asked in processes apart, so that one that is broken costs one line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from tvcore.apart_call import begin
from tvcore.cases import catalog, manager, sources
from tvcore.cases.extending import LoginWay, SchedulerWay, TileKind
from tvcore.cases.sources import Plugin
from tvcore.errors import TiledVizError, UsageError

Hook = Literal["portal_importers", "portal_schedulers", "portal_tile_kinds", "portal_logins"]

MOST = 100  # things that one plugin may add by one hook
HOST = "tvcore.cases.provided"
_WORDS: Mapping[Hook, str] = {
    "portal_importers": "format",
    "portal_schedulers": "scheduler",
    "portal_tile_kinds": "kind of tile",
    "portal_logins": "way to log in",
}

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Offer:
    """Something that a plugin adds, by its *name*: *plugin* is a ``Plugin.spec``, *more* what else is known of it."""

    name: str
    title: str
    plugin: str
    origin: str
    more: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- from outside


def offers(hook: Hook) -> tuple[dict[str, Offer], list[str]]:
    """Return what plugins add by *hook*, by name, and a line for each plugin of which that cannot be had.

    Of two of one name the first counts, in the order of plugins.
    """
    found: dict[str, Offer] = {}
    problems: list[str] = []
    for plugin in catalog.implementing(hook):
        try:
            said = catalog.ask(plugin, "describe", host=HOST, hook=hook)
        except TiledVizError as error:
            problems.append(str(error))
            continue
        for each in said:
            name = each.pop("name")
            if name in found:
                there = found[name].origin
                problems.append(f"the plugin {plugin.name}: a {_WORDS[hook]} {name} comes before its own, from {there}")
            else:
                found[name] = Offer(name, each.pop("title"), plugin.spec, plugin.origin, each)
    return found, problems


def find(hook: Hook, name: str, what: str, ours: Collection[str]) -> Offer:
    """Return what is called *name*; *what*, a setting perhaps, asked for it, and it might have been one of *ours* too.

    Raises UsageError with those that there are, and with what is wrong with plugins that might have it.
    """
    found, problems = offers(hook)
    if name in found:
        return found[name]
    known = ", ".join([*ours, *found])
    said = f" ({'; '.join(problems)})" if problems else ""
    about = f"{what}: " if what else ""
    raise UsageError(f"{about}there is no {_WORDS[hook]} {_line(name)[:60]}: there are {known}{said}")


# ------------------------------------------------------------- where it runs


def describe(plugin: Mapping[str, Any], hook: Hook) -> list[dict[str, Any]]:
    """Return what the plugin of these fields adds by *hook*, as JSON: run apart. Raises TiledVizError in one line."""
    begin(hook)
    return [_plain(each) for each in values(Plugin(**plugin).spec, hook).values()]


def value(plugin: str, hook: Hook, name: str) -> Any:
    """Return what the plugin of the spec *plugin* calls *name*: the plugin is loaded into this process.

    Raises TiledVizError, one line that names the plugin.
    """
    found = values(plugin, hook)
    if name not in found:
        raise TiledVizError(f"{_about(plugin)} has no {_WORDS[hook]} {name} any more")
    return found[name]


def answer(plugin: str, ask: Callable[..., Any], kind: type[Answer], *arguments: Any) -> Answer:
    """Return what *ask*, a function of *plugin*, returns, which is of *kind*. Raises TiledVizError in one line."""
    try:
        found = ask(*arguments)
    except TiledVizError:
        raise
    except (Exception, SystemExit) as error:
        raise TiledVizError(f"{_about(plugin)} failed: {_line(f'{type(error).__name__}: {error}')}") from error
    if not isinstance(found, kind):
        raise TiledVizError(f"{_about(plugin)} returned {type(found).__name__}, not {kind.__name__}")
    return found


@cache
def values(plugin: str, hook: Hook) -> Mapping[str, Any]:
    """Return all that the plugin of the spec *plugin* adds by *hook*, by name, as ``value`` does."""
    kind = _kind(hook)
    said = manager.load(sources.of_spec(plugin)).several(hook, kind)
    if len(said) > MOST:
        raise TiledVizError(f"{_about(plugin)}: {hook} returned {len(said)} of them, more than {MOST}")
    found = {each.name: each for each in said}
    if len(found) < len(said):
        raise TiledVizError(f"{_about(plugin)}: {hook} has a name twice")
    return found


def _kind(hook: Hook) -> type[Any]:
    if hook == "portal_importers":
        from tvcore.importing.importer import Importer

        return Importer
    kinds: Mapping[Hook, type[Any]] = {
        "portal_schedulers": SchedulerWay,
        "portal_tile_kinds": TileKind,
        "portal_logins": LoginWay,
    }
    return kinds[hook]


def _plain(each: Any) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if isinstance(each, TileKind):
        more = {"reads": list(each.reads)}
    elif isinstance(each, LoginWay):
        more = {"fields": [one.model_dump(mode="json") for one in each.fields]}
    elif isinstance(each, SchedulerWay):
        more = {"remote": each.remote}
    elif isinstance(options := each.options, type) and issubclass(options, BaseModel):
        more = {"options": options.model_json_schema()}
    return {"name": each.name, "title": each.title} | more


def _about(plugin: str) -> str:
    there = sources.of_spec(plugin)
    return f"the plugin {there.name} ({there.location})"


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
