"""Accounts: what a person can do about their own, and an administrator about those of others; one function each.

Called alike by the command line and the web API. Whoever calls has checked that they may: what is one's own needs
the password where it says so, and the rest an administrator.
"""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from tvcore import config
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import names, passwords, secret_key, totp
from tvcore.people.named import called, the_one
from tvcore.portal.roles import Role
from tvcore.settings import PortalSettings
from tvcore.settings_people import mail_address
from tvcore.store import Store
from tvcore.store.access import hashed
from tvcore.store.accounts import ACCOUNTS, ACTIVE, DEACTIVATED, PENDING, UNVERIFIED

UNVERIFIED_SECONDS = 7 * 24 * 3600.0  # for which an account waits for its mail address to be shown
WAITING_MOST = 500  # accounts that strangers made and nobody let in yet

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,39}", re.ASCII)

NOBODY = "?"  # no account's name

Came = Literal["in", "no", "code", "pending", "unverified", "deactivated"]


class WrongPasswordError(TiledVizError):
    """The password, or the code, is not right."""


class NoSuchThingError(TiledVizError):
    """What is asked for is not for accounts of this kind, or not for now."""


@dataclass(frozen=True)
class Outcome:
    """What came of a login: ``in`` as the *person* of this id, ``no``, ``code``: one is wanted, or a state."""

    came: Came
    person: int = 0


# ------------------------------------------------------------------------ names


def account_name(text: str) -> str:
    """Return *text* as the name of an account. Raises UsageError."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise UsageError("a name begins with a letter and has 1 to 40 letters a-z, digits, and any of . _ -")
    return name


def typed_name(text: str) -> str:
    """Return *text* as it counts as an account's name at a login: it is one, or belongs to nobody."""
    name = unicodedata.normalize("NFKC", text).strip().lower()[:254]
    return name if name.isprintable() else NOBODY  # no database takes all characters


def checked_mail(text: str) -> str | None:
    """Return *text* as a mail address, None where it is empty. Raises UsageError."""
    try:
        return mail_address(text.strip()) or None
    except ValueError as error:
        raise UsageError(f"the mail address {error}") from None


def newcomer(settings: PortalSettings) -> Role | None:
    """Return the role in the first project of who comes for the first time; None: none."""
    return settings.newcomers or None


# ---------------------------------------------------------------------- come in


def check(store: Store, name: str, password: str, code: str | None = None) -> Outcome:
    """Return what comes of a login with *name* and *password*, and a *code* of the authenticator or to recover.

    It takes the same time whether the account is there; the state of one is told to who has its password alone.
    """
    person = store.accounts.find(typed_name(name))
    proof = store.accounts.proof(person["id"]) if person else None
    if not passwords.fits(proof["hash"] if proof else None, password) or person is None or proof is None:
        return Outcome("no")
    if person["state"] == ACTIVE and proof["totp_on"]:
        if not code:
            return Outcome("code")
        if not _code_fits(store, person["id"], proof["totp"], code):
            return Outcome("no")
    if passwords.outdated(proof["hash"]):
        store.accounts.rehash(person["id"], proof["hash"], passwords.hashed(password))
    return Outcome("in" if person["state"] == ACTIVE else person["state"], person["id"])


def _code_fits(store: Store, person: int, sealed: str, code: str) -> bool:
    """Return whether *code* is right, and spend it: a step once, and none before it; a recovery code once."""
    if (recovery := totp.recovery_of(code)) is not None:
        return store.accounts.use_recovery(person, hashed(recovery))
    step = totp.step_of(_secret(person, sealed), code)
    return step is not None and store.accounts.use_step(person, step)


def _secret(person: int, sealed: str) -> str:
    """Return the secret in *sealed*, which names whose it is: moved to another person's row it is worth nothing."""
    whose, _, secret = secret_key.unseal(sealed).partition(":")
    if whose != str(person):
        raise TiledVizError("the store has the authenticator of somebody else for this account: reset it")
    return secret


# ---------------------------------------------------------------------- account


def register(
    store: Store, settings: PortalSettings, name: str, password: str, display: str = "", mail: str = ""
) -> dict[str, Any]:
    """Make an account as a stranger, as far as the settings let one; return the person.

    Its state says whether it is to be let in by an administrator, or by showing that the *mail* address is theirs.
    """
    if settings.login != ACCOUNTS or settings.registration == "no":
        raise NoSuchThingError("nobody can make an account here by themselves: ask an administrator of this portal")
    name, address = account_name(name), checked_mail(mail)
    if settings.mail.server and address is None:
        raise UsageError("a mail address is needed: a link is sent to it")
    store.accounts.forget_unverified(time.time() - UNVERIFIED_SECONDS)
    if store.accounts.count((PENDING, UNVERIFIED)) >= WAITING_MOST:
        raise NoSuchThingError("too many new accounts wait to be let in: ask an administrator of this portal")
    shown = _own_looks(store, display or name)
    passwords.check(password, (name, shown, address))
    state = UNVERIFIED if settings.mail.server else after_verified(settings)
    kept = passwords.hashed(password)
    person = store.accounts.add(name, shown, address, state, kept, newcomer(settings))
    return store.accounts.person(person)


