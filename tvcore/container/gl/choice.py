"""Which way to GL is taken: from what the ways say, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tvcore.container.gl.said import NO_SUCH_DEVICE, NO_VIRTUALGL, OLD_VIRTUALGL, Facts, Said, nvidia_uuid, plain_uuid
from tvcore.container.gl.values import Binding, Gpu, Setting, Truth

MOST_DEVICES = 16  # EGL devices that are tried where nothing says how many there are
NVIDIA = {"__GLX_VENDOR_LIBRARY_NAME": "nvidia", "__NV_PRIME_RENDER_OFFLOAD": "1"}
MESA = {"__GLX_VENDOR_LIBRARY_NAME": "mesa"}
FORCED_MESA = {**MESA, "LIBGL_ALWAYS_SOFTWARE": "1"}

_AGREES, _UNSAID, _SOFTWARE, _OTHERS, _NOTHING = 4, 3, 2, 1, 0


def candidates(setting: Setting, gpu: Gpu | None, facts: Facts | None) -> tuple[Binding, ...]:
    """Return the ways to ask, in the order in which they are liked; *facts*: None where nothing tells them.

    Without a GPU only Mesa is asked, unless another way is forced. EGL counts devices in its own order: those of which
    EGL says that they are the GPU come first, and those that the processor plays last.
    """
    ways: list[Binding] = []
    if setting == "nvidia" or (setting == "auto" and gpu):
        ways.append(Binding("nvidia", environment=NVIDIA))
    if setting == "virtualgl" or (setting == "auto" and gpu and (facts is None or facts.vglrun)):
        vglrun = facts.vglrun if facts and facts.vglrun else "vglrun"
        ways += [Binding("virtualgl", (vglrun, "-d", device)) for device in _devices(gpu, facts)]
    if setting in ("auto", "mesa"):
        ways.append(Binding("mesa", environment=FORCED_MESA if setting == "mesa" else MESA))
    return tuple(ways)


def _devices(gpu: Gpu | None, facts: Facts | None) -> Iterator[str]:
    wanted = plain_uuid(gpu.uuid) if gpu else ""
    files = gpu.dri if gpu else ()
    if facts is None or not facts.devices:
        yield from (f"egl{number}" for number in range(MOST_DEVICES if facts is None else 1))
        yield from (file for file in files if "/card" in file)
        return

    def rank(number: int) -> tuple[bool, bool, int]:
        device = facts.devices[number]
        is_it = bool(wanted and device.uuid == wanted) or (device.file in files and bool(device.file))
        return not is_it, device.software, number

    order = sorted(range(len(facts.devices)), key=rank)
    yield from (f"egl{number}" for number in order)
    yield from (facts.devices[n].file for n in order if facts.devices[n].file in files and facts.devices[n].file)


def enough(said: Said, gpu: Gpu | None, facts: Facts | None) -> bool:
    """Return whether nothing better than *said* can come: the other ways need not be asked."""
    if gpu is None or not said.draws or said.software:
        return gpu is None and said.draws
    tells = facts is not None and plain_uuid(gpu.uuid)  # else no way ever says which GPU draws
    return not tells or _agrees(said, gpu) is True


def hopeless(said: Said, facts: Facts | None) -> bool:
    """Return whether further devices of the same way need not be asked: there are none."""
    over = said.error == NO_SUCH_DEVICE and facts is None  # they were asked by number, from 0
    return said.binding.way == "virtualgl" and (over or said.error in (NO_VIRTUALGL, OLD_VIRTUALGL))


def choose(said: Sequence[Said], gpu: Gpu | None, setting: Setting) -> Said | None:
    """Return the best of what was *said*, None where nothing draws.

    The best draws on *gpu*; next best on a GPU of which nothing tells which one it is, then on the processor; what
    draws on another GPU, which may be another job's, is taken only where nothing else draws. Among equals the first.
    Where NVIDIA's library is missing, its way ends at Mesa: that is not what one wants who forces it.
    """
    drawing = [one for one in said if one.draws and (setting != "nvidia" or is_nvidia(one))]
    return max(drawing, key=lambda one: (_rank(one, gpu), one.software and one.binding.way == "mesa"), default=None)


def is_nvidia(said: Said) -> bool:
    """Return whether NVIDIA's own GL draws."""
    return "nvidia" in said.vendor.lower()


def _rank(said: Said, gpu: Gpu | None) -> int:
    if not said.draws:
        return _NOTHING
    if said.software:
        return _SOFTWARE
    agrees = _agrees(said, gpu)
    return _UNSAID if agrees is None else _AGREES if agrees else _OTHERS


