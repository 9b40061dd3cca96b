"""What the portal's worker processes do about the ways to log in (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tvcore import config
from tvcore.cases import catalog, provided, sources
from tvcore.people import accounts
from tvcore.portal.access import TOKEN
from tvcore.portal.opened import opened_store
from tvcore.portal.roles import Role
from tvcore.store.accounts import ACCOUNTS

PROXY = "proxy"
CHECK_SECONDS = 10.0
_HOOK: provided.Hook = "portal_logins"
_FIELDS = (
    {"name": "name", "title": "Name", "secret": False},
    {"name": "password", "title": "Password", "secret": True},
)


def login_way() -> dict[str, Any]:
    """Return what the setting ``portal.login`` names: its name, title, fields and plugin. Raises TiledVizError.

    With it goes whether one may register, whether mail is sent, and which proxies there are.
    """
    settings = config.load().settings.portal
    name = settings.login
    here = name == ACCOUNTS
    found = {
        "way": name, "title": "", "fields": list(_FIELDS) if here else [], "plugin": "",
        "registration": settings.registration if here else "no", "mail": here and bool(settings.mail.server),
        "proxies": settings.proxy.model_dump(mode="json"),
    }  # fmt: skip
    if name in (TOKEN, ACCOUNTS, PROXY):
        return found
    offer = provided.find(_HOOK, name, "portal.login", (TOKEN, ACCOUNTS, PROXY))
    return found | {"title": offer.title, "fields": offer.more["fields"], "plugin": offer.plugin}


def check_login(plugin: str, way: str, fields: dict[str, str]) -> dict[str, str]:
    """Return who may come in with *fields*, as ``tvcore.cases.checking`` does. Raises TiledVizError."""
    seconds = min(CHECK_SECONDS, config.load().settings.plugins.seconds)
    there = sources.of_spec(plugin)
    found: dict[str, str] = catalog.ask(there, "check", seconds, host="tvcore.cases.checking", name=way, fields=fields)
    return found


def came_by_plugin(way: str, name: str, role: Role) -> int:
    """Return the id of the person whom the plugin's *way* knows by *name*: a member of the first project, as *role*."""
    return opened_store().access.came(way, name, role)


def came_by_proxy(name: str) -> int:
    """Return the id of the person whom the proxy calls *name*; who is new is a newcomer (``portal.newcomers``)."""
    newcomer = accounts.newcomer(config.load().settings.portal)
    return opened_store().accounts.met(PROXY, name, name, newcomer)


def check_account(name: str, password: str, code: str | None = None) -> dict[str, Any]:
    """Return what comes of a login with *name*, *password* and *code*."""
    return asdict(accounts.check(opened_store(), name, password, code))


LOGIN_FUNCTIONS = {
    function.__name__: function for function in (login_way, check_login, came_by_plugin, came_by_proxy, check_account)
}
