"""Of which alerts their owners are told, and what each says."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_subscription, make_user
from agentfactory_cs.events.models import Event
from health.alerting import Suppressor, suppressors
from health.models import Alert, HealthSettings

from .alerting import judge_day, scored

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked_after() -> Iterator[dict[int, str]]:
    """Customers that somebody is on already, as an app above would register them."""
    found: dict[int, str] = {}
    key = "tests.looked_after"
    suppressors.register(Suppressor(key, "Looked after", lambda ids, now: {i: found[i] for i in ids if i in found}))
    yield found
    del suppressors._items[key]


class TestAnnouncing:
    def _fallen(self, *revenues: int, **fields: Any) -> None:
        for revenue in revenues:
            customer = scored([59, 45], name=f"Worth {revenue}", **fields)
            make_subscription(customer, mrr=revenue)

    def test_the_daily_number_is_filled_by_revenue_times_fall(self) -> None:
        HealthSettings.objects.update_or_create(pk=1, defaults={"daily_alerts": 2})
        self._fallen(10, 300, 20, 200, success_manager=make_user())

        judge_day()

        told = Alert.objects.filter(quiet="").values_list("customer__name", flat=True)
        assert list(told) == ["Worth 300", "Worth 200"]
        kept = Alert.objects.filter(quiet="cap").first()
        assert kept is not None
        assert kept.quiet_reason == "2 others of the same owner have more revenue × fall at stake."

    def test_each_owner_has_a_number_of_their_own(self) -> None:
        HealthSettings.objects.update_or_create(pk=1, defaults={"daily_alerts": 1})
        self._fallen(10, 20, success_manager=make_user())
        self._fallen(5, 6, success_manager=None)

        judge_day()

        assert set(Alert.objects.filter(quiet="").values_list("mrr", flat=True)) == {6, 20}

    def test_what_found_no_room_is_announced_the_next_day(self) -> None:
        HealthSettings.objects.update_or_create(pk=1, defaults={"daily_alerts": 1})
        self._fallen(10, 20, success_manager=make_user())
        judge_day()
        Alert.objects.filter(quiet="").update(told_at=NOW)

        judge_day(YESTERDAY + timedelta(days=1))

        assert not Alert.objects.exclude(quiet="").exists()

    def test_nobody_is_told_of_whom_a_playbook_is_on(self, looked_after: dict[int, str]) -> None:
        customer, other = scored([59, 45]), scored([59, 45])
        looked_after[customer.pk] = "At-risk intervention since Monday"

        judge_day()

        alert = Alert.objects.get(customer=customer)
        assert (alert.quiet, alert.quiet_reason) == ("playbook", "At-risk intervention since Monday")
        assert Alert.objects.get(customer=other).quiet == ""

    def test_once_the_playbook_is_done_they_are_told(self, looked_after: dict[int, str]) -> None:
        customer = scored([59, 45])
        looked_after[customer.pk] = "At-risk intervention"
        judge_day()
        looked_after.clear()

        judge_day(YESTERDAY + timedelta(days=1))

        assert Alert.objects.get().quiet == ""

    def test_an_alert_says_what_is_at_stake_whose_it_is_and_why(self) -> None:
        owner = make_user()
        customer = scored([80, 44.5], success_manager=owner)
        make_subscription(customer, mrr=100, currency="EUR")
        make_subscription(customer, mrr=30, currency="USD")

        judge_day()

        alert = Alert.objects.get(kind="at_risk")
        assert (alert.owner, alert.mrr, alert.currency) == (owner, 100, "EUR")
        assert (alert.score, alert.score_before, alert.rank) == (44.5, 80, pytest.approx(3550))
        assert "Login frequency" in alert.sentences[0] or "login frequency" in alert.sentences[0]
        told = Event.objects.get(trigger="health.alert_raised", data__kind="at_risk")
        assert told.data["why"] == alert.sentences[0]