def _agrees(said: Said, gpu: Gpu | None) -> bool | None:
    """Return whether *gpu* draws, None where nothing tells."""
    wanted = plain_uuid(gpu.uuid) if gpu else ""
    if not wanted or said.software:
        return None
    if not is_nvidia(said):
        return False  # it was to be NVIDIA's
    return said.uuid == wanted if said.uuid else None


def truth(
    chosen: Said | None,
    asked: Sequence[Said],
    gpu: Gpu | None,
    setting: Setting,
    facts: Facts | None = None,
    *,
    promised: bool = False,
    why_none: str = "",
) -> Truth:
    """Return what a tile got: *chosen* among what was *asked*, or nothing.

    *promised*: it was to draw on a GPU though none was found; *why_none*: why there is none.
    """
    promised = (promised or gpu is not None) and setting != "mesa"
    if chosen is None:
        why = _sentence([f"{one.binding.name}: {one.error}" for one in asked])
        return Truth(asked[0].binding.way if asked else "mesa", "", promised=promised, note=f"GL does not draw: {why}")
    drawn_by = nvidia_uuid(chosen.uuid) if is_nvidia(chosen) and chosen.uuid else None
    wrong = _agrees(chosen, gpu) is False
    return Truth(
        way=chosen.binding.way,
        renderer=chosen.renderer,
        vendor=chosen.vendor,
        version=chosen.version,
        gpu=drawn_by,
        software=chosen.software,
        promised=promised,
        wrong=wrong,
        note=_note(chosen, asked, gpu, setting, facts, promised, wrong, why_none),
    )


def _note(
    chosen: Said,
    asked: Sequence[Said],
    gpu: Gpu | None,
    setting: Setting,
    facts: Facts | None,
    promised: bool,
    wrong: bool,
    why_none: str,
) -> str:
    if wrong:
        other = nvidia_uuid(chosen.uuid) if chosen.uuid else chosen.renderer
        return f"another GPU draws: {other}, although it was to be {gpu.words if gpu else 'none'}"
    if chosen.software and promised:
        where = f" on {gpu.words}" if gpu else " on a GPU"
        return f"drawn by the processor although it was to draw{where}: {why_software(asked, gpu, facts) or why_none}"
    if chosen.software:
        return "drawn by the processor, as tiles.gl=mesa says" if setting == "mesa" and gpu else why_none
    if gpu and _agrees(chosen, gpu) is None:
        return f"nothing tells whether it is {gpu.words} that draws"
    return ""


def why_software(asked: Sequence[Said], gpu: Gpu | None, facts: Facts | None) -> str:
    """Return why no GPU draws, in words for people; empty where nothing is known of it."""
    if gpu is None:
        return ""
    reasons: list[str] = []
    if gpu.slice:
        reasons.append("a slice of a GPU (MIG) draws no GL on most of NVIDIA's GPUs")
    for one in asked:
        if one.binding.way == "nvidia" and (one.error or one.software):
            reasons.append(_why_not_nvidia(one, facts))
        elif one.draws and not one.software and _agrees(one, gpu) is False:
            other = nvidia_uuid(one.uuid) if one.uuid else one.renderer
            reasons.append(f"{one.binding.name} draws on another GPU ({other})")
        elif one.binding.way == "virtualgl" and (one.error or one.software):
            name = "" if one.error == NO_VIRTUALGL else f"{one.binding.name}: "
            reasons.append(f"{name}{one.error or f'draws with {one.renderer}'}")
    ways = {one.binding.way for one in asked}
    if facts is not None and not facts.vglrun and "mesa" in ways and "virtualgl" not in ways:
        reasons.append(NO_VIRTUALGL)
    return _sentence(reasons)


def _why_not_nvidia(said: Said, facts: Facts | None) -> str:
    if facts is not None and not facts.nvidia_glx:
        return "NVIDIA's GLX is not there (a container needs --nv, and the node NVIDIA's driver with its GL)"
    if said.error:
        return f"NVIDIA's GLX does not draw: {said.error}"
    if facts is None:
        return "NVIDIA's GLX is not there, or does not take this display"
    return "NVIDIA's GLX does not take this display"


def _sentence(reasons: Sequence[str]) -> str:
    """Return the reasons in a row, each once; more than three are counted."""
    several = list(dict.fromkeys(reasons))
    return "; ".join(several[:3]) + (f"; and {len(several) - 3} more" if len(several) > 3 else "")
