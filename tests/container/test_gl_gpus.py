"""The GPUs of a job: read from what nvidia-smi prints, and allotted by what the batch system says."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import fake_gpu
from tvcore.cases.case import Bind
from tvcore.container.gl import Gpu, find_gpus, gpu_access, gpu_environment
from tvcore.container.gl.gpus import (
    Listed,
    allotted,
    plain_bus,
    read_driver,
    read_minors,
    read_query,
    read_slices,
    with_minors,
)

PROBES = Path(__file__).with_name("gl_probes")
FOUR = tuple(Gpu(i, f"GPU-{i}1111111-2222-3333-4444-555555555555", minor=i, bus=f"0000:{i}b:00.0") for i in range(4))
JOB = {"SLURM_JOB_ID": "7"}
DENIED = Path("/run/denied")


def printed(name: str) -> str:
    return (PROBES / f"{name}.txt").read_text("utf-8").partition("\n")[2]


def indexes(names: str, listed: tuple[Gpu, ...] = FOUR) -> list[int]:
    return [gpu.index for gpu in allotted({**JOB, "CUDA_VISIBLE_DEVICES": names}, Listed(listed))]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("0,1", [0, 1]),
        ("3,1", [3, 1]),  # Slurm's order is kept
        ("2", [2]),
        (FOUR[2].uuid, [2]),
        (FOUR[2].uuid.lower(), [2]),
        (f"{FOUR[3].uuid},{FOUR[0].uuid}", [3, 0]),
        ("GPU-1", [1]),  # its beginning, as CUDA takes it
        (FOUR[1].uuid.removeprefix("GPU-"), [1]),
        ("0,-1,2", [0]),  # as CUDA reads it
        ("1,1", [1]),
        ("", []),
        ("NoDevFiles", []),
    ],
)
def test_gpus_are_named_by_number_or_uuid(names: str, found: list[int]) -> None:
    assert indexes(names) == found


def test_numbers_of_the_whole_node_mean_those_that_can_be_seen() -> None:
    """Where cgroups hide the others, two GPUs are 0 and 1 to nvidia-smi, whatever the node calls them."""
    seen = FOUR[:2]
    assert indexes("0,1", seen) == [0, 1]
    assert indexes("2,3", seen) == [0, 1]
    assert [gpu.uuid for gpu in allotted({**JOB, "CUDA_VISIBLE_DEVICES": "3,2"}, Listed(seen))] == [
        FOUR[1].uuid, FOUR[0].uuid
    ]  # fmt: skip


def test_numbers_that_fit_nothing_stay_numbers() -> None:
    assert allotted({**JOB, "CUDA_VISIBLE_DEVICES": "5"}, Listed(FOUR)) == (Gpu(5),)
    assert allotted({**JOB, "CUDA_VISIBLE_DEVICES": "0,1"}, Listed()) == (Gpu(0), Gpu(1))
    assert allotted({**JOB, "CUDA_VISIBLE_DEVICES": FOUR[0].uuid}, Listed()) == (Gpu(0, FOUR[0].uuid),)


def test_a_job_without_gpus_has_none_although_the_node_has_some() -> None:
    assert allotted(JOB, Listed(FOUR)) == ()
    assert allotted({}, Listed(FOUR)) == FOUR  # no batch system: all are ours
    assert allotted({**JOB, "SLURM_JOB_GPUS": "1"}, Listed(FOUR)) == (FOUR[1],)
    assert allotted({**JOB, "ROCR_VISIBLE_DEVICES": "0,1"}, Listed()) == (Gpu(0), Gpu(1))


def test_slices_are_found_with_their_gpu() -> None:
    gpus = (Gpu(0, "GPU-513536b6-7d19-9063-b049-1e69664bb298", minor=5, name="NVIDIA A100-SXM4-80GB"),)
    slices = read_slices(printed("smi_list_mig"), gpus)
    assert len(slices) == 4
    name = "MIG-a45882f0-9215-5733-a0c1-49286ab31cb5"
    (found,) = allotted({**JOB, "CUDA_VISIBLE_DEVICES": name}, Listed(gpus, slices))
    assert found == replace(gpus[0], uuid=name, name="NVIDIA A100-SXM4-80GB MIG 1g.20gb")
    assert found.slice
    old = "MIG-GPU-513536b6-7d19-9063-b049-1e69664bb298/3/0"
    assert allotted({**JOB, "CUDA_VISIBLE_DEVICES": old}, Listed(gpus)) == (Gpu(0, old),)


def test_what_nvidia_smi_prints_is_read() -> None:
    text = "0, GPU-513536b6-7d19-9063-b049-1e69664bb298, NVIDIA A100-SXM4-80GB, 00000000:3B:00.0\n"
    assert read_query(text) == (
        Gpu(0, "GPU-513536b6-7d19-9063-b049-1e69664bb298", name="NVIDIA A100-SXM4-80GB", bus="0000:3b:00.0"),
    )
    assert read_query("1, GPU-, Tesla K80, 00000000:05:00.0") == (Gpu(1, "", name="Tesla K80", bus="0000:05:00.0"),)
    for other in ("No devices were found", "", printed("smi_query_gtx"), "NVIDIA-SMI has failed because it couldn't"):
        assert read_query(other) == ()


def test_device_files_are_found_by_uuid_where_addresses_differ() -> None:
    """On some clouds nvidia-smi has a domain of 32 bits, the driver's folder one of 16."""
    minors = read_minors(printed("smi_query_k80"))
    assert minors == {"3e3f8e05:00:00.0": 0, "GPU-daade63e-6b82-4c36-32c5-8929377b9e2b": 0}
    gpu = Gpu(0, "GPU-daade63e-6b82-4c36-32c5-8929377b9e2b", bus="8e05:00:00.0")
    assert with_minors([gpu], minors)[0].minor == 0
    assert read_minors(printed("smi_query_t4"))["0000:00:1e.0"] == 0
    assert with_minors([Gpu(0, bus="0000:00:1e.0")], read_minors(printed("smi_query_t4")))[0].minor == 0
    assert with_minors([Gpu(0)], {})[0].minor is None


