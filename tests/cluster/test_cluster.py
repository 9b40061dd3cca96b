"""The test cluster itself: what tests of TiledViz take for granted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import host_python
from cluster import COMPUTE, NODES, Cluster, ClusterError, CommandError
from rootfs import RELEASES
from waiting import wait_until


def processes_below(namespace: str) -> list[int]:
    """Return the processes of this machine in a PID namespace."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(path / "ns" / "pid") == namespace:
                found.append(int(path.name))
        except OSError:
            continue
    return found


def what_is_there(cluster: Cluster) -> Callable[[], list[str]]:
    """Return a function that says what of a running cluster is still on this machine."""
    spaces = [os.readlink(f"/proc/{cluster.pid(node)}/ns/pid") for node in NODES]
    name = cluster.folder.name

    def left() -> list[str]:
        processes = [f"process {pid}" for space in spaces for pid in processes_below(space)]
        mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if name in line]
        groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{name}")]
        links = [line for line in Path("/proc/net/dev").read_text().splitlines() if "l-c1" in line or "br0" in line]
        folders = [str(path) for path in Path("/tmp").glob(name)]
        return processes + mounts + groups + links + folders

    assert any("process" in line for line in left())
    assert str(cluster.folder) in left()
    return left


@pytest.fixture
def second(cluster: Cluster) -> Cluster:
    """Another cluster, beside the one that the tests share; not up yet."""
    return Cluster(cluster.release)


def test_three_nodes_have_names_networks_processes_and_disks_of_their_own(cluster: Cluster) -> None:
    cluster.wait_idle()
    for node in NODES:
        assert cluster.run(node, ["hostname"]).stdout.strip() == node
        assert cluster.address(node) in cluster.run(node, ["ip", "-br", "addr", "show", "eth0"]).stdout
        cluster.run(node, ["touch", f"/var/tmp/{node}", f"/tmp/{node}"])
        assert cluster.run(node, ["sh", "-c", "ls /tmp /var/tmp | grep -xE 'login|c1|c2'"]).stdout.split() == [node] * 2
        assert cluster.run(node, ["cat", "/proc/1/comm"]).stdout.strip() == "tini"
    assert {os.readlink(cluster.netns(node)) for node in NODES}.isdisjoint({os.readlink("/proc/self/ns/net")})
    assert cluster.run("login", ["pgrep", "-x", "slurmd"], check=False).stdout == ""


def test_users_log_in_from_node_to_node_and_see_one_home(cluster: Cluster) -> None:
    cluster.run("login", ["sh", "-c", "echo here > mark"], user="tv")
    assert cluster.run("login", ["ssh", "c2", "cat mark; hostname"], user="tv").stdout.split() == ["here", "c2"]
    assert (cluster.home("tv") / "mark").read_text() == "here\n"


def test_users_are_strangers_to_each_other_and_to_root(cluster: Cluster) -> None:
    cluster.run("login", ["sh", "-c", "umask 0; echo mine > secret"], user="tv")
    for command in (["cat", "/home/tv/secret"], ["ls", "/root"], ["touch", "/etc/x"]):
        refused = cluster.run("login", command, user="ann", check=False)
        assert "Permission denied" in refused.stderr
        assert refused.returncode
    assert "not permitted" in cluster.run("login", ["kill", "1"], user="ann", check=False).stderr
    sets = cluster.run("login", ["grep", "^Cap[IPEA]", "/proc/self/status"], user="ann").stdout.splitlines()
    assert [int(line.split()[1], 16) for line in sets] == [0, 0, 0, 0]


