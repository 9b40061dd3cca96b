"""What a site or a person can set: values with their rules. Where they come from is ``tvcore.config``'s.

An empty text, None or an empty list means "not given": then Slurm, or the site, decides.
"""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from tvcore.settings_kit import FILES_ONLY, UNPRINTABLE, Count, Host, Path, Table, Text, no_bool, one_line, words
from tvcore.settings_kit import host as check_host
from tvcore.settings_people import MailSettings, ProxySettings
from tvcore.settings_web import WebSettings

__all__ = [
    "FILES_ONLY", "OWN_OPTIONS", "UNPRINTABLE", "ImageSettings", "JobSettings", "MailSettings", "PluginSettings",
    "PortalSettings", "ProxySettings", "SchedulerSettings", "Settings", "StoreSettings", "TileSettings",
    "TunnelSettings", "WallSettings", "WebSettings", "size_of",
]  # fmt: skip

_TIME = re.compile(r"\d{1,9}|\d{1,9}:[0-5]?\d:[0-5]?\d|\d{1,9}-\d{1,2}(:[0-5]?\d(:[0-5]?\d)?)?", re.ASCII)
_GRES = re.compile(r"(?:gres/)?(?P<name>[a-z]\w*)(?::(?P<type>[a-z_][\w.-]*))?(?::(?P<count>\d{1,9}))?", re.I | re.A)
_MODULE = re.compile(r"[\w./][\w./@:+~=()-]*", re.ASCII)
_OPTION = re.compile(r"--[a-z][a-z-]*(=.*)?", re.ASCII)

# Options of sbatch that are ours to write, each with the setting that writes it; None: no setting does.
OWN_OPTIONS: dict[str, str | None] = {
    "--account": "account", "--partition": "partition", "--reservation": "reservation", "--qos": "qos",
    "--time": "time", "--nodes": "nodes", "--gres": "gres", "--gpus": "gres", "--gpus-per-node": "gres",
    "--gpus-per-task": "gres", "--gpus-per-socket": "gres", "--cpus-per-task": "cpus", "--mem": "memory",
    "--constraint": "constraint", "--array": None, "--error": None, "--input": None, "--no-kill": None,
    "--no-requeue": None, "--ntasks": None, "--ntasks-per-node": None, "--output": None, "--requeue": None,
    "--signal": "warning", "--wrap": None,
}  # fmt: skip


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


def size_of(memory: str) -> int:
    """Return how many bytes *memory* is, written as Slurm does: megabytes, or with a unit."""
    return int(memory.rstrip("KMGTkmgt")) << {"K": 10, "M": 20, "G": 30, "T": 40}.get(memory[-1].upper(), 20)


