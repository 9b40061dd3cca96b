"""What a site's batch system has to offer, and where the settings of a job ask for more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from tvcore.batch.time_limit import seconds_of
from tvcore.settings import JobSettings, size_of
from tvcore.words import duration

GIB = 1 << 30


@dataclass(frozen=True)
class Gpus:
    """GPUs of one *type* (empty: the site names none): *count* in each of *nodes* nodes."""

    type: str
    count: int
    nodes: int


@dataclass(frozen=True)
class Partition:
    """A partition: its limits, and what its nodes have; times in seconds, memory in bytes, None: no limit.

    *cpus* and *memory* are those of its best node; *usable* nodes are those that are not down or drained.
    """

    name: str
    default: bool = False
    state: str = "up"
    time: float | None = None
    time_default: float | None = None
    nodes: int = 0
    usable: int = 0
    cpus: int = 0
    memory: int = 0
    gpus: tuple[Gpus, ...] = ()
    features: tuple[str, ...] = ()
    max_nodes: int | None = None

    @property
    def says(self) -> str:
        """Return all that in a line: ``48 nodes, 64 cores, 256 GiB, 4 GPUs a100 each, at most 2 days``."""
        each = [_many(self.cpus, "core")] + ([f"{self.memory / GIB:.4g} GiB"] if self.memory else [])
        each += [f"{_many(gpus.count, 'GPU')}{f' {gpus.type}' if gpus.type else ''}" for gpus in self.gpus]
        whole = ", ".join([_many(self.nodes, "node"), *each]) + (" each" if self.nodes > 1 else "")
        whole += f", at most {duration(self.time)}" if self.time is not None else ""
        return whole if self.state == "up" else f"{whole}; it is {self.state}"

    def gpu_count(self, kind: str = "") -> int:
        """Return how many GPUs of the type *kind* (empty: of any) the node has that has most."""
        return max((gpus.count for gpus in self.gpus if not kind or gpus.type.lower() == kind.lower()), default=0)


@dataclass(frozen=True)
class Reservation:
    """A reservation that this person may use, perhaps; times in seconds since the epoch."""

    name: str
    start: float | None = None
    end: float | None = None
    partition: str = ""
    nodes: int = 0


@dataclass(frozen=True)
class Offered:
    """What there is: *accounts* and *qos* are this person's, empty where the site keeps no such list."""

    partitions: tuple[Partition, ...] = ()
    accounts: tuple[str, ...] = ()
    qos: tuple[str, ...] = ()
    reservations: tuple[Reservation, ...] = ()


def warnings(job: JobSettings, offered: Offered) -> list[tuple[str, str]]:
    """Return what in *job* the site does not have, as far as it said: the setting's key, and a line with its number.

    A job is asked of one partition at least: what any of those that it may go to has is not warned of.
    """
    found: list[tuple[str, str]] = []
    chosen = list(offered.partitions)
    if offered.partitions:
        names = [name.strip() for name in job.partition.split(",") if name.strip()]
        known = {there.name for there in offered.partitions}
        found += [_unknown("partition", name, sorted(known)) for name in names if name not in known]
        chosen = [there for there in offered.partitions if (there.name in names if names else there.default)]
    for kind, name, there in (
        ("account", job.account, offered.accounts),
        ("qos", job.qos, offered.qos),
        ("reservation", job.reservation, [each.name for each in offered.reservations]),
    ):
        if name and there and name not in there:
            found.append(_unknown(kind, name, sorted(there)))
    return found + (_beyond(job, chosen) if chosen else [])


def _beyond(job: JobSettings, chosen: Sequence[Partition]) -> list[tuple[str, str]]:
    """Return in what *job* goes beyond each of the partitions *chosen*."""
    one = f"the partition {chosen[0].name}" if chosen[0].name else "this machine"
    there = one if len(chosen) == 1 else "each of these partitions"
    # What is asked for, what each of them has (None: no limit, or not said), and how a number of it is said.
    asked: list[tuple[str, float | None, list[float | None], Callable[[float], str]]] = [
        ("nodes", job.nodes, [_nodes(each) for each in chosen], lambda count: _many(int(count), "node")),
        ("time", seconds_of(job.time), [each.time for each in chosen], _time),
        ("cpus", job.cpus, [each.cpus or None for each in chosen], lambda count: f"{_many(int(count), 'core')} a node"),
        (
            "memory",
            size_of(job.memory) if job.memory else None,
            [each.memory or None for each in chosen],
            lambda size: f"{round(size / GIB, 2):.12g} GiB a node",
        ),
    ]
    for kind, count in job.gpus:
        asked.append(("gres", count, [each.gpu_count(kind) for each in chosen], partial(_gpus_a_node, kind)))
    found = []
    for key, wanted, limits, say in asked:
        known = [limit for limit in limits if limit is not None]
        if wanted is not None and len(known) == len(limits) and wanted > max(known):
            found.append((f"job.{key}", f"{key}: {there} has at most {say(max(known))}, not {say(wanted)}"))
    if all(partition.state != "up" for partition in chosen):
        found.append(("job.partition", f"partition: {there} is {chosen[0].state}: its jobs wait until it is up"))
    return found


def _nodes(partition: Partition) -> int:
    return min(partition.nodes, partition.max_nodes or partition.nodes)


def _time(seconds: float) -> str:
    """Return a time to the second, as one writes it into ``job.time``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours // 24}-' if hours >= 48 else ''}{hours % 24 if hours >= 48 else hours:02}:{minutes:02}:{rest:02}"


def _gpus_a_node(kind: str, count: float) -> str:
    return f"{_many(int(count), 'GPU')}{f' {kind}' if kind else ''} a node"


def _unknown(kind: str, name: str, there: Iterable[str]) -> tuple[str, str]:
    names = list(there)
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"job.{kind}", f"{kind}: there is no {name[:60]!r} here that is said to be yours: there are {listed}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
