"""What is known of GL in a tile: values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Way = Literal["nvidia", "virtualgl", "mesa"]
Setting = Literal["auto", "nvidia", "virtualgl", "mesa"]


@dataclass(frozen=True)
class Gpu:
    """One GPU of a job on its node.

    *uuid* is NVIDIA's (``GPU-…``, or ``MIG-…`` of a slice), empty where nothing tells it; *index* is its number as
    nvidia-smi and CUDA count (CUDA_DEVICE_ORDER=PCI_BUS_ID); *minor* the number of its device file ``/dev/nvidiaN``,
    None where it is unknown; *dri* its device files below ``/dev/dri``.
    """

    index: int
    uuid: str = ""
    minor: int | None = None
    name: str = ""
    bus: str = ""
    dri: tuple[str, ...] = ()

    @property
    def slice(self) -> bool:
        """Return whether it is a part of a GPU (MIG)."""
        return self.uuid.upper().startswith("MIG-")

    @property
    def words(self) -> str:
        """Return what people call it."""
        return self.uuid or f"GPU {self.index}"


@dataclass(frozen=True)
class Binding:
    """A way to GL: what is put before a program's arguments, and what its environment has besides."""

    way: Way
    prefix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what people call it: the way, and the device where one is named."""
        device = next((word for word in self.prefix if word.startswith(("egl", "/dev/"))), "")
        return f"{self.way} {device}".rstrip()


@dataclass(frozen=True)
class Truth:
    """What a tile really got. *promised*: it was to draw on a GPU; *note*: what else is to be known, in a sentence.

    *gpu* is the UUID of the GPU that draws, None where it is none or nothing tells it; *software*: the processor
    draws. It is bad, and shown in red, when it is ``software`` though ``promised``, or *wrong* (another GPU draws);
    else the note is calm. *renderer* is empty where GL does not draw at all.
    """

    way: Way
    renderer: str
    vendor: str = ""
    version: str = ""
    gpu: str | None = None
    software: bool = True
    promised: bool = False
    wrong: bool = False
    note: str = ""

    @property
    def bad(self) -> bool:
        """Return whether it is not what was promised."""
        return self.wrong or (self.software and self.promised)
