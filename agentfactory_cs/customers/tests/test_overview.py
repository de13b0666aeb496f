"""A customer's own page and its panels."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import (
    Churn,
    Contact,
    Customer,
    Interaction,
    OutcomeReport,
    Tag,
    Task,
    Training,
)

from .factories import (
    NOW,
    YESTERDAY,
    make_contact,
    make_customer,
    make_goal,
    make_member,
    make_subscription,
    make_usage,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _client(group: str = "CSM") -> Client:
    client = Client()
    client.force_login(make_member(group))
    return client


def _page(customer: Customer, client: Client | None = None) -> str:
    response = (client or _client()).get(f"/admin/customers/customer/{customer.pk}/overview/")
    assert response.status_code == 200
    return response.content.decode()


def _panel(key: str, customer: Customer, query: str = "", client: Client | None = None) -> str:
    response = (client or _client()).get(f"/admin/panel/{key}/{customer.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_head_tells_who_the_customer_is() -> None:
    customer = make_customer(name="Northwind", success_manager=make_member("CSM", "clara", first_name="Clara"))
    make_subscription(customer, mrr=1200, renews_on=NOW.date() + timedelta(days=20), payment_status="past_due")
    customer.tags.add(Tag.objects.create(name="beta"))

    html = _page(customer)

    for words in ("Northwind", "Starter", "Onboarding", "Clara", "1,200 USD", "in 2 weeks", "payment late", "beta"):
        assert words in html


def test_a_departure_stands_in_the_head_with_its_reason() -> None:
    customer = make_customer()
    services.record_churn(Churn(customer=customer, churned_on=YESTERDAY, reason="price"), now=NOW)

    html = _page(customer)

    assert "Price or budget" in html
    assert "Record return" in html
    assert "Record departure" not in html


def test_every_panel_comes_by_a_request_of_its_own() -> None:
    customer = make_customer()

    html = _page(customer)

    for key in ("health.why", "health.history", "customers.usage", "events.timeline", "customers.tasks"):
        assert f'hx-get="/admin/panel/{key}/{customer.pk}/"' in html


def test_the_short_address_leads_to_the_page() -> None:
    customer = make_customer()

    response = _client().get(f"/admin/customers/customer/{customer.pk}/")

    assert response["Location"] == f"/admin/customers/customer/{customer.pk}/overview/"


def test_form_and_page_lead_to_each_other() -> None:
    customer, client = make_customer(), _client()

    form = client.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()

    assert f"/admin/customers/customer/{customer.pk}/change/" in _page(customer, client)
    assert f"/admin/customers/customer/{customer.pk}/open_overview/" in form


def test_who_may_only_look_is_offered_nothing_to_do() -> None:
    html = _page(make_customer(), _client("Viewer"))

    assert "Log call" not in html
    assert "New task" not in html


def test_a_customer_that_is_not_there_is_not_found() -> None:
    assert _client().get("/admin/customers/customer/123456/overview/").status_code == 404


def test_who_may_not_see_customers_sees_no_page() -> None:
    customer, client = make_customer(), Client()
    client.force_login(make_user())

    assert client.get(f"/admin/customers/customer/{customer.pk}/overview/").status_code == 403
    assert client.get(f"/admin/panel/customers.tasks/{customer.pk}/").status_code == 403


class TestPanels:
    def test_tasks_tell_what_is_overdue_first(self) -> None:
        customer = make_customer()
        for title, days in (("Later", 3), ("Overdue", -2)):
            services.save_task(Task(customer=customer, title=title, due_at=NOW + timedelta(days=days)), now=NOW)

        html = _panel("customers.tasks", customer)

        assert html.index("Overdue") < html.index("Later")
        assert "2 days ago" in html

    def test_contacts_tell_who_gets_no_mail(self) -> None:
        customer = make_customer()
        make_contact(customer, name="Robin", is_primary=True, mail_status=Contact.MailStatus.BOUNCED)
        make_contact(customer, name="Left", left_on=YESTERDAY)

        html = _panel("customers.contacts", customer)

        assert "Robin" in html
        assert "Bounced" in html
        assert "Left" not in html

    def test_subscriptions_show_what_is_in_force_and_count_the_rest(self) -> None:
        customer = make_customer()
        make_subscription(customer, plan="Now", mrr=99)
        make_subscription(customer, plan="Before", ended_on=YESTERDAY)
        services.estimate_renewal(customer, likelihood=65, on=YESTERDAY, now=NOW)

        html = _panel("customers.subscriptions", customer)

        assert "99 USD" in html
        assert "Before" not in html
        assert "1 other contract" in html
        assert "Renewal estimated at 65 %" in html

    def test_goals_tell_how_far_and_what_it_was_worth(self) -> None:
        customer = make_customer()
        services.record_reading(make_goal(customer, title="Fewer calls"), value=40, on=YESTERDAY, now=NOW)
        report = {"period_start": YESTERDAY - timedelta(days=29), "period_end": YESTERDAY, "cost": 1000}
        services.save_outcome_report(
            OutcomeReport(customer=customer, value_delivered=2500, value_expected=5000, **report), now=NOW
        )

        html = _panel("customers.goals", customer)

        assert "Fewer calls" in html
        assert 'value="0.4"' in html
        assert "150 %" in html
        assert "50 %" in html

    def test_interactions_tell_who_reached_out(self) -> None:
        customer = make_customer()
        for subject, days in (("Old", 20), ("New", 2)):
            services.log_interaction(
                Interaction(customer=customer, kind="call", subject=subject, held_at=NOW - timedelta(days=days)),
                now=NOW,
            )

        html = _panel("customers.interactions", customer)

        assert html.index("New") < html.index("Old")
        assert "We reached out" in html

    def test_usage_compares_four_weeks_with_the_four_before(self) -> None:
        customer = make_customer()
        make_usage(customer, until=YESTERDAY - timedelta(days=28), days=28, api_calls=100)
        make_usage(customer, days=28, api_calls=150)

        html = _panel("customers.usage", customer)

        assert "<b>150</b>" in html
        assert "+50 %" in html

    def test_training_is_left_out_where_none_is_assigned(self) -> None:
        customer = make_customer()

        assert _panel("customers.training", customer) == ""

    def test_training_tells_what_is_done(self) -> None:
        customer = make_customer()
        services.save_training(
            Training(customer=customer, course="Basics", assigned_on=YESTERDAY, completed_on=YESTERDAY), now=NOW
        )

        assert "completed" in _panel("customers.training", customer)

    @pytest.mark.parametrize(
        ("key", "words"),
        [
            ("customers.tasks", "Nothing open."),
            ("customers.contacts", "Add a contact"),
            ("customers.subscriptions", "No contract in force."),
            ("customers.goals", "Set a goal"),
            ("customers.interactions", "Log a call"),
            ("customers.usage", "No use of the platform"),
            ("messaging.surveys", "No survey answered yet."),
            ("health.why", "Not scored yet."),
        ],
    )
    def test_an_empty_panel_says_what_will_fill_it(self, key: str, words: str) -> None:
        assert words in _panel(key, make_customer())

    def test_other_peoples_rights_do_not_show_buttons(self) -> None:
        html = _panel("customers.contacts", make_customer(), client=_client("Viewer"))

        assert "Add a contact" not in html
