"""The folder of a tile's program for what nobody keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import NodeAgent, wait_for
from tvcore.errors import TiledVizError
from tvcore.node.scratch import scratch_folder

Start = Callable[..., NodeAgent]


def test_it_is_closed_to_others_and_gone_at_the_end(tmp_path: Path) -> None:
    with scratch_folder(str(tmp_path), "tile3") as variables:
        folder = Path(variables["TMPDIR"])
        assert folder.parent == tmp_path
        assert folder.name.startswith("tile3-")
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "left").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_without_a_setting_there_is_none() -> None:
    with scratch_folder("", "tile3") as variables:
        assert variables == {}


def test_a_folder_that_a_node_does_not_have_is_told_with_its_setting() -> None:
    with pytest.raises(TiledVizError, match=r"/no/such .*No such file.*job\.scratch"), scratch_folder("/no/such", "t"):
        pass


def test_each_tiles_program_writes_into_a_folder_of_its_own(start_agent: Start, home: Path) -> None:
    scratch = home.parent / "scratch"
    scratch.mkdir()
    write = ("sh", "-c", 'echo x > "$TILEDVIZ_SCRATCH/mine"; exec sleep 60')
    agent = start_agent(write, write, scratch=str(scratch))
    wait_for(lambda: len(list(scratch.glob("tile*/mine"))) == 2, what="both programs have written")
    assert sorted(path.parent.name.partition("-")[0] for path in scratch.glob("tile*/mine")) == ["tile0", "tile1"]
    agent.stop()
    assert list(scratch.iterdir()) == []


def test_a_tile_whose_node_has_no_such_folder_fails_with_the_cause(start_agent: Start) -> None:
    agent = start_agent(("sleep", "60"), scratch="/no/such")
    assert "job.scratch" in agent.wait_state("failed")["reason"]
