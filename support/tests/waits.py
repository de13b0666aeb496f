"""Tickets that wait for their customer or are solved, and time that passes on them."""

from datetime import timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.messaging.models import Email
from support.following.working import follow_up
from support.models import Ticket
from support.moving import move
from support.opening import Asked, open_ticket
from support.threads import answer
from support.writing import Written

Status = Ticket.Status


def days(number: float) -> Any:
    return NOW + timedelta(days=number)


def ask(**fields: Any) -> Ticket:
    customer: Customer = fields.pop("customer", None) or make_customer()
    contact = fields.pop("contact", None) or make_contact(customer, is_primary=True, email="ada@customer.example")
    written = Written("It does not work.")
    return open_ticket(
        Asked("Help", written, "api", customer=customer, contact=contact, language="en", **fields), now=NOW
    )


def waiting(**fields: Any) -> Ticket:
    """Answered, with a question of ours, since NOW."""
    ticket = ask(**fields)
    answer(ticket, Written("Which version?"), by=make_user(), to_status=Status.PENDING, now=NOW)
    ticket.refresh_from_db()
    return ticket


def resolved(*, with_words: bool = False, **fields: Any) -> Ticket:
    ticket = ask(**fields)
    if with_words:
        answer(ticket, Written("Restart it."), by=make_user(), to_status=Status.RESOLVED, now=NOW)
    else:
        move(ticket, Status.RESOLVED, by=make_user(), now=NOW)
    ticket.refresh_from_db()
    return ticket


def pass_days(number: int, *, since: int = 0) -> None:
    """Hour by hour, as the schedule would."""
    for hour in range(since * 24, number * 24 + 1):
        follow_up(now=NOW + timedelta(hours=hour))


def mails(ticket: Ticket) -> list[tuple[str, int]]:
    """What was put into the outbox, each with the day."""
    found = Email.objects.filter(source="support.ticket", source_id=ticket.pk).order_by("pk")
    return [(key, (created - NOW).days) for key, created in found.values_list("template__key", "created_at")]


def told(ticket: Ticket) -> list[str]:
    return list(ticket.changes.filter(kind="reminded").values_list("words", flat=True))
