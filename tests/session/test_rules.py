"""What an operation may be, and who may do it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tvcore.portal.roles import ROLES, TABLE, Right, Role, may
from tvcore.session.rules import RefusedError, check

SHAPE = {"kind": "pen", "points": [[0, 0], [65535, 9]], "colour": "#ff0000", "width": 4}
MADE = {"how": "PCA", "unit": "", "values": [[3, 1.5], [4, -2]], "tagged": None}
SCATTER = {"x": {"by": "column:F", "log": False}, "y": {"by": "tag:age", "log": True}, "size": 1}
SCREEN = {"pixels": [1920, 1080], "size": [531.3, 298.9]}
SCREENS = {"columns": 2, "rows": 1, "bezel": 10.5, "screens": [SCREEN, SCREEN]}
GOOD: list[tuple[str, Any]] = [
    ("layout/columns", 12), ("layout/gap", 0), ("layout/gap", 7.5), ("layout/title", 60), ("layout/tile", 320.25),
    ("order/12", "0000aZ"), ("sort", {"by": "", "descending": False}), ("sort", {"by": "column:F", "descending": True}),
    ("sort", {"by": "tag:age", "descending": True}), ("group", {"by": "tags"}), ("group", {"by": "column:class"}),
    ("colour", {"by": "column:F", "scale": "viridis", "from": None, "to": 0.5, "reversed": False}),
    ("brush/column%3AF", {"ranges": [[0, 0.5], [None, -1], [3.5, None]]}),
    ("brush/tag%3Aage", {"ranges": [[None, None]]}),
    ("brush/column%3Aclass", {"values": ["spots", "", "true"]}), ("brushing", "dim"), ("brushing", "hide"),
    ("brushing", "select"), ("axes", [{"by": "column:F", "flipped": False, "log": True}]), ("axes", []),
    ("tags/0/na%C3%AFve%20(1)", False), ("tag/a/colour", "#00ff00"), ("tag/a/hidden", True), ("tile/3/off", True),
    ("tile/3/hidden", True), ("tile/3/rotation", 270), ("tile/3/opacity", 0.5), ("tile/3/undrawn", True),
    ("drawing/3/a-1", SHAPE), ("drawing/3/a-1", SHAPE | {"kind": "text", "text": "here"}),
    ("hands/h-1", {"name": "cold ones", "leader": 3, "tiles": [4, 5]}), ("time", 0.25),
    ("made/pca_1", MADE), ("made/a%20b", MADE | {"values": [], "unit": "m"}), ("layout/scatter", SCATTER),
    ("layout/scatter", {"x": SCATTER["x"], "y": SCATTER["y"]}),
    ("made/outlier", MADE | {"tagged": 3.5}), ("made/c", MADE | {"values": [[3, "c-1"], [4, ""]], "tagged": "values"}),
    ("hands/h-1", {"name": "cold ones", "leader": None, "tiles": [], "together": True}),
    ("bookmark/b1", {"name": "spots", "view": {"rect": {"x": 1.5}, "zoomed": [1, 2]}}),
    ("slides", ["b1", "a-2"]), ("slides", []),
    ("reference", {"tile": 3, "way": "signed", "scale": 32}), ("reference", {"tile": 0, "way": "absolute", "scale": 1}),
    *(("person/me/compare", {"tiles": [1, 2, 3], "way": way}) for way in ("side", "overlay", "swipe", "blink")),
    ("person/me/compare", {"tiles": [4, 1], "way": "difference", "pair": [1, 0], "at": {"x": 0.25, "y": 1, "zoom": 32},
     "opacity": 0, "divider": 0.75, "rate": 3, "kind": "signed", "factor": 16}),
    ("screens/lobby", SCREENS), ("screens/lobby", SCREENS | {"columns": 1, "screens": [SCREEN], "bezel": 0}),
    ("person/me/name", "Ann"), ("person/me/selection", [1, 2]), ("person/me/filter", {"text": "F>1", "rest": "dim"}),
    ("person/me/zoomed", [1]), ("person/me/followers", []),
]  # fmt: skip
BAD: list[tuple[str, Any]] = [
    ("layout/columns", 0), ("layout/columns", True), ("layout/columns", 3.5), ("layout/columns", "3"),
    ("layout/gap", math.nan), ("layout/gap", math.inf), ("layout/gap", 10**400), ("layout/tile", -1),
    ("order/12", "a/b"), ("order/12", "a" * 61), ("order/12", ""), ("order/x", "a"), ("order/012", "a"),
    ("order/12\n", "a"), ("order/٣", "a"), ("order", "a"), ("sort", {"by": "x", "descending": False}),
    ("sort", {"by": "title", "descending": 1}), ("sort", {"by": "title"}), ("group", {"by": "title"}),
    ("sort", {"by": "title", "descending": True, "more": 1}), ("colour", {"by": "column:F"}),
    ("brush/column:F", {"ranges": [[0, 1]]}), ("brush/a", {"ranges": []}), ("brush/a", {"ranges": [[0]]}),
    ("brush/a", {"ranges": [[0, math.nan]]}), ("brush/a", {"ranges": [["0", 1]]}),
    ("brush/a", {"ranges": [[0, 1]] * 33}),
    ("brush/a", {"values": []}), ("brush/a", {"values": [1]}), ("brush/a", {"ranges": [[0, 1]], "values": ["a"]}),
    ("brush/a", [[0, 1]]), ("brush", {"ranges": [[0, 1]]}), ("brushing", "burn"), ("brushing/a", "dim"),
    ("axes", [{"by": "title", "flipped": False, "log": False}]),
    ("axes", [{"by": "column:F", "flipped": 1, "log": False}]),
    ("axes", ["column:F"]), ("axes", [{"by": "column:F", "flipped": False, "log": False}] * 65),
    ("tags/1/a b", True), ("tags/1/a/b", True), ("tags/1/a", 1), ("tag/a/colour", "red"), ("tag/a/hidden", False),
    ("tile/3/off", False), ("tile/3/rotation", 45), ("tile/3/opacity", 1.01), ("tile/3/what", True),
    ("drawing/3/a-1", SHAPE | {"points": []}), ("drawing/3/a-1", SHAPE | {"points": [[0, 65536]]}),
    ("drawing/3/a-1", SHAPE | {"points": [[0]] * 3}), ("drawing/3/a-1", SHAPE | {"points": [[0, 1]] * 5001}),
    ("drawing/3/a:1", SHAPE), ("drawing/3/a-1", SHAPE | {"kind": "bomb"}), ("bookmark/b", {"name": "", "view": {}}),
    ("bookmark/b", {"name": "n", "view": {"a": [0] * 3000}}), ("bookmark/b", {"name": "n", "view": [1]}),
    ("hands/h", {"name": "", "leader": None, "tiles": []}), ("hands/h", {"name": "n", "leader": "3", "tiles": []}),
    ("hands/h", {"name": "n", "leader": None, "tiles": [1.5]}), ("hands/h", {"name": "n", "tiles": [1]}),
    ("hands/h", {"name": "n", "leader": 1, "tiles": [2], "together": 1}), ("hands/h:1", None), ("time", "3"),
    ("time", math.inf), ("time", True), ("time/3", 1),
    ("reference", {"tile": 3, "way": "signed"}), ("reference", {"tile": 3, "way": "signed", "scale": 3}),
    ("reference", {"tile": "3", "way": "signed", "scale": 1}), ("reference", {"tile": 3, "way": "x", "scale": 1}),
    ("reference/3", {"tile": 3, "way": "signed", "scale": 1}), ("reference", 3),
    *(("person/me/compare", {"tiles": tiles, "way": "side"}) for tiles in ([1], [1, 1], [1, 2, 3, 4, 5], [], [1, "2"])),
    *(("person/me/compare", {"tiles": [1, 2], "way": "side"} | more) for more in (
        {"way": "burn"}, {"rate": 3.01}, {"rate": 0}, {"rate": math.nan}, {"pair": [0, 2]}, {"pair": [1, 1]},
        {"pair": [0]}, {"opacity": 1.1}, {"divider": -0.1}, {"factor": 5}, {"kind": "both"},
        {"at": {"x": 0.5, "y": 0.5}}, {"at": {"x": 0.5, "y": 2, "zoom": 1}}, {"at": {"x": 0.5, "y": 0.5, "zoom": 33}},
        {"more": 1},
    )), ("person/you/compare", {"tiles": [1, 2], "way": "side"}), ("person/me/compare", {"tiles": [1, 2]}),
    ("slides", "b1"), ("slides", [1]), ("slides", ["a/b"]), ("slides", [""]), ("slides", ["a"] * 501), ("slides/a", []),
    ("made/a", MADE | {"values": [[3]]}), ("made/a", MADE | {"values": [[3, 1.5], [3, 2]]}), ("made/a/b", MADE),
    ("made/a", MADE | {"values": [[3, 1.5], [4, "x"]]}), ("made/a", MADE | {"values": [["3", 1.5]]}),
    ("made/a", MADE | {"values": [[3, None]]}), ("made/a", MADE | {"values": [[-1, 1]]}), ("made/a", {"how": "x"}),
    ("made/a", MADE | {"values": [[1.5, 1]]}), ("made/a", MADE | {"values": [[True, 1]]}), ("made", MADE),
    ("made/a", MADE | {"tagged": "names"}), ("made/a", MADE | {"how": ""}), ("made/a", MADE | {"values": [[3, True]]}),
    ("layout/scatter", SCATTER | {"size": 0}), ("layout/scatter", {"x": SCATTER["x"], "size": 1}),
    ("layout/scatter", SCATTER | {"y": {"by": "title", "log": False}}), ("layout/scatter", []),
    ("screens/lobby", SCREENS | {"columns": 3}), ("screens/lobby", SCREENS | {"bezel": -1}), ("screens/a/b", SCREENS),
    ("screens/lobby", SCREENS | {"screens": [SCREEN, SCREEN | {"size": [0, 1]}]}), ("screens", SCREENS),
    ("screens/lobby", SCREENS | {"screens": [SCREEN, SCREEN | {"pixels": [1920]}]}), ("screens/lobby", {}),
    ("screens/lobby", SCREENS | {"columns": 17, "screens": [SCREEN] * 17}), ("screens/lobby", SCREENS | {"key": "x"}),
    ("bookmark/b", {"name": "\ud800", "view": {}}), ("bookmark/b", {"name": "a\x00", "view": {}}),
    ("person/me/name", "x" * 81), ("person/me/selection", [True]), ("person/me/selection", [-1]),
    ("person/me/filter", {"text": "", "rest": "burn"}), ("person/me/secret", 1), ("person/other/name", "x"),
    ("note/3", "x"), ("", 1), ("__proto__", 1), ("constructor", {}), ("x" * 10_000, 1),
]  # fmt: skip
HOSTILE: list[Any] = [
    None, 3, "x", [], {}, {"id": "a"}, {"id": "", "set": [["sort", None]]}, {"id": "a:1", "set": [["sort", None]]},
    {"id": "a" * 65, "set": [["sort", None]]}, {"id": 7, "set": [["sort", None]]}, {"id": "a", "set": []},
    {"id": "a", "set": {}, "text": {}}, {"id": "a", "set": [["sort"]]}, {"id": "a", "set": [[None, 1]]},
    {"id": "a", "set": None}, {"id": "a", "set": [["sort", None]], "seq": 1}, {"id": "a", "settle": 5},
    {"id": "a", "set": [["sort", None]], "person": "x"}, {"id": "a", "undo": "b", "redo": "c"}, {"id": "a", "undo": 3},
    {"id": "a", "undo": "b", "set": [["sort", None]]}, {"id": "a", "set": [["sort", None]], "label": "<b>"},
    {"id": "a", "set": [["sort", None]], "label": ["x"]}, {"id": "a", "set": [["layout/gap", None]] * 20_001},
    {"id": "a", "text": [["note/1", []]]}, {"id": "a", "text": [["note/1", "x"]]}, {"id": "a", "text": [["sort", []]]},
    {"id": "a", "text": [["note/1", [["+", "x", "y"]]]]}, {"id": "a", "text": [["note/1", [["+", "", ""]]]]},
    {"id": "a", "text": [["note/1", [["+", "b:01", "y"]]]]}, {"id": "a", "text": [["note/1", [["+", "", "\udc00"]]]]},
    {"id": "a", "text": [["note/1", [["-", "b", -1, 1]]]]}, {"id": "a", "text": [["note/1", [["-", "b", 0, 1 << 60]]]]},
    {"id": "a", "text": [["note/1", [["-", "b", True, 1]]]]}, {"id": "a", "text": [["note/1", [["*"], {}, 3]]]},
    {"id": "a", "text": [["note/1", [["+", "", "x" * 100_001]]]]},
    {"id": "a", "text": [["note/1", [["+", "", "x" * 99_999]] * 4]]},
    {"id": "a", "set": [["sort", {3: 4}]]}, {"id": "a", "set": [["sort", {1, 2}]]}, {b"id": "a"},
]  # fmt: skip


def anything(_right: Right) -> bool:
    return True


@pytest.mark.parametrize(("path", "value"), GOOD, ids=[path for path, _ in GOOD])
def test_each_register_takes_its_values_and_can_be_removed(path: str, value: Any) -> None:
    check({"id": "a-1", "label": "move", "set": [[path, value], [path, None]]}, "me", anything)


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{i}-{path[:30]!a}" for i, (path, _) in enumerate(BAD)])
def test_other_paths_and_values_are_refused_in_one_line(path: str, value: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        check({"id": "a-1", "set": [[path, value]]}, "me", anything)
    assert "\n" not in str(refused.value)
    assert 10 < len(str(refused.value)) < 400


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_is_no_operation_is_refused_in_one_line(number: int) -> None:
    with pytest.raises(RefusedError) as refused:
        check(HOSTILE[number], "me", anything)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_value_as_deep_as_a_well_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RefusedError, match="within each other"):
        check({"id": "a", "set": [["bookmark/b", {"name": "n", "view": {"x": deep}}]]}, "me", anything)


@pytest.mark.parametrize("role", ROLES)
def test_each_register_needs_the_right_to_arrange_but_for_ones_own(role: Role) -> None:
    for path, value in GOOD:
        body = {"id": "a-1", "set": [[path, value]]}
        if path.startswith("person/") or "arrange" in TABLE[role]:
            check(body, "me", lambda right: may(role, right))
        else:
            with pytest.raises(RefusedError, match="needs the right `arrange`"):
                check(body, "me", lambda right: may(role, right))


@pytest.mark.parametrize("role", ROLES)
def test_nobody_touches_what_is_another_persons_own(role: Role) -> None:
    with pytest.raises(RefusedError, match="another person's own"):
        check({"id": "a", "set": [["person/me/name", "x"], ["person/you/name", "x"]]}, "me", lambda r: may(role, r))


def test_letters_that_an_operation_removes_are_bounded_as_those_it_writes() -> None:
    clear = ["-", "b", 0, 100_000]
    check({"id": "a", "text": [[f"note/{tile}", [clear]] for tile in range(3)]}, "me", anything)
    for edits in ([clear] * 4, [["-", "b", 0, (1 << 31) - 1]], [["+", "", "x"]] * 5001):
        with pytest.raises(RefusedError, match="too much text"):
            check({"id": "a", "text": [["note/1", edits]]}, "me", anything)


def test_notes_are_written_by_who_may_arrange() -> None:
    body = {"id": "a", "text": [["note/3", [["+", "", "hot"], ["+", "b-2:0", "🙂"], ["-", "b", 0, 5]]]]}
    check(body, "me", anything)
    with pytest.raises(RefusedError, match="needs the right `arrange`"):
        check(body, "me", lambda right: right == "see")
