"""What an exception of a mail backend means: try again, never again, not with this provider, or perhaps it arrived."""

import re
import smtplib

from .outcomes import NotSent, Permanent, Transient, Uncertain

# RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that was closed. Anything else (5.2.2 full, 5.7.x policy) says
# nothing against the address.
_BAD_ADDRESS = re.compile(r"\b5\.(1\.\d+|2\.1)\b")
_EXTENDED = re.compile(r"\b[45]\.\d+\.\d+\b")
_NO_SUCH_MAILBOX = {550, 551, 553}
# HTTP answers of a provider that took nothing and may the next time.
_BUSY = {429, 503}
_KEY_REFUSED = {401, 403}
# As urllib3 names them.
_NO_CONNECTION = re.compile(r"\b(NewConnectionError|NameResolutionError)\b")


class BadAddress(Permanent):
    """The address does not exist: nothing must be sent to it again."""


class Misconfigured(NotSent):
    """We are refused as a whole: wrong password, a sender that is not ours. No mail is to blame."""


class Unreachable(Transient):
    """There is no server to talk to: no other mail would fare better."""


def meaning(error: Exception, handing_over: bool) -> NotSent:
    """Of what sending one mail raised; `handing_over` says whether the mail's words had begun to leave."""
    if isinstance(error, NotSent):
        return error
    if isinstance(error, smtplib.SMTPException | OSError) and not hasattr(error, "status_code"):
        return _of_smtp(error, handing_over)
    return _of_provider(error)


def _of_smtp(error: Exception, handing_over: bool) -> NotSent:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _refusal(code, said, of_address=True)
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused | smtplib.SMTPHeloError):
        # 4xx here is a passing trouble of the server.
        passing = 400 <= error.smtp_code < 500
        words = _answer(error.smtp_code, error.smtp_error)
        return Transient(words) if passing else Misconfigured(words)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Misconfigured(f"The mail server cannot do what the settings ask for: {error}.")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return _refusal(error.smtp_code, error.smtp_error, of_address=False)
    if handing_over:
        return Uncertain(f"The connection broke while the mail was handed over: {error}")
    return Unreachable(f"The mail server could not be reached: {error}")


def _refusal(code: int, said: bytes | str, *, of_address: bool) -> NotSent:
    words = _answer(code, said)
    if code < 500:
        return Transient(words)
    return BadAddress(words) if of_address and _blames_address(code, words) else Permanent(words)


def _blames_address(code: int, words: str) -> bool:
    if _EXTENDED.search(words):
        return bool(_BAD_ADDRESS.search(words))
    return code in _NO_SUCH_MAILBOX


def _answer(code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return f"The mail server answered {code}: {' '.join(words.split())}"[:1_000]


def _of_provider(error: Exception) -> NotSent:
    """Of django-anymail, whose exceptions are told by name: it is not loaded where no provider is configured."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = " ".join(str(error).split())[:1_000]
    status = getattr(error, "status_code", None)
    if "AnymailRecipientsRefused" in kinds:
        return BadAddress(f"The provider refuses the address: {said}")
    if kinds & {"AnymailConfigurationError", "ImproperlyConfigured"} or status in _KEY_REFUSED:
        return Misconfigured(f"The provider refuses us: {said}")
    if _NO_CONNECTION.search(said) or "ConnectTimeout" in kinds:
        return Unreachable(f"The provider could not be reached: {said}")
    if status in _BUSY:
        return Transient(f"The provider takes nothing just now: {said}")
    if isinstance(error, ValueError) or _is_refusal(status):
        return Permanent(f"This cannot be sent as a mail: {said}")
    return Uncertain(f"It did not become known whether the mail was taken: {type(error).__name__}: {said}")


def _is_refusal(status: int | None) -> bool:
    return status is not None and 400 <= status < 500
