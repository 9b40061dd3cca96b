"""What a site or a person can set: values with their rules. Where they come from is ``tvcore.config``'s.

An empty text, None or an empty list means "not given": then Slurm, or the site, decides.
"""

from __future__ import annotations

import datetime
import re
import shlex
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LONGEST = 1000  # characters of one value
FILES_ONLY = "files_only"
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # ends a line, moves a cursor, or is no text

_TIME = re.compile(r"\d{1,9}|\d{1,9}:[0-5]?\d:[0-5]?\d|\d{1,9}-\d{1,2}(:[0-5]?\d(:[0-5]?\d)?)?", re.ASCII)
_GRES = re.compile(r"(?:gres/)?(?P<name>[a-z]\w*)(?::(?P<type>[a-z_][\w.-]*))?(?::(?P<count>\d{1,9}))?", re.I | re.A)
_MODULE = re.compile(r"[\w./][\w./@:+~=()-]*", re.ASCII)
_OPTION = re.compile(r"--[a-z][a-z-]*(=.*)?", re.ASCII)
_HOST = re.compile(r"[a-z0-9:][a-z0-9.:_-]*", re.I | re.A)

# Options of sbatch that are ours to write, each with the setting that writes it; None: no setting does.
OWN_OPTIONS: dict[str, str | None] = {
    "--account": "account", "--partition": "partition", "--reservation": "reservation", "--qos": "qos",
    "--time": "time", "--nodes": "nodes", "--gres": "gres", "--gpus": "gres", "--gpus-per-node": "gres",
    "--gpus-per-task": "gres", "--gpus-per-socket": "gres", "--cpus-per-task": "cpus", "--mem": "memory",
    "--constraint": "constraint", "--array": None, "--error": None, "--input": None, "--no-kill": None,
    "--no-requeue": None, "--ntasks": None, "--ntasks-per-node": None, "--output": None, "--requeue": None,
    "--wrap": None,
}  # fmt: skip


def _as_text(value: object) -> object:
    """TOML has numbers and times of its own: ``time = 90`` and ``time = 01:30:00`` are meant as Slurm's."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, datetime.time) else value


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value or None if isinstance(value, str) else value


def _one_line(value: str) -> str:
    if found := UNPRINTABLE.search(value):
        raise ValueError(f"must be one line of text, without the character U+{ord(found[0]):04X}")
    if len(value) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters, not {len(value)}")
    return value


def _time(value: str) -> str:
    if not value or _TIME.fullmatch(value):
        return value
    if re.fullmatch(r"\d+:\d+", value, re.ASCII):
        raise ValueError(f"Slurm takes this as minutes and seconds: write hours as {value}:00")
    raise ValueError("write it as minutes, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS")


def _memory(value: str) -> str:
    if value and not re.fullmatch(r"\d{1,9}[KMGT]?", value, re.IGNORECASE | re.ASCII):
        raise ValueError("write it as megabytes, or with a unit: 16G")
    return value


def _rate(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d{0,8}[KMG]?", value, re.IGNORECASE | re.ASCII):
        raise ValueError("write it as bytes per second, or with a unit: 2M")
    return value


def _gres(value: str) -> str:
    if value and not all(_GRES.fullmatch(part) for part in value.split(",")):
        raise ValueError("write it as gpu:2 or gpu:a100:2, several separated by commas")
    return value


def _absolute(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError("must be an absolute path")
    return value


def _container(value: str) -> str:
    if value not in ("none", "apptainer", "singularity") and not value.startswith("/"):
        raise ValueError("must be none, apptainer, singularity, or the absolute path of such a command")
    return value


def _mirror(value: str) -> str:
    if value and not re.fullmatch(r"(https?://|file:/)[\w.:/@~%+-]+", value, re.ASCII):
        raise ValueError("write it as http://HOST/debian")
    return value


def _size(value: str) -> str:
    if value and not re.fullmatch(r"\d{2,5}x\d{2,5}", value, re.ASCII):
        raise ValueError("write it as WIDTHxHEIGHT, e.g. 1280x720")
    if value and not all(16 <= int(side) <= 16384 for side in value.split("x")):
        raise ValueError("each side must be 16 to 16384 pixels")
    return value


def _host(value: str) -> str:
    if value and not _HOST.fullmatch(value):
        raise ValueError("must be a host's name or address")
    return value


def _login(value: str) -> str:
    user, at, host = value.rpartition("@")
    if at and not re.fullmatch(r"[a-z0-9_][\w.-]*", user, re.IGNORECASE | re.ASCII):
        raise ValueError("must be HOST or USER@HOST")
    _host(host)
    return value


def _module(value: str) -> str:
    if not _MODULE.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a module, as gcc/12.2")
    return value


def _option(value: str) -> str:
    if not _OPTION.fullmatch(_one_line(value)):
        raise ValueError(f"{value!r} is not an option of sbatch in the form --name or --name=value")
    name = value.partition("=")[0]
    if name in OWN_OPTIONS:
        setting = OWN_OPTIONS[name]
        raise ValueError(f"{name} is " + (f"the setting job.{setting}" if setting else "TiledViz's own to give"))
    return value


def _words(value: object) -> object:
    """One text stands for several: separated by commas or spaces."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _shell_words(value: object) -> object:
    """One text stands for several: split into words as a shell does."""
    return tuple(shlex.split(value)) if isinstance(value, str) else value


def _shell_text(value: str) -> str:
    if found := re.search("[\x00\r\ud800-\udfff]", value):
        raise ValueError(f"must be shell text, without the character U+{ord(found[0]):04X}")
    return value


