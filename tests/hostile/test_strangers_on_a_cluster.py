"""Another ordinary user of the login node and of the job's compute node, who tries all there is to try."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from site_kit import Site

SLURMS_OWN = "/var/lib/slurm/"  # sockets of its step daemons, which ask who comes (munge)
INTRUDER = Path(__file__).parent / "intruder.py"
NODES = ("login", "c1", "c2")


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    launched = site.launch(tiles=4)
    site.wait_live(launched, 4)
    return launched


@pytest.fixture(scope="module")
def secrets(site: Site, job: str) -> list[str]:
    """Return every secret there is of this TiledViz now, as root finds them."""
    browser = site.login()
    found = [browser.key, browser.cookie.partition("=")[2]]
    for registration in site.registrations(job):
        found.append(registration["secret"])
        folder = site.node_path(registration["node"], Path(registration["socket"]).parent)
        for path in folder.rglob("*"):
            if path.is_file() and ("key" in path.name or path.name == "xauthority"):
                found += _secret_parts(path)
    found += _secret_parts(site.state / "endpoint" / "host_key")
    assert len(found) > 12, "each of two nodes has a secret and a key, each of four tiles a cookie"
    return found


def _secret_parts(path: Path) -> list[str]:
    data = path.read_bytes()
    if b"PRIVATE KEY" in data:
        return [line for line in data.decode().splitlines() if "PRIVATE KEY" not in line and len(line) > 40]
    if path.name.endswith(".pub"):
        return []
    return [data[-16:].decode("latin-1")]  # an X cookie: its last 16 bytes


@pytest.fixture(scope="module")
def loot(site: Site, job: str, secrets: list[str]) -> dict[str, dict[str, Any]]:
    """Return, by node, all that the second user could reach and read."""
    found = {}
    shared = site.cluster.home("ann") / "intruder.py"
    shutil.copy(INTRUDER, shared)
    shared.chmod(0o644)
    for node in NODES:
        done = site.cluster.run(node, ["python3", "/home/ann/intruder.py", "tv"], user="ann", timeout=120)
        found[node] = json.loads(done.stdout)
        assert found[node]["who"] == 2002
    return found


def test_the_intruder_sees_what_there_is_so_that_finding_nothing_means_something(
    site: Site, job: str, loot: dict[str, dict[str, Any]]
) -> None:
    for node in ("c1", "c2"):
        assert "Xvnc" in loot[node]["readable"]["ps"]
        assert "tvcore.node" in loot[node]["readable"]["ps"]
    assert "tvcore.tunnel" in loot["login"]["readable"]["ps"]
    assert job in loot["login"]["readable"]["squeue"]


@pytest.mark.parametrize("node", NODES)
def test_another_user_connects_to_no_display_and_to_no_socket_of_ours(
    loot: dict[str, dict[str, Any]], node: str
) -> None:
    found = loot[node]["connections"]
    ours = {name: heard for name, heard in found.items() if not name.startswith(("tcp:", SLURMS_OWN))}
    assert ours == {}


@pytest.mark.parametrize("node", NODES)
def test_another_user_reads_no_secret_anywhere(loot: dict[str, dict[str, Any]], node: str, secrets: list[str]) -> None:
    for place, content in loot[node]["readable"].items():
        found = [secret for secret in secrets if secret in content]
        assert not found, f"{place} on {node} gives a secret away"


@pytest.mark.parametrize("node", NODES)
def test_another_user_reads_no_file_of_the_owners_state(loot: dict[str, dict[str, Any]], node: str) -> None:
    assert [path for path in loot[node]["readable"] if "/.local/state/tiledviz" in path or "/tiledviz-" in path] == []


def test_the_endpoint_says_its_name_to_a_stranger_and_nothing_else(
    site: Site, job: str, loot: dict[str, dict[str, Any]]
) -> None:
    port = site.endpoint_info()["port"]
    for kind, heard in loot["login"]["connections"][f"tcp:{port}"].items():
        assert re.fullmatch(r"(SSH-2\.0-\S+\r\n)?.{0,400}", heard, re.S), kind
        assert heard == "" or heard.startswith("SSH-2.0-"), (kind, heard)
    for node in ("login", "c1"):
        for name in (f"{job}.0", f"{job}.1", "tv", "root", "../../x"):
            done = site.cluster.run(
                node,
                ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                 "-o", "UserKnownHostsFile=/dev/null", "-p", str(port), "-l", name, "login", "id"],
                user="ann", check=False, timeout=30,
            )  # fmt: skip
            assert done.returncode == 255
            assert "Permission denied" in done.stderr or "closed" in done.stderr.lower(), done.stderr
            assert done.stdout == ""


@pytest.mark.parametrize("node", NODES)
def test_no_tcp_listener_is_ours_but_the_endpoint(site: Site, job: str, node: str) -> None:
    listing = site.cluster.run(node, ["ss", "-ltnpH"]).stdout
    users = site.cluster.run(node, ["ps", "-eo", "pid=,user="]).stdout
    mine = {line.split()[0] for line in users.splitlines() if line.split()[1] == "tv"}
    ports = [
        int(line.split()[3].rpartition(":")[2])
        for line in listing.splitlines()
        # Slurm's own srun listens for its step daemons, on the first node of a job.
        if set(re.findall(r"pid=(\d+)", line)) & mine and '"srun"' not in line
    ]
    wanted = [site.endpoint_info()["port"]] if node == "login" else []
    assert sorted(set(ports)) == wanted, listing


@pytest.mark.parametrize("node", NODES)
def test_sockets_of_ours_are_closed_and_in_closed_folders(site: Site, job: str, node: str) -> None:
    names = site.cluster.run(node, ["ss", "-lxnH"]).stdout
    paths = [Path(word) for word in re.findall(r"(/\S+tiledviz-\S+)", names)]
    assert paths or node != "login"
    for path in paths:
        seen = site.node_path(node, path)
        if seen.exists():
            assert seen.lstat().st_mode & 0o777 == 0o600, path
            assert seen.parent.stat().st_mode & 0o777 == 0o700, path
