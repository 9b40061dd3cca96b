"""The choice of a way to GL, over what programs printed on real machines (each file says where that stands)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tvcore.container.gl.choice import candidates, choose, enough, hopeless, truth
from tvcore.container.gl.said import Device, Facts, Said, is_software, nvidia_uuid, plain_uuid, read_facts, read_said
from tvcore.container.gl.values import Binding, Gpu, Setting, Truth

PROBES = Path(__file__).with_name("gl_probes")
OURS = "GPU-513536b6-7d19-9063-b049-1e69664bb298"
OTHER = "GPU-d8594bd4-0fc3-8595-e355-7c98138f3b95"
GPU = Gpu(0, OURS, minor=2, name="NVIDIA A100-SXM4-80GB", bus="0000:3b:00.0")
NVIDIA, MESA = Binding("nvidia"), Binding("mesa")
EGL0, EGL1 = (Binding("virtualgl", ("vglrun", "-d", device)) for device in ("egl0", "egl1"))


def printed(name: str) -> str:
    source, _, text = (PROBES / f"{name}.txt").read_text("utf-8").partition("\n")
    assert source.startswith("# ")
    return text


def said(binding: Binding, name: str, code: int = 0, uuid: str = "") -> Said:
    """Return what a probe said on that machine; *uuid*: had it been asked for it, as old outputs were not."""
    return replace(read_said(binding, printed(name), code), uuid=plain_uuid(uuid))


@pytest.mark.parametrize("path", sorted(PROBES.glob("*.txt")), ids=lambda path: path.stem)
def test_each_output_says_where_it_comes_from(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith(("# https://github.com/", "# gl/probe.py itself")), first


@pytest.mark.parametrize(
    ("name", "renderer", "software"),
    [
        ("nvidia_rtx4060_xvnc", "NVIDIA GeForce RTX 4060/PCIe/SSE2", False),
        ("nvidia_rtx4060_xvnc_mesa", "llvmpipe (LLVM 18.1.6, 256 bits)", True),
        ("nvidia_v100_virtualgl", "Tesla V100-PCIE-32GB/PCIe/SSE2", False),
        ("nvidia_rtx2080ti", "GeForce RTX 2080 Ti/PCIe/SSE2", False),
        ("nvidia_quadro", "Quadro M2000M/PCIe/SSE2", False),
        ("llvmpipe_old", "Gallium 0.4 on llvmpipe (LLVM 3.9, 256 bits)", True),
        ("llvmpipe_2022", "llvmpipe (LLVM 12.0.1, 256 bits)", True),
        ("wsl_llvmpipe", "llvmpipe (LLVM 10.0.0, 256 bits)", True),
        ("wsl_d3d12", "D3D12 (NVIDIA GeForce GTX 950)", False),
        ("intel_kbl", "Mesa Intel(R) HD Graphics 630 (KBL GT2)", False),
        ("intel_xe", "Mesa Intel(R) Xe Graphics (TGL GT2)", False),
        ("intel_gm45", "Mesa Mobile Intel® GM45 Express Chipset (CTG)", False),
        ("amd_pitcairn", "Gallium 0.4 on AMD PITCAIRN (DRM 2.43.0, LLVM 3.6.2)", False),
        ("zink_amd", "zink (AMD RADV NAVI10)", False),
        ("virgl_amd", "virgl (AMD Radeon RX 7900 XTX (radeonsi, navi31, LLVM 19.1....)", False),
        ("vmware_svga3d", "SVGA3D; build: RELEASE;", False),
        ("probe_trixie_container", "llvmpipe (LLVM 19.1.7, 256 bits)", True),
        ("probe_virtualgl_software", "llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("probe_h200_nvidia", "NVIDIA H200/PCIe/SSE2", False),
        ("probe_h200_virtualgl", "NVIDIA H200/PCIe/SSE2", False),
    ],
)
def test_what_draws_is_read_as_it_stands(name: str, renderer: str, software: bool) -> None:
    one = said(MESA, name)
    assert (one.renderer, one.software, one.error) == (renderer, software, "")


def test_on_an_h200_nvidias_glx_is_taken_and_says_the_gpu_that_nvidia_smi_says() -> None:
    gpu = Gpu(0, "GPU-5c372c83-206d-c8fd-25b5-df1529cc7f00", minor=0, name="NVIDIA H200")  # of nvidia-smi, there
    facts = read_facts(printed("probe_h200_facts"))
    assert facts is not None
    first, second, *_ = candidates("auto", gpu, facts)
    assert (first.name, second.name) == ("nvidia", "virtualgl egl0")
    drew = read_said(first, printed("probe_h200_nvidia"), 0)
    assert enough(drew, gpu, facts)
    assert truth(drew, [drew], gpu, "auto", facts) == Truth(
        "nvidia",
        "NVIDIA H200/PCIe/SSE2",
        "NVIDIA Corporation",
        "4.6.0 NVIDIA 580.159.04",
        gpu.uuid,
        software=False,
        promised=True,
    )
    assert read_said(second, printed("probe_h200_virtualgl"), 0).uuid == plain_uuid(gpu.uuid)


@pytest.mark.parametrize(
    "renderer",
    [
        "softpipe", "Software Rasterizer", "zink Vulkan 1.3(llvmpipe (LLVM 17.0.6, 256 bits) (MESA_LLVMPIPE))",
        "virgl (LLVMPIPE (LLVM 15.0.7, 256 bits))", "Google SwiftShader", "SWR (LLVM 9.0, 256 bits)", "GDI Generic",
        "Mesa X11", "D3D12 (Microsoft Basic Render Driver)", "Apple Software Renderer", "",
    ],
)  # fmt: skip
def test_programs_that_draw_on_the_processor_are_known(renderer: str) -> None:
    assert is_software(renderer)


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        ("swrast_missing", 1, "this GLX has no picture format for the display"),
        ("no_double_buffer", 1, "this GLX has no picture format for the display"),
        ("zink_missing", 1, "this GLX has no picture format for the display"),
        ("badalloc_makecurrent", 1, "this GLX does not agree with the display's"),
        ("glxbadcontext", 1, "this GLX does not agree with the display's"),
        ("fbconfig_refused", 1, "this GLX does not agree with the display's"),
        ("display_without_glx", 1, "the display has no GLX"),
        ("virtualgl_invalid_device", 1, "VirtualGL finds no such EGL device"),
        ("probe_virtualgl_invalid", 1, "VirtualGL finds no such EGL device"),
        ("virtualgl_too_old", 1, "this VirtualGL is older than 3.0, and needs an X server on the GPU"),
        ("virtualgl_no_x_server", 1, "VirtualGL asks for an X server on the GPU, and there is none"),
        ("virtualgl_no_egl_vendor", 1, "EGL there knows no driver for it (is 10_nvidia.json in glvnd's egl_vendor.d?)"),
        ("virtualgl_no_visual", 1, "VirtualGL cannot read what the GPU drew"),
        ("virtualgl_no_readback", 1, "VirtualGL cannot read what the GPU drew"),
        ("probe_virtualgl_unloaded", 0, "VirtualGL's libraries cannot be loaded there"),
        ("glxinfo_missing", 127, "neither Python nor glxinfo is installed there"),
    ],
)
def test_messages_are_said_in_words(name: str, code: int, error: str) -> None:
    one = said(EGL0, name, code)
    assert (one.error, one.draws) == (error, False)


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        ("", -11, "the program crashed (SIGSEGV)"),
        ("Segmentation fault (core dumped)", 139, "the program crashed (SIGSEGV)"),
        ("Error: unable to open display :7", 1, "the display does not answer"),
        ("Error: libGL is not installed", 1, "libGL is not installed there"),
        ('FATAL:   "vglrun": executable file not found in $PATH', 255, "VirtualGL is not installed there"),
        ("vglrun: No such file or directory", 127, "VirtualGL is not installed there"),
        (
            'FATAL:   "glxinfo": executable file not found in $PATH',
            255,
            "neither Python nor glxinfo is installed there",
        ),
        ("Could not initialize EGL", 1, "EGL does not start on this device"),
        ("something new", 3, "the probe ended with exit code 3: something new"),
        ("", 0, "the probe ended with exit code 0"),
        ("OpenGL renderer string: X\nPixel: wrong", 0, "X drew, but the picture did not get into the display"),
    ],
)
def test_other_ends_are_said_too(text: str, code: int, error: str) -> None:
    assert read_said(NVIDIA, text, code).error == error


def test_tegra_draws_by_virtualgl_although_mesa_complains() -> None:
    text = printed("virtualgl_tegra_swrast")  # of glxgears -info: the same names, glxinfo's spelling
    for theirs, ours in (("GL_RENDERER  ", "OpenGL renderer string:"), ("GL_VENDOR    ", "OpenGL vendor string:")):
        text = text.replace(f"{theirs} = ", f"{ours} ")
    one = read_said(EGL0, text, 0)
    assert (one.renderer, one.error, one.software) == ("NVIDIA Tegra Xavier (nvgpu)/integrated", "", False)


def chosen(asked: list[Said], gpu: Gpu | None = GPU, setting: Setting = "auto", **more: object) -> Truth:
    best = choose(asked, gpu, setting)
    return truth(best, asked, gpu, setting, **more)  # type: ignore[arg-type]


def test_nvidias_glx_in_xvnc_is_taken_when_it_is_the_gpu() -> None:
    first = said(NVIDIA, "nvidia_rtx4060_xvnc", uuid=OURS)
    first = replace(first, vendor="NVIDIA Corporation", pixel=True)
    assert enough(first, GPU, Facts())
    found = chosen([first])
    assert found == Truth(
        "nvidia", "NVIDIA GeForce RTX 4060/PCIe/SSE2", "NVIDIA Corporation", "", OURS, False, promised=True
    )
    assert not found.bad


def test_egl_devices_are_tried_until_the_uuid_agrees() -> None:
    asked = [
        said(NVIDIA, "badalloc_makecurrent", 1),
        said(EGL0, "nvidia_v100_virtualgl", uuid=OTHER),
        said(EGL1, "nvidia_v100_virtualgl", uuid=OURS.lower()),
        said(MESA, "llvmpipe_2022"),
    ]
    assert [enough(one, GPU, Facts()) for one in asked] == [False, False, True, False]
    assert choose(asked, GPU, "auto") is asked[2]
    assert (chosen(asked).gpu, chosen(asked).wrong, chosen(asked).note) == (OURS, False, "")


def test_another_jobs_gpu_is_not_taken_while_the_processor_can_draw() -> None:
    asked = [said(NVIDIA, "nvidia_rtx2080ti", uuid=OTHER), said(MESA, "llvmpipe_2022")]
    found = chosen(asked, facts=Facts(nvidia_glx=True))
    assert (found.way, found.software, found.bad) == ("mesa", True, True)
    assert found.note == (
        f"drawn by the processor although it was to draw on {OURS}: nvidia draws on another GPU ({OTHER}); "
        "VirtualGL is not installed there"
    )


def test_another_gpu_that_is_forced_is_said_to_be_wrong() -> None:
    found = chosen([said(NVIDIA, "nvidia_rtx2080ti", uuid=OTHER)], setting="nvidia")
    assert (found.wrong, found.bad, found.gpu) == (True, True, OTHER)
    assert found.note == f"another GPU draws: {OTHER}, although it was to be {OURS}"


def test_intel_or_amd_in_place_of_nvidias_gpu_is_wrong() -> None:
    for name in ("intel_xe", "amd_pitcairn", "zink_amd", "wsl_d3d12"):
        found = chosen([said(MESA, name)])
        assert found.wrong, name
        assert found.gpu is None


def test_without_uuids_a_gpu_is_taken_and_the_doubt_is_said() -> None:
    old = said(NVIDIA, "nvidia_quadro")  # before GL_EXT_memory_object
    assert not enough(old, GPU, Facts())
    assert enough(old, GPU, None)  # glxinfo alone: no other way will tell either
    found = chosen([old, said(MESA, "llvmpipe_old")])
    assert (found.way, found.software, found.bad, found.gpu) == ("nvidia", False, False, None)
    assert found.note == f"nothing tells whether it is {OURS} that draws"
    amd = said(MESA, "amd_pitcairn")
    assert enough(amd, Gpu(1), Facts())
    assert chosen([amd], Gpu(1)).note == "nothing tells whether it is GPU 1 that draws"
    assert not chosen([amd], Gpu(1)).bad


def test_a_container_without_nvidias_library_is_explained() -> None:
    asked = [said(NVIDIA, "probe_trixie_container"), said(MESA, "probe_trixie_container")]
    found = chosen(asked, facts=Facts())
    assert (found.way, found.gpu, found.bad) == ("mesa", None, True)
    assert found.note == (
        f"drawn by the processor although it was to draw on {OURS}: NVIDIA's GLX is not there (a container needs --nv, "
        "and the node NVIDIA's driver with its GL); VirtualGL is not installed there"
    )
    assert choose(asked, GPU, "nvidia") is None  # what is forced is not there: Mesa is no substitute


def test_virtualgl_that_finds_only_the_processor_is_explained() -> None:
    facts = Facts("/usr/bin/vglrun", nvidia_glx=True, devices=(Device(software=True),))
    asked = [said(NVIDIA, "swrast_missing", 1), said(EGL0, "probe_virtualgl_software"), said(MESA, "llvmpipe_2022")]
    assert chosen(asked, facts=facts).note.endswith(
        "NVIDIA's GLX does not draw: this GLX has no picture format for the display; "
        "virtualgl egl0: draws with llvmpipe (LLVM 15.0.6, 256 bits)"
    )
    assert chosen(asked, facts=facts).way == "mesa"


def test_a_slice_of_a_gpu_is_explained() -> None:
    mig = Gpu(0, "MIG-ce861fb0-a248-58ce-a9a8-f9adbc22a66a")
    found = chosen([said(NVIDIA, "swrast_missing", 1), said(MESA, "llvmpipe_2022")], mig, facts=Facts())
    assert "a slice of a GPU (MIG) draws no GL on most of NVIDIA's GPUs" in found.note
    assert found.bad


def test_a_job_without_a_gpu_is_calm() -> None:
    software = said(MESA, "llvmpipe_2022")
    assert enough(software, None, Facts())
    assert chosen([software], None) == Truth(
        "mesa", "llvmpipe (LLVM 12.0.1, 256 bits)", "Mesa/X.org", "4.5 (Compatibility Profile) Mesa 21.3.0-devel"
    )
    calm = chosen([software], None, why_none="this job has no GPU")
    assert (calm.note, calm.bad) == ("this job has no GPU", False)
    promised = chosen([software], None, promised=True, why_none="the job has only 1 GPU on this node")
    assert promised.bad
    assert promised.note == (
        "drawn by the processor although it was to draw on a GPU: the job has only 1 GPU on this node"
    )


def test_mesa_that_is_forced_is_calm_on_a_gpu_too() -> None:
    found = chosen([said(MESA, "llvmpipe_2022")], setting="mesa")
    assert (found.bad, found.note) == (False, "drawn by the processor, as tiles.gl=mesa says")


def test_nothing_that_draws_is_said_with_each_reason() -> None:
    found = chosen([said(NVIDIA, "display_without_glx", 1), said(MESA, "display_without_glx", 1)])
    assert (found.renderer, found.software, found.bad) == ("", True, True)
    assert found.note == "GL does not draw: nvidia: the display has no GLX; mesa: the display has no GLX"


def names(setting: Setting, gpu: Gpu | None, facts: Facts | None) -> list[str]:
    return [binding.name for binding in candidates(setting, gpu, facts)]


def test_candidates_follow_what_there_is() -> None:
    both = Facts("/opt/VirtualGL/bin/vglrun", True, (Device(cuda=1), Device(cuda=0), Device(software=True)))
    assert names("auto", None, both) == ["mesa"]
    assert names("auto", GPU, Facts()) == ["nvidia", "mesa"]
    assert names("auto", GPU, both) == ["nvidia", "virtualgl egl0", "virtualgl egl1", "virtualgl egl2", "mesa"]
    assert candidates("auto", GPU, both)[1].prefix == ("/opt/VirtualGL/bin/vglrun", "-d", "egl0")
    assert names("nvidia", GPU, both) == ["nvidia"]
    assert names("mesa", GPU, both) == ["mesa"]
    assert names("virtualgl", None, None)[:2] == ["virtualgl egl0", "virtualgl egl1"]
    assert names("auto", GPU, None)[1] == "virtualgl egl0"
    assert "LIBGL_ALWAYS_SOFTWARE" in candidates("mesa", GPU, both)[0].environment
    assert "LIBGL_ALWAYS_SOFTWARE" not in candidates("auto", GPU, both)[-1].environment


def test_the_egl_device_that_is_the_gpu_is_asked_first() -> None:
    by_uuid = Facts(
        "vglrun", True, (Device(software=True), Device(uuid=plain_uuid(OTHER)), Device(uuid=plain_uuid(OURS)))
    )
    assert names("virtualgl", GPU, by_uuid) == ["virtualgl egl2", "virtualgl egl1", "virtualgl egl0"]
    gpu = replace(GPU, dri=("/dev/dri/card4", "/dev/dri/renderD132"))
    by_file = Facts("vglrun", True, (Device(file="/dev/dri/card0"), Device(file="/dev/dri/card4")))
    assert names("virtualgl", gpu, by_file) == ["virtualgl egl1", "virtualgl egl0", "virtualgl /dev/dri/card4"]


def test_devices_are_not_counted_on_beyond_the_last() -> None:
    assert hopeless(said(EGL0, "virtualgl_invalid_device", 1), None)
    assert not hopeless(said(EGL0, "virtualgl_invalid_device", 1), Facts())  # asked out of order
    assert hopeless(said(EGL0, "virtualgl_too_old", 1), Facts())
    assert not hopeless(said(NVIDIA, "swrast_missing", 1), None)


def test_facts_are_read() -> None:
    text = (
        "Facts: 1\nvglrun: /usr/bin/vglrun\nNVIDIA GLX: yes\n"
        f"EGL device: software=no cuda=1 file=/dev/dri/card1 uuid={plain_uuid(OURS)}\nEGL device: software=yes\n"
    )
    assert read_facts(text) == Facts(
        "/usr/bin/vglrun", True, (Device(False, 1, "/dev/dri/card1", plain_uuid(OURS)), Device(software=True))
    )
    assert read_facts('FATAL:   "python3": executable file not found in $PATH') is None
    assert read_facts("Facts: 1\nvglrun: \nNVIDIA GLX: no\n") == Facts()


def test_uuids_are_compared_whatever_they_are_written_like() -> None:
    digits = "513536b67d199063b0491e69664bb298"
    for text in (OURS, OURS.upper(), OURS.removeprefix("GPU-"), digits, f" {digits}\n"):
        assert plain_uuid(text) == digits
    assert nvidia_uuid(digits) == OURS
    for text in ("", "GPU-", "GPU-1234", "MIG-ce861fb0-a248-58ce-a9a8-f9adbc22a66a", "GPU-????????-????-????"):
        assert plain_uuid(text) == ""
