"""What people read of roles, rights and secrets is what the code does: neither changes alone."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tvcore.people import links, tokens
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
    "token of an agent's stream": agents.TOKEN_SECONDS,
}
# Those whose end is no moment of ours.
OTHERS = {
    "invitation", "password", "TOTP secret, recovery codes", "`secret.key`", "proxy's secret header",
    "SMTP password, database password", "key of a node (ed25519)", "X cookie", "TLS key",
}  # fmt: skip
STRANGERS = {
    "/health", "/health/ready", "/metrics", "/login", "/login-way", "/account/register", "/account/verify",
    "/account/forgot", "/account/reset", "/invitations/accept",
}  # fmt: skip


def secrets_table() -> dict[str, str]:
    """Return of each secret in docs/security.md how long it is good for."""
    rows = SECURITY.partition("| secret | what it can do | how long |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {row[0]: row[2] for row in cells}


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
