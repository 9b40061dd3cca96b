"""A connection to a display that may only look: TigerVNC itself takes no input from it, and tells it no clipboard.

What is copied in a tile may be what its picture does not show, a password say; and RFB sends it to every connection,
among pictures that nobody here reads. But not to one that came with the second, view-only password of VNC
authentication (RFC 6143, section 7.2.2): it lacks TigerVNC's ``AccessCutText`` (seen in its sources from 1.10 to 1.16).

The passwords keep nobody out, so they are the same everywhere: who reaches a display's socket may also come without
one, and do everything (``tvcore.node.display``).
"""

from __future__ import annotations

import asyncio
import socket

from tvcore.node.rfb import VERSION

# A file as vncpasswd(1) writes it: a password for who may everything, which nobody uses, and the view-only one, both
# encrypted with a key that all know.
PASSWORDS = bytes.fromhex("51229135b9b98863 f19a8c85418df9ea")
VIEW_ONLY = b"onlylook"
NONE, VNC_AUTHENTICATION = b"\x01", b"\x02"  # security types, section 7.1.2
GOOD = bytes(4)  # a security result, section 7.1.3
SECONDS = 10.0  # for both sides to say what they have to


async def come_in(display: socket.socket, reader: asyncio.StreamReader, viewer: socket.socket) -> None:
    """Come in at *display* as who may only look, and have the *viewer* whom *reader* hears come in without a password.

    What is said next is whether the display is shared. Raises OSError and EOFError where one of them goes or is silent,
    ValueError where the display lets nobody look.
    """
    loop = asyncio.get_running_loop()

    async def heard(count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not (more := await loop.sock_recv(display, count - len(data))):
                raise ConnectionError("the display went away")
            data += more
        return data

    async with asyncio.timeout(SECONDS):
        await heard(len(VERSION))
        await loop.sock_sendall(display, VERSION)
        if VNC_AUTHENTICATION not in await heard((await heard(1))[0]):
            raise ValueError("the display knows no password to look")
        await loop.sock_sendall(display, VNC_AUTHENTICATION)
        await loop.sock_sendall(display, encrypted(await heard(16)))
        if await heard(len(GOOD)) != GOOD:
            raise ValueError("the display does not take the password to look")
        # One after the other: of what comes too early noVNC takes no notice.
        for said, answer in ((VERSION, VERSION), (b"\x01" + NONE, NONE), (GOOD, b"")):
            await loop.sock_sendall(viewer, said)
            await reader.readexactly(len(answer))


def encrypted(challenge: bytes, password: bytes = VIEW_ONLY) -> bytes:
    """Return *challenge* as DES encrypts it with *password*, of eight bytes; VNC takes the bits of each backwards."""
    # Here, as few streams are of this kind: an agent that has none need not hold it in memory.
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password)
    encryptor = Cipher(TripleDES(3 * key), modes.ECB()).encryptor()  # noqa: S305 - it is what the protocol says
    return encryptor.update(challenge)
