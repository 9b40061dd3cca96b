"""What the command line and the web API both call."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tvcore import api
from tvcore.errors import TiledVizError, UsageError
from tvcore.paths import runtime_folder, secure_folder, write_atomic
from tvcore.terminal import table


def test_the_tail_of_a_log_is_bounded_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert api.tail(log, 5) == []
    log.write_bytes(b"x" * (2 * api.LOG_BYTES) + b"\nlast but one\n\xff last\n")
    assert api.tail(log, 2) == ["last but one", "\ufffd last"]
    assert sum(map(len, api.tail(log, 10))) <= api.LOG_BYTES
    with pytest.raises(UsageError, match="ask for one at least"):
        api.tail(log, 0)
    with pytest.raises(TiledVizError, match="cannot be read"):
        api.tail(tmp_path, 1)


def test_a_folder_of_ours_is_closed_to_others_even_if_it_was_open(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert secure_folder(folder).stat().st_mode & 0o777 == 0o700


def test_a_folder_of_another_user_is_refused(tmp_path: Path, other_user: list[str]) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(TiledVizError, match="is not a folder of yours"):
        secure_folder(folder)


def test_runtime_folders_have_paths_short_enough_for_sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setenv("TMPDIR", "/nowhere")
    folder = runtime_folder()
    assert len(str(folder / "tile-65535" / "rfb.sock")) < 108
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, "first")
    with pytest.raises(TypeError):
        write_atomic(path, 7)  # type: ignore[arg-type]
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_table_is_as_wide_as_its_content() -> None:
    assert (
        table(("a", "bb", ""), [("long cell", 1, "x"), ("s", 22, "")])
        == "a          bb\nlong cell  1   x\ns          22"
    )
