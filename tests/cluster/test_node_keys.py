"""What a node's key is good for on a real cluster: its own node's streams, while its job runs, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from site_kit import Site
from waiting import wait_until

OPTIONS = (
    "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "IdentitiesOnly=yes", "-o", "ExitOnForwardFailure=yes", "-o", "ConnectTimeout=5",
)  # fmt: skip


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    launched = site.launch(tiles=2)
    site.wait_live(launched, 2)
    return launched


@pytest.fixture(scope="module")
def key(site: Site, job: str) -> str:
    """Return where every node sees a copy of the first node's private key, which that node never gives away."""
    (first,) = [found for found in site.registrations(job) if found["ordinal"] == 0]
    copy = site.cluster.home("tv") / "stolen"
    shutil.copy(site.node_path("c1", Path(first["socket"]).with_name("tunnel_key")), copy)
    shutil.chown(copy, 2001, 2001)
    copy.chmod(0o600)
    return "/home/tv/stolen"


def ssh(site: Site, node: str, key: str, user: str, *arguments: str, program: str = "ssh") -> CompletedProcess[str]:
    """Run ssh (or sftp) with a node's *key* from *node* towards the endpoint."""
    port = ("-P" if program == "sftp" else "-p", str(site.endpoint_info()["port"]))
    where = (f"{user}@login",) if program == "sftp" else ("-l", user, "login")
    return site.cluster.run(
        node, [program, *OPTIONS, "-i", key, *port, *arguments[:-1], *where, *arguments[-1:]] if arguments else
        [program, *OPTIONS, "-i", key, *port, *where],
        user="tv", check=False, timeout=30,
    )  # fmt: skip


def test_a_key_is_refused_from_another_node(site: Site, job: str, key: str) -> None:
    for node in ("c2", "login"):
        assert "Permission denied" in ssh(site, node, key, f"{job}.0", "-N", "x").stderr
    assert "is not an address of c1" in (site.state / "endpoint.log").read_text()


def test_a_key_is_refused_for_another_nodes_streams_and_for_another_job(site: Site, job: str, key: str) -> None:
    for user in (f"{job}.1", f"{int(job) + 1}.0", "tv", "root"):
        assert "Permission denied" in ssh(site, "c1", key, user, "-N", "x").stderr


def test_a_key_gets_no_shell_no_file_no_forward_and_no_listener(site: Site, job: str, key: str) -> None:
    user = f"{job}.0"
    shell = ssh(site, "c1", key, user, "id")
    assert (shell.returncode, shell.stdout) == (255, "")
    assert "Permission denied" not in shell.stderr, "it is let in, and gets nothing"
    files = ssh(site, "c1", key, user, program="sftp")
    assert files.returncode != 0
    assert "sftp>" not in files.stdout
    for forward in ("2222:127.0.0.1:22", "/tmp/theirs.sock:127.0.0.1:22"):
        done = ssh(site, "c1", key, user, "-N", "-R", forward, "-o", "ServerAliveInterval=1", "x")
        assert done.returncode == 255
        assert "remote port forwarding failed" in done.stderr.lower() or "forwarding failed" in done.stderr.lower()
    assert ":2222 " not in site.cluster.run("login", ["ss", "-ltn"]).stdout


def test_a_key_is_dead_with_its_job(site: Site, job: str, key: str) -> None:
    site.command("stop", job)
    wait_until(lambda: site.job(job)["state"] == "cancelled", 30, "the job is over")
    assert "Permission denied" in ssh(site, "c1", key, f"{job}.0", "-N", "x").stderr


def test_tiles_come_through_the_sites_own_sshd_where_no_further_port_is_allowed(site: Site) -> None:
    keys = site.cluster.home("tv") / ".ssh" / "authorized_keys"
    before = keys.read_text()
    settings = site.cluster.home("tv") / ".config" / "tiledviz" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('[tunnel]\nway = "sshd"\nlogin = "login"\n')
    for path in (settings.parent.parent, settings.parent, settings):
        shutil.chown(path, 2001, 2001)
    try:
        old = site.endpoint_info()
        site.kill("login", old["pid"], "TERM")
        wait_until(lambda: (site.state / "endpoint.json").exists() and site.endpoint_info() != old, 20, "another one")
        job = site.launch(tiles=2)
        tiles = site.wait_live(job, 2)
        assert {tile["node"] for tile in tiles} == {"c1", "c2"}
        during = keys.read_text()
        lines = [line for line in during.splitlines() if line not in before.splitlines()]
        assert len(lines) == 2
        assert all(line.startswith("restrict,command=") and "expiry-time=" in line for line in lines)
        listening = site.cluster.run("login", ["ss", "-ltnpH"]).stdout
        assert f"pid={site.endpoint_info()['pid']}," not in listening
        site.command("stop", job, "--remove")
        wait_until(lambda: keys.read_text() == before, 30, "the keys are gone with the job")
    finally:
        settings.unlink()
        site.kill("login", site.endpoint_info()["pid"], "TERM")
