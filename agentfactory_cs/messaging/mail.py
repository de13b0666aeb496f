"""Handing an e-mail to Django's mail, over one connection that is kept for several."""

import smtplib
from collections.abc import Callable
from email.utils import formataddr, make_msgid
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection

from agentfactory_cs.customers.models import Company

from .models import Notice
from .outcomes import Permanent, Transient, Uncertain

# What SMTP calls "come back later"; everything from 500 on is final (RFC 5321, 4.2.1).
_FINAL = 500


def new_message_id(company: Company) -> str:
    return make_msgid(domain=company.sender_email.rpartition("@")[2])


class Mailer:
    """Sends notices from the company's address. Opens its connection with the first, and another where one broke."""

    def __init__(self, company: Company) -> None:
        self._sender = formataddr((company.name, company.sender_email))
        self._connection: Any = None

    def send(self, notice: Notice) -> None:
        """Raises Transient, Permanent or Uncertain, which say what to do now."""
        connection = self._ready()
        try:
            self._hand_over(notice, connection)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ready(self) -> Any:
        """A connection that answers. Until here nothing has been sent: whatever fails may be tried again."""
        if self._connection is not None and not _answers(self._connection):
            self.close()
        if self._connection is None:
            connection = get_connection()
            _or_transient(connection.open)
            self._connection = connection
        return self._connection

    def _hand_over(self, notice: Notice, connection: Any) -> None:
        try:
            self._message(notice, connection).send()
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            raise _refusal(code, words) from refused
        except smtplib.SMTPResponseException as refused:
            raise _refusal(refused.smtp_code, refused.smtp_error) from refused
        except smtplib.SMTPNotSupportedError as refused:
            raise Permanent(f"The mail server cannot take it: {refused}") from refused
        except ValueError as unfit:  # such as a line break in the subject
            raise Permanent(f"This cannot be written as a mail: {unfit}") from unfit
        except (OSError, smtplib.SMTPException) as broken:
            raise Uncertain(f"The connection broke while sending: {broken}") from broken

    def _message(self, notice: Notice, connection: Any) -> EmailMultiAlternatives:
        headers = {"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"}
        message = EmailMultiAlternatives(
            notice.subject, notice.text, self._sender, [notice.address], headers=headers, connection=connection
        )
        if notice.html:
            message.attach_alternative(notice.html, "text/html")
        return message


def _answers(connection: Any) -> bool:
    """Servers hang up on whom they have not heard of for long; found out now it costs nothing."""
    session = getattr(connection, "connection", None)
    if not isinstance(session, smtplib.SMTP):
        return True
    try:
        return bool(session.noop()[0] == 250)
    except (OSError, smtplib.SMTPException):
        return False


def _or_transient(step: Callable[[], Any]) -> None:
    try:
        step()
    except (OSError, smtplib.SMTPException) as error:
        raise Transient(f"The mail server could not be reached: {error}") from error


def _refusal(code: int, words: bytes | str) -> Permanent | Transient:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    kind = Permanent if code >= _FINAL else Transient
    return kind(f"The mail server answered {code}: {said}")
