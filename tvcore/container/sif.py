"""What the first bytes of an image file say: which kind it is, for which processor, and whether all of it is there.

The layout is SIF's global header: a launch script (32 bytes), magic, version, architecture, and, behind identity and
times, where the data end (github.com/apptainer/sif).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_BYTES = 128
MAGIC = b"SIF_MAGIC\0"
_MAGIC_AT = 32
_ARCHITECTURE_AT = 45
_DATA_AT = 112  # offset and size of the data, 64 bits each
_ARCHITECTURES = {
    "01": "386", "02": "amd64", "03": "arm", "04": "arm64", "05": "ppc64", "06": "ppc64le", "07": "mips",
    "08": "mipsle", "09": "mips64", "10": "mips64le", "11": "s390x", "12": "riscv64",
}  # fmt: skip
_OTHERS = (b"hsqs", b"sqsh")  # SquashFS alone


@dataclass(frozen=True)
class Sif:
    """An image file: its *architecture* in Go's words, empty where it does not say, and how many bytes it must have."""

    architecture: str = ""
    size: int = 0


def parse_header(head: bytes) -> Sif | None:
    """Return what *head*, the beginning of a file, says of the image in it; None when there is none."""
    if head.startswith(_OTHERS):
        return Sif()
    if len(head) < HEADER_BYTES or head[_MAGIC_AT : _MAGIC_AT + len(MAGIC)] != MAGIC:
        return None
    code = head[_ARCHITECTURE_AT : _ARCHITECTURE_AT + 2].decode("latin-1")
    offset, size = struct.unpack_from("<qq", head, _DATA_AT)
    return Sif(_ARCHITECTURES.get(code, f"processor {code}"), offset + size)
