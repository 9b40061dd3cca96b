"""The tables: project, session, tile set, tile, job, and who is logged in (``people_models`` has the people)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Double, ForeignKey, MetaData, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tvcore.store.columns import Count, Json

# Names for constraints, so that a migration can change one on every engine.
_NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# An id is never given twice: notes and drawings of a tile that is gone must not come to stand on another, nor what is
# known of somebody. SQLite alone gives the ids of rows that were removed again, unless it is told not to.
NEVER_AGAIN = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """The declarative base of all tables."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {float: Double, dict[str, Any]: Json, list[str]: Json, list[dict[str, Any]]: Json}  # noqa: RUF012


class ProjectRow(Base):
    """What people work on together: sessions, tile sets and sets of parameters, and who may do what with them."""

    __tablename__ = "project"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    created: Mapped[float]


class SessionRow(Base):
    """A shared room with a wall. *revision* grows with every change of what the wall shows.

    *name* is its key, which never changes; *title* is what people read, its own within the *project_id*. One that is
    *archived* is kept and looked at, and listed apart.
    """

    __tablename__ = "session"
    __table_args__ = (UniqueConstraint("project_id", "title"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(80))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(Count, default=0)
    created: Mapped[float]


class ShownRow(Base):
    """A tile set that a session shows beside those that were launched for it: a copy shows what the first one does."""

    __tablename__ = "shown"

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("tile_set.id", ondelete="CASCADE"), primary_key=True, index=True)


class OperationRow(Base):
    """An operation on a session's document, at its place in the order; *op* is its own name.

    *body* is what it does, as JSON: empty once it is settled, when the name alone is kept, so that it is never taken
    again. *written* counts the letters of all bodies up to this one, and those that they remove. *shared*: it touches
    more than its person's own; what does not is forgotten once it is settled.
    """

    __tablename__ = "operation"
    __table_args__ = (UniqueConstraint("session_id", "op"),)

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    op: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64))
    at: Mapped[float]
    written: Mapped[int] = mapped_column(BigInteger)
    shared: Mapped[bool] = mapped_column(default=True, server_default=true())
    body: Mapped[str | None] = mapped_column(Text)


class DocumentBaseRow(Base):
    """What the operations of a session up to *seq* came to, as JSON of *size* letters; *written* is theirs."""

    __tablename__ = "document_base"

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    written: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)


