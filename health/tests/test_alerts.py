"""What people do with alerts: transitions, labels, precision, the daily digest, the post to Slack."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_customer,
    make_member,
    make_subscription,
    make_user,
)
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Notice
from health import alerts, digests, precision, tasks
from health.alerting.rules import AT_RISK, DROP, LEFT_HEALTHY
from health.models import Alert, AlertRule, HealthSettings

from .alerting import judge_day, scored

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def make_alert(state: str = "open", **fields: Any) -> Alert:
    values: dict[str, Any] = {
        "kind": AT_RISK,
        "day": YESTERDAY,
        "last_day": YESTERDAY,
        "score": 40,
        "score_before": 60,
        "opened_at": NOW - timedelta(hours=10),
        "sentences": ["−9.2: conversations per week fell from 610 to 240"],
    }
    states: dict[str, dict[str, Any]] = {
        "open": {},
        "acknowledged": {"acknowledged_at": NOW},
        "snoozed": {"snoozed_until": TODAY + timedelta(days=3)},
        "closed": {"closed_at": NOW, "closing": "by_hand"},
    }
    customer = fields.pop("customer", None) or make_customer()
    return Alert.objects.create(customer=customer, state=state, **values | states[state] | fields)


VERBS: dict[str, Callable[[Alert], Alert]] = {
    "acknowledged": lambda alert: alerts.acknowledge(alert, now=NOW),
    "snoozed": lambda alert: alerts.snooze(alert, until=TODAY + timedelta(days=7), now=NOW),
    "closed": lambda alert: alerts.close(alert, now=NOW),
}


class TestTransitions:
    @pytest.mark.parametrize("old", Alert.State.values)
    @pytest.mark.parametrize("new", VERBS)
    def test_each_goes_where_the_table_says_and_nowhere_else(self, old: str, new: str) -> None:
        alert = make_alert(old)

        if new in Alert.TRANSITIONS[Alert.State(old)]:
            assert VERBS[new](alert).state == new
        else:
            with pytest.raises(ValidationError, match=f"This alert is {old}; it cannot become {new}."):
                VERBS[new](alert)

        alert.refresh_from_db()
        assert alert.state == (new if new in Alert.TRANSITIONS[Alert.State(old)] else old)

    def test_who_took_it_up_and_when_is_kept(self) -> None:
        clara = make_user("clara")

        alert = alerts.acknowledge(make_alert(), by=clara, now=NOW)

        assert (alert.acknowledged_by, alert.acknowledged_at) == (clara, NOW)

    def test_closing_tells_the_timeline_why_and_stays_quiet(self) -> None:
        clara = make_user("clara")

        alert = alerts.close(make_alert("snoozed"), reason=" We agreed on a pause ", by=clara, now=NOW)

        event = Event.objects.get(trigger="health.alert_closed")
        assert event.data["closing"] == "Closed by hand: We agreed on a pause"
        assert (event.by, alert.closed_by, alert.rearmed_on) == (clara, clara, None)

    @pytest.mark.parametrize("days", [-1, 0, 91])
    def test_a_snooze_ends_within_ninety_days(self, days: int) -> None:
        with pytest.raises(ValidationError) as refusal:
            alerts.snooze(make_alert(), until=TODAY + timedelta(days=days), now=NOW)

        assert set(refusal.value.message_dict) == {"until"}

    def test_what_was_snoozed_is_back_on_its_day_and_told_of_anew(self) -> None:
        due = make_alert("snoozed", snoozed_until=TODAY, told_at=NOW)
        later = make_alert("snoozed")

        assert alerts.wake_due(now=NOW) == 1

        due.refresh_from_db()
        later.refresh_from_db()
        assert (due.state, due.told_at, later.state) == ("open", None, "snoozed")

    @pytest.mark.parametrize("state", Alert.State.values)
    def test_any_alert_can_be_labelled_and_the_label_taken_back(self, state: str) -> None:
        clara, alert = make_user("clara"), make_alert(state)

        labelled = alerts.label(alert, label="useful", by=clara, now=NOW)
        taken_back = alerts.label(alert, label="", by=clara, now=NOW)

        assert (labelled.label, labelled.labelled_at, labelled.labelled_by) == ("useful", NOW, clara)
        assert (taken_back.label, taken_back.labelled_at, taken_back.labelled_by) == ("", None, None)

    def test_a_label_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="choose one of useful, noise, known"):
            alerts.label(make_alert(), label="great", now=NOW)

    @pytest.mark.parametrize(
        "broken",
        [
            {"state": "closed"},
            {"state": "snoozed"},
            {"state": "acknowledged"},
            {"label": "useful"},
            {"closing": "lapsed"},
            {"rearmed_on": YESTERDAY},
        ],
    )
    def test_the_database_refuses_half_an_alert(self, broken: dict[str, Any]) -> None:
        alert = make_alert()

        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**broken)


class TestRules:
    @pytest.mark.parametrize(
        ("kind", "changed", "field"),
        [
            (DROP, {"threshold": None}, "__all__"),
            (AT_RISK, {"threshold": 10}, "__all__"),
            (LEFT_HEALTHY, {"days": 29}, "__all__"),
            (LEFT_HEALTHY, {"recovery": -1}, "__all__"),
        ],
    )
    def test_a_rule_that_means_nothing_is_refused(self, kind: str, changed: dict[str, Any], field: str) -> None:
        rule = AlertRule.objects.get(kind=kind)
        for name, value in changed.items():
            setattr(rule, name, value)

        with pytest.raises(ValidationError) as refusal:
            alerts.save_rule(rule, now=NOW)

        assert field in refusal.value.message_dict

    def test_a_rule_holds_as_edited(self) -> None:
        rule = AlertRule.objects.get(kind=DROP)
        rule.threshold, rule.days = 8, 2
        alerts.save_rule(rule, now=NOW)
        near, far = scored([70, 62]), scored([70, 62, 62, 62])

        judge_day()

        assert list(Alert.objects.values_list("customer", flat=True)) == [near.pk]
        assert far.pk != near.pk


class TestPrecision:
    def _label(self, kind: str, day: date = YESTERDAY, **counts: int) -> None:
        for label, count in counts.items():
            for _ in range(count):
                make_alert(kind=kind, day=day, label=label, labelled_at=NOW)

    def _of(self, kind: str) -> precision.Precision:
        rows = precision.by_kind(YESTERDAY - timedelta(days=90), YESTERDAY)
        return next(row for row in rows if row.kind == kind)

    def test_it_is_useful_by_useful_and_noise(self) -> None:
        self._label(AT_RISK, useful=9, noise=3, known=5)

        row = self._of(AT_RISK)

        assert (row.raised, row.judged, row.known, row.share) == (17, 12, 5, 0.75)

    @pytest.mark.parametrize(("noise", "share"), [(1, None), (2, 0.8)])
    def test_fewer_than_ten_labels_say_nothing(self, noise: int, share: float | None) -> None:
        self._label(DROP, useful=8, noise=noise, known=30)

        assert self._of(DROP).share == share

    def test_a_kind_without_alerts_is_told_too(self) -> None:
        row = self._of(LEFT_HEALTHY)

        assert (row.raised, row.share, row.share_recovered, row.acknowledged_after) == (0, None, None, None)

    def test_how_soon_they_are_taken_up_is_the_median(self) -> None:
        for hours in (1, 2, 60):
            make_alert("acknowledged", opened_at=NOW - timedelta(hours=hours))

        row = self._of(AT_RISK)

        assert (row.acknowledged, row.acknowledged_after) == (3, timedelta(hours=2))

    def test_months_stand_by_themselves_newest_first(self) -> None:
        self._label(AT_RISK, day=date(2026, 5, 3), useful=1)
        self._label(AT_RISK, day=date(2026, 6, 3), noise=2)
        make_alert("closed", kind=DROP, day=date(2026, 5, 9), closing="recovered")

        rows = precision.by_month(date(2026, 5, 1), date(2026, 6, 30))

        assert [(row.kind, row.month, row.raised) for row in rows] == [
            (AT_RISK, date(2026, 6, 1), 2),
            (AT_RISK, date(2026, 5, 1), 1),
            (DROP, date(2026, 5, 1), 1),
        ]
        assert rows[2].share_recovered == 1.0


class TestDigest:
    """NOW is noon UTC; digests go out at eight in the company's time zone."""

    def _clara(self) -> Any:
        return make_member("CSM", "clara", first_name="Clara", email="clara@example.com")

    def test_it_tells_of_ones_alerts_the_most_at_stake_first(self) -> None:
        clara = self._clara()
        for name, mrr in (("Small & Co", 10), ("Northwind", 300)):
            customer = make_customer(name=name, success_manager=clara)
            make_alert(customer=customer, owner=clara, mrr=mrr, currency="EUR", rank=mrr * 20)

        assert digests.write_due(now=NOW) == 1

        notice = Notice.objects.get()
        assert (notice.recipient, notice.kind) == (clara, "health.alerts")
        assert notice.subject == "2 health alerts, first Northwind at 40"
        for body in (notice.text, notice.html):
            assert body.index("Northwind") < body.index("Small")
            assert "conversations per week fell from 610 to 240" in body
            assert "300 EUR" in body
            assert f"/admin/customers/customer/{customer.pk}/overview/" in body
        assert "Small & Co" in notice.text
        assert "Small &amp; Co" in notice.html
        assert "<style" not in notice.html
        assert 'style="' in notice.html

    def test_an_alert_is_told_of_once(self) -> None:
        clara = self._clara()
        make_alert(owner=clara)

        first = digests.write_due(now=NOW)
        again = digests.write_due(now=NOW + timedelta(days=1))

        assert (first, again, Notice.objects.count()) == (1, 0, 1)
        assert Alert.objects.get().told_at == NOW

    @pytest.mark.parametrize(
        "alert",
        [
            {"quiet": "cap"},
            {"state": "acknowledged"},
            {"state": "closed"},
            {"told_at": NOW},
            {"opened_at": NOW - timedelta(hours=1)},  # since the digest was due
        ],
    )
    def test_with_nothing_to_say_there_is_no_mail(self, alert: dict[str, Any]) -> None:
        make_alert(alert.pop("state", "open"), owner=self._clara(), **alert)

        assert digests.write_due(now=NOW) == 0
        assert not Notice.objects.exists()

    @pytest.mark.parametrize(
        ("zone", "now", "is_due"),
        [
            ("UTC", "07:59", False),
            ("UTC", "08:00", True),
            ("UTC", "12:00", True),
            ("UTC", "12:01", False),  # nobody wants it at night; it waits for tomorrow's
            ("Europe/Berlin", "05:59", False),
            ("Europe/Berlin", "06:00", True),
        ],
    )
    def test_it_goes_out_at_its_time_in_the_companys_zone(self, zone: str, now: str, is_due: bool) -> None:
        Company.objects.update_or_create(pk=1, defaults={"time_zone": zone})
        make_alert(owner=self._clara(), opened_at=datetime(2026, 7, 1, 2, tzinfo=UTC))
        moment = datetime.combine(TODAY, time.fromisoformat(now), tzinfo=UTC)

        assert bool(digests.write_due(now=moment)) is is_due

    def test_there_is_one_a_day_and_what_comes_up_later_waits(self) -> None:
        clara = self._clara()
        make_alert(owner=clara)
        digests.write_due(now=NOW - timedelta(hours=3))
        woken = make_alert(owner=clara)

        same_day = digests.write_due(now=NOW)
        next_day = digests.write_due(now=NOW + timedelta(days=1))

        woken.refresh_from_db()
        assert (same_day, next_day) == (0, 1)
        assert woken.told_at == NOW + timedelta(days=1)

    def test_what_is_nobodys_goes_to_the_managers(self) -> None:
        for name in ("mia", "max"):
            make_member("CS manager", name, email=f"{name}@example.com")
        self._clara()
        make_alert(customer=make_customer(name="Orphan"))

        assert digests.write_due(now=NOW) == 2

        assert set(Notice.objects.values_list("address", flat=True)) == {"mia@example.com", "max@example.com"}
        assert "has no success manager" in Notice.objects.first().text  # type: ignore[union-attr]

    def test_who_has_no_address_finds_it_in_the_console(self) -> None:
        make_alert(owner=make_member("CSM", "ben"))

        assert digests.write_due(now=NOW) == 0
        assert Alert.objects.get().told_at == NOW

    def test_the_tick_wakes_and_writes(self) -> None:
        tasks.tell_of_alerts()
        tasks.tell_of_alerts()

        assert not Notice.objects.exists()


