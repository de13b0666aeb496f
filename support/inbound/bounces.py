"""Mail that comes back: whose address it was, which mail of ours, and whether for good. Pure.

RFC 3464 reports are read here; what mail systems wrote before there was a standard, flufl.bounce reads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import all_failures

from .letter import Letter
from .reading import address, ids

_DAEMON = re.compile(r"(^|[<\s\"])mailer[-_]?daemon\b", re.IGNORECASE)
_POSTMASTER = re.compile(r"^(poo?stmaster|mail-?administrator)@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_REPLY = re.compile(r"\b([45])\d\d[ -]")
_RECIPIENT = re.compile(r"^\s*[^;]*;\s*|^\s*")
# Words of the old kinds that mean: not yet.
_DELAYED = re.compile(
    r"\b(deferred|delayed|could not send mail for past|will (be retried|keep trying))\b", re.IGNORECASE
)
# Nobody there, or shut down. Full mailboxes, sizes, refused senders and policies say nothing against the address,
# whatever number they come with (RFC 3463).
_NOBODY_THERE = re.compile(r"5\.(0\.0|1\.(0|1|2|3|6|10)|2\.[01]|4\.[14])")
_HEADER = re.compile(r"^message-id:\s*(<[^<>\s]{1,248}>)", re.IGNORECASE | re.MULTILINE)
_MOST_SEARCHED = 200_000  # characters


@dataclass(frozen=True)
class Failure:
    """One address a mail did not reach. `is_final`: it will not be tried again, and the address is to blame."""

    address: str
    is_final: bool
    detail: str = ""


@dataclass(frozen=True)
class Bounce:
    """`message_ids` are those it may be about; whether one is ours only the outbox knows."""

    failures: tuple[Failure, ...] = ()
    message_ids: tuple[str, ...] = ()


def is_bounce(letter: Letter, message: Message) -> str:
    """Why it is one, in a sentence; "" where it is none."""
    if _is_report(message):
        return "It is a delivery report (RFC 3464)."
    if "x-failed-recipients" in letter.headers:
        return "It names recipients that were not reached (X-Failed-Recipients)."
    senders = (letter.header("from"), letter.header("sender"), letter.header("return-path"))
    if any(_DAEMON.search(sender) for sender in senders):
        return "A mail system sent it (Mailer-Daemon)."
    if _POSTMASTER.match(letter.sender) and (letter.envelope_sender == "" or _brings_a_mail(message)):
        return "A postmaster sends a mail back."
    return ""


def read_bounce(letter: Letter, message: Message) -> Bounce:
    """What it tells; empty where it tells nothing that can be used."""
    told = [failure for block in _status_blocks(message) if (failure := _failure(block))]
    return Bounce(tuple(told) or _old_kinds(letter, message), _about(letter, message))


def _is_report(message: Message) -> bool:
    kind = str(message.get_param("report-type", "") or "").lower()
    is_report = message.get_content_type() == "multipart/report" and kind in ("delivery-status", "")
    return is_report or any(part.get_content_type().startswith("message/delivery-status") for part in message.walk())


def _brings_a_mail(message: Message) -> bool:
    return any(part.get_content_type() in ("message/rfc822", "text/rfc822-headers") for part in message.walk())


def _status_blocks(message: Message) -> Iterator[Message]:
    """What a report says of each recipient."""
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/delivery-status" and isinstance(payload, list):
            yield from (block for block in payload if isinstance(block, Message))


def _failure(block: Message) -> Failure | None:
    recipient = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    found = address(_RECIPIENT.sub("", recipient, count=1))
    action = str(block.get("Action", "")).strip().lower()
    if not found or action in ("delivered", "relayed", "expanded"):
        return None
    status, diagnosis = str(block.get("Status", "")), " ".join(str(block.get("Diagnostic-Code", "")).split())
    return Failure(found, action != "delayed" and _is_final(status, diagnosis), diagnosis[:300] or status.strip()[:300])


def _is_final(status: str, diagnosis: str) -> bool:
    """The more exact number decides: mail systems write 5.0.0 and put what they know into words."""
    found = [one.group(0) for words in (diagnosis, status) for one in _STATUS.finditer(words)]
    exact = next((one for one in found if not one.endswith(".0.0")), next(iter(found), ""))
    if exact:
        return _NOBODY_THERE.fullmatch(exact) is not None
    reply = _REPLY.search(diagnosis)
    return reply is not None and reply.group(1) == "5"


def _old_kinds(letter: Letter, message: Message) -> tuple[Failure, ...]:
    """Those of flufl.bounce, and X-Failed-Recipients. Where the words say that it is only late, none is final."""
    try:
        passing, final = all_failures(message)
    except Exception:  # its detectors are thirty years of other people's formats
        passing, final = frozenset(), frozenset()
    named = {address(one) for value in letter.headers.get("x-failed-recipients", ()) for one in value.split(",")}
    is_late = bool(_DELAYED.search(letter.subject) or _DELAYED.search(letter.text[:2_000]))
    lost = {_plain(one) for one in final} | named
    late = {_plain(one) for one in passing} - lost
    detail = " ".join(letter.subject.split())[:300]
    found = [(one, not is_late) for one in sorted(lost)] + [(one, False) for one in sorted(late)]
    return tuple(Failure(one, is_final, detail) for one, is_final in found if one)


def _plain(found: str | bytes) -> str:
    return address(found.decode("ascii", "replace") if isinstance(found, bytes) else found)


def _about(letter: Letter, message: Message) -> tuple[str, ...]:
    """The Message-IDs of the mail that came back: of the enclosed one, or of its headers in the words."""
    found: list[str] = []
    for part in message.walk():
        if part is not message and (own := part.get("Message-ID")):
            found += ids(str(own))
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822", "text/plain"):
            payload = part.get_payload()
            found += _HEADER.findall(payload[:_MOST_SEARCHED]) if isinstance(payload, str) else ()
    return tuple(one for one in dict.fromkeys((*found, *letter.answers_to)) if one != letter.message_id)[:20]
