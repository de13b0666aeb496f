"""What docs/demo.md says of the eight stories, held against the data and the scores."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum

from agentfactory_cs.customers.demo.stories import STORIES
from agentfactory_cs.customers.models import Customer, Subscription, SubscriptionChange
from agentfactory_cs.demo import World, load
from agentfactory_cs.messaging.models import Notice, Response, SurveyKind
from health.models import Alert, HealthScore

pytestmark = pytest.mark.django_db

# Two days of the week and two seeds: no story may hang on either.
WORLDS = (World(date(2026, 11, 22), customers=8), World(date(2026, 3, 4), customers=8, seed=7))


class Told:
    """The loaded stories, asked by name."""

    def __init__(self, world: World) -> None:
        self.world = world

    def customer(self, story: str) -> Customer:
        account = next(story_.account for story_ in STORIES if story_.account.story == story)
        return Customer.objects.get(external_id=account.external_id)

    def score(self, story: str, days_ago: int = 1) -> float:
        row = HealthScore.objects.get(customer=self.customer(story), day=self.world.day(days_ago))
        assert row.coverage >= 0.5
        assert row.total is not None
        return row.total

    def lowest(self, story: str) -> float:
        totals = HealthScore.objects.filter(customer=self.customer(story)).values_list("total", flat=True)
        return min(total for total in totals if total is not None)

    def total(self, story: str, field: str, oldest: int, newest: int) -> int:
        days = (self.world.day(oldest), self.world.day(newest))
        return self.customer(story).usage_days.filter(day__range=days).aggregate(sum=Sum(field))["sum"] or 0

    def fall(self, story: str, field: str) -> float:
        """By what share the last 28 days lie below the 28 before."""
        return 1 - self.total(story, field, 28, 1) / self.total(story, field, 56, 29)

    def answers(self, story: str, kind: SurveyKind, within: int = 180) -> list[int]:
        since = self.world.now - timedelta(days=within)
        found = Response.objects.filter(customer=self.customer(story), kind=kind, answered_at__gte=since)
        return list(found.order_by("answered_at").values_list("score", flat=True))

    def subscription(self, story: str) -> Subscription:
        return self.customer(story).subscriptions.get()


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"seed {world.seed}")
def told(request, django_db_setup, django_db_blocker) -> Iterator[Told]:  # type: ignore[no-untyped-def]
    """Loaded once for all tests of this module, which only read, and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load(request.param)
        yield Told(request.param)
        transaction.set_rollback(True)


def _indicators(told: Told, story: str) -> set[str]:
    """The churn indicators of the specification that these data can fire."""
    firing = set()
    if told.total(story, "conversations", 56, 29) >= 80 and told.fall(story, "conversations") >= 0.25:
        firing.add("declining usage")
    nps, csat = told.answers(story, SurveyKind.NPS, 30), told.answers(story, SurveyKind.SUPPORT_CSAT, 30)
    if any(score <= 6 for score in nps) or any(score <= 2 for score in csat):
        firing.add("negative feedback")
    if told.subscription(story).payment_status != Subscription.PaymentStatus.CURRENT:
        firing.add("payment issues")
    if told.score(story) < 50:
        firing.add("low health")
    return firing


def test_every_story_has_a_customer_of_its_name(told: Told) -> None:
    names = {told.customer(story.account.story).name for story in STORIES}

    assert names == {story.account.name for story in STORIES}


def test_the_thriving_one_is_healthy_all_round(told: Told) -> None:
    assert told.score("thriving") > 90
    assert told.total("thriving", "conversations", 28, 1) / 4 > 0.8 * 500
    assert told.answers("thriving", SurveyKind.NPS)[-1] >= 9
    assert told.subscription("thriving").upgrade_budget_note


def test_only_the_thriving_one_is_ready_for_an_upgrade(told: Told) -> None:
    ready = set()
    for story in (story.account.story for story in STORIES):
        row = HealthScore.objects.get(customer=told.customer(story), day=told.world.last_day)
        if (row.total or 0) > 80 and (row.usage or 0) > 80 and (told.answers(story, SurveyKind.NPS) or [0])[-1] >= 9:
            ready.add(story)

    assert ready == {"thriving"}


