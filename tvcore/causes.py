"""Why a tile failed, in words that are the same everywhere, and what to do about each: docs/troubleshooting.md."""

from __future__ import annotations

from enum import StrEnum

from tvcore.errors import TiledVizError


class Cause(StrEnum):
    """What kind of failure it is; the tile's reason says the rest."""

    OUT_OF_MEMORY = "out of memory"
    TIME_LIMIT = "time limit"
    NODE_FAILURE = "node failure"
    BATCH_SYSTEM = "batch system"
    PROGRAM_ENDED = "program ended"
    PROGRAM_MISSING = "program missing"
    IMAGE_MISSING = "image missing"
    IMAGE_UNFIT = "image unfit"
    NO_CONTAINERS = "no containers"
    FILE_MISSING = "file missing"
    FILE_BROKEN = "file broken"
    DISK_FULL = "disk full"
    NO_DISPLAY = "no display"
    NO_GL = "no GL"
    NOT_ISOLATED = "not isolated"
    AGENT_ENDED = "node agent ended"

    @property
    def advice(self) -> str:
        """Return what a person can do about it, in one sentence."""
        return _ADVICE[self]


_ADVICE = {
    Cause.OUT_OF_MEMORY: "Ask for more memory (--set memory=16G), or for fewer tiles a node (--set nodes=2).",
    Cause.TIME_LIMIT: "Launch again with more time: --set time=04:00:00.",
    Cause.NODE_FAILURE: "Launch again; when it happens on the same node, tell the site's administrators its name.",
    Cause.BATCH_SYSTEM: "Read the job's log (tiledviz logs JOB), or ask the site's administrators.",
    Cause.PROGRAM_ENDED: "Read the tile's log: its last lines are the program's own. Then start it again.",
    Cause.PROGRAM_MISSING: "Install the program where the tile runs (image or node), or mend PATH in job.modules.",
    Cause.IMAGE_MISSING: "Build it (tiledviz image build NAME) into a folder that the nodes see (images.folder).",
    Cause.IMAGE_UNFIT: "Look at it (tiledviz image check NAME) and build it again on a machine like the nodes.",
    Cause.NO_CONTAINERS: "Ask the site's administrators, or run without containers: --set container=none.",
    Cause.FILE_MISSING: "Put it where the nodes see it (a shared folder), or correct the path that the case names.",
    Cause.FILE_BROKEN: "Look at the file with another program; write it again, then start the tile again.",
    Cause.DISK_FULL: "Make room, or name another folder of the nodes: --set scratch=/path.",
    Cause.NO_DISPLAY: "Read the tile's log; a node without TigerVNC needs an image (--set container=apptainer).",
    Cause.NO_GL: "Let the best way be found (--set tiles.gl=auto), or ask for GPUs: --set gres=gpu:1.",
    Cause.NOT_ISOLATED: "Use nodes with user namespaces, or allow it: --set tiles.isolation=auto.",
    Cause.AGENT_ENDED: "Read the job's log (tiledviz logs JOB), and launch again.",
}


class TileFailureError(TiledVizError):
    """A tile cannot go on: *cause* says what kind of failure it is, the text what happened and where."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause
