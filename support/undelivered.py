"""An answer whose mail did not reach the customer: whoever works on the ticket must know."""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.messaging.enclosures import Enclosed, Enclosure, enclosures
from agentfactory_cs.messaging.notices import write_to
from agentfactory_cs.messaging.undelivered import Listener, Missed, listeners

from .letters import SOURCE
from .links import ticket_link
from .messages import store
from .models import Attachment, Message
from .writing import Written

AUTHOR = "Outgoing mail"


def hear(missed: Sequence[Missed], now: datetime) -> None:
    """Leave a note on each ticket, once an answer, and tell its assignee, else whoever wrote the answer."""
    answers = Message.objects.select_related("ticket__assignee", "author").in_bulk([one.source_id for one in missed])
    for one in missed:
        if answer := answers.get(one.source_id):
            _note(answer, one, now)


def _note(answer: Message, missed: Missed, now: datetime) -> None:
    ticket = answer.ticket
    whom = missed.address or "anybody"
    words = f"The answer of {answer.written_at:%Y-%m-%d %H:%M} UTC has not reached {whom}."
    if ticket.messages.filter(kind=Message.Kind.NOTE, author_name=AUTHOR, text=words).exists():
        return
    store(ticket, Message.Kind.NOTE, Written(text=words, quoted=missed.reason), author_name=AUTHOR, now=now)
    if person := ticket.assignee or answer.author:
        write_to(
            person,
            kind="support.undelivered",
            subject=f"Your answer in #{ticket.pk} has not arrived: {ticket.subject}"[:200],
            text=f"{words}\n{missed.reason}\n\n{ticket_link(ticket)}",
            dedupe_key=f"support.undelivered:{missed.email_id}:{now:%Y%m%d%H%M%S}",
            now=now,
        )


def files_of(message_id: int) -> list[Enclosed]:
    """What was kept of the files that the answer came with."""
    kept = Attachment.objects.filter(message=message_id).exclude(file="")
    return [Enclosed(one.name, one.content_type, _content(one)) for one in kept]


def _content(attachment: Attachment) -> bytes:
    with attachment.file.open("rb") as file:
        return file.read()


listeners.register(Listener(SOURCE, hear))
enclosures.register(Enclosure(SOURCE, files_of))
