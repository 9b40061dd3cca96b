"""What is left of everything that the portal says for who was invited to chosen tiles: to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from tvcore.portal.chosen import WALL, Part

ME, SHE = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
PART = Part(frozenset({3, 12}), ME)


def test_of_a_wall_ones_tiles_and_their_sets_are_left_without_what_others_have() -> None:
    mine = {"id": 3, "set": 1, "metadata": {"F": 1}}
    other = {"id": 4, "set": 1, "metadata": {"G": 2}}
    said = {name: f"its {name}" for name in WALL}
    wall = {
        **said,
        "more": 1,
        "notices": ["tile 4 is gone"],
        "tiles": [mine, other],
        "sets": [
            {"id": 1, "title": "Mine", "reason": "4 is gone", "images": {"x": 1},
             "columns": [{"name": "F", "unit": "m", "low": 1}, {"name": "G", "unit": "s"}]},
            {"id": 2, "title": "Theirs", "reason": "", "images": {}, "columns": []},
        ],
    }  # fmt: skip
    assert PART.wall(wall) == {
        **said,
        "notices": [],
        "tiles": [mine],
        "sets": [{"id": 1, "title": "Mine", "reason": "", "images": {}, "columns": [{"name": "F", "unit": "m"}]}],
    }
    of_two = {**wall, "tiles": [{**mine, "set": 2}, {"id": 12, "set": 1, "metadata": {}}]}
    assert [each["columns"] for each in PART.wall(of_two)["sets"]] == [[], []]
    assert PART.changes([mine, other, {"id": 12}]) == [mine, {"id": 12}]


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        *((f"{kind}/3", 1, True) for kind in ("order", "tags", "tile", "drawing", "note")),
        *((f"{kind}/4", 1, False) for kind in ("order", "tags", "tile", "drawing", "note")),
        ("tags/3/good", True, True), ("tags/4/3", True, False), ("drawing/12/d-1", {}, True),
        ("tags/3.0", 1, False), ("tags/٣", 1, False), ("tags/", 1, False), ("tags", 1, False), ("tags/x", 1, False),
        ("layout/columns", 1, True), ("layout/gap", 1, True), ("layout/title", 1, True), ("layout/tile", 1, True),
        ("brush/column%3AF", {"ranges": [[0, 1]]}, False), ("brush/column%3AF", None, False),
        ("brushing", "hide", False), ("axes", [], False),
        ("made/pca_1", {"how": "PCA of 9 tiles", "values": [[3, 1.5], [4, 2.5]]}, False), ("made/pca_1", None, False),
        ("layout/scatter", {"x": {"by": "column:G", "log": False}}, False), ("layout/scatter", None, False),
        ("layout/other", 1, False), ("sort", {}, False), ("tag/3/colour", 1, False), ("later/3", 1, False),
        ("hands/h", {"name": "n", "leader": 3, "tiles": [12]}, True), ("hands/h", None, True),
        ("hands/h", {"name": "n", "leader": None, "tiles": [12, 3]}, True),
        ("hands/h", {"name": "n", "leader": 4, "tiles": [12]}, False),
        ("hands/h", {"name": "n", "leader": 3, "tiles": [12, 4]}, False),
        ("hands/h", {"name": "n", "leader": 3}, False), ("hands/h", "tile 4", False), ("time", 3.5, False),
        ("screens/lobby", {"columns": 1}, False), ("screens/lobby", None, False),
        ("reference", {"tile": 3, "way": "signed", "scale": 4}, True), ("reference", None, True),
        ("reference", {"tile": 4, "way": "signed", "scale": 4}, False), ("reference", {"tile": "3"}, False),
        ("reference", 3, False), ("reference/3", {"tile": 3}, False),
        (f"person/{ME}/compare", {"tiles": [3, 12], "way": "side"}, True), (f"person/{ME}/compare", None, True),
        (f"person/{ME}/compare", {"tiles": [3, 4], "way": "side"}, False), (f"person/{ME}/compare", [3], False),
        (f"person/{ME}/compare", {"tiles": 3}, False), (f"person/{SHE}/compare", {"tiles": [3, 12]}, False),
        (f"person/{SHE}/compare", None, False),
        ("slides", ["b-1"], False), ("slides", None, False), ("bookmark/b-1", {"name": "3", "view": {}}, False),
        (f"person/{SHE}/name", "Eve", True), (f"person/{SHE}/selection", [3], False),
        (f"person/{SHE}/zoomed", None, False), (f"person/{SHE}/filter", {}, False),
        (f"person/{ME}/name", "Me", True), (f"person/{ME}/filter", {"text": "4"}, True),
        *((f"person/{ME}/{own}", [3, 12], True) for own in ("selection", "zoomed", "followers")),
        *((f"person/{ME}/{own}", [3, 4], False) for own in ("selection", "zoomed", "followers")),
        *((f"person/{ME}/{own}", None, True) for own in ("selection", "zoomed", "followers")),
    ],
)  # fmt: skip
def test_a_register_is_shown_that_is_of_ones_tiles_or_of_oneself(path: str, value: Any, shown: bool) -> None:
    assert PART.shows(path, value) is shown


def test_of_an_operation_is_left_what_it_does_to_ones_tiles_and_of_others_that_it_was() -> None:
    op = {"id": "op-1", "person": SHE, "seq": 7, "at": 1.5, "label": "tile 4"}
    hidden = {"id": "hidden-7", "person": "", "seq": 7, "at": 0.0, "set": []}
    said = {name: op[name] for name in ("id", "person", "seq", "at")}
    for act in ("settle", "undo", "redo"):
        assert PART.operation(op | {act: 3, "set": [["tags/4", 1]]}) == said | {act: 3}
    assert PART.operation(op) == PART.operation(op | {"set": [["tags/4/x", 1]]}) == hidden
    assert PART.operation(op | {"text": [["note/4", [["+", "", "abc"]]]]}) == hidden
    assert PART.operation(op | {"set": [["tags/3/x", 1], ["tags/4/x", 1]]}) == said | {"set": [["tags/3/x", 1]]}
    assert PART.operation({"id": "op-1", "seq": 7, "set": [["tags/3/x", 1]]}) == {
        "id": "op-1", "seq": 7, "set": [["tags/3/x", 1]]
    }  # fmt: skip
    # A reference that is another tile is none here, also where there was one before.
    reference = {"tile": 3, "way": "signed", "scale": 4}
    assert PART.operation(op | {"set": [["reference", reference]]}) == said | {"set": [["reference", reference]]}
    away = PART.operation(op | {"set": [["reference", reference | {"tile": 4}]]})
    assert away == said | {"set": [["reference", None]]}
    # And a group that gets another tile is none here any more.
    group = {"name": "cold", "leader": 3, "tiles": [12]}
    assert PART.operation(op | {"set": [["hands/h", group]]}) == said | {"set": [["hands/h", group]]}
    assert PART.operation(op | {"set": [["hands/h", group | {"tiles": [4]}]]}) == said | {"set": [["hands/h", None]]}
    assert PART.foreign({"set": [["order/compare", {"tiles": [4]}], ["tag/selection", [4]]]}) is None
    # Letters are known by their number: in the place of what is left out stand as many that say nothing.
    texts = [
        ["note/4", [["+", "", "ab"], ["-", "op-1", 0, 5]]],
        ["note/402", [["+", "", "c"]]],
        ["note/3", [["+", "", "mine"]]],
        ["note/12", [["+", "", "too"]]],
        ["note/4", [["+", "", "last"]]],
    ]
    assert PART.operation(op | {"text": texts}) == said | {
        "text": [["note/0", [["+", "", "···"]]], ["note/3", [["+", "", "mine"]]], ["note/12", [["+", "", "too"]]]]
    }


def test_of_every_kind_of_event_is_left_what_is_of_ones_tiles() -> None:
    mine, other = {"id": "a", "seq": 1, "set": [["tags/3/x", 1]]}, {"id": "b", "seq": 2, "set": [["tags/4/x", 1]]}
    left = [mine, {"id": "hidden-2", "person": "", "seq": 2, "at": 0.0, "set": []}]
    assert PART.event({"event": "ops", "after": 4, "ops": [mine, other], "more": 1}) == {
        "event": "ops", "after": 4, "ops": left
    }  # fmt: skip
    base = {
        "seq": 9, "registers": [["tags/3/x", 1], ["tags/4/x", 1], [f"person/{ME}/zoomed", [4]]],
        "texts": [["note/3", []], ["note/4", []]], "more": 1,
    }  # fmt: skip
    settled = {"seq": 9, "registers": [["tags/3/x", 1]], "texts": [["note/3", []]]}
    document = {"event": "document", "base": base, "ops": [mine, other], "head": 11, "more": 1}
    assert PART.event(document) == {"event": "document", "base": settled, "ops": left, "head": 11}
    assert PART.event({**document, "base": None})["base"] is None
    here = {
        "person": SHE, "name": "Eve", "focus": 3, "view": [1.0], "columns": 7, "zoomed": [3, 4, 12], "more": 1,
        "hand": [0.5, 1.5], "presents": True,
    }  # fmt: skip
    seen = PART.event({"event": "people", "all": True, "more": 1, "people": {"p": here, "q": {**here, "focus": 4}}})
    shown = {
        "person": SHE, "name": "Eve", "focus": 3, "view": None, "columns": None, "zoomed": [3, 12],
        "hand": None, "presents": False,
    }  # fmt: skip
    assert seen == {"event": "people", "all": True, "people": {"p": shown, "q": {**shown, "focus": None}}}
    assert PART.event({"event": "people", "people": {"p": None}}) == {"event": "people", "people": {"p": None}}


def test_what_one_wants_to_do_may_name_no_other_tile_and_may_be_anything_else() -> None:
    for name in ("selection", "zoomed", "followers"):
        assert PART.foreign({"set": [[f"person/{ME}/{name}", [3, 12]]]}) is None
        assert PART.foreign({"set": [["tags/3", 1], [f"person/{ME}/{name}", [3, 4, 13]]]}) == 4
        assert PART.foreign({"set": [(f"person/{ME}/{name}", [402])]}) == 402
    for odd in (
        None, [], {}, "person", 7, [7], ["x"], [["x", [4], 1]], [[5, [4]]], [[f"person/{ME}/zoomed", 4]],
        [[f"person/{ME}/zoomed", ["4"]]], [[f"person/{ME}/filter", [4]]], [["selection/x", [4]]], ["ab"],
        [{"selection": 1, "b": [4]}], {"a": [4]}, [["zoomed"]], "ab",
    ):  # fmt: skip
        assert PART.foreign({"set": odd}) is None, odd
    assert PART.foreign({"undo": "x"}) is None
    for tiles, found in (([3, 12], None), ([3, 4, 13], 4)):
        assert PART.foreign({"set": [[f"person/{ME}/compare", {"tiles": tiles, "way": "side"}]]}) == found
    assert PART.foreign({"set": [["reference", {"tile": 3}]]}) is None
    assert PART.foreign({"set": [["reference", {"tile": 402}]]}) == 402
    for odd in (None, 4, [4], {"tiles": 4}, {"tile": "4"}):
        assert PART.foreign({"set": [[f"person/{ME}/compare", odd], ["reference", odd]]}) is None, odd
    for leader, tiles, found in ((3, [12], None), (None, [3], None), (4, [3], 4), (3, [12, 13], 13)):
        group = {"name": "n", "leader": leader, "tiles": tiles}
        assert PART.foreign({"set": [["tags/3", 1], ["hands/h", group]]}) == found
    for odd in (None, 4, [4], {"tiles": 4}, {"leader": 4}, {"leader": 4, "tiles": "4"}):
        assert PART.foreign({"set": [["hands/h", odd]]}) is None, odd
