"""``tiledviz presets`` and ``tiledviz offers``: what one launches again, and what the site has for it."""

from __future__ import annotations

import time
from typing import Any

import click

from tvcore import offers, presets
from tvcore.cli_kit import (
    as_json,
    opened_store,
    parse_settings,
    project_id,
    project_option,
    set_option,
    show,
    tiles_option,
)
from tvcore.errors import UsageError
from tvcore.store.presets import PresetTakenError
from tvcore.terminal import printable, table


@click.group(name="presets")
def presets_() -> None:
    """Keep what you launch a case with under a name: `tiledviz launch --preset NAME` takes it."""


@presets_.command(name="list")
@project_option
@as_json
def list_(project: str | None, as_json: bool) -> None:
    """List those saved, and what was launched of late."""
    with opened_store() as store:
        found = presets.presets(store, project_id(store, project))
    rows = [(printable(each["name"]) or "-", *_row(each)) for each in (*found["saved"], *found["recent"])]
    empty = "None yet: `tiledviz presets save NAME CASE --set KEY=VALUE` keeps one."
    show(found, as_json, lambda: table(("name", "case", "at", "tiles", "set"), rows) if rows else empty)


def _row(preset: dict[str, Any]) -> tuple[object, ...]:
    given = {**preset["parameters"], **preset["settings"]}
    text = " ".join(f"{key}={value}" for key, value in given.items())
    at = time.strftime("%d %b %H:%M", time.localtime(preset["saved"]))
    return preset["case"], at, preset["tiles"] or "all", printable(text if len(text) <= 80 else f"{text[:77]}...")


@presets_.command()
@click.argument("name")
@click.argument("case")
@set_option
@tiles_option
@click.option("--replace", is_flag=True, help="Replace the set of that name.")
@project_option
@as_json
def save(
    name: str,
    case: str,
    settings: tuple[str, ...],
    tiles: int | None,
    replace: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Keep what is set for CASE as NAME."""
    with opened_store() as store:
        try:
            of = project_id(store, project)
            found = presets.save(store, name, case, parse_settings(settings), tiles, replace, of)
        except PresetTakenError as error:
            raise UsageError(f"{error} (--replace)") from error
    show(found, as_json, lambda: f"`tiledviz launch --preset {name}` launches it.")


@presets_.command()
@click.argument("name")
@click.argument("to")
@project_option
@as_json
def rename(name: str, to: str, project: str | None, as_json: bool) -> None:
    """Call a set TO."""
    with opened_store() as store:
        found = presets.rename(store, name, to, project_id(store, project))
    show(found, as_json, lambda: f"{name} is called {to} now.")


@presets_.command()
@click.argument("name")
@project_option
@as_json
def remove(name: str, project: str | None, as_json: bool) -> None:
    """Forget a set."""
    with opened_store() as store:
        found = presets.remove(store, name, project_id(store, project))
    show(found, as_json, lambda: f"{name} is removed.")


@click.command(name="offers")
@as_json
def offers_(as_json: bool) -> None:
    """Say what this site offers to a launch: partitions and their limits, accounts, reservations."""
    found = offers.offers()
    if found["error"]:
        click.echo(f"tiledviz: {found['error']}", err=True)
    rows = [
        (each["name"] or "this machine", "*" if each["default"] else "", each["says"]) for each in found["partitions"]
    ]
    lines = [table(("partition", "", ""), rows)] if rows else [f"The scheduler {found['scheduler']} says nothing."]
    for what, names in (
        ("accounts", found["accounts"]),
        ("qos", found["qos"]),
        ("reservations", [each["name"] for each in found["reservations"]]),
    ):
        lines += [f"{what}: {printable(' '.join(names))}"] if names else []
    show(found, as_json, lambda: "\n".join(lines))
