"""Another Unix user beside the portal's: reads nothing of it while it is at work, and puts nothing in its way.

The owner is an ordinary user too, careless enough to keep everything in a folder where all can put something, without a
umask: what is closed is closed by TiledViz itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from tls_kit import trusting, write_certificate

from hostile_kit import as_user
from ordinary import USER as STRANGER
from portal_kit import Browser, RunningPortal
from waiting import wait_until

OWNER = STRANGER + 1
LURKER = Path(__file__).parent / "lurker.py"
PASSWORD = "correct horse battery staple 4711"
# Has a file that rotates grow over its size, and everybody writes on.
LOGGING = """
import logging
from tvcore import log_file, logs
log_file.MOST = 2000
logs.speak("%(message)s")
for number in range(200):
    logging.info("a line of the portal's %s", number)
"""
# Runs `tiledviz` with each of a list of settings and arguments, each in a process of its own; one import is enough.
ONE_BY_ONE = """
from gevent import monkey
monkey.patch_all()
import json, os, signal, sys, tempfile
from tvcore.cli import main
answers = []
for what, changes, arguments in json.load(open(sys.argv[1])):
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            signal.alarm(40)
            os.dup2(said.fileno(), 2)
            os.environ.update(changes)
            sys.argv = ["tiledviz", *arguments]
            main()
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        answers.append((what, status, said.read().decode()))
print(json.dumps(answers))
"""

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="not run: only root can become other Unix users")


class Owner:
    """The portal's user, in a folder that others may enter; ``shared`` is as /tmp is."""

    def __init__(self) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="tv2-", dir="/tmp"))
        self.top.chmod(0o755)
        self.home, self.shared, self.loot = (self.top / name for name in ("home", "shared", "loot"))
        for folder, uid, mode in ((self.home, OWNER, 0o755), (self.shared, 0, 0o1777), (self.loot, STRANGER, 0o777)):
            folder.mkdir()
            folder.chmod(mode)
            os.chown(folder, uid, uid)
        self.state = self.shared / "state"
        self.environment = {
            **os.environ, "HOME": str(self.home), "TMPDIR": str(self.shared), "TILEDVIZ_HOME": str(self.state),
            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_CACHE_HOME": str(self.home / "cache"),
            "PYTHONPATH": str(LURKER.parents[2]), "TILEDVIZ_SITE_CONFIG": "",
        }  # fmt: skip
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            self.environment.pop(name, None)

    def file(self, path: Path, text: str, uid: int = OWNER, mode: int = 0o600) -> Path:
        """Write *text* to a file of *uid*, as are the folders that it needs."""
        for folder in (path.parents[1], path.parent):
            if not folder.exists():
                folder.mkdir()
                os.chown(folder, uid, uid)
        path.write_text(text)
        os.chown(path, uid, uid)
        path.chmod(mode)
        return path

    def start(self, *command: str, **changes: str) -> subprocess.Popen[str]:
        """Start *command* as the owner, who takes no rights from anybody by a umask."""
        return subprocess.Popen(
            as_user(OWNER, "sh", "-c", 'umask 0; exec "$@"', "sh", *command), env={**self.environment, **changes},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run *command* as the owner."""
        process = self.start(*command, **changes)
        try:
            said, problems = process.communicate(timeout=200)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, process.returncode, said, problems)

    def tiledviz(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "tvcore", *arguments, **changes)


def lurk(owner: Owner, *folders: Path) -> subprocess.Popen[str]:
    """Have the other user try every door of *folders* from now on, until the file ``stop`` is there."""
    command = ["/usr/bin/python3", str(shutil.copy(LURKER, owner.loot)), str(OWNER), str(owner.loot / "stop")]
    stranger = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--"]
    return subprocess.Popen(
        [*stranger, *command, *map(str, folders)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
    )


@pytest.fixture
def owner() -> Iterator[Owner]:
    made = Owner()
    yield made
    shutil.rmtree(made.top, ignore_errors=True)


class OwnersPortal(RunningPortal):
    """The portal that *owner* runs, by TLS on a port and on a unix socket."""

    def __init__(self, owner: Owner) -> None:
        kept = owner.home / "config/tiledviz"
        kept.mkdir(parents=True)
        kept.chmod(0o755)
        cert, key = kept / "cert.pem", kept / "key.pem"
        write_certificate(cert, key)
        owner.file(kept / "config.toml", '[portal]\nlogin = "accounts"\n', mode=0o644)
        for path in (kept.parent, kept, cert, key):
            os.chown(path, OWNER, OWNER)
        files = ("--tls-cert", str(cert), "--tls-key", str(key))
        self.home = owner.state
        self.process = owner.start(
            sys.executable, "-m", "tvcore", "up", "--host", "127.0.0.1", "--port", "0", "--socket", *files
        )  # type: ignore[assignment]
        wait_until(lambda: self.info() or self.process.poll() is not None, 60, "the portal listens")
        info = self.info()
        assert info is not None, self.process.communicate()
        self.port, self.door = info["port"], Path(info["socket"])
        self.socket, self.trusted = None, trusting(cert)
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"https://{self.host}"


def _at_work(owner: Owner, portal: OwnersPortal) -> None:
    """Do what makes every kind of file there is, and a copy of the store."""
    browser = Browser(portal)
    ticket = json.loads(owner.tiledviz("open", "--json").stdout)["url"].partition("#login=")[2]
    came = browser.post("/login", {"ticket": ticket})
    assert came.status == 200, came.json
    browser.key = came.json["key"]
    link = browser.post("/accounts", {"name": "ann"}).json["secret"]
    assert browser.post("/account/reset", {"secret": link, "password": PASSWORD}).status == 200
    ann = Browser(portal)
    ann.key = ann.post("/login", {"fields": {"name": "ann", "password": PASSWORD}}).json["key"]
    secret = ann.post("/account/totp/setup", {"password": PASSWORD}).json["secret"]
    assert ann.post("/account/totp/confirm", {"code": pyotp.TOTP(secret).now()}).status == 200
    for number in range(30):
        assert browser.post("/invitations", {"note": f"number {number}"}).status == 200
    assert owner.tiledviz("log", "debug").returncode == 0
    done = owner.tiledviz("db", "backup", str(owner.shared / "backup"))
    assert done.returncode == 0, done.stderr
    done = owner.tiledviz("audit", "--json")
    assert "invitation" in done.stdout, done.stderr


def test_another_user_reads_writes_and_reaches_nothing_while_the_portal_works(owner: Owner) -> None:
    stranger_first(owner)
    owner.file(owner.shared / "public", "for everybody", mode=0o644)
    lurker = lurk(owner, owner.shared, owner.home)
    try:
        portal = OwnersPortal(owner)
        try:
            _at_work(owner, portal)
        finally:
            portal.process.terminate()
            _, said = portal.process.communicate(timeout=60)
    finally:
        (owner.loot / "stop").touch()
        found, problems = lurker.communicate(timeout=60)
    assert lurker.returncode == 0, problems
    looked: dict[str, Any] = json.loads(found)
    assert (looked["uid"], looked["rounds"] > 10) == (STRANGER, True)
    config = owner.home / "config"
    public = {f"read {owner.shared}/public", "see a process"}
    public |= {f"list {path}" for path in (owner.home, config, config / "tiledviz")}
    public |= {f"read {config}/tiledviz/{name}" for name in ("config.toml", "cert.pem")}
    assert set(looked["got"]) - public == set(), said
    assert public - set(looked["got"]) == set(), "what is everybody's was read: it did look"
    assert str(owner.shared / "backup") in looked["seen"]
    assert str(owner.state) in looked["seen"]
    # And nothing came where the other user had prepared a place.
    assert sorted(path.name for path in owner.loot.iterdir()) == ["lurker.py", "runtime", "stop"]
    assert list((owner.loot / "runtime").iterdir()) == []
    assert not portal.door.is_relative_to(owner.loot)
    for path in owner.state.rglob("*"):
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
    assert {"store.sqlite", "secret.key", "audit.jsonl", "log-level"} <= {each.name for each in owner.state.iterdir()}
    assert "Traceback" not in said


def stranger_first(owner: Owner) -> None:
    """Have the folder of the portal's sockets be the other user's already, where it would be made."""
    trap = owner.loot / "runtime"
    trap.mkdir()
    trap.chmod(0o777)
    os.chown(trap, STRANGER, STRANGER)
    place = owner.shared / f"tiledviz-{OWNER}"
    place.symlink_to(trap)
    os.chown(place, STRANGER, STRANGER, follow_symlinks=False)


@contextlib.contextmanager
def trapped(owner: Owner, name: str, kind: str) -> Iterator[Path]:
    """Have the other user be at the path *name* first, with something of *kind*."""
    name = name.replace(" ", "-")
    path, victim = owner.shared / name, owner.loot / f"victim-of-{name}"
    if kind == "folder":
        path.mkdir(mode=0o777)
        path.chmod(0o777)
    elif kind == "file":
        path.touch()
        path.chmod(0o666)
    elif kind == "pipe":
        os.mkfifo(path)
        path.chmod(0o666)
    else:
        if kind == "link to a folder":
            victim.mkdir(mode=0o777)
            victim.chmod(0o777)
            os.chown(victim, STRANGER, STRANGER)
        path.symlink_to(victim)
    os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    yield path
    assert not victim.exists() or (victim.is_dir() and list(victim.iterdir()) == []), f"{name}: it was followed"
    assert path.lstat().st_uid == STRANGER, f"{name}: it is not the other user's any more"
    if kind in ("file", "folder"):
        assert (path.read_bytes() == b"") if kind == "file" else (list(path.iterdir()) == []), f"{name}: it was used"


def test_what_another_user_put_where_something_is_to_be_made_is_refused_in_one_line(owner: Owner) -> None:
    own, cert = owner.home / "state", owner.home / "cert.pem"
    write_certificate(cert, owner.home / "unused.pem")
    cert.chmod(0o644)
    theirs = owner.file(owner.shared / "secret", "x" * 40, STRANGER, 0o644)
    cases: list[tuple[str, dict[str, str], list[str]]] = []

    def case(what: str, *arguments: object, home: Path = own, settings: str = "") -> None:
        config = owner.file(owner.home / f"config-{len(cases)}" / "tiledviz" / "config.toml", settings)
        given = {"TILEDVIZ_HOME": str(home), "XDG_CONFIG_HOME": str(config.parents[1])}
        cases.append((what, given, [*map(str, arguments)]))

    with contextlib.ExitStack() as traps:

        def trap(what: str, kind: str) -> Path:
            return traps.enter_context(trapped(owner, f"{what} {kind}", kind))

        for kind in ("folder", "link to a folder", "link to nothing", "file"):
            case(f"state folder: {kind}", "up", "--port", "0", home=trap("state", kind))
        for kind in ("folder", "link to a folder"):
            case(f"folder of the socket: {kind}", "up", "--socket", trap("socket", kind) / "s")
        case("socket", "up", "--socket", trap("bare", "link to nothing"))
        for kind in ("file", "link to nothing", "pipe"):
            case(f"backup: {kind}", "db", "backup", trap("backup", kind))
        url = f"sqlite:///{trap('database', 'folder')}/store.sqlite"
        case("store", "db", "check", settings=f'[store]\nurl = "{url}"\n')
        url = "postgresql://wall@127.0.0.1:1/wall"
        case("password", "db", "check", settings=f'[store]\nurl = "{url}"\npassword_file = "{theirs}"\n')
        case("key of TLS", "up", "--port", "0", "--tls-cert", cert, "--tls-key", theirs)
        asked = owner.file(owner.home / "asked", json.dumps(cases))
        done = owner.run(sys.executable, "-c", ONE_BY_ONE, str(asked))
    answers = json.loads(done.stdout)
    assert len(answers) == len(cases), done.stderr
    for what, status, said in answers:
        assert status in (1, 2), (what, said)
        (line,) = said.splitlines()
        assert line.startswith("tiledviz: "), (what, line)


def test_a_log_in_a_folder_of_all_goes_nowhere_that_another_user_prepared(owner: Owner) -> None:
    for kind in ("file", "link to nothing", "pipe", "folder"):
        log = owner.file(owner.shared / f"log-{kind.split()[0]}", "", mode=0o640)
        with trapped(owner, f"{log.name}.1", kind):
            done = owner.run("sh", "-c", f'exec 2>> {log}; exec "$@"', "sh", sys.executable, "-c", LOGGING)
            assert done.returncode == 0, log.read_text()
        assert log.stat().st_uid == OWNER
        assert stat.S_IMODE(log.stat().st_mode) == 0o640
        assert log.read_text().count("a line of") == 200, "nothing is lost, and nothing gone elsewhere"