def test_a_job_runs_on_both_nodes_with_two_gpus_each(cluster: Cluster) -> None:
    show = ["sh", "-c", 'echo "$(hostname) $CUDA_VISIBLE_DEVICES"; nvidia-smi -L >/dev/null; test -c /dev/nvidia1']
    said = cluster.run("login", ["srun", "-N2", "--gres=gpu:2", *show], user="tv").stdout
    assert sorted(said.splitlines()) == [f"{node} 0,1" for node in COMPUTE]
    refused = cluster.run("login", ["srun", "-N2", "--gres=gpu:3", "true"], user="tv", check=False)
    assert "Requested node configuration is not available" in refused.stderr


def test_a_job_that_takes_more_memory_than_it_asked_for_is_ended_by_the_kernel(cluster: Cluster) -> None:
    if not cluster.limits_memory:
        pytest.skip("not run: root of this machine may make no memory cgroups")
    take = ["python3", "-c", "print(len(bytearray(300 << 20)))"]
    done = cluster.run("login", ["srun", "--mem=100M", *take], user="tv", check=False)
    assert done.stdout == ""
    assert "Out Of Memory" in done.stderr
    assert cluster.run("login", ["srun", "--mem=600M", *take], user="tv").stdout == "314572800\n"


def test_what_a_cancelled_job_left_in_the_background_dies_with_it(cluster: Cluster) -> None:
    daemon = "#!/bin/sh\nsetsid sleep 4242 & \nsleep 4243\n"
    job = cluster.run("login", ["sbatch", "--parsable", "-o/dev/null"], user="tv", input=daemon).stdout.strip()

    def sleeping() -> str:
        return "".join(cluster.run(node, ["pgrep", "-f", "sleep 424"], check=False).stdout for node in COMPUTE)

    wait_until(lambda: len(sleeping().split()) == 2, 20, "both processes of the job run")
    cluster.run("login", ["scancel", job], user="tv")
    wait_until(lambda: not sleeping(), 20, "both processes of the job are gone")
    cluster.wait_no_jobs()


def test_apptainer_runs_a_container_for_an_ordinary_user(cluster: Cluster) -> None:
    sandbox = "mkdir -p box/usr box/etc box/tmp box/proc box/dev && ln -sf usr/bin usr/lib usr/lib64 box"
    cluster.run("c1", ["sh", "-c", sandbox], user="tv")
    run = ["apptainer", "-s", "exec", "--contain", "--pid", "--bind", "/usr:/usr:ro", "box"]
    said = cluster.run("c1", [*run, "sh", "-c", "id -u; ls -A /home"], user="tv")
    assert said.stdout.split() == ["2001", "tv"]


def test_tiledviz_runs_in_every_node_as_an_ordinary_user_and_cannot_change_the_repository(cluster: Cluster) -> None:
    for node in NODES:
        assert cluster.tiledviz(node, "--version", user="ann").stdout.startswith("tiledviz")
    marker = Path(__file__).parent / "written"
    assert "Read-only file system" in cluster.run("c1", ["touch", marker], check=False).stderr
    assert not marker.exists()


