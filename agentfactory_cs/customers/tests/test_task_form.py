"""The form of a task."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from agentfactory_cs.customers.models import Task

from .factories import make_customer, make_member

pytestmark = pytest.mark.django_db


def test_a_task_with_a_day_alone_is_due_at_the_end_of_the_working_day() -> None:
    console, customer = Client(), make_customer()
    console.force_login(make_member("CSM"))
    form = {"customer": customer.pk, "title": "Call", "kind": "call", "due_at_0": "2026-07-09", "due_at_1": ""}

    response = console.post("/admin/customers/task/add/", form)

    assert response.status_code == 302
    assert Task.objects.get().due_at == datetime(2026, 7, 9, 18, tzinfo=UTC)
