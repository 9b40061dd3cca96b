"""What a picture says of itself: its size, and when, where and with what it was taken (EXIF)."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

PIXELS_MAX = 1 << 29  # what a picture may claim to have: it is not decoded here
TAIL = 1 << 16  # bytes in which a JPEG file's end mark is looked for: cameras write more after it
_END = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "GIF": b";"}
# Name here, tag, unit, what it is.
_TEXTS = (
    ("exif_make", ExifTags.Base.Make),
    ("exif_model", ExifTags.Base.Model),
    ("exif_lens", ExifTags.Base.LensModel),
    ("exif_software", ExifTags.Base.Software),
    ("exif_artist", ExifTags.Base.Artist),
    ("exif_copyright", ExifTags.Base.Copyright),
    ("exif_description", ExifTags.Base.ImageDescription),
)
_NUMBERS = (
    ("exif_exposure", ExifTags.Base.ExposureTime),
    ("exif_aperture", ExifTags.Base.FNumber),
    ("exif_focal_length", ExifTags.Base.FocalLength),
)
_INTEGERS = (("exif_iso", ExifTags.Base.ISOSpeedRatings), ("exif_orientation", ExifTags.Base.Orientation))
UNITS = {
    "width": "px",
    "height": "px",
    "exif_exposure": "s",
    "exif_focal_length": "mm",
    "gps_latitude": "°",
    "gps_longitude": "°",
    "gps_altitude": "m",
}
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")


def properties(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what the picture *path* says of itself, and what is wrong with that.

    Without ``width`` the file could not be read as a picture at all. Pictures are not decoded: a file of a few bytes
    may claim any size.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow about files that are damaged: the lines here say it
            with Image.open(path) as image:
                if image.width * image.height > PIXELS_MAX:
                    return {}, [f"it claims {image.width}×{image.height} pixels, more than can be shown"]
                values["width"], values["height"] = image.size
                end = _END.get(image.format or "")
                exif = _exif(image, problems)
        if end and not _ends(path, end):
            problems.append("it is cut short: it ends before its picture does")
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError):
        return {}, ["it cannot be read as a picture: it is damaged, or of a kind that is not known here"]
    except Image.DecompressionBombError:
        return {}, ["it claims more pixels than can be shown"]
    return values | exif, problems


def _ends(path: Path, end: bytes) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return end in file.read()


def _exif(image: Image.Image, problems: list[str]) -> dict[str, Any]:
    """Return the EXIF values of *image* by column; what cannot be understood is a problem."""
    try:
        top = image.getexif()
        found: Mapping[int, Any] = {**top, **top.get_ifd(ExifTags.IFD.Exif)}
        place: Mapping[int, Any] = top.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # Pillow raises whatever the damage leads to
        problems.append("its EXIF data are damaged and left out")
        return {}
    values: dict[str, Any] = {}
    for name, tag in _TEXTS:
        if tag in found:
            values[name] = _text(found[tag])
    for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTime):
        if tag in found and "exif_datetime" not in values:
            values["exif_datetime"] = _date(_text(found[tag]))
    for name, tag in _NUMBERS:
        values[name] = _number(found.get(tag))
    for name, tag in _INTEGERS:
        number = _number(found.get(tag))
        values[name] = None if number is None else int(number)
    values |= _place(place)
    return {name: value for name, value in values.items() if value not in (None, "")}


def _place(place: Mapping[int, Any]) -> dict[str, float | None]:
    gps = ExifTags.GPS
    altitude = _number(place.get(gps.GPSAltitude))
    if altitude is not None and place.get(gps.GPSAltitudeRef) in (b"\x01", 1):
        altitude = -altitude
    return {
        "gps_latitude": _degrees(place.get(gps.GPSLatitude), place.get(gps.GPSLatitudeRef), "S"),
        "gps_longitude": _degrees(place.get(gps.GPSLongitude), place.get(gps.GPSLongitudeRef), "W"),
        "gps_altitude": altitude,
    }


def _degrees(parts: Any, reference: Any, negative: str) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees = 0.0
    for size, part in zip((1, 60, 3600), parts, strict=True):
        number = _number(part)
        if number is None:
            return None
        degrees += number / size
    return -degrees if _text(reference).upper() == negative else degrees


def _number(value: Any) -> float | None:
    """Return *value*, a number or a fraction, as a finite number, else None."""
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value).strip("\0 ") if value is not None else ""


def _date(text: str) -> str:
    """Return EXIF's ``2024:05:06 07:08:09`` as ISO 8601 has it, which sorts and reads as one expects."""
    found = _DATE.fullmatch(text)
    return "{}-{}-{}T{}".format(*found.groups()) if found else text