def after_verified(settings: PortalSettings) -> str:
    """Return the state of a new account once its mail address is known to be right."""
    return ACTIVE if settings.registration == "open" else PENDING


def make(store: Store, name: str, display: str = "", mail: str = "", role: Role | None = None) -> dict[str, Any]:
    """Make an account as an administrator, with *role* in the first project; it has no password until one is chosen."""
    name = account_name(name)
    shown = names.guest_name(display or name)
    person = store.accounts.add(name, shown, checked_mail(mail), ACTIVE, None, role)
    return store.accounts.person(person)


def change_display(store: Store, person: int, display: str) -> dict[str, Any]:
    """Have others read *display* for *person*. Raises UsageError: it could be taken for somebody else's."""
    store.accounts.set_display(person, _own_looks(store, display, person))
    return store.accounts.person(person)


def _own_looks(store: Store, display: str, person: int = 0) -> str:
    """Return *display* as the name of *person*, which nobody else's looks like. Raises UsageError."""
    shown = names.guest_name(display)
    looks = names.skeleton(shown)
    for other in store.accounts.people():
        if other["id"] != person and looks in (names.skeleton(other["display"]), names.skeleton(other["name"])):
            raise UsageError(f"{shown} is somebody else's name, or could be taken for it: choose another")
    return shown


def prove(store: Store, person: int, password: str) -> dict[str, Any]:
    """Check that *password* is that of *person*, and return the person.

    Raises WrongPasswordError; NoSuchThingError for who comes in by another way, without a password.
    """
    found, proof = store.accounts.person(person), store.accounts.proof(person)
    if proof is None:
        raise NoSuchThingError("you have no password here: you come in another way")
    if not passwords.fits(proof["hash"], password):
        raise WrongPasswordError("the password is not right")
    return found


def change_password(store: Store, person: int, old: str, new: str, keep: tuple[str, str] | None = None) -> None:
    """Have *person* have the password *new*; all their logins end but that of the page *keep*."""
    found = prove(store, person, old)
    passwords.check(new, (found["name"], found["display"], found["mail"]))
    store.accounts.set_password(person, passwords.hashed(new), keep)


# ----------------------------------------------------------------- authenticator


def begin_totp(store: Store, person: int, password: str, place: str = "") -> dict[str, str]:
    """Return a new secret for an authenticator, and its ``address`` for one; it counts once a code of it was shown."""
    found = prove(store, person, password)
    if found["totp"]:
        raise NoSuchThingError("an authenticator is set up already: take it off first")
    secret = totp.new_secret()
    store.accounts.set_totp(person, secret_key.seal(f"{person}:{secret}"))
    return {"secret": secret, "address": totp.address(secret, found["name"], place)}


def confirm_totp(store: Store, person: int, code: str) -> list[str]:
    """Have codes be asked for from now on, as *code* shows that there is an authenticator; return recovery codes."""
    proof = store.accounts.proof(person)
    if proof is None or proof["totp"] is None or proof["totp_on"]:
        raise NoSuchThingError("no authenticator is being set up")
    step = totp.step_of(_secret(person, proof["totp"]), code)
    if step is None:
        raise WrongPasswordError("the code is not right: look whether the clock of your device is")
    codes = totp.new_recovery()
    if not store.accounts.turn_totp_on(person, proof["totp"], step, _hashes(codes)):
        raise NoSuchThingError("another authenticator is being set up")
    return codes


def new_recovery(store: Store, person: int, password: str) -> list[str]:
    """Return new recovery codes; those of before are good for nothing."""
    if not prove(store, person, password)["totp"]:
        raise NoSuchThingError("there is no authenticator: its codes are what these are for")
    codes = totp.new_recovery()
    store.accounts.set_recovery(person, _hashes(codes))
    return codes


def end_totp(store: Store, person: int, password: str) -> None:
    """Have no codes be asked for any more."""
    prove(store, person, password)
    store.accounts.set_totp(person, None)


def _hashes(codes: list[str]) -> list[str]:
    return [hashed(plain) for code in codes if (plain := totp.recovery_of(code)) is not None]


# --------------------------------------------------------------- administrators


def find(store: Store, name: str) -> dict[str, Any]:
    """Return the person called *name*, ``WAY:NAME`` where there are several. Raises UsageError."""
    people = store.accounts.people()
    found = called(people, name, {each["way"] for each in people})
    return the_one(found, name, f"there is nobody called {name[:80]!r}: `tiledviz account list` has those there are")


def activate(store: Store, person: int) -> dict[str, Any]:
    """Let *person* in, who waits for that or was deactivated; return them."""
    store.accounts.set_state(person, ACTIVE, newcomer(config.load().settings.portal))
    return store.accounts.person(person)


def deactivate(store: Store, person: int) -> dict[str, Any]:
    """Keep *person* out from now on: their logins and API tokens end; return them."""
    store.accounts.set_state(person, DEACTIVATED)
    return store.accounts.person(person)


def set_administrator(store: Store, person: int, administrator: bool) -> dict[str, Any]:
    """Have *person* be an administrator of the portal, or not; return them."""
    store.accounts.set_administrator(person, administrator)
    return store.accounts.person(person)
