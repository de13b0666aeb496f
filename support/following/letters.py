"""The mails of following up: written to whoever asks, at a time of their day, and taken back when they are idle."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging import outbox
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.timing import next_open, zone_of

from ..changes import note_change
from ..letters import queue
from ..models import Ticket, TicketChange

SOURCE = "support.ticket"
AUTOMATIC = "Nothing was sent: an automatic mail opened this ticket, and machines are not written to."


def send(
    ticket: Ticket,
    template: str,
    *,
    key: str,
    words: str,
    context: dict[str, Any],
    lasts: timedelta | None = None,
    not_before: datetime | None = None,
    now: datetime,
) -> Email | None:
    """Put one into the outbox, once a `key`, and note it on the ticket with `words`.

    It goes out at the next hour at which automatic mail may; not later than `lasts` after that.
    """
    due_at = next_open(not_before or now, zone_of(*_zones(ticket)))
    email = queue(
        ticket,
        template=template,
        due_at=due_at,
        expires_at=due_at + lasts if lasts else None,
        dedupe_key=f"{SOURCE}:{ticket.pk}:{key}",
        source=SOURCE,
        source_id=ticket.pk,
        context={"follow_up": context},
        now=now,
    )
    data = {"email": email.pk if email else None, "template": template}
    reason = f" {email.reason}" if email and email.reason else ""
    note_change(ticket, TicketChange.Kind.REMINDED, words + reason, data=data, now=now)
    return email


def _zones(ticket: Ticket) -> tuple[str, ...]:
    contact, customer = ticket.contact, ticket.customer
    return contact.time_zone if contact else "", customer.time_zone if customer else "", Company.get().time_zone


def withdraw(ticket: Ticket, reason: str, *, now: datetime) -> None:
    """What waits to go out does not fit any more: the ticket has moved on."""
    outbox.withdraw_all(source=SOURCE, source_id=ticket.pk, reason=f"The ticket moved on: {reason}", now=now)


def opened_by_machines(tickets: Collection[Ticket]) -> set[int]:
    """Those of them that an automatic mail opened; one query."""
    begun = TicketChange.objects.filter(ticket__in=tickets, kind=TicketChange.Kind.CREATED, data__is_automatic=True)
    return set(begun.values_list("ticket", flat=True))
