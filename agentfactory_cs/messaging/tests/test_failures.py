"""What an error of a mail server or provider means."""

import smtplib

import pytest

from agentfactory_cs.messaging.failures import BadAddress, Misconfigured, Unreachable, meaning
from agentfactory_cs.messaging.outcomes import NotSent, Permanent, Transient, Uncertain


def _refused(code: int, words: bytes) -> Exception:
    return smtplib.SMTPRecipientsRefused({"ada@example.com": (code, words)})


SMTP: list[tuple[Exception, bool, type[NotSent]]] = [
    (_refused(550, b"5.1.1 unknown"), False, BadAddress),
    (_refused(550, b"unknown"), False, BadAddress),
    (_refused(550, b"5.7.1 policy"), False, Permanent),
    (_refused(552, b"5.2.2 full"), False, Permanent),
    (_refused(450, b"4.2.1 busy"), False, Transient),
    (smtplib.SMTPDataError(554, b"5.6.0 content"), True, Permanent),
    (smtplib.SMTPDataError(451, b"later"), True, Transient),
    (smtplib.SMTPAuthenticationError(535, b"wrong"), False, Misconfigured),
    (smtplib.SMTPAuthenticationError(454, b"later"), False, Transient),
    (smtplib.SMTPSenderRefused(553, b"not yours", "a@b"), False, Misconfigured),
    (smtplib.SMTPSenderRefused(421, b"closing", "a@b"), False, Transient),
    (smtplib.SMTPNotSupportedError("STARTTLS"), False, Misconfigured),
    (smtplib.SMTPServerDisconnected("gone"), False, Unreachable),
    (smtplib.SMTPServerDisconnected("gone"), True, Uncertain),
    (TimeoutError("timed out"), False, Unreachable),
    (TimeoutError("timed out"), True, Uncertain),
    (ConnectionRefusedError("refused"), False, Unreachable),
    (ValueError("Header values can't contain newlines"), False, Permanent),
    (RuntimeError("nobody foresaw this"), False, Uncertain),
]


@pytest.mark.parametrize(("error", "handing_over", "kind"), SMTP)
def test_what_a_mail_server_says(error: Exception, handing_over: bool, kind: type[NotSent]) -> None:
    assert type(meaning(error, handing_over)) is kind


def _provider(status: int | None, name: str = "AnymailAPIError", words: str = "no") -> Exception:
    """As django-anymail raises it, after an answer with this status or (None) after none."""
    import requests
    from anymail import exceptions

    response = None
    if status is not None:
        response = requests.Response()
        response.status_code, response.reason = status, "Because"
    error: Exception = getattr(exceptions, name)(words, response=response, status_code=status)
    return error


PROVIDER: list[tuple[int | None, str, type[NotSent]]] = [
    (401, "AnymailAPIError", Misconfigured),
    (403, "AnymailAPIError", Misconfigured),
    (422, "AnymailAPIError", Permanent),
    (429, "AnymailAPIError", Transient),
    (503, "AnymailAPIError", Transient),
    (500, "AnymailAPIError", Uncertain),
    (504, "AnymailAPIError", Uncertain),
    (None, "AnymailAPIError", Uncertain),
    (None, "AnymailInvalidAddress", Permanent),
    (200, "AnymailRecipientsRefused", BadAddress),
]


@pytest.mark.parametrize(("status", "name", "kind"), PROVIDER)
def test_what_a_provider_says(status: int | None, name: str, kind: type[NotSent]) -> None:
    assert type(meaning(_provider(status, name), False)) is kind


def test_a_provider_that_was_not_reached_took_nothing() -> None:
    words = "Max retries exceeded (Caused by NewConnectionError('Connection refused'))"

    assert type(meaning(_provider(None, words=words), False)) is Unreachable
