"""What one mail is and what becomes of it: who wrote, to which ticket, and whether anybody may answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from agentfactory_cs.customers.models import Interaction
from agentfactory_cs.customers.services import log_interaction
from agentfactory_cs.messaging.models import Email

from ..addresses import our_addresses, ticket_of
from ..models import InboundMail, Message, Team, Ticket
from ..models.ticket import Channel
from ..opening import Asked, open_ticket
from ..threads import customer_wrote, note
from ..writing import File, Written
from .belonging import belonging_of
from .classifying import AUTOMATIC, BOUNCE, COMPLAINT, ORDINARY, Judgement, Ours, classify
from .folding import fold
from .letter import Letter, Unreadable
from .reading import letter_of, parse
from .reports import take_in_bounce, take_in_complaint
from .requesters import requester_of

NO_SUBJECT = "(no subject)"
NO_WORDS = "(no text)"
FLOOD_WINDOW = timedelta(hours=1)
State = InboundMail.State


@dataclass(frozen=True)
class Outcome:
    """What became of a mail; `because` is a sentence for whoever wonders."""

    state: str
    because: str
    message: Message | None = None


def make_something_of(mail: InboundMail, raw: bytes, *, by_hand: bool, as_new: bool, now: datetime) -> Outcome:
    """Notes on the row what it is, unsaved, and does what follows. Raises Unreadable."""
    parsed = parse(raw)
    letter = letter_of(parsed)
    ours = _ours(letter)
    judgement = classify(letter, parsed, ours)
    mail.kind = judgement.kind
    describe(mail, letter)
    if by_hand:
        return _let_in(mail, letter, quiet=judgement.kind != ORDINARY or judgement.is_quiet, as_new=as_new, now=now)
    if judgement.kind == COMPLAINT:
        return Outcome(State.FILED, take_in_complaint(letter, parsed, now=now))
    if judgement.kind == BOUNCE:
        because, noted = take_in_bounce(letter, parsed, now=now)
        return Outcome(State.FILED, because, noted)
    if judgement.kind == AUTOMATIC:
        return _file(letter, judgement, now)
    if _is_flood(mail):
        most = settings.INBOUND_MAILS_PER_HOUR
        return Outcome(State.THROTTLED, f"{mail.sender} wrote more than {most} mails within an hour.")
    return _let_in(mail, letter, quiet=judgement.is_quiet, as_new=False, now=now)


def _ours(letter: Letter) -> Ours:
    """What of this letter is ours. Reply addresses are, whoever they were made for."""
    known = Email.objects.filter(message_id=letter.message_id).exists() if letter.message_id else False
    addresses = our_addresses() | ({letter.sender} if ticket_of(letter.sender) else set())
    return Ours(addresses, {letter.message_id} if known else ())


def describe(mail: InboundMail, letter: Letter) -> None:
    """Who wrote to whom about what, on the row, unsaved."""
    ours = our_addresses()
    to_us = (one for one in letter.recipients if one in ours or ticket_of(one))
    mail.sender = letter.sender or letter.header("from")[:320]
    mail.recipient = next(to_us, next(iter(letter.recipients), ""))[:320]
    mail.subject = letter.subject[:250]


def _is_flood(mail: InboundMail) -> bool:
    """Those that were held do not count: so many an hour get through, whatever comes beside."""
    lately = InboundMail.objects.filter(
        sender=mail.sender,
        received_at__gt=mail.received_at - FLOOD_WINDOW,
        received_at__lte=mail.received_at,
        kind=ORDINARY,
        state=State.TAKEN_IN,
    )
    return lately.exclude(pk=mail.pk).count() >= settings.INBOUND_MAILS_PER_HOUR


def _file(letter: Letter, judgement: Judgement, now: datetime) -> Outcome:
    """Kept as a note where it belongs to a ticket: it says something (“back on Monday”), and answers nothing."""
    if letter.sender in our_addresses():
        return Outcome(State.FILED, judgement.because)
    ticket = belonging_of(letter).ticket
    if ticket is None:
        return Outcome(State.FILED, f"{judgement.because} It belongs to no ticket.")
    words = f"Automatic mail from {letter.sender or 'nobody'}: {letter.subject or NO_SUBJECT}"
    # Its own words are folded away, where an @name in them calls nobody.
    noted = note(ticket, Written(text=words, quoted=letter.text), by=None, now=now)
    return Outcome(State.FILED, f"{judgement.because} It is a note on #{ticket.pk}.", noted)


def _let_in(mail: InboundMail, letter: Letter, *, quiet: bool, as_new: bool, now: datetime) -> Outcome:
    """Into its ticket, or into a new one."""
    if not letter.sender:
        raise Unreadable("It names no sender that could be answered.")
    if came := _came_before(letter):
        return Outcome(State.FILED, f"The same mail is in #{came.ticket_id} already.", came)
    belonging = belonging_of(letter)
    if belonging.ticket and not as_new:
        message = customer_wrote(belonging.ticket, _written(letter), now=now)
        because = belonging.how
    else:
        message, because = _open(letter, quiet=quiet, now=now)
        if belonging.refused:
            note(message.ticket, Written(text=belonging.refused), by=None, now=now)
            because = f"{because} {belonging.refused}"
    _remember_contact(mail, letter, message.ticket, now)
    return Outcome(State.TAKEN_IN, because, message)


def _came_before(letter: Letter) -> Message | None:
    return Message.objects.filter(message_id=letter.message_id).first() if letter.message_id else None


def _open(letter: Letter, *, quiet: bool, now: datetime) -> tuple[Message, str]:
    """A new ticket: its first message, and why it is whose it is."""
    requester = requester_of(letter.sender, now=now)
    asked = Asked(
        subject=letter.subject[:250] or NO_SUBJECT,
        written=_written(letter),
        channel=Channel.MAIL,
        customer=requester.customer,
        contact=requester.contact,
        requester_address=letter.sender,
        requester_name=letter.sender_name,
        team=_team_of(letter),
        is_automatic=quiet,
    )
    ticket = open_ticket(asked, now=now)
    return ticket.messages.filter(kind=Message.Kind.CUSTOMER).earliest("pk"), f"A new ticket. {requester.how}"


def _team_of(letter: Letter) -> Team | None:
    """The team whose own address was written to."""
    return Team.objects.active().filter(address__in=letter.recipients).order_by("pk").first()


def _written(letter: Letter) -> Written:
    text, quoted = fold(letter.text)
    return Written(
        text=text or NO_WORDS,
        quoted=quoted,
        html=letter.html,
        message_id=letter.message_id,
        address=letter.sender,
        author_name=letter.sender_name or letter.sender,
        files=tuple(File(one.name, one.content_type, one.content) for one in letter.enclosed),
    )


def _remember_contact(mail: InboundMail, letter: Letter, ticket: Ticket, now: datetime) -> None:
    """What the customer wrote is on their timeline, and lets automatic mail pause."""
    if ticket.customer is None:
        return
    contact = ticket.contact if ticket.contact and ticket.contact.email.lower() == letter.sender else None
    heard = Interaction(
        customer=ticket.customer,
        external_id=f"mail:{mail.digest}",
        kind=Interaction.Kind.EMAIL,
        direction=Interaction.Direction.IN,
        subject=letter.subject[:200] or NO_SUBJECT,
        body=f"#{ticket.pk}",
        contact=contact,
        held_at=min(mail.received_at, now),
    )
    log_interaction(heard, held_by_actor=False, now=now)
