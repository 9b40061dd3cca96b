"""The plugins there are, and what they answer: each is asked in a process apart, bounded in time and memory.

A plugin that cannot be imported, raises, hangs, answers nonsense, crashes or wants all the memory is one line about
that plugin. Nothing of a plugin is ever imported here: portal, workers and command line only call these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from tvcore import config
from tvcore.apart import OUTPUT_MAX, Apart, ApartError
from tvcore.cases import remembered, sources
from tvcore.cases.case import TileSpec
from tvcore.cases.hookspecs import Report
from tvcore.cases.problems import Problem, clean, tracing
from tvcore.cases.sources import Left, Plugin
from tvcore.errors import TiledVizError, UsageError
from tvcore.tunnel.agents import Registration

__all__ = [
    "Description", "Left", "Plugin", "Problem", "Survey", "act_once", "actions", "check", "describe", "describe_all",
    "describe_plugin", "find", "implementing", "problems", "speak", "survey",
]  # fmt: skip

AT_ONCE = 16  # plugins that are asked at a time: those that hang take no CPU
DESCRIBE_SECONDS = 20.0  # at most: the list of cases waits for all
SAID_MOST = 1 << 20  # bytes of what a plugin says of itself
HOST = "tvcore.cases.host"

_silent = Apart()
_speaking = Apart(voice=True)
_apart = _silent


def speak() -> None:
    """Let plugins print: what they say is on this process's standard error from now on, as in a terminal."""
    global _apart
    _apart = _speaking


@dataclass(frozen=True)
class Description:
    """What a plugin is. One that cannot be used has an *error*; one without ``case_`` hooks has no title: no case.

    *parameters* is the JSON Schema of the case's parameters, *picture* the absolute path of a PNG file or empty.
    """

    name: str
    origin: str
    title: str = ""
    description: str = ""
    picture: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_case(self) -> bool:
        """Return whether it is to be listed among the cases: it is one, or should be."""
        return bool(self.error) or any(name.startswith("case_") for name in self.hooks)


class PluginLostError(TiledVizError):
    """The process in which a plugin was asked was killed from outside: perhaps by what was asked beside it."""


@dataclass(frozen=True)
class Survey:
    """What a plan needs of a case: per tile its index, title, tags, row in the ensemble, and what runs in it.

    *means* is what actions of the case are for that TiledViz does by itself (``Action.means``).
    """

    plugin: Plugin
    title: str
    parameters: dict[str, Any]
    indices: tuple[int, ...]
    titles: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    rows: tuple[int | None, ...]
    tiles: tuple[TileSpec, ...]
    ensemble: str | None
    live: bool
    hooks: tuple[str, ...]
    means: tuple[str, ...]


# -------------------------------------------------------------------------- which


def find(name: str) -> Plugin:
    """Return the plugin called *name*. Raises UsageError that lists those there are, or says why it does not count."""
    counted, left = sources.plugins()
    if name in counted:
        return counted[name]
    for each in left:
        if each.plugin.name == name:
            raise UsageError(f"the case {name} ({each.plugin.origin}) cannot be used: {each.why}")
    raise UsageError(f"there is no case {name!r}: there are {', '.join(sorted(counted))}")


def describe_all() -> list[Description]:
    """Return a description per plugin that counts or should, by name; several are asked at a time."""
    counted, left = sources.plugins()
    found = _describe_each(list(counted.values()))
    found += [Description(each.plugin.name, each.plugin.origin, error=each.why) for each in left if not each.off]
    return sorted(found, key=lambda each: each.name)


def _describe_each(plugins: Sequence[Plugin]) -> list[Description]:
    """Return a description of each; those that another one took down with it are asked again, each quite by itself."""
    lost: list[int] = []

    def ask_for(number: int) -> Description:
        try:
            return _described(plugins[number])
        except PluginLostError as error:
            lost.append(number)
            return Description(plugins[number].name, plugins[number].origin, error=str(error))
        except TiledVizError as error:
            return Description(plugins[number].name, plugins[number].origin, error=str(error))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(ask_for, range(len(plugins))))
        again = list(lost)
        for number, said in zip(again, pool.map(lambda each: _describe_alone(plugins[each]), again), strict=True):
            found[number] = said
    return found


def _describe_alone(plugin: Plugin) -> Description:
    """Return what *plugin* is, asked in a process that nobody shares."""
    own = Apart(voice=_apart is _speaking)
    try:
        return describe_plugin(plugin, own)
    finally:
        own.end()


def describe_plugin(plugin: Plugin, apart: Apart | None = None) -> Description:
    """Return what *plugin* is; what is wrong with it is its ``error``."""
    try:
        return _described(plugin, apart)
    except TiledVizError as error:
        return Description(plugin.name, plugin.origin, error=str(error))


def describe(name: str) -> Description:
    """Return what the case *name* is. Raises TiledVizError when it cannot be used, UsageError when there is none."""
    found = _described(find(name))
    if not found.is_case:
        raise UsageError(f"the plugin {name} ({found.origin}) is no case: it has {', '.join(found.hooks)}")
    return found


def implementing(hook: str) -> list[Plugin]:
    """Return the plugins that have *hook*, one of those that add to the portal; bundled ones have none of these."""
    counted, _ = sources.plugins()
    others = [plugin for plugin in counted.values() if plugin.kind != "bundled"]
    found = _describe_each(others)
    return [plugin for plugin, each in zip(others, found, strict=True) if hook in each.hooks]


