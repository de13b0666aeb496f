"""Django's SMTP backend, with one thing more to know: whether a mail had been handed over when something broke."""

import smtplib
from collections.abc import Callable, Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from .wire import envelope_address, wire_of


class _Observed:
    """Remembers that the words of a mail began to go over the wire.

    Whatever breaks before that leaves nothing behind and may be repeated; after it, perhaps the mail was taken.
    `meanwhile` is called while the server reads a mail, before its answer is waited for.
    """

    handing_over = False
    meanwhile: Callable[[], None] | None = None

    def data(self, msg: Any) -> Any:
        self.handing_over = True
        return super().data(msg)  # type: ignore[misc]

    def send(self, s: Any) -> None:
        super().send(s)  # type: ignore[misc]
        # Nothing else that is sent is bytes: commands are text.
        if isinstance(s, bytes) and self.meanwhile:
            self.meanwhile()


class _Plain(_Observed, smtplib.SMTP):
    pass


class _Encrypted(_Observed, smtplib.SMTP_SSL):
    pass


class Smtp(EmailBackend):
    """`handing_over`: whether the last mail's words had begun to go over the wire.

    `meanwhile` is called while the server reads a mail.
    """

    meanwhile: Callable[[], None] | None = None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if isinstance(self.connection, _Observed):
            self.connection.handing_over, self.connection.meanwhile = False, self.meanwhile
        return super().send_messages(email_messages)

    def _send(self, email_message: EmailMessage) -> bool:
        """As Django's, with our writing of it."""
        assert self.connection is not None
        recipients = [envelope_address(address) for address in email_message.recipients()]
        self.connection.sendmail(envelope_address(email_message.from_email), recipients, wire_of(email_message))
        return True

    @property
    def handing_over(self) -> bool:
        return bool(getattr(self.connection, "handing_over", False))
