"""What is written into the nodes: Slurm's configuration, names and addresses, the keys of hosts and users."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SLURM_CONF = """\
ClusterName=tvmini
SlurmctldHost=login({login})
AuthType=auth/munge
CredType=cred/munge
# a requeued job waits as long as a credential may live
AuthInfo=cred_expire=10
MpiDefault=none
SlurmUser=slurm
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
StateSaveLocation=/var/lib/slurm/ctld
SlurmdSpoolDir=/var/lib/slurm/d
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
# linuxproc loses processes that become daemons
ProctrackType=proctrack/{proctrack}
TaskPlugin=task/{task}
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
# Memory is counted so that a job's is limited; nobody here wants for it unless asked to.
SelectTypeParameters=CR_CPU_Memory
DefMemPerNode=4000
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
# Short, since tests wait for it; not shorter, since slurmctld would take healthy nodes for dead beside a dead one.
SlurmdTimeout=40
SlurmctldTimeout=10
TCPTimeout=2
MessageTimeout=5
KillWait=3
UnkillableStepTimeout=25
MinJobAge=300
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=2
{nodes}
PartitionName=tiles Nodes={names} Default=YES DefaultTime=60 MaxTime=24:00:00 State=UP
{extra}
"""
CGROUP_CONF = {
    "v2": "CgroupPlugin=cgroup/v2\nIgnoreSystemd=yes\n",
    "v1": "CgroupPlugin=cgroup/v1\n",
    "": "CgroupPlugin=disabled\n",
}
MEMORY_CONF = "ConstrainRAMSpace=yes\n"
SSHD_CONF = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
StreamLocalBindUnlink yes
UsePAM no
MaxStartups 200
MaxSessions 200
"""


def slurm_conf(
    addresses: Mapping[str, str], *, gpus: int, cpus: int, cgroups: str, memory: bool, extra: str = ""
) -> str:
    """Return slurm.conf of a login node and of nodes with *gpus* counted GPUs each; *memory*: a job's is limited."""
    compute = [name for name in addresses if name != "login"]
    shape = f"CPUs={cpus} RealMemory=64000{f' Gres=gpu:{gpus}' if gpus else ''} State=UNKNOWN"
    return SLURM_CONF.format(
        login=addresses["login"],
        proctrack="cgroup" if cgroups else "linuxproc",
        task="cgroup" if memory else "none",
        nodes="\n".join(f"NodeName={name} NodeAddr={addresses[name]} {shape}" for name in compute),
        names=",".join(compute),
        extra=extra,
    )


def gres_conf(addresses: Mapping[str, str], gpus: int) -> str:
    """Return gres.conf: the pretend GPUs of each compute node."""
    compute = [name for name in addresses if name != "login"]
    return "".join(f"NodeName={n} Name=gpu File=/dev/nvidia[0-{gpus - 1}] AutoDetect=off\n" for n in compute if gpus)


def write_key(private: Path) -> str:
    """Write a new SSH key to *private*, readable by its owner; return the line with its public half."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def write_etc(
    etc: Path, addresses: Mapping[str, str], *, gpus: int, cpus: int, cgroups: str, memory: bool, extra: str
) -> None:
    """Write all that node.sh installs into a node's /etc."""
    for folder in ("slurm", "ssh"):
        (etc / folder).mkdir(parents=True)
    (etc / "munge.key").write_bytes(secrets.token_bytes(128))
    names = [f"{address} {name}" for name, address in addresses.items()]
    (etc / "hosts").write_text("\n".join(["127.0.0.1 localhost", *names, ""]))
    known = [f"{name},{address} {write_key(etc / 'ssh' / name)}\n" for name, address in addresses.items()]
    (etc / "ssh" / "known_hosts").write_text("".join(known))
    (etc / "ssh" / "sshd.conf").write_text(SSHD_CONF)
    slurm = slurm_conf(addresses, gpus=gpus, cpus=cpus, cgroups=cgroups, memory=memory, extra=extra)
    (etc / "slurm" / "slurm.conf").write_text(slurm)
    (etc / "slurm" / "gres.conf").write_text(gres_conf(addresses, gpus))
    (etc / "slurm" / "cgroup.conf").write_text(CGROUP_CONF[cgroups] + (MEMORY_CONF if memory else ""))


def write_home(home: Path, uid: int) -> None:
    """Make the home folder of an ordinary user, who may log in to every node."""
    (home / ".ssh").mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    (home / ".ssh" / "authorized_keys").write_text(write_key(home / ".ssh" / "id_ed25519") + "\n")
    for path in (home, *home.rglob("*")):
        os.chown(path, uid, uid)
