"""Django's SMTP backend, with one thing more to know: whether a mail had been handed over when something broke."""

import smtplib
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend


class _Observed:
    """Remembers that the words of a mail began to go over the wire.

    Whatever breaks before that leaves nothing behind and may be repeated; after it, perhaps the mail was taken.
    """

    handing_over = False

    def data(self, msg: Any) -> Any:
        self.handing_over = True
        return super().data(msg)  # type: ignore[misc]


class _Plain(_Observed, smtplib.SMTP):
    pass


class _Encrypted(_Observed, smtplib.SMTP_SSL):
    pass


class Smtp(EmailBackend):
    """`handing_over`: whether the last mail's words had begun to go over the wire."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if isinstance(self.connection, _Observed):
            self.connection.handing_over = False
        return super().send_messages(email_messages)

    @property
    def handing_over(self) -> bool:
        return bool(getattr(self.connection, "handing_over", False))