def test_the_drivers_own_list_is_read(tmp_path: Path) -> None:
    for bus, text in {
        "0000:04:00.0": printed("driver_without_minor"),
        "0000:3b:00.0": "Model: \t\t Tesla T4\nGPU UUID: \t GPU-????????-????-????-????-????????????\n"
        "Bus Location: \t 0000:3b:00.0\nDevice Minor: \t 3\n",
    }.items():
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text(text)
    assert read_driver(tmp_path) == (
        Gpu(0, "GPU-e3f822b9-8c5f-95a5-b379-8dfdeefd7758", None, "GeForce GTX 650", "0000:04:00.0"),
        Gpu(1, "", 3, "Tesla T4", "0000:3b:00.0"),
    )
    assert read_driver(tmp_path / "nowhere") == ()


def test_addresses_are_compared_as_the_kernel_writes_them() -> None:
    assert plain_bus("00000000:3B:00.0") == plain_bus("0000:3b:00.0") == "0000:3b:00.0"
    assert plain_bus("N/A") == "n/a"


def test_a_tile_is_told_its_gpu_by_uuid_or_number() -> None:
    assert gpu_environment(FOUR[2]) == {
        "CUDA_VISIBLE_DEVICES": FOUR[2].uuid, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "NVIDIA_VISIBLE_DEVICES": FOUR[2].uuid
    }  # fmt: skip
    assert gpu_environment(Gpu(1))["ROCR_VISIBLE_DEVICES"] == "1"
    assert gpu_environment(Gpu(1))["CUDA_VISIBLE_DEVICES"] == "1"


NODE = ["/dev/null", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia10", "/dev/nvidiactl", "/dev/nvidia-uvm"]
DRI = ["/dev/dri/card0", "/dev/dri/card1", "/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/dri/by-path"]


def test_a_tile_sees_its_gpu_and_no_other() -> None:
    options, binds = gpu_access(replace(FOUR[1], dri=("/dev/dri/card1", "/dev/dri/renderD129")), NODE + DRI, DENIED)
    assert options == ("--nv",)
    assert binds == (
        Bind(source="/run/denied", target="/dev/nvidia0"),
        Bind(source="/run/denied", target="/dev/nvidia10"),
        Bind(source="/dev/dri/card1", target="/dev/dri/card1", write=True),
        Bind(source="/dev/dri/renderD129", target="/dev/dri/renderD129", write=True),
    )


def test_hidden_device_files_are_not_bound() -> None:
    gpu = replace(FOUR[1], dri=("/dev/dri/card1",))
    assert gpu_access(gpu, NODE, DENIED)[1] == tuple(
        Bind(source="/run/denied", target=f"/dev/nvidia{number}") for number in (0, 10)
    )


def test_nothing_is_denied_where_the_gpus_cannot_be_told_apart() -> None:
    assert gpu_access(Gpu(1), NODE, DENIED) == (("--nv",), ())
    assert gpu_access(None, NODE + DRI, DENIED) == ((), ())


def test_gpus_of_others_are_seen_through_dri() -> None:
    options, binds = gpu_access(Gpu(0), [*DRI, "/dev/kfd"], DENIED)
    assert options == ()
    assert [bind.source for bind in binds] == [*DRI[:4], "/dev/kfd"]


@pytest.fixture
def nvidia_smi(tmp_path: Path) -> Path:
    """Install a program named nvidia-smi that prints what a node with two GPUs would, and return its folder."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        f"#!{sys.executable}\n"
        f"import sys; sys.path.insert(0, {str(Path(fake_gpu.__file__).parent)!r})\n"
        "import fake_gpu\n"
        "fake_gpu.os.listdir = lambda folder: ['nvidia0', 'nvidia3', 'nvidiactl', 'null', 'nvidia-uvm', 'nvidia7']\n"
        "fake_gpu.os.path.exists = lambda path: True\n"
        "fake_gpu.can_be_opened = lambda minor: minor != 0\n"
        "sys.exit(fake_gpu.main(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    return tmp_path


def test_gpus_are_found_by_asking_nvidia_smi(nvidia_smi: Path) -> None:
    environment = {**JOB, "PATH": f"{nvidia_smi}:{os.defpath}", "CUDA_VISIBLE_DEVICES": "0,1"}
    node = os.uname().nodename.partition(".")[0]
    found = find_gpus(environment)
    assert [(gpu.index, gpu.minor, gpu.uuid) for gpu in found] == [
        (0, 3, fake_gpu.fake_uuid(node, 3)),
        (1, 7, fake_gpu.fake_uuid(node, 7)),
    ]
    assert {gpu.name for gpu in found} == {fake_gpu.NAME}
    assert find_gpus({**environment, "CUDA_VISIBLE_DEVICES": found[1].uuid}) == (found[1],)
    assert find_gpus({**JOB, "PATH": str(nvidia_smi)}) == ()
    listed = subprocess.run([nvidia_smi / "nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
    assert listed.startswith(f"GPU 0: FAKE Pretend GPU (UUID: {found[0].uuid})\n")


def test_an_nvidia_smi_that_fails_leaves_numbers(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho NVIDIA-SMI has failed because it is a test\nexit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    environment = {**JOB, "PATH": f"{tmp_path}:{os.defpath}", "CUDA_VISIBLE_DEVICES": "1"}
    assert [gpu.index for gpu in find_gpus(environment)] == [1]
