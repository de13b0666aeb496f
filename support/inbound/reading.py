"""A mail's bytes read into a Letter: tolerant of every line end, broken structure and missing header. Pure."""

import email
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .bodies import bodies_of
from .decoding import header_text, plain
from .letter import Letter, Unreadable

MAX_ID = 250
MAX_REFERENCES = 50
_ID = re.compile(r"<[^<>\s]{1,248}>")
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc", "x-forwarded-to", "bcc")


def read(raw: bytes) -> Letter:
    """Raises Unreadable, in words for a person; nothing else."""
    return letter_of(parse(raw))


def letter_of(message: Message) -> Letter:
    """What `parse` made of the bytes, as plain data. Raises Unreadable."""
    headers = _headers(message)
    sender_name, sender = _sender(headers)
    try:
        text, html, enclosed = bodies_of(message)
    except RecursionError:
        raise Unreadable("Its parts are nested too deeply.") from None
    return Letter(
        sender=sender,
        sender_name=sender_name,
        envelope_sender=_envelope_sender(headers),
        recipients=_recipients(headers),
        subject=header_text(_first(headers, "subject"))[:1_000],
        message_id=next(iter(ids(_first(headers, "message-id"))), ""),
        in_reply_to=ids(" ".join(headers.get("in-reply-to", ()))),
        references=ids(" ".join(headers.get("references", ())))[-MAX_REFERENCES:],
        sent_at=_moment(_first(headers, "date")),
        text=text,
        html=html,
        enclosed=enclosed,
        headers=headers,
    )


def parse(raw: bytes) -> Message:
    """The parts as they came. Raises Unreadable."""
    # Old Macintosh: neither the parser nor the bounce detectors know lines that end with CR alone.
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    try:
        return email.message_from_bytes(raw.lstrip(b"\r\n"))
    except RecursionError:
        raise Unreadable("Its parts are nested too deeply.") from None
    except Exception as error:  # the parser promises never to fail, and sometimes does
        raise Unreadable(f"It cannot be read as a mail: {type(error).__name__}: {error}") from error


def ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a header, in their order, each once."""
    return tuple(dict.fromkeys(_ID.findall(value)))


def address(value: str) -> str:
    """In small letters; "" where it is none that mail can be sent to."""
    found = value.strip().strip("<>").lower()
    try:
        validate_email(found)
    except ValidationError:
        return ""
    return found if len(found) <= 254 else ""


def _headers(message: Message) -> dict[str, list[str]]:
    """Every value by name; unfolded, undecoded but for bytes beyond ASCII."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        words = " ".join(plain(str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")).split())
        found.setdefault(plain(name).lower(), []).append(words)
    return found


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def _sender(headers: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Name and address of who wrote it: From, or Sender where From names nobody."""
    for field in ("from", "sender"):
        for name, found in _pairs(headers.get(field, ())):
            if found:
                return header_text(name)[:200], found
    return "", ""


def _envelope_sender(headers: Mapping[str, Sequence[str]]) -> str | None:
    if "return-path" not in headers:
        return None
    words = _first(headers, "return-path").strip()
    return words.strip("<>").strip().lower()[:254]


def _recipients(headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    found = (address for field in _RECIPIENTS for _name, address in _pairs(headers.get(field, ())) if address)
    return tuple(dict.fromkeys(found))[:100]


def _pairs(values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names and addresses of header values; names still encoded. Lists nobody writes by hand are cut."""
    for name, found in getaddresses([value[:20_000] for value in values[:20]]):
        yield name, address(found)


def _moment(value: str) -> datetime | None:
    """None where it names none; without a zone it is UTC."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
