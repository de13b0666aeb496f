"""Days judged one after another: what is raised, repeated, closed and armed again."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_subscription, make_user
from agentfactory_cs.events.models import Event
from health import alerts, runs, services
from health.alerting import Suppressor, judge, suppressors
from health.models import Alert, AlertRule, HealthSettings, Scorecard, ScorecardVersion, ScoringRun

from .alerting import PROVISIONAL, done_run, judge_day, live_through, override, raised, scored, write_scores

pytestmark = pytest.mark.django_db


def on(days_before: int) -> date:
    return YESTERDAY - timedelta(days=days_before)


class TestAtRisk:
    @pytest.mark.parametrize(
        ("totals", "is_raised"),
        [
            ([60, 49.9], True),
            ([60, 50.0], False),
            ([40], False),  # the first score ever is no news
            ([40, 40], False),
            ([None, 40], True),
            ([40, None], False),
            ([59, 45, 45], True),  # a day that nobody judged is made up for
            ([59, *[45] * 7, 45], False),
        ],
    )
    def test_it_takes_a_fall_below_the_band(self, totals: Sequence[float | None], is_raised: bool) -> None:
        customer = scored(totals)

        judge_day()

        assert raised(customer) == (["at_risk"] if is_raised else [])

    def test_a_provisional_score_raises_nothing(self) -> None:
        customer = make_customer()
        write_scores(customer, [60, 60], on(1))
        write_scores(customer, [40], coverage=PROVISIONAL)

        judge_day()

        assert raised(customer) == []

    def test_what_was_provisional_before_was_not_known_to_be_at_risk(self) -> None:
        customer = make_customer()
        write_scores(customer, [40], on(1), coverage=PROVISIONAL)
        write_scores(customer, [40])

        judge_day()

        assert Alert.objects.get(customer=customer).score_before == 50

    def test_a_provisional_score_set_by_hand_counts(self) -> None:
        customer = make_customer()
        write_scores(customer, [60], on(1))
        write_scores(customer, [60], coverage=PROVISIONAL)
        override(customer, 40, YESTERDAY, YESTERDAY + timedelta(days=10))

        judge_day()

        assert raised(customer) == ["at_risk"]

    def test_the_bands_are_those_of_the_scores_own_version(self) -> None:
        shipped = ScorecardVersion.objects.published().get()
        strict = {**shipped.definition, "bands": {"at_risk_below": 70, "healthy_above": 90}}
        version = services.publish_scorecard(Scorecard.objects.get(), definition=strict, reason="Stricter", now=NOW)
        customer, other = make_customer(), scored([75, 65])
        write_scores(customer, [75], on(1), version=version)
        write_scores(customer, [65], version=version)

        judge_day()

        assert raised(customer) == ["at_risk"]
        assert raised(other) == []


class TestDrop:
    @pytest.mark.parametrize(
        ("totals", "is_raised"),
        [
            ([75, 60.0], True),
            ([75, 60.1], False),
            ([75, *[70] * 6, 60], True),
            ([75, *[70] * 7, 60], False),  # more than seven days ago
            ([60], False),
        ],
    )
    def test_fifteen_points_within_seven_days(self, totals: Sequence[float | None], is_raised: bool) -> None:
        customer = scored(totals)

        judge_day()

        assert raised(customer) == (["drop"] if is_raised else [])

    def test_an_override_that_ends_is_no_drop(self) -> None:
        customer = scored([60, 60, 60])
        override(customer, 79, on(2), on(0))

        judge_day()

        assert raised(customer) == []

    def test_an_override_that_lasts_hides_what_is_computed(self) -> None:
        customer = scored([75, 55])
        override(customer, 70, on(1), YESTERDAY + timedelta(days=9))

        judge_day()

        assert raised(customer) == []

    def test_it_is_over_when_nearly_back(self) -> None:
        customer = make_customer()

        live_through(customer, [75, 60, 60, 60, 60, 60, 60, 60, 60, 69.9], on(1))
        before = Alert.objects.get().state
        live_through(customer, [70])

        alert = Alert.objects.get()
        assert (before, alert.state, alert.closing, alert.rearmed_on) == ("open", "closed", "recovered", YESTERDAY)

    def test_it_lapses_four_weeks_after_it_last_held(self) -> None:
        customer = make_customer()

        live_through(customer, [75, *[60] * 34], on(1))
        held = Alert.objects.get()
        live_through(customer, [60])

        alert = Alert.objects.get()
        assert (held.state, held.last_day, held.repeats) == ("open", on(28), 6)
        assert (alert.state, alert.closing, alert.rearmed_on) == ("closed", "lapsed", YESTERDAY)


class TestLeftHealthy:
    @pytest.mark.parametrize(
        ("totals", "is_raised"),
        [
            ([80.1, 80.0, 80.0], True),  # 80 itself is not healthy
            ([85, 79], False),
            ([85, 79, 85, 79], False),
            ([79, 79, 79], False),
            ([85, 79, None], False),
        ],
    )
    def test_two_days_in_a_row(self, totals: Sequence[float | None], is_raised: bool) -> None:
        customer = scored(totals)

        judge_day()

        assert raised(customer) == (["left_healthy"] if is_raised else [])

    def test_it_is_over_after_two_healthy_days_in_a_row(self) -> None:
        customer = make_customer()

        live_through(customer, [85, 79, 79, 81, 79, 81], on(1))
        before = Alert.objects.get().state
        live_through(customer, [81])

        assert (before, Alert.objects.get().closing) == ("open", "recovered")


class TestMemory:
    def test_flapping_around_fifty_for_ten_days_raises_one_alert(self) -> None:
        customer = make_customer()

        live_through(customer, [55, 49, 51, 48, 52, 49.5, 50.5, 47, 53, 49, 50])

        alert = Alert.objects.get()
        assert (alert.kind, alert.state, alert.repeats, alert.last_day) == ("at_risk", "open", 4, on(1))
        assert Event.objects.filter(trigger="health.alert_raised").count() == 1

    def test_after_a_recovery_the_next_fall_is_news(self) -> None:
        customer = make_customer()

        live_through(customer, [56, 45, 55, 45])

        assert list(Alert.objects.order_by("day").values_list("closing", flat=True)) == ["recovered", ""]

    def test_closed_by_hand_stays_quiet_until_it_has_recovered(self) -> None:
        customer = make_customer()
        live_through(customer, [59, 45], on(5))
        alerts.close(Alert.objects.get(), reason="We know", now=NOW)

        live_through(customer, [45, 51, 49], on(2))
        quiet = Alert.objects.get()
        live_through(customer, [56, 45])

        closed, again = Alert.objects.order_by("day")
        assert (quiet.rearmed_on, quiet.last_day) == (None, on(2))
        assert (closed.closing, closed.rearmed_on) == ("by_hand", on(1))
        assert (again.state, again.day) == ("open", YESTERDAY)

    @pytest.mark.parametrize("worked", ["acknowledge", "snooze"])
    def test_recovery_closes_what_people_are_working_on(self, worked: str) -> None:
        customer = make_customer()
        live_through(customer, [59, 45], on(1))
        verbs: dict[str, Any] = {
            "acknowledge": lambda alert: alerts.acknowledge(alert, now=NOW),
            "snooze": lambda alert: alerts.snooze(alert, until=NOW.date() + timedelta(days=7), now=NOW),
        }
        verbs[worked](Alert.objects.get())

        live_through(customer, [55])

        alert = Alert.objects.get()
        assert (alert.state, alert.closing, alert.snoozed_until) == ("closed", "recovered", None)
        closed = Event.objects.get(trigger="health.alert_closed")
        assert closed.data["closing"] == "Recovered (score 55)"

    def test_who_leaves_needs_no_alert_any_more(self) -> None:
        customer = make_customer()
        live_through(customer, [59, 45], on(1))
        customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY, reason="price"), now=NOW)

        judge_day()

        alert = Alert.objects.get()
        assert (alert.closing, alert.rearmed_on) == ("left", YESTERDAY)

    def test_a_rule_that_is_off_raises_nothing_and_still_closes(self) -> None:
        open_one, new_one = make_customer(), scored([59, 45])
        live_through(open_one, [59, 45], on(1))
        write_scores(open_one, [60])
        AlertRule.objects.update(is_active=False)

        judge_day()

        assert Alert.objects.get(customer=open_one).closing == "recovered"
        assert raised(new_one) == []

    def test_open_alerts_go_with_the_customer_to_another_manager(self) -> None:
        old, new = make_user(), make_user()
        customer = make_customer(success_manager=old)
        live_through(customer, [59, 45], on(1))
        Alert.objects.update(told_at=NOW)
        customer.success_manager = new
        customers.save_customer(customer, now=NOW)

        live_through(customer, [44.5])

        alert = Alert.objects.get()
        assert (alert.owner, alert.told_at) == (new, None)

    def test_the_words_follow_only_where_it_falls_a_good_deal_further(self) -> None:
        customer = make_customer()
        live_through(customer, [*[57] * 7, 49, 47], on(7))
        first = Alert.objects.get(kind="at_risk").sentences

        live_through(customer, [43], on(6))
        second = Alert.objects.get(kind="at_risk").sentences
        live_through(customer, [43] * 6)

        assert "login frequency fell from 28 % to 24 %" in first[0]
        assert "to 22 %" in second[0]
        assert Alert.objects.get(kind="at_risk").sentences == second


class TestRuns:
    def test_judging_twice_changes_nothing(self) -> None:
        scored([85, 45])
        run = done_run()
        judge(run, now=NOW)
        before = list(Alert.objects.values())

        again = judge(run, now=NOW + timedelta(hours=1))
        same_day = judge_day()

        assert again is None
        assert same_day.raised == 0
        assert list(Alert.objects.values()) == before

    def test_an_older_day_is_passed_over(self) -> None:
        scored([59, 45, 45])
        done_run(YESTERDAY)
        old = done_run(on(1))

        assert judge(old, now=NOW) is None

        old.refresh_from_db()
        assert old.alerts_at == NOW
        assert not Alert.objects.exists()

    def test_a_run_that_is_not_done_is_not_judged(self) -> None:
        run = ScoringRun.objects.create(day=YESTERDAY, state="running", created_at=NOW)

        assert judge(run, now=NOW) is None
        assert run.alerts_at is None

    def test_the_daily_run_is_judged_when_it_is_done(self) -> None:
        run = runs.start_run(YESTERDAY, now=NOW)

        runs.work_off(run, clock=lambda: NOW)

        run.refresh_from_db()
        assert run.alerts_at == NOW

    def test_a_judgement_is_whole_or_not_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scored([59, 45])
        run = done_run()

        def broken(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("disk full")

        monkeypatch.setattr("health.alerting.judging.announce", broken)
        with pytest.raises(RuntimeError), transaction.atomic():
            judge(run, now=NOW)

        run.refresh_from_db()
        assert run.alerts_at is None
        assert not Alert.objects.exists()
        assert not Event.objects.filter(trigger="health.alert_raised").exists()

    def test_the_number_of_statements_is_fixed(self) -> None:
        few: list[str] = []
        many: list[str] = []
        for day, count, statements in ((on(1), 1, few), (YESTERDAY, 12, many)):
            for _ in range(count):
                scored([85, 60, 45], day)
            run = done_run(day)
            with CaptureQueriesContext(
                connection,
            ) as seen:
                judge(run, now=NOW)
            statements += [query["sql"] for query in seen]

        assert Alert.objects.filter(day=YESTERDAY).count() >= 24
        assert len(many) <= len(few) + 2  # whose alerts are at stake now there are some in force

    @pytest.mark.parametrize("kind", ["one until recovered", "one open"])
    def test_the_database_refuses_a_second_alert(self, kind: str) -> None:
        scored([59, 45])
        judge_day()
        alert = Alert.objects.get()
        if kind == "one until recovered":
            alerts.close(alert, now=NOW)

        alert.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            alert.save(force_insert=True)


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


class Naive:
    """The rules once more, one customer and one day at a time, written down as docs/health.md says them."""

    def __init__(self) -> None:
        self.scores: dict[date, float | None] = {}
        self.in_force: dict[str, tuple[float, date]] = {}
        self.raised: list[tuple[str, date]] = []

    def live(self, day: date, score: float | None) -> None:
        self.scores[day] = score
        for kind in ("at_risk", "drop", "left_healthy"):
            before = getattr(self, kind)(day)
            if kind in self.in_force:
                self._go_on(kind, day, before)
            elif before is not None:
                self.raised.append((kind, day))
                self.in_force[kind] = (before, day)

    def _go_on(self, kind: str, day: date, found: float | None) -> None:
        before, last = self.in_force[kind]
        score = self.scores[day]
        if score is not None and self._is_over(kind, day, score, before, found):
            del self.in_force[kind]
        elif kind == "drop" and found is not None:
            self.in_force[kind] = (before, day)
        elif kind == "drop" and (day - last).days >= 28:
            del self.in_force[kind]

    def _is_over(self, kind: str, day: date, score: float, before: float, found: float | None) -> bool:
        if kind == "at_risk":
            return score >= 55
        if kind == "drop":
            return score >= max(before - 5, 50) and found is None
        return all((self.scores.get(day - timedelta(days=back)) or 0) > 80 for back in range(2))

    def week(self, day: date) -> list[float | None]:
        days = [day - timedelta(days=back) for back in range(1, 8)]
        return [self.scores[day] for day in days if day in self.scores]

    def at_risk(self, day: date) -> float | None:
        score, week = self.scores[day], self.week(day)
        if score is None or score >= 50 or not any(past is None or past >= 50 for past in week):
            return None
        return max([50.0, *(past for past in week if past is not None)])

    def drop(self, day: date) -> float | None:
        score, week = self.scores[day], [past for past in self.week(day) if past is not None]
        return max(week) if score is not None and week and max(week) - score >= 15 else None

    def left_healthy(self, day: date) -> float | None:
        last = [self.scores.get(day - timedelta(days=back)) for back in range(2)]
        earlier = self.week(day - timedelta(days=1))
        healthy = [past for past in earlier if past is not None and past > 80]
        return max(healthy) if healthy and all(past is not None and past <= 80 for past in last) else None


def test_forty_customers_through_forty_days_get_the_alerts_of_the_rules_as_written() -> None:
    rng, told = random.Random(4), {make_customer(): Naive() for _ in range(40)}

    for back in range(40, -1, -1):
        for customer, naive in told.items():
            last = naive.scores.get(on(back + 1)) or rng.choice([48, 52, 65, 79, 81, 90])
            # In eighths, so that four bytes hold them exactly; some days without data.
            score = None if rng.random() < 0.05 else round(min(max(last + rng.gauss(0, 6), 0), 100) * 8) / 8
            naive.live(on(back), score)
            write_scores(customer, [score], on(back))
        judge_day(on(back))

    for customer, naive in told.items():
        got = Alert.objects.filter(customer=customer).order_by("day", "kind").values_list("kind", "day")
        assert list(got) == sorted(naive.raised, key=lambda item: (item[1], item[0]))
    assert Alert.objects.count() > 60
