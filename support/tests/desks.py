"""A desk for the tests: its people, and tickets as rows, placed by hand."""

from typing import Any

from agentfactory_cs.customers.models import Customer, StaffProfile
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_user
from support import levels
from support.models import Agent, Area, Team, Ticket
from support.opening import Asked, open_ticket
from support.writing import Written


def team(key: str) -> Team:
    return Team.objects.get(key=key)


def area(key: str) -> Area:
    return Area.objects.get(key=key)


def make_agent(*teams: str, languages: str = "en", away_until: Any = None, **fields: Any) -> Agent:
    """Somebody of these teams, who speaks these languages ("en de")."""
    user = make_user(**{name: fields.pop(name) for name in ("username", "first_name", "email") if name in fields})
    StaffProfile.objects.create(user=user, languages=languages.split(), away_until=away_until)
    agent = Agent.objects.create(user=user, **fields)
    agent.teams.set(Team.objects.filter(key__in=teams))
    return agent


def make_ticket(**fields: Any) -> Ticket:
    """A row as opening makes it, before it is routed."""
    defaults = {
        "subject": "Help",
        "requester_address": "somebody@example.com",
        "channel": "api",
        "language": "en",
        "service_version": levels.in_force(),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Ticket.objects.create(**{**defaults, **fields})


def make_tickets(count: int, **fields: Any) -> list[Ticket]:
    return [make_ticket(**fields) for _number in range(count)]


def ask(text: str = "It does not work any more, please have a look at it.", **fields: Any) -> Ticket:
    """A ticket opened as any other is: with its first message, language, clocks and route."""
    customer: Customer = fields.pop("customer", None) or make_customer()
    subject = fields.pop("subject", "Help")
    now = fields.pop("now", NOW)
    return open_ticket(Asked(subject, Written(text), "api", customer=customer, **fields), now=now)


def open_tickets_of(agent: Agent) -> int:
    return Ticket.objects.waiting_for_us().filter(assignee=agent.user).count()
