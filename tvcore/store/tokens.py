"""API tokens: a person's own, for their programs; only the hash of one is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import UsageError
from tvcore.portal.roles import Right
from tvcore.store.access import bump, hashed
from tvcore.store.models import SessionRow
from tvcore.store.people_models import ApiTokenRow

TOKENS_MAX = 100  # of one person


class ApiTokens:
    """API tokens, as rows."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    def of(self, person: int) -> list[dict[str, Any]]:
        """Return a dictionary for each token of *person*, the oldest first; those whose time is over too."""
        query = (
            select(ApiTokenRow, SessionRow.name)
            .outerjoin(SessionRow, SessionRow.id == ApiTokenRow.session_id)
            .where(ApiTokenRow.person_id == person)
            .order_by(ApiTokenRow.id)
        )
        with self._reading() as db:
            return [_document(row, session) for row, session in db.execute(query)]

    def add(
        self, person: int, name: str, token: str, rights: Sequence[Right], session: str | None, seconds: float
    ) -> dict[str, Any]:
        """Keep the hash of *token*, good for *seconds*; for *session*, by its key, alone if one is named.

        Raises UsageError: the name is taken, there are too many, or there is no such session.
        """
        now = time.time()
        try:
            with self._writing.begin() as db:
                if db.scalars(select(func.count()).where(ApiTokenRow.person_id == person)).one() >= TOKENS_MAX:
                    raise UsageError(f"one has {TOKENS_MAX} API tokens at most: revoke some")
                there = None
                if session is not None:
                    there = db.scalar(select(SessionRow.id).where(SessionRow.name == session))
                    if there is None:
                        raise UsageError(f"there is no session {session}")
                row = ApiTokenRow(
                    person_id=person, name=name, hash=hashed(token), rights=list(rights), session_id=there,
                    created=now, expires=now + seconds,
                )  # fmt: skip
                db.add(row)
                db.flush()
                return _document(row, session)
        except IntegrityError as error:
            raise UsageError(f"there is an API token {name} already: choose another name, or revoke it") from error

    def revoke(self, person: int, number: int) -> dict[str, Any]:
        """Make the token of *person* with this *number* good for nothing. Raises UsageError: there is none."""
        mine = (ApiTokenRow.id == number, ApiTokenRow.person_id == person)
        with self._writing.begin() as db:
            row = db.scalar(select(ApiTokenRow).where(*mine))
            if row is None:
                raise UsageError(f"there is no API token {number} of yours")
            document = _document(row, None)
            db.execute(delete(ApiTokenRow).where(*mine))
            bump(db)
            return document


def _document(row: ApiTokenRow, session: str | None) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "rights": list(row.rights), "session": session, "created": row.created,
        "expires": row.expires, "used": row.used,
    }  # fmt: skip