def test_the_links_of_a_virtual_environment_lead_past_names_that_mean_another_python_in_a_node(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to("/usr/bin/python3")
    (tmp_path / "bin" / "python").symlink_to("python3")
    (tmp_path / "bin" / "tiledviz").write_text("#!")
    copy = host_python.relinked(tmp_path / "bin", tmp_path / "copy")
    assert {path.name: os.path.realpath(path) for path in copy.glob("python*")} == {
        "python": str(host_python.interpreter()),
        "python3": str(host_python.interpreter()),
    }
    assert (copy / "tiledviz").read_text() == "#!"
    assert os.readlink(tmp_path / "bin" / "python3") == "/usr/bin/python3"


def test_commands_get_input_and_environment_and_are_killed_when_they_take_too_long(cluster: Cluster) -> None:
    said = cluster.run("c1", ["sh", "-c", 'cat; echo "$WORD"; pwd'], user="tv", input="in\n", env={"WORD": "a b"})
    assert said.stdout == "in\na b\n/home/tv\n"
    with pytest.raises(subprocess.TimeoutExpired):
        cluster.run("c1", ["sleep", "4244"], user="tv", timeout=0.5)
    assert cluster.run("c1", ["pgrep", "-f", "sleep 4244"], check=False).stdout == ""
    with pytest.raises(CommandError, match=r"stderr: .*No such file"):
        cluster.run("c1", ["cat", "/nowhere"])


def test_signals_reach_the_process_in_the_node(cluster: Cluster) -> None:
    process = cluster.popen("c1", ["sleep", "4245"], "tv")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    assert cluster.run("c1", ["pgrep", "-f", "sleep 4245"], check=False).stdout == ""


def test_a_node_crashes_is_down_and_comes_back_with_its_disk(cluster: Cluster) -> None:
    cluster.run("c2", ["sh", "-c", "echo kept > /var/tmp/kept; echo lost > /tmp/lost"])
    cluster.crash("c2")
    try:
        cluster.mark_down("c2")
        assert cluster.states()["c2"].startswith("down")
        assert not cluster.states()["c1"].startswith("down")
        with pytest.raises(ClusterError, match="c2 is not up"):
            cluster.run("c2", ["true"])
    finally:
        cluster.start("c2")
    cluster.wait_idle()
    assert cluster.run("c2", ["cat", "/var/tmp/kept"]).stdout == "kept\n"
    assert cluster.run("c2", ["ls", "/tmp/lost"], check=False).returncode
    assert cluster.run("login", ["srun", "-w", "c2", "hostname"], user="tv").stdout == "c2\n"


def test_a_cut_cable_cuts_and_a_joined_one_joins(cluster: Cluster) -> None:
    ping = ["ping", "-c1", "-W1", "c1"]
    cluster.cut("c1")
    cut = cluster.run("login", ping, check=False)
    cluster.join("c1")
    assert cut.returncode
    assert cluster.run("login", ping).returncode == 0


def test_the_login_node_too_crashes_and_comes_back(second: Cluster) -> None:
    with second:
        second.crash("login")
        second.start("login")
        second.wait_idle()
        assert sorted(second.run("login", ["srun", "-N2", "hostname"], user="tv").stdout.split()) == ["c1", "c2"]
        assert second.run("c1", ["ssh", "login", "hostname"], user="tv").stdout == "login\n"


def test_a_paused_slurmctld_answers_nobody_until_it_is_resumed(second: Cluster) -> None:
    with second:
        second.pause("slurmctld")
        with pytest.raises(subprocess.TimeoutExpired):
            second.run("login", ["squeue"], timeout=1)
        second.resume("slurmctld")
        second.run("login", ["squeue"])


def test_down_leaves_nothing_and_another_cluster_is_not_touched(cluster: Cluster, second: Cluster) -> None:
    second.up()
    second.run("c1", ["srun", "-N2", "true"], user="tv")
    process = second.popen("c2", ["sleep", "1000"], "tv")
    left = what_is_there(second)
    second.down()
    assert left() == []
    assert process.wait(5)
    cluster.wait_idle()


def test_a_cluster_ends_when_its_owner_is_killed(cluster: Cluster) -> None:
    code = """
import sys
from cluster import Cluster
with Cluster(sys.argv[1]):
    print("up", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, cluster.release],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "up\n"
        its = Cluster.running()
        assert its.folder != cluster.folder
        left = what_is_there(its)
        owner.kill()
    wait_until(lambda: left() == [], 20, f"all of {its.folder} is gone")


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_runs_a_job_on_both_nodes_and_this_python(
    cluster_of: Callable[[str], Cluster], release: str
) -> None:
    cluster = cluster_of(release)
    said = cluster.run("login", ["srun", "-N2", sys.executable, "-c", "import tvcore, os; print(os.uname().nodename)"])
    assert sorted(said.stdout.split()) == list(COMPUTE)
    assert cluster.run("c1", ["slurmd", "-V"]).stdout.split()[1] == cluster.slurm_text
