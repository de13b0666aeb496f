"""Another desk's tickets: in as they were, with nothing sent, routed or escalated for them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from agentfactory_cs.customers.imports import kind_named, open_source, read_mapping, run_import
from agentfactory_cs.customers.tests.importing import NOW, a_customer, fates, load, reasons
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email
from support.models import Escalation, Message, Ticket, TicketChange

from .desks import make_ticket

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data" / "ravenstack"
MAPPINGS = settings.BASE_DIR / "docs" / "examples" / "ravenstack"
HEAD = "external_id,customer,subject,text,created_at,status,severity,first_response_at,resolved_at,area,team,tags\n"
# Tuesday morning to Wednesday noon.
SOLVED = (
    "T-1,acme,Wrong bill,It is twice too high.,2026-02-03T09:00,resolved,high,"
    "2026-02-03T10:30,2026-02-04T12:00,billing,billing,a;b\n"
)


def test_a_ticket_is_written_as_it_was_with_its_times_measured() -> None:
    customer = a_customer()

    report = load("tickets", HEAD + SOLVED)

    ticket = Ticket.objects.get()
    assert fates(report) == (1, 0, 0, 0)
    assert (ticket.customer, ticket.channel, ticket.status, ticket.severity) == (customer, "import", "resolved", "high")
    assert (str(ticket.area), str(ticket.team), ticket.tags) == ("Billing", "Billing", ["a", "b"])
    assert ticket.created_at == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert ticket.resolution_seconds == 27 * 3600
    assert ticket.first_response_open_seconds is not None
    assert ticket.first_response_open_seconds <= 5400
    assert ticket.messages.get().text == "It is twice too high."
    assert ticket.stretches.get().until == ticket.resolved_at
    assert ticket.resolution_due_at is None


def test_nothing_is_sent_routed_escalated_or_told_for_it() -> None:
    a_customer()
    events = Event.objects.count()
    late = "T-2,acme,Down,All is down.,2025-11-03T09:00,open,critical,,,,,\n"

    load("tickets", HEAD + SOLVED + late)

    assert Event.objects.count() == events
    assert not Email.objects.exists()
    assert not Escalation.objects.exists()
    assert set(TicketChange.objects.values_list("kind", flat=True)) == {"created"}
    ticket = Ticket.objects.get(external_id="T-2")
    assert (ticket.team, ticket.assignee, ticket.next_warning_at) == (None, None, None)
    assert (ticket.waiting_since, ticket.stretches.get().until) == (ticket.created_at, None)


def test_a_second_import_changes_nothing_and_a_later_file_changes_what_it_says() -> None:
    a_customer()
    waiting = "T-1,acme,Wrong bill,Again.,2026-02-03T09:00,open,high,,,,,\n"
    load("tickets", HEAD + waiting)

    again = load("tickets", HEAD + waiting, now=NOW + timedelta(days=1))
    solved = load("tickets", HEAD + SOLVED, now=NOW + timedelta(days=2))

    assert (fates(again), fates(solved)) == ((0, 0, 1, 0), (0, 1, 0, 0))
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.resolution_seconds, ticket.waiting_since) == ("resolved", 27 * 3600, None)
    assert Message.objects.get().text == "Again."


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("T-1,nobody,A,,2026-02-03,,,,,,,", "there is no customer 'nobody'"),
        ("T-1,acme,,,2026-02-03,,,,,,,", "a new record needs subject"),
        ("T-1,acme,A,,,,,,,,,", "a new record needs created_at"),
        (",acme,A,,2026-02-03,,,,,,,", "external_id must not be empty"),
        ("T-1,acme,A,,2026-02-03,won,,,,,,", "'won' is none of new, open, pending, resolved, closed"),
        ("T-1,acme,A,,2026-02-03,,,,,cooking,,", "there is no area 'cooking'; there are"),
        ("T-1,acme,A,,2026-02-03,,,,,,cooks,", "there is no team 'cooks'; there are"),
        ("T-1,acme,A,,2026-02-03,resolved,,,,,,", "A resolved ticket has a moment"),
        ("T-1,acme,A,,2026-02-03,resolved,,,2026-02-01,,,", "is before the ticket was created"),
        ("T-1,acme,A,,2026-02-03,open,,,2026-02-04,,,", "It is open, and resolved or closed as well."),
        ("T-1,acme,A,,2027-02-03,,,,,,,", "is not yet"),
    ],
)
def test_a_bad_row_is_kept_out_with_its_reason(row: str, reason: str) -> None:
    a_customer()

    report = load("tickets", HEAD + row + "\n")

    assert fates(report) == (0, 0, 0, 1)
    assert any(reason in said for said in reasons(report)), reasons(report)
    assert not Ticket.objects.exists()
    assert not Message.objects.exists()


def test_a_ticket_of_our_own_desk_is_left_alone() -> None:
    a_customer()
    make_ticket(external_id="T-1", subject="Ours")

    report = load("tickets", HEAD + SOLVED)

    assert fates(report) == (0, 0, 0, 1)
    assert Ticket.objects.get().subject == "Ours"


def test_durations_stand_for_moments_and_what_is_resolved_is_closed() -> None:
    a_customer()
    head = "external_id,customer,subject,created_at,first_response_minutes,resolution_hours\n"

    load("tickets", head + "T-1,acme,A,2026-02-03T09:00,90,27\n")

    ticket = Ticket.objects.get()
    opened = ticket.created_at
    assert (ticket.first_response_at, ticket.resolved_at) == (
        opened + timedelta(minutes=90),
        opened + timedelta(hours=27),
    )
    assert (ticket.status, ticket.closed_at) == ("closed", ticket.resolved_at)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"RavenStack's files are not at {DATA}")
def test_somebody_elses_two_thousand_tickets_go_in_and_a_second_time_change_nothing() -> None:
    def bring_in(kind: str, file: str) -> tuple[int, int, int, int]:
        mapping = read_mapping((MAPPINGS / f"{kind}.yaml").read_text(encoding="utf-8"))
        with open_source(DATA / file) as source:
            return fates(run_import(kind_named(kind), source, mapping, now=datetime(2026, 3, 1, tzinfo=UTC), keep=9))

    bring_in("customers", "ravenstack_accounts.csv")
    file = "ravenstack_support_tickets.csv"

    assert bring_in("tickets", file) == (2000, 0, 0, 0)
    assert bring_in("tickets", file) == (0, 0, 2000, 0)

    assert Ticket.objects.filter(status="closed", first_response_at__isnull=False).count() == 2000
    assert Ticket.objects.filter(severity="critical").count() == 514
    one = Ticket.objects.get(external_id="T-0024de")
    assert (one.resolution_seconds, one.severity) == (27 * 3600, "high")
    assert one.first_response_at == one.created_at + timedelta(minutes=74)
