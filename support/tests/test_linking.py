"""Tickets that go into each other, fall apart, and are linked."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from support import threads
from support.linking import link, merge, split_off, unlink
from support.models import Ticket, TicketLink
from support.moving import move
from support.opening import Asked, open_ticket
from support.writing import Written

from .desks import ask

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def stranger(address: str) -> Ticket:
    return open_ticket(Asked("Help", Written("Please."), "mail", requester_address=address), now=NOW)


def test_a_merged_ticket_is_closed_its_thread_in_the_other_and_replies_go_there() -> None:
    customer, clara = make_customer(), make_user("clara")
    first, second = ask("One.", customer=customer), ask("Two.", customer=customer)

    merge(second, first, by=clara, now=NOW + HOUR)
    threads.customer_wrote(second, Written("Three."), now=NOW + 2 * HOUR)

    assert [one.text for one in first.messages.all()] == ["One.", "Two.", "Three."]
    second.refresh_from_db()
    assert (second.status, second.merged_into) == ("closed", first)
    assert not second.messages.exists()


def test_a_merged_ticket_is_left_alone() -> None:
    customer, clara = make_customer(), make_user("clara")
    first, second = ask(customer=customer), ask(customer=customer)
    merge(second, first, by=clara, now=NOW)
    where = f"merged into #{first.pk}"

    with pytest.raises(ValidationError, match=where):
        threads.answer(second, Written("x"), by=clara, now=NOW)
    with pytest.raises(ValidationError, match=where):
        move(second, "open", by=clara, now=NOW)
    with pytest.raises(ValidationError, match=where):
        merge(second, ask(customer=customer), by=clara, now=NOW)


def test_what_a_stranger_wrote_is_not_merged_into_another_customers_ticket() -> None:
    ticket, clara = ask(), make_user("clara")

    for other in (ask(), stranger("a@example.org")):
        with pytest.raises(ValidationError, match="somebody else"):
            merge(other, ticket, by=clara, now=NOW)
    with pytest.raises(ValidationError, match="somebody else"):
        merge(stranger("a@example.org"), stranger("b@example.org"), by=clara, now=NOW)


def test_two_tickets_of_one_stranger_may_be_merged() -> None:
    first, second = stranger("a@example.org"), stranger("A@example.org")

    merge(second, first, by=make_user(), now=NOW)

    assert first.messages.count() == 2


def test_part_of_a_thread_becomes_a_ticket_of_its_own() -> None:
    customer, clara = make_contact(make_customer(), is_primary=True).customer, make_user("clara")
    ticket = ask("About the invoice.", customer=customer)
    message = threads.customer_wrote(ticket, Written("And another thing: the API fails."), now=NOW + HOUR)
    threads.answer(ticket, Written("Here is the invoice."), by=clara, now=NOW + 2 * HOUR)

    new = split_off(ticket, [message.pk], subject="The API fails", by=clara, now=NOW + 3 * HOUR)

    assert [one.pk for one in new.messages.all()] == [message.pk]
    assert [one.text for one in ticket.messages.all()] == ["About the invoice.", "Here is the invoice."]
    assert TicketLink.objects.get(ticket=new, other=ticket).kind == "split"
    assert new.customer == ticket.customer


def test_nothing_is_split_off_that_would_leave_nothing_or_is_not_there() -> None:
    ticket, clara = ask(), make_user("clara")
    other = ask().messages.get()
    only = ticket.messages.get()
    note = threads.note(ticket, Written("Hm."), by=clara, now=NOW)

    for chosen, words in (([], "Choose"), ([other.pk], "Not of this"), ([note.pk], "customer's")):
        with pytest.raises(ValidationError, match=words):
            split_off(ticket, chosen, subject="x", by=clara, now=NOW)
    with pytest.raises(ValidationError, match="Nothing would be left"):
        split_off(ticket, [only.pk, note.pk], subject="x", by=clara, now=NOW)


def test_two_tickets_are_linked_once_and_the_link_taken_back() -> None:
    first, second, clara = ask(), ask(), make_user("clara")

    link(first, second, by=clara, now=NOW)
    with pytest.raises(ValidationError, match="linked already"):
        link(second, first, by=clara, now=NOW)
    unlink(first, second, by=clara, now=NOW)

    assert not TicketLink.objects.exists()
    with pytest.raises(ValidationError, match="not linked"):
        unlink(first, second, by=clara, now=NOW)
