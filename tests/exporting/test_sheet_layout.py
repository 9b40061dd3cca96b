"""Where things stand on a contact sheet, and what its pages say."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from tvcore.errors import UsageError
from tvcore.exporting import sheet_fonts
from tvcore.exporting.sheet_layout import ACROSS_MAX, DOWN_MAX, PAPERS, Box, SheetOptions, layout, within
from tvcore.exporting.sheet_pages import DPI, Cell, pdf_of, pictures_of

NOW = datetime(2031, 5, 4, 13, 14)


@given(
    some.builds(
        SheetOptions,
        columns=some.lists(some.just("F"), max_size=20).map(tuple), tags=some.booleans(),
        across=some.integers(1, ACROSS_MAX), down=some.integers(1, DOWN_MAX),
        paper=some.sampled_from(list(PAPERS)), landscape=some.booleans(),
    )
)  # fmt: skip
def test_cells_stand_on_the_page_and_apart_with_room_for_picture_and_lines_or_are_refused(
    options: SheetOptions,
) -> None:
    try:
        found = layout(options)
    except UsageError:
        with pytest.raises(UsageError, match="do not fit"):
            layout(options)
        return
    assert len(found.cells) == options.per_page
    assert (found.width > found.height) == options.landscape
    for at, cell in enumerate(found.cells):
        assert cell.x >= 12 - 1e-9
        assert cell.x + cell.width <= found.width - 12 + 1e-9
        assert cell.y + cell.height <= found.height - 12 + 1e-9
        assert found.picture + 4.2 + options.lines * 3.3 <= cell.height + 1e-9
        for other in found.cells[at + 1 :]:
            apart = other.x >= cell.x + cell.width + 3.9 or other.y >= cell.y + cell.height + 3.9
            assert apart, (cell, other)


@given(some.integers(1, 20_000), some.integers(1, 20_000))
def test_a_picture_is_as_large_as_fits_keeps_its_shape_and_stands_in_the_middle(width: int, height: int) -> None:
    box = Box(3, 5, 40, 20)
    found = within(box, width, height)
    assert found.width / found.height == pytest.approx(width / height)
    assert max(found.width / box.width, found.height / box.height) == pytest.approx(1)
    assert found.x + found.width / 2 == pytest.approx(23)
    assert found.y + found.height / 2 == pytest.approx(15)


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def made(options: SheetOptions, cells: list[Cell], font: Path | None = None) -> tuple[bytes, list[str]]:
    said: list[str] = []
    return pdf_of(cells, layout(options), options, "Spots and waves", font, said.append, NOW), said


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (6, 1), (7, 2), (13, 3)])
def test_each_page_has_its_tiles_the_title_the_session_the_date_and_its_number(count: int, pages: int) -> None:
    cells = [Cell(f"tile-{at}.", (f"mass {at}.5 kg",), None, "failed") for at in range(count)]
    pdf, said = made(SheetOptions(title="A sweep of été", across=2, down=3), cells)
    found = texts(pdf)
    assert (len(found), said) == (pages, [])
    for number, text in enumerate(found, 1):
        for words in ("A sweep of été", "Spots and waves", "2031-05-04 13:14", f"{number} / {pages}", "failed"):
            assert words in text, text
    for at in range(count):
        where = [number for number, text in enumerate(found) if f"tile-{at}." in text and f"mass {at}.5 kg" in text]
        assert where == [at // 6]
    assert pdf_title(pdf) == "A sweep of été"


def pdf_title(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document.get_metadata_value("Title"))
    finally:
        document.close()


def test_a_long_title_is_cut_and_letters_that_no_font_has_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "a title that goes on and on " * 9
    pdf, said = made(SheetOptions(), [Cell(long, (), None), Cell("温度", (), None)])
    (text,) = texts(pdf)
    assert "a title that goes" in text
    assert long.strip() not in text.replace("\r\n", " ")
    assert "??" in text
    assert said == ["letters that the font lacks are question marks (2): name a font that has them by --font"]
    monkeypatch.setattr(sheet_fonts, "ROOTS", (Path("/no/such/folder"),))
    pdf, said = made(SheetOptions(title="“été” – 3"), [Cell("ω and é", (), None)])
    (text,) = texts(pdf)
    assert '"été" - 3' in text
    assert "? and é" in text


def test_a_font_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    for name, content in (("a.ttf", b"no font"), ("b.ttf", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UsageError, match="cannot be used as a font"):
            made(SheetOptions(), [Cell("a", (), None)], path)
    with pytest.raises(UsageError, match="cannot be used as a font"):
        made(SheetOptions(), [Cell("a", (), None)], tmp_path / "none.ttf")


def test_pages_as_pictures_have_the_colours_of_the_tiles_where_these_stand(tmp_path: Path) -> None:
    options = SheetOptions(across=2, down=2, paper="a5", landscape=True)
    colours = [(200, 40, 30), (30, 180, 60), (20, 60, 210)]
    cells = []
    for at, colour in enumerate(colours):
        path = tmp_path / f"{at}.jpg"
        Image.new("RGB", (80, 60), colour).save(path, "JPEG", quality=95)
        cells.append(Cell(f"{at}", (), path))
    where = layout(options)
    (page,) = pictures_of(made(options, cells)[0])
    with Image.open(io.BytesIO(page)) as picture:
        assert picture.size == pytest.approx((210 / 25.4 * DPI, 148 / 25.4 * DPI), abs=1)
        for box, colour in zip(where.cells, colours, strict=False):
            shown = where.picture_of(box)
            at = tuple(int(each / 25.4 * DPI) for each in (shown.x + shown.width / 2, shown.y + shown.height / 2))
            assert picture.getpixel(at) == pytest.approx(colour, abs=6)
        empty = where.picture_of(where.cells[3])
        assert picture.getpixel((int((empty.x + 20) / 25.4 * DPI), int((empty.y + 9) / 25.4 * DPI))) == (255, 255, 255)
