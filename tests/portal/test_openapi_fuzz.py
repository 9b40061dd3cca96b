"""The web API as it describes itself: schemathesis sends what the description allows, and what it does not.

Everybody who can call does so, from nobody to the owner: there is no fault inside the portal (5xx), and no answer
whose status, type or shape the description does not have. Each example is made once, and sent by nobody, the owner, a
guest of one tile, an API token and one of the other roles in turns; in ``make soak`` by all of those.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from people_kit import member, person
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal_kit import PATH_VALUES, Browser, RunningJob, RunningPortal
from soak import examples
from tvcore.portal.openapi import document
from tvcore.portal.roles import ROLES
from tvcore.portal.routes import ROUTES

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
ENDING = ("/logout", "/account/", "/tokens", "/delete", "/leave", "/remove", "/transfer")  # who did this may be gone


def described() -> dict[str, Any]:
    """Return the description, without how to log in: that is said by the callers here, and never by chance."""
    found = document(ROUTES)
    del found["components"]["securitySchemes"]
    for item in found["paths"].values():
        for operation in item.values():
            del operation["security"]
    return found


SCHEMA = schemathesis.openapi.from_dict(described())
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}
OPEN = {f"{route.method} /api/v1{route.path}" for route in ROUTES if route.access == "open"}


class Callers:
    """A portal with somebody of every kind who calls it."""

    def __init__(self, portal: RunningPortal) -> None:
        self.portal = portal
        self.job = RunningJob(portal)
        self._victim = RunningJob(portal)  # what is done to a job is done to this one
        self._http = requests.Session()
        self._turn = 0
        self.values = PATH_VALUES | {
            "tile": str(self.job.tiles[0]), "job": self._victim.id, "person": str(person(portal)[0]),
            "invitation": str(self._invitation()["invitation"]["id"]),
        }  # fmt: skip
        self._callers = {"nobody": {}} | {name: self._fresh(name) for name in (*ROLES, "guest of one tile", "token")}

    def close(self) -> None:
        """End the jobs."""
        self._http.close()
        self._victim.end()
        self.job.end()

    def _invitation(self, **wanted: Any) -> dict[str, Any]:
        # By a login of its own: what was sent before may have ended all others of the owner's.
        answer = self.portal.login().post("/invitations", wanted)
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found

    def _fresh(self, name: str) -> dict[str, str]:
        """Return the headers of somebody of this kind who has just come."""
        if name == "token":
            wanted = {"name": f"t{secrets.token_hex(4)}", "rights": ["see", "read"]}
            answer = self.portal.login().post("/tokens", wanted)
            assert answer.status == 200, answer.json
            return {"Authorization": f"Bearer {answer.json['token']}"}
        if name in ("guest", "guest of one tile"):
            chosen = {"tiles": [self.job.tiles[0]]} if name == "guest of one tile" else {}
            browser = Browser(self.portal)
            given = {"secret": self._invitation(**chosen)["secret"], "name": name}
            browser.key = browser.post("/invitations/accept", given).json["key"]
        else:
            browser = self.portal.login() if name == "owner" else member(self.portal, 1, name)  # type: ignore[arg-type]
        return {"Cookie": browser.cookie, "X-TiledViz-Key": browser.key}

    def call(self, case: Any, strangers: bool) -> None:
        """Have everybody send *case*, or *strangers* alone, and hold the answers to the description."""
        self._turn += 1
        among = [name for name in ROLES if name != "owner"]
        turn = among[self._turn % len(among)]
        for name, known in list(self._callers.items()):
            if strangers and name != "nobody":
                continue
            if name in among and name != turn and not examples(0, 1):
                continue
            ending = known and any(word in case.operation.path for word in ENDING)
            headers = {"Origin": self.portal.origin} | (self._fresh(name) if ending and name != "token" else known)
            answer = case.call(base_url=self.portal.origin, session=self._http, headers=headers, timeout=120)
            case.validate_response(answer, checks=CHECKS)
            if ending and name == "owner":
                self._callers[name] = self._fresh(name)  # all pages of the owner's may be gone


@pytest.fixture(scope="module")
def callers() -> Iterator[Callers]:
    folder = Path(tempfile.mkdtemp(prefix="tvz-", dir="/tmp"))
    (folder / "state").mkdir(mode=0o700)
    (folder / "config" / "tiledviz").mkdir(parents=True)
    # No bound of how many requests there may be a second: that is tested elsewhere, and would be all that is seen here.
    (folder / "config" / "tiledviz" / "config.toml").write_text("[portal.web]\nrequests = 0\n")
    portal = RunningPortal.__new__(RunningPortal)
    portal.begin(folder / "state", environment={"XDG_CONFIG_HOME": str(folder / "config")})
    portal.wait()
    made = Callers(portal)
    yield made
    made.close()
    assert portal.stop() == 0, portal.log.read_text()
    text = portal.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)
    assert "Traceback" not in text, text


def _strategy(label: str, callers: Callers) -> Any:
    """Return what to send: as described, to things that are there or not; and with something wrong in it."""
    operation = OPERATIONS[label]
    there = {name: callers.values[name] for name in callers.values if f"{{{name}}}" in operation.path}
    found = operation.as_strategy(path_parameters=there or None)
    if there:
        found |= operation.as_strategy()
    if operation.body:
        found |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE, path_parameters=there or None)
    return found


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_answer_is_one_that_the_description_has_whoever_calls(callers: Callers, label: str) -> None:
    @settings(
        max_examples=examples(2, 60), deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=_strategy(label, callers))
    def send(case: Any) -> None:
        callers.call(case, label in OPEN)

    send()


def test_nobody_got_anything_done_that_ends_the_portal_or_its_job(callers: Callers) -> None:
    assert callers.portal.login().get("/me").json["role"] == "owner"
    assert callers.job.runner.poll() is None
