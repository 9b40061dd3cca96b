"""``tiledviz db``: where the store is, copies of it, and whether it is sound."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from tvcore.cli_kit import as_json, opened_store, show
from tvcore.errors import TiledVizError
from tvcore.store import backup as copies
from tvcore.store.address import configured
from tvcore.store.check import check as look
from tvcore.terminal import Progress, printable, when


@click.group()
def db() -> None:
    """Copy the store, put a copy back, and see whether it is sound."""


@db.command()
@as_json
def where(as_json: bool) -> None:
    """Say where the store is; a password is never shown."""
    address = str(configured())
    show({"url": address}, as_json, lambda: address)


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def backup(file: Path, as_json: bool) -> None:
    """Copy all of the store to the new FILE, as it is at this moment, whoever goes on writing."""
    with opened_store() as store, Progress() as progress:
        copy = copies.backup(store, file, progress.report)
    show(asdict(copy), as_json, lambda: f"{file} has {copy.rows} rows. Only you can read it: keep it so.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of all that the store has.")
@as_json
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Make the store what FILE says, all of it or nothing; any engine's copy goes into any engine."""
    with Progress() as progress:
        copy = copies.restore(file, replace, progress.report)
    show(
        asdict(copy),
        as_json,
        lambda: f"The store is what it was on {when(copy.made)}: {copy.rows} rows. All have to log in again.",
    )


@db.command()
@as_json
def check(as_json: bool) -> None:
    """Say whether the store is sound, a line for each thing looked at; exit code 1 if it is not."""
    found = list(look())
    lines = [line for each in found for line in (f"{each.what}: ok",) * (not each.wrong)]
    lines += [f"{each.what}: {printable(wrong)}" for each in found for wrong in each.wrong]
    show([asdict(each) for each in found], as_json, lambda: "\n".join(lines))
    if any(each.wrong for each in found):
        raise TiledVizError(f"the store {configured()} is not sound: keep a copy of it as it is, and restore a backup")
