"""Tickets and people for the tests of the desk's pages."""

from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer, StaffProfile
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from support.models import Agent, Team, Ticket
from support.opening import Asked, open_ticket
from support.writing import Written


def make_agent(username: str = "", teams: tuple[str, ...] = ("general",), **fields: Any) -> Agent:
    """Somebody of the support staff who speaks English and has room, in teams by their keys."""
    user = make_member("Support agent", username, **fields)
    StaffProfile.objects.create(user=user, languages=["en"])
    agent = Agent.objects.create(user=user)
    agent.teams.set(Team.objects.filter(key__in=teams))
    return agent


def make_ticket(
    customer: Customer | None = None, *, text: str = "It does not work.", now: datetime = NOW, **fields: Any
) -> Ticket:
    """One that came in by REST, routed as any other."""
    customer = customer or make_customer()
    told: dict[str, Any] = {"subject": "Help", "language": "en", "channel": "api", **fields}
    return open_ticket(Asked(customer=customer, written=Written(text), **told), now=now)


def make_tickets(number: int, customer: Customer | None = None, **fields: Any) -> list[Ticket]:
    return [make_ticket(customer, now=NOW - timedelta(minutes=at), **fields) for at in range(number)]
