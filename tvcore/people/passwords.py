"""Passwords: what may be one, and what is kept of it.

The rules are NIST SP 800-63B's (section 3.1.1.2 of revision 4): long enough, not among the commonest, and nothing
else is asked of it. What is kept is Argon2id's hash, with the second choice of RFC 9106, section 4.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from tvcore.errors import UsageError
from tvcore.people.common_passwords import common

SHORTEST, LONGEST = 8, 1000

# What is checked where there is no account: a hash of nothing, which takes as long.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$dGlsZWR2aXotbm9ib2R5IQ$" + "A" * 43

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


def normal(password: str) -> str:
    """Return *password* as it is compared: two keyboards may write the same letter differently."""
    return unicodedata.normalize("NFKC", password)


def check(password: str, about: Iterable[str | None] = ()) -> None:
    """Check that *password* may be one, of somebody whom the texts *about* name. Raises UsageError."""
    text = normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters: several words make a good one")
    if any(unicodedata.category(each) == "Cs" for each in text):
        raise UsageError("the password holds a character that is no text")
    folded = text.casefold()
    for name in about:
        for part in _parts(name):
            if folded == part or folded.replace(part, "").strip("0123456789!?.-_ ") == "":
                raise UsageError("the password is your name or address, which is tried first: choose another")
    if common(text):
        raise UsageError("this password is one of those that are tried first: choose another")


def _parts(name: str | None) -> list[str]:
    whole = (name or "").casefold()
    found = [whole, *whole.replace("@", " ").replace(".", " ").split()]
    return [part for part in found if len(part) >= 3]


def hashed(password: str) -> str:
    """Return what is kept of *password*."""
    return _hasher.hash(normal(password))


def fits(kept: str | None, password: str) -> bool:
    """Return whether *kept* is *password*'s; where nothing is kept it takes as long to find that it is not."""
    try:
        return _hasher.verify(_NOBODY if kept is None else kept, normal(password)) and kept is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def outdated(kept: str) -> bool:
    """Return whether *kept* was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)
