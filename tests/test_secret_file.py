"""The secret in a file that a setting names: what is taken, and what is said of any other file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tvcore.errors import TiledVizError
from tvcore.secret_file import secret_in


def test_a_secret_is_the_one_line_of_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "the secret"
    for written, secret in (("pässword\n", "pässword"), (" it's \r\n", " it's "), ("x" * 4096, "x" * 4096)):
        path.write_bytes(written.encode())
        path.chmod(0o400)
        assert secret_in(path, "a.setting") == secret
        path.chmod(0o600)


def test_any_other_file_is_told_in_one_line_that_has_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "the secret"

    def told() -> str:
        with pytest.raises(TiledVizError) as refused:
            secret_in(path, "a.setting")
        return str(refused.value)

    assert told() == f"{path} (a.setting) cannot be read: No such file or directory"
    for wrong in (b"", b"\n", b"  \n", b"hidden\nword\n", b"hidden\n\n", b"hidden\xff", b"hidden" * 1000):
        path.write_bytes(wrong)
        path.chmod(0o600)
        assert told() == f"{path} (a.setting) does not have one line of text, the secret: write it so"
    for mode in (0o640, 0o604, 0o610):
        path.chmod(mode)
        assert told() == f"others may read {path} (a.setting): `chmod 600 '{path}'`"
    path.unlink()
    os.mkfifo(path, 0o600)  # which nobody waits for
    assert told() == f"{path} (a.setting) is not a file of yours: make one that is"
    path.unlink()
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(path))
        assert "cannot be read" in told()
