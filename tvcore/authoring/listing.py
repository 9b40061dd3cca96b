"""All plugins that there are: where each comes from, whether it counts, and what is wrong with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tvcore.cases import catalog, sources


def listed() -> list[dict[str, Any]]:
    """Return a dictionary per plugin, by name.

    ``state`` is ``on``, ``off`` (switched off, or another counts instead), ``overridden`` (another of its name comes
    before it) or ``broken``; ``why`` says it in words, ``error`` what is wrong with it.
    """
    counted, left = sources.plugins()
    with ThreadPoolExecutor(catalog.AT_ONCE) as pool:
        described = list(pool.map(catalog.describe_plugin, counted.values()))
    found = [
        _document(
            counted[each.name], "broken" if each.error else "on", error=each.error, title=each.title,
            hooks=list(each.hooks), warnings=list(each.warnings),
        )
        for each in described
    ]  # fmt: skip
    for one in left:
        state = "off" if one.off else "overridden" if one.plugin.name in counted else "broken"
        found.append(_document(one.plugin, state, **{"error" if state == "broken" else "why": one.why}))
    return sorted(found, key=lambda each: (each["name"], each["state"] != "on"))


def _document(plugin: sources.Plugin, state: str, **more: Any) -> dict[str, Any]:
    empty = {"why": "", "error": "", "title": "", "hooks": [], "warnings": []}
    return {"name": plugin.name, "state": state, "origin": plugin.origin, "location": plugin.location} | empty | more
