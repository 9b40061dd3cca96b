"""What a verb of the command line is about: a project, or a session, in the store that is open for it.

What is written down of it (``tiledviz audit``) is there for the project's owners to read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tvcore.cli_audit import about
from tvcore.cli_kit import opened_store, session_key
from tvcore.people.by import By, here
from tvcore.store import Store


@contextlib.contextmanager
def in_project(named: str) -> Iterator[tuple[Store, By, int]]:
    """Open the store for one verb in the project *named*: return it, who asks, and the project's id."""
    with opened_store() as store:
        number = store.projects.find(named)
        about(project=number)
        yield store, here(store), number


@contextlib.contextmanager
def in_session(named: str | None) -> Iterator[tuple[Store, By, str]]:
    """Open the store for one verb in the session *named*, None: the first one; return it, who asks, and its key."""
    with opened_store() as store:
        key = session_key(store, named)
        for there in store.sessions.listed([key]):  # the first one is made when it is needed
            about(there["project"], key)
        yield store, here(store), key
