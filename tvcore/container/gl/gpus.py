"""The GPUs that a job has on its node, and how a tile gets to see one of them and no other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tvcore.cases.case import Bind
from tvcore.container.gl.said import plain_uuid
from tvcore.container.gl.values import Gpu

SECONDS = 60.0  # for nvidia-smi, which wakes sleeping GPUs up
QUERY = ("--query-gpu=index,uuid,name,pci.bus_id", "--format=csv,noheader")
ALLOTTED = (  # where the batch system names the GPUs of the job, in the order in which it is believed
    "CUDA_VISIBLE_DEVICES", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL",
)  # fmt: skip
_DEVICE = re.compile(r"/dev/nvidia(\d+)")
_DRIVER = Path("/proc/driver/nvidia/gpus")
_PCI = Path("/sys/bus/pci/devices")


@dataclass(frozen=True)
class Listed:
    """What the node's tools list: the GPUs that can be opened, and the slices (MIG) of each by their UUIDs."""

    gpus: tuple[Gpu, ...] = ()
    slices: Mapping[str, Gpu] = field(default_factory=dict)


def find_gpus(environment: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Return the GPUs of this job on this node, in the batch system's order; none where it has none.

    It blocks for as long as nvidia-smi takes, some seconds at worst.
    """
    return allotted(environment, list_gpus(environment))


def allotted(environment: Mapping[str, str], listed: Listed) -> tuple[Gpu, ...]:
    """Return the GPUs that *environment* allots, among those *listed*. Pure.

    They are named by number or by UUID (whole, or its beginning). Where Slurm hides the other GPUs (ConstrainDevices)
    numbers count those that can be seen, from 0; numbers that count all of the node's mean the same GPUs, in order.
    """
    names = next((environment[name] for name in ALLOTTED if name in environment), None)
    if names is None:
        return () if "SLURM_JOB_ID" in environment else listed.gpus
    words: list[str] = []
    for word in (word.strip() for word in names.split(",")):
        if not word or word.startswith("-") or word == "NoDevFiles":
            break  # as CUDA reads it: what follows does not count
        words.append(word)
    by_index = {gpu.index: gpu for gpu in listed.gpus}
    numbers = [int(word) for word in words if word.isdigit()]
    if by_index and not set(numbers) <= set(by_index):
        by_index = dict(zip(sorted(numbers), listed.gpus, strict=False)) if len(by_index) == len(numbers) else {}
        if not by_index:
            return tuple(Gpu(number) for number in numbers)
    found = [_named(word, by_index, listed) for word in words]
    return tuple(dict.fromkeys(gpu for gpu in found if gpu is not None))


def _named(word: str, by_index: Mapping[int, Gpu], listed: Listed) -> Gpu | None:
    if word.isdigit():
        return by_index.get(int(word), Gpu(int(word)))
    if word.upper().startswith("MIG-"):
        return listed.slices.get(word.upper(), Gpu(0, uuid=word))
    whole = word if word.upper().startswith("GPU-") else f"GPU-{word}"
    like = [gpu for gpu in listed.gpus if gpu.uuid.lower().startswith(whole.lower())]
    return like[0] if len(like) == 1 else None if listed.gpus else Gpu(0, uuid=whole)


def list_gpus(environment: Mapping[str, str]) -> Listed:
    """Return what nvidia-smi lists; without it what NVIDIA's driver says, or nothing."""
    gpus = read_query(_ask(environment, *QUERY))
    driver = read_driver(_DRIVER)
    if not gpus:
        open_ones = [gpu for gpu in driver if gpu.minor is None or os.access(f"/dev/nvidia{gpu.minor}", os.R_OK)]
        gpus = tuple(replace(gpu, index=index) for index, gpu in enumerate(open_ones))
    gpus = with_minors(gpus, {key: gpu.minor for gpu in driver for key in (gpu.bus, gpu.uuid) if key})
    if any(gpu.minor is None for gpu in gpus):
        gpus = with_minors(gpus, read_minors(_ask(environment, "-q")))
    gpus = tuple(replace(gpu, dri=_dri(gpu.bus)) for gpu in gpus)
    cut = any(environment.get(name, "").upper().startswith("MIG-") for name in ALLOTTED)
    return Listed(gpus, read_slices(_ask(environment, "-L"), gpus) if cut else {})


def with_minors(gpus: Iterable[Gpu], minors: Mapping[str, int | None]) -> tuple[Gpu, ...]:
    """Return *gpus* with the numbers of their device files, which *minors* has by UUID and by bus."""
    return tuple(
        gpu if gpu.minor is not None else replace(gpu, minor=minors.get(gpu.uuid, minors.get(gpu.bus))) for gpu in gpus
    )


def _ask(environment: Mapping[str, str], *arguments: str) -> str:
    """Return what nvidia-smi says, empty where there is none or it fails."""
    program = shutil.which("nvidia-smi", path=environment.get("PATH", os.defpath))
    if program is None:
        return ""
    try:
        # it is not to be told which GPUs: it would still list all, but by other numbers in newer versions
        quiet = {name: value for name, value in environment.items() if not name.startswith("CUDA_")}
        done = subprocess.run(
            [program, *arguments],
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def read_query(text: str) -> tuple[Gpu, ...]:
    """Return the GPUs of ``nvidia-smi --query-gpu=index,uuid,name,pci.bus_id --format=csv,noheader``."""
    rows = [[part.strip() for part in line.split(",")] for line in text.splitlines()]
    return tuple(
        Gpu(int(row[0]), uuid=row[1] if plain_uuid(row[1]) else "", name=", ".join(row[2:-1]), bus=plain_bus(row[-1]))
        for row in rows
        if len(row) >= 4 and row[0].isdigit()
    )


def read_minors(text: str) -> dict[str, int | None]:
    """Return the numbers of the device files by UUID and by bus, of ``nvidia-smi -q``."""
    minors: dict[str, int | None] = {}
    for part in re.split(r"^GPU (?=[0-9A-Fa-f]+:)", text, flags=re.MULTILINE)[1:]:
        number = re.search(r"^\s*Minor Number\s*:\s*(\d+)\s*$", part, re.MULTILINE)
        uuid = re.search(r"^\s*GPU UUID\s*:\s*(GPU-\S+)\s*$", part, re.MULTILINE)
        if number:
            minors[plain_bus(part.split(None, 1)[0])] = int(number[1])
        if number and uuid:
            minors[uuid[1]] = int(number[1])
    return minors


def read_slices(text: str, gpus: Sequence[Gpu]) -> dict[str, Gpu]:
    """Return the slices (MIG) of ``nvidia-smi -L`` by their UUIDs in capitals, each with its GPU's device file."""
    slices: dict[str, Gpu] = {}
    whole: Gpu | None = None
    for line in text.splitlines():
        if found := re.match(r"GPU (\d+):", line):
            whole = next((gpu for gpu in gpus if gpu.index == int(found[1])), Gpu(int(found[1])))
        elif whole and (found := re.match(r"\s+(MIG \S+)\s.*\(UUID:\s*(MIG-[^)\s]+)\)", line)):
            slices[found[2].upper()] = replace(whole, uuid=found[2], name=f"{whole.name} {found[1]}".strip())
    return slices


def read_driver(folder: Path) -> tuple[Gpu, ...]:
    """Return what NVIDIA's driver says below /proc/driver/nvidia/gpus, in the order of the bus."""
    gpus: list[Gpu] = []
    for file in sorted(folder.glob("*/information")):
        try:
            text = file.read_text("utf-8", "replace")
        except OSError:
            continue
        values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
        uuid, minor = values.get("GPU UUID", ""), values.get("Device Minor", "")
        gpus.append(
            Gpu(
                len(gpus),
                uuid=uuid if plain_uuid(uuid) else "",  # a sleeping GPU has question marks
                minor=int(minor) if minor.isdigit() else None,
                name=values.get("Model", ""),
                bus=plain_bus(values.get("Bus Location", file.parent.name)),
            )
        )
    return tuple(gpus)


def plain_bus(text: str) -> str:
    """Return a PCI address as the kernel writes it: ``0000:3b:00.0``."""
    domain, _, rest = text.strip().lower().partition(":")
    try:
        return f"{int(domain, 16):04x}:{rest}" if ":" in rest else text.strip().lower()
    except ValueError:
        return text.strip().lower()


def _dri(bus: str) -> tuple[str, ...]:
    """Return the files below /dev/dri of the GPU at *bus*."""
    if not bus:
        return ()
    return tuple(f"/dev/dri/{path.name}" for path in sorted(_PCI.joinpath(bus, "drm").glob("[cr]*")))


def gpu_environment(gpu: Gpu) -> dict[str, str]:
    """Return what says to a tile's programs which GPU is theirs; GL does not read it (see ``gpu_access``)."""
    if gpu.uuid:
        return {
            "CUDA_VISIBLE_DEVICES": gpu.uuid,
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            "NVIDIA_VISIBLE_DEVICES": gpu.uuid,
        }
    number = str(gpu.index)
    return {
        "CUDA_VISIBLE_DEVICES": number,
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "NVIDIA_VISIBLE_DEVICES": number,
        "ROCR_VISIBLE_DEVICES": number,
        "GPU_DEVICE_ORDINAL": "0",  # counts among those that ROCR_VISIBLE_DEVICES leaves
        "ZE_AFFINITY_MASK": number,
    }


def gpu_access(gpu: Gpu | None, node_devices: Sequence[str], denied: Path) -> tuple[tuple[str, ...], tuple[Bind, ...]]:
    """Return the container command's options and binds for a tile that has *gpu*, or none. Pure.

    *node_devices*: the files of the node below /dev; *denied*: a file that nobody may open, which is put over the
    device files of the other GPUs. Where it is not known which are the GPU's own (*minor*), all stay as they are.
    """
    if gpu is None:
        return (), ()
    numbers = {path: int(found[1]) for path in node_devices if (found := _DEVICE.fullmatch(path))}
    dri = [path for path in node_devices if path.startswith("/dev/dri/") and path in gpu.dri]
    if numbers:
        others = [path for path, number in numbers.items() if gpu.minor is not None and number != gpu.minor]
        binds = [Bind(source=str(denied), target=path) for path in others] + [_device(path) for path in dri]
        return ("--nv",), tuple(binds)
    # no GPU of NVIDIA's: Mesa of the image draws by /dev/dri; without their addresses the GPUs cannot be told apart
    shown = dri or [path for path in node_devices if re.fullmatch(r"/dev/dri/(card|renderD)\d+", path)]
    computing = [path for path in node_devices if path == "/dev/kfd"]
    return (), tuple(_device(path) for path in shown + computing)


def _device(path: str) -> Bind:
    return Bind(source=path, target=path, write=True)
