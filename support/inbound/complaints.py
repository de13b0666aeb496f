"""Reports of readers who called a mail of ours spam (ARF, RFC 5965), and their kin. Pure."""

import re
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from email.utils import getaddresses

from .letter import Letter
from .reading import address, ids

# Authentication reports come in the same clothes and say nothing about a reader.
_OF_READERS = {"abuse", "fraud", "spam"}
_HOTMAIL = re.compile(r"^staff@hotmail\.com$", re.IGNORECASE)
_ABOUT_A_MESSAGE = re.compile(r"\bcomplaint about message from\b", re.IGNORECASE)


@dataclass(frozen=True)
class Complaint:
    """`is_of_a_reader` is False for what mail systems report of each other."""

    is_of_a_reader: bool
    address: str
    message_ids: tuple[str, ...]
    detail: str = ""


def is_complaint(letter: Letter, message: Message) -> bool:
    report = str(message.get_param("report-type", "") or "").lower() == "feedback-report"
    return report or _fields(message) is not None or _is_hotmail(letter)


def read_complaint(letter: Letter, message: Message) -> Complaint:
    """What it tells; the address is "" where it is kept from us."""
    fields = _fields(message)
    kind = str(fields.get("Feedback-Type", "")).strip().lower() if fields else "abuse" if _is_hotmail(letter) else ""
    original = _original(message)
    told = [str(fields.get("Original-Rcpt-To", ""))] if fields else []
    told += [str(original.get(name, "")) for name in ("X-HmXmrOriginalRecipient", "To") if original]
    found = next((one for _name, raw in getaddresses(told) if (one := address(raw))), "")
    about = ids(str(original.get("Message-ID", ""))) if original else ()
    return Complaint(kind in _OF_READERS, found, about, f"Feedback-Type: {kind or 'unknown'}")


def _is_hotmail(letter: Letter) -> bool:
    return bool(_HOTMAIL.match(letter.sender) and _ABOUT_A_MESSAGE.search(letter.subject))


def _fields(message: Message) -> Message | None:
    """The machine-readable part of the report."""
    part = next((one for one in message.walk() if one.get_content_type() == "message/feedback-report"), None)
    if part is None:
        return None
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else payload
    return inner if isinstance(inner, Message) else message_from_string(str(inner)[:20_000])


def _original(message: Message) -> Message | None:
    """The mail complained of, or its headers."""
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers" and isinstance(payload, str):
            return message_from_string(payload[:50_000])
    return None
