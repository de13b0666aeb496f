"""What bounces and complaints mean: for the address, through the outbox's own tracking, and for the ticket."""

from datetime import datetime
from email.message import Message as Parsed

from agentfactory_cs.messaging import tracking
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.undelivered import listeners

from ..models import Message, Ticket
from ..threads import note
from ..writing import Written
from .belonging import OF_MESSAGE, OF_TICKET
from .bounces import Failure, read_bounce
from .complaints import read_complaint
from .letter import Letter

_UNKNOWN = "It is about none of our mails."


def take_in_bounce(letter: Letter, parsed: Parsed, *, now: datetime) -> tuple[str, Message | None]:
    """What became of it in a sentence, and the note on the ticket whose answer came back.

    Only what names a mail of ours counts against an address: anybody can write a bounce.
    """
    bounce = read_bounce(letter, parsed)
    said, noted = [], None
    for failure in bounce.failures or (Failure("", is_final=False, detail=letter.subject),):
        told = _told(
            tracking.Kind.BOUNCED,
            letter,
            failure.address,
            bounce.message_ids,
            failure.detail,
            now,
            is_final=failure.is_final,
        )
        event = tracking.take_in(told, now=now)
        email = event.email if event else None
        said.append(_in_words(failure, email) if event else "The same was told before.")
        noted = _note(email, failure, now) or noted
    return " ".join(said), noted


def take_in_complaint(letter: Letter, parsed: Parsed, *, now: datetime) -> str:
    """What became of it in a sentence."""
    complaint = read_complaint(letter, parsed)
    if not complaint.is_of_a_reader:
        return f"A mail system reports on others ({complaint.detail}): no reader complained."
    told = _told(tracking.Kind.COMPLAINED, letter, complaint.address, complaint.message_ids, complaint.detail, now)
    event = tracking.take_in(told, now=now)
    if event is None:
        return "The same was told before."
    if event.email is None:
        return f"A reader calls a mail spam. {_UNKNOWN}"
    return f"{event.email.address} calls “{event.email.subject[:80]}” spam: nothing is sent there any more."


def _told(
    kind: str,
    letter: Letter,
    address: str,
    message_ids: tuple[str, ...],
    detail: str,
    now: datetime,
    *,
    is_final: bool = True,
) -> tracking.Told:
    moment = min(letter.sent_at or now, now)
    return tracking.Told(kind, address, moment, message_ids, detail=detail, is_final=is_final)


def _in_words(failure: Failure, email: Email | None) -> str:
    who = failure.address or (email.address if email else "") or "an address it does not name"
    if email is None:
        return f"{who} was not reached. {_UNKNOWN}"
    ending = "nothing is sent there any more." if failure.is_final else "it may be reached later."
    return f"{who} was not reached by “{email.subject[:80]}”: {ending}"


def _note(email: Email | None, failure: Failure, now: datetime) -> Message | None:
    """Whoever works on the ticket must know that the customer did not get the answer.

    What failed for good is told by who sent it, where they listen.
    """
    if email is None or (failure.is_final and email.source in listeners):
        return None
    ticket = _ticket_of(email)
    if ticket is None:
        return None
    words = f"“{email.subject}” did not reach {failure.address or email.address}."
    return note(ticket, Written(text=words, quoted=failure.detail), by=None, now=now)


def _ticket_of(email: Email) -> Ticket | None:
    if email.source == OF_TICKET:
        return Ticket.objects.filter(pk=email.source_id or 0).first()
    if email.source != OF_MESSAGE:
        return None
    message = Message.objects.select_related("ticket").filter(pk=email.source_id or 0).first()
    return message.ticket if message else None