def test_the_stalled_one_is_still_onboarding_and_never_had_a_conversation(told: Told) -> None:
    customer = told.customer("stalled in onboarding")

    last_login = customer.usage_days.filter(logins__gt=0).latest("day").day

    assert customer.lifecycle_stage == Customer.Stage.ONBOARDING
    assert told.total("stalled in onboarding", "conversations", 30, 1) == 0
    assert (told.world.today - last_login).days >= 13
    assert not customer.trainings.filter(completed_on__isnull=False).exists()
    assert told.score("stalled in onboarding") < 50


def test_the_silent_one_falls_without_a_word_and_is_not_yet_at_risk(told: Told) -> None:
    customer = told.customer("silent decline")

    comments = set(customer.survey_responses.values_list("comment", flat=True))
    latest_talk = customer.interactions.latest("held_at").held_at

    assert told.score("silent decline", 60) > 80
    assert 50 <= told.score("silent decline") < 70
    assert told.score("silent decline") < told.score("silent decline", 7)
    assert comments == {""}
    assert (told.world.now - latest_talk).days > 60


def test_the_silent_one_shows_two_indicators_before_its_score_is_low(told: Told) -> None:
    assert _indicators(told, "silent decline") == {"declining usage", "negative feedback"}


def test_the_angry_one_says_so_while_its_use_holds(told: Told) -> None:
    assert told.answers("angry", SurveyKind.NPS, 30) == [2]
    assert told.answers("angry", SurveyKind.SUPPORT_CSAT, 30) == [2, 1]
    assert abs(told.fall("angry", "conversations")) < 0.1
    assert 50 <= told.score("angry") <= 80
    assert _indicators(told, "angry") == {"negative feedback"}


def test_the_payments_went_past_due_and_then_unpaid_on_their_days(told: Told) -> None:
    subscription = told.subscription("payment trouble")

    changes = SubscriptionChange.objects.filter(subscription=subscription, field="payment_status").order_by("pk")
    history = [(change.new, (told.world.today - change.changed_at.date()).days) for change in changes]

    assert [status for status, _ in history] == ["past_due", "unpaid"]
    assert 33 <= history[0][1] <= 35
    assert 9 <= history[1][1] <= 11


def test_the_one_with_payment_trouble_shows_three_indicators(told: Told) -> None:
    assert _indicators(told, "payment trouble") == {"declining usage", "payment issues", "low health"}


def test_the_champion_is_gone_nobody_logs_in_and_the_score_hardly_shows_it(told: Told) -> None:
    champion = told.customer("champion left").contacts.get(is_primary=True)
    before = told.total("champion left", "active_users", 42, 29)

    assert champion.left_on == told.world.day(18)
    assert champion.mail_status == "bounced"
    assert told.total("champion left", "active_users", 14, 1) < before / 10
    assert told.fall("champion left", "conversations") < 0.25
    assert told.score("champion left") > 70
    assert told.customer("champion left").renewal_estimates.latest("estimated_on").likelihood < 50


def test_the_renewing_one_renews_within_a_month_with_the_offer_still_to_send(told: Told) -> None:
    customer = told.customer("renewing")

    open_titles = set(customer.tasks.open().values_list("title", flat=True))

    assert told.subscription("renewing").renews_on == told.world.day(-24)
    assert customer.lifecycle_stage == Customer.Stage.RENEWAL
    assert "Send the renewal offer" in open_titles
    assert 65 < told.score("renewing") <= 85
    assert _indicators(told, "renewing") == set()


def test_the_recovered_one_was_far_below_and_is_back(told: Told) -> None:
    assert told.lowest("recovered") < 40
    assert 60 <= told.score("recovered") <= 85
    assert told.score("recovered", 62) < 50
    assert told.answers("recovered", SurveyKind.NPS)[-2:] == [4, 8]
    assert _indicators(told, "recovered") == set()


def test_what_became_at_risk_was_alerted_and_no_mail_of_the_past_waits(told: Told) -> None:
    kinds = set(Alert.objects.filter(customer=told.customer("payment trouble")).values_list("kind", flat=True))
    of_the_recovered = Alert.objects.filter(customer=told.customer("recovered"), kind="at_risk")

    assert "at_risk" in kinds
    assert of_the_recovered.filter(rearmed_on__isnull=False).exists()
    assert not Notice.objects.filter(kind="health.alerts").exists()
