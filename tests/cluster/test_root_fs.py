"""The cache of the nodes' file systems: made once, told apart by what it is made from, made again when not sound."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rootfs import RELEASES, Cache, Recipe, RootFsError

RECIPE = Recipe("trixie", ("slurmd",))


class Maker:
    """Makes a small tree instead of a Debian, and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, recipe: Recipe, root: Path) -> None:
        self.made.append(recipe.key)
        (root / "bin").mkdir(parents=True)
        (root / "bin" / "sinfo").write_text("the program")
        self.meanwhile()
        (root / "bin" / "sbatch").write_text("the other")


def use(cache: Cache, recipe: Recipe = RECIPE) -> Path:
    with cache.use(recipe) as (root, _):
        assert (root / "bin" / "sbatch").read_text() == "the other"
        return root


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def cache(tmp_path: Path, maker: Maker) -> Cache:
    return Cache(tmp_path / "cluster", maker)


def test_a_file_system_is_made_once(cache: Cache, maker: Maker) -> None:
    assert use(cache) == use(cache)
    assert len(maker.made) == 1


@pytest.mark.parametrize(
    "other", [replace(RECIPE, packages=("slurmd", "munge")), replace(RECIPE, also="sid")], ids=["packages", "suite"]
)
def test_one_made_from_something_else_is_made_anew_and_the_old_one_goes(
    cache: Cache, maker: Maker, other: Recipe
) -> None:
    old = use(cache)
    new = use(cache, other)
    assert new != old
    assert not old.exists()
    assert maker.made == [RECIPE.key, other.key]


def test_an_old_one_stays_while_a_cluster_uses_it(cache: Cache) -> None:
    other = replace(RECIPE, packages=())
    with cache.use(RECIPE) as (root, _):
        use(cache, other)
        assert root.exists()
    use(cache, other)
    assert not root.exists()


def damage_by_losing(root: Path) -> None:
    (root / "bin" / "sinfo").unlink()


def damage_by_changing(root: Path) -> None:
    (root / "bin" / "sinfo").write_text("not the program")


def damage_by_adding(root: Path) -> None:
    (root / "bin" / "more").touch()


def damage_by_mode(root: Path) -> None:
    (root / "bin" / "sinfo").chmod(0o4755)


def damage_the_record(root: Path) -> None:
    (root.parent / "made.json").write_text("{")


DAMAGES = [damage_by_losing, damage_by_changing, damage_by_adding, damage_by_mode, damage_the_record]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_one_is_made_again(
    cache: Cache, maker: Maker, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(use(cache))
    use(cache)
    use(cache)
    assert len(maker.made) == 2
    assert "making it again" in capsys.readouterr().err


def test_a_damaged_one_that_a_cluster_uses_is_an_error_and_stays(cache: Cache) -> None:
    with cache.use(RECIPE) as (root, _):
        damage_by_losing(root)
        with pytest.raises(RootFsError, match="a running cluster uses it"), cache.use(RECIPE):
            pass
        assert root.exists()


def test_one_whose_making_failed_is_made_again(cache: Cache, maker: Maker) -> None:
    def fail() -> None:
        raise RootFsError("the mirror is away")

    maker.meanwhile = fail
    with pytest.raises(RootFsError, match="the mirror is away"), cache.use(RECIPE):
        pass
    maker.meanwhile = lambda: None
    use(cache)
    assert len(maker.made) == 2
    assert not list(cache.folder.glob("*.part"))


def test_of_two_that_want_one_at_once_one_makes_it_and_the_other_waits(cache: Cache, maker: Maker) -> None:
    other = threading.Thread(target=use, args=(Cache(cache.folder, maker),))

    def begin_the_other() -> None:
        other.start()
        other.join(0.3)
        assert other.is_alive()

    maker.meanwhile = begin_the_other
    use(cache)
    other.join(10)
    assert not other.is_alive()
    assert len(maker.made) == 1


def test_a_maker_that_is_killed_leaves_nothing_that_passes_for_a_file_system(cache: Cache, maker: Maker) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from rootfs import Cache, Recipe
def half(recipe, root):
    root.mkdir()
    (root / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
with Cache(Path(sys.argv[1]), half).use(Recipe("trixie", ("slurmd",))):
    pass
"""
    done = subprocess.run([sys.executable, "-c", code, cache.folder], cwd=Path(__file__).parent)
    assert done.returncode == -9
    assert not (use(cache) / "half").exists()
    assert len(maker.made) == 1


def test_every_release_has_a_key_of_its_own() -> None:
    assert len({recipe.key for recipe in RELEASES.values()}) == len(RELEASES)
