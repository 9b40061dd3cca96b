"""Which plugins there are, in which order, and which of them count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugin_kit import write_sample
from tvcore.cases import manager, remembered, sources
from tvcore.config import own_file
from tvcore.errors import TiledVizError


def settings(text: str) -> None:
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text(f"[plugins]\n{text}\n")


def left() -> dict[str, str]:
    return {each.plugin.location: each.why for each in sources.plugins()[1]}


def test_they_come_from_the_bundle_the_sites_folders_and_the_persons_own(home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    settings(f'folders = ["{site}", "/not/there"]')
    theirs = write_sample("theirs", folder=site)
    inside = write_sample("__init__", folder=site / "whole")
    mine = write_sample("mine")
    counted, others = sources.plugins()
    assert others == []
    assert {"gears", "gray_scott", "theirs", "whole", "mine"} <= set(counted)
    assert [counted[name].location for name in ("theirs", "whole", "mine")] == [
        str(theirs), str(inside.parent), str(mine)
    ]  # fmt: skip
    assert (counted["gears"].origin, counted["mine"].origin) == ("bundled", str(mine))
    assert list(counted)[-3:] == ["theirs", "whole", "mine"]
    for plugin in counted.values():
        again = sources.of_spec(plugin.spec)
        assert (again.name, again.kind, again.location) == (plugin.name, plugin.kind, plugin.location)


def test_a_name_that_there_is_already_counts_only_where_the_settings_say_so(home: Path) -> None:
    mine = write_sample("gears")
    assert sources.plugins()[0]["gears"].origin == "bundled"
    assert left() == {
        str(mine): "one of this name comes before it (bundled): rename it, or name it in plugins.override"
    }
    settings('override = ["gears"]')
    assert sources.plugins()[0]["gears"].location == str(mine)
    assert left() == {"tvcore.plugins.gears": f"the one of {mine} counts instead (plugins.override)"}
    settings('disabled = ["gears", "gray_scott"]')
    assert not {"gears", "gray_scott"} & set(sources.plugins()[0])
    assert set(left().values()) == {"it is off: plugins.disabled names it"}


def test_what_others_may_write_is_not_used(home: Path) -> None:
    path = write_sample("mine")
    path.chmod(0o666)
    assert "mine" not in sources.plugins()[0]
    assert left()[str(path)].startswith(f"everybody may write to {path}: `chmod o-w {path}`")
    path.chmod(0o644)
    path.parent.chmod(0o777)
    assert left()[str(path)].startswith(f"everybody may write to {path.parent}: `chmod o-w {path.parent}`")
    path.parent.chmod(0o755)
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
        assert left()[str(path)] == f"{path} belongs to another user: it is not used; copy it, and own the copy"


def test_a_name_that_cannot_be_is_told_and_what_is_no_plugin_is_not_looked_at(home: Path, tmp_path: Path) -> None:
    bad = write_sample("My-Case")
    (bad.parent / "notes.txt").write_text("nothing")
    (bad.parent / ".hidden.py").write_text("boom")
    (bad.parent / "_helper.py").write_text("boom")
    (bad.parent / "data").mkdir()
    assert list(left()) == [str(bad)]
    assert "small letters, digits and _, not 'My-Case'" in left()[str(bad)]
    with pytest.raises(TiledVizError, match="is no plugin: name a file"):
        sources.of_path(tmp_path)
    with pytest.raises(TiledVizError, match="names no plugin"):
        sources.of_spec("folder:x")


def test_a_plugin_is_not_used_where_others_may_put_another_in_its_place(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "open" / "plugins"
    whole = write_sample("__init__", folder=folder / "whole")
    settings(f'folders = ["{folder}"]')
    assert "whole" in sources.plugins()[0]
    for path, mode, words in (
        (whole, 0o666, f"everybody may write to {whole}"),
        (folder.parent, 0o777, f"everybody may write to {folder.parent}"),
        (folder, 0o775, f"a whole group may write to {folder}"),
    ):
        before = path.stat().st_mode & 0o7777
        if mode & 0o20 and os.getuid() == 0:
            os.chown(path, 0, 100)  # a group of many
        path.chmod(mode)
        if mode != 0o775 or os.getuid() == 0:
            assert left()[str(whole.parent)].startswith(words)
            with pytest.raises(TiledVizError, match="may write to"):
                manager.load(sources.of_path(whole.parent))
        path.chmod(before)
    folder.parent.chmod(0o1777)  # as /tmp is
    assert "whole" in sources.plugins()[0]
    link = own_file().parent / "plugins" / "linked.py"
    link.parent.mkdir(parents=True, exist_ok=True)
    target = write_sample("linked", folder=tmp_path / "elsewhere")
    link.symlink_to(target)
    target.parent.chmod(0o777)
    assert f"everybody may write to {target.parent}" in left()[str(link)]


def test_a_damaged_package_or_name_takes_nothing_else_down(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, points in (
        ("bad", "[tiledviz.cases]\nno equals sign\n"),
        ("odd", "[tiledviz.cases]\nodd = __main__:y\n"),
    ):
        package = tmp_path / f"{name}-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (package / "entry_points.txt").write_text(f"[tiledviz.cases]\n{points}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = write_sample("mine").parent
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.py")).write_text("")
    counted, _ = sources.plugins()
    assert {"gears", "mine", "odd"} <= set(counted)
    assert remembered.stamp(counted["odd"])
    assert [name for name in left() if name.isprintable() and "\ufffd" in name]
