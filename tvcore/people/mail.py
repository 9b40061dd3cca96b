"""Mail that the portal sends: one text to one person, by the server of the settings (``portal.mail``)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from tvcore.errors import TiledVizError
from tvcore.secret_file import secret_in
from tvcore.settings import MailSettings

SECONDS = 20.0  # for each answer of the server


def send(settings: MailSettings, to: str, subject: str, text: str) -> None:
    """Send *text* to the mail address *to*. Raises TiledVizError, which names neither."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.sender, to, subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=settings.sender.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(text)
    try:
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, secret_in(settings.password_file, "portal.mail.password_file"))
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise TiledVizError(
            f"mail cannot be sent by {settings.server}:{settings.port} ({_why(error)}): see the settings portal.mail"
        ) from error


def _connected(settings: MailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=settings.authority or None)
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.server, settings.port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(settings.server, settings.port, timeout=SECONDS)
    if settings.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the name and password are refused"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it does not take mail for this address"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code}"
    if isinstance(error, smtplib.SMTPException):
        return " ".join(str(error).split())[:100]
    return str(getattr(error, "strerror", None) or error)[:100]
