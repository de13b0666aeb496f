"""What leads from one ticket to another: merged, split, linked, escalated, the next, a new one; and what it costs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.factories import (
    NOW,
    make_contact,
    make_customer,
    make_member,
)
from support.models import Agent, Message, Ticket
from support.moving import move
from support.threads import customer_wrote, note
from support.writing import Written

from .desk import make_agent, make_ticket, make_tickets
from .pages import act, page, signed_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def clara() -> Agent:
    return make_agent("clara", first_name="Clara", last_name="Fischer")


@pytest.fixture
def desk(clara: Agent) -> Client:
    return signed_in(clara)


def test_tickets_are_merged_split_and_linked_from_the_page(desk: Client, clara: Agent) -> None:
    customer = make_customer()
    one, two, far = make_ticket(customer, subject="one"), make_ticket(customer, subject="two"), make_ticket()
    added = customer_wrote(two, Written("A wholly other question"), now=NOW)

    merged = act(desk, one, "merge", into=str(two.pk))
    split = act(desk, two, "split", messages=[added.pk], subject="The other question")
    act(desk, two, "link", other=f"#{far.pk}")

    one.refresh_from_db()
    new = Ticket.objects.latest("pk")
    assert (one.merged_into, merged["Location"]) == (two, reverse("admin:support_ticket_change", args=[two.pk]))
    assert (new.subject, new.messages.get()) == ("The other question", added)
    assert split["Location"] == reverse("admin:support_ticket_change", args=[new.pk])
    assert f"#{far.pk} Help" in words(page(desk, two))

    act(desk, two, "unlink", other=str(far.pk))

    assert not far.linked_by.exists()
    assert not far.links.exists()


def test_a_dialog_that_is_refused_leads_back_with_the_reason(desk: Client) -> None:
    ticket, strangers = make_ticket(), make_ticket()

    for name, fields, reason in (
        ("merge", {"into": strangers.pk}, "is of somebody else"),
        ("merge", {"into": "what"}, "There is no ticket #what."),
        ("split", {"messages": [], "subject": "x"}, "Choose the messages"),
        ("link", {"other": ticket.pk}, "cannot be linked to itself"),
        ("escalate", {"detail": ""}, "Say in a sentence why."),
    ):
        act(desk, ticket, name, **fields)

        assert reason in words(page(desk, ticket))


def test_escalating_by_hand_asks_for_a_reason_and_is_done_once(desk: Client) -> None:
    ticket = make_ticket()

    act(desk, ticket, "escalate", detail="Their launch is tomorrow.")
    act(desk, ticket, "escalate", detail="Again.")

    ticket.refresh_from_db()
    assert ticket.is_escalated
    assert [one.detail for one in ticket.escalations.all()] == ["Their launch is tomorrow."]


def test_a_strangers_ticket_is_given_to_a_customer(desk: Client) -> None:
    customer = make_customer(name="Northwind")
    robin = make_contact(customer, name="Robin", email="robin@northwind.example")
    ticket = make_ticket(customer)
    Ticket.objects.update(customer=None, requester_address="robin@home.example")
    ticket.refresh_from_db()

    act(desk, ticket, "whose", contact=robin.pk, seen=ticket.lock_version)

    ticket.refresh_from_db()
    assert (ticket.customer, ticket.contact, ticket.requester_address) == (customer, robin, robin.email)


def test_the_next_ticket_is_that_of_the_queue_one_came_from(desk: Client, clara: Agent) -> None:
    first, second = make_tickets(2)
    Ticket.objects.filter(pk=first.pk).update(first_response_due_at=NOW + timedelta(hours=1))
    desk.get(reverse("admin:support_ticket_changelist"), {"queue": "mine"})

    following = desk.get(reverse("admin:support_ticket_next", args=[first.pk]))
    move(second, "resolved", now=NOW)
    none_left = desk.get(reverse("admin:support_ticket_next", args=[first.pk]))

    assert following["Location"] == reverse("admin:support_ticket_change", args=[second.pk])
    assert none_left["Location"].endswith("?queue=mine")


@pytest.mark.parametrize(("messages", "others"), [(1, 0), (40, 15)])
def test_the_page_costs_the_same_however_long_the_thread(
    desk: Client, clara: Agent, messages: int, others: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    customer = make_customer()
    ticket = make_ticket(customer)
    for _each in range(messages):
        note(ticket, Written("Look"), by=clara.user, now=NOW)
    make_tickets(others, customer)

    with django_assert_max_num_queries(25):
        page(desk, ticket)


def test_a_long_thread_shows_its_end_and_leads_to_the_rest(desk: Client) -> None:
    ticket = make_ticket(text="The very first")
    Message.objects.bulk_create(
        Message(ticket=ticket, kind="note", author_name="A", text=f"note {at}", written_at=NOW) for at in range(60)
    )

    end, whole = page(desk, ticket), page(desk, ticket, whole="1")

    assert "The very first" not in end.split("sd-thread")[1].split('id="end"')[0]
    assert "Show earlier messages" in end
    assert "The very first" in whole


def test_a_ticket_is_opened_by_hand_for_somebody_we_know(desk: Client) -> None:
    customer = make_customer()
    robin = make_contact(customer, name="Robin", email="robin@northwind.example")
    address = reverse("admin:support_ticket_add")

    shown = desk.get(address, {"customer": customer.pk}).content.decode()
    fields = {
        "contact": robin.pk,
        "subject": "By telephone",
        "text": "The key is lost.",
        "severity": "high",
        "tags": "vip",
    }
    opened = desk.post(address, fields)

    ticket = Ticket.objects.get()
    assert customer.name in shown
    assert opened["Location"] == reverse("admin:support_ticket_change", args=[ticket.pk])
    assert (ticket.customer, ticket.contact, ticket.channel) == (customer, robin, "staff")
    assert (ticket.requester_address, ticket.severity, ticket.tags) == (robin.email, "high", ["vip"])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"subject": "Help", "text": "It fails."}, "Say who asks: a person, a customer, or an address."),
        ({"subject": "", "text": "It fails.", "requester_address": "a@b.example"}, "This field is required."),
        ({"subject": "Help", "text": "It fails.", "requester_address": "nobody"}, "Enter a valid email address."),
    ],
)
def test_a_ticket_that_lacks_something_is_not_opened(desk: Client, fields: dict[str, str], reason: str) -> None:
    response = desk.post(reverse("admin:support_ticket_add"), {"severity": "normal", **fields})

    assert reason in response.content.decode()
    assert not Ticket.objects.exists()


def test_who_may_only_look_changes_nothing(desk: Client, at_now: None) -> None:
    viewer, ticket = Client(), make_ticket()
    viewer.force_login(make_member("Viewer"))

    html = page(viewer, ticket)
    refused = {
        name: act(viewer, ticket, name, field="severity", value="high", text="x", seen=0).status_code
        for name in ("write", "set", "take", "merge", "split", "link", "unlink", "escalate", "whose")
    }

    assert 'id="sd-text"' not in html
    assert set(refused.values()) == {403}
    assert viewer.get(reverse("admin:support_ticket_add")).status_code == 403


def test_there_is_a_page_only_where_there_is_a_ticket(desk: Client) -> None:
    for pk in (987654, "nonsense"):
        assert desk.get(reverse("admin:support_ticket_change", args=[pk])).status_code == 404
