"""How fresh each source is, in figures and in words."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Customer, Interaction, OutcomeReport, Training
from agentfactory_cs.customers.tests.clients import ApiClient
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_customer,
    make_goal,
    make_member,
    make_usage,
)
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from health import feeds
from health.watermarks import Watermark, watermarks
from support.tests.desks import make_ticket

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KEYS = ["usage", "nps", "support_csat", "tickets", "interactions", "training", "goals", "outcomes", "renewals"]


def read(key: str, now: datetime = NOW) -> Watermark:
    return next(watermark for watermark in watermarks(now) if watermark.key == f"health.{key}")


def _call(customer: Customer, day: date) -> None:
    moment = NOW + (day - NOW.date())
    services.log_interaction(Interaction(customer=customer, kind="call", subject="Hello", held_at=moment), now=NOW)


def _answer(customer: Customer, kind: str) -> None:
    survey = Survey.objects.get(kind=kind)
    record_response(Response(survey=survey, customer=customer, score=5, answered_at=NOW - DAY), now=NOW)


def _report(customer: Customer) -> None:
    period = {"period_start": YESTERDAY - 29 * DAY, "period_end": YESTERDAY}
    services.save_outcome_report(OutcomeReport(customer=customer, cost=1, value_delivered=2, **period), now=NOW)


DELIVERIES: dict[str, Any] = {
    "usage": lambda customer: make_usage(customer, days=9, api_calls=1),
    "nps": lambda customer: _answer(customer, "nps"),
    "support_csat": lambda customer: _answer(customer, "support_csat"),
    "tickets": lambda customer: make_ticket(customer=customer, created_at=NOW - DAY),
    "interactions": lambda customer: _call(customer, YESTERDAY),
    "training": lambda customer: services.save_training(
        Training(customer=customer, course="Basics", assigned_on=YESTERDAY), now=NOW
    ),
    "goals": lambda customer: services.record_reading(make_goal(customer), value=1, on=YESTERDAY, now=NOW),
    "outcomes": _report,
    "renewals": lambda customer: services.estimate_renewal(customer, likelihood=50, on=YESTERDAY, now=NOW),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_source_that_delivered_yesterday_is_fresh_and_the_others_were_never_connected(key: str) -> None:
    DELIVERIES[key](make_customer())

    states = {watermark.key.removeprefix("health."): watermark.state for watermark in watermarks(NOW)}

    assert states == dict.fromkeys(KEYS, "never_connected") | {key: "fresh"}
    assert (read(key).newest, read(key).customers) == (YESTERDAY, 1)


@pytest.mark.parametrize(("arrived", "state"), [(4, "fresh"), (2, "fresh"), (1, "late"), (0, "late")])
def test_usage_goes_by_the_breaker(arrived: int, state: str) -> None:
    for place in range(4):
        make_usage(make_customer(), until=YESTERDAY if place < arrived else YESTERDAY - DAY, days=9, api_calls=1)

    usage = read("usage")

    assert (usage.state, usage.customers, usage.usual, usage.days) == (state, arrived, 4, 1)
    words = "complete to June 30, 2026: {} of 4 customers" if state == "fresh" else "has come for {} of 4 customers"
    assert words.format(arrived) in usage.sentence


@pytest.mark.parametrize("newest", [NOW.date(), YESTERDAY, YESTERDAY - 2 * DAY, YESTERDAY - 27 * DAY])
def test_the_newest_day_of_usage_is_found_also_where_the_feed_is_out(newest: date) -> None:
    make_usage(make_customer(), until=newest, days=1, api_calls=1)

    assert read("usage").newest == newest


def test_usage_that_ended_months_ago_is_quiet_and_says_so() -> None:
    make_usage(make_customer(), until=YESTERDAY - 60 * DAY, days=3, api_calls=1)

    usage = read("usage")

    assert (usage.state, usage.newest) == ("quiet", None)
    assert usage.sentence == "nobody used the platform in the weeks before"


@pytest.mark.parametrize(("days_ago", "state"), [(0, "fresh"), (27, "fresh"), (28, "quiet"), (300, "quiet")])
def test_what_comes_now_and_then_is_quiet_after_four_weeks_without_anything(days_ago: int, state: str) -> None:
    _call(make_customer(signed_up_at=NOW - timedelta(days=400)), YESTERDAY - days_ago * DAY)

    assert read("interactions").state == state


def test_the_usual_week_is_the_mean_of_the_four_before_each_customer_counting_once_a_week() -> None:
    first, second = make_customer(), make_customer()
    for weeks_ago, days in ((0, 2), (1, 1), (2, 3), (3, 1)):
        for day in range(days):
            _call(first, YESTERDAY - (7 * weeks_ago + day) * DAY)
    _call(second, YESTERDAY - 8 * DAY)

    interactions = read("interactions")

    assert (interactions.customers, interactions.usual) == (1, 1.0)
    assert interactions.sentence == "1 customer in 7 days, usually 1"


def test_it_takes_the_same_queries_for_any_number_of_customers() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            watermarks(NOW)
        return len(captured)

    make_customer()
    feeds.is_late(feeds.arrival_on(YESTERDAY))  # the settings are made when they are first asked for
    for deliver in DELIVERIES.values():
        deliver(make_customer())
    few = queries()
    for _ in range(5):
        for deliver in DELIVERIES.values():
            deliver(make_customer())

    assert queries() == few


@pytest.mark.usefixtures("at_now")
class TestShown:
    def test_the_dashboard_lists_every_source(self, console: Client) -> None:
        make_usage(make_customer(), days=9, api_calls=1)

        card = console.get("/admin/card/health.freshness/").content.decode()

        assert "complete to June 30, 2026: 1 of 1 customers" in card
        assert card.count("af-watermark") == len(KEYS)

    def test_without_an_incident_there_is_no_banner(self, console: Client) -> None:
        assert console.get("/admin/card/health.incidents/").content == b""

    def test_what_is_held_stands_in_the_banner_and_on_the_card_with_its_release(self, console: Client) -> None:
        make_usage(make_customer(), until=YESTERDAY - DAY, days=9, api_calls=1)
        run = feeds.start_unless_late(YESTERDAY, now=NOW)

        banner = console.get("/admin/card/health.incidents/").content.decode()
        card = console.get("/admin/card/health.freshness/").content.decode()

        release = f"/admin/health/incident/{run.incident_id}/release/"
        assert "has come for 0 of the 1 customers" in banner
        assert "Check whether the platform still sends its usage" in banner
        assert "Scores of June 30, 2026 are held" in card
        assert release in banner
        assert release in card

    def test_who_may_not_release_is_offered_no_release(self, client: Client) -> None:
        make_usage(make_customer(), until=YESTERDAY - DAY, days=9, api_calls=1)
        feeds.start_unless_late(YESTERDAY, now=NOW)
        client.force_login(make_member("Viewer"))

        banner = client.get("/admin/card/health.incidents/").content.decode()

        assert "What is held" in banner
        assert "/release/" not in banner

    def test_rest_says_the_same(self, api: ApiClient) -> None:
        make_usage(make_customer(), days=9, api_calls=1)

        answer = api.get("watermarks/")

        assert answer.status_code == 200
        assert [item["key"].removeprefix("health.") for item in answer.json()["results"]] == KEYS
        assert answer.json()["results"][0] == {
            "key": "health.usage",
            "label": "Usage",
            "state": "fresh",
            "newest": "2026-06-30",
            "days": 1,
            "customers": 1,
            "usual": 1.0,
            "sentence": "complete to June 30, 2026: 1 of 1 customers",
        }
