"""The command ``tiledviz``: one thin function a verb, over ``tvcore.api``."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from tvcore import __version__, api, words
from tvcore import logs as logs_of_ours
from tvcore.cases import catalog
from tvcore.cli_accounts import account
from tvcore.cli_actions import tile
from tvcore.cli_analyse import analyse
from tvcore.cli_audit import audit, audit_commands
from tvcore.cli_db import db
from tvcore.cli_ensemble import ensemble
from tvcore.cli_export import export
from tvcore.cli_images import image
from tvcore.cli_invite import invite
from tvcore.cli_kit import (
    as_json,
    matching,
    opened_store,
    parse_settings,
    query_error,
    session_key,
    session_option,
    set_option,
    show,
    tell_notices,
    tiles_option,
)
from tvcore.cli_launch import launch
from tvcore.cli_log import log
from tvcore.cli_plugin import plugin
from tvcore.cli_presets import offers_, presets_
from tvcore.cli_projects import project
from tvcore.cli_record import record, replay
from tvcore.cli_sessions import session
from tvcore.cli_tilesets import edit_named, import_, tileset
from tvcore.cli_tokens import token
from tvcore.cli_try import try_
from tvcore.cli_wall import wall
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.instance import DEFAULT_PORT, PortalInfo, running
from tvcore.portal.roles import ROLES, Role
from tvcore.terminal import Progress, printable, table


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tiledviz")
def cli() -> None:
    """A wall of live tiles for ensembles, on the cluster where the data lie."""
    catalog.speak()


def show_url(url: str, portal: PortalInfo | None, as_json: bool) -> None:
    """Print the address that logs a browser in, and how its machine gets there where that needs ssh."""
    ssh = portal.ssh if portal else None
    lines = [*([f"On your own machine: {ssh}"] if ssh else []), f"Open: {url}"]
    show({"url": url} | ({"ssh": ssh} if ssh else {}), as_json, lambda: "\n".join(lines))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1; with --socket: none]")
@click.option(
    "--public-host", "public_hosts", multiple=True, metavar="HOST[:PORT]", help="A further name browsers may use."
)
@click.option("--public-url", metavar="URL", help="Address by which a reverse proxy serves it: https://HOST/PATH/.")
@click.option(
    "--socket",
    metavar="[PATH]",
    is_flag=False,
    flag_value="",
    help="Listen on a unix socket instead, to which ssh leads from --port of your own machine; with --host on both.",
)
@click.option("--tls-cert", "cert", type=click.Path(path_type=Path), help="Certificate (PEM): speak https.")
@click.option(
    "--tls-key", "key", type=click.Path(path_type=Path), help="Its key (PEM), a file that you alone can read."
)
@click.option(
    "--http-redirect", "redirect", type=click.IntRange(1, 65535), help="Lead from this port of http to https."
)
@as_json
def up(host: str | None, socket: str | None, as_json: bool, **given: Any) -> None:
    """Run the portal until Ctrl-C; jobs go on without it."""
    from gevent import monkey

    monkey.patch_all()
    from tvcore.config import load
    from tvcore.portal.options import LOCAL, options_of, socket_at
    from tvcore.portal.server import serve

    logs_of_ours.speak()
    settings = load().settings.portal
    path = None if socket is None else socket_at(socket, settings)
    options = options_of(settings, host=host or (LOCAL if path is None else None), path=path, **given)

    def ready(portal: PortalInfo) -> None:
        with opened_store() as store:
            show_url(api.login_url(store), portal, as_json)

    serve(options, ready)


@cli.command(name="open")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="owner",
    show_default=True,
    help="Who it is for: a viewer or guest looks, an editor arranges, an admin invites; an owner alone launches, "
    "runs commands and types in tiles.",
)
@as_json
def open_(role: Role, as_json: bool) -> None:
    """Print an address that logs a browser in: good once, for ten minutes."""
    with opened_store() as store:
        show_url(api.login_url(store, role), running(), as_json)


@cli.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help=f"Port of the portal [default: {DEFAULT_PORT} or a free one]"
)
@tiles_option
@as_json
def demo(port: int | None, tiles: int | None, as_json: bool) -> None:
    """Show a wall of live tiles on this machine: an ensemble, a job and a portal, until Ctrl-C."""
    from tvcore.demo import run_demo

    run_demo(port, 16 if tiles is None else tiles, as_json)


@cli.command()
@as_json
def cases(as_json: bool) -> None:
    """List the cases there are, where each comes from, and its parameters."""
    found = api.cases()
    show(found, as_json, lambda: "\n\n".join(describe_case(case) for case in found))


def describe_case(case: dict[str, Any]) -> str:
    """Return what people read of a case: what it is, and a line for each of its parameters."""
    if "error" in case:
        return f"{case['name']}  ({case['source']})\n  broken: {case['error']}"
    head = f"{case['name']}  {case['title']} ({case['source']})\n  {case['description']}"
    parameters = case["parameters"].get("properties", {})
    head += "".join(f"\n  note: {warning}" for warning in case["warnings"])
    rows = [(f"  --set {key}={of.get('default', '')}", _about(of)) for key, of in parameters.items()]
    return head + "\n" + "\n".join(table(("", ""), rows).splitlines()[1:]) if rows else head


def _about(of: dict[str, Any]) -> str:
    unit = f" [{of['unit']}]" if "unit" in of else ""
    return f"{of.get('description', '')}{unit}"


for command in (
    launch, plugin, presets_, offers_, import_, ensemble, export, tile, audit, tileset, try_, image, record, replay,
    session, db, log, account, token, project, invite, wall, analyse,
):  # fmt: skip
    cli.add_command(command)


@cli.command()
@click.argument("case")
@set_option
@tiles_option
@as_json
def render(case: str, settings: tuple[str, ...], tiles: int | None, as_json: bool) -> None:
    """Print the job script that launch would submit."""
    with Progress() as progress:
        text = api.render(case, parse_settings(settings), tiles, report=progress.report)
    show({"script": text}, as_json, lambda: text.rstrip("\n"))


@cli.command()
@session_option
@as_json
def jobs(session: str | None, as_json: bool) -> None:
    """List the jobs, or those that feed a session."""
    with opened_store() as store:
        found = api.jobs(store, session=session_key(store, session) if session else None)
        tell_notices(store)
    now = time.time()
    rows = [
        (
            j["id"],
            j["state"],
            j["case"],
            _live(j),
            " ".join(j["nodes"]),
            _clock(j),
            _when(j, now),
            printable(j["reason"]),
        )
        for j in found
    ]
    header = ("job", "state", "case", "tiles", "nodes", "since", "", "")
    empty = "No jobs: `tiledviz launch CASE` makes one, `tiledviz cases` lists the cases."
    show(found, as_json, lambda: table(header, rows) if rows else empty)


def _when(job: dict[str, Any], now: float) -> str:
    return words.start(job["expected_start"], now) if job["state"] == "pending" else words.end(job, now)


def _live(job: dict[str, Any]) -> str:
    return f"{job['live']} of {job['tiles']} live"


def _clock(job: dict[str, Any]) -> str:
    return time.strftime("%d %b %H:%M:%S", time.localtime(job["ended"] or job["started"] or job["submitted"]))


def _few(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:12])) + (", ..." if len(ids) > 12 else "")


@cli.command()
@click.argument("words", metavar="[QUERY]", nargs=-1)
@click.option("--sort", metavar="F,-K", default="", help="Sort by columns; one after - from the greatest down.")
@click.option("--group", metavar="COLUMN", help="Show how many tiles have each value of COLUMN.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets, as people put the tiles.")
@session_option
@as_json
def tiles(
    words: tuple[str, ...], sort: str, group: str | None, as_csv: bool, session: str | None, as_json: bool
) -> None:
    """List the tiles, or those of a session, that QUERY matches, e.g. 'F>0.03 & class=spots'; all without one.

    `tiledviz tiles edit NAME` opens the tile set NAME in your editor, as `tiledviz tileset edit NAME` does.
    """
    if len(words) == 2 and words[0] == "edit":
        edit_named(words[1], as_json)
        return
    if len(words) > 1:
        raise UsageError(f"put the query in quotes: tiledviz tiles {shlex.quote(' '.join(words))}")
    query = words[0] if words else ""
    if as_csv and (group or as_json):
        raise UsageError("--csv prints a table of tiles: leave --group and --json out")
    columns = [name.strip() for name in sort.split(",") if name.strip()]
    with opened_store() as store:
        key = session_key(store, session) if session else None
        if as_csv:
            from tvcore.exporting.shown_table import table_of_tiles

            with query_error(query):
                click.echo(table_of_tiles(store, query, columns, key).encode(), nl=False)
            return
        if group:
            with query_error(query):
                groups = api.tile_groups(store, query, group, key)
            rows = [
                (printable(str("" if of["value"] is None else of["value"])), len(of["tiles"]), _few(of["tiles"]))
                for of in groups
            ]
            show(groups, as_json, lambda: table((printable(group), "tiles", ""), rows))
            return
        found = matching(store, query, columns, key)
        tell_notices(store)
    empty = "No tile matches." if query else "No tiles: `tiledviz launch CASE` makes some."
    header = ("id", "title", "state", "node", "job", "frames", "image", "draws with", "")
    show(found, as_json, lambda: table(header, map(_tile, found)) if found else empty)


def _tile(tile: dict[str, Any]) -> tuple[object, ...]:
    """Return the row of *tile*: what is bad is in red."""
    state = click.style(tile["state"], fg="red") if tile["state"] == "failed" else tile["state"]
    complaint = words.gl_complaint(tile)
    draws = printable(words.gl(tile))
    notes = [printable(words.trouble(tile)), click.style(printable(complaint), fg="red") if complaint else ""]
    return (
        tile["id"], printable(tile["title"]), state, tile["node"] or "", tile["job"], tile["frames"],
        tile["image"] or "", click.style(draws, fg="red") if complaint else draws, "; ".join(filter(None, notes)),
    )  # fmt: skip


@cli.command()
@click.argument("what", metavar="TILE|JOB")
@click.option("--lines", type=int, default=50, show_default=True, help="How many of the last lines.")
@as_json
def logs(what: str, lines: int, as_json: bool) -> None:
    """Print the last lines of a tile's program (by the tile's id) or of a job."""
    with opened_store() as store:
        found = api.logs(store, what, lines)
    show({"lines": found}, as_json, lambda: "\n".join(found) if found else "The log is empty.")


@cli.command()
@click.argument("job")
@click.option("--remove", is_flag=True, help="Take its tiles off the wall too.")
@as_json
def stop(job: str, remove: bool, as_json: bool) -> None:
    """End a job."""
    with opened_store() as store:
        found = api.stop(store, job, remove)
    show(found, as_json, lambda: f"Job {job}: {found['state']}.")


@cli.group()
def config() -> None:
    """Settings of the site and of yours."""


@config.command(name="show")
@as_json
def show_config(as_json: bool) -> None:
    """List all settings, their values, and where each value comes from."""
    found = api.settings()
    rows = [(f["key"], _setting(f["value"]), f["source"], f["description"]) for f in found]
    show(found, as_json, lambda: table(("setting", "value", "from", ""), rows))


def _setting(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value not in ("", None, []) else "-"


audit_commands(cli)


def main() -> None:
    """Run the command line; an error of the user's is one line and exit code 1, or 2 for usage."""
    try:
        cli.main(prog_name="tiledviz", standalone_mode=False)
    except click.UsageError as error:
        hint = f" (`{error.ctx.command_path} --help` lists what there is)" if error.ctx else ""
        click.echo(f"tiledviz: {error.format_message()}{hint}", err=True)
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except TiledVizError as error:
        click.echo(f"tiledviz: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


if __name__ == "__main__":
    main()
