"""What must not be tried too often: a try is told to the portal's counts, and told off when it is too early."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tvcore.portal.login_delay import Attempt, TooManyTriesError
from tvcore.portal.route import ApiError, Call


@contextlib.contextmanager
def trying(call: Call, what: str) -> Iterator[Attempt]:
    """Try *what* within this block: the name of an account, or the digest of a secret.

    Whoever tries sets ``right`` of what this gives. Raises ApiError 429 with Retry-After when it is too early.
    """
    place = call.portal.login_ways.whence(call.headers).key
    try:
        with call.portal.delays.attempt(place, what) as attempt:
            yield attempt
    except TooManyTriesError as error:
        raise ApiError(429, str(error), retry_after=error.seconds) from error