# -------------------------------------------------------------------------- asking


def problems(name: str, given: Mapping[str, object]) -> list[Problem]:
    """Return all that is wrong with the parameters *given* to the case *name*, each with the words of ``check``."""
    return [Problem(**each) for each in ask(find(name), "problems", given=given)]


def check(name: str, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the parameters of the case *name* with *given* set. Raises UsageError naming the first wrong one."""
    return dict(ask(find(name), "check", given=given))


def survey(
    name: str,
    given: Mapping[str, object],
    count: int | None,
    indices: Sequence[int] | None,
    report: Report,
    cancelled: Callable[[], bool] | None = None,
) -> Survey:
    """Have the case *name* make what its members need, and return what a plan needs. Raises TiledVizError.

    Once *cancelled* returns true it ends, with what it started, and CancelledError is raised.
    """
    plugin = find(name)
    found = ask(
        plugin, "survey", report=report, cancelled=cancelled,
        given=given, count=count, indices=None if indices is None else list(indices),
    )  # fmt: skip
    return Survey(
        plugin=plugin,
        title=found["title"],
        parameters=found["parameters"],
        indices=tuple(found["indices"]),
        titles=tuple(found["titles"]),
        tags=tuple(map(tuple, found["tags"])),
        rows=tuple(found["rows"]),
        tiles=tuple(TileSpec.model_validate(each) for each in found["tiles"]),
        ensemble=found["ensemble"],
        live=found["live"],
        hooks=tuple(found["hooks"]),
        means=tuple(found["means"]),
    )


def actions(plugin: Plugin, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return what the case of *plugin* offers for tiles launched with *parameters*, as ``Action.plain`` has it."""
    return list(ask(plugin, "actions", output=SAID_MOST, parameters=parameters))


def act_once(
    plugin: Plugin,
    parameters: Mapping[str, object],
    action: str,
    arguments: Mapping[str, object],
    tiles: Sequence[tuple[int, Registration]],
    seconds: float,
    report: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> str:
    """Do *action* with all *tiles* together, within *seconds*; return the line that it says."""
    handed = [(index, registration.model_dump(mode="json")) for index, registration in tiles]
    said = ask(
        plugin, "act_once", seconds=seconds, total=seconds, report=report, cancelled=cancelled,
        parameters=parameters, action=action, arguments=arguments, tiles=handed,
    )  # fmt: skip
    return str(said)


def ask(
    plugin: Plugin,
    function: str,
    seconds: float | None = None,
    report: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
    host: str = HOST,
    total: float = math.inf,
    output: int = OUTPUT_MAX,
    apart: Apart | None = None,
    **arguments: Any,
) -> Any:
    """Return what *function* of the module *host* returns for *plugin*, in a process apart. Raises TiledVizError.

    *seconds* is how long it may take (setting ``plugins.seconds``); *report* gives it that time anew, up to *total*.
    """
    settings = config.load().settings.plugins
    limit = settings.seconds if seconds is None else seconds
    try:
        found = (apart or _apart).call(
            f"{host}:{function}",
            {"plugin": asdict(plugin), **arguments},
            seconds=limit,
            total=total,
            memory=settings.memory_bytes,
            output=output,
            what=f"the plugin {plugin.name}",
            report=report,
            cancelled=cancelled,
        )
    except ApartError as error:
        kind = PluginLostError if error.how == "lost" else TiledVizError
        raise kind(_lost(plugin, error, min(limit, total), settings.memory, set_=seconds is None)) from error
    return clean(found)


def _described(plugin: Plugin, apart: Apart | None = None) -> Description:
    said = None if tracing() else remembered.recall(plugin)
    if said is None:
        stamp = remembered.stamp(plugin)
        seconds = min(config.load().settings.plugins.seconds, DESCRIBE_SECONDS)
        try:
            said = dict(ask(plugin, "describe", seconds, output=SAID_MOST, apart=apart))
        except PluginLostError:
            raise  # it may be innocent
        except TiledVizError as error:
            said = {"error": str(error)}
        remembered.keep(plugin, stamp, said)
    if "error" in said:
        raise TiledVizError(said["error"])
    hooks, warnings = tuple(said.pop("hooks")), tuple(said.pop("warnings"))
    return Description(plugin.name, plugin.origin, hooks=hooks, warnings=warnings, **said)


def _lost(plugin: Plugin, error: ApartError, seconds: float, memory: str, set_: bool) -> str:
    """Return in one line how the process was lost in which *plugin* was asked."""
    name, doing = f"the plugin {plugin.name} ({plugin.origin})", error.doing or "its import"
    match error.how:
        case "time":
            setting = " (plugins.seconds)" if set_ else ""
            return f"{name} took longer than {seconds:g} s in {doing} and was given up{setting}"
        case "memory":
            return f"{name} wanted more than {memory or 'all the'} memory in {doing} (plugins.memory)"
        case "output":
            return f"{name} answered too much, or nonsense, in {doing}"
        case "deep":
            return f"{name} called itself too deeply in {doing}"
        case "crash":
            return (
                f"{name} crashed in {doing}: a library that it uses is broken, or wanted more than {memory} of memory"
            )
        case "exit":
            return f"{name} ended its process in {doing}"
        case "fault":
            return f"{name} failed in {doing}: {error.detail}"
        case _:
            return f"{name} was killed in {doing}, for want of memory perhaps: try again"
