"""The demo's desk: a year of tickets that fit the stories, and something in every queue."""

from datetime import date, timedelta

import pytest
from django.db.models import F, Q

from agentfactory_cs.customers.demo import tell_accounts
from agentfactory_cs.customers.demo.staff import hire
from agentfactory_cs.demo import World
from agentfactory_cs.events.models import Event
from support import levels
from support.demo import staff_desk, tell_tickets
from support.levels.due import CLOCK_FIELDS
from support.models import Agent, Message, Ticket
from support.routing import people

pytestmark = pytest.mark.django_db
WORLD = World(date(2026, 3, 4), customers=150, days=40)


def test_there_is_something_in_every_queue_and_nothing_that_could_not_have_been() -> None:
    for stage in (hire, tell_accounts, staff_desk, tell_tickets):
        stage(WORLD)
    tickets, waiting = Ticket.objects.all(), Ticket.objects.waiting_for_us()

    assert {"en", "de", "fr", "es", "pt-BR"} <= set(tickets.values_list("language", flat=True))
    assert waiting.filter(assignee__isnull=False).count() > 5
    assert tickets.filter(status="pending").exists()
    assert tickets.unsolved().filter(is_escalated=True).exists()
    assert waiting.filter(next_warning_at__gt=WORLD.now).exists()
    assert set(tickets.values_list("team__key", flat=True)) >= {"api", "billing", "general", "enterprise"}

    # Nothing before the customer came, or tomorrow; nobody has more than they take.
    assert not tickets.filter(created_at__lt=F("customer__signed_up_at")).exists()
    assert not Message.objects.filter(Q(written_at__gt=WORLD.now) | Q(written_at__lt=F("ticket__created_at"))).exists()
    assert all(one.load <= one.capacity for one in people.everybody(WORLD.now))
    assert Agent.objects.filter(last_assigned_at__isnull=False).count() > 3

    # An answer in their language, on their timeline.
    for ticket in waiting.filter(assignee__isnull=False).select_related("assignee__staff_profile"):
        assert ticket.assignee
        assert ticket.language in ticket.assignee.staff_profile.languages
    assert Event.objects.filter(trigger="support.ticket_opened").count() == tickets.count()

    # The due times are those that the clocks give.
    for ticket in tickets.unsolved().select_related("customer", "team", "service_version"):
        stored = [getattr(ticket, name) for name in CLOCK_FIELDS]
        levels.set_clocks(ticket, now=WORLD.now)
        assert [getattr(ticket, name) for name in CLOCK_FIELDS] == stored


def test_the_angry_customer_has_asked_more_and_more_and_waits() -> None:
    for stage in (hire, tell_accounts, staff_desk, tell_tickets):
        stage(WORLD)

    angry = Ticket.objects.filter(customer__external_id="demo-000003")

    assert angry.filter(created_at__gte=WORLD.now - timedelta(days=28)).count() >= 4
    assert angry.unsolved().filter(severity="critical", is_escalated=True).exists()
    thriving = Ticket.objects.filter(customer__external_id="demo-000000")
    assert not thriving.filter(created_at__gte=WORLD.now - timedelta(days=28)).exists()