def _rate(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d{0,8}[KMG]?", value, re.IGNORECASE | re.ASCII):
        raise ValueError("write it as bytes per second, or with a unit: 2M")
    return value


def _gres(value: str) -> str:
    if value and not all(_GRES.fullmatch(part) for part in value.split(",")):
        raise ValueError("write it as gpu:2 or gpu:a100:2, several separated by commas")
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


def _login(value: str) -> str:
    user, at, host = value.rpartition("@")
    if at and not re.fullmatch(r"[a-z0-9_][\w.-]*", user, re.IGNORECASE | re.ASCII):
        raise ValueError("must be HOST or USER@HOST")
    check_host(host)
    return value


def _backend(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", value, re.ASCII):
        raise ValueError("must be auto, slurm, pyslurm, local, or the name of a plugin's scheduler")
    return value


def _login_way(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value, re.ASCII):
        raise ValueError("must be token, accounts, proxy, or the name of a plugin's way to log in")
    return value


def _store_url(value: str) -> str:
    if not value:
        return value
    if not re.match(r"(postgresql://|sqlite:////)", value):
        raise ValueError("write it as postgresql://USER@HOST/NAME or sqlite:////FILE")
    address = urlsplit(value)
    if ("@" in address.netloc and ":" in address.netloc.rpartition("@")[0]) or re.search(r"[?&]password=", value):
        raise ValueError("a password does not belong here: name a file of it as store.password_file")
    return value


def _module(value: str) -> str:
    if not _MODULE.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a module, as gcc/12.2")
    return value


def _plugin(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        raise ValueError(f"{value!r} is not the name of a plugin, as gears")
    return value


def _option(value: str) -> str:
    if not _OPTION.fullmatch(one_line(value)):
        raise ValueError(f"{value!r} is not an option of sbatch in the form --name or --name=value")
    name = value.partition("=")[0]
    if name in OWN_OPTIONS:
        setting = OWN_OPTIONS[name]
        raise ValueError(f"{name} is " + (f"the setting job.{setting}" if setting else "TiledViz's own to give"))
    return value


def _shell_words(value: object) -> object:
    """One text stands for several: split into words as a shell does."""
    return tuple(shlex.split(value)) if isinstance(value, str) else value


def _shell_text(value: str) -> str:
    if found := re.search("[\x00\r\ud800-\udfff]", value):
        raise ValueError(f"must be shell text, without the character U+{ord(found[0]):04X}")
    return value


class JobSettings(Table):
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
    cpus: Annotated[int | None, BeforeValidator(no_bool)] = Field(
        default=None, ge=1, le=100_000, description="CPUs of each node (--cpus-per-task, one task a node)"
    )
    memory: Annotated[Text, AfterValidator(_memory)] = Field(
        default="", description="memory of each node, e.g. 16G (--mem)"
    )
    warning: Count = Field(
        default=300,
        ge=0,
        le=86400,
        description="seconds before the time limit at which the case is told (case_limit), 0: it is not (--signal)",
    )
    constraint: Text = Field(default="", description="features that the nodes must have (--constraint)")
    modules: Annotated[tuple[Annotated[str, AfterValidator(_module)], ...], BeforeValidator(words)] = Field(
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
    scratch: Path = Field(default="", description="folder on the nodes for what tiles write and nobody keeps")
    python: Path = Field(
        default="",
        description="Python on the nodes that has TiledViz (default: the one that runs tiledviz here)",
        json_schema_extra={FILES_ONLY: True},
    )

    @property
    def gpus(self) -> tuple[tuple[str, int], ...]:
        """The GPUs that each node of the job has, by type (empty: any) and number: what *gres* says of ``gpu``."""
        found = [match for part in self.gres.split(",") if (match := _GRES.fullmatch(part))]
        return tuple((gpu["type"] or "", int(gpu["count"] or 1)) for gpu in found if gpu["name"].lower() == "gpu")

    @property
    def gpus_per_node(self) -> int:
        """How many GPUs each node of the job has, of all types together."""
        return sum(count for _, count in self.gpus)


class SchedulerSettings(Table):
    """Which batch system, and by which way."""

    backend: Annotated[Text, AfterValidator(_backend)] = Field(
        default="auto",
        description="auto (Slurm where it is), slurm (its command line), pyslurm, local (this machine), or a plugin's",
    )


class TunnelSettings(Table):
    """How the node agents reach the login node."""

    way: Literal["endpoint", "sshd"] = Field(
        default="endpoint", description="endpoint (TiledViz's own, a port of the login node) or sshd (the site's)"
    )
    host: Host = Field(default="", description="name or address by which compute nodes reach the login node")
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


class TileSettings(Table):
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


class ImageSettings(Table):
    """The images of tiles: where they lie, and what they are built from."""

    folder: Path = Field(
        default="", description="folder of built images, seen by the nodes too (default: tiledviz/images of your data)"
    )
    mirror: Annotated[Text, AfterValidator(_mirror)] = Field(
        default="", description="Debian mirror that images are built from (default: this machine's own)"
    )


class WallSettings(Table):
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


class PluginSettings(Table):
    """Which plugins count, and what one may take when it is asked something."""

    folders: Annotated[tuple[Path, ...], BeforeValidator(words)] = Field(
        default=(),
        description="folders of the site's plugins, which the nodes see too",
        json_schema_extra={FILES_ONLY: True},
    )
    override: Annotated[tuple[Annotated[str, AfterValidator(_plugin)], ...], BeforeValidator(words)] = Field(
        default=(),
        description="names of plugins that take the place of one that comes before them",
        json_schema_extra={FILES_ONLY: True},
    )
    disabled: Annotated[tuple[Annotated[str, AfterValidator(_plugin)], ...], BeforeValidator(words)] = Field(
        default=(), description="names of plugins that do not count", json_schema_extra={FILES_ONLY: True}
    )
    seconds: float = Field(
        default=30.0,
        ge=0.5,
        le=3600,
        description="seconds that one hook may take; case_prepare without a report",
        json_schema_extra={FILES_ONLY: True},
    )
    memory: Annotated[Text, AfterValidator(_memory)] = Field(
        default="4G",
        description="memory that a plugin may take when it is asked something; empty: no bound",
        json_schema_extra={FILES_ONLY: True},
    )

    @property
    def memory_bytes(self) -> int | None:
        """How many bytes of memory a plugin may take; None: no bound."""
        return size_of(self.memory or "0") or None


class PortalSettings(Table):
    """How people come in."""

    login: Annotated[Text, AfterValidator(_login_way)] = Field(
        default="token",
        description="token (one-time addresses alone), accounts, proxy, or the name of a plugin's way to log in",
        json_schema_extra={FILES_ONLY: True},
    )
    registration: Literal["no", "approval", "open"] = Field(
        default="no",
        description="whether strangers may make themselves an account: no, approval (an administrator lets in) or open",
        json_schema_extra={FILES_ONLY: True},
    )
    newcomers: Literal["", "admin", "editor", "viewer", "guest"] = Field(
        default="",
        description="role in the first project of who comes for the first time by proxy or account; empty: none",
        json_schema_extra={FILES_ONLY: True},
    )
    metrics_token_file: Path = Field(
        default="",
        description="0600 file with the token, of 32 characters at least, that a Prometheus shows at /metrics",
        json_schema_extra={FILES_ONLY: True},
    )
    proxy: ProxySettings = ProxySettings()
    mail: MailSettings = MailSettings()
    web: WebSettings = WebSettings()


class StoreSettings(Table):
    """Where the store is."""

    url: Annotated[Text, AfterValidator(_store_url)] = Field(
        default="",
        description="database of the store, postgresql://USER@HOST/NAME or sqlite:////FILE; empty: a file of your own",
        json_schema_extra={FILES_ONLY: True},
    )
    password_file: Path = Field(
        default="",
        description="file of yours (0600) with the password of store.url's user; ~/.pgpass serves too",
        json_schema_extra={FILES_ONLY: True},
    )


class Settings(Table):
    """Everything that can be set, by table."""

    job: JobSettings = JobSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    tunnel: TunnelSettings = TunnelSettings()
    tiles: TileSettings = TileSettings()
    images: ImageSettings = ImageSettings()
    wall: WallSettings = WallSettings()
    portal: PortalSettings = PortalSettings()
    plugins: PluginSettings = PluginSettings()
    store: StoreSettings = StoreSettings()
