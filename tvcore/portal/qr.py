"""The code that a phone's camera reads: the address of the wall with one tile in focus. No secret is in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import segno
from pydantic import Field

from tvcore.portal.messages import Answer, Message
from tvcore.portal.route import Call, Route


class QrQuery(Message):
    """*origin*: where the page is; the portal may be known by another name to itself than to a browser."""

    origin: str = Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]{1,100}$")


class QrAnswer(Answer):
    """*rows* of the code, from above: 1 is dark; the light margin around it is left to who draws it."""

    address: str
    rows: tuple[str, ...]


@lru_cache(256)
def rows_of(text: str) -> tuple[str, ...]:
    """Return a code for *text*, as rows of 0 and 1; it takes the processor for a hundredth of a second."""
    return tuple("".join("1" if dark else "0" for dark in row) for row in segno.make_qr(text, error="m").matrix)


def qr(call: Call) -> Any:
    """Return the code of a tile."""
    tile = call.path["tile"]
    address = f"{call.query.origin}/#tile={tile}"
    return {"address": address, "rows": rows_of(address)}


QR_ROUTE = Route(
    "GET", "/tiles/{tile}/qr", "A code that opens the wall on a tile, for a phone's camera", qr, QrAnswer, query=QrQuery
)
