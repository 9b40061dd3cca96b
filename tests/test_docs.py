"""What the documents say of the repository is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_every_test_that_the_feature_table_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", (ROOT / "docs/features.md").read_text())
    assert len(named) > 10
    for path, function in named:
        text = (ROOT / path).read_text()
        assert not function or f"def {function}(" in text, f"{path}::{function}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_readme_maps_every_folder() -> None:
    readme = (ROOT / "README.md").read_text()
    for folder in ("plugins", "batch_templates", "singularity_defs", "web_static", "tests", "docs"):
        assert f"({folder})" in readme
    for package in (ROOT / "tvcore").iterdir():
        if (package / "__init__.py").exists():
            assert f"(tvcore/{package.name})" in readme, package.name
