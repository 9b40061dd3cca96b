"""What a probe said, or ``glxinfo -B``: read into values. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tvcore.container.gl.values import Binding

_SOFTWARE = re.compile(
    r"llvmpipe|softpipe|swrast|lavapipe|swiftshader|software rasterizer|software renderer|\bswr\b|mesa x11|"
    r"mesa offscreen|gdi generic|microsoft basic render",
    re.IGNORECASE,
)
_KEYS = {
    "vendor": "OpenGL vendor string",
    "renderer": "OpenGL renderer string",
    "version": "OpenGL version string",
    "accelerated": "Accelerated",
    "uuid": "Device UUID",
    "pixel": "Pixel",
}
_UUID = re.compile(r"[0-9a-f]{32}")
_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}

NO_SUCH_DEVICE = "VirtualGL finds no such EGL device"
NO_VIRTUALGL = "VirtualGL is not installed there"
OLD_VIRTUALGL = "this VirtualGL is older than 3.0, and needs an X server on the GPU"
# what the messages of programs mean, in the order in which they are looked for
_MEANINGS = (
    (r"no EGL devices found|invalid EGL device|could not query EGL devices", NO_SUCH_DEVICE),
    (r"could not open display (egl|/dev/dri)", OLD_VIRTUALGL),
    (r"could not (initialize EGL|open EGL display)|unable to open EGL display|EGL_EXT_platform_device extension not|"
     r"EGL_BAD_ACCESS|EGL_BAD_ALLOC|eglInitialize failed", "EGL does not start on this device"),
    (r"could not enable OpenGL API", "EGL there knows no driver for it (is 10_nvidia.json in glvnd's egl_vendor.d?)"),
    (r"could not open display :", "VirtualGL asks for an X server on the GPU, and there is none"),
    (r"could not read pixels|could not obtain RGB visual", "VirtualGL cannot read what the GPU drew"),
    (r"unable to open display|could not open (display|connection)|can'?t open display", "the display does not answer"),
    (r"/dev/dri\S*: permission denied|failed to open /dev/dri", "the device files below /dev/dri cannot be opened"),
    (r"vglrun\S*: (command )?not found|\"\S*vglrun\": executable file not found|vglrun\S*: no such file",
     NO_VIRTUALGL),
    (r"libGL is not installed|lib(GL|GLX|EGL|OpenGL)\.so\S*: cannot open", "libGL is not installed there"),
    (r"libX11 is not installed|libX11\.so\S*: cannot open", "libX11 is not installed there"),
    (r"X_GLXCreate(New)?Context|X_GLXMakeCurrent|BadAlloc|GLXBadContext|GLXBadFBConfig|GLXBadDrawable|BadMatch",
     "this GLX does not agree with the display's"),
    (r"extension\s+\"?GLX\"? missing|no GLX extension|lacks the GLX extension", "the display has no GLX"),
    (r"couldn'?t (find|get an?) RGB|no GLXFBConfig|glXChooseVisual|failed to create context|glXCreateContext failed",
     "this GLX has no picture format for the display"),
    (r"(swrast|driver)\S*: cannot open|failed to load driver|unable to load driver|failed to open .*dri\.so",
     "Mesa's drivers cannot be loaded"),
    (r"(python\S*|glxinfo|env|nice)\"?: (executable file |command )?not found|no such file or directory",
     "neither Python nor glxinfo is installed there"),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What one probe said of a *binding*; *error*: why GL does not draw, empty where it does.

    *uuid* has 32 hexadecimal digits, or is empty; *pixel* is None where nobody looked (glxinfo), *accelerated* where
    Mesa does not say it.
    """

    binding: Binding
    renderer: str = ""
    vendor: str = ""
    version: str = ""
    uuid: str = ""
    accelerated: bool | None = None
    pixel: bool | None = None
    error: str = ""

    @property
    def draws(self) -> bool:
        """Return whether GL draws at all."""
        return not self.error

    @property
    def software(self) -> bool:
        """Return whether the processor draws."""
        return self.accelerated is False or is_software(self.renderer)


@dataclass(frozen=True)
class Device:
    """One EGL device, in EGL's order."""

    software: bool = False
    cuda: int | None = None
    file: str = ""
    uuid: str = ""


@dataclass(frozen=True)
class Facts:
    """What there is to choose from where a tile runs; *vglrun* is empty without VirtualGL."""

    vglrun: str = ""
    nvidia_glx: bool = False
    devices: tuple[Device, ...] = ()


def is_software(renderer: str) -> bool:
    """Return whether *renderer* names a program that draws on the processor."""
    return not renderer or _SOFTWARE.search(renderer) is not None


def plain_uuid(text: str) -> str:
    """Return a GPU's UUID as 32 hexadecimal digits, whatever it is written like; empty for anything else."""
    digits = re.sub(r"^gpu-|[-:\s]", "", text.strip().lower())
    return digits if _UUID.fullmatch(digits) else ""


def nvidia_uuid(digits: str) -> str:
    """Return 32 digits as NVIDIA writes a GPU's UUID."""
    return "GPU-" + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def read_said(binding: Binding, text: str, code: int) -> Said:
    """Return what a probe said, which ended with *code*: negative, or from 129, for a signal."""
    values = {name: _value(text, key) for name, key in _KEYS.items()}
    pixel = {"ok": True, "wrong": False}.get(values["pixel"])
    return Said(
        binding,
        renderer=values["renderer"],
        vendor=values["vendor"],
        version=values["version"],
        uuid=plain_uuid(values["uuid"]),
        accelerated={"yes": True, "no": False}.get(values["accelerated"].lower()),
        pixel=pixel,
        error=_error(text, code, values["renderer"], pixel),
    )


def read_facts(text: str) -> Facts | None:
    """Return the facts of ``probe.py --facts``, None where it did not run."""
    if not _value(text, "Facts"):
        return None
    devices = [
        dict(word.partition("=")[::2] for word in line.partition(":")[2].split())
        for line in text.splitlines()
        if line.startswith("EGL device:")
    ]
    return Facts(
        vglrun=_value(text, "vglrun"),
        nvidia_glx=_value(text, "NVIDIA GLX") == "yes",
        devices=tuple(
            Device(
                software=device.get("software") == "yes",
                cuda=int(device["cuda"]) if device.get("cuda", "").isdigit() else None,
                file=device.get("file", ""),
                uuid=plain_uuid(device.get("uuid", "")),
            )
            for device in devices
        ),
    )


def _value(text: str, key: str) -> str:
    found = re.search(rf"^[ \t]*{re.escape(key)}:[ \t]*(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _error(text: str, code: int, renderer: str, pixel: bool | None) -> str:
    signal = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    if signal:
        return f"the program crashed ({_SIGNALS.get(signal, f'signal {signal}')})"
    if renderer and pixel is False:
        return f"{renderer} drew, but the picture did not get into the display"
    if re.search(r"libvglfaker\S*' from LD_PRELOAD cannot be preloaded", text):
        return "VirtualGL's libraries cannot be loaded there"
    if renderer and code == 0:
        return ""
    if meaning := next((words for form, words in _MEANINGS if re.search(form, text, re.IGNORECASE)), ""):
        return meaning
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return f"the probe ended with exit code {code}{f': {last[:200]}' if last else ''}"
