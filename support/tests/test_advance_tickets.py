"""A ticket's whole way as days pass on the demo: asked, answered, waited for, given up, closed, and the survey."""

from datetime import timedelta

import pytest

from agentfactory_cs import timeshift
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.messaging.models import Email, SurveyRequest
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from support.models import Ticket
from support.opening import Asked, open_ticket
from support.threads import answer
from support.writing import Written

__all__ = ["sink"]
pytestmark = pytest.mark.django_db
OURS = ("support_answer", "support_pending_reminder", "support_closed_for_silence", "support_csat_survey")


def test_a_ticket_that_nobody_comes_back_to_goes_its_whole_way_as_days_pass(sink: Sink) -> None:
    customer = make_customer()
    ada = make_contact(customer, is_primary=True, email="ada@customer.example")
    ticket = open_ticket(Asked("Help", Written("It stops."), "api", customer=customer, contact=ada), now=NOW)
    answer(ticket, Written("Which version?"), by=make_user(), to_status=Ticket.Status.PENDING, now=NOW)

    timeshift.advance(16, now=NOW)

    ticket.refresh_from_db()
    began = NOW - timedelta(days=16)
    sent = Email.objects.filter(template__key__in=OURS, state="sent").order_by("sent_at", "pk")
    days = [(key, (at - began).days) for key, at in sent.values_list("template__key", "sent_at") if at]
    assert days == [
        ("support_answer", 0),
        ("support_pending_reminder", 2),
        ("support_pending_reminder", 5),
        ("support_closed_for_silence", 7),
        ("support_csat_survey", 8),
    ]
    assert (ticket.status, ticket.created_at) == (Ticket.Status.CLOSED, began)
    assert SurveyRequest.objects.get().source_id == ticket.pk
