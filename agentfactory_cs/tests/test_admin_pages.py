"""Every page of the console opens for everybody who may see it, and never breaks for anybody."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule

from agentfactory_cs.console.registry import Panel, cards, entries, kpis, panels
from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import (
    Churn,
    Customer,
    Interaction,
    OutcomeReport,
    StaffProfile,
    Tag,
    Task,
    Training,
)
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_contact,
    make_customer,
    make_goal,
    make_member,
    make_subscription,
    make_usage,
)
from agentfactory_cs.messaging import pace, suppression
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from agentfactory_cs.messaging.tests.mails import make_email
from health.services import score_customer
from support.opening import Asked, open_ticket
from support.writing import Written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
ROLES = ("superuser", "CS manager", "CSM", "Support agent", "Viewer", "nobody")


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def customer() -> Customer:
    """A customer with one of everything."""
    manager = make_member("CSM", "clara", first_name="Clara", last_name="Fischer")
    customer = make_customer(success_manager=manager)
    StaffProfile.objects.create(user=manager, languages=["en"], time_zone="Asia/Tokyo")
    customer.tags.add(Tag.objects.create(name="beta"))
    contact = make_contact(customer, is_primary=True)
    subscription = make_subscription(customer)
    subscription.mrr = 99
    services.save_subscription(subscription, by=manager, now=NOW)
    services.record_reading(make_goal(customer), value=40, on=YESTERDAY, now=NOW)
    report = {"period_start": YESTERDAY - timedelta(days=29), "period_end": YESTERDAY, "cost": 10}
    services.save_outcome_report(OutcomeReport(customer=customer, value_delivered=20, **report), now=NOW)
    services.log_interaction(
        Interaction(customer=customer, kind="call", subject="Hello", held_at=NOW, contact=contact), by=manager, now=NOW
    )
    services.save_task(Task(customer=customer, title="Ring them", owner=manager), now=NOW)
    services.save_training(Training(customer=customer, course="Basics", assigned_on=YESTERDAY), now=NOW)
    services.estimate_renewal(customer, likelihood=50, on=YESTERDAY, by=manager, now=NOW)
    answer = Response(survey=Survey.objects.get(kind="nps"), customer=customer, score=9, answered_at=NOW)
    record_response(answer, now=NOW)
    make_usage(customer, days=40, api_calls=10, logins=1)
    score_customer(customer.pk, now=NOW)
    make_email(contact)
    suppression.suppress(contact.email, reason="by_hand", now=NOW)
    pace.pace_of("smtp", NOW)
    gone = make_customer()
    services.record_churn(Churn(customer=gone, churned_on=YESTERDAY), by=manager, now=NOW)
    return customer


@pytest.fixture
def others_things() -> None:
    """Rows of models that are not ours."""
    CrontabSchedule.objects.create(minute="7")
    IntervalSchedule.objects.create(every=7, period="days")
    ClockedSchedule.objects.create(clocked_time=NOW)
    SolarSchedule.objects.create(event="dawn_civil", latitude=52, longitude=13)


def _client(role: str) -> Client:
    if role == "superuser":
        user = get_user_model().objects.create_superuser("root", password="x")
    elif role == "nobody":
        user = get_user_model().objects.create_user("nobody", is_staff=True)
    else:
        user = make_member(role)
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def _pages_of(model: type[Model]) -> Iterator[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    yield reverse(f"{name}_changelist") + "?q=a"
    yield reverse(f"{name}_add")
    if first := model._default_manager.first():
        yield reverse(f"{name}_change", args=(first.pk,))
        yield reverse(f"{name}_delete", args=(first.pk,))
        yield reverse(f"{name}_history", args=(first.pk,))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("others_things")
def test_every_page_of_every_model_opens_or_is_refused(role: str, customer: Customer) -> None:
    client = _client(role)

    for model in admin.site._registry:
        for address in _pages_of(model):
            response = client.get(address, follow=True)
            assert response.status_code in {200, 403}, f"{role}: {address} answered {response.status_code}"


@pytest.mark.usefixtures("others_things")
def test_the_superuser_is_refused_only_what_nobody_does_by_hand(customer: Customer) -> None:
    client, refused = _client("superuser"), set()

    for model in admin.site._registry:
        for address in _pages_of(model):
            if client.get(address, follow=True).status_code == 403:
                refused.add(address.removeprefix("/admin/"))

    by_hand_never = {"add/", "delete/"}
    assert all(address.split("/")[-2] + "/" in by_hand_never for address in refused), refused


@pytest.mark.parametrize("role", ROLES)
def test_the_dashboard_and_all_its_parts_open(role: str, customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    client = _client(role)

    assert client.get("/admin/").status_code == 200
    for query in ("", "?days=90&tier=pro", f"?owner={customer.success_manager_id}"):
        for name, registry in (("card", cards), ("figure", kpis)):
            for item in registry:
                response = client.get(reverse(f"admin:{name}", args=(item.key,)) + query)
                assert response.status_code in {200, 403}, item.key
    assert "could not be shown" not in caplog.text


def _panels_of(subject: str) -> list[Panel]:
    return [panel for panel in panels if panel.subject == subject]


@pytest.mark.parametrize("role", ROLES)
def test_every_panel_of_a_ticket_opens(role: str, customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    client, ticket = _client(role), open_ticket(Asked("Help", Written("It fails."), "api", customer=customer), now=NOW)
    expected = {403} if role == "nobody" else {200, 403}

    for panel in _panels_of("support.Ticket"):
        response = client.get(reverse("admin:panel", args=(panel.key, ticket.pk)))
        assert response.status_code in expected, panel.key
    assert _panels_of("support.Ticket")
    assert "could not be shown" not in caplog.text


@pytest.mark.parametrize("role", ROLES)
def test_every_panel_of_a_customer_opens(role: str, customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    client = _client(role)
    expected = {403} if role == "nobody" else {200, 403}

    for panel in _panels_of("customers.Customer"):
        response = client.get(reverse("admin:panel", args=(panel.key, customer.pk)))
        assert response.status_code in expected, panel.key
    assert "could not be shown" not in caplog.text


def test_panels_of_an_empty_customer_open_too(caplog: pytest.LogCaptureFixture) -> None:
    customer, client = make_customer(), _client("CSM")

    for panel in _panels_of("customers.Customer"):
        assert client.get(reverse("admin:panel", args=(panel.key, customer.pk))).status_code == 200, panel.key
    assert "could not be shown" not in caplog.text


def test_every_line_of_the_sidebar_leads_to_a_page() -> None:
    client = _client("superuser")

    for entry in entries:
        assert client.get(reverse(f"admin:{entry.view}"), follow=True).status_code == 200, entry.key


def test_the_sidebar_shows_what_one_may_open() -> None:
    viewer = _client("Viewer").get("/admin/").content.decode()
    manager = _client("CS manager").get("/admin/").content.decode()

    assert "/admin/customers/customer/" in viewer
    assert "/admin/customers/company/" not in viewer
    assert "/admin/customers/company/" in manager
    assert "/admin/auth/user/" not in manager


def test_moments_are_shown_in_the_viewers_zone(customer: Customer) -> None:
    client = Client()
    assert customer.success_manager is not None
    client.force_login(customer.success_manager)

    html = client.get(f"/admin/panel/customers.interactions/{customer.pk}/").content.decode()

    assert "9 p.m. JST" in html  # NOW is noon UTC


def test_every_group_can_see_the_customers(customer: Customer) -> None:
    for group in Group.objects.all():
        client = _client(group.name)
        assert client.get("/admin/customers/customer/").status_code == 200, group.name
