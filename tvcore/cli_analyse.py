"""``tiledviz analyse``: what is found in the numbers of tiles, recorded as columns and tags of the session."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import click

from tvcore.cli_kit import as_json, query_error, session_option, show
from tvcore.cli_place import in_session
from tvcore.errors import UsageError
from tvcore.terminal import Progress, printable, table

PROGRESS_AFTER = 2.0  # seconds: what is done sooner shows none
BAR = 30  # letters of the longest bar

columns_option = click.option(
    "--columns", default="", metavar="F,K", help="Over these columns [default: all numbers most tiles have]."
)
where_option = click.option("--where", "query", default="", metavar="QUERY", help="Only of tiles that QUERY matches.")
name_option = click.option("--name", default="", metavar="NAME", help="What the new columns are called.")
seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="The same gives the same."
)


@click.group(name="analyse")
def analyse() -> None:
    """Find groups, planes, outliers and neighbours among the tiles of a session.

    What comes of it is recorded as columns and tags, by which the wall is sorted, grouped, coloured, searched and laid
    out; `tiledviz session undo` takes it back.
    """


def _do(
    asked: dict[str, Any], session: str | None, as_json: bool, words: Callable[[dict[str, Any]], list[str]]
) -> None:
    from tvcore.analysis.analyse import Asked, Whose
    from tvcore.analysis.analyse import analyse as do
    from tvcore.people.by import unix_user
    from tvcore.session.acts import HERE

    wanted = Asked(**{**asked, "columns": [name.strip() for name in asked.pop("columns").split(",") if name.strip()]})
    with in_session(session) as (store, _, key), Progress() as progress, query_error(wanted.query):
        whose = Whose(HERE, "owner", f"{unix_user()} (command line)")
        begun = time.monotonic()

        def report(fraction: float, text: str) -> None:
            if time.monotonic() - begun > PROGRESS_AFTER:
                progress.report(fraction, text)

        found = do(store, wanted, key, whose, report)
    show(found, as_json, lambda: "\n".join(printable(line) for line in [*words(found), *_recorded(found)]))


def _recorded(found: dict[str, Any]) -> list[str]:
    made = " and ".join(found["made"])
    which = f"columns {made}" if len(found["made"]) > 1 else f"column {made}"
    return [*found["said"], f"recorded as {which} of {found['tiles']} tiles: {found['how']}"]


@analyse.command()
@columns_option
@where_option
@click.option("--k", type=click.IntRange(1, 50), help="So many groups [default: proposed].")
@seed_option
@name_option
@session_option
@as_json
def kmeans(session: str | None, as_json: bool, **asked: Any) -> None:
    """Group tiles that are alike (k-means); each group is a value of the column `cluster`, and a tag."""
    _do({"method": "kmeans", **asked}, session, as_json, _groups)


def _groups(found: dict[str, Any]) -> list[str]:
    rows = [(group["name"], group["tiles"], _about(group["about"])) for group in found["groups"]]
    lines = table(("group", "tiles", "differs from all by (in standard deviations)"), rows).splitlines()
    sampled = f" (of a sample of {found['sampled']} tiles)" if found["sampled"] else ""
    lines += ["", f"silhouette by number of groups{sampled}: 1 is well apart, 0 touches"]
    for k, value in found["silhouettes"]:
        mark = " proposed" if k == found["proposed"] else ""
        lines.append(f"{k:3} {value:6.3f} {'█' * round(BAR * max(0.0, value))}{mark}")
    return [*lines, ""]


def _about(columns: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{each['column']} {each['by']:+.1f}" for each in columns) or "nothing much"


@analyse.command()
@columns_option
@where_option
@name_option
@session_option
@as_json
def pca(session: str | None, as_json: bool, **asked: Any) -> None:
    """Find the plane on which tiles differ most (principal components): columns `pca_1` and `pca_2`."""
    _do({"method": "pca", **asked}, session, as_json, _plane)


def _plane(found: dict[str, Any]) -> list[str]:
    first, second = found["axes"]
    order = sorted(first, key=lambda name: -max(abs(first[name]), abs(second[name])))
    rows = [(name, f"{first[name]:+.3f}", f"{second[name]:+.3f}") for name in order]
    shares = tuple(f"{name} ({100 * share:.1f} %)" for name, share in zip(found["made"], found["shares"], strict=True))
    return [*table(("column", *shares), rows).splitlines(), ""]


@analyse.command()
@columns_option
@where_option
@seed_option
@name_option
@session_option
@as_json
def tsne(session: str | None, as_json: bool, **asked: Any) -> None:
    """Find a plane on which tiles that are alike are near (t-SNE): columns `tsne_1` and `tsne_2`."""
    _do({"method": "tsne", **asked}, session, as_json, lambda _: [])


@analyse.command()
@columns_option
@where_option
@name_option
@session_option
@as_json
def outliers(session: str | None, as_json: bool, **asked: Any) -> None:
    """Find tiles that stand out in a column: column `outlier`, and a tag of that name."""
    _do({"method": "outliers", **asked}, session, as_json, _standing_out)


def _standing_out(found: dict[str, Any]) -> list[str]:
    if not found["outliers"]:
        return [f"no tile stands out: none is beyond {found['beyond']:g}"]
    rows = [
        (
            each["tile"],
            printable(each["title"]),
            f"{each['score']:.1f}",
            "low" if each["low"] else "high",
            each["column"],
        )
        for each in found["outliers"]
    ]
    more = found["found"] - len(rows)
    lines = table(("tile", "title", "score", "", "column"), rows).splitlines()
    return [*lines, *([f"and {more} more"] if more else []), ""]


@analyse.command()
@click.argument("tile", type=int)
@columns_option
@where_option
@click.option("--k", type=click.IntRange(1, 50), default=10, show_default=True, help="List so many.")
@name_option
@session_option
@as_json
def nearest(session: str | None, as_json: bool, **asked: Any) -> None:
    """Find the tiles most like TILE, a number of `tiledviz tiles`: column `distance`."""
    if asked["tile"] < 0:
        raise UsageError(f"there is no tile {asked['tile']}")
    _do({"method": "nearest", **asked}, session, as_json, _near)


def _near(found: dict[str, Any]) -> list[str]:
    rows = [(each["tile"], printable(each["title"]), f"{each['distance']:.3f}") for each in found["near"]]
    return (
        [*table(("tile", "title", "distance"), rows).splitlines(), ""] if rows else ["no other tile has these values"]
    )
