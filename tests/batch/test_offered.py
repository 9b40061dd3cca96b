"""What a site offers: read from what Slurm prints, and where the settings of a job ask for more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.batch import slurm_offers
from tvcore.batch.offered import Gpus, Offered, Partition, warnings
from tvcore.settings import JobSettings

SINFO = """\
cpu*|up|1-00:00:00|1:00:00|1-infinite|40|64|256000|idle|avx2,ib|(null)
cpu*|up|1-00:00:00|1:00:00|1-infinite|8|128|512000+|drained*|avx2|(null)
gpu|up|12:00:00|n/a|1-4|4|32|128000|mixed|(null)|gpu:a100:4(S:0-1)
gpu|up|12:00:00|n/a|1-4|2|32|128000|down~|(null)|gpu:h100:8(S:0,1),shard:16
old|drain|infinite|30:00|1|1|16|64000|idle|x|gpu:2
this is no line of sinfo
"""


@pytest.fixture
def offered() -> Offered:
    return Offered(slurm_offers.read_sinfo(SINFO), ("chem", "phys"), ("normal",))


def test_the_nodes_of_a_partition_are_added_up_and_its_best_node_counts(offered: Offered) -> None:
    cpu, gpu, old = offered.partitions
    assert (cpu.name, cpu.default, cpu.nodes, cpu.usable, cpu.cpus, cpu.memory) == (
        "cpu",
        True,
        48,
        40,
        128,
        512000 << 20,
    )
    assert (cpu.time, cpu.time_default, cpu.max_nodes, cpu.gpus) == (86400.0, 3600.0, None, ())
    assert cpu.features == ("avx2", "ib")
    assert cpu.says == "48 nodes, 128 cores, 500 GiB each, at most 24 h"
    assert gpu.gpus == (Gpus("a100", 4, 4), Gpus("h100", 8, 2))
    assert (gpu.usable, gpu.max_nodes, gpu.time_default, gpu.features) == (4, 4, None, ())
    assert gpu.says == "6 nodes, 32 cores, 125 GiB, 4 GPUs a100, 8 GPUs h100 each, at most 12 h"
    assert (old.time, old.time_default, old.gpus) == (None, 1800.0, (Gpus("", 2, 1),))
    assert old.says.endswith("; it is drain")


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"nodes": 48, "time": "1-0", "cpus": 128, "memory": "500G"}, []),
        ({"nodes": 49}, ["job.nodes nodes: the partition cpu has at most 48 nodes, not 49 nodes"]),
        ({"time": "1441"}, ["job.time time: the partition cpu has at most 24:00:00, not 24:01:00"]),
        ({"cpus": 129}, ["job.cpus cpus: the partition cpu has at most 128 cores a node, not 129 cores a node"]),
        ({"memory": "1T"}, ["job.memory memory: the partition cpu has at most 500 GiB a node, not 1024 GiB a node"]),
        ({"gres": "gpu:1"}, ["job.gres gres: the partition cpu has at most 0 GPUs a node, not 1 GPU a node"]),
        ({"partition": "gpu", "gres": "gpu:h100:8", "nodes": 4}, []),
        ({"partition": "gpu", "gres": "gpu:a100:5"}, ["at most 4 GPUs a100 a node, not 5 GPUs a100 a node"]),
        ({"partition": "gpu", "nodes": 5}, ["the partition gpu has at most 4 nodes, not 5 nodes"]),
        ({"partition": "cpu,gpu", "gres": "gpu:9"}, ["each of these partitions has at most 8 GPUs a node"]),
        ({"partition": "cpu,gpu", "gres": "gpu:8", "nodes": 48}, []),  # one of them has each: that is Slurm's to judge
        (
            {"partition": "nowhere"},
            ["partition: there is no 'nowhere' here that is said to be yours: there are cpu, gpu, old"],
        ),
        ({"account": "bio"}, ["account: there is no 'bio' here that is said to be yours: there are chem, phys"]),
        ({"qos": "high"}, ["qos: there is no 'high'"]),
        ({"reservation": "secret"}, []),  # nobody says which there are
        ({"partition": "old", "time": "0"}, ["the partition old is drain: its jobs wait until it is up"]),
    ],
)
def test_what_goes_beyond_a_partition_is_told_with_its_number(
    offered: Offered, job: dict[str, object], said: list[str]
) -> None:
    found = [f"{key} {text}" for key, text in warnings(JobSettings.model_validate(job), offered)]
    assert len(found) == len(said), found
    assert all(words in line for words, line in zip(said, found, strict=True)), found


def test_a_site_that_says_nothing_warns_of_nothing() -> None:
    job = JobSettings(nodes=10_000, time="365-0", gres="gpu:99", partition="x", account="y")
    assert warnings(job, Offered()) == []
    assert warnings(job, Offered((Partition("x", nodes=10_000),)))[0][0] == "job.gres"


def test_accounts_and_reservations_are_those_that_one_may_use() -> None:
    assert slurm_offers.read_associations("phys|normal,high\nchem|normal\nchem|\n|\nodd\n") == (
        ("chem", "phys"), ("high", "normal"),
    )  # fmt: skip
    text = "\n".join(
        f"ReservationName={name} StartTime=1790000000 EndTime=1790003600 NodeCnt=2 PartitionName={partition} {who}"
        for name, partition, who in [
            ("all", "(null)", "Users=(null) Groups=(null) Accounts=(null)"),
            ("mine", "gpu", "Users=ann,bob Groups=(null) Accounts=(null)"),
            ("theirs", "gpu", "Users=bob Groups=(null) Accounts=(null)"),
            ("ours", "gpu", "Users=(null) Groups=(null) Accounts=phys"),
            ("others", "gpu", "Users=(null) Groups=(null) Accounts=bio"),
            ("not_me", "gpu", "Users=-ann Groups=(null) Accounts=(null)"),
            ("group", "gpu", "Users=(null) Groups=wheel Accounts=(null)"),
        ]
    )
    found = slurm_offers.read_reservations(text + "\nNo reservations in the system\n", "ann", ("phys",))
    assert [each.name for each in found] == ["all", "group", "mine", "ours"]
    assert (found[0].partition, found[2].partition) == ("", "gpu")
    assert (found[0].start, found[0].end, found[0].nodes) == (1790000000.0, 1790003600.0, 2)
    unknown = slurm_offers.read_reservations(text, "ann")
    assert {"ours", "others"} <= {each.name for each in unknown}


@given(st.text(alphabet="gpu:a1|,*-(/)\n 0infinite~+", max_size=200))
def test_whatever_slurm_prints_is_read_without_a_fault(text: str) -> None:
    for partition in slurm_offers.read_sinfo(text):
        assert partition.name
        assert partition.usable <= partition.nodes
        assert partition.says
    slurm_offers.read_reservations(text, "ann", ("a",))
    slurm_offers.read_associations(text)
