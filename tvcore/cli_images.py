"""``tiledviz image``: the images that tiles run in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tvcore.config import load, split_settings
from tvcore.container import build as building
from tvcore.container import images
from tvcore.container.command import find_runtime
from tvcore.errors import UsageError
from tvcore.settings import Settings
from tvcore.terminal import Progress, table, when

_SCHEMA = "org.label-schema."  # what the container command notes by itself

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
set_option = click.option(
    "--set",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting, as images.folder=/data/images or container=singularity.",
)


@click.group()
def image() -> None:
    """Images that tiles run in: build, list, inspect and check them."""


@image.command()
@click.argument("what", metavar="NAME|FILE.def")
@click.option("--from", "base", default="", metavar="BASE", help="Build on docker://IMAGE or an image's file instead.")
@click.option(
    "--virtualgl",
    type=click.Path(path_type=Path),
    metavar="FILE.deb",
    help="VirtualGL's package, to draw on GPUs where NVIDIA's own way does not work.",
)
@click.option("--force", is_flag=True, help="Build it again.")
@set_option
@as_json
def build(what: str, base: str, virtualgl: Path | None, force: bool, given: tuple[str, ...], as_json: bool) -> None:
    """Build an image by a definition of TiledViz's (tile, vtk) or one of your own, without root."""
    settings = _settings(given)
    options = building.Options(base, virtualgl, force)
    with Progress() as progress:
        built = building.build(what, settings.images, options, container=settings.job.container, report=progress.report)
    _show(built.document(), as_json, lambda: f"Image {built.name}: {built.path}, {_megabytes(built.size)}.")


@image.command(name="list")
@set_option
@as_json
def list_(given: tuple[str, ...], as_json: bool) -> None:
    """List the images there are, and the definitions that TiledViz has."""
    settings = _settings(given).images
    found = images.list_images(settings)
    rows = [
        (
            one.name,
            one.architecture,
            _megabytes(one.size),
            when(one.built or None, "-"),
            one.runtime or "-",
            one.digest[:19],
        )
        for one in found
    ]
    missing = [name for name in building.definitions() if name not in {one.name for one in found}]
    hint = [f"Not built: {', '.join(missing)} (`tiledviz image build NAME`)."] if missing else []
    header = ("image", "for", "size", "built", "by", "digest")
    text = [*([table(header, rows)] if rows else [f"No images in {images.images_folder(settings)}."]), *hint]
    _show([one.document() for one in found], as_json, lambda: "\n".join(text))


@image.command()
@click.argument("name")
@set_option
@as_json
def inspect(name: str, given: tuple[str, ...], as_json: bool) -> None:
    """Show what an image is: its definition, digest, size, labels, and what built it when."""
    settings = _settings(given)
    found = images.inspect(name, settings.images, find_runtime(settings.job.container))
    rows = [
        ("image", found["name"]),
        ("file", found["path"]),
        ("digest", found["digest"] or "-"),
        ("size", _megabytes(found["size"])),
        ("for", found["architecture"] or "-"),
        ("built", when(found["built"] or None, "-")),
        ("by", found["runtime"] or "-"),
        *((key, value) for key, value in sorted(found["labels"].items()) if not key.startswith(_SCHEMA)),
    ]
    _show(found, as_json, lambda: "\n".join([*table(("", ""), rows).splitlines()[1:], "", found["definition"].strip()]))


@image.command()
@click.argument("name")
@set_option
@as_json
def check(name: str, given: tuple[str, ...], as_json: bool) -> None:
    """Start a display in an image on this machine, and say what GL it gives there."""
    from tvcore.container.check import check as check_image

    settings = _settings(given)
    found = check_image(name, settings.images, settings.job.container, settings.tiles.gl)
    gl = found["gl"]
    lines = [
        f"{found['name']}: a display starts ({found['display_seconds']:.1f} s)",
        f"GL by {gl['way']}: {gl['renderer'] or 'nothing is drawn'} ({gl['vendor']}, {gl['version']})",
        *([f"    GPU {gl['gpu']}"] if gl["gpu"] else []),
        *([f"    {gl['note']}"] if gl["note"] else []),
        f"has: {', '.join(found['programs']) or 'nothing besides'}",
        *([f"lacks: {', '.join(found['lacks'])}"] if found["lacks"] else []),
    ]
    _show(found, as_json, lambda: "\n".join(lines))


def _settings(given: tuple[str, ...]) -> Settings:
    pairs: dict[str, object] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {one}: write it as KEY=VALUE")
        pairs[key] = value
    return load(split_settings(pairs, ())[1]).settings


def _show(document: Any, as_json: bool, text: Callable[[], str]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else text())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size else "-"
