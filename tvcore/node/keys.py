"""From text and names of keys to keysyms (X11/keysymdef.h), which is what an RFB client sends. Pure functions.

Capital letters come with Shift, as from a real keyboard: without it Xvnc presses Caps Lock, and leaves it so. Other
characters need none: for those Xvnc presses Shift where its keyboard wants it.
"""

from __future__ import annotations

from tvcore.errors import UsageError

_UNICODE = 0x01000000  # added to a character's number beyond Latin-1
_TYPED = {"\n": 0xFF0D, "\r": 0xFF0D, "\t": 0xFF09, "\b": 0xFF08, "\x1b": 0xFF1B, "\x7f": 0xFFFF}

MODIFIERS = {
    "shift": 0xFFE1, "ctrl": 0xFFE3, "control": 0xFFE3, "alt": 0xFFE9, "meta": 0xFFE7, "super": 0xFFEB, "win": 0xFFEB,
    "altgr": 0xFE03,
}  # fmt: skip
KEYS = {
    "return": 0xFF0D, "enter": 0xFF0D, "tab": 0xFF09, "escape": 0xFF1B, "esc": 0xFF1B, "space": 0x20,
    "backspace": 0xFF08, "delete": 0xFFFF, "del": 0xFFFF, "insert": 0xFF63, "home": 0xFF50, "end": 0xFF57,
    "left": 0xFF51, "up": 0xFF52, "right": 0xFF53, "down": 0xFF54, "pageup": 0xFF55, "page_up": 0xFF55,
    "pagedown": 0xFF56, "page_down": 0xFF56, "menu": 0xFF67, "print": 0xFF61, "pause": 0xFF13,
    "scroll_lock": 0xFF14, "caps_lock": 0xFFE5, "num_lock": 0xFF7F, "plus": 0x2B, "minus": 0x2D,
    **{f"f{number}": 0xFFBD + number for number in range(1, 25)},
    **{f"kp_{digit}": 0xFFB0 + digit for digit in range(10)},
    "kp_enter": 0xFF8D, "kp_add": 0xFFAB, "kp_subtract": 0xFFAD, "kp_multiply": 0xFFAA, "kp_divide": 0xFFAF,
}  # fmt: skip


def keysym(character: str) -> int:
    """Return the keysym that types *character*. Raises UsageError where none does."""
    if character in _TYPED:
        return _TYPED[character]
    number = ord(character)
    if number < 0x20 or 0x7F <= number < 0xA0 or 0xD800 <= number < 0xE000:
        raise UsageError(f"no key types the character U+{number:04X}")
    return number if number < 0x100 else _UNICODE + number


def strokes(text: str) -> list[list[int]]:
    """Return the keys that type *text*, those of each character; a line's end is Return.

    Raises UsageError naming what cannot be typed.
    """
    return [_stroke(character) for character in text.replace("\r\n", "\n")]


def _stroke(character: str) -> list[int]:
    return [MODIFIERS["shift"]] * _is_capital(character) + [keysym(character)]


def _is_capital(character: str) -> bool:
    return len(character) == 1 and character != character.lower()


def chord(keys: str) -> list[int]:
    """Return the keysyms of *keys*, such as ``ctrl+alt+t``, ``F5`` or ``ctrl++``, in the order of pressing.

    Each is a character or the name of a key, in any case. Raises UsageError for another word.
    """
    names = ["+"] if keys == "+" else keys.removesuffix("++").split("+") + ["+"] * keys.endswith("++")
    if "shift" in map(str.lower, names):
        names = [name.upper() if len(name) == len(name.upper()) == 1 else name for name in names]
    elif any(map(_is_capital, names)):
        names.insert(0, "shift")
    return [_named(name) for name in names]


def _named(name: str) -> int:
    if len(name) == 1:
        return keysym(name)
    found = {**MODIFIERS, **KEYS}.get(name.lower())
    if found is None:
        raise UsageError(f"there is no key {name!r}: write ctrl+alt+t, Return, F5 or Page_Down")
    return found
