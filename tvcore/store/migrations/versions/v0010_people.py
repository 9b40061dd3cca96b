"""Projects, people and what they may; sessions, tile sets that are kept and sets of parameters belong to a project."""

from __future__ import annotations

import os
import pwd
import time

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Json

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MAIN = "main"


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _of(name: str, table: str, on_delete: str = "CASCADE", **more: object) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(f"{table}.id", ondelete=on_delete), **more)  # type: ignore[arg-type]


def upgrade() -> None:
    op.create_table(
        "project", _id(),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.UniqueConstraint("name", name="uq_project_name"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    _first_project()
    _into_projects()
    _versions()
    _people()
    _first_person()


def _first_project() -> None:
    now = {"now": time.time(), "main": MAIN}
    db = op.get_bind()
    db.execute(sa.text("INSERT INTO project (name, created) VALUES (:main, :now)"), now)
    if db.scalar(sa.text("SELECT 1 FROM session WHERE name = :main"), now) is None:
        db.execute(sa.text("INSERT INTO session (name, revision, created) VALUES (:main, 0, :now)"), now)


def _into_projects() -> None:
    first = op.get_bind().scalar(sa.text("SELECT min(id) FROM project"))
    with op.batch_alter_table("session") as session:
        session.add_column(sa.Column("title", sa.String(80), nullable=True))
        session.add_column(sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE session SET title = name")
    for table in ("session", "kept_set", "preset"):
        # Given to the first project by a default that is gone again when the table is done.
        with op.batch_alter_table(table, table_kwargs=_kept(table)) as changed:
            changed.add_column(sa.Column("project_id", sa.Integer(), nullable=False, server_default=str(first)))
            changed.create_foreign_key(
                f"fk_{table}_project_id_project", "project", ["project_id"], ["id"], ondelete="CASCADE"
            )
            if table == "session":
                changed.alter_column("title", existing_type=sa.String(80), nullable=False)
                changed.create_unique_constraint("uq_session_project_id", ["project_id", "title"])
            else:
                changed.drop_constraint(f"uq_{table}_name", type_="unique")
                changed.create_unique_constraint(f"uq_{table}_project_id", ["project_id", "name"])
        with op.batch_alter_table(table, table_kwargs=_kept(table)) as changed:
            changed.alter_column("project_id", existing_type=sa.Integer(), server_default=None)
    op.create_table(
        "shown",
        _of("session_id", "session", primary_key=True),
        _of("set_id", "tile_set", primary_key=True, index=True),
    )


def _kept(table: str) -> dict[str, bool]:
    return {"sqlite_autoincrement": True} if table == "session" else {}


def _versions() -> None:
    """Have SQLite give no id of a version again, as it does none of a tile: somebody may be about to restore it."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("version", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass


def _people() -> None:
    op.create_table(
        "invitation", _id(),
        _of("session_id", "session", nullable=False, index=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("note", sa.String(80), nullable=False, server_default=""),
        sa.Column("operate", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("tiles", Json, nullable=True),
        sa.Column("uses_max", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.Column("revoked", sa.Double(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.UniqueConstraint("hash", name="uq_invitation_hash"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "person", _id(),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("display", sa.String(80), nullable=False),
        sa.Column("mail", sa.String(254), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("state", sa.String(12), nullable=False, server_default="active"),
        sa.Column("administrator", sa.Boolean(), nullable=False, server_default=sa.false()),
        _of("invitation_id", "invitation", nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=True),
        sa.UniqueConstraint("way", "name", name="uq_person_way"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    with op.batch_alter_table("invitation", table_kwargs={"sqlite_autoincrement": True}) as invitation:
        invitation.create_foreign_key(
            "fk_invitation_person_id_person", "person", ["person_id"], ["id"], ondelete="SET NULL"
        )
    op.create_table(
        "password",
        _of("person_id", "person", primary_key=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("totp", sa.Text(), nullable=True),
        sa.Column("totp_on", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("hash", sa.String(64), primary_key=True),
        _of("person_id", "person", nullable=False, index=True),
    )
    op.create_table(
        "person_link",
        sa.Column("hash", sa.String(64), primary_key=True),
        _of("person_id", "person", nullable=False, index=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("mail", sa.String(254), nullable=True),
        sa.Column("expires", sa.Double(), nullable=False),
    )
    op.create_table(
        "api_token", _id(),
        _of("person_id", "person", nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("rights", Json, nullable=False),
        _of("session_id", "session", nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.Column("used", sa.Double(), nullable=True),
        sa.UniqueConstraint("hash", name="uq_api_token_hash"),
        sa.UniqueConstraint("person_id", "name", name="uq_api_token_person_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "membership",
        _of("project_id", "project", primary_key=True),
        _of("person_id", "person", primary_key=True, index=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("operate", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("added", sa.Double(), nullable=False),
    )
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.execute("INSERT INTO access (id, version) VALUES (1, 1)")
    op.drop_table("login")  # whose logins these were is not known: one logs in again
    op.create_table(
        "login",
        sa.Column("cookie_hash", sa.String(64), primary_key=True),
        sa.Column("key_hash", sa.String(64), primary_key=True),
        _of("person_id", "person", nullable=False, index=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
    )


def _first_person() -> None:
    """Have the Unix user whose portal this is own what there is."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    db, known = op.get_bind(), {"name": name, "now": time.time()}
    columns = "way, name, display, verified, state, administrator, created"
    values = "'token', :name, :name, :no, 'active', :yes, :now"
    db.execute(sa.text(f"INSERT INTO person ({columns}) VALUES ({values})"), known | {"yes": True, "no": False})  # noqa: S608
    owner = "SELECT project.id, person.id, 'owner', :no, :now FROM project, person"
    columns = "project_id, person_id, role, operate, added"
    db.execute(sa.text(f"INSERT INTO membership ({columns}) {owner}"), known | {"no": False})
