"""One-time codes of an authenticator app (RFC 6238), and the recovery codes that do in place of one. Pure."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import time

import pyotp

SECONDS = 30
AROUND = 1  # steps by which the clocks may differ
RECOVERY_CODES = 10
ISSUER = "TiledViz"

_CODE = re.compile(r"\d{6}", re.ASCII)
_RECOVERY = re.compile(r"[a-z2-7]{24}")


def new_secret() -> str:
    """Return 160 random bits, as RFC 4226 (section 4) recommends, in base 32."""
    return pyotp.random_base32(32)


def address(secret: str, name: str, place: str) -> str:
    """Return what an authenticator reads from a QR code: the account *name* at the portal *place*."""
    return pyotp.TOTP(secret).provisioning_uri(name=f"{name}@{place}" if place else name, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: float | None = None) -> int | None:
    """Return the step of time whose code of *secret* is *code*, now or one step before or after; None: none is."""
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    step = int((time.time() if now is None else now) // SECONDS)
    found = None
    for each in range(step - AROUND, step + AROUND + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(each), digits):
            found = each
    return found


def new_recovery() -> list[str]:
    """Return recovery codes, each of 120 random bits in six groups of letters and digits.

    With fewer than 112 what is kept of them would have to be a slow hash (NIST SP 800-63B, of look-up secrets).
    """
    plain = [base64.b32encode(secrets.token_bytes(15)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, 24, 4)) for code in plain]


def recovery_of(text: str) -> str | None:
    """Return the recovery code in *text* as its hash is made of it; None: it is not of that form."""
    code = re.sub(r"[\s-]", "", text).lower()
    return code if _RECOVERY.fullmatch(code) else None
