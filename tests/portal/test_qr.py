"""The code that opens the wall on a tile."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tvcore.portal.qr import QrQuery, rows_of


def test_a_code_can_be_read_and_says_the_address() -> None:
    cv2 = pytest.importorskip("cv2")
    address = "http://login1.site.example:8443/#tile=12"
    dark = np.array([[int(each) for each in row] for row in rows_of(address)], dtype=np.uint8)
    picture = np.kron(np.pad(255 - 255 * dark, 4, constant_values=255), np.ones((8, 8), dtype=np.uint8))
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture.astype(np.uint8))
    assert text == address
    assert rows_of(address) is rows_of(address)  # anybody may ask for it, and it takes its time


@pytest.mark.parametrize(
    "origin", ["javascript:alert(1)", "http://a/b", "http://a?login=secret", "ftp://a", "", f"http://{'a' * 101}"]
)
def test_what_is_no_origin_gets_no_code(origin: str) -> None:
    with pytest.raises(ValidationError):
        QrQuery(origin=origin)
