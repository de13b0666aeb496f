"""What bounces and complaints mean: for the address, through the outbox's own tracking, and for the ticket."""

from datetime import datetime
from email.message import Message as Parsed

from agentfactory_cs.messaging import tracking
from agentfactory_cs.messaging.models import Email, EmailEvent

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
        told = _told(tracking.Kind.BOUNCED, letter, failure.address, bounce.message_ids, failure.detail, now)
        event = tracking.take_in(tracking.Told(**told, is_final=failure.is_final), now=now)
        email = event.email if event else None
        said.append(_in_words(failure, email))
        noted = _note(email, failure, now) or noted
    return " ".join(said), noted


def take_in_complaint(letter: Letter, parsed: Parsed, *, now: datetime) -> str:
    """What became of it in a sentence."""
    complaint = read_complaint(letter, parsed)
    if not complaint.is_of_a_reader:
        return f"A mail system reports on others ({complaint.detail}): no reader complained."
    told = _told(tracking.Kind.COMPLAINED, letter, complaint.address, complaint.message_ids, complaint.detail, now)
    event: EmailEvent | None = tracking.take_in(tracking.Told(**told), now=now)
    if event is None or event.email is None:
        return f"A reader calls a mail spam. {_UNKNOWN}"
    return f"{event.email.address} calls “{event.email.subject[:80]}” spam: nothing is sent there any more."


def _told(
    kind: str, letter: Letter, address: str, message_ids: tuple[str, ...], detail: str, now: datetime
) -> dict[str, object]:
    return {
        "kind": kind,
        "address": address,
        "happened_at": min(letter.sent_at or now, now),
        "message_ids": message_ids,
        "detail": detail,
    }


def _in_words(failure: Failure, email: Email | None) -> str:
    who = failure.address or (email.address if email else "") or "an address it does not name"
    if email is None:
        return f"{who} was not reached. {_UNKNOWN}"
    ending = "nothing is sent there any more." if failure.is_final else "it may be reached later."
    return f"{who} was not reached by “{email.subject[:80]}”: {ending}"


def _note(email: Email | None, failure: Failure, now: datetime) -> Message | None:
    """Whoever works on the ticket must know that the customer did not get the answer."""
    ticket = _ticket_of(email) if email else None
    if email is None or ticket is None:
        return None
    words = f"“{email.subject}” did not reach {failure.address or email.address}."
    return note(ticket, Written(text=words, quoted=failure.detail), by=None, now=now)


def _ticket_of(email: Email) -> Ticket | None:
    if email.source == OF_TICKET:
        return Ticket.objects.filter(pk=email.source_id).first()
    if email.source != OF_MESSAGE:
        return None
    message = Message.objects.select_related("ticket").filter(pk=email.source_id).first()
    return message.ticket if message else None
