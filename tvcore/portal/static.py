"""The files of the browser side, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from tvcore.portal.hosts import Front

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
}

# What a page of ours, and what it frames, may ask a browser for: the clipboard, and nothing that watches a person.
PERMISSIONS = ", ".join(
    [
        *(f"{name}=()" for name in (
            "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope",
            "hid", "identity-credentials-get", "magnetometer", "microphone", "midi", "payment",
            "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking",
        )),
        *(f"{name}=(self)" for name in ("clipboard-read", "clipboard-write", "fullscreen", "screen-wake-lock")),
    ]
)  # fmt: skip

# Whole names only: none begins with a dot, so there is no way up and no hidden file.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class StaticFile:
    """A file to serve: its bytes, MIME type and ETag (RFC 9110, section 8.8.3)."""

    content: bytes
    mime: str
    etag: str


def find_file(name: str) -> StaticFile | None:
    """Return the web file *name* (a path with slashes), or None when there is none to serve."""
    parts = name.split("/")
    mime = TYPES.get(Path(name).suffix)
    if mime is None or len(parts) > 12 or not all(_NAME.fullmatch(part) for part in parts):
        return None
    root = Path(str(resources.files("tvcore.web_static"))).resolve()
    try:
        path = root.joinpath(*parts).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        stat = path.stat()
        return _read(path, mime, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


@lru_cache(maxsize=512)
def _read(path: Path, mime: str, _changed: int, _size: int) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(content, mime, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def security_headers(front: Front | None, hsts_days: int = 0) -> list[tuple[str, str]]:
    """Return the headers of every answer; *front* is where pages may open WebSockets.

    *hsts_days*: for so long browsers are to take https alone from this host (RFC 6797), which counts for all its ports.
    """
    connect = f"'self' {front.sockets}" if front else "'self'"
    # What tiles show that are web pages is framed; from a page that came encrypted only what comes encrypted too.
    framed = "https:" if front and front.secure else "http: https:"
    policy = (
        "default-src 'self'; img-src 'self' blob: data:; "
        f"connect-src {connect}; worker-src 'self'; frame-src {framed}; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    lasting = [("Strict-Transport-Security", f"max-age={hsts_days * 86400}")] if hsts_days else []
    return [
        *lasting,
        ("Content-Security-Policy", policy),
        ("Permissions-Policy", PERMISSIONS),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