class VersionRow(Base):
    """What a session's document said when somebody saved it under a name."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("session_id", "name"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    person: Mapped[str] = mapped_column(String(64))
    at: Mapped[float]
    body: Mapped[str] = mapped_column(Text)


class JobRow(Base):
    """A batch job; *id_there* is the scheduler's own id. Times are seconds since the epoch.

    *nodes* are the nodes it was given, in the order of their ordinals; *lost* are those of them that failed. *ends* is
    when its time limit ends it, *cause* what kind of failure ended it (``tvcore.causes``), empty when none did.
    """

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    id_there: Mapped[str] = mapped_column(String(80), unique=True)
    scheduler: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    exit_code: Mapped[int | None]
    submitted: Mapped[float]
    expected_start: Mapped[float | None]
    started: Mapped[float | None]
    ended: Mapped[float | None]
    ends: Mapped[float | None]
    cause: Mapped[str] = mapped_column(String(40), default="", server_default="")
    nodes: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    lost: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class TileSetRow(Base):
    """The tiles of one run of a case. *columns* describes the members' metadata.

    *images* has the digest of each image by its path; *settings* are those that were given for its job. *edition*
    counts the changes of what its tiles say: titles, tags, metadata, columns. *complete* says of an ensemble that is
    followed while it is written whether its writer has finished; None: it is not followed.
    """

    __tablename__ = "tile_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), unique=True)
    case: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(Text)
    ensemble: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]]
    columns: Mapped[list[dict[str, Any]]]
    note: Mapped[str] = mapped_column(Text, default="")
    images: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    created: Mapped[float]
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
    complete: Mapped[bool | None]

    session: Mapped[SessionRow] = relationship()
    job: Mapped[JobRow] = relationship()
    tiles: Mapped[list[TileRow]] = relationship(back_populates="tile_set", order_by="TileRow.index")


class TileRow(Base):
    """One tile; *index* is its number within the job, *member* its row in the ensemble.

    *ordinal* is the number of its node within the job, *node* that node's name once its agent has spoken. *cause* is
    what kind of failure it is (``tvcore.causes``), *image* the image it runs in, *gl* what it really draws with.
    *kind* is what it shows (``tvcore.cases.case.Kind``), *media* what its agent says of that, None of a live display.
    """

    __tablename__ = "tile"
    __table_args__ = (UniqueConstraint("set_id", "index"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("tile_set.id", ondelete="CASCADE"))
    index: Mapped[int]
    ordinal: Mapped[int] = mapped_column(default=0, server_default="0")
    title: Mapped[str] = mapped_column(Text)
    member: Mapped[int | None]
    tags: Mapped[list[str]]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    width: Mapped[int]
    height: Mapped[int]
    node: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(String(40), default="", server_default="")
    image: Mapped[str | None] = mapped_column(Text)
    gl: Mapped[dict[str, Any] | None] = mapped_column(Json)
    kind: Mapped[str] = mapped_column(String(10), default="live", server_default="live")
    media: Mapped[dict[str, Any] | None] = mapped_column(Json)
    frames: Mapped[int] = mapped_column(Count, default=0)
    renderer: Mapped[str | None] = mapped_column(Text)
    display: Mapped[str | None] = mapped_column(String(20))
    pid: Mapped[int | None]
    restarts: Mapped[int] = mapped_column(default=0)
    since: Mapped[float]

    tile_set: Mapped[TileSetRow] = relationship(back_populates="tiles")


class KeptSetRow(Base):
    """A tile set that is kept under a *name* (``tvcore.tilesets``); *revision* is the one that counts.

    One that was *removed* is there still, to be had back.
    """

    __tablename__ = "kept_set"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    removed: Mapped[bool] = mapped_column(default=False, server_default=false())


class KeptSetRevisionRow(Base):
    """What a kept tile set said at a *revision*: *body* is its document as JSON; *label* is what was done to it."""

    __tablename__ = "kept_set_revision"

    set_id: Mapped[int] = mapped_column(ForeignKey("kept_set.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[float]
    person: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(80), default="", server_default="")
    tiles: Mapped[int]
    columns: Mapped[int]
    body: Mapped[str] = mapped_column(Text)


class PresetRow(Base):
    """What a case is launched with, kept under a *name*: its parameters, settings of the job, and how many tiles."""

    __tablename__ = "preset"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    case: Mapped[str] = mapped_column(String(80))
    parameters: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    tiles: Mapped[int | None]
    saved: Mapped[float]


class ServiceRow(Base):
    """What the wall depends on and may be away: a scheduler, or the tunnels. *error* is empty while all is well.

    *since* is when the error began; *asked* and *answered* when it was last asked and last answered, which took
    *seconds*; until *asking_until* somebody is about it.
    """

    __tablename__ = "service"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    error: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[float] = mapped_column(default=0.0)
    asked: Mapped[float] = mapped_column(default=0.0)
    answered: Mapped[float] = mapped_column(default=0.0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    asking_until: Mapped[float] = mapped_column(default=0.0)


class LoginTicketRow(Base):
    """A login address that was printed for a role and not yet used; only the ticket's SHA-256 is kept."""

    __tablename__ = "login_ticket"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[float]
    role: Mapped[str] = mapped_column(String(20), default="owner", server_default="owner")


class LoginRow(Base):
    """A page that is logged in, and whose: its browser's cookie and a key of its own, both kept as SHA-256."""

    __tablename__ = "login"

    cookie_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created: Mapped[float]
    expires: Mapped[float]
