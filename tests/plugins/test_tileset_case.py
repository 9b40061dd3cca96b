"""The case ``tileset``: a kept set on the wall, for real, by the local scheduler; and edits that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tvcore import api
from tvcore.cases import catalog, manager
from tvcore.ensemble import open_ensemble
from tvcore.errors import UsageError
from tvcore.people import projects, sessions
from tvcore.people.by import here
from tvcore.plugins.tileset.card import draw_card, shown
from tvcore.session import acts
from tvcore.store import Store
from tvcore.tilesets import library
from tvcore.tilesets.document import Column, Tile, Value


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store; jobs that are left are ended."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home.parent / "cache"))
    opened = Store.open()
    yield opened
    for job in opened.jobs(active=True):
        api.stop(opened, job["id"])
    opened.close()


@pytest.fixture
def brains(store: Store, tmp_path: Path) -> dict[str, Any]:
    """A set of two pictures, a card and a picture that is missing."""
    for name, colour in (("a.png", "#304080"), ("b.png", "#803040")):
        Image.new("RGB", (64, 48), colour).save(tmp_path / name)
    columns = [
        {"name": "F", "kind": "number", "unit": "1/s", "role": "parameter"},
        {"name": "n", "kind": "integer"},
        {"name": "ok", "kind": "flag"},
        {"name": "class", "kind": "text"},
    ]
    tiles = [
        {"key": 7, "title": "a", "kind": "picture", "source": str(tmp_path / "a.png"), "tags": ["control"],
         "note": "look here", "values": {"F": 0.5, "n": 3, "ok": True, "class": "spots"}},
        {"key": 3, "title": "b", "kind": "picture", "source": str(tmp_path / "b.png"), "values": {"ok": False}},
        {"key": 9, "title": "a card", "values": {"F": 1.5}},
        {"key": 4, "title": "gone", "kind": "picture", "source": str(tmp_path / "gone.png")},
    ]  # fmt: skip
    made = {"format": "tiledviz-tileset", "version": 1, "title": "Brains", "columns": columns, "tiles": tiles}
    library.write_set(store, "brains", made, None)
    return made


def test_a_set_gets_on_the_wall_without_a_batch_job_with_its_values_tags_and_notes(
    store: Store, brains: dict[str, Any]
) -> None:
    job = library.show_set(store, "brains")
    found = api.wait_until_live(store, job["id"], lambda *_: None, 60)
    assert [(tile["title"], tile["state"]) for tile in found] == [
        ("a", "live"), ("b", "live"), ("a card", "live"), ("gone", "failed"),
    ]  # fmt: skip
    assert "gone.png" in found[3]["reason"]
    assert [tile["metadata"] for tile in found] == [
        {"F": 0.5, "n": 3.0, "ok": "true", "class": "spots"}, {"F": None, "n": None, "ok": "false", "class": ""},
        {"F": 1.5, "n": None, "ok": "", "class": ""}, {"F": None, "n": None, "ok": "", "class": ""},
    ]  # fmt: skip
    assert found[0]["tags"] == ["control"]
    assert store.rooms.document("main").text(f"note/{found[0]['id']}") == "look here"
    (column,) = [each for each in store.wall()["sets"][0]["columns"] if each["name"] == "F"]
    assert (column["unit"], column["role"]) == ("1/s", "parameter")
    assert [each["jobs"] for each in library.saved(store)] == [[job["id"]]]


def test_an_edit_is_on_the_wall_at_once_and_what_needs_new_tiles_is_told_and_keeps_what_people_made(
    store: Store, brains: dict[str, Any]
) -> None:
    job = library.show_set(store, "brains")
    first, *_ = api.wait_until_live(store, job["id"], lambda *_: None, 60)
    before = store.revision()
    brains["tiles"][0] |= {"title": "A", "tags": ["seen"], "values": {"F": 0.75}}
    done = library.write_set(store, "brains", brains, 1)
    assert done["wall"] == {"updated": 1, "again": []}
    (now,) = store.tiles([first["id"]])
    assert (now["title"], now["tags"], now["metadata"]["F"], now["state"]) == ("A", ["seen"], 0.75, "live")
    assert store.revision() > before
    # the first is gone, the others stand elsewhere: keys tell which is which
    brains["tiles"] = [brains["tiles"][1], brains["tiles"][0]]
    brains["tiles"][0]["note"] = "of the set"
    done = library.write_set(store, "brains", brains, done["revision"])
    assert done["wall"]["again"] == [job["id"]]
    new = library.show_set(store, "brains", replace=job["id"])
    found = store.tiles()
    assert [(tile["job"], tile["title"]) for tile in found] == [(new["id"], "b"), (new["id"], "A")]
    said = store.rooms.document("main")
    assert [said.text(f"note/{tile['id']}") for tile in found] == ["of the set", "look here"]
    with pytest.raises(UsageError, match="does not show the tile set"):
        library.show_set(store, "brains", replace="local-00000000")


def test_a_note_that_nobody_touched_becomes_what_the_set_says_when_it_is_shown_again(
    store: Store, brains: dict[str, Any]
) -> None:
    brains["tiles"][1]["note"] = "of the set"
    library.write_set(store, "brains", brains, 1)
    job = library.show_set(store, "brains")
    first, second, *_ = store.tiles()
    acts.write_notes(store, {second["id"]: "by hand"}, [second["id"]])
    for row in (0, 1):
        brains["tiles"][row]["note"] = "edited"
    library.write_set(store, "brains", brains, 2)
    library.show_set(store, "brains", replace=job["id"])
    said = store.rooms.document("main")
    now = {tile["title"]: said.text(f"note/{tile['id']}") for tile in store.tiles()}
    assert (now["a"], now["b"]) == ("edited", "by hand")
    assert first["id"] not in [tile["id"] for tile in store.tiles()]


def test_a_set_is_followed_on_the_wall_under_another_name_and_its_old_name_is_anothers(
    store: Store, brains: dict[str, Any]
) -> None:
    job = library.show_set(store, "brains")
    library.rename_set(store, "brains", "minds")
    other = {**brains, "tiles": [{"key": 7, "title": "a stranger"}]}
    library.write_set(store, "brains", other, None)
    assert library.write_set(store, "brains", other, 1)["wall"] == {"updated": 0, "again": []}
    brains["tiles"][0]["title"] = "A"
    assert library.write_set(store, "minds", brains, 1)["wall"] == {"updated": 1, "again": []}
    assert [tile["title"] for tile in store.tiles()] == ["A", "b", "a card", "gone"]
    assert {each["name"]: each["jobs"] for each in library.saved(store)} == {"brains": [], "minds": [job["id"]]}
    # one that was removed, and whose name was taken, is another set too
    library.remove_set(store, "minds")
    library.write_set(store, "minds", other, None)
    assert library.write_set(store, "minds", other, 1)["wall"] == {"updated": 0, "again": []}
    assert store.run_of(job["id"]).parameters["name"] == "minds.removed-1"


def test_of_edits_at_once_the_wall_says_the_last(store: Store, brains: dict[str, Any]) -> None:
    library.show_set(store, "brains")

    def write(number: int) -> None:
        mine = Store.open()
        try:
            while True:
                now = library.read_set(mine, "brains")
                now["document"]["tiles"][0]["title"] = f"by {number}"
                try:
                    library.write_set(mine, "brains", now["document"], now["revision"])
                except library.ConflictError:
                    continue
                return
        finally:
            mine.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    found = library.read_set(store, "brains")
    assert found["revision"] == 13
    assert store.tiles()[0]["title"] == found["document"]["tiles"][0]["title"]


def test_a_card_is_shown_again_when_what_is_drawn_on_it_changes_and_not_for_its_note(
    store: Store, brains: dict[str, Any]
) -> None:
    job = library.show_set(store, "brains")
    brains["tiles"][2]["note"] = "to remember"
    assert library.write_set(store, "brains", brains, 1)["wall"]["again"] == []
    brains["tiles"][2]["values"] = {"F": 2.5}
    assert library.write_set(store, "brains", brains, 2)["wall"] == {"updated": 1, "again": [job["id"]]}
    assert library.restore_set(store, "brains", 1)["wall"] == {"updated": 1, "again": []}


def test_what_it_was_launched_with_names_the_revision(store: Store, brains: dict[str, Any]) -> None:
    parameters = manager.load(catalog.find("tileset")).parameters({"name": "brains"})
    assert parameters.model_dump() == {"name": "brains", "revision": 1, "project": 0}
    library.write_set(store, "brains", {**brains, "tiles": []}, 1)
    assert len(manager.load(catalog.find("tileset")).members(parameters, None)) == 4


def test_a_wall_is_kept_as_a_set_with_what_people_wrote_and_opens_again_when_its_job_is_gone(
    store: Store, brains: dict[str, Any]
) -> None:
    job = library.show_set(store, "brains")
    api.wait_until_live(store, job["id"], lambda *_: None, 60)
    card = store.tiles()[2]["id"]
    acts.write_notes(store, {card: "by hand"})
    made = library.from_wall(store, "again", None, "eva")
    assert made["report"]["took"] == 4
    api.stop(store, job["id"], remove=True)
    found = library.read_set(store, "again")["document"]["tiles"]
    assert [(tile["title"], tile.get("kind", "card"), tile.get("note", "")) for tile in found] == [
        ("a", "picture", "look here"), ("b", "picture", ""), ("a card", "card", "by hand"), ("gone", "card", ""),
    ]  # fmt: skip
    assert [(item["what"], item["rows"]) for item in made["report"]["items"]] == [("left", [4])]  # what is gone
    assert (found[0]["tags"], found[0]["values"]["F"], found[2]["values"]["F"]) == (["control"], 0.5, 1.5)
    new = library.show_set(store, "again")
    states = [tile["state"] for tile in api.wait_until_live(store, new["id"], lambda *_: None, 60)]
    assert states == ["live"] * 4
    some = library.from_wall(store, "some", [store.tiles()[0]["id"]])
    assert some["report"]["took"] == 1
    with pytest.raises(UsageError, match="there are no such tiles"):
        library.from_wall(store, "none", [10**6])


def test_the_columns_are_an_ensemble_like_any_other_cases(store: Store, brains: dict[str, Any]) -> None:
    plan, _ = api.plan_case("tileset", {"name": "brains"})
    with open_ensemble(Path(str(plan.ensemble))) as ensemble:
        assert [(column.name, column.dtype) for column in ensemble.columns] == [
            ("F", "float64"), ("n", "float64"), ("ok", "S5"), ("class", "S5"),
        ]  # fmt: skip
        assert len(ensemble) == 4
    assert Path(str(plan.ensemble)).parent.stat().st_mode & 0o777 == 0o700


def test_a_set_that_is_not_there_is_one_line(store: Store) -> None:
    case = manager.load(catalog.find("tileset"))
    with pytest.raises(UsageError, match="name a tile set"):
        case.members(case.parameters({}), None)
    with pytest.raises(UsageError, match="there is no tile set nowhere"):
        case.members(case.parameters({"name": "nowhere"}), None)


def test_a_card_holds_whatever_a_tile_says(tmp_path: Path, output: Path) -> None:
    columns = [Column(name=f"a column with a long name {n}", kind="text", unit="km/s") for n in range(12)]
    values: dict[str, Value | None] = {column.name: "värde " * 40 for column in columns}
    tags = tuple(f"tag {n}" for n in range(40))
    full = Tile(
        key=1,
        title="A title of many words that goes on and on, further than a card is wide " * 4,
        tags=tags,
        values=values,
    )
    for name, tile in (
        ("full", full),
        ("empty", Tile(key=2)),
        ("odd", Tile(key=3, title="\U0001f9e0 \u05d0 x", values={})),
    ):
        draw_card(tmp_path / f"{name}.png", tile, columns)
        with Image.open(tmp_path / f"{name}.png") as image:
            assert image.size == (1280, 960)
            assert len(image.getcolors(1 << 20) or []) > 10
            image.save(output / f"card-{name}.png")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.03, "0.03"), (-12.5, "-12.5"), (0.0, "0"), (1.2e-4, "1.2·10⁻⁴"), (6.02e23, "6.02·10²³"),
        (123456.7, "123457"),
        (2048, "2048"), (1048576, "1\u202f048\u202f576"), (True, "yes"), ("two\nlines", "two lines"), (None, ""),
    ],
)  # fmt: skip
def test_values_are_written_on_cards_as_people_read_them(value: Any, said: str) -> None:
    assert shown(value) == said


def test_a_set_of_a_project_is_shown_in_its_sessions_and_replaced_wherever_it_is_shown(
    store: Store, brains: dict[str, Any]
) -> None:
    by = here(store)
    flames = projects.new_project(store, by, "Flames")["id"]
    key = sessions.new_session(store, by, flames, "Night")["key"]
    with pytest.raises(UsageError, match="there is no tile set brains"):
        library.show_set(store, "brains", session=key)  # it is of the first project
    brains["tiles"] = brains["tiles"][2:3]  # the card
    library.write_set(store, "brains", brains, None, project=flames)
    old = library.show_set(store, "brains", session=key)
    (tile,) = api.wait_until_live(store, old["id"], lambda *_: None, 60)
    assert (old["session"], tile["title"]) == (key, "a card")
    copy = sessions.copy_session(store, by, key, "Copy")["key"]
    acts.write_notes(store, {tile["id"]: "in the copy"}, session=copy)
    assert [each["jobs"] for each in library.saved(store, project=flames)] == [[old["id"]]]
    assert [each["jobs"] for each in library.saved(store)] == [[]]
    brains["tiles"][0]["title"] = "another card"
    assert library.write_set(store, "brains", brains, 1, project=flames)["wall"]["again"] == [old["id"]]
    new = library.show_set(store, "brains", replace=old["id"], session=copy)
    assert new["session"] == key  # where the one was that it replaces
    for session, note in ((key, ""), (copy, "in the copy")):
        (now,) = store.tiles(session=session)
        assert (now["job"], now["title"]) == (new["id"], "another card")
        assert store.rooms.document(session).text(f"note/{now['id']}") == note
    library.rename_set(store, "brains", "minds", flames)
    assert [each["jobs"] for each in library.saved(store, project=flames)] == [[new["id"]]]
    assert library.read_set(store, "brains")["revision"] == 1  # that of the first project is called as before
    api.stop(store, new["id"])
    again = api.launch_again(store, new["id"])
    assert store.sessions.showing(again["id"]) == [copy]
    assert store.run_of(again["id"]).parameters["name"] == "minds"
    (now,) = store.tiles(session=copy)
    assert (now["job"], store.rooms.document(copy).text(f"note/{now['id']}")) == (again["id"], "in the copy")
