"""Which database the store is in, and what is needed to open it. A password is never part of an address."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tvcore import config, paths
from tvcore.errors import TiledVizError
from tvcore.secret_file import secret_in

OWN = "TILEDVIZ_STORE"  # set to "own" in what has a state folder of its own for a while: the site's store is not its


@dataclass(frozen=True)
class Address:
    """Where a store is (*url*, without a password), and the *password* where a file has one."""

    url: URL
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the address as people read it."""
        return shown(self.url)

    @property
    def file(self) -> Path | None:
        """The file of a SQLite store; None for a server's, and for one in memory."""
        name = self.url.database
        return Path(name) if self.url.get_backend_name() == "sqlite" and name and name != ":memory:" else None


def own() -> Address:
    """Return the address of the SQLite file in the state folder."""
    return Address(URL.create("sqlite", database=str(paths.state_dir() / "store.sqlite")))


def configured() -> Address:
    """Return the address that the settings name (``store.url``), else that of the person's own SQLite file.

    Raises TiledVizError when the file with the password cannot be used.
    """
    if os.environ.get(OWN) == "own":
        return own()
    settings = config.load().settings.store
    if not settings.url:
        return own()
    file = settings.password_file
    return Address(parsed(settings.url), secret_in(file, "store.password_file") if file else None)


def parsed(text: str) -> URL:
    """Return the address *text*, with the driver that we use. Raises TiledVizError when it is not one of a database."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise TiledVizError(f"the store's address is not one of a database: {error}") from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise TiledVizError(
            f"the store's address begins with {url.drivername}: write it as sqlite:////FILE or postgresql://HOST/NAME"
        )
    return url


def shown(url: URL) -> str:
    """Return *url* as it is written in the settings, without a password that it may have."""
    plain = url.set(drivername=url.get_backend_name(), password=None)
    return plain.difference_update_query(["password"]).render_as_string()
