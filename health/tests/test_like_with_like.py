"""What is no news of a customer raises nothing, and what was held is still news afterwards."""

from datetime import timedelta

import pytest
from django.test import Client

from agentfactory_cs.customers.tests.clients import ApiClient
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from health import services
from health.models import Alert, HealthSettings, Scorecard, ScorecardVersion, ScoringRun
from health.standard import STANDARD

from .alerting import judge_day, scored, write_scores

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def another_version() -> ScorecardVersion:
    definition = {**STANDARD, "provisional_below": 0.4}
    return services.publish_scorecard(Scorecard.objects.get(), definition=definition, reason="Stricter.", now=NOW)


def test_a_new_scorecard_version_raises_no_alert_on_any_day() -> None:
    stricter = another_version()
    customer = make_customer()
    write_scores(customer, [85] * 9, YESTERDAY - 3 * DAY)
    write_scores(customer, [45, 45, 45], YESTERDAY, version=stricter)

    for back in (2, 1, 0):
        judge_day(YESTERDAY - back * DAY)

    assert not Alert.objects.exists()


def test_after_a_new_version_a_fall_by_it_is_news() -> None:
    stricter = another_version()
    customer = make_customer()
    write_scores(customer, [85] * 9, YESTERDAY - 3 * DAY)
    write_scores(customer, [60, 60, 45], YESTERDAY, version=stricter)

    judge_day()

    assert {alert.kind for alert in Alert.objects.all()} == {"at_risk", "drop"}


def test_what_happened_on_days_that_were_held_is_news_when_they_are_released() -> None:
    customer = scored([70] * 3 + [40] * 9)
    judge_day(YESTERDAY - 9 * DAY)

    judge_day()

    alert = Alert.objects.get(kind="at_risk")
    assert (alert.customer, alert.score, alert.score_before) == (customer, 40, 70)


def test_flapping_around_healthy_for_ten_days_raises_one_alert() -> None:
    scored([90, 90, 79, 79, 81, 81, 79, 79, 81, 81, 79, 79])

    for back in reversed(range(10)):
        judge_day(YESTERDAY - back * DAY)

    assert Alert.objects.filter(kind="left_healthy").count() == 1


def test_who_was_never_trusted_before_fell_from_nothing() -> None:
    customer = make_customer()
    write_scores(customer, [25] * 3, YESTERDAY - DAY, coverage=0.2)
    write_scores(customer, [20], YESTERDAY)

    judge_day()

    alert = Alert.objects.get(customer=customer)
    assert (alert.kind, alert.lost, alert.rank) == ("at_risk", 0, 0)


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/services/T/B/x",
        "https://169.254.169.254/latest",
        "https://hooks.slack.com.example.org/x",
    ],
)
def test_posts_go_to_slack_and_nowhere_else(console: Client, address: str) -> None:
    settings = HealthSettings.get()

    page = console.post(f"/admin/health/healthsettings/{settings.pk}/change/", {"slack_address": address})

    assert "Enter an https address of hooks.slack.com" in page.content.decode()
    assert HealthSettings.get().slack_address == ""


def test_a_link_alone_scores_nobody(console: Client) -> None:
    page = console.get("/admin/health/scoringrun/score-everybody/").content.decode()

    assert "Scores every customer for the last complete day anew." in page
    assert not ScoringRun.objects.exists()


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "scorecard-versions/1/publish/"),
        ("post", "incidents/1/release/"),
        ("patch", "alert-rules/drop/"),
    ],
)
def test_what_decides_for_everybody_needs_a_key_for_administration(at_now: None, method: str, address: str) -> None:
    answer = getattr(ApiClient("write"), method)(address, {})

    assert answer.status_code == 403
    assert "needs a key with the scope admin" in str(answer.json())
