"""Deleting in the console goes through the services; a customer goes with all that is theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import (
    Contact,
    Customer,
    GoalReading,
    Interaction,
    OutcomeReport,
    RenewalEstimate,
    Task,
    Training,
)
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.services import record_all

from .factories import NOW, YESTERDAY, make_contact, make_customer, make_goal, make_member, make_subscription
from .test_saving_forms import _customer_form, _inline

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def _deletions() -> list[tuple[dict[str, Any], str]]:
    return list(Event.objects.filter(trigger="customers.record_deleted").values_list("data", "by__username"))


BELONGINGS: dict[str, Callable[[Customer], Model]] = {
    "contact": make_contact,
    "subscription": make_subscription,
    "goal": make_goal,
    "interaction": lambda customer: Interaction.objects.create(
        customer=customer, kind="call", subject="Hello", held_at=NOW
    ),
    "task": lambda customer: Task.objects.create(customer=customer, title="Ring them"),
    "training": lambda customer: Training.objects.create(customer=customer, course="Basics", assigned_on=YESTERDAY),
    "outcomereport": lambda customer: OutcomeReport.objects.create(
        customer=customer, period_start=YESTERDAY, period_end=YESTERDAY, cost=1, value_delivered=2
    ),
    "renewalestimate": lambda customer: RenewalEstimate.objects.create(
        customer=customer, likelihood=50, estimated_on=YESTERDAY
    ),
}


@pytest.mark.parametrize("kind", BELONGINGS)
def test_the_timeline_tells_of_a_deleted_record(kind: str, console: Client) -> None:
    thing = BELONGINGS[kind](make_customer())

    console.post(f"/admin/customers/{kind}/{thing.pk}/delete/", {"post": "yes"})

    assert _deletions() == [({"kind": str(thing._meta.verbose_name), "id": thing.pk}, "mia")]
    assert not type(thing)._default_manager.exists()


def test_the_timeline_tells_of_each_record_deleted_from_a_list(console: Client) -> None:
    customer = make_customer()
    chosen = [make_contact(customer).pk, make_contact(customer).pk]

    console.post("/admin/customers/contact/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})

    assert sorted(data["id"] for data, _who in _deletions()) == sorted(chosen)


def test_the_timeline_tells_of_a_contact_deleted_on_the_customers_form(console: Client) -> None:
    customer = make_customer(lifecycle_stage="adoption")
    contact = make_contact(customer)
    row = {
        "id": contact.pk,
        "customer": customer.pk,
        "name": contact.name,
        "email": contact.email,
        "mail_status": "ok",
        "DELETE": "on",
    }

    console.post(
        f"/admin/customers/customer/{customer.pk}/change/", _customer_form(**_inline("contacts", row, existing=1))
    )

    assert not Contact.objects.exists()
    assert _deletions() == [({"kind": "contact", "id": contact.pk}, "mia")]


def test_the_timeline_tells_of_a_reading_deleted_on_the_goals_form(console: Client) -> None:
    goal = make_goal(make_customer())
    reading = services.record_reading(goal, value=10, on=YESTERDAY, now=NOW)
    row = {"id": reading.pk, "goal": goal.pk, "read_on": str(YESTERDAY), "value": "10", "DELETE": "on"}
    form = {
        "kind": "goal",
        "title": goal.title,
        "start_value": "0",
        "target_value": "100",
        "set_on": str(goal.set_on),
        **_inline("readings", row, existing=1),
    }

    console.post(f"/admin/customers/goal/{goal.pk}/change/", form)

    assert not GoalReading.objects.exists()
    assert _deletions() == [({"kind": "goal reading", "id": reading.pk}, "mia")]


class TestCustomers:
    def test_many_at_once_cannot_be_deleted(self, console: Client) -> None:
        customer = make_customer()
        chosen = {"action": "delete_selected", "_selected_action": [customer.pk], "post": "yes"}

        offered = console.get("/admin/customers/customer/?whose=all").content.decode()
        console.post("/admin/customers/customer/?whose=all", chosen)

        assert "delete_selected" not in offered
        assert Customer.objects.exists()

    def test_only_those_with_the_permission_delete_one(self) -> None:
        customer, client = make_customer(), Client()
        client.force_login(make_member("CSM"))

        response = client.post(f"/admin/customers/customer/{customer.pk}/delete/", {"post": "yes"})

        assert response.status_code == 403
        assert Customer.objects.exists()

    def test_the_page_asks_first_and_counts_what_goes_along(self, console: Client) -> None:
        customer = make_customer(name="Northwind")
        make_contact(customer)
        make_contact(customer)
        kept = make_contact(make_customer())

        html = console.get(f"/admin/customers/customer/{customer.pk}/delete/").content.decode()

        assert "Northwind" in html
        assert "Contacts: 2" in html
        assert kept.name not in html
        assert Customer.objects.filter(pk=customer.pk).exists()

    def test_neither_asking_nor_deleting_loads_a_long_timeline(self, console: Client) -> None:
        customer = make_customer()
        record_all("customers.manager_changed", ((customer, {"old": "", "new": ""}) for _ in range(500)), now=NOW)
        address = f"/admin/customers/customer/{customer.pk}/delete/"

        with CaptureQueriesContext(connection) as captured:
            asked = console.get(address)
            console.post(address, {"post": "yes"})

        rows_read = [sql for query in captured if '"events_event"."data"' in (sql := query["sql"])]
        assert "Events: 501" in asked.content.decode()
        assert rows_read == []
        assert not Customer.objects.exists()
        assert not Event.objects.exists()
