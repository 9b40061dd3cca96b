"""Reading what Slurm says of its partitions, reservations and accounts: text in, values out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from tvcore.batch.offered import Gpus, Partition, Reservation
from tvcore.batch.time_limit import seconds_of

# One line for the nodes of a partition that are alike (sinfo(1), --exact), however many there are.
SINFO = ("sinfo", "-h", "-e", "-o", "%P|%a|%l|%L|%s|%D|%c|%m|%T|%f|%G")
RESERVATIONS = ("scontrol", "show", "reservation", "-o")
_GPU = re.compile(r"\bgpu(?::(?P<type>[A-Za-z_][\w.-]*))?:(?P<count>\d{1,6})", re.ASCII)
_AWAY = ("down", "drain", "fail", "maint", "unk", "boot", "power", "inval", "no_respond", "planned_down")
_LINE_FIELDS = 11
_NONE = ("", "(null)", "N/A", "n/a")


def associations(user: str) -> tuple[str, ...]:
    """Return the command that prints the accounts and qualities of service of *user*."""
    return ("sacctmgr", "-n", "-P", "show", "assoc", "where", f"user={user}", "format=Account,QOS")


def read_sinfo(text: str) -> tuple[Partition, ...]:
    """Return the partitions in what ``SINFO`` prints; a line that is none is left out."""
    found: dict[str, Partition] = {}
    gpus: dict[str, dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) < _LINE_FIELDS or not (name := fields[0].strip().removesuffix("*")):
            continue
        _, state, limit, usual, size, count, cpus, memory, condition, features = (
            field.strip() for field in fields[:10]
        )
        nodes = _number(count)
        before = found.get(name) or Partition(
            name=name,
            default=fields[0].strip().endswith("*"),
            state=state,
            time=seconds_of(limit),
            time_default=seconds_of(usual),
            max_nodes=_number(size.rpartition("-")[2]) or None,
        )
        found[name] = replace(
            before,
            nodes=before.nodes + nodes,
            usable=before.usable + (0 if any(word in condition.lower() for word in _AWAY) else nodes),
            cpus=max(before.cpus, _number(cpus)),
            memory=max(before.memory, _number(memory) << 20),
            features=tuple(sorted({*before.features, *(each for each in features.split(",") if each not in _NONE)})),
        )
        for match in _GPU.finditer("|".join(fields[10:])):
            gpus[name][match["type"] or "", int(match["count"])] += nodes
    return tuple(
        replace(partition, gpus=tuple(Gpus(kind, count, nodes) for (kind, count), nodes in sorted(gpus[name].items())))
        for name, partition in sorted(found.items())
    )


def read_reservations(text: str, user: str, accounts: Collection[str] = ()) -> tuple[Reservation, ...]:
    """Return those reservations in what ``RESERVATIONS`` prints that *user*, by one of the *accounts*, may use.

    Where it cannot be told they are among them: Slurm has the last word.
    """
    found = []
    for line in text.splitlines():
        fields = dict(part.partition("=")[::2] for part in line.split())
        name = fields.get("ReservationName", "")
        if not name or not _may(fields, user, accounts):
            continue
        partition = fields.get("PartitionName", "")
        found.append(
            Reservation(
                name=name,
                start=_time(fields.get("StartTime", "")),
                end=_time(fields.get("EndTime", "")),
                partition="" if partition in _NONE else partition,
                nodes=_number(fields.get("NodeCnt", "")),
            )
        )
    return tuple(sorted(found, key=lambda each: each.name))


def _may(fields: Mapping[str, str], user: str, accounts: Collection[str]) -> bool:
    """Return whether one may use a reservation, as far as its *fields* say; names after ``-`` may not."""
    users, groups, theirs = (
        [name for name in fields.get(key, "").split(",") if name not in _NONE]
        for key in ("Users", "Groups", "Accounts")
    )
    if f"-{user}" in users or (accounts and all(f"-{account}" in theirs for account in accounts)):
        return False
    named = [name for name in (*users, *theirs) if not name.startswith("-")]
    unknown = bool(groups) or (bool(theirs) and not accounts)
    return not named or unknown or user in users or bool(set(accounts) & set(theirs))


def read_associations(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the accounts and the qualities of service in what ``associations`` prints, sorted."""
    accounts: set[str] = set()
    qos: set[str] = set()
    for line in text.splitlines():
        account, bar, rest = line.strip().partition("|")
        if bar and account:
            accounts.add(account)
            qos |= {name for name in rest.split("|")[0].split(",") if name}
    return tuple(sorted(accounts)), tuple(sorted(qos))


def _number(text: str) -> int:
    """Return the number that *text* begins with (``64+``, ``64000M``), 0 for none."""
    match = re.match(r"\d{1,12}", text.strip(), re.ASCII)
    return int(match[0]) if match else 0


def _time(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[1-9]\d{0,11}", text, re.ASCII) else None
