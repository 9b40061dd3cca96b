"""The messages of the routes by which people act on tiles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tvcore.portal.messages import Answer, Message

TILES_MAX = 4096
FILE_MAX = 32 << 20  # bytes of a file by HTTP; the command line has no limit
FILE_SECONDS = 600.0
BASE64_MAX = (FILE_MAX + 2) // 3 * 4
PUT_BODY_MAX = BASE64_MAX + (1 << 16)
RUN_SECONDS_MAX = 600.0

TileId = Annotated[int, Field(ge=0)]
Pixels = Annotated[int, Field(ge=16, le=16384)]
Place = Annotated[int, Field(ge=-16384, le=16384)]
Button = Annotated[int, Field(ge=1, le=9)]
Path = Annotated[str, Field(min_length=1, max_length=4096)]


class Tiles(Message):
    """Which tiles, by their ids."""

    tiles: list[TileId] = Field(min_length=1, max_length=TILES_MAX)


class Resize(Tiles):
    """A size in pixels."""

    width: Pixels
    height: Pixels


class Run(Tiles):
    """A command as an argument list: no shell reads it."""

    command: list[str] = Field(min_length=1, max_length=1000)
    seconds: float = Field(default=60.0, gt=0, le=RUN_SECONDS_MAX, description="after so long it is ended")


class Put(Tiles):
    """A file for the tiles, whole."""

    path: Path
    data: str = Field(max_length=BASE64_MAX, description="the bytes in base64, at most 32 MiB of them")


class Get(Message):
    """Which file of which tile."""

    tile: TileId
    path: Path


class Type(Tiles):
    """A text to type."""

    text: str = Field(min_length=1, max_length=10_000)


class Key(Tiles):
    """Keys to press together."""

    keys: str = Field(min_length=1, max_length=200, description="e.g. `Return`, `ctrl+alt+t`")


class Move(Tiles):
    """Where the pointer goes, in pixels of the display."""

    x: Place
    y: Place


class Click(Move):
    """Where to click, with which button (1 left, 2 middle, 3 right), how many times."""

    button: Button = 1
    count: int = Field(default=1, ge=1, le=10)


class Drag(Move):
    """Where to drag from, and to."""

    to_x: Place
    to_y: Place
    button: Button = 1


class Play(Tiles):
    """Where movies and PDFs are to stand, the same for all."""

    at: float = Field(ge=0, le=1e9, allow_inf_nan=False, description="seconds of a movie; page of a PDF, from 1")
    playing: bool = Field(description="whether it goes on from there")
    rate: float = Field(default=1.0, ge=-64, le=64, allow_inf_nan=False, description="seconds, or pages, a second")


class ChangeWindow(Tiles):
    """What to do with the first window whose title has *title* in it."""

    title: str = Field(default="", max_length=1000)
    action: Literal["maximise", "place", "raise", "close"]
    place: list[Place] = Field(default_factory=list, max_length=4, description="x, y, and width, height")


class Act(Tiles):
    """An action of the tiles' case, by its *name*; of one for all together the first of *tiles* leads.

    With *request*, a name that the caller makes up, it can be asked how far it is, and cancelled.
    """

    name: str = Field(min_length=1, max_length=40)
    arguments: dict[str, Any] = Field(default_factory=dict, max_length=100, description="chosen, as text or JSON")
    request: str = Field(default="", pattern="^([A-Za-z0-9-]{8,64})?$")


class TileResult(Answer):
    """What came of it for one tile; *error* is one line, empty when it was done."""

    tile: int
    title: str
    error: str


class ResizeResult(TileResult):
    """The size that the display got."""

    width: int | None = None
    height: int | None = None


class RunResult(TileResult):
    """What came of a command: of each output the first 64 KiB, *cut* when there was more."""

    code: int | None
    stdout: str
    stderr: str
    seconds: float
    cut: bool


class ActResult(TileResult):
    """What came of an action, in the case's words."""

    said: str


class CaseAction(Answer):
    """An action that the case of some tiles offers."""

    case: str
    name: str
    title: str
    icon: str = Field(description="a word for it: act, restart, save, look, count, stop, camera, colour, level, table")
    each: Literal["tile", "once"] = Field(description="for every tile by itself, or for all together")
    leader: bool = Field(description="whether the first of the tiles is the one whose state the others take")
    parameters: dict[str, Any] | None = Field(description="JSON Schema of what one chooses before; null: nothing")
    command: list[str] = Field(description="what is run in the tiles; empty: the case's own Python")
    right: str = Field(description="what who does it must have")
    seconds: float = Field(description="how long it may take for one tile, or once")
    confirm: str = Field(description="a question to ask before; empty: none")
    means: str = Field(description="what the page does it for by itself: camera, time; empty: nothing")
    tiles: list[int] = Field(description="those of the tiles asked for that it is for")


class TileProgress(Answer):
    """How far an action is in one tile."""

    tile: int
    fraction: float
    text: str
    state: Literal["waits", "runs", "done", "failed"]


class ActProgress(Answer):
    """How far an action is, and whether it is over."""

    tiles: list[TileProgress]
    over: bool


class Cancelled(Answer):
    """It is being ended."""

    cancelled: bool


class CaseActions(Answer):
    """What the cases of tiles offer; *errors* has a line for each case that failed to say."""

    actions: list[CaseAction]
    errors: list[str]


class Window(Answer):
    """A window of a tile."""

    id: int | str
    title: str
    x: int
    y: int
    width: int
    height: int


class WindowsResult(TileResult):
    """The windows of a tile."""

    windows: list[Window]


class Results(Answer):
    """A result per tile, in the order asked for."""

    results: list[TileResult]


class ResizeResults(Answer):
    """A result per tile, in the order asked for."""

    results: list[ResizeResult]


class RunResults(Answer):
    """A result per tile, in the order asked for."""

    results: list[RunResult]


class WindowsResults(Answer):
    """A result per tile, in the order asked for."""

    results: list[WindowsResult]


class ActResults(Answer):
    """A result per tile, in the order asked for."""

    results: list[ActResult]


class FileAnswer(Answer):
    """A file of a tile."""

    name: str
    data: str = Field(description="the bytes in base64")
