"""What the wall depends on and may be away for a while: schedulers, tunnels. Who asks them when, and what they said.

Several processes keep the store true (portal, endpoint, command line); here they agree that just one of them asks a
service at a time, and not more often than the service bears.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from tvcore.store.models import ServiceRow, SessionRow

GENTLE = 20.0  # a service that takes a second to answer is asked every so many seconds
RARELY = 60.0  # and in any case so often
LONGEST = 45.0  # seconds after which who asked is taken for dead


@dataclass(frozen=True)
class ServiceState:
    """How a service is: *error* is empty while it answers; *answered* is when it last did (seconds, 0: never)."""

    error: str = ""
    since: float = 0.0
    answered: float = 0.0


class Services:
    """The services' rows in the store; every method is one transaction."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    def claim(self, name: str, every: float, now: float | None = None) -> bool:
        """Return whether the caller is to ask *name* now, which then nobody else does before it told what came of it.

        A service is asked every *every* seconds, less often the longer its last answer took, and one that does not
        answer less often the longer it has been away.
        """
        now = time.time() if now is None else now
        with self._writing.begin() as db:
            row = _row(db, name)
            patience = (row.asked - row.since) / 4 if row.error else GENTLE * row.seconds
            pause = max(every, min(RARELY, patience))
            if row.asking_until > now or now < row.asked + row.seconds + pause:
                return False
            row.asked, row.asking_until = now, now + LONGEST
            return True

    def tell(self, name: str, error: str = "", seconds: float = 0.0, now: float | None = None) -> bool:
        """Note that *name* answered, in *seconds*, or with which *error* it did not; return whether that is news."""
        now = time.time() if now is None else now
        with self._writing.begin() as db:
            row = _row(db, name)
            row.asking_until, row.seconds = 0.0, seconds
            if not error:
                row.answered = now
            if bool(row.error) != bool(error):
                row.since = now
            news = row.error != error
            if news:
                row.error = error
                # Its notices are part of every wall.
                db.execute(update(SessionRow).values(revision=SessionRow.revision + 1))
        return news

    def state(self, name: str) -> ServiceState:
        """Return how the service *name* is."""
        with self._reading() as db:
            row = db.get(ServiceRow, name)
            return ServiceState(row.error, row.since, row.answered) if row else ServiceState()

    def notices(self) -> list[str]:
        """Return a sentence for each service that is away."""
        with self._reading() as db:
            rows = db.scalars(select(ServiceRow).where(ServiceRow.error != "").order_by(ServiceRow.name)).all()
            return [f"Since {time.strftime('%H:%M', time.localtime(row.since))}: {row.error}" for row in rows]


def _row(db: Session, name: str) -> ServiceRow:
    row = db.get(ServiceRow, name)
    if row is None:
        row = ServiceRow(name=name, error="", since=0.0, asked=0.0, answered=0.0, seconds=0.0, asking_until=0.0)
        db.add(row)
    return row
