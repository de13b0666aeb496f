"""The queues, as support staff see them in the console."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from support.models import Agent, Team, Ticket
from support.moving import move
from support.queues import QUEUES, counts, next_in, tickets_in
from support.taking import take

from .desk import make_agent, make_ticket, make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def clara() -> Agent:
    return make_agent("clara", first_name="Clara", last_name="Fischer")


@pytest.fixture
def desk(clara: Agent) -> Client:
    """Signed in as Clara."""
    client = Client()
    client.force_login(clara.user)
    return client


def queue(desk: Client, key: str = "", **query: str) -> str:
    asked = {**({"queue": key} if key else {}), **query}
    response = desk.get(reverse("admin:support_ticket_changelist"), asked)
    assert response.status_code == 200
    return response.content.decode()


def numbers(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'sd-number">#(\d+)<', html)]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def act(desk: Client, action: str, tickets: list[Ticket], **fields: str) -> str:
    chosen = {"action": action, "_selected_action": [ticket.pk for ticket in tickets], **fields}
    address = f"{reverse('admin:support_ticket_changelist')}?queue=all"
    return desk.post(address, chosen, follow=True).content.decode()


def free(ticket: Ticket) -> Ticket:
    """Nobody has it."""
    Ticket.objects.filter(pk=ticket.pk).update(assignee=None, assigned_by_hand=False)
    ticket.refresh_from_db()
    return ticket


def test_each_queue_holds_what_it_says(clara: Agent) -> None:
    mine = make_ticket(subject="mine")
    others = make_ticket(subject="somebody's", area=None)
    Ticket.objects.filter(pk=others.pk).update(
        assignee=make_agent("otto", teams=("billing",)).user, team=Team.objects.get(key="billing")
    )
    nobodys = free(make_ticket(subject="nobody's"))
    waiting = move(make_ticket(subject="waiting"), "pending", now=NOW)
    critical = make_ticket(subject="critical", severity="critical")
    over = move(make_ticket(subject="over"), "resolved", now=NOW)

    found = {one.key: set(tickets_in(one.key, clara.user, NOW)) for one in QUEUES}

    assert found["mine"] == {mine, waiting, critical}
    assert found["team"] == {mine, nobodys, waiting, critical}
    assert found["unassigned"] == {nobodys}
    assert found["waiting"] == {waiting}
    assert found["escalated"] == {critical}
    assert found["all"] == {mine, others, nobodys, waiting, critical, over}


def test_breaching_next_is_what_is_overdue_or_due_within_four_hours(clara: Agent) -> None:
    ticket = make_ticket()

    for due_at, is_in in (
        (NOW - timedelta(days=3), True),
        (NOW + timedelta(hours=4), True),
        (NOW + timedelta(hours=4, seconds=1), False),
    ):
        Ticket.objects.filter(pk=ticket.pk).update(
            first_response_due_at=due_at, next_response_due_at=None, resolution_due_at=None
        )

        assert tickets_in("breaching", clara.user, NOW).filter(pk=ticket.pk).exists() is is_in


def test_a_queue_shows_what_is_due_first_on_top(desk: Client) -> None:
    later, soon, never = make_tickets(3)
    for ticket, hours in ((later, 9), (soon, 1)):
        Ticket.objects.filter(pk=ticket.pk).update(first_response_due_at=NOW + timedelta(hours=hours))
    move(never, "pending", now=NOW)

    html = queue(desk, "mine")

    assert numbers(html) == [soon.pk, later.pk, never.pk]
    assert "in 1 h" in words(html)


def test_a_row_says_who_asks_what_was_said_last_and_what_is_overdue(desk: Client) -> None:
    customer = make_customer(name="Northwind", tier="enterprise")
    ticket = make_ticket(customer, subject="429 since Monday", text="We get 429\nall the time.", severity="high")
    Ticket.objects.filter(pk=ticket.pk).update(first_response_due_at=NOW - timedelta(minutes=80))

    text = words(queue(desk, "all"))

    assert f"#{ticket.pk} 429 since Monday" in text
    assert "Northwind: We get 429 all the time." in text
    assert "Enterprise" in text
    assert "High" in text
    assert "1 h 20 min over first response" in text


def test_the_tabs_and_the_sidebar_say_how_many_are_in_a_queue(desk: Client, clara: Agent) -> None:
    make_tickets(3)
    for ticket in make_tickets(2):
        free(ticket)

    html = queue(desk, "mine")

    assert counts(clara.user, NOW)["mine"] == 3
    assert re.search(r'Mine <span class="sd-count">3</span>', html)
    assert re.search(r'Unassigned <span class="sd-count">2</span>', html)
    entry = html[html.index("?queue=unassigned") :][:1500]
    assert re.search(r">\s*2\s*<", entry)


def test_a_queue_counts_no_further_than_a_person_reads(desk: Client, clara: Agent) -> None:
    first = make_ticket()
    Ticket.objects.bulk_create(
        Ticket(
            subject="Help",
            customer=first.customer,
            assignee=clara.user,
            team=first.team,
            channel="api",
            service_version=first.service_version,
            created_at=NOW,
            updated_at=NOW,
        )
        for _each in range(120)
    )

    assert re.search(r'Mine <span class="sd-count">99\+</span>', queue(desk, "mine"))


@pytest.mark.parametrize("number", [1, 30])
@pytest.mark.parametrize("key", [one.key for one in QUEUES])
def test_a_queue_costs_the_same_however_long_it_is(
    desk: Client, key: str, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_tickets(number)

    with django_assert_max_num_queries(25):
        queue(desk, key)


@pytest.mark.parametrize("asked", ["#{pk}", "{pk}", "invoice", "NORTHW", "robin@ex", "Robin"])
def test_a_ticket_is_found_by_number_subject_customer_and_who_asked(desk: Client, asked: str) -> None:
    make_ticket()
    customer = make_customer(name="Northwind")
    ticket = make_ticket(
        customer, subject="Wrong invoice", requester_address="robin@example.com", requester_name="Robin Vega"
    )

    html = queue(desk, "all", q=asked.format(pk=ticket.pk))

    assert numbers(html) == [ticket.pk]


def test_filters_narrow_a_queue_and_stand_above_it_as_chips(desk: Client) -> None:
    make_ticket()
    ticket = make_ticket(severity="high", tags=["vip"])
    general = Team.objects.get(key="general")

    for chosen in ({"severity": "high"}, {"tag": "vip"}, {"status": "new", "severity": "high"}):
        assert numbers(queue(desk, "all", **chosen)) == [ticket.pk]
    assert "Remove this filter" in queue(desk, "all", tag="vip")
    assert numbers(queue(desk, "all", team=str(general.pk), tag="vip")) == [ticket.pk]
    assert numbers(queue(desk, "all", team="none")) == []


def test_taking_many_says_which_others_have_taken_meanwhile(desk: Client, clara: Agent) -> None:
    otto = make_agent("otto", first_name="Otto", last_name="Berg")
    tickets = [free(ticket) for ticket in make_tickets(3)]
    take(tickets[0], by=otto.user, now=NOW)

    html = act(desk, "take", tickets)

    assert "2 tickets are yours. Not done: 1 × taken by Otto Berg." in words(html)
    assert Ticket.objects.filter(assignee=clara.user, assigned_by_hand=True).count() == 2


def test_who_answers_no_tickets_is_told_so(console: Client) -> None:
    ticket = free(make_ticket())

    html = act(console, "take", [ticket])

    assert "You answer no tickets" in words(html)


def test_many_are_given_moved_tagged_and_set_after_a_question(desk: Client) -> None:
    otto, tickets = make_agent("otto", teams=("billing",)), make_tickets(2)
    billing = Team.objects.get(key="billing")

    asked = act(desk, "give", tickets)
    act(desk, "give", tickets, apply="1", agent=str(otto.pk))
    given = set(Ticket.objects.values_list("assignee__username", flat=True))
    act(desk, "to_team", tickets, apply="1", team=str(billing.pk))
    act(desk, "tag", tickets, apply="1", tag="beta")
    act(desk, "set_status", tickets, apply="1", status="resolved", reason="A known fault, mended.")

    assert "To whom" in asked
    assert given == {"otto"}
    assert set(Ticket.objects.values_list("team__key", "status")) == {("billing", "resolved")}
    assert [ticket.tags for ticket in Ticket.objects.all()] == [["beta"], ["beta"]]


def test_merging_many_leaves_those_that_must_not_be_read_by_the_other(desk: Client) -> None:
    customer = make_customer()
    one, two = make_ticket(customer), make_ticket(customer)
    strangers = make_ticket()

    html = act(desk, "merge_into", [one, strangers], apply="1", into=str(two.pk))

    one.refresh_from_db()
    strangers.refresh_from_db()
    assert "Done to 1 ticket." in words(html)
    assert "who must not read this one" in words(html)
    assert (one.merged_into, strangers.merged_into) == (two, None)


def test_a_bad_choice_comes_back_with_its_reason_and_nothing_is_done(desk: Client) -> None:
    ticket = make_ticket()

    html = act(desk, "merge_into", [ticket], apply="1", into="999999")

    assert "There is no ticket of that number." in html
    assert Ticket.objects.get().merged_into is None


def test_who_may_only_look_is_offered_nothing_to_do(console: Client, manager: object) -> None:
    viewer = Client()
    viewer.force_login(make_member("Viewer"))
    ticket = make_ticket()

    html = queue(viewer, "all")
    act(viewer, "tag", [ticket], apply="1", tag="beta")

    assert 'value="take"' not in html
    assert Ticket.objects.get().tags == []


def test_the_next_ticket_is_the_one_behind_and_after_the_last_the_first(clara: Agent) -> None:
    tickets = make_tickets(4)
    for hours, ticket in zip((2, 1, 3), tickets, strict=False):
        Ticket.objects.filter(pk=ticket.pk).update(first_response_due_at=NOW + timedelta(hours=hours))
    move(tickets[3], "pending", now=NOW)
    order = list(tickets_in("mine", clara.user, NOW).due_first())

    way = [next_in("mine", ticket, clara.user, NOW) for ticket in order]

    assert order == [tickets[1], tickets[0], tickets[2], tickets[3]]
    assert way == [*order[1:], order[0]]


def test_there_is_no_next_where_it_is_the_only_one(clara: Agent) -> None:
    ticket = make_ticket()

    assert next_in("mine", ticket, clara.user, NOW) is None
