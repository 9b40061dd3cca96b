"""What the container command says when it cannot run a program, put into a cause and one line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import Runtime

OWN_FAILURES = (1, 255)  # exit codes of Apptainer and SingularityCE for failures of their own
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"^(?:FATAL:   |FATAL  : |ERROR  : )(.*)$", re.MULTILINE)
_LONGEST = 400


@dataclass(frozen=True)
class _Rule:
    """A message of the container command, and what it means; *text* may use its groups, {image} and {node}."""

    pattern: str
    cause: Cause
    text: str


_RULES = tuple(
    (re.compile(rule.pattern, re.IGNORECASE | re.MULTILINE), rule)
    for rule in (
        _Rule(
            r"failed to create user namespace|could not start root namespace|no user namespace available"
            r"|user namespaces? (?:is|are) (?:disabled|not)|userns.*disabled|not allowed to create user namespace",
            Cause.NO_CONTAINERS,
            "{node} gives ordinary users no user namespaces, so {title} cannot start a container (check"
            " /proc/sys/user/max_user_namespaces, or have its setuid version installed)",
        ),
        _Rule(
            r"architecture \((?P<theirs>\w+)\) could not run on the host's \((?P<ours>\w+)\)"
            r"|image targets '(?P<theirs2>\w+)', cannot run on '(?P<ours2>\w+)'",
            Cause.IMAGE_UNFIT,
            "the image {image} is for {theirs} and {node} is {ours}: build it on a machine like the nodes",
        ),
        _Rule(
            r"fuse: failed to open /dev/fuse: (?P<why>[^\n]+)",
            Cause.NO_CONTAINERS,
            "{node} does not let ordinary users use FUSE, by which {title} reads an image (/dev/fuse: {why})",
        ),
        _Rule(
            r"fuse: device not found|squashfuse_ll not found|squashfuse.*executable file not found|fusermount3?: ",
            Cause.NO_CONTAINERS,
            "{node} has no FUSE, by which {title} reads an image: `modprobe fuse`, and install squashfuse and fuse3",
        ),
        _Rule(
            r"no space left on device|disk quota exceeded",
            Cause.DISK_FULL,
            "no room on {node} to start a container: {said}",
        ),
        _Rule(
            r"could not open image (?P<file>.*?): (?:failed to retrieve path|.*lstat).*no such file or directory",
            Cause.IMAGE_MISSING,
            "there is no image {image} on {node}: it must lie in a folder that the nodes see",
        ),
        _Rule(
            r"could not open image .*(?:permission denied|is not readable by the current user)",
            Cause.IMAGE_MISSING,
            "the image {image} cannot be read on {node}: permission denied",
        ),
        _Rule(
            r"image format not recognized|unknown image format|could not (?:detect|identify) image format",
            Cause.IMAGE_UNFIT,
            "{image} is not an image that {title} knows: build it again (tiledviz image build)",
        ),
        _Rule(
            r"trying to read the squashfs image|can't find a valid squashfs|failed to read squashfs|unexpected EOF"
            r"|while loading SIF|mount /proc/self/fd/\d+.*(?:invalid argument|input/output error)"
            r"|extraction failed|no (?:root )?filesystem partition",
            Cause.IMAGE_UNFIT,
            "the image {image} is damaged or cut short: build or copy it again",
        ),
        _Rule(
            r"destination (?P<target>/\S*) doesn't exist in container",
            Cause.IMAGE_UNFIT,
            "the image {image} is no whole system: it has no {target}",
        ),
        _Rule(
            r"mount source (?P<source>.*?) doesn't exist|while (?:mounting|binding) (?P<source2>.*?): no such file",
            Cause.FILE_MISSING,
            "{source}, which the container is to see, is not there on {node}",
        ),
        _Rule(
            r'^"(?P<program>[^"]*)": executable file not found in \$PATH'
            r"|^stat (?P<program2>/[^\n]*): no such file or directory",
            Cause.PROGRAM_MISSING,
            "the image {image} has no program {program}",
        ),
        _Rule(
            r"^exec (?P<program>/[^\n]*?) failed: fork/exec [^\n]*?: (?P<why>[^\n]+)",
            Cause.PROGRAM_MISSING,
            "{program} does not run in the image {image}: {why}",
        ),
        _Rule(
            r"^permission denied$",
            Cause.PROGRAM_MISSING,
            "the program is no executable file in the image {image}: permission denied",
        ),
    )
)


def explain(text: str, code: int, image: str, runtime: Runtime | None, node: str) -> TileFailureError | None:
    """Return why the container command itself failed, by the *text* it left and its exit *code*.

    None: it did not; the program in the container ran, and that was its own end.
    """
    if code not in OWN_FAILURES:
        return None
    said = own_words(text)
    if not said or (code == 1 and "namespace" not in said):
        return None
    title = runtime.title if runtime else "the container command"
    for pattern, rule in _RULES:
        if match := pattern.search(said):
            found = {name.rstrip("2"): value for name, value in match.groupdict().items() if value}
            values = {"image": image, "node": node, "title": title, "said": _short(said), **found}
            return TileFailureError(rule.cause, _one_line(rule.text.format(**values)))
    return TileFailureError(Cause.NO_CONTAINERS, _one_line(f"{title} on {node} cannot run {image}: {_short(said)}"))


def own_words(text: str) -> str:
    """Return what of *text* the container command says of its failure: its last lines of level FATAL and ERROR."""
    lines = _LINE.findall(_COLOR.sub("", text))
    return "\n".join(lines[-3:])


def _short(said: str) -> str:
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."


def _one_line(text: str) -> str:
    return " ".join(text.split())
