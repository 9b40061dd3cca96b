"""What the portal's worker processes do about who is logged in (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

from typing import Any

from tvcore.portal.opened import opened_store


def access_version() -> int:
    """Return a number that changes whenever somebody may do something else than before."""
    return opened_store().access.version()


def use_ticket(ticket: str) -> int | None:
    """Return the id of the person that the login ticket was good for, None if for nobody; it is not any more."""
    return opened_store().access.use_ticket(ticket)


def add_login(cookie: str, key: str, seconds: float, person: int) -> dict[str, Any] | None:
    """Let in whoever shows *cookie* and *key*, as *person*; return what they may do."""
    return opened_store().access.add_login(cookie, key, seconds, person)


def of_login(cookie_hash: str, key_hash: str) -> dict[str, Any] | None:
    """Return what the login to which both belong may do, if there is one."""
    return opened_store().access.of_login(cookie_hash, key_hash)


def of_logins(pages: list[tuple[str, str]]) -> list[dict[str, Any] | None]:
    """Return what ``of_login`` says of each of *pages*, by the hashes of its cookie and key."""
    return opened_store().access.of_logins([(cookie, key) for cookie, key in pages])


def of_token(token: str) -> dict[str, Any] | None:
    """Return what an API token may do, if there is one."""
    return opened_store().access.of_token(token)


def cookie_known(cookie: str) -> bool:
    """Return whether a page of the browser with *cookie* is logged in."""
    return opened_store().access.cookie_known(cookie)


def known_cookies(most: int) -> list[str]:
    """Return the hashes of the cookies of browsers that are logged in, the last to come first."""
    return opened_store().access.cookies(most)


def remove_login(cookie: str) -> None:
    """End the logins of the browser with *cookie*."""
    opened_store().access.remove_login(cookie)


ACCESS_FUNCTIONS = {
    function.__name__: function
    for function in (
        access_version, use_ticket, add_login, of_login, of_logins, of_token, cookie_known, known_cookies, remove_login,
    )
}  # fmt: skip
