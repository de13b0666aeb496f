"""Django's SMTP backend, with one thing more to know: whether a mail had been handed over when something broke."""

import smtplib
from collections.abc import Sequence
from email._policybase import Compat32  # public as the policy compat32, not as its class
from email.generator import BytesGenerator
from io import BytesIO
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address


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


class _ShortLines(Compat32):
    """Python's writing of headers, without its work on those that need none: half the time of writing a mail.

    A header of ASCII that fits its line is written as it is, which is what folding would come to.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        line = f"{name}: {value}" if isinstance(value, str) else ""
        if line and len(line) <= 76 and line.isascii() and "\n" not in line and "\r" not in line:
            return (line + self.linesep).encode()
        return super().fold_binary(name, value)


_WRITING = _ShortLines(linesep="\r\n")


def as_bytes(message: EmailMessage) -> bytes:
    """The mail as it goes over the wire."""
    wire = BytesIO()
    BytesGenerator(wire, mangle_from_=False, policy=_WRITING).flatten(message.message(), linesep="\r\n")
    return wire.getvalue()


class Smtp(EmailBackend):
    """`handing_over`: whether the last mail's words had begun to go over the wire."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if isinstance(self.connection, _Observed):
            self.connection.handing_over = False
        return super().send_messages(email_messages)

    def _send(self, email_message: EmailMessage) -> bool:
        """As Django's, with our writing of it."""
        assert self.connection is not None
        from_email = sanitize_address(email_message.from_email, "utf-8")
        recipients = [sanitize_address(address, "utf-8") for address in email_message.recipients()]
        self.connection.sendmail(from_email, recipients, as_bytes(email_message))
        return True

    @property
    def handing_over(self) -> bool:
        return bool(getattr(self.connection, "handing_over", False))