class TestSlack:
    ADDRESS = "https://hooks.slack.example/services/T/B/secret"

    def _to_slack(self) -> None:
        HealthSettings.objects.update_or_create(pk=1, defaults={"slack_address": self.ADDRESS})

    def test_one_post_a_day_tells_of_what_was_raised(self) -> None:
        self._to_slack()
        for name, mrr in (("Small <b>", 10), ("Northwind", 300)):
            make_subscription(scored([55, 45], name=name), mrr=mrr, currency="EUR")

        judge_day()
        judge_day()

        notice = Notice.objects.get()
        assert (notice.channel, notice.address) == ("slack", self.ADDRESS)
        assert "2 health alerts" in notice.subject
        assert notice.text.index("Northwind") < notice.text.index("Small &lt;b&gt;")
        assert "*45* (▼10) · Became at risk · 300 EUR" in notice.text

    def test_without_an_address_nothing_is_posted(self) -> None:
        scored([55, 45])

        judge_day()

        assert not Notice.objects.exists()

    def test_with_nothing_raised_nothing_is_posted(self) -> None:
        self._to_slack()
        scored([55, 55])

        judge_day()

        assert not Notice.objects.exists()

    def test_a_long_day_shows_the_top_and_counts_the_rest(self) -> None:
        self._to_slack()
        HealthSettings.objects.update(daily_alerts=20)
        for _ in range(12):
            scored([55, 45])

        judge_day()

        assert "and 2 more" in Notice.objects.get().text