Text = Annotated[str, BeforeValidator(_as_text), AfterValidator(_one_line)]
Count = Annotated[int, BeforeValidator(_no_bool)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobSettings(_Table):
    """What a job asks of Slurm, and what its script does before the tiles start."""

    account: Text = Field(default="", description="account that pays (sbatch --account)")
    partition: Text = Field(default="", description="partition, or several separated by commas (--partition)")
    reservation: Text = Field(default="", description="reservation (--reservation)")
    qos: Text = Field(default="", description="quality of service (--qos)")
    time: Annotated[Text, AfterValidator(_time)] = Field(
        default="", description="limit: minutes, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS (--time)"
    )
    nodes: Count = Field(
        default=1, ge=1, le=10_000, description="nodes to spread the tiles over, no more than tiles (--nodes)"
    )
    gres: Annotated[Text, AfterValidator(_gres)] = Field(
        default="", description="generic resources of each node, e.g. gpu:2 (--gres)"
    )
    cpus: Annotated[int | None, BeforeValidator(_no_bool)] = Field(
        default=None, ge=1, le=100_000, description="CPUs of each node (--cpus-per-task, one task a node)"
    )
    memory: Annotated[Text, AfterValidator(_memory)] = Field(
        default="", description="memory of each node, e.g. 16G (--mem)"
    )
    constraint: Text = Field(default="", description="features that the nodes must have (--constraint)")
    modules: Annotated[tuple[Annotated[str, AfterValidator(_module)], ...], BeforeValidator(_words)] = Field(
        default=(), description="environment modules that the job loads"
    )
    sbatch: Annotated[tuple[Annotated[str, AfterValidator(_option)], ...], BeforeValidator(_shell_words)] = Field(
        default=(), description="further options of sbatch, e.g. --exclusive"
    )
    prologue: Annotated[str, AfterValidator(_shell_text)] = Field(
        default="",
        description="shell text that the job runs first, before the modules",
        json_schema_extra={FILES_ONLY: True},
    )
    container: Annotated[Text, AfterValidator(_container)] = Field(
        default="none",
        description="command that runs a case's image, where it has one: none, apptainer, singularity, or its path",
    )
    scratch: Annotated[Text, AfterValidator(_absolute)] = Field(
        default="", description="folder on the nodes for what tiles write and nobody keeps"
    )
    python: Annotated[Text, AfterValidator(_absolute)] = Field(
        default="",
        description="Python on the nodes that has TiledViz (default: the one that runs tiledviz here)",
        json_schema_extra={FILES_ONLY: True},
    )

    @property
    def gpus_per_node(self) -> int:
        """How many GPUs each node of the job has: what *gres* says of ``gpu``, of all types together."""
        found = [match for part in self.gres.split(",") if (match := _GRES.fullmatch(part))]
        return sum(int(match["count"] or 1) for match in found if match["name"].lower() == "gpu")


class SchedulerSettings(_Table):
    """Which batch system, and by which way."""

    backend: Literal["auto", "slurm", "pyslurm", "local"] = Field(
        default="auto",
        description="auto (Slurm where it is), slurm (its command line), pyslurm, or local (this machine)",
    )


class TunnelSettings(_Table):
    """How the node agents reach the login node."""

    way: Literal["endpoint", "sshd"] = Field(
        default="endpoint", description="endpoint (TiledViz's own, a port of the login node) or sshd (the site's)"
    )
    host: Annotated[Text, AfterValidator(_host)] = Field(
        default="", description="name or address by which compute nodes reach the login node"
    )
    port: Count = Field(
        default=0,
        ge=0,
        le=65535,
        description="port of the endpoint, 0: a free one, kept; way sshd: the port of the site's sshd, 0: 22",
    )
    check_address: bool = Field(
        default=True, description="accept a node's key only from an address that Slurm knows for that node"
    )
    login: Annotated[Text, AfterValidator(_login)] = Field(
        default="", description="way sshd: the host, or USER@HOST, that nodes log in to"
    )


class TileSettings(_Table):
    """How tiles are drawn and kept apart."""

    gl: Literal["auto", "nvidia", "virtualgl", "mesa"] = Field(
        default="auto", description="way to GL: auto (the best that really draws), nvidia, virtualgl or mesa"
    )
    size: Annotated[Text, AfterValidator(_size)] = Field(
        default="", description="size of every tile in pixels, WIDTHxHEIGHT (default: what the case says)"
    )

    isolation: Literal["auto", "required"] = Field(
        default="auto",
        description="hide the agent and other tiles from a tile's program: where the node can, or else fail",
    )


class ImageSettings(_Table):
    """The images of tiles: where they lie, and what they are built from."""

    folder: Annotated[Text, AfterValidator(_absolute)] = Field(
        default="", description="folder of built images, seen by the nodes too (default: tiledviz/images of your data)"
    )
    mirror: Annotated[Text, AfterValidator(_mirror)] = Field(
        default="", description="Debian mirror that images are built from (default: this machine's own)"
    )


class WallSettings(_Table):
    """What looking at tiles may cost."""

    encoders: Count = Field(
        default=0, ge=0, le=1024, description="threads of a node that encode pictures, 0: one per core allotted"
    )
    cores: float = Field(
        default=0.0, ge=0.0, le=1024.0, description="cores of a node that encoding may take at most, 0: no bound"
    )
    viewer_rate: Annotated[Text, AfterValidator(_rate)] = Field(
        default="", description="bytes per second that one viewer's wall may take, e.g. 2M; empty: no bound"
    )


class Settings(_Table):
    """Everything that can be set, by table."""

    job: JobSettings = JobSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    tunnel: TunnelSettings = TunnelSettings()
    tiles: TileSettings = TileSettings()
    images: ImageSettings = ImageSettings()
    wall: WallSettings = WallSettings()
