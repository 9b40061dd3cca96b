"""The bundled cases are written as an outsider would: with what docs/plugins.md offers, and nothing of one another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvcore.cases import catalog, manager

ROOT = Path(__file__).parent.parent.parent
OFFERED = {"tvcore"} | set(re.findall(r"`(tvcore(?:\.\w+)+)`", (ROOT / "docs" / "plugins.md").read_text()))
WHOLE = ("tvcore.viewer",)  # packages that are offered with all that is in them
CASES = sorted(path.parent for path in ROOT.glob("plugins/*/__init__.py") if path.parent.name != "tileset")


def imports_of(file: Path) -> Iterator[str]:
    """Yield the modules that *file* imports, relative ones with their dots."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "tvcore" and not node.level:
            yield from (f"tvcore.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_bundled_case_imports_only_what_the_course_offers(case: Path) -> None:
    for file in case.rglob("*.py"):
        for module in imports_of(file):
            assert not module.startswith(".."), f"{file}: {module}"
            if module.split(".")[0] == "tvcore" and not module.startswith(WHOLE):
                assert module in OFFERED, f"{file}: {module} is not offered by docs/plugins.md"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_bundled_case_has_a_picture_a_page_and_words_for_each_parameter(case: Path) -> None:
    loaded = manager.load(catalog.find(case.name))
    assert Path(loaded.picture).stat().st_size < 61_440
    page = ROOT / "docs" / "cases" / f"{case.name}.md"
    assert f"]({case.name}.png)" in page.read_text()
    assert page.with_suffix(".png").is_file()
    for key, field in loaded.schema()["properties"].items():
        assert field["description"], key
        assert "default" in field, key
        assert f"`{key}`" in page.read_text(), f"{page}: {key}"
