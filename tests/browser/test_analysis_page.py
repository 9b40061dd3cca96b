"""Analyses on the page: groups to group and colour by, planes as scatter plots, outliers, and taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, Locator, Page, expect

from commanding import run_command
from portal_kit import RunningJob, RunningPortal
from world import until

PATIENCE_MS = 30_000
MISSING = 5  # which tile has no `heat`
COLUMNS = [
    {"name": name, "dtype": "float64", "unit": unit, "description": "", "role": "result"}
    for name, unit in (("mass", "kg"), ("heat", "K"), ("noise", ""))
]


def rows() -> list[dict[str, Any]]:
    """Three groups of eight, six and four in mass and heat; a noise that tells nothing, but for one."""
    found = []
    for at, many in ((1.0, 8), (20.0, 6), (60.0, 4)):
        found += [
            {"mass": at + 0.3 * (i % 4), "heat": 300 + 3 * at + 0.5 * (i // 4), "noise": float(len(found) + i) % 5}
            for i in range(many)
        ]
    found[MISSING]["heat"] = None
    found[2]["noise"] = 400.0
    return found


@pytest.fixture(scope="module")
def groups(portal: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles=18, columns=COLUMNS, rows=rows())
    yield running
    running.end()


@pytest.fixture
def open_page(chromium: Browser, portal: RunningPortal, groups: RunningJob) -> Iterator[Callable[..., Page]]:
    """Open pages on the wall of three groups; what they did to the session is taken back."""
    contexts = []
    problems: list[str] = []

    def opened(role: str = "owner", width: int = 1440, height: int = 900, **more: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **{"locale": "en-GB", **more})
        context.on("weberror", lambda error: problems.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 18")
        rest(page)
        return page

    yield opened
    clean(contexts[0].pages[0])
    for context in contexts:
        context.close()
    assert problems == []


def clean(page: Page) -> None:
    """Take all of the session's registers out again: the next test begins with none."""
    page.evaluate(
        """() => {
            const { session } = window.tiledviz;
            session.set(session.document.below('').map(([path]) => [path, null]), 'view');
        }"""
    )
    until(page, "window.tiledviz.session.document.pending.length == 0")


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


def rest(page: Page) -> None:
    """Wait until nothing moves."""
    seen: list[object] = [None, 0]
    while seen[-1] != seen[-2]:
        page.wait_for_timeout(250)
        seen.append(page.evaluate("window.tiledviz.tiles().map(t => t.rect)"))


def analysis(page: Page) -> Locator:
    dialog = page.get_by_role("dialog", name="Analysis")
    if not dialog.is_visible():
        page.keyboard.press("Shift+A")
    expect(dialog).to_be_visible()
    return dialog


def analyse(page: Page, method: str, *columns: str) -> Locator:
    """Do an analysis by its dialog, and return that with what came of it."""
    dialog = analysis(page)
    dialog.get_by_role("radio", name=method).check()
    if columns:
        dialog.get_by_role("button", name="None").click()
        for column in columns:
            dialog.get_by_role("checkbox", name=re.compile(f"^{column}")).check()
    dialog.get_by_role("button", name="Analyse").click()
    outcome = dialog.get_by_role("region", name="What came of it")
    expect(outcome).to_be_visible(timeout=PATIENCE_MS)
    return outcome


def search(page: Page, query: str, found: str) -> None:
    page.get_by_role("combobox", name="Search tiles").fill(query)
    expect(page.locator("#found")).to_have_text(found, timeout=PATIENCE_MS)


def on_wall(page: Page) -> None:
    page.get_by_role("gridcell").first.focus()


def middles(page: Page) -> dict[str, tuple[float, float]]:
    found = page.evaluate("window.tiledviz.tiles().map(t => [t.title, t.rect])")
    return {title: (rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2) for title, rect in found}


