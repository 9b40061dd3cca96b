"""Whether somebody may come in, asked of a plugin's way to log in: run apart (``tvcore.portal.login_calls``).

What was typed goes nowhere else: of an exception only its kind is told, as its text may hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvcore.apart_call import begin
from tvcore.cases import provided
from tvcore.cases.extending import LoginWay, Person
from tvcore.cases.sources import Plugin


def check(plugin: Mapping[str, Any], name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return who came with *fields* by the way *name* of the plugin of these fields: ``name`` and ``role``.

    Empty: nobody who may. ``failed`` says in words, without what was typed, that the way does not work.
    """
    way = provided.value(Plugin(**plugin).spec, "portal_logins", name)
    assert isinstance(way, LoginWay)
    begin("check")
    try:
        found = way.check(dict(fields))
    except BaseException as error:  # also SystemExit: it is the same to who wants in
        return {"failed": f"its check raised {type(error).__name__}"}
    if found is None:
        return {}
    if not isinstance(found, Person):
        return {"failed": f"its check must return a Person or None, not {type(found).__name__}"}
    return {"name": found.name, "role": found.role}
