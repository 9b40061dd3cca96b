"""Passwords that everybody tries first, after what is common to the lists that were published of stolen ones.

They stand here without the digits and signs that people put around them, which ``common`` takes off.
"""

from __future__ import annotations

import re

_LEET = str.maketrans("@4301!|$57", "aaeoiiisst")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qwertzuiop", "qazwsxedcrfvtgb", "1qaz2wsx3edc4rfv")
_ORDER = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "09876543210", *_ROWS)

_WORDS = """
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx access account adgjmp admin administrator adobe alexander amanda andrea andrew angel
    anthony apple april arsenal ashley asdf august austin autumn azerty bailey banana barcelona baseball basketball
    batman beautiful biteme blahblah blink bonjour boomer brandon bulldogs butterfly buster camaro cambridge carlos
    changeme changeit charlie cheese chelsea chicken chocolate christian claudia coffee computer cookie corvette cowboys
    daniel danielle december default diamond dolphin doudou dragon eagles einstein elephant eminem england estrella
    family february ferrari fishing flower football forever france freedom friday friends fuckyou fuckoff gandalf
    gateway george ginger golfer google guest guitar hallo hammer hannah hardcore harley heather hello hockey hottie
    hunter iceman iloveyou iloveu internet jackson january jasmine jennifer jessica jesus jordan joseph joshua july june
    justin killer kitten knight ladybug lakers lauren letmein letmeinnow liverpool london login loulou lovely loveme
    loveyou lucky maggie manager march marina marseille martin master matrix matthew maverick mercedes merlin metallica
    michael michelle mickey midnight minecraft money monday monkey monster mother motdepasse mustang mynoob naruto
    nathan nicolas nicole ninja nirvana nobody nothing november october orange pass passcode passe passer passphrase
    passw passwd password passwort patrick peanut pepper phoenix player please pokemon porsche princess private purple
    qazwsx querty qwer qwert qwerty rainbow ranger robert rockyou root samantha samsung saturday scooter secret security
    september service shadow shannon sierra silver simple slipknot snoopy soccer soleil sophie spiderman spring starwars
    steelers student sublime summer sunday sunshine superman superstar supervisor support sweet system taylor temp
    temporary tennis test tester testing thomas thunder thursday tiger tigger tiledviz tinkerbell toor truelove trustno
    trustnoone tuesday turtle unknown user username vanessa victoria viking vincent visitor warrior wednesday welcome
    whatever william winner winter wizard yankees yamaha yellow zaq zaqwsx zxcvbn
"""
COMMON = frozenset(_WORDS.split())


def common(password: str) -> bool:
    """Return whether *password* is one of the commonest: a word of the list or a row of keys, dressed up, repeated."""
    plain = password.casefold()
    read = plain.translate(_LEET)
    return any(map(_known, (plain, _core(plain), read, _core(read), _core(plain).translate(_LEET))))


def _core(text: str) -> str:
    return re.sub(r"[\W\d_]+$", "", re.sub(r"^[\W\d_]+", "", text))


def _known(text: str) -> bool:
    if not text:
        return False
    once = _once(text)
    return once in COMMON or len(once) <= 2 or _in_order(once)


def _once(text: str) -> str:
    """Return what *text* is a repetition of."""
    period = (text + text).find(text, 1)
    return text[:period]


def _in_order(text: str) -> bool:
    return any(text in row or text in row[::-1] for row in (each * 2 for each in _ORDER))