def test_kmeans_makes_groups_that_one_groups_and_colours_by_and_takes_back(page: Page, output: Path) -> None:
    on_wall(page)
    outcome = analyse(page, "Groups (k-means)", "mass", "heat")
    expect(outcome).to_contain_text("3 groups of 17 tiles, well apart")
    expect(outcome.get_by_role("listitem")).to_have_count(3)
    expect(outcome.get_by_role("listitem").first).to_contain_text("cluster-1 · 7 tiles")
    expect(outcome).to_contain_text("1 tile lacks a value, and stayed out of it")
    bars = outcome.get_by_role("group", name="How well groups are apart, by how many there are")
    expect(bars.get_by_role("button")).to_have_count(9)
    expect(bars.get_by_role("button", name=re.compile("^3 groups: .*, proposed$"))).to_have_attribute(
        "aria-pressed", "true"
    )
    page.screenshot(path=output / "analysis-groups.png")
    outcome.get_by_role("button", name="Group by it").click()
    expect(page.get_by_role("dialog", name="Analysis")).to_be_hidden()
    lanes = page.get_by_role("rowgroup")
    expect(lanes).to_have_count(4, timeout=PATIENCE_MS)
    expect(page.get_by_role("rowgroup", name="cluster-3").get_by_role("gridcell")).to_have_count(4)
    rest(page)
    outcome = analyse(page, "Groups (k-means)")
    outcome.get_by_role("button", name="Colour by it").click()
    expect(page.get_by_role("button", name="cluster-3: select 4 tiles").first).to_be_visible(timeout=PATIENCE_MS)
    rest(page)
    page.screenshot(path=output / "analysis-grouped.png")
    # It is found, and each tile says how it was made.
    details = page.get_by_role("complementary", name="Details")
    expect(details).to_contain_text(
        "k-means, 3 groups (proposed by its silhouette), over mass, heat, standardised, seed 0"
    )
    search(page, "cluster=cluster-3", "4 of 18")
    search(page, "", "")
    until(page, "window.tiledviz.session.document.get('made/cluster') != null")
    on_wall(page)
    for _ in range(6):
        page.keyboard.press("Control+z")
    until(page, "!window.tiledviz.session.document.get('made/cluster')")
    expect(lanes).to_have_count(0)
    assert page.evaluate("window.tiledviz.session.document.below('tags/').length") == 0


def test_another_number_of_groups_is_taken_by_its_bar_and_a_search_says_of_which_tiles(page: Page) -> None:
    on_wall(page)
    search(page, "mass>10", "10 of 18")
    on_wall(page)
    dialog = analysis(page)
    dialog.get_by_role("checkbox", name="Only the 10 tiles that the search found").check()
    outcome = analyse(page, "Groups (k-means)", "mass", "heat")
    expect(outcome).to_contain_text("2 groups of 10 tiles")
    outcome.get_by_role("button", name=re.compile("^4 groups: ")).click()
    expect(outcome).to_contain_text("4 groups of 10 tiles", timeout=PATIENCE_MS)
    expect(outcome.get_by_role("button", name=re.compile("^4 groups: "))).to_have_attribute("aria-pressed", "true")
    until(page, "new Set(window.tiledviz.session.document.get('made/cluster').values.map(([, v]) => v)).size == 4")
    page.keyboard.press("Escape")
    search(page, "", "")


def test_a_plane_is_shown_as_a_scatter_plot_of_live_tiles_and_walked_by_arrows(page: Page, output: Path) -> None:
    on_wall(page)
    outcome = analyse(page, "A plane (PCA)", "mass", "heat")
    expect(outcome).to_contain_text("A plane for 17 tiles, which has 100 % of how they differ".replace(" %", "\u202f%"))
    outcome.get_by_role("button", name="Show as a scatter plot").click()
    until(page, "window.tiledviz.session.document.get('layout/scatter')?.x.by == 'column:pca_1'")
    until(page, "window.tiledviz.tiles().length == 18")
    rest(page)
    page.screenshot(path=output / "analysis-plane.png")
    places = middles(page)
    first, second, third = ([places[f"tile {i}"] for i in at if i != MISSING] for at in ((0, 4), (8, 13), (14, 17)))
    across = [sum(x for x, _ in each) / len(each) for each in (first, second, third)]
    assert across == sorted(across) or across == sorted(across, reverse=True)
    assert places[f"tile {MISSING}"][1] > max(y for title, (_, y) in places.items() if title != f"tile {MISSING}")
    # Arrows lead to the nearest tile that way.
    page.get_by_role("gridcell", name=re.compile("^tile 8,")).focus()
    page.keyboard.press("ArrowRight" if across[0] < across[2] else "ArrowLeft")
    title = page.evaluate("window.tiledviz.tiles().find(t => t.focused).title")
    assert title != "tile 8"
    assert (places[title][0] - places["tile 8"][0]) * (across[2] - across[0]) > 0
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("gridcell", name=re.compile(f"^tile {MISSING},"))).to_be_focused()
    expect(page.get_by_role("gridcell", name=re.compile(f"^tile {MISSING},.*Without a value"))).to_be_visible()


