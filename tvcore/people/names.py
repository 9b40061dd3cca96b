# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Names that people read: what may be one, and when two look alike, so that nobody passes for another. Pure.

After Unicode Technical Standard 39: letters of one script (section 5.1), and a skeleton that is the same for what
looks the same (section 4), with the letters of Greek, Cyrillic and Armenian that look like Latin ones.
"""

from __future__ import annotations

import unicodedata

from tvcore.errors import UsageError

NAME_MAX = 40
TITLE_MAX = 80

# Latin letters by those that look like them: of Greek and Cyrillic (capitals first, whose small ones look otherwise),
# Armenian, and Latin itself.
_CAPITALS = {"b": "ΒВ", "h": "ΗН", "m": "ΜМ", "n": "Ν", "p": "ΡР", "t": "ΤТ", "u": "Ս", "x": "ΧХ", "y": "ΥУҮ", "z": "Ζ"}
_SMALL = {
    "a": "аαɑ", "b": "ьβ8", "c": "сϲ", "d": "ԁđժ", "e": "еєҽε", "g": "ɡԍց", "h": "һհн", "j": "јϳ", "k": "кκ",
    "l": "1i|!ıłіӏιլ", "m": "м", "n": "пηոռ", "o": "0оοօøσ", "p": "рρ", "q": "ԛգ", "r": "г", "s": "5ѕ", "t": "тτ",
    "u": "υսʋ", "v": "νѵ", "w": "ԝωшա", "x": "хχ", "y": "уγү", "z": "ʐ",
}  # fmt: skip
_LOOKS_CAPITAL = {each: latin for latin, others in _CAPITALS.items() for each in others}
_LOOKS = {each: latin for latin, others in _SMALL.items() for each in others}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_TOGETHER = ({"HIRAGANA", "KATAKANA", "CJK", "LATIN"}, {"HANGUL", "CJK", "LATIN"}, {"BOPOMOFO", "CJK", "LATIN"})


def guest_name(text: str) -> str:
    """Return *text* as the name of a guest. Raises UsageError: too long, or it holds what cannot be seen or printed."""
    name = unicodedata.normalize("NFC", " ".join(text.split(" "))).strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise UsageError(f"a name has 1 to {NAME_MAX} letters")
    # Not printable: controls, bidi controls, zero width, other spaces, private use, unassigned (categories C* and Z*).
    if not name.isprintable() or "  " in name:
        raise UsageError("a name is made of letters that can be seen, and single spaces")
    if not any(unicodedata.category(each)[0] in "LN" for each in name):
        raise UsageError("a name has a letter or digit in it")
    if _marks_on_one(name) > 2 or any(each in _BLANK for each in name):
        raise UsageError("a name is made of letters that can be seen, and single spaces")
    if not _one_script(name):
        raise UsageError("the letters of a name are of one script: they could be taken for others")
    return name


def title(text: str, what: str) -> str:
    """Return *text* as the title of *what*, as "session". Raises UsageError."""
    found = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(found) <= TITLE_MAX or not found.isprintable():
        raise UsageError(f"the {what}'s name has 1 to {TITLE_MAX} letters that can be printed")
    return found


def skeleton(name: str) -> str:
    """Return the same text for names that look the same, or nearly."""
    seen = "".join(_LOOKS_CAPITAL.get(each, each) for each in unicodedata.normalize("NFKC", name))
    plain = unicodedata.normalize("NFKD", seen.casefold())
    letters = [each for each in plain if unicodedata.category(each)[0] in "LN" or each in "|!"]
    found = "".join(_LOOKS.get(each, each) for each in letters)
    for pair, one in _PAIRS:
        found = found.replace(pair, one)
    return found


_BLANK = "\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\u034f"  # seen as nothing, though of letters or symbols


def _marks_on_one(name: str) -> int:
    """Return how many marks the letter has that has most of them."""
    most = run = 0
    for each in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(each)[0] == "M" else 0
        most = max(most, run)
    return most


def _one_script(name: str) -> bool:
    scripts = {_script(each) for each in name if unicodedata.category(each)[0] == "L"} - {""}
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


def _script(letter: str) -> str:
    """Return the script of *letter*: the first word of its name, which is one's for all that people's names need."""
    found = unicodedata.name(letter, "").split(" ")[0]
    return "LATIN" if found in ("FULLWIDTH", "FEMININE", "MASCULINE", "MODIFIER") else found
