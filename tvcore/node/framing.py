"""Whether a site lets its page be shown inside another, and the card that stands for it on the wall."""

from __future__ import annotations

import unicodedata
import urllib.error
import urllib.request
from collections.abc import Sequence
from urllib.parse import urlsplit

import cv2
import numpy as np

from tvcore.node.rfb import Pixels

SECONDS = 10.0
_WIDTH, _HEIGHT = 640, 480
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
    ):  # fmt: skip
        opener.add_handler(handler())  # no file:, no ftp:
    request = urllib.request.Request(url, headers={"User-Agent": "TiledViz", "Accept": "text/html,*/*"})  # noqa: S310
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            why = refusal(list(answer.headers.items()))
    except urllib.error.HTTPError as error:
        why = refusal(list(error.headers.items()))
        error.close()
    except (OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        return {"url": url, "framing": "allowed", "why": f"the node could not ask the site: {reason}"}
    return {"url": url, "framing": "refused" if why else "allowed", "why": why}


def card(title: str, url: str) -> Pixels:
    """Return the picture that stands for a page on the wall: its title and host, in the letters that OpenCV has."""
    picture = np.full((_HEIGHT, _WIDTH, 4), (38, 32, 28, 255), np.uint8)
    picture[: _HEIGHT // 40] = (196, 150, 82, 255)
    host = urlsplit(url).hostname or url
    _write(picture, title or host, 200, 1.3, (236, 236, 236, 255))
    _write(picture, host, 270, 0.9, (180, 170, 160, 255))
    return picture


def _write(picture: Pixels, text: str, y: int, scale: float, colour: tuple[int, ...]) -> None:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or "page"
    (width, _), _ = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    scale *= min(1.0, (_WIDTH - 64) / width)
    cv2.putText(picture, plain, (32, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 2, cv2.LINE_AA)
