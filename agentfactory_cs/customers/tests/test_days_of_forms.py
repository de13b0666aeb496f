"""Days are days in UTC, wherever the person at the form sits."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.customers.models import StaffProfile

from .factories import make_customer, make_member, make_subscription

pytestmark = pytest.mark.django_db
# In Tokyo it is the second already.
LATE = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.fixture
def in_tokyo() -> Client:
    member, client = make_member("CS manager"), Client()
    StaffProfile.objects.update_or_create(user=member, defaults={"time_zone": "Asia/Tokyo"})
    client.force_login(member)
    return client


@pytest.mark.parametrize(
    ("form", "field"),
    [("training", "assigned_on"), ("renewalestimate", "estimated_on"), ("goal", "set_on")],
)
def test_a_form_proposes_the_day_that_the_services_take_for_today(form: str, field: str, in_tokyo: Client) -> None:
    with time_machine.travel(LATE, tick=False):
        response = in_tokyo.get(f"/admin/customers/{form}/add/")

    assert response.context["adminform"].form[field].value() == date(2026, 7, 1)


def test_the_dashboard_ends_with_the_day_of_the_figures(in_tokyo: Client) -> None:
    with time_machine.travel(LATE, tick=False):
        scope = in_tokyo.get("/admin/").context["scope"]

    assert (scope.since, scope.until) == (date(2026, 6, 25), date(2026, 7, 1))


def test_a_day_is_called_today_by_utc(in_tokyo: Client) -> None:
    make_subscription(make_customer(), renews_on=date(2026, 7, 1))

    with time_machine.travel(LATE, tick=False):
        html = in_tokyo.get("/admin/customers/subscription/").content.decode()

    assert ">today</time>" in html
