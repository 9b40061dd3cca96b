"""Placing tiles: who runs on which node, and on which of its GPUs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvcore.errors import UsageError


@dataclass(frozen=True)
class Ask:
    """What one tile asks for."""

    gpu: bool = False


@dataclass(frozen=True)
class Place:
    """Where one tile runs: the ordinal of its node in the job, and of its GPU among the job's GPUs on that node."""

    node: int
    gpu: int | None = None


def place(asks: Sequence[Ask], nodes: int, gpus_per_node: int = 0) -> tuple[Place, ...]:
    """Return the place of each of *asks*, in their order, on *nodes* nodes with *gpus_per_node* GPUs each.

    Of T tiles, G of which ask for a GPU, node n (from 0) runs ``T // nodes`` tiles, and one more if
    ``n < T % nodes``; among them ``G // nodes`` that ask for a GPU, and one more if ``n < G % nodes``. The tiles that
    ask for a GPU are dealt out in their order: the first run of them to node 0, the next to node 1; so are the
    others. Within a node those that ask are dealt out to its GPUs by the same rule.

    So: nodes differ by one tile at most, and by one tile with a GPU at most; GPUs of a node by one tile at most; tiles
    of a kind that follow each other stay together. The same values give the same places. Where there are no GPUs,
    ``gpu`` is None for all. With fewer tiles than nodes the last nodes get none: such a job asks for fewer
    (``Plan.nodes``).

    Raises UsageError for less than one node, or less than no GPUs.
    """
    if nodes < 1:
        raise UsageError(f"a job needs at least one node, not {nodes}")
    if gpus_per_node < 0:
        raise UsageError(f"a node cannot have {gpus_per_node} GPUs")
    tiles = _shares(len(asks), nodes)
    with_gpu = _shares(sum(ask.gpu for ask in asks), nodes)
    on_gpus = iter(
        [
            Place(node, gpu)
            for node, share in enumerate(with_gpu)
            for gpu in (_runs(_shares(share, gpus_per_node)) if gpus_per_node else [None] * share)
        ]
    )
    others = iter([Place(node) for node in _runs([all_ - some for all_, some in zip(tiles, with_gpu, strict=True)])])
    return tuple(next(on_gpus if ask.gpu else others) for ask in asks)


def _shares(count: int, parts: int) -> list[int]:
    """Return *count* cut into *parts* shares that differ by one at most, the larger ones first."""
    return [count // parts + (part < count % parts) for part in range(parts)]


def _runs(lengths: Sequence[int]) -> list[int]:
    """Return 0 as often as the first of *lengths* says, then 1 as often as the second, and so on."""
    return [number for number, length in enumerate(lengths) for _ in range(length)]
