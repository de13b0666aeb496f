"""Mail about a ticket: whom it goes to, what holds its thread together, and a person's answer as it is sent.

Every mail about a ticket has the same subject and names the mails before it, so that mail programs show one ticket as
one thread, and two as two.
"""

import re
from datetime import datetime
from typing import Any

from agentfactory_cs.customers.models import Company
from agentfactory_cs.events.services import Actor
from agentfactory_cs.messaging import outbox
from agentfactory_cs.messaging.letter import Sender
from agentfactory_cs.messaging.models import Email, MailTemplate
from agentfactory_cs.messaging.names import first_name

from .addresses import reply_address
from .models import Message, Ticket
from .wording import history, paragraphs

SOURCE = "support.message"
TEMPLATE = "support_answer"
# The first mail of a thread and the newest: what a mail program needs to find the others.
MOST_REFERENCES = 10
# So many messages stand quoted below an answer.
QUOTED = 3
_BEFORE_SUBJECT = re.compile(r"^\s*((re|aw|fw|fwd|wg|sv|antw|tr|rv)\s*:|\[#[\d.,]+\])\s*", re.IGNORECASE)
_AFTER_SUBJECT = re.compile(r"\s*\[#[\d.,]+\]\s*$")

# RFC 3834: what a machine says to something somebody wrote. No machine answers that.
_REPLIED = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}

Kind = Message.Kind
# What the customer may see.
PUBLIC = (Kind.CUSTOMER, Kind.ANSWER, Kind.AUTOMATIC)


def send_answer(ticket: Ticket, message: Message, *, by: Actor = None, now: datetime) -> Email | None:
    """Put a person's answer into the outbox, in the transaction that stores it; None where it is there already.

    The message gets the mail's Message-ID, so that a reply finds it. Without anybody to send it to the mail is
    `withheld`, with the reason.
    """
    give_message_id(message)
    earlier = ticket.messages.filter(kind__in=(Kind.CUSTOMER, Kind.ANSWER), pk__lt=message.pk).order_by("-pk")[:QUOTED]
    letter = {
        "author": message.author_name,
        "paragraphs": paragraphs(message.text),
        "history": history(list(earlier)),
    }
    return queue(
        ticket,
        template=TEMPLATE,
        due_at=now,
        dedupe_key=f"{SOURCE}:{message.pk}",
        source=SOURCE,
        source_id=message.pk,
        message_id=message.message_id,
        context={"letter": letter},
        is_automatic=False,
        by=by,
        now=now,
    )


def queue(
    ticket: Ticket,
    *,
    template: str,
    due_at: datetime,
    dedupe_key: str,
    source: str,
    source_id: int,
    message_id: str = "",
    answers_by_itself: bool = False,
    context: dict[str, Any],
    expires_at: datetime | None = None,
    is_automatic: bool = True,
    by: Actor = None,
    now: datetime,
) -> Email | None:
    """Put a mail about a ticket into the outbox, to whoever asks; None where its key is there already.

    `answers_by_itself`: it is a machine's answer to what the customer wrote, and says so.
    """
    return outbox.queue(
        customer=ticket.customer,
        contact=ticket.contact,
        to_address=_given_address(ticket),
        language=ticket.language,
        template=MailTemplate.objects.get(key=template),
        headers=headers_of(ticket, but=message_id) | (_REPLIED if answers_by_itself else {}),
        message_id=message_id,
        due_at=due_at,
        expires_at=expires_at,
        dedupe_key=dedupe_key,
        source=source,
        source_id=source_id,
        context={"ticket": about(ticket), **_reader(ticket), **context},
        is_automatic=is_automatic,
        by=by,
        now=now,
    )


def about(ticket: Ticket) -> dict[str, str]:
    """What its mails say of a ticket. The number is words: 1,234 would be another."""
    return {"number": str(ticket.pk), "subject": _thread_subject(ticket)}


def _thread_subject(ticket: Ticket) -> str:
    """As the first mail of the thread had it: programs that group by subject would split what we rename."""
    answers = ticket.messages.filter(kind=Kind.ANSWER).values("pk")
    mails = Email.objects.filter(source=SOURCE, source_id__in=answers, context__ticket__number=str(ticket.pk))
    first = mails.order_by("pk").values_list("context__ticket__subject", flat=True).first()
    return first or bare_subject(ticket.subject)


def bare_subject(subject: str) -> str:
    """Without "Re:" and numbers that mail programs and we ourselves put around it."""
    found = _BEFORE_SUBJECT.match(subject)
    while found:
        subject = subject[found.end() :]
        found = _BEFORE_SUBJECT.match(subject)
    return _AFTER_SUBJECT.sub("", subject).strip() or "…"


def _given_address(ticket: Ticket) -> str:
    """Where answers go, unless that is its contact's own address."""
    contact = ticket.contact
    is_own = contact is not None and contact.email.lower() == ticket.requester_address.lower()
    return "" if is_own else ticket.requester_address


def _reader(ticket: Ticket) -> dict[str, Any]:
    """How to greet somebody who is no contact of a customer's."""
    name = ticket.requester_name
    if ticket.contact or not name:
        return {}
    reader = {"name": name, "email": ticket.requester_address, "first_name": first_name(name, ticket.language)}
    return {"contact": {key: said for key, said in reader.items() if said}}


def headers_of(ticket: Ticket, *, but: str = "") -> dict[str, str]:
    """Those that hold a thread together: it answers the customer's newest mail and names the last of the thread."""
    rows = ticket.messages.filter(kind__in=PUBLIC).exclude(message_id="").exclude(message_id=but).order_by("pk")
    known = list(rows.values_list("kind", "message_id"))
    ids = [message_id for _kind, message_id in known]
    answered = [message_id for kind, message_id in known if kind == Kind.CUSTOMER] or ids
    headers = {
        "Reply-To": reply_address(ticket.pk),
        # The same for every mail of a ticket: programs that keep apart what differs in it keep tickets apart.
        "X-Entity-Ref-ID": reply_address(ticket.pk),
    }
    if not answered:
        return headers
    references = ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]
    return headers | {"In-Reply-To": answered[-1], "References": " ".join(references)}


def give_message_id(message: Message) -> str:
    """The Message-ID of the mail that carries it, kept on it, so that a reply to the mail finds it.

    The moment tells it from the one of an earlier database with the same number.
    """
    if not message.message_id:
        moment = int(message.written_at.timestamp())
        message.message_id = f"<support.{message.pk}.{moment:x}@{Sender.of(Company.get()).domain}>"
        message.save(update_fields=("message_id",))
    return message.message_id
