"""What people read of roles, rights and secrets is what the code does: neither changes alone."""

from __future__ import annotations

import ast
import base64
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

from tvcore.cli import cli
from tvcore.people import display_walls, links, tokens, totp
from tvcore.portal import auth, routes
from tvcore.portal.roles import RIGHTS, ROLES, TABLE
from tvcore.store import access
from tvcore.tunnel import agents

HERE = Path(__file__).parents[2]
SECURITY = (HERE / "docs" / "security.md").read_text()
UNITS = {"s": 1, "minutes": 60, "hour": 3600, "hours": 3600, "days": 86400}

LIFETIMES = {
    "login address (`tiledviz open`)": access.TICKET_SECONDS,
    "cookie + key of a login": auth.LOGIN_SECONDS,
    "ticket of a stream": auth.TICKET_SECONDS,
    "verification link": links.VERIFY_SECONDS,
    "mailed reset link": links.MAILED_RESET_SECONDS,
    "administrator's reset link": links.RESET_SECONDS,
    "API token": tokens.DAYS_MOST * 86400,
    "address of a display wall's screen": display_walls.DAYS * 86400,
    "token of an agent's stream": agents.TOKEN_SECONDS,
}
# Those whose end is no moment of ours.
OTHERS = {
    "invitation", "address of its remote control",
    "password", "TOTP secret, recovery codes", "`secret.key`", "proxy's secret header",
    "SMTP password, database password", "Prometheus' token", "host key of the endpoint (ed25519)",
    "key of a node (ed25519)", "secret of an agent", "X cookie", "TLS key",
}  # fmt: skip
# Where the code binds a socket, or makes a pipe with a name: who listens there, as docs/security.md calls it; nobody,
# where it only looks whether it can, or has paramiko speak on a connection that is there.
BINDS = {
    "tvcore/node/display.py": "displays",
    "tvcore/node/streams.py": "node agent",
    "tvcore/own_portal.py": None,
    "tvcore/portal/listen.py": "portal (`tiledviz up`)",
    "tvcore/portal/whence.py": None,
    "tvcore/tunnel/listening.py": "endpoint",
    "tvcore/tunnel/transport.py": None,
    "tvcore/viewer/control.py": "viewers of bundled cases",
}
# And where what that makes is listened on by somebody else.
LISTENS = {"tvcore/tunnel/endpoint.py": "a node's way in, at the endpoint"}
TO_BIND = {
    "bind", "mkfifo", "mknod", "create_server", "create_unix_server", "start_server", "start_unix_server",
    "TCPServer", "UnixStreamServer", "HTTPServer", "Listener",
}  # fmt: skip
# Who calls proc.hide_memory, as docs/security.md calls it.
HIDDEN = {"tvcore/nursery.py": "workers", "tvcore/portal/server.py": "portal", "tvcore/tunnel/__main__.py": "endpoint"}
STRANGERS = {
    "/health", "/health/ready", "/metrics", "/login", "/login-way", "/account/register", "/account/verify",
    "/account/forgot", "/account/reset", "/invitations/accept",
}  # fmt: skip


def rows_of(header: str) -> list[list[str]]:
    """Return the cells of the table in docs/security.md that begins so."""
    rows = SECURITY.partition(header)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def secrets_table() -> dict[str, str]:
    """Return of each secret in docs/security.md how long it is good for."""
    return {row[0]: row[2] for row in rows_of("| secret | what it can do | how long |")}


def sources() -> Iterator[tuple[str, ast.AST]]:
    """Yield the modules of the code, by their paths."""
    for folder in ("tvcore", "plugins"):
        for path in sorted((HERE / folder).rglob("*.py")):
            yield str(path.relative_to(HERE)), ast.parse(path.read_text())


def names_in(tree: ast.AST) -> set[str]:
    """Return what a module takes of others: to call it, or to hand it to somebody who does."""
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return attributes | imported - {"bind"}  # a socket's is never imported, and tvcore.container has one of its own


def test_the_page_of_a_project_shows_the_table_of_roles() -> None:
    page = f"import('{HERE}/web_static/project-page.js').then((it) => console.log(JSON.stringify(it.TABLE)))"
    printed = subprocess.run(
        ["node", "--input-type=module", "-e", page], capture_output=True, text=True, check=True, timeout=120
    )
    shown = json.loads(printed.stdout)
    assert list(shown) == list(RIGHTS)
    assert shown == {right: [role for role in ROLES if right in TABLE[role]] for right in RIGHTS}


def test_each_secret_is_good_for_as_long_as_is_written_down() -> None:
    written = secrets_table()
    assert set(written) == set(LIFETIMES) | OTHERS
    for secret, seconds in LIFETIMES.items():
        lengths = re.findall(r"(\d+) (s|minutes|hours?|days)\b", written[secret])
        assert [int(count) * UNITS[unit] for count, unit in lengths] == [seconds], secret
    assert f"({tokens.DAYS})" in written["API token"]
    assert not any(re.search(r"\d", written[secret]) for secret in OTHERS)


def test_what_is_open_to_strangers_is_written_down() -> None:
    assert {route.path for route in routes.ROUTES if route.access == "open"} == STRANGERS
    (row,) = re.findall(r"^\| portal \(`tiledviz up`\).*$", SECURITY, re.MULTILINE)
    assert {word.removeprefix("/api/v1") for word in re.findall(r"`(/[\w/-]+)`", row)} == {
        "/static", "/health", "/health/ready", "/metrics", "/login", "/login-way"
    }  # fmt: skip
    for word in ("registers", "confirms an address", "resets", "accepts invitations"):
        assert word in row


def test_everything_that_listens_is_in_the_table() -> None:
    """A socket that the code comes to bind elsewhere has to be written down, and named above."""
    assert {path for path, tree in sources() if names_in(tree) & TO_BIND} == set(BINDS)
    listed = [row[0] for row in rows_of("| process | where | listens on |")]
    assert sorted(listed) == sorted({*BINDS.values(), *LISTENS.values()} - {None})
    assert {path for path, tree in sources() if "listen_unix" in names_in(tree)} == set(LISTENS)


def test_what_hides_its_memory_is_written_down() -> None:
    assert {path for path, tree in sources() if "hide_memory" in names_in(tree)} == set(HIDDEN)
    (sentence,) = re.findall(r"The ([^.]*) write no core file", SECURITY)
    assert re.findall(r"\w+", sentence.replace("its ", "").replace(" and the", "")) == ["portal", "workers", "endpoint"]
    assert set(HIDDEN.values()) == {"portal", "workers", "endpoint"}


def test_no_secret_has_fewer_bits_than_is_written_down() -> None:
    (bits,) = re.findall(r"Kept as SHA-256 means: (\d+) bits or more", SECURITY)
    for code in totp.new_recovery():  # the shortest of them: they are typed
        assert 8 * len(base64.b32decode(code.replace("-", "").upper())) == int(bits)


def test_every_command_in_it_can_be_given() -> None:
    lines = [line for line in re.findall(r"`tiledviz ([^`]+)`", SECURITY) if not line.startswith("--")]
    assert "invite revoke --all" in lines
    for line in lines:
        words, command = shlex.split(line), cli
        while isinstance(command, click.Group):
            _, found, words = command.resolve_command(click.Context(command), words)
            assert found is not None
            command = found
        command.make_context(line, words)
