"""The case ``pages``: web pages by their addresses, a tile each; with a table also what is known of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from tvcore.cases import CaseInfo, Column, Member, TileSpec, hookimpl
from tvcore.errors import UsageError
from tvcore.importing.members import Row, Table, read_table
from tvcore.importing.named import MOST, FilePath, Texts

KNOWN = ("url", "address", "page", "link")  # names of the column of addresses


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: Texts = Field(default=(), description="addresses (https://…), with commas between; \\, in an address")
    table: FilePath = Field(default="", description="a table (CSV, Parquet, HDF5) with a column of addresses, instead")
    column: str = Field(default="", description="the table's column of addresses; else the one called url or address")


class Page(Member):
    """A member, and its address."""

    source: str


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="pages", title="Pages", description="Web pages by their addresses, a tile each", picture="picture.png"
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each address. Raises UsageError."""
    if parameters.table and parameters.addresses:
        raise UsageError("addresses: they stand in the table: leave out addresses=, or table=")
    if parameters.table:
        _read.cache_clear()  # what is there now
        table = _read(parameters.table)
        table.tell(parameters.table)
        return _of_table(parameters, table, count)
    if parameters.column:
        raise UsageError("column: it is one of a table: name it with table=")
    if not parameters.addresses:
        raise UsageError("addresses: name pages: --set addresses=https://example.org,https://example.org/x")
    addresses = list(dict.fromkeys(parameters.addresses))
    if len(addresses) > MOST:
        raise UsageError(f"addresses: these are {len(addresses)} pages, more than {MOST}: name fewer")
    for address in addresses:
        check_address(address, "addresses")
    return [
        Page(index=index, title=title_of(address), tags=("page",), source=address)
        for index, address in enumerate(addresses[:count])
    ]


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return the columns of the table."""
    return _read(parameters.table).columns if parameters.table else []


@hookimpl
def case_tile(member: Page) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec(kind="page", source=member.source)


@lru_cache(maxsize=1)
def _read(table: str) -> Table:
    return read_table(table, note="-", source="-")


def _of_table(parameters: Parameters, table: Table, count: int | None) -> list[Page]:
    names = [column.name for column in table.columns if column.is_text]
    if parameters.column and parameters.column not in names:
        raise UsageError(f"column: {parameters.table} has no column {parameters.column!r} of texts: {_there(names)}")
    column = parameters.column or next((name for name in names if name.strip().casefold() in KNOWN), "")
    if not column:
        raise UsageError(
            f"column: {parameters.table} has no column called url: name the one of addresses: {_there(names)}"
        )
    if len(table.rows) > MOST and count is None:
        raise UsageError(f"table: it has {len(table.rows)} rows, more than {MOST}: say how many tiles")
    return [_page(index, row, str(row.values[column] or ""), column) for index, row in enumerate(table.rows[:count])]


def _page(index: int, row: Row, address: str, column: str) -> Page:
    check_address(address, f"table: {column} of row {row.number}")
    named = row.title != f"row {index + 1}"  # what it is called that has no title
    title = row.title if named and row.title else title_of(address)
    return Page(index=index, title=title, tags=("page", *row.tags), values=row.values, source=address)


def _there(names: Sequence[str]) -> str:
    return f"there are {', '.join(names[:40])}" if names else "it has none"


def check_address(address: str, where: str) -> None:
    """Raise UsageError for what is no address, or one with a name or password: these would be on the wall, in logs."""
    shown = re.sub(r"(?s)//.*@", "//…@", address)[:200]
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise UsageError(f"{where}: {shown!r} is no address: name a page as https://HOST/… or https://HOST:PORT/…")
    if "@" in parts.netloc:
        raise UsageError(
            f"{where}: {shown} has a name or password in it, for all to see: leave out what is before the @"
        )
    if not address.isprintable() or " " in address:
        raise UsageError(f"{where}: {shown!r} has spaces or control characters in it: write them as %20")


def title_of(address: str) -> str:
    """Return what a page is called: its address's host and path."""
    parts = urlsplit(address)
    return (parts.hostname or address) + parts.path.rstrip("/")
