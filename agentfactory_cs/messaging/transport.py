"""Handing a mail over: one kept connection of whatever mail backend the settings name."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from .failures import Unreachable, meaning
from .letter import Sender, letter
from .models import Email
from .outcomes import Permanent

_DJANGOS_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_OUR_SMTP = "agentfactory_cs.messaging.smtp.Smtp"


class Transport:
    """Opens its connection with the first mail, and another where one broke. Raises only the kinds of NotSent."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._connection: Any = None

    def make_ready(self) -> None:
        """A connection. Until here nothing has been sent: whatever fails may be tried again."""
        if self._connection is not None:
            return
        backend = settings.EMAIL_BACKEND
        connection = get_connection(_OUR_SMTP if backend == _DJANGOS_SMTP else backend)
        try:
            connection.open()
        except Exception as error:
            raise meaning(error, handing_over=False) from error
        self._connection = connection

    def send(self, email: Email) -> str:
        """The provider's id of the mail, "" where it gives none."""
        try:
            message = letter(email, self._sender)
        except Exception as error:
            raise Permanent(f"This cannot be written as a mail: {error}") from error
        try:
            self._hand_over(message)
        except Unreachable:
            # Servers hang up on whom they have not heard of for long, or after so many mails.
            self.close()
            self.make_ready()
            self._hand_over(message)
        status = getattr(message, "anymail_status", None)
        return str(status.message_id or "")[:200] if status else ""

    def _hand_over(self, message: EmailMultiAlternatives) -> None:
        try:
            self._connection.send_messages([message])
        except Exception as error:
            handing_over = bool(getattr(self._connection, "handing_over", False))
            # A server that refuses one mail takes the next by the same connection; anything else begins anew.
            if not _is_answer(error):
                self.close()
            raise meaning(error, handing_over) from error

    def close(self) -> None:
        """Never raises: the mails are gone."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None


def _is_answer(error: Exception) -> bool:
    """Whether the server said no in an orderly way; 421 says that it hangs up."""
    code = getattr(error, "smtp_code", None)
    if code is None and (recipients := getattr(error, "recipients", None)):
        code = next(iter(recipients.values()))[0]
    return code is not None and code not in (-1, 421)
