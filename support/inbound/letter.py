"""A mail as it was read: plain data, whatever the bytes looked like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


class Unreadable(ValueError):
    """Bytes no ticket can be made of; the message says why, for a person."""


@dataclass(frozen=True)
class Enclosed:
    """A file that came with a mail; `content_id` where its HTML shows it (cid:)."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True)
class Letter:
    """One mail. Addresses are in small letters and well formed, Message-IDs have their angle brackets.

    `sender` is "" where it names nobody who could be answered. `envelope_sender` is None where no Return-Path tells,
    "" for the null sender. `headers` holds every value of every header by its name in small letters.
    """

    sender: str = ""
    sender_name: str = ""
    envelope_sender: str | None = None
    recipients: Sequence[str] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: Sequence[str] = ()
    references: Sequence[str] = ()
    sent_at: datetime | None = None
    text: str = ""
    html: str = ""
    enclosed: Sequence[Enclosed] = ()
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The first value, "" for none."""
        return next(iter(self.headers.get(name.lower(), ())), "")

    @property
    def answers_to(self) -> tuple[str, ...]:
        """The Message-IDs it may be an answer to, the nearest first."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))
