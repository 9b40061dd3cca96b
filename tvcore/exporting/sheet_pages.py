"""Draws the pages of a contact sheet, as a PDF whose texts are texts, and as pictures of those pages."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from PIL import Image

from tvcore.exporting.sheet_fonts import add_font
from tvcore.exporting.sheet_layout import FOOT, HEAD, MARGIN, TITLE_LINE, VALUE_LINE, Box, Layout, SheetOptions, within

DPI = 200  # of pages that are pictures
POINT = 25.4 / 72  # millimetres
LARGE, TITLE, VALUE, SMALL = 14.0, 8.5, 7.0, 8.0  # heights of letters, in points
INK, QUIET, LINE, EMPTY = (20, 20, 22), (95, 95, 100), (190, 190, 190), (240, 240, 240)
MORE = "…"


@dataclass(frozen=True)
class Cell:
    """A tile: its title, the lines below, and its picture, or what is said in its place."""

    title: str
    lines: tuple[str, ...]
    picture: Path | None
    said: str = ""


class _Pages:
    """The pages, as they are drawn one after another."""

    def __init__(self, layout: Layout, font: Path | None) -> None:
        self.layout = layout
        self.lost = 0  # letters that the font lacks
        self.pdf = FPDF(unit="mm", format=(layout.width, layout.height))
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creator("TiledViz")
        self.pdf.c_margin = 0
        self._family, self._shown = add_font(self.pdf, font)
        if self._family == "helvetica":
            self._more = "..."
        else:
            self._more = MORE

    def text(
        self, box: Box, text: str, size: float, *, bold: bool = False, quiet: bool = False, align: str = "L"
    ) -> None:
        """Write one line into *box*; what does not fit is cut."""
        pdf = self.pdf
        shown = self._shown(text)
        self.lost += sum(one != other for one, other in zip(text, shown, strict=True))
        pdf.set_font(self._family, "B" if bold else "", size)
        pdf.set_text_color(*(QUIET if quiet else INK))
        pdf.set_xy(box.x, box.y)
        pdf.cell(box.width, box.height, self._fitting(shown, box.width), align=align)

    def _fitting(self, text: str, width: float) -> str:
        if self.pdf.get_string_width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.pdf.get_string_width(text[:middle].rstrip() + self._more) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + self._more

    def around(self, title: str, session: str, date: str, page: int, pages: int) -> None:
        """Begin a page, with what stands on each."""
        layout = self.layout
        self.pdf.add_page()
        inner = layout.width - 2 * MARGIN
        self.text(Box(MARGIN, MARGIN - 2, inner, HEAD - 4), title, LARGE, bold=True)
        foot = layout.height - MARGIN - FOOT + 3
        self.pdf.set_draw_color(*LINE)
        self.pdf.set_line_width(0.2)
        self.pdf.line(MARGIN, MARGIN + HEAD - 4, layout.width - MARGIN, MARGIN + HEAD - 4)
        self.text(Box(MARGIN, foot, inner * 0.7, 4), f"{session} · {date}", SMALL, quiet=True)
        self.text(Box(MARGIN + inner * 0.7, foot, inner * 0.3, 4), f"{page} / {pages}", SMALL, quiet=True, align="R")

    def cell(self, box: Box, cell: Cell) -> None:
        """Draw a tile."""
        frame = self.layout.picture_of(box)
        if cell.picture is not None:
            with Image.open(cell.picture) as picture:
                frame = within(frame, *picture.size)
            self.pdf.image(cell.picture, frame.x, frame.y, frame.width, frame.height, alt_text=cell.title)
        else:
            self.pdf.set_fill_color(*EMPTY)
            self.pdf.rect(frame.x, frame.y, frame.width, frame.height, style="F")
            middle = Box(frame.x + 1, frame.y + frame.height / 2 - 2, frame.width - 2, 4)
            self.text(middle, cell.said, VALUE, quiet=True, align="C")
        self.pdf.set_draw_color(*LINE)
        self.pdf.set_line_width(0.15)
        self.pdf.rect(frame.x, frame.y, frame.width, frame.height)
        below = box.y + self.layout.picture + 0.5
        self.text(Box(box.x, below, box.width, TITLE_LINE - 0.5), cell.title, TITLE, bold=True)
        for at, line in enumerate(cell.lines):
            y = below + TITLE_LINE - 0.5 + at * VALUE_LINE
            self.text(Box(box.x, y, box.width, VALUE_LINE), line, VALUE, quiet=True)


def pdf_of(
    cells: Sequence[Cell], layout: Layout, options: SheetOptions, session: str, font: Path | None,
    tell: Callable[[str], None], now: datetime,
) -> bytes:  # fmt: skip
    """Return the pages of *cells* as a PDF; what of texts could not be shown is told by *tell*.

    Raises UsageError for a *font* that is none.
    """
    drawn = _Pages(layout, font)
    title = options.title or session
    drawn.pdf.set_title(title)
    drawn.pdf.set_creation_date(now.astimezone())
    pages = max(1, -(-len(cells) // options.per_page))
    for page in range(pages):
        drawn.around(title, session, f"{now:%Y-%m-%d %H:%M}", page + 1, pages)
        on_it = cells[page * options.per_page : (page + 1) * options.per_page]
        for box, cell in zip(layout.cells, on_it, strict=False):
            drawn.cell(box, cell)
    if drawn.lost:
        tell(f"letters that the font lacks are question marks ({drawn.lost}): name a font that has them by --font")
    return bytes(drawn.pdf.output())


def pictures_of(pdf: bytes) -> list[bytes]:
    """Return the pages of *pdf* as PNGs."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_png(document[number].render(scale=DPI / 72).to_pil()) for number in range(len(document))]
    finally:
        document.close()


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.convert("RGB").save(written, "PNG", dpi=(DPI, DPI), optimize=False)
    return written.getvalue()
