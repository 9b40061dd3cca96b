"""What GL really gives in the display $DISPLAY: a program of its own, run where a tile's program runs.

    probe.py            draw off-screen and say what drew
    probe.py --window   draw into a small window, and see in the display whether the picture got there
    probe.py --facts    say what there is to choose from: EGL devices, VirtualGL, NVIDIA's GLX

It needs Python (3.6 or later), libX11 and libGL, nothing else, and prints lines like those of ``glxinfo -B``.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import argparse
import ctypes
import os
import shutil
import sys
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_uint, c_ulong, c_void_p

COLOUR = (51, 102, 153)
EDGE = 8  # of the window, in pixels
PATIENCE = 3.0  # seconds in which a picture has to get into the display

GLX_RGBA, GLX_DOUBLEBUFFER, GLX_RED_SIZE, GLX_GREEN_SIZE, GLX_BLUE_SIZE = 4, 5, 8, 9, 10
GLX_RENDERER_ACCELERATED_MESA = 0x8186
GL_COLOR_BUFFER_BIT, GL_RGBA, GL_UNSIGNED_BYTE = 0x4000, 0x1908, 0x1401
GL_VENDOR, GL_RENDERER, GL_VERSION, GL_EXTENSIONS = 0x1F00, 0x1F01, 0x1F02, 0x1F03
GL_FRAMEBUFFER, GL_RENDERBUFFER, GL_COLOR_ATTACHMENT0, GL_RGBA8 = 0x8D40, 0x8D41, 0x8CE0, 0x8058
GL_DEVICE_UUID_EXT, UUID_BYTES = 0x9597, 16
EGL_PLATFORM_DEVICE_EXT, EGL_EXTENSIONS = 0x313F, 0x3055
EGL_CUDA_DEVICE_NV, EGL_DRM_DEVICE_FILE_EXT, EGL_DEVICE_UUID_EXT = 0x323A, 0x3233, 0x335C
X_ALL_PLANES, X_ZPIXMAP, X_INPUT_OUTPUT = ctypes.c_ulong(-1).value, 2, 1
CW_BORDER_PIXEL, CW_OVERRIDE_REDIRECT, CW_COLORMAP = 1 << 3, 1 << 9, 1 << 13


class VisualInfo(ctypes.Structure):
    """XVisualInfo of Xutil.h."""

    _fields_ = [
        ("visual", c_void_p), ("visualid", c_ulong), ("screen", c_int), ("depth", c_int), ("visual_class", c_int),
        ("red_mask", c_ulong), ("green_mask", c_ulong), ("blue_mask", c_ulong), ("colormap_size", c_int),
        ("bits_per_rgb", c_int),
    ]  # fmt: skip


class WindowAttributes(ctypes.Structure):
    """XSetWindowAttributes of Xlib.h."""

    _fields_ = [
        ("background_pixmap", c_ulong), ("background_pixel", c_ulong), ("border_pixmap", c_ulong),
        ("border_pixel", c_ulong), ("bit_gravity", c_int), ("win_gravity", c_int), ("backing_store", c_int),
        ("backing_planes", c_ulong), ("backing_pixel", c_ulong), ("save_under", c_int), ("event_mask", ctypes.c_long),
        ("do_not_propagate_mask", ctypes.c_long), ("override_redirect", c_int), ("colormap", c_ulong),
        ("cursor", c_ulong),
    ]  # fmt: skip


def say(key, value):
    """Print one line, at once: what comes next may be a crash."""
    print(f"{key}: {value}", flush=True)


def load(*names):
    """Return the first library that can be loaded, None where there is none."""
    for name in names:
        try:
            return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
    return None


def typed(library, name, result, *arguments):
    """Return a function of *library* with its types."""
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


class Display:
    """The X display, and a window with a GL context; everything ends with the process."""

    def __init__(self, shown):
        self.x, self.gl = load("libX11.so.6", "libX11.so"), load("libGL.so.1", "libGL.so")
        if self.x is None or self.gl is None:
            sys.exit(f"Error: {'libX11' if self.x is None else 'libGL'} is not installed")
        self.display = typed(self.x, "XOpenDisplay", c_void_p, c_char_p)(None)
        if not self.display:
            sys.exit(f"Error: unable to open display {os.environ.get('DISPLAY', '')}")
        self.screen = typed(self.x, "XDefaultScreen", c_int, c_void_p)(self.display)
        visual = self.choose_visual()
        if not visual:
            sys.exit("Error: couldn't find RGB GLX visual or fbconfig")
        self.visual = visual.contents
        self.window = self.make_window(shown)
        create = typed(self.gl, "glXCreateContext", c_void_p, c_void_p, c_void_p, c_void_p, c_int)
        self.context = create(self.display, visual, None, 1)
        if not self.context:
            sys.exit("Error: glXCreateContext failed")
        current = typed(self.gl, "glXMakeCurrent", c_int, c_void_p, c_ulong, c_void_p)
        if not current(self.display, self.window, self.context):
            sys.exit("Error: glXMakeCurrent failed")

    def choose_visual(self):
        """Return a visual of 8 bits a colour, with two buffers or with one."""
        choose = typed(self.gl, "glXChooseVisual", POINTER(VisualInfo), c_void_p, c_int, POINTER(c_int))
        wanted = (GLX_RGBA, GLX_RED_SIZE, 8, GLX_GREEN_SIZE, 8, GLX_BLUE_SIZE, 8)
        for more in ((GLX_DOUBLEBUFFER, 0), (0,)):
            attributes = (c_int * (len(wanted) + len(more)))(*(wanted + more))
            visual = choose(self.display, self.screen, attributes)
            if visual:
                return visual
        return None

    def make_window(self, shown):
        """Return a small window in the corner, which no window manager touches; seen only when *shown*."""
        root = typed(self.x, "XRootWindow", c_ulong, c_void_p, c_int)(self.display, self.screen)
        colormap = typed(self.x, "XCreateColormap", c_ulong, c_void_p, c_ulong, c_void_p, c_int)
        attributes = WindowAttributes(override_redirect=1)
        attributes.colormap = colormap(self.display, root, self.visual.visual, 0)
        create = typed(
            self.x, "XCreateWindow", c_ulong, c_void_p, c_ulong, c_int, c_int, c_uint, c_uint, c_uint, c_int, c_uint,
            c_void_p, c_ulong, POINTER(WindowAttributes),
        )  # fmt: skip
        mask = CW_BORDER_PIXEL | CW_OVERRIDE_REDIRECT | CW_COLORMAP
        window = create(
            self.display, root, 0, 0, EDGE, EDGE, 0, self.visual.depth, X_INPUT_OUTPUT, self.visual.visual, mask,
            byref(attributes),
        )  # fmt: skip
        if shown:
            typed(self.x, "XMapRaised", c_int, c_void_p, c_ulong)(self.display, window)
            self.sync()
        return window

    def sync(self):
        """Wait until the X server has done all that was asked of it."""
        typed(self.x, "XSync", c_int, c_void_p, c_int)(self.display, 0)

    def procedure(self, name, result, *arguments):
        """Return an extension's function, None where there is none."""
        address = typed(self.gl, "glXGetProcAddressARB", c_void_p, c_char_p)(name.encode())
        return ctypes.CFUNCTYPE(result, *arguments)(address) if address else None

    def text(self, name):
        """Return one of GL's strings."""
        return (typed(self.gl, "glGetString", c_char_p, c_uint)(name) or b"").decode("utf-8", "replace")

    def clear(self):
        """Fill what is drawn into with the colour."""
        colour = [ctypes.c_float(value / 255) for value in (*COLOUR, 255)]
        typed(self.gl, "glClearColor", None, *[ctypes.c_float] * 4)(*colour)
        typed(self.gl, "glClear", None, c_uint)(GL_COLOR_BUFFER_BIT)

    def drawn_off_screen(self):
        """Draw into a buffer of GL's own, and return whether the colour can be read there."""
        names = ("glGenFramebuffers", "glBindFramebuffer", "glGenRenderbuffers", "glBindRenderbuffer")
        kinds = ((c_int, POINTER(c_uint)), (c_uint, c_uint)) * 2
        functions = [self.procedure(name, None, *kind) for name, kind in zip(names, kinds)]  # noqa: B905
        storage = self.procedure("glRenderbufferStorage", None, c_uint, c_uint, c_int, c_int)
        attach = self.procedure("glFramebufferRenderbuffer", None, c_uint, c_uint, c_uint, c_uint)
        if all(functions) and storage and attach:  # else it is the window's buffer, which few hide
            make_frame, bind_frame, make_buffer, bind_buffer = functions
            frame, buffer = c_uint(), c_uint()
            make_frame(1, byref(frame))
            bind_frame(GL_FRAMEBUFFER, frame.value)
            make_buffer(1, byref(buffer))
            bind_buffer(GL_RENDERBUFFER, buffer.value)
            storage(GL_RENDERBUFFER, GL_RGBA8, EDGE, EDGE)
            attach(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, buffer.value)
        self.clear()
        pixel = (ctypes.c_ubyte * 4)()
        read = typed(self.gl, "glReadPixels", None, c_int, c_int, c_int, c_int, c_uint, c_uint, c_void_p)
        read(EDGE // 2, EDGE // 2, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel)
        return is_colour(list(pixel)[:3])

    def drawn_into_window(self):
        """Draw into the window, and return whether the colour gets into the display."""
        until = time.monotonic() + PATIENCE
        while True:
            self.clear()
            typed(self.gl, "glXSwapBuffers", None, c_void_p, c_ulong)(self.display, self.window)
            typed(self.gl, "glFinish", None)()
            self.sync()
            if is_colour(self.seen()):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.05)

    def seen(self):
        """Return the colour of the window's middle in the display."""
        get = typed(
            self.x, "XGetImage", c_void_p, c_void_p, c_ulong, c_int, c_int, c_uint, c_uint, c_ulong, c_int
        )  # fmt: skip
        image = get(self.display, self.window, EDGE // 2, EDGE // 2, 1, 1, X_ALL_PLANES, X_ZPIXMAP)
        if not image:
            return [0, 0, 0]
        value = typed(self.x, "XGetPixel", c_ulong, c_void_p, c_int, c_int)(image, 0, 0)
        typed(self.x, "XDestroyImage", c_int, c_void_p)(image)
        masks = (self.visual.red_mask, self.visual.green_mask, self.visual.blue_mask)
        return [(value & mask) * 255 // mask for mask in masks]

    def uuid(self):
        """Return the UUID of what draws as 32 digits, empty where GL has none (GL_EXT_memory_object)."""
        get = self.procedure("glGetUnsignedBytei_vEXT", None, c_uint, c_uint, c_void_p)
        if get is None or "GL_EXT_memory_object" not in self.text(GL_EXTENSIONS).split():
            return ""
        raw = (ctypes.c_ubyte * UUID_BYTES)()
        get(GL_DEVICE_UUID_EXT, 0, raw)
        return bytes(raw).hex() if any(raw) else ""

    def accelerated(self):
        """Return whether Mesa says that hardware draws, None where nothing says so."""
        extensions = typed(self.gl, "glXQueryExtensionsString", c_char_p, c_void_p, c_int)
        if b"GLX_MESA_query_renderer" not in (extensions(self.display, self.screen) or b"").split():
            return None
        ask = self.procedure("glXQueryCurrentRendererIntegerMESA", c_int, c_int, POINTER(c_uint))
        value = c_uint()
        return bool(value.value) if ask and ask(GLX_RENDERER_ACCELERATED_MESA, byref(value)) else None


def is_colour(values):
    """Return whether the colour is ours, but for rounding."""
    return all(abs(value - wanted) <= 2 for value, wanted in zip(values, COLOUR))  # noqa: B905


def say_gl(shown):
    """Draw, and say what drew."""
    display = Display(shown)
    direct = typed(display.gl, "glXIsDirect", c_int, c_void_p, c_void_p)(display.display, display.context)
    say("direct rendering", "Yes" if direct else "No")
    say("OpenGL vendor string", display.text(GL_VENDOR))
    say("OpenGL renderer string", display.text(GL_RENDERER))
    say("OpenGL version string", display.text(GL_VERSION))
    accelerated = display.accelerated()
    if accelerated is not None:
        say("Accelerated", "yes" if accelerated else "no")
    uuid = display.uuid()
    if uuid:
        say("Device UUID", uuid)
    drawn = display.drawn_into_window() if shown else display.drawn_off_screen()
    say("Pixel", "ok" if drawn else "wrong")


def egl_devices(egl):
    """Yield what is known of each EGL device that starts, in EGL's order, as text: VirtualGL counts no others."""
    address = typed(egl, "eglGetProcAddress", c_void_p, c_char_p)

    def procedure(name, result, *arguments):
        at = address(name)
        return ctypes.CFUNCTYPE(result, *arguments)(at) if at else None

    query = procedure(b"eglQueryDevicesEXT", c_uint, c_int, POINTER(c_void_p), POINTER(c_int))
    text = procedure(b"eglQueryDeviceStringEXT", c_char_p, c_void_p, c_int)
    number = procedure(b"eglQueryDeviceAttribEXT", c_uint, c_void_p, c_int, POINTER(ctypes.c_ssize_t))
    binary = procedure(b"eglQueryDeviceBinaryEXT", c_uint, c_void_p, c_int, c_int, c_void_p, POINTER(c_int))
    open_device = procedure(b"eglGetPlatformDisplayEXT", c_void_p, c_uint, c_void_p, c_void_p)
    start = typed(egl, "eglInitialize", c_uint, c_void_p, c_void_p, c_void_p)
    devices, count = (c_void_p * 64)(), c_int()
    if not (query and text and open_device and query(64, devices, byref(count))):
        return
    for device in devices[: count.value]:
        display = open_device(EGL_PLATFORM_DEVICE_EXT, device, None)
        if not display or not start(display, None, None):
            continue
        extensions = (text(device, EGL_EXTENSIONS) or b"").split()
        words = [f"software={'yes' if b'EGL_MESA_device_software' in extensions else 'no'}"]
        value = ctypes.c_ssize_t()
        if b"EGL_NV_device_cuda" in extensions and number and number(device, EGL_CUDA_DEVICE_NV, byref(value)):
            words.append(f"cuda={value.value}")
        if b"EGL_EXT_device_drm" in extensions:
            file = text(device, EGL_DRM_DEVICE_FILE_EXT)
            words += ["file=" + file.decode("utf-8", "replace")] if file else []
        raw, length = (ctypes.c_ubyte * UUID_BYTES)(), c_int()
        known = b"EGL_EXT_device_persistent_id" in extensions and binary
        if known and binary(device, EGL_DEVICE_UUID_EXT, UUID_BYTES, raw, byref(length)) and any(raw):
            words.append("uuid=" + bytes(raw).hex())
        yield " ".join(words)


def say_facts():
    """Say what there is to choose from."""
    say("Facts", "1")
    path = os.environ.get("PATH", os.defpath) + ":/opt/VirtualGL/bin"
    say("vglrun", shutil.which("vglrun", path=path) or "")
    say("NVIDIA GLX", "yes" if load("libGLX_nvidia.so.0") else "no")
    egl = load("libEGL.so.1")
    for device in egl_devices(egl) if egl else ():
        say("EGL device", device)


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description="Say what GL really gives in the display $DISPLAY.")
    parser.add_argument("--window", action="store_true", help="draw into a window and look for it in the display")
    parser.add_argument("--facts", action="store_true", help="say what there is to choose from instead")
    given = parser.parse_args()
    if given.facts:
        say_facts()
    else:
        say_gl(given.window)


if __name__ == "__main__":
    main()
