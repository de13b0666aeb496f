"""A step of a playbook opens a ticket."""

import pytest

from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from playbooks.models import RunStep
from playbooks.services import start_run
from playbooks.tests.factories import make_playbook
from playbooks.working import work_off_due
from support.models import Ticket

from .desks import make_agent

pytestmark = pytest.mark.django_db


def test_it_is_opened_for_the_customer_routed_and_named_on_the_run() -> None:
    anna = make_agent("billing", username="anna")
    customer = make_customer()
    contact = make_contact(customer, is_primary=True)
    params = {"subject": "Check the bill", "text": "They were charged twice in June, it seems.", "area": "billing"}
    step = {"key": "ask", "title": "Ask", "kind": "action", "action": "support.open_ticket", "params": params, "day": 0}
    start_run(customer, make_playbook(step), now=NOW, why="For a test.")

    work_off_due(now=NOW)

    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.contact, ticket.assignee) == (customer, contact, anna.user)
    assert ticket.team
    assert (ticket.team.key, ticket.severity, ticket.channel) == ("billing", "normal", "staff")
    assert ticket.messages.get().text == params["text"]
    ran = RunStep.objects.get()
    assert (ran.state, ran.result["ticket"]) == ("done", ticket.pk)
