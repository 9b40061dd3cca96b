"""docs/troubleshooting.md has every cause for which a tile fails, and every message that it can show then."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvcore.batch import slurm_words
from tvcore.batch.local import outcome
from tvcore.batch.scheduler import JobState
from tvcore.causes import Cause
from tvcore.container import explain
from tvcore.node.display import INSTALL
from tvcore.node.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
CORE = ROOT / "tvcore"
ERRORS = {"TileFailureError", "DisplayError"}
AGENT = ("node/agent.py", "node/children.py")  # whose every TiledVizError ends the agent
HOLE = "…"  # stands in a message for what differs
FAILED = (JobState.FAILED, JobState.TIMEOUT, JobState.OUT_OF_MEMORY, JobState.NODE_FAIL)


def plain(text: str) -> str:
    """Return *text* on one line, without Markdown's marks, and with one hole where there are several."""
    return re.sub(rf"{HOLE}+", HOLE, " ".join(text.replace("`", "").split()))


def document() -> str:
    """Return the whole document, plain."""
    return plain((ROOT / "docs" / "troubleshooting.md").read_text())


def told(message: str, where: str) -> bool:
    """Return whether *message* is in the text *where*; a hole is filled there by little, or is a hole."""
    parts = [re.escape(part) for part in message.strip(f"{HOLE} ").split(HOLE)]
    return re.search(".{0,60}?".join(parts), where) is not None


def sections() -> dict[str, str]:
    """Return the sections of the document by their headings."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    return {part[1]: plain(part[2]) for part in re.finditer(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.AST]]:
    """Yield the calls in *tree* by a plain name, each with the function around it."""
    for around in ast.walk(tree):
        if isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            for node in ast.walk(around):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node, around


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def texts(node: ast.expr, around: ast.AST) -> Iterator[str]:
    """Yield the texts of the code that *node* may be, with holes for values; names are looked up *around* it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from texts(argument, around)
    elif isinstance(node, ast.Name):
        for assigned in ast.walk(around):
            if isinstance(assigned, ast.Assign) and any(ast.dump(t) == store(node) for t in assigned.targets):
                yield from texts(assigned.value, around)


def store(name: ast.Name) -> str:
    return ast.dump(ast.Name(name.id, ast.Store()))


def makers(tree: ast.Module) -> set[str]:
    """Return the functions of a module that make an error of the text that they are given."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and name_of(node.value) in ERRORS
        if isinstance(node.value.args[-1], ast.Name)
        and node.value.args[-1].id in {argument.arg for argument in function.args.args}
    }


def messages() -> dict[str, str]:
    """Return the texts of the errors by which a tile fails, wherever the code makes one, each with its place."""
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        place, tree = str(path.relative_to(CORE)), ast.parse(path.read_text())
        wanted = ERRORS | makers(tree) | ({"TiledVizError"} if place in AGENT else set())
        for call, around in calls(tree):
            if name_of(call) in wanted:
                found |= {plain(text): place for argument in call.args for text in texts(argument, around)}
    return {text: place for text, place in found.items() if text.strip(f"{HOLE} ")}


def rules() -> list[tuple[Cause, str]]:
    """Return what the container command's failures are called."""
    return [(rule.cause, plain(re.sub(r"\{\w+\}", HOLE, rule.text))) for _, rule in explain._RULES]


def test_every_cause_has_a_section_and_every_section_is_a_cause() -> None:
    assert list(sections()) == [cause.value for cause in Cause]


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_what_to_do_in_one_sentence(cause: Cause) -> None:
    assert cause.advice.endswith(".")
    assert len(cause.advice.splitlines()) == 1


def test_every_message_of_a_tile_that_fails_is_in_the_document() -> None:
    where, found = document(), messages()
    assert len(found) > 15
    assert not {text: place for text, place in found.items() if not told(text, where)}
    assert not told("a message that nobody wrote …", where)


def test_every_failure_of_the_container_command_is_in_the_section_of_its_cause() -> None:
    assert len(rules()) > 10
    assert not [(cause, text) for cause, text in rules() if not told(text, sections()[cause])]


def test_every_way_in_which_slurm_ends_a_job_is_in_the_document() -> None:
    where = document()
    ways = [f"{words} ({name})" for name, words in slurm_words._STATE_WORDS.items() if ended_badly(name)]
    ways += [f"{words} ({HOLE})" for words in slurm_words._FAILURES.values()]
    assert len(ways) > 8
    assert not [words for words in ways if not told(words, where)]


def ended_badly(name: str) -> bool:
    return slurm_words._STATES[name] in FAILED


def test_how_agents_end_and_what_a_node_lacks_is_in_the_document() -> None:
    found = sections()
    assert told(outcome(-9, cancelled=False)[1].replace("SIGKILL", HOLE), found[Cause.AGENT_ENDED])
    assert told(plain(outcome(3, cancelled=False)[1].replace("code 3", f"code {HOLE}")), found[Cause.AGENT_ENDED])
    assert told(INSTALL, found[Cause.NO_DISPLAY])
    refusal = Sandbox(Path("/run"), Path("/state"), "required", lacking=HOLE).refusal
    assert told(plain(refusal), found[Cause.NOT_ISOLATED])
