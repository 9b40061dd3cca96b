"""Whether a site lets its page be shown inside another; ``python -m`` asks that of the one in ``$TILEDVIZ_PAGE``."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tvcore.node.children import Children

SECONDS = 15.0  # for a site to answer, in all
_ADDRESS = "TILEDVIZ_PAGE"  # in the environment: arguments are seen by all users of the node
_few = asyncio.Semaphore(4)
_ANYBODY = {"*", "http:", "https:"}


def refusal(headers: Sequence[tuple[str, str]]) -> str:
    """Return why a page with these *headers* is not shown in a frame of another site; empty where it is. Pure.

    Content-Security-Policy's ``frame-ancestors`` makes X-Frame-Options not count (CSP Level 3, section 6.4.2), and of
    that only DENY and SAMEORIGIN are known (RFC 7034; HTML has no ALLOW-FROM any more).
    """
    said = [(name.lower(), value) for name, value in headers]
    policies = [part for name, value in said if name == "content-security-policy" for part in value.split(",")]
    directives = [words for policy in policies for part in policy.split(";") if (words := part.split())]
    ancestors = [words[1:] for words in directives if words[0].lower() == "frame-ancestors"]
    for allowed in ancestors:
        if not _ANYBODY & {word.lower() for word in allowed}:
            return f"the site answers frame-ancestors {' '.join(allowed) or chr(39) + 'none' + chr(39)}"
    if ancestors:
        return ""
    for name, value in said:
        told = {word.strip().upper() for word in value.split(",")}
        if name == "x-frame-options" and told & {"DENY", "SAMEORIGIN"}:
            return f"the site answers X-Frame-Options: {value.strip()}"
    return ""


def ask(url: str) -> dict[str, str]:
    """Ask *url* once and return ``url``, ``framing`` (allowed, refused) and ``why``, empty where it is just allowed."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler, urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):  # fmt: skip
        opener.add_handler(handler())  # no file:, no ftp:
    request = urllib.request.Request(url, headers={"User-Agent": "TiledViz", "Accept": "text/html,*/*"})  # noqa: S310
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            why = refusal(list(answer.headers.items()))
    except urllib.error.HTTPError as error:
        why = refusal(list(error.headers.items()))
        error.close()
    except OSError as error:
        return _not_asked(url, " ".join(str(getattr(error, "reason", error)).split()))
    except (http.client.HTTPException, ValueError) as error:  # whose text may have a password in it
        return _not_asked(url, f"it does not answer as a web site does ({type(error).__name__})")
    return {"url": url, "framing": "refused" if why else "allowed", "why": why}


def _not_asked(url: str, why: str) -> dict[str, str]:
    return {"url": url, "framing": "allowed", "why": f"the node could not ask the site: {why}"}


async def answer_of(url: str, children: Children) -> dict[str, str]:
    """Return what ``ask`` does, from a process of its own: that can be ended, whatever the site does."""
    command, environment = [sys.executable, "-P", "-m", __name__], {**os.environ, _ADDRESS: url}
    async with _few:
        code, said = await children.ask(command, environment, SECONDS)
    if code is None:
        return _not_asked(url, f"it did not answer within {SECONDS:.0f} s")
    try:
        answer: dict[str, str] = json.loads(said.strip().rpartition("\n")[2])
    except ValueError:
        return _not_asked(url, f"what asks it ended with exit code {code}")
    return answer


if __name__ == "__main__":
    print(json.dumps(ask(os.environ[_ADDRESS])))
