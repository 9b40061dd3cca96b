"""Secrets that a run of everything hands out, looked for in all places where nobody is to find any."""

from __future__ import annotations

import glob
import inspect
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted_accounts import accounts
from planted_browser import chromium
from planted_kit import Planted, forms
from planted_site import site

from tvcore import proc

# Where each may stand: files of the owner's alone that are there to hold it.
MAY = {
    "metrics file": "kept/metrics", "mail file": "kept/mail", "proxy file": "kept/proxy",
    "database file": "kept/database", "TLS key": "kept/key.pem", "node's secret": "state/agents/",
}  # fmt: skip


# The site has a network of its own: where one comes or goes, Chromium breaks off what is on its way in other tests.
@pytest.fixture(scope="module", params=["accounts", pytest.param("site", marks=pytest.mark.alone)])
def planted(request: pytest.FixtureRequest) -> Iterator[Planted]:
    """A portal in which everything that hands out a secret was done once, at the level debug."""
    if request.param == "site":
        with site() as made:
            yield made
    else:
        with chromium() as browser, accounts(browser) as made:
            yield made


def may(what: str, name: str) -> bool:
    """Return whether the secret *what* may be in the file *name*."""
    return any(what.startswith(each) and name.startswith(place) for each, place in MAY.items())


def test_a_secret_is_found_however_it_is_written() -> None:
    secret = "a secret/of ours+1234"
    for content in (secret, f"x={secret}", "x=a%20secret%2Fof%20ours%2B1234", "AGEgc2VjcmV0L29mIG91cnMrMTIzNA=="):
        assert any(form in content.encode() for form in forms(secret)), content


def test_no_file_holds_a_secret_in_clear_and_none_is_anybody_elses_to_read(planted: Planted) -> None:
    found, open_, seen = [], [], set()
    for path in [each for each in planted.folder.rglob("*") if each.is_file()]:
        name = str(path.relative_to(planted.folder))
        seen.add(name)
        found += [f"{what} in {name}" for what in planted.found(path.read_bytes()) if not may(what, name)]
        # Where the test itself plays a job, and what it wrote itself.
        mine = name.startswith(("state/jobs/", "config/", "kept/cert.pem", "portal-"))
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and not mine:
            open_.append(name)
    for log in planted.logs:
        found += [f"{what} in {log}" for what in planted.found(log.read_bytes())]
    for elsewhere in ("/dev/shm/*", "/tmp/tiledviz-*/**", "/var/tmp/*"):
        for other in filter(os.path.isfile, glob.glob(elsewhere, recursive=True)):
            found += [f"{what} in {other}" for what in planted.found(Path(other).read_bytes())]
    assert (found, open_) == ([], [])
    assert {"state/audit.jsonl", "state/log-level"} <= seen
    if not planted.logs:
        assert {"state/store.sqlite", "state/store.sqlite-wal", "cache/backup", "state/secret.key"} <= seen
    assert (planted.folder / "state/log-level").read_text() == "debug\n"
    assert "POST '/api/v1/login'" in planted.portal.log.read_text()


def test_no_process_shows_a_secret_in_its_arguments_or_environment(planted: Planted) -> None:
    found = []
    ours = {planted.portal.process.pid, *planted.portal.children()}
    assert len(ours) > 2
    for pid in [int(each) for each in os.listdir("/proc") if each.isdecimal()]:
        for part in ("cmdline", "environ"):
            try:
                content = Path(f"/proc/{pid}/{part}").read_bytes()
            except OSError:
                continue
            found += [f"{what} in {part} of {pid}" for what in planted.found(content)]
    assert found == []
    for pid in ours:  # and none of them leaves its memory in a file
        limits = Path(f"/proc/{pid}/limits").read_text()
        (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core.split()[4] == "0", pid


def test_nothing_that_people_or_programs_are_shown_has_a_secret(planted: Planted) -> None:
    """Answers; and of a browser: its addresses, referrers, history, storage and console."""
    assert len(planted.seen) > 5
    assert [(where, planted.found(text.encode()), text[:300]) for where, text in planted.seen
            if planted.found(text.encode())] == []  # fmt: skip
    if not planted.logs:
        kinds = {where.partition(" of ")[0] for where, _ in planted.seen}
        assert {"history", "address", "session storage", "local storage", "address asked for"} <= kinds
        asked = [text for where, text in planted.seen if where.startswith("address")]
        assert any(text.endswith("/rfb") for text in asked), "a tile was opened"
        assert sum(text.startswith("http") for text in asked) > 100


def test_another_user_of_the_machine_reads_neither_files_nor_processes(planted: Planted, other_user: list[str]) -> None:
    look = (
        "import os, sys\n"
        "for path in sys.argv[1:]:\n"
        "    try: open(path, 'rb').read(1); print(path)\n"
        "    except OSError: pass\n"
    )
    private = [str(path) for path in planted.folder.rglob("*") if path.is_file()]
    pids = [planted.portal.process.pid, *planted.portal.children()]
    private += [f"/proc/{pid}/{part}" for pid in pids for part in ("environ", "mem", "maps")]
    command = [*other_user, "/usr/bin/python3", "-c", look, *private]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_the_own_user_too_cannot_look_into_the_portals_memory() -> None:
    """A program in a tile runs as the same Unix user: it must not read what the portal knows."""
    if os.getuid() != 0:
        pytest.skip("not run: only root can become another Unix user")
    # The very function, in an interpreter that other Unix users may run too.
    wait = "print(1, flush=True); input()"
    number = f"PR_SET_DUMPABLE = {proc.PR_SET_DUMPABLE}"
    hidden = f"import ctypes, os, resource\n{number}\n{inspect.getsource(proc.hide_memory)}\nhide_memory(); {wait}"
    code = (
        "import os, subprocess, sys\n"
        "os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        "for code in sys.argv[1:]:\n"
        "    p = subprocess.Popen(['/usr/bin/python3', '-c', code], stdin=-1, stdout=-1)\n"
        "    p.stdout.readline()\n"
        "    try: open(f'/proc/{p.pid}/environ').read(); print('read')\n"
        "    except PermissionError: print('refused')\n"
        "    p.communicate(b'x\\n')\n"
    )
    command = ["/usr/bin/python3", "-c", code, hidden, wait]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout.split() == ["refused", "read"], done.stderr


def test_the_audit_and_the_lists_show_none_of_them(planted: Planted) -> None:
    asked = (("audit", "--json"), ("config", "show"), ("db", "where"))
    said = "".join((done := planted.tiledviz(*words)).stdout + done.stderr for words in asked)
    assert '"login"' in said
    assert planted.found(said.encode()) == []
