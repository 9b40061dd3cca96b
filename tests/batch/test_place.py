"""Placing tiles on nodes and GPUs."""

from __future__ import annotations

import random
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvcore.batch.place import Ask, Place, place
from tvcore.errors import UsageError

asked = st.lists(st.builds(Ask, gpu=st.booleans()), max_size=200)
nodes_ = st.integers(1, 40)
gpus_ = st.integers(0, 8)


def uneven(counts: list[int]) -> int:
    return max(counts) - min(counts)


@settings(deadline=None)
@given(asked, nodes_, gpus_)
def test_nodes_and_gpus_get_alike_many_tiles(asks: list[Ask], nodes: int, gpus: int) -> None:
    places = place(asks, nodes, gpus)
    assert len(places) == len(asks)
    on = [there.node for there in places]
    with_gpu = [there.node for ask, there in zip(asks, places, strict=True) if ask.gpu]
    assert uneven([on.count(node) for node in range(nodes)]) <= 1
    assert uneven([with_gpu.count(node) for node in range(nodes)]) <= 1
    for node in range(nodes):
        used = [there.gpu for there in places if there.node == node and there.gpu is not None]
        assert not used or uneven([used.count(gpu) for gpu in range(gpus)]) <= 1


@settings(deadline=None)
@given(asked, nodes_, gpus_)
def test_a_tile_has_a_gpu_when_it_asks_and_there_is_one(asks: list[Ask], nodes: int, gpus: int) -> None:
    for ask, there in zip(asks, place(asks, nodes, gpus), strict=True):
        assert 0 <= there.node < nodes
        assert (there.gpu is not None) == (ask.gpu and gpus > 0)
        assert there.gpu is None or 0 <= there.gpu < gpus


@settings(deadline=None)
@given(asked, nodes_, gpus_)
def test_the_larger_shares_are_those_of_the_first_nodes(asks: list[Ask], nodes: int, gpus: int) -> None:
    places = place(asks, nodes, gpus)
    for chosen in (places, [there for ask, there in zip(asks, places, strict=True) if ask.gpu]):
        counts = [sum(there.node == node for there in chosen) for node in range(nodes)]
        assert counts == [len(chosen) // nodes + (node < len(chosen) % nodes) for node in range(nodes)]


@settings(deadline=None)
@given(asked, nodes_, gpus_)
def test_tiles_of_a_kind_keep_their_order(asks: list[Ask], nodes: int, gpus: int) -> None:
    places = place(asks, nodes, gpus)
    for kind in (True, False):
        mine = [(there.node, there.gpu or 0) for ask, there in zip(asks, places, strict=True) if ask.gpu == kind]
        assert mine == sorted(mine)


@settings(deadline=None)
@given(st.integers(1, 200), nodes_, gpus_, st.booleans())
def test_of_one_kind_neighbours_share_a_node(tiles: int, nodes: int, gpus: int, gpu: bool) -> None:
    on = [there.node for there in place([Ask(gpu)] * tiles, nodes, gpus)]
    assert [node for node, _ in groupby(on)] == list(range(min(tiles, nodes)))


@settings(deadline=None)
@given(asked, nodes_, gpus_, st.randoms(use_true_random=False))
def test_the_order_of_the_tiles_changes_who_sits_where_but_not_which_seats_there_are(
    asks: list[Ask], nodes: int, gpus: int, chance: random.Random
) -> None:
    def seats(those: list[Ask]) -> list[tuple[bool, int, int]]:
        places = place(those, nodes, gpus)
        return sorted(
            (ask.gpu, there.node, -1 if there.gpu is None else there.gpu)
            for ask, there in zip(those, places, strict=True)
        )

    assert seats(chance.sample(asks, len(asks))) == seats(asks)
    assert place(asks, nodes, gpus) == place(list(asks), nodes, gpus)


def test_eight_tiles_on_two_nodes_of_two_gpus_are_four_a_node_and_two_a_gpu() -> None:
    places = place([Ask(gpu=True)] * 8, 2, 2)
    assert places == tuple(Place(node, gpu) for node in (0, 1) for gpu in (0, 0, 1, 1))


def test_with_fewer_tiles_than_nodes_the_last_nodes_get_none() -> None:
    assert [there.node for there in place([Ask()] * 2, 5)] == [0, 1]


def test_tiles_of_two_kinds_are_balanced_together_and_each_by_itself() -> None:
    asks = [Ask(gpu=True)] * 3 + [Ask()] * 3
    assert [there.node for there in place(asks, 2, 1)] == [0, 0, 1, 0, 1, 1]


@pytest.mark.parametrize(("nodes", "gpus"), [(0, 0), (-1, 0), (1, -1)])
def test_less_than_one_node_or_than_no_gpus_is_refused(nodes: int, gpus: int) -> None:
    with pytest.raises(UsageError):
        place([Ask()], nodes, gpus)