def test_the_wall_is_laid_out_by_two_columns_in_the_menu_and_goes_back_to_the_grid(page: Page, output: Path) -> None:
    on_wall(page)
    before = middles(page)
    page.keyboard.press("Shift+X")
    menu = page.get_by_role("dialog", name="View")
    across, up = menu.get_by_label("Across", exact=True), menu.get_by_label("Up", exact=True)
    expect(across).to_be_focused()
    across.select_option(label="mass (kg)")
    expect(up).to_have_value("column:heat")
    up.select_option(label="noise")
    menu.get_by_label("Across: logarithmic").check()
    until(page, "window.tiledviz.session.document.get('layout/scatter')?.x.log === true")
    rest(page)
    page.screenshot(path=output / "scatter-menu.png")
    size = page.evaluate("window.tiledviz.tiles()[0].rect.width")
    menu.get_by_label("Size of tiles").fill("2")
    until(page, "s => window.tiledviz.tiles()[0].rect.width > 1.6 * s", size)
    menu.get_by_label("Size of tiles").fill("1")
    page.keyboard.press("Escape")
    rest(page)
    page.screenshot(path=output / "scatter.png")
    places = middles(page)
    light, heavy = places["tile 0"], places["tile 17"]
    assert light[0] < places["tile 9"][0] < heavy[0]
    assert places["tile 2"][1] == min(y for _, y in places.values()), "what is loudest stands highest"
    # A frame selects, a title stays where its values are, and a click opens what is above.
    stage = page.locator("#stage").bounding_box()
    assert stage
    page.mouse.move(heavy[0] - 60, stage["y"] + 8)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] - 4, stage["y"] + stage["height"] - 4, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    until(page, "document.querySelectorAll('[role=gridcell][aria-selected=true]').length >= 4")
    page.keyboard.press("Escape")
    rect = page.evaluate("window.tiledviz.tiles().find(t => t.title == 'tile 2').rect")
    at = rect["x"] + rect["width"] / 3, rect["y"] + rect["height"] + 6
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 80, at[1] + 60, steps=4)
    expect(page.get_by_role("status").filter(has_text="go back to the grid to move them")).to_be_visible()
    page.mouse.up()
    # Zoomed in, numbers stay at the edge; then the grid is back.
    on_wall(page)
    page.keyboard.press("z")
    page.wait_for_timeout(400)
    page.screenshot(path=output / "scatter-zoomed.png")
    page.keyboard.press("0")
    run_command(page, "Back to the grid")
    until(page, "!window.tiledviz.session.document.get('layout/scatter')")
    rest(page)
    assert {title: (round(x), round(y)) for title, (x, y) in middles(page).items()} == {
        title: (round(x), round(y)) for title, (x, y) in before.items()
    }
    page.keyboard.press("Control+z")
    until(page, "window.tiledviz.session.document.get('layout/scatter')?.y.by == 'column:noise'")


def test_outliers_and_the_nearest_are_selected_and_sorted_by(page: Page) -> None:
    on_wall(page)
    outcome = analyse(page, "Outliers", "noise")
    expect(outcome).to_contain_text("1 of 18 tiles stands out")
    expect(outcome.get_by_role("listitem")).to_contain_text(["tile 2 · noise high"])
    outcome.get_by_role("button", name="Select them").click()
    expect(page.get_by_role("gridcell", selected=True)).to_have_accessible_name(re.compile("^tile 2,"))
    page.get_by_role("gridcell", name=re.compile("^tile 14,")).focus()
    outcome = analyse(page, "Nearest of tile 14", "mass", "heat")
    expect(outcome.get_by_role("listitem").first).to_contain_text("tile 15")
    outcome.get_by_role("button", name="Sort by it").click()
    until(page, "window.tiledviz.tiles().map(t => t.title).join().startsWith('tile 14,tile 15,')")


def test_what_another_makes_is_here_at_once_and_who_only_looks_makes_none(open_page: Callable[..., Page]) -> None:
    anna, ben = open_page(), open_page(role="viewer")
    on_wall(anna)
    analyse(anna, "A plane (t-SNE)")
    until(ben, "window.tiledviz.session.document.get('made/tsne_2') != null")
    on_wall(ben)
    ben.keyboard.press("Shift+A")
    expect(ben.get_by_role("dialog", name="Analysis")).to_be_hidden()
    anna.keyboard.press("Escape")


def test_what_cannot_be_is_one_line_in_the_dialog(page: Page) -> None:
    on_wall(page)
    dialog = analysis(page)
    dialog.get_by_role("radio", name="A plane (PCA)").check()
    dialog.get_by_role("button", name="None").click()
    dialog.get_by_role("button", name="Analyse").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_have_text("Choose one column at least.")
    dialog.get_by_role("checkbox", name=re.compile("^mass")).check()
    dialog.get_by_role("button", name="Analyse").click()
    expect(alert).to_have_text(
        "PCA needs 2 columns that differ between tiles, and there is mass alone", timeout=PATIENCE_MS
    )


def test_axe_finds_nothing_and_all_of_it_is_on_a_phone_in_french(
    page: Page, open_page: Callable[..., Page], output: Path
) -> None:
    on_wall(page)
    analyse(page, "Groups (k-means)")
    Axe(page).check_themes("analysis", output)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+X")
    page.get_by_role("dialog", name="View").get_by_label("Across", exact=True).select_option(label="mass (kg)")
    Axe(page).check_themes("scatter menu", output)
    phone = open_page(width=390, height=760, locale="fr-FR")
    on_wall(phone)
    phone.keyboard.press("Shift+A")
    dialog = phone.get_by_role("dialog", name="Analyse")
    dialog.get_by_role("button", name="Analyser").click()
    expect(dialog.get_by_role("region", name="Résultat")).to_be_visible(timeout=PATIENCE_MS)
    phone.screenshot(path=output / "analysis-phone.png")
    all_within(phone, "#analysis")
