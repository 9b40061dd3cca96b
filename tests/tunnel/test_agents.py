"""Registrations and tokens of node agents."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from tvcore import paths
from tvcore.batch.plan import Plan, TilePlan
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration, TokenBook, make_token


def registration(home: Path, job: str = "local-00000001", path: str = "/nowhere/agent.sock") -> Registration:
    tile = TilePlan(index=0, title="t", command=("x",))
    plan = Plan(case="gears", title="Gears", state=str(home), tiles=(tile,))
    return Registration(
        job=job, ordinal=0, node=socket.gethostname(), pid=os.getpid(), started=1.0, socket=path, secret="s", plan=plan
    )


def test_what_registers_is_found_again_and_closed_to_others(home: Path) -> None:
    path = agents.register(registration(home))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(agents.registrations()) == [registration(home)]


def test_a_registration_that_cannot_be_read_is_passed_over(home: Path) -> None:
    agents.register(registration(home))
    (home / "agents" / "broken.0.json").write_text("{")
    (home / "agents" / "empty.0.json").write_text("")
    assert [found.job for found in agents.registrations()] == ["local-00000001"]


def test_discarding_removes_registration_and_runtime_folder(home: Path) -> None:
    folder = paths.runtime_folder()
    (folder / "t0").mkdir()
    found = registration(home, path=str(folder / "agent.sock"))
    agents.register(found)
    agents.discard(found)
    assert not folder.exists()
    assert list(agents.registrations()) == []


def test_discarding_touches_no_folder_that_is_not_a_runtime_folder(home: Path, tmp_path: Path) -> None:
    found = registration(home, path=str(tmp_path / "agent.sock"))
    agents.discard(found)
    assert tmp_path.exists()


def test_a_token_is_good_once() -> None:
    book = TokenBook("secret")
    token = make_token("secret", "rfb", 3)
    assert book.accept(token, "rfb", 3)
    assert not book.accept(token, "rfb", 3)


@pytest.mark.parametrize(("stream", "tile"), [("rfb", 4), ("rfb", None), ("rpc", None), ("wall", None)])
def test_a_token_is_good_for_its_own_stream_and_tile_only(stream: str, tile: int | None) -> None:
    assert not TokenBook("secret").accept(make_token("secret", "rfb", 3), stream, tile)


def test_a_token_of_another_secret_or_time_is_refused() -> None:
    book = TokenBook("secret")
    assert not book.accept(make_token("other", "wall", None), "wall", None)
    assert not book.accept(make_token("secret", "wall", None, now=1000), "wall", None, now=1031)
    assert not book.accept(make_token("secret", "wall", None, now=2000), "wall", None, now=1000)
    assert book.accept(make_token("secret", "wall", None, now=1000), "wall", None, now=1030)


@pytest.mark.parametrize(
    "token", ["", "..", "a.b.c", "a.1.b.c", "a.99999999999999999999.b", "é.1.é", "a.²." + "0" * 64]
)
def test_a_token_that_is_none_is_refused(token: str) -> None:
    assert not TokenBook("secret").accept(token, "wall", None)


def test_an_agent_that_is_away_is_one_clear_error(home: Path) -> None:
    with pytest.raises(TiledVizError, match=r"node agent of job local-00000001 on .* does not answer"):
        agents.connect(registration(home), "wall")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b'{"error": "no tile 9"}\n', "no tile 9"),
        (b"", "closed the connection"),
        (b"rubbish\n", "does not answer"),
    ],
)
def test_a_refusal_or_rubbish_is_one_clear_error(home: Path, answer: bytes, words: str) -> None:
    folder = paths.runtime_folder()
    path = str(folder / "agent.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def serve() -> None:
            peer, _ = server.accept()
            with peer, peer.makefile("rb") as file:
                assert json.loads(file.readline())["stream"] == "rpc"
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(TiledVizError, match=words):
            agents.call(registration(home, path=path), "status")
        thread.join()
