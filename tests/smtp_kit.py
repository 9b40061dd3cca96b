"""A mail server that takes all there is, from whoever logs in where that is asked for."""

from __future__ import annotations

import base64
import email
import email.message
import socketserver


class SmtpServer(socketserver.ThreadingTCPServer):
    """As much of RFC 5321 as takes a message; *refuses*: the recipients that it does not take.

    With *login*, a name and a password, it takes nothing from who did not show them (RFC 4954, PLAIN).
    """

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.got: list[tuple[str, email.message.Message]] = []
        self.refuses: set[str] = set()
        self.login = login


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: SmtpServer

    def handle(self) -> None:
        """Answer each line."""
        self._say("220 here")
        to, known = "", self.server.login is None
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO" and not known:
                self._say("250-here\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                known = base64.b64decode(line.split()[2]).decode() == "\0{}\0{}".format(*self.server.login or ())
                self._say("235 in" if known else "535 no")
            elif verb in ("MAIL", "RCPT", "DATA") and not known:
                self._say("530 log in first")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                self._say("550 no" if to in self.server.refuses else "250 ok")
            elif verb == "DATA":
                self._say("354 go")
                self._take(to)
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self, to: str) -> None:
        lines = []
        while (part := self.rfile.readline()) != b".\r\n":
            lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
        self.server.got.append((to, email.message_from_bytes(b"".join(lines))))

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
